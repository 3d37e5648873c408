"""A row's marks and the journal's position in, what they mean together out."""

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
    SHARED_DEBT_DATA = "shared-debt-data"  # somebody else's keys, and no leave to rewrite them
    REFUSED = "refused"  # the backend's final no
    GONE = "gone"  # the backend does not show this customer any more
    MARK_BACK = "mark-back"  # an older mark beside a total that did not go back with it
    FORKED = "forked"  # not known to be sent when this journal parted from its twin


NEEDS_DECISION = frozenset({ConflictReason.REFUSED.value, ConflictReason.FORKED.value})
"""Cases that a person must end, unless the row holds the money after all."""


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
    """The row holds our entries up to `mark` (None: nothing); settle from there.

    `taken_back`: a later mark had a receipt, or a person had given the row up. `enrolled`: the row
    has a place for marks; else it is enrolled first.
    """

    mark: Mark | None
    taken_back: bool
    enrolled: bool = True


@dataclass(frozen=True, slots=True)
class Conflict:
    """A case for the conflict desk.

    The row surely holds our money entries up to `held` (None: nothing is sure); `told`: that is
    all that it holds, by its marks.
    """

    reason: ConflictReason
    held: Mark | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Halt:
    """All settlement must stop."""

    reason: HaltReason


Reconciliation = InSync | Behind | Conflict | Halt


def compare_mark(snapshot: Snapshot, look: JournalAnswer, journal_id: str) -> Reconciliation:
    """Say what our mark in the row means beside what the journal has at the mark's seq."""
    marks, position = snapshot.marks, look.position
    if marks.place is Place.UNUSABLE:
        return Conflict(ConflictReason.NO_PLACE)
    if journal_id in marks.table:
        mark = marks.table[journal_id]
        if mark is None:
            return Conflict(ConflictReason.UNKNOWN_MARK)
        return _compare_own_mark(mark, position, look.marked_entry)
    held = held_without_mark(snapshot, position)
    if held is None:
        return Conflict(ConflictReason.MARK_LOST)
    taken_back = _is_reverted(position, held.mark)
    return Behind(held.mark, taken_back, enrolled=marks.place is Place.TABLE)


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


def _is_reverted(position: Position, held: Mark | None) -> bool:
    """Tell whether the row held more of ours, or was given up while it holds another sum."""
    held_seq, total = (held.seq, held.total) if held else (0, 0)
    if position.seen == held or position.last is None:
        return False
    given_up = position.closed_seq > held_seq and total != position.last.total
    return position.receipted_seq > held_seq or given_up


def base_of(snapshot: Snapshot, journal_id: str, own: Mark | None) -> Decimal | None:
    """Return the office's part of the total; None where another mark in the row is unreadable.

    `own` is the mark up to which the row holds this journal's money.
    """
    others = snapshot.marks.sum_of_others(journal_id)
    if others is None:
        return None
    return snapshot.total - others - (own.total if own else 0)


def same_amount(left: Decimal, right: Decimal) -> bool:
    """Compare figures as money: many servers write a double's noise behind the last digit."""
    return abs(left - right) <= NEARLY_WHOLE


