"""A row to write in, requests and what their answers mean out."""

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind, Position
from taptill.domain.mark import Enrolment, Mark, Place, enrolled, with_mark
from taptill.settlement import reconcile as judging
from taptill.settlement.reconcile import ConflictReason, HaltReason
from taptill.settlement.requests import (
    Answer,
    Append,
    Applied,
    Choice,
    Doubt,
    JournalAnswer,
    Later,
    NoAnswer,
    OnDesk,
    Outcome,
    OutcomeUnknown,
    ReadJournal,
    Rejected,
    Request,
    Resolution,
    Settled,
    Stopped,
    Update,
    UpdateCondition,
)

log = logging.getLogger("taptill.settlement")

ANOTHER_AMOUNT = "another amount is in question now"

NOT_APPLIED_MAX = 5
"""So many 2xx answers that left no trace in the row prove that the backend drops it; one row may be
an old copy, or was written over, so a while passes between them."""

_DOUBLE = Context(prec=15)
"""A figure of 15 digits comes back from every server that keeps doubles, a longer one may not."""

Step = Generator[Request, Answer, Outcome | Snapshot | None]
"""A part of settling: an outcome, a row that serves as the next read, or None: read it again."""


@dataclass(slots=True)
class Task:
    """What settling one customer depends on, and what it learned of the backend.

    `conditional`: the backend says that it obeys conditions, and taken back where it does not;
    `proven`: it has refused one. `doubt` is why settling came back without an end so far, and
    `doubted` how often in a row; a row is an old copy where it is older than the journal's stamp
    or than `known_stamp`.
    `resolution`: what a person decided about this customer's case on the conflict desk.
    """

    customer_id: int
    journal_id: str
    conditional: bool
    share_debt_data: bool
    proven: bool = True
    known_stamp: str = ""
    doubt: Doubt | None = None
    doubted: int = 0
    resolution: Resolution | None = None

    @property
    def may_share(self) -> bool:
        """Whether other people's keys in debtData may be written back as read."""
        return self.conditional or self.share_debt_data

    def times(self, doubt: Doubt) -> int:
        """Return how often in a row this doubt has come up so far."""
        return self.doubted if self.doubt is doubt else 0

    def forget(self, doubt: Doubt) -> None:
        """Begin to count anew: what was seen now speaks against this doubt."""
        if self.doubt is doubt:
            self.doubt, self.doubted = None, 0

    @property
    def condition(self) -> UpdateCondition:
        """Give the condition of every update that is to happen."""
        return UpdateCondition.AS_READ if self.conditional else UpdateCondition.NONE


@dataclass(slots=True)
class UnverifiedUpdate:
    """The last update that got a 2xx, until the row was read again."""

    update: Update | None = None


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """The row as read, and what of ours it holds already: `start`, of all up to `last`.

    `origin` is what a row of this epoch without a mark of ours holds, and `said` that a person has
    said so; `moved` are the entries that a ruling owes beside the attempt.
    """

    row: Snapshot
    start: Mark | None
    last: Mark
    origin: Mark | None
    said: bool = False
    moved: Sequence[Draft] = ()


def prove(task: Task, row: Snapshot) -> Step:
    """Send, once, an update that changes nothing on a condition that no row meets.

    A final no is this row's own: it says nothing of conditions, and neither may the others lose
    them for it. The update that is to happen goes out on its condition, and is refused likewise.
    """
    if task.proven or not task.conditional:
        return None
    answer = yield Update(row, row.total, _enrolling(task, row), UpdateCondition.NEVER)
    if isinstance(answer, OutcomeUnknown) and answer.version_conflict:
        task.proven = True
        return None
    if isinstance(answer, Rejected):
        return None
    if isinstance(answer, Applied):
        task.conditional = False
        return Later("the backend does not obey conditions")
    return (yield from _without_receipt(task, row, answer))


def enrol(task: Task, row: Snapshot, position: Position, sent: UnverifiedUpdate) -> Step:
    """Prove with an update that moves no money that the backend keeps debtData.

    It is journaled first, so that one that lands late is known for what it is.
    """
    if row.epoch not in position.enrolments:
        body = {"epoch": row.epoch, "updated_at": row.updated_at, "total_read": str(row.total)}
        yield Append([Draft(EntryKind.ENROLLED, task.customer_id, body=body)])
    update = Update(row, row.total, _enrolling(task, row), task.condition)
    answer = yield update
    if not isinstance(answer, Applied):
        return (yield from _without_receipt(task, row, answer))
    echo = answer.row
    if (
        echo is not None
        and echo.marks.place is Place.TABLE
        and judging.same_amount(echo.total, row.total)
    ):
        return echo
    sent.update = update
    return None


