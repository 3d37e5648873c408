"""Settling one customer, as a generator: requests out, answers in, no clock and no IO (3.5)."""

from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, Kind, Position
from taptill.domain.mark import Mark, Place, epoch_of, with_mark
from taptill.settlement import judgement as judging
from taptill.settlement.judgement import Behind, Desk, Halt, Holds, Stop, Unclear, Unenrolled
from taptill.settlement.requests import (
    Answer,
    Append,
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
    Update,
)

ROUNDS = 5
"""So many reads of one row in one go; then the schedule comes back later."""

UNKEPT_MAX = 3
"""So many 2xx answers that left no trace in the row prove that the backend drops it."""

STALE_MAX = 5
"""So many old copies in a row are believed: the backend was restored."""

Settling = Generator[Request, Answer, Outcome]


@dataclass(slots=True)
class Task:
    """What settling one customer depends on; `stale_reads` counts old copies in a row so far."""

    customer_id: int
    journal_id: str
    conditional: bool
    share_debt_data: bool
    stale_reads: int = 0


@dataclass(slots=True)
class _Unkept:
    """Counts 2xx answers after which a read shows the row exactly as it was."""

    sent_over: Snapshot | None = None
    times: int = 0

    def answered(self, read: Snapshot) -> None:
        """Remember which row an update without an echo went over."""
        self.sent_over = read

    def seen(self, snapshot: Snapshot) -> bool:
        """Tell whether this read is the last straw."""
        self.times = self.times + 1 if snapshot == self.sent_over else 0
        self.sent_over = None
        return self.times >= UNKEPT_MAX


def settle(task: Task) -> Settling:
    """Bring one customer's row up to the journal; at most ROUNDS reads, then *later*."""
    unkept = _Unkept()
    for _ in range(ROUNDS):
        row = yield ReadRow(task.customer_id)
        if isinstance(row, NoAnswer):
            return _later(row)
        if isinstance(row, NotThere):
            return (yield from _refuse(task, Final(404, "the customer is not there any more")))
        assert isinstance(row, Snapshot)
        outcome = yield from _round(task, row, unkept)
        if outcome is not None:
            return outcome
    return Later("the row keeps changing")


def _round(
    task: Task, row: Snapshot, unkept: _Unkept
) -> Generator[Request, Answer, Outcome | None]:
    """Go once from a read row to an outcome; None means: read again."""
    mark = row.marks.table.get(task.journal_id)
    look = yield ReadJournal(task.customer_id, mark.seq if mark else None)
    assert isinstance(look, JournalAnswer)
    if older(row.updated_at, look.position.updated_at) and task.stale_reads + 1 < STALE_MAX:
        return Later("the row is an old copy", stale=True)
    if unkept.seen(row):
        yield Append([judging.halted(task.customer_id, Stop.NOT_KEPT)])
        return Stopped(Stop.NOT_KEPT)
    verdict, drafts = judging.assess(row, look, task.journal_id)
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
            return (yield from _write(task, row, look.position, verdict, unkept))


def _write(
    task: Task,
    row: Snapshot,
    position: Position,
    verdict: Unenrolled | Behind,
    unkept: _Unkept,
) -> Generator[Request, Answer, Outcome | None]:
    if position.conflict in judging.STAYS or position.last is None:
        return OnDesk()
    if row.marks.foreign and not (task.conditional or task.share_debt_data):
        if position.conflict is None:
            yield Append([judging.conflict(position, Desk.SHARED_DEBT_DATA)])
        return OnDesk()
    if isinstance(verdict, Unenrolled):
        return (yield from _enrol(task, row, unkept))
    update = _next_update(task, row, verdict.mark, position.last)
    yield Append([_attempt(task, row, update, position.last)])
    answer = yield update
    if not isinstance(answer, Echo):
        return (yield from _unheard(task, row, answer))
    unkept.answered(row)
    return (yield from _check_echo(task, update, position.last, answer.row))


def _enrol(
    task: Task, row: Snapshot, unkept: _Unkept
) -> Generator[Request, Answer, Outcome | None]:
    """Prove with an update that moves no money that the backend keeps debtData (step 0)."""
    assert row.marks.place is Place.EMPTY
    debt_data = with_mark(row.marks, epoch_of(row.updated_at, row.total))
    answer = yield Update(row, row.total, debt_data, task.conditional)
    if not isinstance(answer, Echo):
        return (yield from _unheard(task, row, answer))
    echo = answer.row
    if echo is not None and echo.marks.place is Place.TABLE and echo.total == row.total:
        return (yield from _round(task, echo, unkept))
    unkept.answered(row)
    return None


def _check_echo(
    task: Task, update: Update, last: Mark, echo: Snapshot | None
) -> Generator[Request, Answer, Outcome | None]:
    if echo is None:
        return None
    kept_mark = echo.marks.table.get(task.journal_id) == last
    if kept_mark and echo.total == update.total:
        yield Append([judging.receipt(echo, last, task.journal_id)])
        return Settled()
    kept_one = echo.total == (update.read.total if kept_mark else update.total)
    if kept_one and update.total != update.read.total:
        yield Append([judging.halted(task.customer_id, Stop.HALF_KEPT)])
        return Stopped(Stop.HALF_KEPT)
    return None


def _unheard(
    task: Task, read: Snapshot, answer: Answer
) -> Generator[Request, Answer, Outcome | None]:
    match answer:
        case NoAnswer():
            return _later(answer)
        case Final():
            return (yield from _refuse(task, answer))
        case Unheard(clash=True, clash_row=row) if row is not None and _meets(row, read):
            return (yield from _refuse(task, Final(409, "the row meets the condition refused")))
        case Unheard(clash=True):
            return None
        case Unheard(reason, retry_after_s):
            return Later(reason, retry_after_s, transport=True)
        case _:
            raise AssertionError(answer)


def _refuse(task: Task, final: Final) -> Generator[Request, Answer, Outcome]:
    body = {"reason": Desk.REFUSED.value, "status": final.status, "detail": final.detail}
    yield Append([Draft(Kind.REFUSAL, task.customer_id, body=body)])
    return OnDesk()


def _meets(row: Snapshot, read: Snapshot) -> bool:
    if read.version is not None:
        return row.version == read.version
    return (row.updated_at, row.total) == (read.updated_at, read.total)


def _next_update(task: Task, row: Snapshot, seen: Mark | None, last: Mark) -> Update:
    delta = last.total - (seen.total if seen else 0)
    assert row.marks.epoch is not None
    debt_data = with_mark(row.marks, row.marks.epoch, task.journal_id, last)
    return Update(row, row.total + Decimal(delta), debt_data, task.conditional)


def _attempt(task: Task, row: Snapshot, update: Update, last: Mark) -> Draft:
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
