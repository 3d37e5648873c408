"""Settling one customer, as a generator: requests out, answers in, no clock and no IO (3.5)."""

import logging
from collections.abc import Generator
from dataclasses import dataclass
from decimal import Context, Decimal

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, Kind
from taptill.domain.mark import Mark, Place, epoch_of, with_mark
from taptill.settlement import judgement as judging
from taptill.settlement.judgement import Behind, Desk, Halt, Holds, Stop, Unclear, Unenrolled
from taptill.settlement.requests import (
    Answer,
    Append,
    Condition,
    Echo,
    Final,
    JournalAnswer,
    Later,
    NoAnswer,
    NotThere,
    OnDesk,
    Outcome,
    ReadJournal,
    ReadRow,
    Request,
    Settled,
    Stopped,
    Unheard,
    Unreadable,
    Update,
)

log = logging.getLogger("taptill.settlement")

ROUNDS = 5
"""So many reads of one row in one go; then the schedule comes back later."""

UNKEPT_MAX = 3
"""So many 2xx answers that left no trace in the row prove that the backend drops it."""

STALE_MAX = 5
"""So many old copies in a row are believed: the backend was restored."""

_DOUBLE = Context(prec=15)
"""A figure of 15 digits comes back from every server that keeps doubles, a longer one may not."""

Settling = Generator[Request, Answer, Outcome]
Step = Generator[Request, Answer, Outcome | None]
"""A part of it that may end without an outcome: then the row is read again."""


@dataclass(slots=True)
class Task:
    """What settling one customer depends on, and what it learned of the backend.

    `conditional`: the backend says that it obeys conditions, and taken back where it does not;
    `proven`: it has refused one. `stale_reads` counts old copies in a row so far, older than the
    journal's stamp or than `known_stamp`.
    """

    customer_id: int
    journal_id: str
    conditional: bool
    share_debt_data: bool
    proven: bool = True
    stale_reads: int = 0
    known_stamp: str = ""

    @property
    def may_share(self) -> bool:
        """Whether other people's keys in debtData may be written back as read."""
        return self.conditional or self.share_debt_data

    @property
    def condition(self) -> Condition:
        """Give the condition of every update that is to happen."""
        return Condition.AS_READ if self.conditional else Condition.NONE


@dataclass(slots=True)
class _Sent:
    """The last update that got a 2xx, and how many in a row left no trace in the row."""

    update: Update | None = None
    traceless: int = 0

    def halved_or_dropped(self, row: Snapshot, journal_id: str) -> Stop | None:
        """Compare the first read after a 2xx with what was sent."""
        update, self.update = self.update, None
        if update is None:
            return None
        self.traceless = self.traceless + 1 if _left_no_trace(update, row) else 0
        if self.traceless >= UNKEPT_MAX:
            return Stop.NOT_KEPT
        return Stop.HALF_KEPT if _halved(update, row, journal_id) else None


def settle(task: Task) -> Settling:
    """Bring one customer's row up to the journal; at most ROUNDS reads, then *later*."""
    sent = _Sent()
    for _ in range(ROUNDS):
        row = yield ReadRow(task.customer_id)
        match row:
            case Snapshot():
                outcome = yield from _round(task, row, sent)
            case NotThere():
                gone = Final(404, "the customer is not there any more")
                outcome = yield from _refuse(task, gone)
            case Unreadable(reason):
                outcome = Later(reason)
            case _:
                assert isinstance(row, NoAnswer)
                outcome = _later(row)
        if outcome is not None:
            return outcome
    return Later("the row keeps changing")


def _round(task: Task, row: Snapshot, sent: _Sent) -> Step:
    """Go once from a read row to an outcome."""
    mark = row.marks.table.get(task.journal_id)
    look = yield ReadJournal(task.customer_id, mark.seq if mark else None)
    assert isinstance(look, JournalAnswer)
    if _is_old_copy(task, row, look.position.updated_at):
        return Later("the row is an old copy", stale=True)
    stop = sent.halved_or_dropped(row, task.journal_id)
    if stop:
        return (yield from _halt(task, stop))
    verdict, drafts = judging.assess(row, look, task.journal_id, may_share=task.may_share)
    if drafts:
        yield Append(drafts)
    match verdict:
        case Halt(reason):
            return Stopped(reason)
        case Unclear():
            return OnDesk()
        case Holds():
            return Settled()
        case Unenrolled() | Behind():
            last = look.position.last
            return (
                Settled() if last is None else (yield from _write(task, row, last, verdict, sent))
            )


def _write(
    task: Task, row: Snapshot, last: Mark, verdict: Unenrolled | Behind, sent: _Sent
) -> Step:
    if task.conditional and not task.proven:
        outcome = yield from _prove(task, row)
        if outcome is not None:
            return outcome
    if isinstance(verdict, Unenrolled):
        return (yield from _enrol(task, row, sent))
    update = _next_update(task, row, verdict.mark, last)
    yield Append([_attempt(task, update, last)])
    answer = yield update
    if not isinstance(answer, Echo):
        return (yield from _unheard(task, row, answer))
    sent.update = update
    if answer.row is None:
        return None
    return (yield from _check_echo(task, update, answer.row))