def _enrolling(task: Task, row: Snapshot) -> Any:
    """Return debtData with an epoch and no mark of ours; one that is enrolled keeps its own."""
    if row.marks.epoch is not None:
        return with_mark(row.marks, row.marks.epoch)
    return enrolled(
        row.marks, Enrolment(task.journal_id, row.customer.id, row.updated_at, row.total)
    )


def send(task: Task, planned: PlannedUpdate, sent: UnverifiedUpdate) -> Step:
    """Write money and mark in one update, with the attempt on the disk before."""
    update = _update(task, planned)
    yield Append([*planned.moved, _attempt(task, planned, update)])
    answer = yield update
    if not isinstance(answer, Applied):
        return (yield from _without_receipt(task, planned.row, answer))
    sent.update = update
    if answer.row is None:
        return None
    return (yield from _check_echo(task, update, answer.row))


def decided_origin(position: Position, row: Snapshot) -> tuple[Mark | None, bool]:
    """Return what a row of this epoch without our mark holds, and whether a person has said it."""
    attempt = position.attempt
    if attempt is None or attempt.epoch != row.marks.epoch:
        return None, False
    return attempt.origin, attempt.said


def verify_update(task: Task, row: Snapshot, sent: UnverifiedUpdate) -> Step:
    """Compare the first read after a 2xx with what was sent; None: it is there, or was no 2xx."""
    update, sent.update = sent.update, None
    if update is None:
        return None
    if _was_not_applied(update, row):
        if task.times(Doubt.NOT_APPLIED) + 1 >= NOT_APPLIED_MAX:
            return (yield from halt(task, HaltReason.NOT_APPLIED))
        return Later("no trace of what was sent", doubt=Doubt.NOT_APPLIED)
    if _is_partial_write(update, row, task.journal_id):
        return (yield from halt(task, HaltReason.PARTIAL_WRITE))
    return None


def _check_echo(task: Task, update: Update, echo: Snapshot) -> Step:
    """Take the answer's row for a receipt if it shows mark and total as sent."""
    mark = update.mark
    shown = echo.marks.table.get(task.journal_id)
    if mark and shown == mark and judging.same_amount(echo.total, update.total):
        over = [task.resolution.resolved(task.customer_id)] if task.resolution else []
        yield Append([judging.receipt_entry(echo, mark, task.journal_id), *over])
        return Settled()
    if _is_partial_write(update, echo, task.journal_id):
        return (yield from halt(task, HaltReason.PARTIAL_WRITE))
    return None


def _is_partial_write(update: Update, row: Snapshot, journal_id: str) -> bool:
    """Tell whether a row seen right after a 2xx holds one half of what was sent."""
    read = update.read
    if judging.same_amount(update.total, read.total):
        return False
    alone = row.marks.sum_of_others(journal_id) == read.marks.sum_of_others(journal_id)
    if row.marks.table.get(journal_id) == update.mark:
        return alone and judging.same_amount(row.total, read.total)
    # Another till's late write may bring the total to what was sent by chance (a charge and its
    # void); but it brings an older mark of ours with it, and not the one that we read.
    as_read = row.marks.table.get(journal_id) == read.marks.table.get(journal_id)
    # A copy of the very version that was enrolled is an old one, and nothing was emptied.
    emptied = row.marks.place is not Place.TABLE and row.epoch != read.marks.epoch
    return judging.same_amount(row.total, update.total) and ((alone and as_read) or emptied)


def _was_not_applied(update: Update, row: Snapshot) -> bool:
    read = update.read
    if update.mark is None:  # an enrolment
        return row.marks.place is Place.EMPTY
    return (row.total, row.marks) == (read.total, read.marks)


def _without_receipt(task: Task, read: Snapshot, answer: Answer) -> Step:
    match answer:
        case Rejected():
            return (yield from record_refusal(task, answer))
        case OutcomeUnknown(version_conflict=True, current_row=row) if row and _meets_condition(
            task, row, read
        ):
            return (
                yield from record_refusal(
                    task, Rejected(409, "the row meets the condition refused")
                )
            )
        case OutcomeUnknown(version_conflict=True):
            return None
        case OutcomeUnknown(reason, retry_after_s):
            return Later(reason, retry_after_s, transport=True)
        case _:
            assert isinstance(answer, NoAnswer)
            return retry_later(answer)


