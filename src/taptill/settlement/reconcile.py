"""What the marks in a row mean beside the journal's position with its customer.

The API can only overwrite a row. So each journal keeps a mark in the row's debtData: "this row
holds my money entries up to number `seq`; their sum is `total`; entry `seq` has this hash". Total
and mark are written in one update. Reconciling compares the mark with the journal:

- the mark is that of our last money entry: in sync;
- it is that of an earlier entry, or none while the row cannot hold money of ours: behind; the
  difference is to be sent;
- it is of an entry that this journal never made: another till uses our journal's id; halt;
- the row does not tell (debtData was emptied, copied from another row, or is no object): a
  conflict, which a person resolves; the others are settled meanwhile.

The total is only looked at where the mark alone would mislead: a mark as sent beside the total as
read is a partial write (halt); an older mark beside a total that stayed is a conflict. The base is
the total without all marks, that is what the office says; where it changes, the office booked.

All of this is pure: the entries that the journal owes for what was observed are returned, and
the caller appends them. docs/charging.md has the whole table.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, EntryKind, MarkedEntry, Position
from taptill.domain.mark import Mark, Place
from taptill.domain.money import NEARLY_WHOLE
from taptill.domain.pending import held_without_mark, rests_on_decision
from taptill.settlement.requests import JournalAnswer


class ConflictReason(StrEnum):
    """Why a customer is on the conflict desk; each is a key of the screen texts."""

    MARK_LOST = "mark-lost"  # debtData was replaced: the money may or may not be in
    COPIED_ROW = "copied-row"  # the mark names another customer's entry
    NO_PLACE = "no-place"  # debtData is no object
    UNKNOWN_MARK = "unknown-mark"
    SHARED_DEBT_DATA = "shared-debt-data"  # other people's keys that we may not write back
    REFUSED = "refused"  # the backend rejected the update for good
    GONE = "gone"  # the backend does not show this customer any more
    MARK_BACK = "mark-back"  # an older mark beside a total that did not go back with it
    FORKED = "forked"  # the receipt was missing when this journal got another id


NEEDS_DECISION = frozenset({ConflictReason.REFUSED.value, ConflictReason.FORKED.value})
"""Only a person ends these cases, unless the row turns out to hold the money."""


class HaltReason(StrEnum):
    """Why all settlement stops."""

    PARTIAL_WRITE = "half-kept"
    NOT_APPLIED = "not-kept"
    CLONED = "cloned"


@dataclass(frozen=True, slots=True)
class InSync:
    """The row holds our last money entry."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class Behind:
    """The row holds our entries up to `mark` (None: none of them); the rest is to be sent.

    `is_reverted`: a later mark had a receipt, or a person had written the row off. `is_enrolled`:
    debtData has a table for marks; otherwise the row is enrolled first.
    """

    mark: Mark | None
    is_reverted: bool
    is_enrolled: bool = True


@dataclass(frozen=True, slots=True)
class Conflict:
    """A case for the conflict desk.

    The row certainly holds our money entries up to `certain_mark` (None: nothing is certain).
    `is_exact`: by its marks, it holds no more than that.
    """

    reason: ConflictReason
    certain_mark: Mark | None = None
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Halt:
    """All settlement must stop."""

    reason: HaltReason


Reconciliation = InSync | Behind | Conflict | Halt


def compare_mark(snapshot: Snapshot, journal: JournalAnswer, journal_id: str) -> Reconciliation:
    """Return what our mark in the row means, beside the journal's entry at the mark's number."""
    marks, position = snapshot.marks, journal.position
    if marks.place is Place.UNUSABLE:
        return Conflict(ConflictReason.NO_PLACE)
    if journal_id in marks.table:
        mark = marks.table[journal_id]
        if mark is None:
            return Conflict(ConflictReason.UNKNOWN_MARK)
        return _compare_own_mark(mark, position, journal.marked_entry)
    held_up_to = held_without_mark(snapshot, position)
    if held_up_to is None:
        return Conflict(ConflictReason.MARK_LOST)
    is_reverted = _is_reverted(position, held_up_to.mark)
    return Behind(held_up_to.mark, is_reverted, is_enrolled=marks.place is Place.TABLE)


def _compare_own_mark(
    mark: Mark, position: Position, marked_entry: MarkedEntry | None
) -> Reconciliation:
    if marked_entry is None or marked_entry.mark.hash != mark.hash:
        return Halt(HaltReason.CLONED)
    if marked_entry.customer_id != position.customer_id:
        return Conflict(ConflictReason.COPIED_ROW)
    if marked_entry.mark != mark:
        return Conflict(ConflictReason.UNKNOWN_MARK)
    if mark == position.last:
        return InSync(mark)
    return Behind(mark, _is_reverted(position, mark))


def _is_reverted(position: Position, mark: Mark | None) -> bool:
    """Return whether the row held more of ours before, or was written off at another sum."""
    held_seq, total = (mark.seq, mark.total) if mark else (0, 0)
    if position.row_mark == mark or position.last is None:
        return False
    other_sum_written_off = position.closed_seq > held_seq and total != position.last.total
    return position.receipted_seq > held_seq or other_sum_written_off


