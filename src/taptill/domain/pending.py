"""A snapshot's marks and the journal's position in, what the snapshot does not hold yet out."""

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