def record_refusal(task: Task, final: Rejected) -> Step:
    """Take the backend's final no: a case for the desk, or the end of one that is written off."""
    if task.resolution and task.resolution.choice is Choice.WRITE_OFF:
        return (yield from close_conflict(task, task.resolution))
    body = {"reason": ConflictReason.REFUSED.value, "status": final.status, "detail": final.detail}
    yield Append([Draft(EntryKind.REFUSAL, task.customer_id, body=body)])
    return OnDesk(ConflictReason.REFUSED.value)


def record_missing(task: Task) -> Step:
    """Take it that the customer was removed: a case for the desk, or the end of a written off one.

    Unlike a refusal the case ends by itself when the row is seen again.
    """
    if task.resolution and task.resolution.choice is Choice.WRITE_OFF:
        return (yield from close_conflict(task, task.resolution))
    look = yield ReadJournal(task.customer_id, None)
    assert isinstance(look, JournalAnswer)
    if look.position.conflict is None:
        body = {"reason": ConflictReason.GONE.value, "in_question": look.position.in_question}
        yield Append([Draft(EntryKind.CONFLICT, task.customer_id, body=body)])
    return OnDesk(ConflictReason.GONE.value)


def close_conflict(task: Task, resolution: Resolution) -> Step:
    """Write off what no row can take, and end the case.

    It stays where something was charged before that was written: of this nobody was told.
    """
    look = yield ReadJournal(task.customer_id, None)
    assert isinstance(look, JournalAnswer)
    if not resolution.still_applies(look.position):
        return Later(ANOTHER_AMOUNT)
    yield Append(
        [
            *write_off(look.position, resolution),
            resolution.resolved(task.customer_id, without_mark=True),
        ]
    )
    look = yield ReadJournal(task.customer_id, None)
    assert isinstance(look, JournalAnswer)
    return Later(ANOTHER_AMOUNT) if look.position.conflict else Settled()


def write_off(position: Position, resolution: Resolution) -> list[Draft]:
    """Write the entry that takes what is in question out of these books; none where nothing is."""
    amount, body = -position.in_question, {"reason": resolution.reason}
    draft = Draft(EntryKind.WRITE_OFF, position.customer_id, amount, body, staff=resolution.staff)
    return [draft] if amount else []


def halt(task: Task, stop: HaltReason) -> Step:
    """Stop all settlement, for good until a person lifts it."""
    yield Append([judging.halted_entry(task.customer_id, stop)])
    return Stopped(stop)


def _meets_condition(task: Task, row: Snapshot, read: Snapshot) -> bool:
    """Tell whether a row refused with 409 is the very one that our condition asked for."""
    if not task.conditional:
        return False
    if read.version is not None:
        return row.version == read.version
    return (row.updated_at, row.total) == (read.updated_at, read.total)


def _update(task: Task, planned: PlannedUpdate) -> Update:
    row, last = planned.row, planned.last
    delta = last.total - (planned.start.total if planned.start else 0)
    assert row.marks.epoch is not None
    debt_data = with_mark(row.marks, row.marks.epoch, task.journal_id, last)
    total = _DOUBLE.add(row.total, Decimal(delta))
    return Update(row, total, debt_data, task.condition, last)


def _attempt(task: Task, planned: PlannedUpdate, update: Update) -> Draft:
    row, resolution = planned.row, task.resolution
    body = {
        "epoch": row.marks.epoch,
        "mark": judging.figures(planned.last),
        "seen": judging.figures(planned.start),
        "updated_at": row.updated_at,
        "total_read": str(row.total),
        "total_sent": str(update.total),
        "others": row.marks.sum_of_others(task.journal_id),
    }
    if planned.said:
        body["origin"] = judging.figures(planned.origin)
    return Draft(
        EntryKind.ATTEMPT,
        task.customer_id,
        body=body,
        staff=resolution.staff if resolution else None,
    )


def retry_later(answer: NoAnswer) -> Later:
    """Come back when the backend can be asked."""
    return Later(answer.reason, answer.retry_after_s, transport=True, denied=answer.denied)
