"""A person's ruling on a case in, the requests that carry it out: the conflict desk.

Each choice reads the row first, so it acts on what is there now: a case that has mended itself
meanwhile is settled as any other customer.
"""

from dataclasses import replace

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Position
from taptill.domain.mark import Mark, Place
from taptill.domain.pending import Held
from taptill.settlement.judgement import Desk, Unclear, base_moved
from taptill.settlement.requests import Append, Choice, JournalAnswer, Later, OnDesk, Ruling
from taptill.settlement.writing import (
    ANOTHER_AMOUNT,
    Delivery,
    Sent,
    Step,
    Task,
    close,
    deliver,
    enrol,
    origin_in,
    prove,
    write_off,
)

ROW_TELLS = "the mark in the row tells how much is in: decide without --booked"
UNWRITABLE = frozenset({Desk.NO_PLACE, Desk.SHARED_DEBT_DATA})
"""Rows that no mark may be written to: the office must mend debtData, or it is written off."""


def rule(task: Task, row: Snapshot, look: JournalAnswer, case: Unclear, sent: Sent) -> Step:
    """Carry out `task.ruling`, if there is one, on a row that is a case for the desk."""
    ruling, position = task.ruling, look.position
    if ruling is None:
        return OnDesk(case.reason.value)
    assert position.last is not None
    if case.reason in UNWRITABLE:
        return (yield from _close(task, ruling, look, case))
    unfit = _unfit(ruling, case, position)
    if unfit is not None:
        return unfit
    booked = _booked(ruling, case, position)
    if booked is None:
        return OnDesk(case.reason.value)
    hindrance = yield from prove(task, row)
    if hindrance is not None:
        return hindrance
    if row.marks.place is Place.EMPTY:
        return (yield from enrol(task, row, position, sent))
    if ruling.choice is Choice.WRITE_OFF and position.in_question:
        yield Append(write_off(position, ruling))
        # Looked at anew: only the mark is missing. What was charged meanwhile, be it the same
        # amount, is not what the person was told.
        task.ruling = replace(ruling, amount=0)
        return row
    # A ruling on a row without our mark holds for each copy of it; copies that are older than a
    # mark of ours hold what they did before.
    ours = _has_our_mark(row, look, task.journal_id)
    origin, said = origin_in(position, row) if ours else (booked.mark, True)
    moved = base_moved(row, position, booked.mark, task.journal_id)
    delivery = Delivery(row, booked.mark, position.last, origin, said, moved)
    return (yield from deliver(task, delivery, sent))


def _close(task: Task, ruling: Ruling, look: JournalAnswer, case: Unclear) -> Step:
    """Carry out a ruling on a row that no mark may be written to: only a write-off is possible."""
    if not ruling.still_fits(look.position):
        return Later(ANOTHER_AMOUNT)
    if ruling.choice is not Choice.WRITE_OFF:
        return OnDesk(case.reason.value)
    return (yield from close(task, ruling))


def _unfit(ruling: Ruling, case: Unclear, position: Position) -> Later | None:
    """Say why a ruling is none on this row; None: it is one."""
    if not ruling.still_fits(position):
        return Later(ANOTHER_AMOUNT)
    sure = case.held.total if case.held else 0
    if case.told and ruling.booked not in {None, sure}:
        return Later(ROW_TELLS)
    return None


def _booked(ruling: Ruling, case: Unclear, position: Position) -> Held | None:
    """Return what the row holds of our money, as the person or its mark says; None: neither does.

    An amount that is no sum that this journal ever had gets a mark without an entry.
    """
    if ruling.choice is not Choice.RETRY:
        return Held(position.last)
    if ruling.booked is None:
        return Held(case.held) if case.told else None
    if ruling.booked == 0:
        return Held(None)
    known = [mark for mark in (position.last, position.seen, case.held) if mark]
    return Held(next((m for m in known if m.total == ruling.booked), Mark(0, ruling.booked, "")))


def _has_our_mark(row: Snapshot, look: JournalAnswer, journal_id: str) -> bool:
    """Tell whether the row has a mark that is surely ours and of this customer."""
    mark, footing = row.marks.table.get(journal_id), look.footing
    return footing is not None and footing.customer_id == row.customer.id and footing.mark == mark
