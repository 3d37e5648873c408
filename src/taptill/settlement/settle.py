"""Settling one customer: a generator of requests, without I/O and without a clock.

The journal holds what was charged, the backend's row holds what has been booked. Settling brings
the row up to the journal, each entry once, although the API can only overwrite a row, has no
idempotency key, and may lose an answer:

1. Read the row: total, our mark and stamp are all of one answer.
2. Compare the mark with the journal (`reconcile`). In sync: done. A conflict: a person resolves it
   (`resolve`). A halt: all settlement stops.
3. Behind: journal an `attempt` with what was read and what will be sent, then send total and mark
   in one update (`update_row`). A row without a place for marks is enrolled first, by an update
   that moves no money.
4. The answer shows both as sent: journal a `receipt`; done. Everything else, a lost answer above
   all, leaves the outcome unknown: nothing is sent again blindly; back to 1, the row tells.

A row that is older than one seen before, an answer without the customer, and a 2xx that left
nothing in the row may each be a stale read. They are believed only after several in a row
(`Doubt`), and until then settling ends with `Later`. The driver (program) and the simulation
(tests) carry the requests out; so both run the same code.
"""

import logging
from collections.abc import Generator

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.pending import rests_on_decision
from taptill.settlement.reconcile import (
    Behind,
    Conflict,
    ConflictReason,
    Halt,
    InSync,
    Reconciliation,
    reconcile,
)
from taptill.settlement.requests import (
    Answer,
    Doubt,
    JournalAnswer,
    Later,
    NoAnswer,
    Outcome,
    Request,
    RowNotFound,
    RowUnreadable,
    Settled,
    Step,
    Stopped,
    append,
    read_journal,
    read_row,
)
from taptill.settlement.resolve import resolve
from taptill.settlement.update_row import (
    PlannedUpdate,
    Task,
    UnverifiedUpdate,
    decided_origin,
    enrol,
    prove,
    record_missing,
    retry_later,
    send,
    verify_update,
)

log = logging.getLogger("taptill.settlement")

ROUNDS_MAX = 5
"""A row is read so often at one attempt; then the schedule tries again later."""

STALE_MAX = 5
"""This many old copies in a row are believed: the backend was restored."""

GONE_MAX = 5
"""This many answers in a row without the customer are believed: he was removed."""

Settling = Generator[Request, Answer, Outcome]


def settle(task: Task) -> Settling:
    """Bring one customer's row up to the journal; `Later` after ROUNDS_MAX reads of it."""
    last_update, known_row = UnverifiedUpdate(), None
    for _ in range(ROUNDS_MAX):
        row = known_row or (yield from read_row(task.customer_id))
        match row:
            case Snapshot():
                task.forget(Doubt.GONE)
                end = yield from _round(task, row, last_update)
            case RowNotFound():
                end = yield from _row_missing(task)
            case RowUnreadable(reason):
                end = Later(reason)
            case NoAnswer():
                end = retry_later(row)
        known_row = end if isinstance(end, Snapshot) else None
        if end is not None and not isinstance(end, Snapshot):
            return end
    return Later("the row keeps changing")


def _row_missing(task: Task) -> Step:
    """Return the outcome for a customer who is not in the answer.

    A single empty answer proves nothing: a proxy, a lagging replica or a starting server give it.
    """
    journal = yield from read_journal(task.customer_id, None)
    if not (journal.position.open or journal.position.conflict):
        return Settled()
    is_case = journal.position.conflict == ConflictReason.GONE
    if not is_case and task.times(Doubt.GONE) + 1 < GONE_MAX:
        return Later("the backend does not show the customer", doubt=Doubt.GONE)
    return (yield from record_missing(task))


def _round(task: Task, row: Snapshot, last_update: UnverifiedUpdate) -> Step:
    """Take one read of the row to an outcome, a newer row, or None: read it again."""
    mark = row.marks.table.get(task.journal_id)
    journal = yield from read_journal(task.customer_id, mark.seq if mark else None)
    if _is_old_copy(task, row, journal.position.updated_at):
        return Later("the row is an old copy", doubt=Doubt.STALE)
    failure = yield from verify_update(task, row, last_update)
    if failure is not None:
        return failure
    result, has_entries = yield from _reconcile(task, row, journal)
    match result:
        case Halt(reason):
            return Stopped(reason)
        case Conflict():
            if has_entries and task.resolution:
                return row  # the new entries may have changed the amount in question
            return (yield from resolve(task, row, journal, result, last_update))
        case InSync():
            return Settled()
        case Behind():
            return (yield from _write(task, row, journal, result, last_update))


def _reconcile(
    task: Task, row: Snapshot, journal: JournalAnswer
) -> Generator[Request, Answer, tuple[Reconciliation, bool]]:
    """Reconcile the row and journal the entries owed; return the result and if there were any.

    Where only an earlier decision says what the row holds, a person may decide anew.
    """
    result, drafts = reconcile(row, journal, task.journal_id, may_share=task.may_share)
    case = journal.position.conflict
    if case and task.resolution and rests_on_decision(row, journal.position, task.journal_id):
        is_halt = isinstance(result, Halt)
        return (result if is_halt else Conflict(ConflictReason(case))), False
    if drafts:
        yield from append(*(_with_resolution(task, draft) for draft in drafts))
    return result, bool(drafts)


def _with_resolution(task: Task, draft: Draft) -> Draft:
    """Return the entry that ends a case with the person's decision in it; others unchanged."""
    if draft.kind is EntryKind.RESOLVED and task.resolution:
        return task.resolution.resolved(task.customer_id)
    return draft


def _write(
    task: Task, row: Snapshot, journal: JournalAnswer, behind: Behind, last_update: UnverifiedUpdate
) -> Step:
    """Update a row that is behind."""
    last = journal.position.last
    if last is None:
        return Settled()
    obstacle = yield from prove(task, row)
    if obstacle is not None:
        return obstacle
    if not behind.is_enrolled:
        return (yield from enrol(task, row, journal.position, last_update))
    plan = PlannedUpdate(row, behind.mark, last, *decided_origin(journal.position, row))
    return (yield from send(task, plan, last_update))


def _is_old_copy(task: Task, row: Snapshot, journal_stamp: str) -> bool:
    """Return whether a row is older than one seen before, and not believed yet."""
    if not any(older(row.updated_at, stamp) for stamp in (journal_stamp, task.known_stamp)):
        task.forget(Doubt.STALE)
        return False
    if task.times(Doubt.STALE) + 1 < STALE_MAX:
        return True
    log.warning("settlement.old_row_believed", extra={"customer": task.customer_id})
    return False
