"""The real settling in, eleven broken ones out; each differs in the few lines that make it so."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from tests.simulation.acts import Verb
from tests.simulation.backend import Half, Kin
from tests.simulation.plan import BAD, FAR_AWAY, DayPlan, Mix
from tests.simulation.till import Protocol, Spectacles

from taptill.domain.customer import Snapshot
from taptill.domain.mark import Place, epoch_of, with_mark
from taptill.settlement.reconcile import receipt_entry
from taptill.settlement.requests import (
    Answer,
    Append,
    Applied,
    JournalAnswer,
    Later,
    OutcomeUnknown,
    ReadJournal,
    ReadRow,
    Request,
    Settled,
    Update,
    UpdateCondition,
)
from taptill.settlement.settle import Settling, settle
from taptill.settlement.update_row import Task

Asking = Generator[Request, Answer, Answer]


def rewired(task: Task, ask: Callable[[Request], Asking]) -> Settling:
    """Settle as the real one does, but for how a request is asked."""
    settling = settle(task)
    answer: Answer = None
    while True:
        try:
            request = settling.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        answer = yield from ask(request)


def no_mark(task: Task) -> Settling:
    """Money alone: what was sent is known from receipts."""
    row = yield ReadRow(task.customer_id)
    look = yield ReadJournal(task.customer_id, None)
    assert isinstance(look, JournalAnswer)
    last, booked_mark = look.position.last, look.position.row_mark
    if not isinstance(row, Snapshot) or last is None:
        return Later("no answer")
    delta = last.total - (booked_mark.total if booked_mark else 0)
    answer = yield Update(
        row,
        row.total + delta,
        debt_data=row.marks.document,
        condition=UpdateCondition.NONE,
        mark=last,
    )
    if not isinstance(answer, Applied):
        return Later("no answer")
    yield Append([receipt_entry(row, last, task.journal_id)])
    return Settled()


def two_requests(task: Task) -> Settling:
    """The money goes first, and its mark when that is done."""

    def ask(request: Request) -> Asking:
        if not isinstance(request, Update) or request.mark is None:
            return (yield request)
        money, mark = (_half(request, writes_total=writes_total) for writes_total in (True, False))
        answer = yield money
        return (yield mark) if isinstance(answer, Applied) else answer

    return (yield from rewired(task, ask))


def _half(update: Update, *, writes_total: bool) -> Half:
    fields = (update.read, update.total, update.debt_data, update.condition, update.mark)
    return Half(*fields, writes_total)


def blind_retry(task: Task) -> Settling:
    """What was not heard of is sent once more, without a look at the row."""

    def ask(request: Request) -> Asking:
        answer = yield request
        return (yield request) if isinstance(answer, OutcomeUnknown) else answer

    return (yield from rewired(task, ask))


def confirmed_delta(task: Task) -> Settling:
    """The difference is counted from the last mark in the journal, not from the row just read."""
    looks: list[JournalAnswer] = []

    def ask(request: Request) -> Asking:
        if isinstance(request, Update) and request.mark:
            booked_mark = looks[-1].position.row_mark
            delta = request.mark.total - (booked_mark.total if booked_mark else 0)
            request = replace(request, total=request.read.total + delta)
        answer = yield request
        if isinstance(answer, JournalAnswer):
            looks.append(answer)
        return answer

    return (yield from rewired(task, ask))


def two_rows(task: Task) -> Settling:
    """The marks are from one look at the row, the total from another."""

    def ask(request: Request) -> Asking:
        if isinstance(request, Update) and request.mark:
            row = yield ReadRow(task.customer_id)
            if isinstance(row, Snapshot):
                delta = request.total - request.read.total
                request = replace(request, read=row, total=row.total + delta)
        return (yield request)

    return (yield from rewired(task, ask))


def two_looks(task: Task) -> Settling:
    """The difference is from one look at the journal, the mark from another."""

    def ask(request: Request) -> Asking:
        if isinstance(request, Update) and request.mark:
            look = yield ReadJournal(task.customer_id, None)
            assert isinstance(look, JournalAnswer)
            mark, marks = look.position.last, request.read.marks
            debt_data = with_mark(marks, marks.epoch or "", task.journal_id, mark)
            request = replace(request, debt_data=debt_data, mark=mark)
        return (yield request)

    return (yield from rewired(task, ask))


def wearing(spectacles: Spectacles) -> Protocol:
    """See the journal through spectacles, in settling and at a sight."""

    def settling(task: Task) -> Settling:
        rows: list[Snapshot] = []

        def ask(request: Request) -> Asking:
            answer = yield request
            answer_row = answer.row if isinstance(answer, Applied) else answer
            if isinstance(answer_row, Snapshot):
                rows.append(answer_row)
            if isinstance(answer, JournalAnswer) and rows:
                return spectacles(task.journal_id, rows[-1], answer)
            return answer

        return (yield from rewired(task, ask))

    return Protocol(settling, spectacles)


def no_hash(journal_id: str, row: Snapshot, look: JournalAnswer) -> JournalAnswer:
    """A mark is ours where seq and total are."""
    mark, marked_entry, position = row.marks.table.get(journal_id), look.marked_entry, look.position
    if mark is None or marked_entry is None:
        return look
    if position.last and position.last.seq == mark.seq:
        position = replace(position, last=replace(position.last, hash=mark.hash))
    return JournalAnswer(
        position, replace(marked_entry, mark=replace(marked_entry.mark, hash=mark.hash))
    )


def no_epoch(_: str, row: Snapshot, look: JournalAnswer) -> JournalAnswer:
    """A row without our mark is one that our money never reached."""
    position, epoch = look.position, row.marks.epoch
    attempt = replace(position.attempt, epoch=epoch) if position.attempt and epoch else None
    return replace(look, position=replace(position, attempt=attempt))


def no_enrolment(task: Task) -> Settling:
    """Money goes into a row of which nobody knows that it keeps marks."""
    rows: list[Snapshot] = []

    def ask(request: Request) -> Asking:
        if isinstance(request, Update):
            request = replace(request, read=rows[-1])
        answer = yield request
        if isinstance(answer, Snapshot):
            rows.append(answer)
            if answer.marks.place is Place.EMPTY:
                epoch = epoch_of(answer.updated_at, answer.total)
                marks = replace(answer.marks, place=Place.TABLE, epoch=epoch)
                return replace(answer, marks=marks)
        return answer

    return (yield from rewired(task, ask))


def no_enrolments_known(_: str, __: Snapshot, look: JournalAnswer) -> JournalAnswer:
    """See no row as enrolled from a version of before the first money."""
    return replace(look, position=replace(look.position, enrolments=(), first_stamp=""))


def equal_totals(task: Task) -> Settling:
    """Settled is where the sums are equal, whatever the mark's seq."""
    row = yield ReadRow(task.customer_id)
    look = yield ReadJournal(task.customer_id, None)
    assert isinstance(look, JournalAnswer)
    last = look.position.last
    if isinstance(row, Snapshot) and last and last.total == _total(task.journal_id, row):
        yield Append([receipt_entry(row, last, task.journal_id)])
        return Settled()
    return (yield from settle(task))