def _prove(task: Task, row: Snapshot) -> Step:
    """Send, once, an update that changes nothing on a condition that no row meets."""
    epoch = row.marks.epoch or epoch_of(row.updated_at, row.total)
    answer = yield Update(row, row.total, with_mark(row.marks, epoch), Condition.NEVER)
    if isinstance(answer, Unheard) and answer.clash:
        task.proven = True
        return None
    if isinstance(answer, Echo | Final):
        task.conditional = False
        return Later("the backend does not obey conditions")
    return (yield from _unheard(task, row, answer))


def _enrol(task: Task, row: Snapshot, sent: _Sent) -> Step:
    """Prove with an update that moves no money that the backend keeps debtData (step 0)."""
    debt_data = with_mark(row.marks, epoch_of(row.updated_at, row.total))
    update = Update(row, row.total, debt_data, task.condition)
    answer = yield update
    if not isinstance(answer, Echo):
        return (yield from _unheard(task, row, answer))
    echo = answer.row
    if echo is not None and echo.marks.place is Place.TABLE and judging.same(echo.total, row.total):
        return (yield from _round(task, echo, sent))
    sent.update = update
    return None


def _check_echo(task: Task, update: Update, echo: Snapshot) -> Step:
    """Take the answer's row for a receipt if it shows mark and total as sent."""
    mark = update.mark
    shown = echo.marks.table.get(task.journal_id)
    if mark and shown == mark and judging.same(echo.total, update.total):
        yield Append([judging.receipt(echo, mark, task.journal_id)])
        return Settled()
    if _halved(update, echo, task.journal_id):
        return (yield from _halt(task, Stop.HALF_KEPT))
    return None


def _halved(update: Update, row: Snapshot, journal_id: str) -> bool:
    """Tell whether a row seen right after a 2xx holds one half of what was sent."""
    read = update.read
    if judging.same(update.total, read.total):
        return False
    alone = row.marks.sum_of_others(journal_id) == read.marks.sum_of_others(journal_id)
    if row.marks.table.get(journal_id) == update.mark:
        return alone and judging.same(row.total, read.total)
    emptied = row.marks.place is not Place.TABLE
    return judging.same(row.total, update.total) and (alone or emptied)


def _left_no_trace(update: Update, row: Snapshot) -> bool:
    read = update.read
    if update.mark is None:  # an enrolment
        return row.marks.place is Place.EMPTY
    return (row.updated_at, row.total, row.marks) == (read.updated_at, read.total, read.marks)


def _is_old_copy(task: Task, row: Snapshot, journaled: str) -> bool:
    if not any(older(row.updated_at, than) for than in (journaled, task.known_stamp)):
        return False
    if task.stale_reads + 1 < STALE_MAX:
        return True
    log.warning("settlement.old_row_believed", extra={"customer": task.customer_id})
    return False


def _unheard(task: Task, read: Snapshot, answer: Answer) -> Step:
    match answer:
        case Final():
            return (yield from _refuse(task, answer))
        case Unheard(clash=True, clash_row=row) if row and _meets(task, row, read):
            return (yield from _refuse(task, Final(409, "the row meets the condition refused")))
        case Unheard(clash=True):
            return None
        case Unheard(reason, retry_after_s):
            return Later(reason, retry_after_s, transport=True)
        case _:
            assert isinstance(answer, NoAnswer)
            return _later(answer)


def _refuse(task: Task, final: Final) -> Step:
    body = {"reason": Desk.REFUSED.value, "status": final.status, "detail": final.detail}
    yield Append([Draft(Kind.REFUSAL, task.customer_id, body=body)])
    return OnDesk()


def _halt(task: Task, stop: Stop) -> Step:
    yield Append([judging.halted(task.customer_id, stop)])
    return Stopped(stop)


def _meets(task: Task, row: Snapshot, read: Snapshot) -> bool:
    """Tell whether a row refused with 409 is the very one that our condition asked for."""
    if not task.conditional:
        return False
    if read.version is not None:
        return row.version == read.version
    return (row.updated_at, row.total) == (read.updated_at, read.total)


def _next_update(task: Task, row: Snapshot, seen: Mark | None, last: Mark) -> Update:
    delta = last.total - (seen.total if seen else 0)
    assert row.marks.epoch is not None
    debt_data = with_mark(row.marks, row.marks.epoch, task.journal_id, last)
    total = _DOUBLE.add(row.total, Decimal(delta))
    return Update(row, total, debt_data, task.condition, last)


def _attempt(task: Task, update: Update, last: Mark) -> Draft:
    row = update.read
    seen = row.marks.table.get(task.journal_id)
    body = {
        "epoch": row.marks.epoch,
        "mark": [last.seq, last.total, last.hash],
        "seen": [seen.seq, seen.total, seen.hash] if seen else None,
        "updated_at": row.updated_at,
        "total_read": str(row.total),
        "total_sent": str(update.total),
        "others": row.marks.sum_of_others(task.journal_id),
    }
    return Draft(Kind.ATTEMPT, task.customer_id, body=body)


def _later(answer: NoAnswer) -> Later:
    return Later(answer.reason, answer.retry_after_s, transport=True, denied=answer.denied)
