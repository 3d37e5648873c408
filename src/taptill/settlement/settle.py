"""Settling one customer, as a generator: requests out, answers in, no clock and no IO (3.5)."""

import logging
from collections.abc import Generator

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Kind
from taptill.settlement import judgement as judging
from taptill.settlement.desk import rule
from taptill.settlement.judgement import Behind, Halt, Holds, Unclear, Unenrolled
from taptill.settlement.requests import (
    Answer,
    Append,
    Final,
    JournalAnswer,
    Later,
    NoAnswer,
    NotThere,
    Outcome,
    ReadJournal,
    ReadRow,
    Request,
    Settled,
    Stopped,
    Unreadable,
)
from taptill.settlement.writing import (
    Delivery,
    Sent,
    Step,
    Task,
    deliver,
    enrol,
    find_sent,
    later,
    origin_in,
    prove,
    refuse,
)

log = logging.getLogger("taptill.settlement")

ROUNDS = 5
"""So many sights of one row in one go; then the schedule comes back later."""

STALE_MAX = 5
"""So many old copies in a row are believed: the backend was restored."""

Settling = Generator[Request, Answer, Outcome]


def settle(task: Task) -> Settling:
    """Bring one customer's row up to the journal; at most ROUNDS sights of it, then *later*."""
    sent, seen = Sent(), None
    for _ in range(ROUNDS):
        row = seen or (yield ReadRow(task.customer_id))
        match row:
            case Snapshot():
                end = yield from _round(task, row, sent)
            case NotThere():
                end = yield from _gone(task)
            case Unreadable(reason):
                end = Later(reason)
            case _:
                assert isinstance(row, NoAnswer)
                end = later(row)
        seen = end if isinstance(end, Snapshot) else None
        if end is not None and not isinstance(end, Snapshot):
            return end
    return Later("the row keeps changing")


def _gone(task: Task) -> Step:
    """End with a customer who was removed; it is nobody's matter where nothing is to be sent."""
    look = yield ReadJournal(task.customer_id, None)
    assert isinstance(look, JournalAnswer)
    if not (look.position.open or look.position.conflict):
        return Settled()
    return (yield from refuse(task, Final(404, "the customer is not there any more")))


def _round(task: Task, row: Snapshot, sent: Sent) -> Step:
    """Go once from a read row to an outcome."""
    mark = row.marks.table.get(task.journal_id)
    look = yield ReadJournal(task.customer_id, mark.seq if mark else None)
    assert isinstance(look, JournalAnswer)
    if _is_old_copy(task, row, look.position.updated_at):
        return Later("the row is an old copy", stale=True)
    missing = yield from find_sent(task, row, sent)
    if missing is not None:
        return missing
    verdict, drafts = judging.assess(row, look, task.journal_id, may_share=task.may_share)
    if drafts:
        ended = task.ruling.resolved(task.customer_id) if task.ruling else None
        yield Append([ended if ended and one.kind is Kind.RESOLVED else one for one in drafts])
    match verdict:
        case Halt(reason):
            return Stopped(reason)
        case Unclear(desk):
            # What was just journaled may have changed the amount in question: look anew.
            return row if drafts and task.ruling else (yield from rule(task, row, look, desk, sent))
        case Holds():
            return Settled()
        case Unenrolled() | Behind():
            return (yield from _write(task, row, look, verdict, sent))


def _write(
    task: Task, row: Snapshot, look: JournalAnswer, verdict: Unenrolled | Behind, sent: Sent
) -> Step:
    last = look.position.last
    if last is None:
        return Settled()
    hindrance = yield from prove(task, row)
    if hindrance is not None:
        return hindrance
    if isinstance(verdict, Unenrolled):
        return (yield from enrol(task, row, sent))
    origin = origin_in(look.position, row)
    delivery = Delivery(row, verdict.mark, last, verdict.mark, origin)
    return (yield from deliver(task, delivery, sent))


def _is_old_copy(task: Task, row: Snapshot, journaled: str) -> bool:
    if not any(older(row.updated_at, than) for than in (journaled, task.known_stamp)):
        return False
    if task.stale_reads + 1 < STALE_MAX:
        return True
    log.warning("settlement.old_row_believed", extra={"customer": task.customer_id})
    return False
