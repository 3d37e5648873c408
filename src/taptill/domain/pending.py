"""A snapshot's marks and the journal's position in, what the snapshot does not hold yet out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from taptill.domain.entry import Footing, Position
from taptill.domain.errors import JournalArchiveError
from taptill.domain.mark import Mark, Marks
from taptill.domain.money import ZERO, Money

FootingAt = Callable[[int], Footing | None]
"""What the journal has at a seq."""


def pending(
    marks: Marks,
    position: Position | None,
    journal_id: str,
    footing_at: FootingAt | None = None,
) -> tuple[Money, bool]:
    """Give what the journal holds beyond this snapshot, and whether it is in question.

    Total and mark come from the same snapshot, so nothing counts twice (3-charging 3.1). On the
    conflict desk the last mark seen stands in for one that is lost, or is not this customer's;
    without `footing_at` every mark of this journal is believed.
    """
    if position is None or position.last is None:
        return ZERO, False
    in_row, attempt = marks.table.get(journal_id), position.attempt
    lost = in_row is None and attempt is not None and attempt.epoch != marks.epoch
    wrong = journal_id in marks.table and not _is_ours(in_row, position, footing_at)
    if position.conflict or lost or wrong:
        return Money(position.in_question), True
    held = in_row or (attempt.origin if attempt else None)
    return Money(position.last.total - (held.total if held else 0)), False


def _is_ours(mark: Mark | None, position: Position, footing_at: FootingAt | None) -> bool:
    """Tell whether a mark is one of this customer; the journal is asked for unusual ones only."""
    if mark is None or footing_at is None or mark in (position.last, position.seen):
        return mark is not None
    try:
        return footing_at(mark.seq) == Footing(position.customer_id, mark)
    except JournalArchiveError:  # nobody can say: in question
        return False


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
    footing_at: FootingAt | None = field(default=None, repr=False)

    def pending(self, marks: Marks, position: Position | None) -> tuple[Money, bool]:
        """Count from our mark in the row."""
        return pending(marks, position, self.journal_id, self.footing_at)

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
