"""A person's ruling on a case in, the requests that carry it out: the conflict desk (3.5).

Each choice reads the row first, so it acts on what is there now: a case that has mended itself
meanwhile is settled as any other customer.
"""

from dataclasses import replace

from taptill.domain.customer import Snapshot
from taptill.domain.mark import Mark, Place
from taptill.settlement.judgement import Desk
from taptill.settlement.requests import Append, Choice, JournalAnswer, Later, OnDesk
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

UNWRITABLE = frozenset({Desk.NO_PLACE, Desk.SHARED_DEBT_DATA})
"""Rows that no mark may be written to: the office must mend debtData, or it is written off."""


def rule(task: Task, row: Snapshot, look: JournalAnswer, desk: Desk, sent: Sent) -> Step:
    """Carry out `task.ruling`, if there is one, on a row that is a case for the desk."""
    ruling, position = task.ruling, look.position
    if ruling is None:
        return OnDesk()
    assert position.last is not None
    if not ruling.still_fits(position):
        return Later(ANOTHER_AMOUNT)
    if desk in UNWRITABLE:
        writes_off = ruling.choice is Choice.WRITE_OFF
        return (yield from close(task, ruling)) if writes_off else OnDesk()
    hindrance = yield from prove(task, row)
    if hindrance is not None:
        return hindrance
    if row.marks.place is Place.EMPTY:
        return (yield from enrol(task, row, sent))
    if ruling.choice is Choice.WRITE_OFF and position.in_question:
        yield Append(write_off(position, ruling))
        # Looked at anew: only the mark is missing. What was charged meanwhile, be it the same
        # amount, is not what the person was told.
        task.ruling = replace(ruling, amount=0)
        return row
    held = _held(row, look, task.journal_id)
    # What a retry counts from: never zero, and no mark that went back without its money.
    covered = position.seen if desk is Desk.MARK_BACK else held or position.seen
    start = covered if ruling.choice is Choice.RETRY else position.last
    # A ruling on a row without our mark holds for each copy of it; copies that are older than a
    # mark of ours hold what they did before.
    origin = origin_in(position, row) if held else start
    return (
        yield from deliver(task, Delivery(row, start, position.last, position.seen, origin), sent)
    )


def _held(row: Snapshot, look: JournalAnswer, journal_id: str) -> Mark | None:
    """Give the mark in the row where it is surely ours and of this customer."""
    mark, footing = row.marks.table.get(journal_id), look.footing
    ours = footing is not None and footing.customer_id == row.customer.id and footing.mark == mark
    return mark if ours else None