def equal_is_last(journal_id: str, row: Snapshot, look: JournalAnswer) -> JournalAnswer:
    """See, at a sight, the mark in the row as that of the last entry where the sums are equal."""
    position = look.position
    if position.last is None or position.last.total != _total(journal_id, row):
        return look
    mark = row.marks.table.get(journal_id)
    return replace(look, position=replace(position, last=mark, row_mark=mark))


def _total(journal_id: str, row: Snapshot) -> int:
    mark = row.marks.table.get(journal_id)
    return mark.total if mark else 0


ENROLLED = Kin(enrolled=True)
PAYMENTS = replace(BAD, office=(Verb.PAY,), office_chance=0.1)


@dataclass(frozen=True)
class Trial:
    """A broken protocol, the days that show it, and the check that must find it.

    Not the screens, which count by marks and would find some of these without any fault; but for
    those whose fault they are.
    """

    protocol: Protocol
    kin: Kin = ENROLLED
    mix: Mix = PAYMENTS
    found_by: str = "books"
    customers: tuple[int, ...] = (1, 2)
    sales: int = 10
    screens: bool = False
    staffed: bool = False

    def plan(self, seed: int) -> DayPlan:
        """Return the day of a seed."""
        return DayPlan(
            self.kin,
            self.mix,
            2,
            self.sales,
            seed=seed,
            customers=self.customers,
            staffed=self.staffed,
        )


TRIALS = {
    "no mark": Trial(Protocol(no_mark, sights=False)),
    "mark and money in two requests": Trial(Protocol(two_requests)),
    "blind retry": Trial(Protocol(blind_retry), found_by="payments"),
    "delta from the last confirmed mark": Trial(Protocol(confirmed_delta)),
    "mark from another snapshot than the total": Trial(Protocol(two_rows)),
    "delta and mark from two looks at the journal": Trial(Protocol(two_looks)),
    "old rows looked past, with the backend restored": Trial(
        Protocol(doubts=False),
        mix=replace(BAD, rare=(Verb.COPY_BOOKS, Verb.RESTORE_BOOKS), rare_chance=0.1),
    ),
    "no hash, with a cloned card": Trial(
        wearing(no_hash), mix=replace(BAD, rare=(Verb.CLONE,), amounts=(320, 80))
    ),
    "no epoch, with debtData emptied": Trial(
        wearing(no_epoch),
        mix=replace(BAD, office=(Verb.PAY, Verb.EMPTY), office_chance=0.05),
    ),
    "enrolments that land late taken for unknown": Trial(
        wearing(no_enrolments_known), Kin(), FAR_AWAY, found_by="desk"
    ),
    "no enrolment, where debtData is dropped": Trial(
        Protocol(no_enrolment), Kin(keeps_debt_data=False), found_by="money"
    ),
    # Where updates are conditional, a late one of a till that was off for good could never land.
    "settled by equal totals, with a till off for good": Trial(
        Protocol(equal_totals, equal_is_last),
        Kin(conditional=True, versions=True, enrolled=True),
        replace(BAD, rare=(Verb.RETIRE,), rare_chance=0.2, amounts=(320, -320)),
        customers=(1,),
    ),
}
