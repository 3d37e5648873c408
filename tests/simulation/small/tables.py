"""Till, journal, row and network in numbers in, what comes of each in numbers out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.settlement.harness import row
from tests.simulation.checks import PromiseError
from tests.simulation.small.values import (
    ADA,
    JOURNALS,
    START,
    Bound,
    InFlight,
    Numbered,
    RowVersion,
    SmallJournal,
    SmallTill,
    Stand,
)
from tests.simulation.till import Protocol

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, Entry, EntryKind, MarkedEntry
from taptill.domain.mark import epoch_of, read_marks, with_mark
from taptill.journal.projection import advance
from taptill.settlement.reconcile import Halt, reconcile
from taptill.settlement.requests import (
    Answer,
    Append,
    Applied,
    Choice,
    Doubt,
    JournalAnswer,
    NoAnswer,
    Outcome,
    OutcomeUnknown,
    ReadJournal,
    ReadRow,
    Request,
    Resolution,
    Update,
    UpdateCondition,
)
from taptill.settlement.update_row import Task

LOST = OutcomeUnknown("no answer")
SILENCE = NoAnswer("no answer")
_NOWHERE = ("", "", 0, True, None, "")
"""Time, boot, staff and the hash before: nothing here depends on them."""


class Tables:
    """Numbers for all that was met, and what was worked out before.

    Most states differ in what the other till does, so most of it comes again and again.
    """

    def __init__(self, bound: Bound, protocol: Protocol) -> None:
        self.kin = bound.kin
        self.protocol = protocol
        self.versions: Numbered[RowVersion] = Numbered()
        self.books: Numbered[SmallJournal] = Numbered()
        self.stands: Numbered[Stand] = Numbered()
        self.sent: Numbered[InFlight] = Numbered()
        self._answers: Numbered[Answer] = Numbered()
        self._reads: dict[int, int] = {}  # id of a row: the number of its version
        self._next: dict[tuple[int, int], int] = {}
        self._seen: dict[tuple[SmallTill, int, int], SmallTill] = {}
        self._lands: dict[tuple[int, int], tuple[int, int]] = {}
        self._writes: dict[tuple[SmallTill, int], SmallTill] = {}
        self.lost = self._answers.number(LOST, LOST)
        self.silence = self._answers.number(SILENCE, SILENCE)
        self.done = self._answers.number(None, None)

    def first_version(self) -> int:
        """Number the row with which all begins."""
        ada = row(START, customer=ADA, version=1 if self.kin.versions else None)
        if self.kin.enrolled:
            epoch = epoch_of(ada.updated_at, ada.total)
            ada = replace(ada, marks=read_marks(with_mark(ada.marks, epoch)))
        return self._version(ada, (0, 0))

    def book(self, book: SmallJournal) -> int:
        return self.books.number(book, book)

    def row_answer(self, version: int) -> int:
        return self._answers.number(("row", version), self.versions.things[version].row)

    def look(self, book: int, mark_seq: int | None) -> int:
        """Number what one look into a journal answers."""
        answer = self._journal_answer(book, mark_seq)
        return self._answers.number(answer, answer)

    # --- a till ---------------------------------------------------------------------------------

    def sighted(self, till: SmallTill, number: int, version: int) -> SmallTill:
        """Compare a row that comes by with a till's journal."""
        key = (till, number, version)
        if key not in self._seen:
            self._seen[key] = self._compared(till, number, version)
        return self._seen[key]

    def _compared(self, till: SmallTill, number: int, version: int) -> SmallTill:
        seen = self.versions.things[version].row
        position = self.books.things[till.book].position
        if older(seen.updated_at, position.updated_at):
            return till
        mark = seen.marks.table.get(JOURNALS[number])
        look = self._journal_answer(till.book, mark.seq if mark else None)
        look = self.protocol.seen_as(JOURNALS[number], seen, look)
        verdict, drafts = reconcile(seen, look, JOURNALS[number], may_share=True)
        if isinstance(verdict, Halt):
            drafts = [] if till.stopped else drafts
            till = till._replace(stopped=True)
        return self.written(till, drafts, number)

    def _journal_answer(self, book: int, mark_seq: int | None) -> JournalAnswer:
        marks, position, _ = self.books.things[book]
        marked_entry = None
        if mark_seq is not None and mark_seq <= len(marks):
            marked_entry = MarkedEntry(ADA, marks[mark_seq - 1])
        return JournalAnswer(position, marked_entry)

    def written(self, till: SmallTill, drafts: Sequence[Draft], number: int) -> SmallTill:
        """Append entries; a money entry's hash is its till and number, which nobody else has."""
        marks, position, halted = self.books.things[till.book]
        for draft in drafts:
            money_entry = draft.amount_minor is not None
            seq = len(marks) + money_entry
            facts = (seq, draft.kind, None, ADA, draft.amount_minor, draft.body)
            digits = f"{number + 1:04d}{seq:04d}"
            entry = Entry(*facts, *_NOWHERE, hash=digits)
            position = advance(position, entry)
            if money_entry and position.last:
                marks = (*marks, position.last)
            halted = halted or draft.kind is EntryKind.HALTED
        stopped = till.stopped or halted
        return till._replace(book=self.book(SmallJournal(marks, position, halted)), stopped=stopped)

    def appended(self, till: SmallTill, drafts: Sequence[Draft], number: int) -> SmallTill:
        """Append what a till's settling asks for."""
        key = (till, number)
        if key not in self._writes:
            self._writes[key] = self.written(till, drafts, number)
        return self._writes[key]

    # --- a settling -----------------------------------------------------------------------------

    def told(self, stand: int, answer: int) -> int:
        """Tell a settling an answer; give where it stands then."""
        key = (stand, answer)
        if key not in self._next:
            before = self.stands.things[stand]
            self._next[key] = self.stand(before.till, before.stale, (*before.told, answer))
        return self._next[key]

    def stand(self, number: int, stale: int, told: tuple[int, ...]) -> int:
        """Replay a settling from its start: it depends on nothing but what it is told."""
        offered = self.kin.conditional
        journal = JOURNALS[number]
        task = Task(ADA, journal, offered, share_debt_data=True, doubt=Doubt.STALE, doubted=stale)
        settling = self.protocol.settle(task)
        request: Request | None = next(settling)
        outcome: Outcome | None = None
        for answer in told:
            try:
                request = settling.send(self._answers.things[answer])
            except StopIteration as end:
                request, outcome = None, end.value
        stand = Stand(number, stale, told, request, outcome)
        return self.stands.number((number, stale, told), stand)

    def ruled(self, till: SmallTill, number: int, version: int) -> int:
        """Carry out what a person says who knows what the row holds; give its version then."""
        booked = self.versions.things[version].own[number]
        resolution = Resolution(Choice.RETRY, "Jo", "the office has looked", booked=booked)
        offered = self.kin.conditional
        task = Task(ADA, JOURNALS[number], offered, share_debt_data=True, resolution=resolution)
        settling = self.protocol.settle(task)
        answer: Answer = None
        while True:
            try:
                request = settling.send(answer)
            except StopIteration:
                return version
            match request:
                case ReadRow():
                    answer = self.versions.things[version].row
                case ReadJournal(_, mark_seq):
                    answer = self._journal_answer(till.book, mark_seq)
                case Append(drafts):
                    till, answer = self.written(till, drafts, number), None
                case Update():
                    version, known = self.landed(version, self.send(number, request))
                    answer = self._answers.things[known]

    # --- the row ----------------------------------------------------------------------------------

    def send(self, number: int, update: Update) -> int:
        """Number an update under way."""
        read = self._reads[id(update.read)]
        key = (number, read, update.total, update.mark, update.condition)
        return self.sent.number(key, InFlight(number, read, update))

    def landed(self, present: int, sent: int) -> tuple[int, int]:
        """Apply an update where its condition holds; give the version then, and the answer."""
        key = (present, sent)
        if key not in self._lands:
            self._lands[key] = self._apply(present, sent)
        return self._lands[key]

    def _apply(self, present: int, sent: int) -> tuple[int, int]:
        number, read, update = self.sent.things[sent]
        there, basis = self.versions.things[present], self.versions.things[read]
        if update.condition is not UpdateCondition.NONE and read != present:
            clash = OutcomeUnknown("HTTP 409", version_conflict=True, current_row=there.row)
            return present, self._answers.number(("clash", present), clash)
        if self.kin.guarded and basis.office != there.office:
            raise PromiseError("payments", "a payment at the office is overwritten")
        own = list(basis.own)
        own[number] += int(update.total) - int(basis.row.total)
        marks = read_marks(update.debt_data)
        version = self.wrote(present, (own[0], own[1]), total=update.total, marks=marks)
        echo = self.versions.things[version].row if self.kin.echoes else None
        return version, self._answers.number(("echo", version), Applied(echo))

    def wrote(self, present: int, own: tuple[int, int], **fields: Any) -> int:
        """Give the number of the version after this one."""
        there = self.versions.things[present].row
        at = int(there.updated_at[14:16]) * 60 + int(there.updated_at[17:19])
        stamp = row(at=at + 1).updated_at
        version = None if there.version is None else there.version + 1
        return self._version(replace(there, updated_at=stamp, version=version, **fields), own)

    def _version(self, seen: Snapshot, own: tuple[int, int]) -> int:
        marks = seen.marks
        table = tuple(sorted(marks.table.items()))
        key = (seen.total, seen.updated_at, seen.version, marks.place, marks.epoch, table, own)
        number = self.versions.number(key, RowVersion(seen, own))
        self._reads[id(self.versions.things[number].row)] = number
        return number
