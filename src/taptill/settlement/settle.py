"""Settling one customer, as a generator: requests out, answers in, no clock and no IO."""

import logging
from collections.abc import Generator

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import EntryKind
from taptill.domain.pending import rests_on_decision
from taptill.settlement import reconcile as judging
from taptill.settlement.reconcile import (
    Behind,
    Conflict,
    ConflictReason,
    Halt,
    InSync,
    Reconciliation,
)
from taptill.settlement.requests import (
    Answer,
    Append,
    Doubt,
    JournalAnswer,
    Later,
    NoAnswer,
    Outcome,
    ReadJournal,
    ReadRow,
    Request,
    RowNotFound,
    RowUnreadable,
    Settled,
    Stopped,
)
from taptill.settlement.resolve import resolve
from taptill.settlement.update_row import (
    PlannedUpdate,
    Step,
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
"""So many sights of one row in one go; then the schedule comes back later."""

STALE_MAX = 5
"""So many old copies in a row are believed: the backend was restored."""

GONE_MAX = 5
"""So many answers in a row without the customer are believed: he was removed."""

Settling = Generator[Request, Answer, Outcome]


def settle(task: Task) -> Settling:
    """Bring one customer's row up to the journal; at most ROUNDS sights of it, then *later*."""
    sent, seen = UnverifiedUpdate(), None
    for _ in range(ROUNDS_MAX):
        row = seen or (yield ReadRow(task.customer_id))
        match row:
            case Snapshot():
                task.forget(Doubt.GONE)
                end = yield from _round(task, row, sent)
            case RowNotFound():
                end = yield from _row_missing(task)
            case RowUnreadable(reason):
                end = Later(reason)
            case _:
                assert isinstance(row, NoAnswer)
                end = retry_later(row)
        seen = end if isinstance(end, Snapshot) else None
        if end is not None and not isinstance(end, Snapshot):
            return end
    return Later("the row keeps changing")


def _row_missing(task: Task) -> Step:
    """End with a customer who was removed; it is nobody's matter where nothing is to be sent.

    One empty answer proves nothing: a proxy, a replica that lags or a server in its start give it.
    """
    look = yield ReadJournal(task.customer_id, None)
    assert isinstance(look, JournalAnswer)
    if not (look.position.open or look.position.conflict):
        return Settled()
    known = look.position.conflict == ConflictReason.GONE
    if not known and task.times(Doubt.GONE) + 1 < GONE_MAX:
        return Later("the backend does not show the customer", doubt=Doubt.GONE)
    return (yield from record_missing(task))


def _round(task: Task, row: Snapshot, sent: UnverifiedUpdate) -> Step:
    """Go once from a read row to an outcome."""
    mark = row.marks.table.get(task.journal_id)
    look = yield ReadJournal(task.customer_id, mark.seq if mark else None)
    assert isinstance(look, JournalAnswer)
    if _is_old_copy(task, row, look.position.updated_at):
        return Later("the row is an old copy", doubt=Doubt.STALE)
    missing = yield from verify_update(task, row, sent)
    if missing is not None:
        return missing
    verdict, changed = yield from _reconcile(task, row, look)
    match verdict:
        case Halt(reason):
            return Stopped(reason)
        case Conflict():
            # What was just journaled may have changed the amount in question: look anew.
            anew = changed and task.resolution
            return row if anew else (yield from resolve(task, row, look, verdict, sent))
        case InSync():
            return Settled()
        case Behind():
            return (yield from _write(task, row, look, verdict, sent))


def _reconcile(
    task: Task, row: Snapshot, look: JournalAnswer
) -> Generator[Request, Answer, tuple[Reconciliation, bool]]:
    """Judge the row and journal what it owes; tell whether that was anything.

    A person may take back what was said before of a row that does not tell by itself.
    """
    verdict, drafts = judging.reconcile(row, look, task.journal_id, may_share=task.may_share)
    case = look.position.conflict
    if case and task.resolution and rests_on_decision(row, look.position, task.journal_id):
        return (
            (verdict, False)
            if isinstance(verdict, Halt)
            else (Conflict(ConflictReason(case)), False)
        )
    if drafts:
        ended = task.resolution.resolved(task.customer_id) if task.resolution else None
        yield Append([ended if ended and one.kind is EntryKind.RESOLVED else one for one in drafts])
    return verdict, bool(drafts)


def _write(
    task: Task, row: Snapshot, look: JournalAnswer, behind: Behind, sent: UnverifiedUpdate
) -> Step:
    last = look.position.last
    if last is None:
        return Settled()
    hindrance = yield from prove(task, row)
    if hindrance is not None:
        return hindrance
    if not behind.enrolled:
        return (yield from enrol(task, row, look.position, sent))
    planned = PlannedUpdate(row, behind.mark, last, *decided_origin(look.position, row))
    return (yield from send(task, planned, sent))


def _is_old_copy(task: Task, row: Snapshot, journaled: str) -> bool:
    if not any(older(row.updated_at, than) for than in (journaled, task.known_stamp)):
        task.forget(Doubt.STALE)
        return False
    if task.times(Doubt.STALE) + 1 < STALE_MAX:
        return True
    log.warning("settlement.old_row_believed", extra={"customer": task.customer_id})
    return False
