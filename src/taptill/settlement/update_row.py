"""The updates of one row, and what the backend's answers to them mean."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind, Position
from taptill.domain.mark import Enrolment, Mark, Place, enrolled, with_mark
from taptill.settlement.reconcile import (
    ConflictReason,
    HaltReason,
    figures,
    halted_entry,
    receipt_entry,
    same_amount,
)
from taptill.settlement.requests import (
    Applied,
    Choice,
    Doubt,
    Later,
    NoAnswer,
    OnDesk,
    OutcomeUnknown,
    Rejected,
    Resolution,
    Settled,
    Step,
    Stopped,
    Update,
    UpdateCondition,
    append,
    read_journal,
    send_update,
)

log = logging.getLogger("taptill.settlement")

ANOTHER_AMOUNT = "another amount is in question now"

NOT_APPLIED_MAX = 5
"""After so many updates that were answered 2xx and are not in the row, the backend drops them.

Retries are spaced, because a single miss may be a stale read or an overwrite."""

_DOUBLE = Context(prec=15)
"""A server that stores doubles returns 15 digits exactly, and more than that not always."""


@dataclass(slots=True, kw_only=True)
class Task:
    """The input of settling one customer, and what settling learned about the backend.

    `conditional`: the backend offers conditional updates; set to False where it ignores a
    condition. `proven`: it has been seen to refuse an update whose condition no row meets. `doubt`
    is the answer that was not believed at the last attempts, `doubt_count` how often in a row.
    `known_stamp` is the newest `updatedAt` that anybody has seen of the row: an older row is a
    stale copy. `resolution`: what a person decided about this customer's case.
    """

    customer_id: int
    journal_id: str
    conditional: bool
    share_debt_data: bool
    proven: bool = True
    known_stamp: str = ""
    doubt: Doubt | None = None
    doubt_count: int = 0
    resolution: Resolution | None = None

    @property
    def may_share(self) -> bool:
        """Whether other people's keys in debtData may be written back as read."""
        return self.conditional or self.share_debt_data

    def times(self, doubt: Doubt) -> int:
        """Return how often in a row this doubt came up before this attempt."""
        return self.doubt_count if self.doubt is doubt else 0

    def forget(self, doubt: Doubt) -> None:
        """Reset the count of this doubt: the answer at hand contradicts it."""
        if self.doubt is doubt:
            self.doubt, self.doubt_count = None, 0

    @property
    def condition(self) -> UpdateCondition:
        """The condition of every update that shall be applied."""
        return UpdateCondition.AS_READ if self.conditional else UpdateCondition.NONE


@dataclass(slots=True)
class UnverifiedUpdate:
    """The last update that was answered 2xx, until a read has shown the row; None without one."""

    update: Update | None = None


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """The row as read; it holds our money up to `from_mark` and shall hold it up to `last`.

    `origin`: up to which mark a row of this epoch holds our money although it has no mark of ours
    (None: it holds none); `origin_is_decided`: a person decided that. `extra_entries` are journaled
    with the attempt.
    """

    row: Snapshot
    from_mark: Mark | None
    last: Mark
    origin: Mark | None
    origin_is_decided: bool = False
    extra_entries: Sequence[Draft] = ()


def prove(task: Task, row: Snapshot) -> Step:
    """Send an update that changes nothing under a condition that no row meets, once.

    A backend that applies it ignores conditions. A 4xx other than 409 concerns this row only: do
    not switch conditional updates off because of it; the real update will be rejected alike.
    """
    if task.proven or not task.conditional:
        return None
    test = Update(row, row.total, _enrolling(task, row), UpdateCondition.NEVER)
    answer = yield from send_update(test)
    if isinstance(answer, OutcomeUnknown) and answer.version_conflict:
        task.proven = True
        return None
    if isinstance(answer, Rejected):
        return None
    if isinstance(answer, Applied):
        task.conditional = False
        return Later("the backend does not obey conditions")
    return (yield from _without_receipt(task, row, answer))


def enrol(task: Task, row: Snapshot, position: Position, last_update: UnverifiedUpdate) -> Step:
    """Write the epoch without moving money, which proves that the backend keeps debtData.

    The enrolment is journaled first, so that it is recognised even if it is applied late.
    """
    if row.epoch not in position.enrolments:
        body = {"epoch": row.epoch, "updated_at": row.updated_at, "total_read": str(row.total)}
        yield from append(Draft(EntryKind.ENROLLED, task.customer_id, body=body))
    update = Update(row, row.total, _enrolling(task, row), task.condition)
    answer = yield from send_update(update)
    if not isinstance(answer, Applied):
        return (yield from _without_receipt(task, row, answer))
    new_row = answer.row
    if new_row and new_row.marks.place is Place.TABLE and same_amount(new_row.total, row.total):
        return new_row
    last_update.update = update
    return None


