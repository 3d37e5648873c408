"""A journal's path in, the charges that it holds out: what a till finds when it starts again."""

from contextlib import closing
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.journal.disk.failing_disk import HERE

from taptill.domain.entry import EntryKind
from taptill.journal.file import entries
from taptill.journal.journal import Journal
from taptill.journal.verify import verify


def charges(path: Path) -> list[str]:
    """Open a journal and name its charges in their order. The chain holds."""
    journal = Journal(path, FakeClock(), min_free_mb=0)
    journal.open(HERE)
    with closing(journal):
        reading = journal.queries.connection
        assert verify(reading).sound
        return [
            entry.charge_id or "" for entry in entries(reading) if entry.kind is EntryKind.CHARGE
        ]
