"""The requests that carry out what a person decided about a case on the conflict desk.

Each decision reads the row first and acts on what is there now: a case that the row has ended
meanwhile is settled like any other customer.
"""

from dataclasses import replace

from taptill.domain.customer import Snapshot
from taptill.domain.entry import MarkedEntry, Position
from taptill.domain.mark import Mark, Place
from taptill.domain.pending import HeldUpTo
from taptill.settlement.reconcile import Conflict, ConflictReason, office_change
from taptill.settlement.requests import (
    Choice,
    JournalAnswer,
    Later,
    OnDesk,
    Resolution,
    Step,
    append,
)
from taptill.settlement.update_row import (
    ANOTHER_AMOUNT,
    PlannedUpdate,
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
"""No mark may be written to such a row: the office repairs debtData, or it is written off."""


def resolve(
    task: Task,
    row: Snapshot,
    journal: JournalAnswer,
    conflict: Conflict,
    last_update: UnverifiedUpdate,
) -> Step:
    """Carry out `task.resolution`, if there is one, on a row that is a case."""
    resolution, position = task.resolution, journal.position
    if resolution is None:
        return OnDesk(conflict.reason.value)
    assert position.last is not None
    if conflict.reason in UNWRITABLE:
        return (yield from _close(task, resolution, journal, conflict))
    reason = _cannot_apply(resolution, conflict, position)
    if reason is not None:
        return reason
    held_up_to = _held_up_to(resolution, conflict, position)
    if held_up_to is None:
        return OnDesk(conflict.reason.value)
    obstacle = yield from prove(task, row)
    if obstacle is not None:
        return obstacle
    if row.marks.place is Place.EMPTY:
        return (yield from enrol(task, row, position, last_update))
    if resolution.choice is Choice.WRITE_OFF and position.in_question:
        yield from append(*write_off(position, resolution))
        # Next time only the mark is missing. A charge that came in meanwhile, even of the same
        # amount, is not what the person decided about.
        task.resolution = replace(resolution, amount=0)
        return row
    # When the row has no mark of ours, remember what was decided as `origin`: it counts for every
    # copy of this row. With a mark, copies from before it hold what they held so far.
    has_mark = _has_our_mark(row, journal, task.journal_id)
    origin, is_decided = decided_origin(position, row) if has_mark else (held_up_to.mark, True)
    office_entries = office_change(row, position, held_up_to.mark, task.journal_id)
    plan = PlannedUpdate(
        row,
        held_up_to.mark,
        last=position.last,
        origin=origin,
        origin_is_decided=is_decided,
        extra_entries=office_entries,
    )
    return (yield from send(task, plan, last_update))


def _close(task: Task, resolution: Resolution, journal: JournalAnswer, conflict: Conflict) -> Step:
    """Carry out a decision on a row that can take no mark: only a write-off is possible."""
    if not resolution.still_applies(journal.position):
        return Later(ANOTHER_AMOUNT)
    if resolution.choice is not Choice.WRITE_OFF:
        return OnDesk(conflict.reason.value)
    return (yield from close_conflict(task, resolution))


def _cannot_apply(resolution: Resolution, conflict: Conflict, position: Position) -> Later | None:
    """Return why a decision does not apply to this row; None: it does."""
    if not resolution.still_applies(position):
        return Later(ANOTHER_AMOUNT)
    certain_total = conflict.certain_mark.total if conflict.certain_mark else 0
    if conflict.is_exact and resolution.booked_minor not in {None, certain_total}:
        return Later(ROW_TELLS)
    return None


def _held_up_to(resolution: Resolution, conflict: Conflict, position: Position) -> HeldUpTo | None:
    """Return what the row holds of our money, by the person or by its mark; None: neither says.

    For an amount that is not the sum at a known mark, the mark has no entry: its number is 0.
    """
    if resolution.choice is not Choice.RETRY:
        return HeldUpTo(position.last)
    if resolution.booked_minor is None:
        return HeldUpTo(conflict.certain_mark) if conflict.is_exact else None
    if resolution.booked_minor == 0:
        return HeldUpTo(None)
    marks = [mark for mark in (position.last, position.row_mark, conflict.certain_mark) if mark]
    without_entry = Mark(0, resolution.booked_minor, "")
    return HeldUpTo(
        next((mark for mark in marks if mark.total == without_entry.total), without_entry)
    )


def _has_our_mark(row: Snapshot, journal: JournalAnswer, journal_id: str) -> bool:
    """Return whether the row has a mark that is certainly ours and of this customer."""
    mark, marked_entry = row.marks.table.get(journal_id), journal.marked_entry
    return mark is not None and marked_entry == MarkedEntry(row.customer.id, mark)