def _enrolling(task: Task, row: Snapshot) -> Any:
    """Return the debtData of an enrolment: an epoch, no mark of ours; an epoch in the row stays."""
    if row.marks.epoch is not None:
        return with_mark(row.marks, row.marks.epoch)
    return enrolled(
        row.marks, Enrolment(task.journal_id, row.customer.id, row.updated_at, row.total)
    )


def send(task: Task, plan: PlannedUpdate, last_update: UnverifiedUpdate) -> Step:
    """Journal the attempt, then write total and mark in one update."""
    update = _update(task, plan)
    yield from append(*plan.extra_entries, _attempt(task, plan, update))
    answer = yield from send_update(update)
    if not isinstance(answer, Applied):
        return (yield from _without_receipt(task, plan.row, answer))
    last_update.update = update
    if answer.row is None:
        return None
    return (yield from _check_reply(task, update, answer.row))


def decided_origin(position: Position, row: Snapshot) -> tuple[Mark | None, bool]:
    """Return what a row of this epoch without our mark holds, and whether a person decided that."""
    attempt = position.attempt
    if attempt is None or attempt.epoch != row.marks.epoch:
        return None, False
    return attempt.origin, attempt.origin_is_decided


def verify_update(task: Task, row: Snapshot, last_update: UnverifiedUpdate) -> Step:
    """Compare the first read after a 2xx with the update; None: it is in, or there was no 2xx."""
    update, last_update.update = last_update.update, None
    if update is None:
        return None
    if _was_not_applied(update, row):
        if task.times(Doubt.NOT_APPLIED) + 1 >= NOT_APPLIED_MAX:
            return (yield from halt(task, HaltReason.NOT_APPLIED))
        return Later("no trace of what was sent", doubt=Doubt.NOT_APPLIED)
    if _was_partly_applied(update, row, task.journal_id):
        return (yield from halt(task, HaltReason.PARTIAL_WRITE))
    return None


def _check_reply(task: Task, update: Update, row: Snapshot) -> Step:
    """Journal the receipt if the answer shows mark and total as sent; None: read the row."""
    mark = update.mark
    row_mark = row.marks.table.get(task.journal_id)
    if mark and row_mark == mark and same_amount(row.total, update.total):
        case_end = [task.resolution.resolved(task.customer_id)] if task.resolution else []
        yield from append(receipt_entry(row, mark, task.journal_id), *case_end)
        return Settled()
    if _was_partly_applied(update, row, task.journal_id):
        return (yield from halt(task, HaltReason.PARTIAL_WRITE))
    return None


def _was_partly_applied(update: Update, row: Snapshot, journal_id: str) -> bool:
    """Return whether a row seen right after a 2xx holds only one of total and mark as sent."""
    read = update.read
    if same_amount(update.total, read.total):
        return False
    others_unchanged = row.marks.sum_of_others(journal_id) == read.marks.sum_of_others(journal_id)
    if row.marks.table.get(journal_id) == update.mark:
        return others_unchanged and same_amount(row.total, read.total)
    # Another till's late update may happen to have the total that we sent (a charge and its void),
    # but it also writes an older mark of ours back, and not the one that we read.
    own_unchanged = row.marks.table.get(journal_id) == read.marks.table.get(journal_id)
    # A row of the same epoch is a stale copy from before the enrolment, not one that was emptied.
    was_emptied = row.marks.place is not Place.TABLE and row.epoch != read.marks.epoch
    has_new_total = same_amount(row.total, update.total)
    return has_new_total and ((others_unchanged and own_unchanged) or was_emptied)


def _was_not_applied(update: Update, row: Snapshot) -> bool:
    """Return whether a row shows nothing of an update that was answered 2xx."""
    read = update.read
    if update.mark is None:  # an enrolment
        return row.marks.place is Place.EMPTY
    return (row.total, row.marks) == (read.total, read.marks)


