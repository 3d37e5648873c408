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

    def __init__(self, limits: Bound, protocol: Protocol) -> None:
        self.kin = limits.kin
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

    def query(self, book: int, mark_seq: int | None) -> int:
        """Number what one look into a journal answers."""
        answer = self._journal_answer(book, mark_seq)
        return self._answers.number(answer, answer)

    # --- a till ---------------------------------------------------------------------------------

    def observed(self, till: SmallTill, number: int, version: int) -> SmallTill:
        """Compare a row that comes by with a till's journal."""
        key = (till, number, version)
        if key not in self._seen:
            self._seen[key] = self._compared(till, number, version)
        return self._seen[key]

    def _compared(self, till: SmallTill, number: int, version: int) -> SmallTill:
        snapshot = self.versions.things[version].row
        position = self.books.things[till.book].position
        if older(snapshot.updated_at, position.updated_at):
            return till
        mark = snapshot.marks.table.get(JOURNALS[number])
        look = self._journal_answer(till.book, mark.seq if mark else None)
        look = self.protocol.seen_as(JOURNALS[number], snapshot, look)
        verdict, drafts = reconcile(snapshot, look, JOURNALS[number], may_share=True)
        if isinstance(verdict, Halt):
            drafts = [] if till.is_stopped else drafts
            till = till._replace(is_stopped=True)
        return self.written(till, drafts, number)

    def _journal_answer(self, book: int, mark_seq: int | None) -> JournalAnswer:
        marks, position, _ = self.books.things[book]
        marked_entry = None
        if mark_seq is not None and mark_seq <= len(marks):
            marked_entry = MarkedEntry(ADA, marks[mark_seq - 1])
        return JournalAnswer(position, marked_entry)

    def written(self, till: SmallTill, drafts: Sequence[Draft], number: int) -> SmallTill:
        """Append entries; a money entry's hash is its till and number, which nobody else has."""
        marks, position, is_halted = self.books.things[till.book]
        for draft in drafts:
            money_entry = draft.amount_minor is not None
            seq = len(marks) + money_entry
            facts = (seq, draft.kind, None, ADA, draft.amount_minor, draft.body)
            digits = f"{number + 1:04d}{seq:04d}"
            entry = Entry(*facts, *_NOWHERE, hash=digits)
            position = advance(position, entry)
            if money_entry and position.last:
                marks = (*marks, position.last)
            is_halted = is_halted or draft.kind is EntryKind.HALTED
        is_stopped = till.is_stopped or is_halted
        return till._replace(
            book=self.book(SmallJournal(marks, position, is_halted)), is_stopped=is_stopped
        )

    def appended(self, till: SmallTill, drafts: Sequence[Draft], number: int) -> SmallTill:
        """Append what a till's settling asks for."""
        key = (till, number)
        if key not in self._writes:
            self._writes[key] = self.written(till, drafts, number)
        return self._writes[key]

    # --- a settling -----------------------------------------------------------------------------

    def answers(self, stand: int, answer: int) -> int:
        """Tell a settling an answer; give where it stands then."""
        key = (stand, answer)
        if key not in self._next:
            before = self.stands.things[stand]
            self._next[key] = self.stand(before.till, before.stale, (*before.answers, answer))
        return self._next[key]

    def stand(self, number: int, stale: int, told_answers: tuple[int, ...]) -> int:
        """Replay a settling from its start: it depends on nothing but what it is told."""
        conditions_offered = self.kin.conditional
        journal = JOURNALS[number]
        task = Task(
            customer_id=ADA,
            journal_id=journal,
            conditional=conditions_offered,
            share_debt_data=True,
            doubt=Doubt.STALE,
            doubt_count=stale,
        )
        settling = self.protocol.settle(task)
        request: Request | None = next(settling)
        outcome: Outcome | None = None
        for answer in told_answers:
            try:
                request = settling.send(self._answers.things[answer])
            except StopIteration as end:
                request, outcome = None, end.value
        stand = Stand(number, stale, answers=told_answers, request=request, outcome=outcome)
        return self.stands.number((number, stale, told_answers), stand)

    def ruled(self, till: SmallTill, number: int, version: int) -> int:
        """Carry out what a person says who knows what the row holds; return its version then."""
        booked_minor = self.versions.things[version].own_sums[number]
        resolution = Resolution(
            Choice.RETRY, "Jo", "the office has looked", booked_minor=booked_minor
        )
        conditions_offered = self.kin.conditional
        task = Task(
            customer_id=ADA,
            journal_id=JOURNALS[number],
            conditional=conditions_offered,
            share_debt_data=True,
            resolution=resolution,
        )
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
                    version, answer_number = self.landed(version, self.send(number, request))
                    answer = self._answers.things[answer_number]

    # --- the row ----------------------------------------------------------------------------------

    def send(self, number: int, update: Update) -> int:
        """Number an update under way."""
        read = self._reads[id(update.read)]
        key = (number, read, update.total, update.mark, update.condition)
        return self.sent.number(key, InFlight(number, read, update))

    def landed(self, present: int, number_sent: int) -> tuple[int, int]:
        """Apply an update where its condition holds; return the version then, and the answer."""
        key = (present, number_sent)
        if key not in self._lands:
            self._lands[key] = self._apply(present, number_sent)
        return self._lands[key]

    def _apply(self, present: int, sent_number: int) -> tuple[int, int]:
        number, read, update = self.sent.things[sent_number]
        present_row, basis = self.versions.things[present], self.versions.things[read]
        if update.condition is not UpdateCondition.NONE and read != present:
            clash = OutcomeUnknown("HTTP 409", version_conflict=True, current_row=present_row.row)
            return present, self._answers.number(("clash", present), clash)
        if self.kin.guarded and basis.office != present_row.office:
            raise PromiseError("payments", "a payment at the office is overwritten")
        own_sums = list(basis.own_sums)
        own_sums[number] += int(update.total) - int(basis.row.total)
        marks = read_marks(update.debt_data)
        version = self.wrote(present, (own_sums[0], own_sums[1]), total=update.total, marks=marks)
        echo = self.versions.things[version].row if self.kin.echoes else None
        return version, self._answers.number(("echo", version), Applied(echo))

    def wrote(self, present: int, own_sums: tuple[int, int], **fields: Any) -> int:
        """Return the number of the version after this one."""
        present_version = self.versions.things[present].row
        at = int(present_version.updated_at[14:16]) * 60 + int(present_version.updated_at[17:19])
        stamp = row(at=at + 1).updated_at
        version = None if present_version.version is None else present_version.version + 1
        return self._version(
            replace(present_version, updated_at=stamp, version=version, **fields), own_sums
        )

    def _version(self, snapshot: Snapshot, own_sums: tuple[int, int]) -> int:
        marks = snapshot.marks
        table = tuple(sorted(marks.table.items()))
        key = (
            snapshot.total,
            snapshot.updated_at,
            snapshot.version,
            marks.place,
            marks.epoch,
            table,
            own_sums,
        )
        number = self.versions.number(key, RowVersion(snapshot, own_sums))
        self._reads[id(self.versions.things[number].row)] = number
        return number
