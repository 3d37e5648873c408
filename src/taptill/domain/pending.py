"""What a customer's row does not hold yet of this journal's money."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import MarkedEntry, Position
from taptill.domain.errors import JournalArchiveError
from taptill.domain.mark import Mark, Place
from taptill.domain.money import ZERO, Money

EntryAtMark = Callable[[int], MarkedEntry | None]
"""Returns the journal's money entry at a number; None without one of this journal."""


@dataclass(frozen=True, slots=True)
class HeldUpTo:
    """The row holds our money entries up to `mark`; None: none of them."""

    mark: Mark | None


def pending(
    snapshot: Snapshot,
    position: Position | None,
    journal_id: str,
    entry_at_mark: EntryAtMark | None = None,
) -> tuple[Money, bool]:
    """Return the money that the journal holds beyond this snapshot, and if it is in question.

    Total and mark are of the same snapshot, so nothing is counted twice. Where the row does not
    tell what it holds, all that was charged here may be missing and is in question, unless a person
    wrote the row off. A mark from a closed year whose archive cannot be read is believed, and the
    rest is in question. Without `entry_at_mark` every mark of this journal is believed.
    """
    if position is None or position.last is None:
        return ZERO, False
    try:
        held_up_to = held(snapshot, position, journal_id, entry_at_mark)
        if position.conflict and rests_on_decision(snapshot, position, journal_id):
            held_up_to = None  # the row does not show yet what the person decided
        doubtful = held_up_to is None or position.conflict is not None
    except JournalArchiveError:
        held_up_to, doubtful = HeldUpTo(snapshot.marks.table[journal_id]), True
    if held_up_to is None and position.closed_seq == position.last.seq:
        return Money(position.in_question), True
    mark = held_up_to.mark if held_up_to else None
    return Money(position.last.total - (mark.total if mark else 0)), doubtful


def held(
    snapshot: Snapshot,
    position: Position,
    journal_id: str,
    entry_at_mark: EntryAtMark | None = None,
) -> HeldUpTo | None:
    """Return how much of our money the row holds, by its marks; None: they do not tell.

    Without `entry_at_mark` every mark of this journal is believed. Errors: JournalArchiveError
    where the mark is of a closed year whose archive cannot be read.
    """
    marks = snapshot.marks
    if journal_id not in marks.table:
        return held_without_mark(snapshot, position)
    mark = marks.table[journal_id]
    return HeldUpTo(mark) if _is_ours(mark, position, entry_at_mark) else None


def held_without_mark(snapshot: Snapshot, position: Position) -> HeldUpTo | None:
    """Return how much of our money a row without our mark holds; None: the row does not tell.

    It tells in three cases: this journal never sent money for the customer; the row has the epoch
    of our last attempt; the row was enrolled from a version that is certainly from before our first
    money, by our own enrolment or by an older stamp. Later versions follow from that one, because
    every update writes total and marks together. debtData that was copied from another customer's
    row never tells.
    """
    attempt = position.attempt
    if attempt is None:
        return HeldUpTo(None)
    enrolment = snapshot.marks.enrolment
    is_copy = enrolment is not None and enrolment.customer_id != snapshot.customer.id
    if is_copy or snapshot.marks.place is Place.UNUSABLE:
        return None
    empty = snapshot.marks.place is Place.EMPTY
    if empty and not older(snapshot.updated_at, position.first_stamp):
        return None  # without usable stamps the total alone does not identify a version
    if snapshot.epoch == attempt.epoch:
        return HeldUpTo(attempt.origin)
    return HeldUpTo(None) if _is_from_before(snapshot, position) else None


def rests_on_decision(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    """Return whether only a person's decision says what a row without our mark holds."""
    attempt = position.attempt
    if attempt is None or not attempt.origin_is_decided or journal_id in snapshot.marks.table:
        return False
    return snapshot.epoch == attempt.epoch


def _is_from_before(snapshot: Snapshot, position: Position) -> bool:
    """Return whether the row was enrolled from a version of before our first money."""
    if snapshot.epoch in position.enrolments:
        return True
    enrolment = snapshot.marks.enrolment
    return enrolment is not None and older(enrolment.updated_at, position.first_stamp)


def _is_ours(mark: Mark | None, position: Position, entry_at_mark: EntryAtMark | None) -> bool:
    """Return whether a mark is this customer's; the journal is read for unusual marks only."""
    if mark is None or entry_at_mark is None or mark in (position.last, position.row_mark):
        return mark is not None
    return entry_at_mark(mark.seq) == MarkedEntry(position.customer_id, mark)


class PendingBalance(Protocol):
    """How snapshot and journal are added up; each settlement strategy has its own."""

    def pending(self, snapshot: Snapshot, position: Position | None) -> tuple[Money, bool]:
        """Return the money beyond this snapshot, and whether it is in question."""

    def held_seq(self, snapshot: Snapshot, position: Position | None) -> int:
        """Return the entry number up to which the snapshot holds our entries; 0: none."""


@dataclass(frozen=True, slots=True)
class FromMarks:
    """Strategy `debt`: the mark in the row says what the row holds."""

    journal_id: str
    entry_at_mark: EntryAtMark | None = field(default=None, repr=False)

    def pending(self, snapshot: Snapshot, position: Position | None) -> tuple[Money, bool]:
        """Return the money beyond our mark in the row."""
        return pending(snapshot, position, self.journal_id, self.entry_at_mark)

    def held_seq(self, snapshot: Snapshot, position: Position | None) -> int:
        """Return the number of our mark in the row."""
        mark = snapshot.marks.table.get(self.journal_id)
        return mark.seq if mark else _start_seq(position)


@dataclass(frozen=True, slots=True)
class FromExports:
    """Strategy `export`: the office says which files it has booked."""

    def pending(self, snapshot: Snapshot, position: Position | None) -> tuple[Money, bool]:
        """Return the money beyond the last file that the office has booked."""
        del snapshot
        return Money(position.in_question) if position else ZERO, False

    def held_seq(self, snapshot: Snapshot, position: Position | None) -> int:
        """Return the customer's last entry number in the last file booked."""
        del snapshot
        return position.row_mark.seq if position and position.row_mark else _start_seq(position)


def _start_seq(position: Position | None) -> int:
    """Return the last entry number that belongs to the journal id before a fork."""
    return position.start_seq if position else 0