def _without_receipt(
    task: Task, read: Snapshot, answer: Rejected | OutcomeUnknown | NoAnswer
) -> Step:
    """Return what follows an update that was not answered 2xx; None: read the row again.

    A reply that was lost is the third case. Nothing is sent again: the entry `attempt` keeps the
    customer open, the schedule settles them again after a pause, and that begins with the row.
    """
    match answer:
        case Rejected():
            return (yield from record_refusal(task, answer))
        case OutcomeUnknown(version_conflict=True, current_row=row):
            if row is None or not _meets_condition(task, row, read):
                return None
            refusal = Rejected(409, "the row meets the condition refused")
            return (yield from record_refusal(task, refusal))
        case OutcomeUnknown(reason, retry_after_s):
            return Later(reason, retry_after_s, transport=True)
        case NoAnswer():
            return retry_later(answer)


def record_refusal(task: Task, answer: Rejected) -> Step:
    """Open a case for an update that was rejected; end it where the money is written off."""
    if task.resolution and task.resolution.choice is Choice.WRITE_OFF:
        return (yield from close_conflict(task, task.resolution))
    body = {
        "reason": ConflictReason.REFUSED.value,
        "status": answer.status,
        "detail": answer.detail,
    }
    yield from append(Draft(EntryKind.REFUSAL, task.customer_id, body=body))
    return OnDesk(ConflictReason.REFUSED.value)


def record_missing(task: Task) -> Step:
    """Open a case for a customer who was removed; end it where the money is written off.

    Unlike the case of a refusal, it ends by itself when the row is seen again.
    """
    if task.resolution and task.resolution.choice is Choice.WRITE_OFF:
        return (yield from close_conflict(task, task.resolution))
    journal = yield from read_journal(task.customer_id, None)
    if journal.position.conflict is None:
        body = {"reason": ConflictReason.GONE.value, "in_question": journal.position.in_question}
        yield from append(Draft(EntryKind.CONFLICT, task.customer_id, body=body))
    return OnDesk(ConflictReason.GONE.value)


def close_conflict(task: Task, resolution: Resolution) -> Step:
    """Write off what no row can take, and end the case.

    The case stays open if a charge came in before that was written: the person did not know of it.
    """
    journal = yield from read_journal(task.customer_id, None)
    if not resolution.still_applies(journal.position):
        return Later(ANOTHER_AMOUNT)
    case_end = resolution.resolved(task.customer_id, without_mark=True)
    yield from append(*write_off(journal.position, resolution), case_end)
    journal = yield from read_journal(task.customer_id, None)
    return Later(ANOTHER_AMOUNT) if journal.position.conflict else Settled()


def write_off(position: Position, resolution: Resolution) -> list[Draft]:
    """Return the entry that takes the amount in question out of the books; none where it is 0."""
    amount, body = -position.in_question, {"reason": resolution.reason}
    draft = Draft(EntryKind.WRITE_OFF, position.customer_id, amount, body, staff=resolution.staff)
    return [draft] if amount else []


def halt(task: Task, stop: HaltReason) -> Step:
    """Stop all settlement until a person resumes it."""
    yield from append(halted_entry(task.customer_id, stop))
    return Stopped(stop)


def _meets_condition(task: Task, row: Snapshot, read: Snapshot) -> bool:
    """Return whether a row shown with 409 is the one that our condition asked for."""
    if not task.conditional:
        return False
    if read.version is not None:
        return row.version == read.version
    return (row.updated_at, row.total) == (read.updated_at, read.total)


def _update(task: Task, plan: PlannedUpdate) -> Update:
    row, last = plan.row, plan.last
    delta = last.total - (plan.from_mark.total if plan.from_mark else 0)
    assert row.marks.epoch is not None
    debt_data = with_mark(row.marks, row.marks.epoch, task.journal_id, last)
    total = _DOUBLE.add(row.total, Decimal(delta))
    return Update(row, total, debt_data=debt_data, condition=task.condition, mark=last)


def _attempt(task: Task, plan: PlannedUpdate, update: Update) -> Draft:
    row, resolution = plan.row, task.resolution
    body = {
        "epoch": row.marks.epoch,
        "mark": figures(plan.last),
        "seen": figures(plan.from_mark),
        "updated_at": row.updated_at,
        "total_read": str(row.total),
        "total_sent": str(update.total),
        "others": row.marks.sum_of_others(task.journal_id),
    }
    if plan.origin_is_decided:
        body["origin"] = figures(plan.origin)
    staff = resolution.staff if resolution else None
    return Draft(EntryKind.ATTEMPT, task.customer_id, body=body, staff=staff)


def retry_later(answer: NoAnswer) -> Later:
    """Return the outcome of a backend that could not be asked."""
    return Later(
        answer.reason, answer.retry_after_s, transport=True, access_denied=answer.access_denied
    )
