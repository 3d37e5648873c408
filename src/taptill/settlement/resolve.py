"""A person's ruling on a case in, the requests that carry it out: the conflict desk.

Each choice reads the row first, so it acts on what is there now: a case that has mended itself
meanwhile is settled as any other customer.
"""

from dataclasses import replace

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Position
from taptill.domain.mark import Mark, Place
from taptill.domain.pending import HeldUpTo
from taptill.settlement.reconcile import Conflict, ConflictReason, office_change
from taptill.settlement.requests import Append, Choice, JournalAnswer, Later, OnDesk, Resolution
from taptill.settlement.update_row import (
    ANOTHER_AMOUNT,
    PlannedUpdate,
    Step,
    Task,
    UnverifiedUpdate,
    close_conflict,
    decided_origin,
    enrol,
    prove,
    send,
    write_off,
)

ROW_TELLS = "the mark in the row tells how much is in: decide without --booked"
UNWRITABLE = frozenset({ConflictReason.NO_PLACE, ConflictReason.SHARED_DEBT_DATA})
"""Rows that no mark may be written to: the office must mend debtData, or it is written off."""


def resolve(
    task: Task, row: Snapshot, look: JournalAnswer, case: Conflict, sent: UnverifiedUpdate
) -> Step:
    """Carry out `task.resolution`, if there is one, on a row that is a case for the desk."""
    resolution, position = task.resolution, look.position
    if resolution is None:
        return OnDesk(case.reason.value)
    assert position.last is not None
    if case.reason in UNWRITABLE:
        return (yield from _close(task, resolution, look, case))
    unfit = _cannot_apply(resolution, case, position)
    if unfit is not None:
        return unfit
    booked = _booked(resolution, case, position)
    if booked is None:
        return OnDesk(case.reason.value)
    hindrance = yield from prove(task, row)
    if hindrance is not None:
        return hindrance
    if row.marks.place is Place.EMPTY:
        return (yield from enrol(task, row, position, sent))
    if resolution.choice is Choice.WRITE_OFF and position.in_question:
        yield Append(write_off(position, resolution))
        # Looked at anew: only the mark is missing. What was charged meanwhile, be it the same
        # amount, is not what the person was told.
        task.resolution = replace(resolution, amount=0)
        return row
    # A ruling on a row without our mark holds for each copy of it; copies that are older than a
    # mark of ours hold what they did before.
    ours = _has_our_mark(row, look, task.journal_id)
    origin, said = decided_origin(position, row) if ours else (booked.mark, True)
    moved = office_change(row, position, booked.mark, task.journal_id)
    planned = PlannedUpdate(row, booked.mark, position.last, origin, said, moved)
    return (yield from send(task, planned, sent))


def _close(task: Task, resolution: Resolution, look: JournalAnswer, case: Conflict) -> Step:
    """Carry out a ruling on a row that no mark may be written to: only a write-off is possible."""
    if not resolution.still_applies(look.position):
        return Later(ANOTHER_AMOUNT)
    if resolution.choice is not Choice.WRITE_OFF:
        return OnDesk(case.reason.value)
    return (yield from close_conflict(task, resolution))


def _cannot_apply(resolution: Resolution, case: Conflict, position: Position) -> Later | None:
    """Say why a ruling is none on this row; None: it is one."""
    if not resolution.still_applies(position):
        return Later(ANOTHER_AMOUNT)
    sure = case.held.total if case.held else 0
    if case.told and resolution.booked not in {None, sure}:
        return Later(ROW_TELLS)
    return None


def _booked(resolution: Resolution, case: Conflict, position: Position) -> HeldUpTo | None:
    """Return what the row holds of our money, as the person or its mark says; None: neither does.

    An amount that is no sum that this journal ever had gets a mark without an entry.
    """
    if resolution.choice is not Choice.RETRY:
        return HeldUpTo(position.last)
    if resolution.booked is None:
        return HeldUpTo(case.held) if case.told else None
    if resolution.booked == 0:
        return HeldUpTo(None)
    known = [mark for mark in (position.last, position.seen, case.held) if mark]
    return HeldUpTo(
        next((m for m in known if m.total == resolution.booked), Mark(0, resolution.booked, ""))
    )


def _has_our_mark(row: Snapshot, look: JournalAnswer, journal_id: str) -> bool:
    """Tell whether the row has a mark that is surely ours and of this customer."""
    mark, marked_entry = row.marks.table.get(journal_id), look.marked_entry
    return (
        marked_entry is not None
        and marked_entry.customer_id == row.customer.id
        and marked_entry.mark == mark
    )
