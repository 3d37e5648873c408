"""A snapshot's marks and the journal's position in, what the snapshot does not hold yet out."""

from dataclasses import dataclass
from typing import Protocol

from taptill.domain.entry import Position
from taptill.domain.mark import Marks
from taptill.domain.money import ZERO, Money


def pending(marks: Marks, position: Position | None, journal_id: str) -> tuple[Money, bool]:
    """Give what the journal holds beyond this snapshot, and whether it is in question.

    Total and mark come from the same snapshot, so nothing counts twice (3-charging 3.1). On the
    conflict desk the last mark seen stands in for one that is lost.
    """
    if position is None or position.last is None:
        return ZERO, False
    in_row, attempt = marks.table.get(journal_id), position.attempt
    lost = in_row is None and attempt is not None and attempt.epoch != marks.epoch
    unreadable = in_row is None and journal_id in marks.table
    if position.conflict or lost or unreadable:
        return Money(position.in_question), True
    held = in_row or (attempt.origin if attempt else None)
    return Money(position.last.total - (held.total if held else 0)), False


class Reckoning(Protocol):
    """How snapshot and journal are added up, which is the strategy's choice."""

    def pending(self, marks: Marks, position: Position | None) -> tuple[Money, bool]:
        """Give what the journal holds beyond this snapshot, and whether it is in question."""

    def held_seq(self, marks: Marks, position: Position | None) -> int:
        """Give the seq up to which the snapshot holds this journal's entries; 0: none."""


@dataclass(frozen=True, slots=True)
class ByMarks:
    """The row itself says what it holds: strategy `debt`."""

    journal_id: str

    def pending(self, marks: Marks, position: Position | None) -> tuple[Money, bool]:
        """Count from our mark in the row."""
        return pending(marks, position, self.journal_id)

    def held_seq(self, marks: Marks, position: Position | None) -> int:
        """Give the seq of our mark in the row."""
        mark = marks.table.get(self.journal_id)
        return mark.seq if mark else _start_seq(position)


@dataclass(frozen=True, slots=True)
class ByBooking:
    """The office says what it has booked: strategy `export`."""

    def pending(self, marks: Marks, position: Position | None) -> tuple[Money, bool]:
        """Count from the last file that the office has booked."""
        del marks
        return Money(position.in_question) if position else ZERO, False

    def held_seq(self, marks: Marks, position: Position | None) -> int:
        """Give the last seq of this customer in the last file booked."""
        del marks
        return position.seen.seq if position and position.seen else _start_seq(position)


def _start_seq(position: Position | None) -> int:
    """Give the last seq that belongs to the journal id before."""
    return position.start_seq if position else 0
