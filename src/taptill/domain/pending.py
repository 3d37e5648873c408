"""A snapshot and the journal's position in, what the snapshot does not hold yet out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import MarkedEntry, Position
from taptill.domain.errors import JournalArchiveError
from taptill.domain.mark import Mark, Place
from taptill.domain.money import ZERO, Money

EntryAtMark = Callable[[int], MarkedEntry | None]
"""What the journal has at a seq."""


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
    """Return what the journal holds beyond this snapshot, and whether it is in question.

    Total and mark come from the same snapshot, so nothing counts twice. Where the row does not
    tell what it holds, all that was ever charged here may be missing, and is in question; unless a
    person has given the row up. A mark from a closed year that cannot be asked is believed, and
    what it leaves is in question. Without `entry_at_mark` every mark of this journal is believed.
    """
    if position is None or position.last is None:
        return ZERO, False
    try:
        sure = held(snapshot, position, journal_id, entry_at_mark)
        if position.conflict and rests_on_decision(snapshot, position, journal_id):
            sure = None  # until the row shows what was decided
        doubtful = sure is None or position.conflict is not None
    except JournalArchiveError:
        sure, doubtful = HeldUpTo(snapshot.marks.table[journal_id]), True
    if sure is None and position.closed_seq == position.last.seq:
        return Money(position.in_question), True
    mark = sure.mark if sure else None
    return Money(position.last.total - (mark.total if mark else 0)), doubtful


def held(
    snapshot: Snapshot,
    position: Position,
    journal_id: str,
    entry_at_mark: EntryAtMark | None = None,
) -> HeldUpTo | None:
    """Return what the row's marks say that it holds of our money; None: they do not tell.

    Without `entry_at_mark` every mark of this journal is believed. Errors: JournalArchiveError
    where the mark is from before the close of a year whose archive cannot be asked.
    """
    marks = snapshot.marks
    if journal_id not in marks.table:
        return held_without_mark(snapshot, position)
    mark = marks.table[journal_id]
    return HeldUpTo(mark) if _is_ours(mark, position, entry_at_mark) else None


def held_without_mark(snapshot: Snapshot, position: Position) -> HeldUpTo | None:
    """Return what a row without our mark holds of our money; None: nobody can tell by the row.

    It is known where this journal never sent any, where the row has the epoch of the last attempt,
    and where the row was enrolled from a version that is surely from before our first money: the
    version of an own enrolment, or one with an older stamp. Whatever was written since follows
    from that version, as an update always moves total and marks together. A debtData that was
    copied from another customer's row never tells.
    """
    attempt = position.attempt
    if attempt is None:
        return HeldUpTo(None)
    enrolment = snapshot.marks.enrolment
    copied = enrolment is not None and enrolment.customer_id != snapshot.customer.id
    if copied or snapshot.marks.place is Place.UNUSABLE:
        return None
    empty = snapshot.marks.place is Place.EMPTY
    if empty and not older(snapshot.updated_at, position.first_stamp):
        return None  # a backend without usable stamps: by its total alone no version is told
    if snapshot.epoch == attempt.epoch:
        return HeldUpTo(attempt.origin)
    return HeldUpTo(None) if _is_from_before(snapshot, position) else None


def rests_on_decision(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    """Tell whether a person's word is all that tells what a row without our mark holds."""
    attempt = position.attempt
    if attempt is None or not attempt.said or journal_id in snapshot.marks.table:
        return False
    return snapshot.epoch == attempt.epoch


def _is_from_before(snapshot: Snapshot, position: Position) -> bool:
    """Tell whether the row was enrolled from a version that was there before our first money."""
    if snapshot.epoch in position.enrolments:
        return True
    enrolment = snapshot.marks.enrolment
    return enrolment is not None and older(enrolment.updated_at, position.first_stamp)


def _is_ours(mark: Mark | None, position: Position, entry_at_mark: EntryAtMark | None) -> bool:
    """Tell whether a mark is one of this customer; the journal is asked for unusual ones only."""
    if mark is None or entry_at_mark is None or mark in (position.last, position.seen):
        return mark is not None
    return entry_at_mark(mark.seq) == MarkedEntry(position.customer_id, mark)


class PendingBalance(Protocol):
    """How snapshot and journal are added up, which is the strategy's choice."""

    def pending(self, snapshot: Snapshot, position: Position | None) -> tuple[Money, bool]:
        """Give what the journal holds beyond this snapshot, and whether it is in question."""

    def held_seq(self, snapshot: Snapshot, position: Position | None) -> int:
        """Give the seq up to which the snapshot holds this journal's entries; 0: none."""


@dataclass(frozen=True, slots=True)
class FromMarks:
    """The row itself says what it holds: strategy `debt`."""

    journal_id: str
    entry_at_mark: EntryAtMark | None = field(default=None, repr=False)

    def pending(self, snapshot: Snapshot, position: Position | None) -> tuple[Money, bool]:
        """Count from our mark in the row."""
        return pending(snapshot, position, self.journal_id, self.entry_at_mark)

    def held_seq(self, snapshot: Snapshot, position: Position | None) -> int:
        """Give the seq of our mark in the row."""
        mark = snapshot.marks.table.get(self.journal_id)
        return mark.seq if mark else _start_seq(position)


@dataclass(frozen=True, slots=True)
class FromExports:
    """The office says what it has booked: strategy `export`."""

    def pending(self, snapshot: Snapshot, position: Position | None) -> tuple[Money, bool]:
        """Count from the last file that the office has booked."""
        del snapshot
        return Money(position.in_question) if position else ZERO, False

    def held_seq(self, snapshot: Snapshot, position: Position | None) -> int:
        """Give the last seq of this customer in the last file booked."""
        del snapshot
        return position.seen.seq if position and position.seen else _start_seq(position)


def _start_seq(position: Position | None) -> int:
    """Give the last seq that belongs to the journal id before."""
    return position.start_seq if position else 0