def base_of(snapshot: Snapshot, journal_id: str, own_mark: Mark | None) -> Decimal | None:
    """Return the office's part of the total; None where another mark in the row is unreadable.

    `own_mark` is the mark up to which the row holds this journal's money.
    """
    others_total = snapshot.marks.sum_of_others(journal_id)
    if others_total is None:
        return None
    return snapshot.total - others_total - (own_mark.total if own_mark else 0)


def same_amount(left: Decimal, right: Decimal) -> bool:
    """Compare as money: many servers store doubles and return noise after the last digit."""
    return abs(left - right) <= NEARLY_WHOLE


def is_partial_write(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    """Return whether the row shows the mark that we sent, beside the total as it was before.

    The money of other tills' marks that were written meanwhile is taken into account. Only reliable
    while the outcome of that update is unknown, or for the row version that we receipted: later an
    office payment of the same amount would look the same.
    """
    attempt = position.attempt
    if attempt is None or same_amount(attempt.total_sent, attempt.total_read):
        return False
    sent_mark = attempt.sent_mark
    # After a rejection, too, an earlier request of the same update may still land. Without a stamp
    # a person has lifted a halt: then the row is believed.
    was_refused = position.receipted_seq < sent_mark.seq and position.row_mark != sent_mark
    is_unknown = attempt.open or (was_refused and position.updated_at != "")
    if not is_unknown and not _differs_from_receipt(snapshot, position, journal_id):
        return False
    has_sent_mark = snapshot.marks.table.get(journal_id) == sent_mark
    others_total = snapshot.marks.sum_of_others(journal_id)
    has_old_total = same_amount(snapshot.total, attempt.total_read)
    if not (has_sent_mark and has_old_total) or others_total is None:
        return False
    since = others_total - (attempt.others_total or 0)
    return not same_amount(attempt.total_sent + since, attempt.total_read)


def _differs_from_receipt(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    base = base_of(snapshot, journal_id, snapshot.marks.table.get(journal_id))
    if snapshot.updated_at != position.updated_at or base is None or position.base is None:
        return False
    return not same_amount(base, position.base)


def reconcile(
    snapshot: Snapshot, journal: JournalAnswer, journal_id: str, *, may_share: bool
) -> tuple[Reconciliation, list[Draft]]:
    """Return what an observed row means, and the entries that the journal owes for it.

    `may_share`: other people's keys in debtData may be written back as read.
    """
    position = journal.position
    comparison = _compare(snapshot, journal, journal_id)
    conflict = None
    if isinstance(comparison, Behind):
        conflict = _update_conflict(snapshot, position, comparison, journal_id, may_share=may_share)
    result = conflict or comparison
    match result:
        case Halt(reason):
            # A foreign mark stays in the row: after a restart it is found again without an entry.
            stays_visible = reason is HaltReason.CLONED
            return result, [] if stays_visible else [halted_entry(position.customer_id, reason)]
        case _ if position.last is None:  # no money of ours: nothing to record
            return result, []
        case Conflict():
            is_written_off = not position.conflict and position.closed_seq == position.last.seq
            if is_written_off:
                return result, _mark_entries(snapshot, position, comparison, journal_id)
            # The amount in question counts from the row's mark, even where no receipt has it yet.
            return result, [
                *_mark_entries(snapshot, position, comparison, journal_id, include_row_mark=True),
                *_conflict_entry(snapshot, position, result, journal_id),
            ]
        case InSync(mark) | Behind(mark):
            return result, [
                *_resolved_by_row(position),
                *office_change(snapshot, position, mark, journal_id),
                *_mark_entries(snapshot, position, result, journal_id),
            ]


def _compare(snapshot: Snapshot, journal: JournalAnswer, journal_id: str) -> Reconciliation:
    """Compare the mark, then correct that where the total contradicts it."""
    position = journal.position
    comparison = compare_mark(snapshot, journal, journal_id)
    if is_partial_write(snapshot, position, journal_id):
        return Halt(HaltReason.PARTIAL_WRITE)
    match comparison:
        case Behind(mark) if _mark_went_back_alone(snapshot, position, comparison, journal_id):
            return Conflict(ConflictReason.MARK_BACK, mark)
        case _:
            return comparison


def _mark_went_back_alone(
    snapshot: Snapshot, position: Position, behind: Behind, journal_id: str
) -> bool:
    """Return whether somebody put an older debtData back and left our money in the total.

    A whole old row puts both back, and then the base stays as it was.
    """
    base, row_mark = base_of(snapshot, journal_id, behind.mark), position.row_mark
    if not behind.is_reverted or row_mark is None or base is None or position.base is None:
        return False
    difference = row_mark.total - (behind.mark.total if behind.mark else 0)
    return difference != 0 and same_amount(base - position.base, Decimal(difference))


def _update_conflict(
    snapshot: Snapshot, position: Position, behind: Behind, journal_id: str, *, may_share: bool
) -> Conflict | None:
    """Return why a row that is behind must not be updated; None: it may be."""
    if position.conflict in NEEDS_DECISION:
        reason = ConflictReason(position.conflict)
        if rests_on_decision(snapshot, position, journal_id):
            return Conflict(reason)
        # After a fork the other copy may have sent it under the old id: the row does not tell.
        return Conflict(reason, behind.mark, is_exact=reason is not ConflictReason.FORKED)
    if snapshot.marks.foreign and not may_share:
        return Conflict(ConflictReason.SHARED_DEBT_DATA, behind.mark, is_exact=True)
    return None


def halted_entry(customer_id: int, reason: HaltReason) -> Draft:
    """Return the entry that all settlement stops."""
    return Draft(EntryKind.HALTED, customer_id, body={"reason": reason.value})


def _conflict_entry(
    snapshot: Snapshot, position: Position, conflict: Conflict, journal_id: str
) -> list[Draft]:
    """Return the entry of a new case, or of an open one whose amount has changed; else none.

    It holds the figures that a person needs: the amount in question, the row's total and stamp,
    the total less all other tills' marks, and who enrolled the row. Money in minor units.
    """
    needs_decision = position.conflict in NEEDS_DECISION
    same_case = needs_decision or position.conflict == conflict.reason
    same_mark = position.certain_mark == conflict.certain_mark
    if position.conflict is not None and same_case and same_mark:
        return []
    without, last = base_of(snapshot, journal_id, None), position.last
    by = snapshot.marks.enrolment
    certain_total = conflict.certain_mark.total if conflict.certain_mark else 0
    body = {
        "reason": position.conflict if needs_decision else conflict.reason.value,
        "in_question": (last.total if last else 0) - certain_total,
        "held": figures(conflict.certain_mark),
        "total": str(snapshot.total),
        "updated_at": snapshot.updated_at,
        "without": None if without is None else str(without),
    }
    if by:
        body["enrolled"] = [by.journal_id, by.customer_id, by.updated_at, str(by.total)]
    return [Draft(EntryKind.CONFLICT, position.customer_id, body=body)]


def receipt_entry(snapshot: Snapshot, mark: Mark, journal_id: str) -> Draft:
    """Return the receipt: the row was seen with this mark."""
    base = base_of(snapshot, journal_id, mark)
    body = {
        "mark": figures(mark),
        "updated_at": snapshot.updated_at,
        "base": None if base is None else str(base),
        "total": str(snapshot.total),
    }
    return Draft(EntryKind.RECEIPT, snapshot.customer.id, body=body)


def _resolved_by_row(position: Position) -> list[Draft]:
    """Return the entry that ends an open case, as the row tells again; none without a case."""
    if position.conflict is None:
        return []
    body = {"by": "the row is as it should be"}
    return [Draft(EntryKind.RESOLVED, position.customer_id, body=body)]


def office_change(
    snapshot: Snapshot, position: Position, mark: Mark | None, journal_id: str
) -> list[Draft]:
    """Return the entry that the base of a row with our money up to `mark` changed; else none."""
    base = base_of(snapshot, journal_id, mark)
    if base is None or position.base is None or same_amount(base, position.base):
        return []
    body = {
        "from": str(position.base),
        "to": str(base),
        "updated_at": snapshot.updated_at,
        "total": str(snapshot.total),
    }
    return [Draft(EntryKind.OFFICE_MOVED, position.customer_id, body=body)]


def _mark_entries(
    snapshot: Snapshot,
    position: Position,
    result: Reconciliation,
    journal_id: str,
    *,
    include_row_mark: bool = False,
) -> list[Draft]:
    """Return the receipt or the reversion that the row's mark shows; none where it is known.

    `include_row_mark`: also a receipt for a mark of ours that the journal had no receipt of.
    """
    match result:
        case InSync(mark):
            is_unknown = position.attempt is not None and position.attempt.open
            # The stamp of a restored backend is the one to compare with from now on.
            is_restored = older(snapshot.updated_at, position.updated_at)
            if position.row_mark == mark and not is_unknown and not is_restored:
                return []
            return [receipt_entry(snapshot, mark, journal_id)]
        case Behind(mark, is_reverted=True):
            body = {
                "seen": figures(mark),
                "updated_at": snapshot.updated_at,
                "total": str(snapshot.total),
            }
            return [Draft(EntryKind.TAKEN_BACK, position.customer_id, body=body)]
        case Behind(Mark() as mark) if mark != position.row_mark:
            # Without a stamp a person has lifted a halt: then the row is believed.
            is_believed = include_row_mark or not position.updated_at
            return [receipt_entry(snapshot, mark, journal_id)] if is_believed else []
        case _:
            return []


def figures(mark: Mark | None) -> list[int | str] | None:
    """Return a mark as entries hold it: number, sum in minor units, hash."""
    return [mark.seq, mark.total, mark.hash] if mark else None
