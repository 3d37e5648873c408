"""Answers of a backend in a row in, what settling makes of them out; the journal is a real one."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fakes.clock import FakeClock

from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.entry import Draft, Entry, EntryKind, Position
from taptill.domain.errors import JournalError
from taptill.domain.mark import HASH_DIGITS, KEY, Mark, read_marks
from taptill.journal.file import JournalFile, entries
from taptill.journal.queries import JournalQueries
from taptill.settlement.requests import (
    Answer,
    Append,
    Applied,
    Doubt,
    JournalAnswer,
    Later,
    Outcome,
    ReadJournal,
    ReadRow,
    Request,
    RowAnswer,
    Settled,
    Update,
    UpdateAnswer,
)
from taptill.settlement.settle import settle
from taptill.settlement.update_row import Task


class Image(sqlite3.Connection):
    """A journal's file, in memory; closed when nobody holds it any more."""

    def __del__(self) -> None:
        self.close()


ADA, BEN = 7, 8
OURS, THEIRS = "aaaa0001", "bbbb0002"
EPOCH = "0000e90c"

Scripted = RowAnswer | UpdateAnswer | Callable[[Update], UpdateAnswer]


def table(marks: Mapping[str, Mark] | None = None, epoch: str = EPOCH, **foreign: Any) -> Any:
    """Return debtData as a row holds it."""
    mark_rows = {key: [mark.seq, mark.total, mark.hash] for key, mark in (marks or {}).items()}
    return {**foreign, KEY: {"e": epoch, "t": mark_rows}}


def row(
    total: int | str = 1000,
    debt_data: Any = None,
    *,
    at: int = 1,
    version: int | None = None,
    customer: int = ADA,
) -> Snapshot:
    """Return a snapshot as the backend answers it; `at` counts its writes, as `updatedAt` does."""
    owner = Customer(
        customer,
        "Ada Byron",
        company="",
        card_id=CardId("04A1"),
        blocked=False,
        credit_allowed=True,
        is_default=False,
    )
    stamp = f"2026-03-02T09:{at // 60:02d}:{at % 60:02d}.000Z"
    return Snapshot(
        owner, Decimal(total), updated_at=stamp, version=version, marks=read_marks(debt_data)
    )


class SettlementHarness:
    """One till's journal, and settling driven by hand against answers given in a row."""

    def __init__(self, journal_id: str = OURS) -> None:
        self.journal_id = journal_id
        self.file = JournalFile(":memory:", FakeClock())
        self.queries = JournalQueries(":memory:", self.file.connection)
        self.updates: list[Update] = []

    def close(self) -> None:
        self.file.close()

    def image(self) -> Image:
        """Copy the journal's file as it lies on the disk."""
        # Whichever thread collects garbage closes it.
        image = sqlite3.connect(":memory:", factory=Image, check_same_thread=False)
        self.file.connection.backup(image)
        return image

    def load(self, image: Image, journal_id: str, clock: FakeClock) -> None:
        """Open such a copy in the place of this file."""
        self.journal_id = journal_id
        image.backup(self.file.connection)
        self.queries = JournalQueries(":memory:", self.file.connection)
        self.file._clock = clock
        self.updates.clear()

    def write(self, *drafts: Draft) -> list[Entry]:
        (answer,) = self.file.append([drafts])
        if isinstance(answer, JournalError):
            raise answer
        return answer

    def charge(self, amount: int, customer: int = ADA) -> Mark:
        """Sell something and give the mark that the row should hold now."""
        (entry,) = self.write(Draft(EntryKind.CHARGE, customer, amount))
        last = self.position(customer).last
        assert last is not None
        assert last.hash == entry.hash[:HASH_DIGITS]
        return last

    def position(self, customer: int = ADA) -> Position:
        position = self.queries.position(customer)
        assert position is not None
        return position

    def kinds(self, *, after: int = 0) -> list[EntryKind]:
        """Return the kinds of all entries that are no money, oldest first."""
        other_entries = entries(self.file.connection, "seq > ? AND amount_minor IS NULL", [after])
        return [entry.kind for entry in other_entries]

    def of_kind(self, kind: EntryKind) -> Iterator[Entry]:
        return (entry for entry in entries(self.file.connection) if entry.kind is kind)

    def last(self, kind: EntryKind) -> Entry:
        return list(self.of_kind(kind))[-1]

    def task(self, **options: Any) -> Task:
        task_options = {"conditional": False, "share_debt_data": False, **options}
        return Task(customer_id=ADA, journal_id=self.journal_id, **task_options)

    def settle(self, *answers: Scripted, **options: Any) -> Outcome:
        """Settle Ada; each read of the row and each update takes the next answer."""
        return self.drive(self.task(**options), answers)

    def settle_in_vain(self, times: int, *answers: Scripted, **options: Any) -> Outcome:
        """Settle Ada so often, each time to no trace; return the last outcome."""
        tries = [
            self.settle(*answers, doubt=Doubt.NOT_APPLIED, doubt_count=before, **options)
            for before in range(times)
        ]
        assert tries[:-1] == [Later("no trace of what was sent", doubt=Doubt.NOT_APPLIED)] * (
            times - 1
        )
        return tries[-1]

    def drive(self, task: Task, answers: Sequence[Scripted]) -> Outcome:
        left = list(answers)
        settling = settle(task)
        answer: Answer = None
        while True:
            try:
                request = settling.send(answer)
            except StopIteration as end:
                assert not left, f"never asked for: {left}"
                outcome: Outcome = end.value
                return outcome
            answer = self._answer(request, left)

    def book(self, base: int = 1000, *, at: int = 1) -> Snapshot:
        """Settle Ada from a row without our mark, and return the row with it."""
        assert self.settle(row(base, table(), at=at), kept(at + 1)) == Settled()
        return kept_row(self.updates[-1], at + 1)

    def _answer(self, request: Request, left: list[Scripted]) -> Answer:
        match request:
            case Append(drafts):
                self.write(*drafts)
                return None
            case ReadJournal(customer, mark_seq):
                look = self.queries.query(customer, mark_seq)
                assert isinstance(look, JournalAnswer)
                return look
            case ReadRow():
                assert left, "one more read of the row"
                answer = left.pop(0)
                assert not callable(answer)
                return answer
            case Update():
                self.updates.append(request)
                assert left, f"one more update: {request}"
                answer = left.pop(0)
                return answer(request) if callable(answer) else answer


def kept_row(update: Update, at: int) -> Snapshot:
    """Return the row as it is once an update was applied."""
    read = update.read
    version = None if read.version is None else read.version + 1
    marks = read_marks(update.debt_data)
    return replace(row(0, at=at), total=update.total, marks=marks, version=version)


def kept(at: int) -> Callable[[Update], UpdateAnswer]:
    """Apply an update and show the row."""
    return lambda update: Applied(kept_row(update, at))