def is_partial_write(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    """Tell whether the row shows the mark we sent beside the total exactly as read before.

    Another till's mark may have come in meanwhile: then its money did not, either.
    Asked while that send is unheard of, or where the version of its receipt shows another base
    than the receipt: later an office payment of the same sum looks alike and is none of it.
    """
    attempt = position.attempt
    if attempt is None or same_amount(attempt.total_sent, attempt.total_read):
        return False
    # Refused is not unheard of, but then an earlier send of it may land. No stamp: a person has
    # lifted a halt, and believes the row.
    refused = position.receipted_seq < attempt.sent.seq and position.seen != attempt.sent
    unheard = attempt.open or (refused and position.updated_at != "")
    if not unheard and not _differs_from_receipt(snapshot, position, journal_id):
        return False
    marked = snapshot.marks.table.get(journal_id) == attempt.sent
    others = snapshot.marks.sum_of_others(journal_id)
    if not marked or not same_amount(snapshot.total, attempt.total_read) or others is None:
        return False
    since = others - (attempt.others or 0)
    return not same_amount(attempt.total_sent + since, attempt.total_read)


def _differs_from_receipt(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    base = base_of(snapshot, journal_id, snapshot.marks.table.get(journal_id))
    if snapshot.updated_at != position.updated_at or base is None or position.base is None:
        return False
    return not same_amount(base, position.base)


def reconcile(
    snapshot: Snapshot, look: JournalAnswer, journal_id: str, *, may_share: bool
) -> tuple[Reconciliation, list[Draft]]:
    """Judge a sight of the row, and give the entries that it owes, whoever came by it.

    `may_share`: other people's keys in debtData may be written back as read.
    """
    position = look.position
    found = _compare(snapshot, look, journal_id)
    verdict = found
    if isinstance(found, Behind):
        verdict = (
            _update_conflict(snapshot, position, found, journal_id, may_share=may_share) or found
        )
    match verdict:
        case Halt(reason):
            known = reason is HaltReason.CLONED  # no entry: the next start sees it again by itself
            return verdict, [] if known else [halted_entry(position.customer_id, reason)]
        case _ if position.last is None:  # no money of ours: the row is not our business
            return verdict, []
        case Conflict():
            given_up = not position.conflict and position.closed_seq == position.last.seq
            # A person is told what is not covered by a mark, also by one that only the row knew.
            moved = _mark_entries(snapshot, position, found, journal_id, heard=not given_up)
            case = [] if given_up else _conflict_entry(snapshot, position, verdict, journal_id)
            return verdict, [*moved, *case]
        case InSync(mark) | Behind(mark):
            return verdict, [
                *_resolved_by_row(position),
                *office_change(snapshot, position, mark, journal_id),
                *_mark_entries(snapshot, position, verdict, journal_id),
            ]


def _compare(snapshot: Snapshot, look: JournalAnswer, journal_id: str) -> Reconciliation:
    """Say what the row means, with what its total tells beside its mark."""
    position = look.position
    found = compare_mark(snapshot, look, journal_id)
    if is_partial_write(snapshot, position, journal_id):
        return Halt(HaltReason.PARTIAL_WRITE)
    if isinstance(found, Behind) and _mark_went_back_alone(snapshot, position, found, journal_id):
        return Conflict(ConflictReason.MARK_BACK, found.mark)
    return found


def _mark_went_back_alone(
    snapshot: Snapshot, position: Position, behind: Behind, journal_id: str
) -> bool:
    """Tell whether somebody put an older debtData back and left the total with the money in it.

    Writers that follow the protocol move both; then what the office says stays where it was.
    """
    base, seen = base_of(snapshot, journal_id, behind.mark), position.seen
    if not behind.taken_back or seen is None or base is None or position.base is None:
        return False
    back = seen.total - (behind.mark.total if behind.mark else 0)
    return back != 0 and same_amount(base - position.base, Decimal(back))


def _update_conflict(
    snapshot: Snapshot, position: Position, behind: Behind, journal_id: str, *, may_share: bool
) -> Conflict | None:
    """Say why a row that could be written must not be."""
    if position.conflict in NEEDS_DECISION:
        reason = ConflictReason(position.conflict)
        if rests_on_decision(snapshot, position, journal_id):
            return Conflict(reason)
        # Of a fork the twin may have sent it under the former id: the row does not tell.
        return Conflict(reason, behind.mark, told=reason is not ConflictReason.FORKED)
    if snapshot.marks.foreign and not may_share:
        return Conflict(ConflictReason.SHARED_DEBT_DATA, behind.mark, told=True)
    return None


def halted_entry(customer_id: int, reason: HaltReason) -> Draft:
    """Write that all settlement stops."""
    return Draft(EntryKind.HALTED, customer_id, body={"reason": reason.value})


def _conflict_entry(
    snapshot: Snapshot, position: Position, unclear: Conflict, journal_id: str
) -> list[Draft]:
    """Write a case for the conflict desk, or that an open one is about another amount now.

    With it the figures that a person needs: what is in question, the row's total and stamp, the
    total without any till's money but ours, and who enrolled the row.
    """
    stays = position.conflict in NEEDS_DECISION
    told = stays or position.conflict == unclear.reason
    if position.conflict is not None and told and position.held == unclear.held:
        return []
    without, last = base_of(snapshot, journal_id, None), position.last
    by = snapshot.marks.enrolment
    held = unclear.held.total if unclear.held else 0
    body = {
        "reason": position.conflict if stays else unclear.reason.value,
        "in_question": (last.total if last else 0) - held,
        "held": figures(unclear.held),
        "total": str(snapshot.total),
        "updated_at": snapshot.updated_at,
        "without": None if without is None else str(without),
    }
    if by:
        body["enrolled"] = [by.journal_id, by.customer_id, by.updated_at, str(by.total)]
    return [Draft(EntryKind.CONFLICT, position.customer_id, body=body)]


def receipt_entry(snapshot: Snapshot, mark: Mark, journal_id: str) -> Draft:
    """Write the backend's yes: the row was seen with this mark."""
    base = base_of(snapshot, journal_id, mark)
    body = {
        "mark": figures(mark),
        "updated_at": snapshot.updated_at,
        "base": None if base is None else str(base),
        "total": str(snapshot.total),
    }
    return Draft(EntryKind.RECEIPT, snapshot.customer.id, body=body)


def _resolved_by_row(position: Position) -> list[Draft]:
    if position.conflict is None:
        return []
    return [
        Draft(EntryKind.RESOLVED, position.customer_id, body={"by": "the row is as it should be"})
    ]


def office_change(
    snapshot: Snapshot, position: Position, held: Mark | None, journal_id: str
) -> list[Draft]:
    """Write that the office has moved the total of a row that holds our money up to `held`."""
    base = base_of(snapshot, journal_id, held)
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
    judgement: Reconciliation,
    journal_id: str,
    *,
    heard: bool = False,
) -> list[Draft]:
    """Write what the mark in the row tells; `heard`: also one that only the row knew of."""
    match judgement:
        case InSync(mark):
            unheard = position.attempt is not None and position.attempt.open
            restored = older(snapshot.updated_at, position.updated_at)  # its stamp counts from now
            if position.seen == mark and not unheard and not restored:
                return []
            return [receipt_entry(snapshot, mark, journal_id)]
        case Behind(mark, taken_back=True):
            body = {
                "seen": figures(mark),
                "updated_at": snapshot.updated_at,
                "total": str(snapshot.total),
            }
            return [Draft(EntryKind.TAKEN_BACK, position.customer_id, body=body)]
        case Behind(Mark() as mark) if mark != position.seen and (heard or not position.updated_at):
            return [
                receipt_entry(snapshot, mark, journal_id)
            ]  # no stamp: a lifted halt believes the row
        case _:
            return []


def figures(mark: Mark | None) -> list[int | str] | None:
    """Write a mark as the entries hold it."""
    return [mark.seq, mark.total, mark.hash] if mark else None
