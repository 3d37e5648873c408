from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock

from taptill.domain.entry import Draft, Entry
from taptill.domain.errors import JournalError
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.journal.file import JournalFile
from taptill.journal.queries import JournalQueries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class JournalHarness:
    """A journal's file with the reads beside it; each `write` is one group in one commit."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.path = path
        self.file = JournalFile(path, clock)
        self.queries = JournalQueries(path)

    def write(self, *drafts: Draft) -> list[Entry]:
        (answer,) = self.file.append([drafts])
        if isinstance(answer, JournalError):
            raise answer
        return answer

    def write_one(self, draft: Draft) -> Mark:
        """Write an entry and give the mark it would make alone."""
        (entry,) = self.write(draft)
        return Mark(entry.seq, entry.amount_minor or 0, entry.hash[:HASH_DIGITS])

    def tamper(self, statement: str, *parameters: object) -> None:
        """Change the file behind the journal's back, as somebody with a database tool could."""
        for trigger in ("entries_never_change", "entries_never_go"):
            self.file.connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        self.file.connection.execute(statement, parameters)

    def close(self) -> None:
        self.queries.close()
        self.file.close()


@pytest.fixture
def book(path: Path, clock: FakeClock) -> Iterator[JournalHarness]:
    journal_harness = JournalHarness(path, clock)
    yield journal_harness
    journal_harness.close()
