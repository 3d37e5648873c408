"""A row's marks and the journal's position in, what they mean together out (the table of 3.5)."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, Footing, Kind, Position
from taptill.domain.mark import Mark, Marks, Place
from taptill.domain.money import NEARLY_WHOLE
from taptill.settlement.requests import JournalAnswer


class Desk(StrEnum):
    """Why a customer is on the conflict desk; each is a key of the screen texts."""

    MARK_LOST = "mark-lost"  # debtData was replaced: the money may or may not be in
    COPIED_ROW = "copied-row"  # the mark names another customer's entry
    NO_PLACE = "no-place"  # debtData is no object
    UNKNOWN_MARK = "unknown-mark"
    SHARED_DEBT_DATA = "shared-debt-data"  # somebody else's keys, and no leave to rewrite them
    REFUSED = "refused"  # the backend's final no
    MARK_BACK = "mark-back"  # an older mark beside a total that did not go back with it
    FORKED = "forked"  # not known to be sent when this journal parted from its twin


STAYS = frozenset({Desk.REFUSED.value, Desk.FORKED.value})
"""Cases that a person must end, unless the row holds the money after all."""


class Stop(StrEnum):
    """Why all settlement stops."""

    HALF_KEPT = "half-kept"
    NOT_KEPT = "not-kept"
    CLONED = "cloned"


@dataclass(frozen=True, slots=True)
class Holds:
    """The row holds our last money entry."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class Behind:
    """The row holds our entries up to `mark` (None: nothing); settle from there.

    `taken_back`: a later mark had a receipt, or a person had given the row up.
    """

    mark: Mark | None
    taken_back: bool


@dataclass(frozen=True, slots=True)
class Unenrolled:
    """No key, and this journal never sent money: enrol first."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A case for the conflict desk."""

    reason: Desk


@dataclass(frozen=True, slots=True)
class Halt:
    """All settlement must stop."""

    reason: Stop


Judgement = Holds | Behind | Unenrolled | Unclear | Halt


def judge(marks: Marks, look: JournalAnswer, journal_id: str) -> Judgement:
    """Say what our mark in the row means beside what the journal has at the mark's seq."""
    position = look.position
    if marks.place is Place.UNUSABLE:
        return Unclear(Desk.NO_PLACE)
    if marks.place is Place.EMPTY:
        return Unclear(Desk.MARK_LOST) if position.attempt else Unenrolled()
    if journal_id not in marks.table:
        return _judge_absent(marks, position)
    mark = marks.table[journal_id]
    if mark is None:
        return Unclear(Desk.UNKNOWN_MARK)
    return _judge_mark(mark, position, look.footing)


def _judge_absent(marks: Marks, position: Position) -> Judgement:
    attempt = position.attempt
    if attempt and attempt.epoch != marks.epoch:
        return Unclear(Desk.MARK_LOST)
    origin = attempt.origin if attempt else None
    return Behind(origin, _is_taken_back(position, origin))


def _judge_mark(mark: Mark, position: Position, footing: Footing | None) -> Judgement:
    if footing is None or footing.mark.hash != mark.hash:
        return Halt(Stop.CLONED)
    if footing.customer_id != position.customer_id:
        return Unclear(Desk.COPIED_ROW)
    if footing.mark != mark:
        return Unclear(Desk.UNKNOWN_MARK)
    if mark == position.last:
        return Holds(mark)
    return Behind(mark, _is_taken_back(position, mark))


def _is_taken_back(position: Position, held: Mark | None) -> bool:
    """Tell whether the row held more of ours, or was given up while it holds another sum."""
    held_seq, total = (held.seq, held.total) if held else (0, 0)
    if position.seen == held or position.last is None:
        return False
    given_up = position.closed_seq > held_seq and total != position.last.total
    return position.receipted_seq > held_seq or given_up


def base_of(snapshot: Snapshot, journal_id: str) -> Decimal | None:
    """Give the office's part of the total; None where a mark in the row is unreadable."""
    others = snapshot.marks.sum_of_others(journal_id)
    if others is None:
        return None
    own = snapshot.marks.table.get(journal_id)
    return snapshot.total - others - (own.total if own else 0)


def same(left: Decimal, right: Decimal) -> bool:
    """Compare figures as money: many servers write a double's noise behind the last digit."""
    return abs(left - right) <= NEARLY_WHOLE


def half_kept(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    """Tell whether the row shows the mark we sent beside the total exactly as read before.

    Another till's mark may have come in meanwhile: then its money did not, either.
    Asked while that send is unheard of, or where the version of its receipt shows another base
    than the receipt: later an office payment of the same sum looks alike and is none of it.
    """
    attempt = position.attempt
    if attempt is None or same(attempt.total_sent, attempt.total_read):
        return False
    # Refused is not unheard of, but then an earlier send of it may land. No stamp: a person has
    # lifted a halt, and believes the row.
    refused = position.receipted_seq < attempt.sent.seq and position.seen != attempt.sent
    unheard = attempt.open or (refused and position.updated_at != "")
    if not unheard and not _unlike_its_receipt(snapshot, position, journal_id):
        return False
    marked = snapshot.marks.table.get(journal_id) == attempt.sent
    others = snapshot.marks.sum_of_others(journal_id)
    if not marked or not same(snapshot.total, attempt.total_read) or others is None:
        return False
    since = others - (attempt.others or 0)
    return not same(attempt.total_sent + since, attempt.total_read)


def _unlike_its_receipt(snapshot: Snapshot, position: Position, journal_id: str) -> bool:
    base = base_of(snapshot, journal_id)
    if snapshot.updated_at != position.updated_at or base is None or position.base is None:
        return False
    return not same(base, position.base)


def assess(
    snapshot: Snapshot, look: JournalAnswer, journal_id: str, *, may_share: bool
) -> tuple[Judgement, list[Draft]]:
    """Judge a sight of the row, and give the entries that it owes, whoever came by it.

    `may_share`: other people's keys in debtData may be written back as read.
    """
    position = look.position
    found = _found(snapshot, look, journal_id)
    verdict = found
    if isinstance(found, Behind | Unenrolled):
        verdict = _hindered(snapshot, position, may_share=may_share) or found
    match verdict:
        case Halt(reason):
            known = reason is Stop.CLONED  # no entry: the next start sees it again by itself
            return verdict, [] if known else [halted(position.customer_id, reason)]
        case _ if position.last is None:  # no money of ours: the row is not our business
            return verdict, []
        case Unclear(desk):
            given_up = not position.conflict and position.closed_seq == position.last.seq
            known = given_up or position.conflict is not None
            # A person is told what is not covered by a mark, also by one that only the row knew.
            moved = _mark_moved(snapshot, position, found, journal_id, heard=not given_up)
            now = replace(position, seen=found.mark) if isinstance(found, Behind) else position
            return verdict, [*moved, *([] if known else [conflict(now, desk)])]
        case Unenrolled():
            return verdict, _withdrawn(position)
        case Holds() | Behind():
            return verdict, [
                *_withdrawn(position),
                *_base_moved(snapshot, position, journal_id),
                *_mark_moved(snapshot, position, verdict, journal_id),
            ]


def _found(snapshot: Snapshot, look: JournalAnswer, journal_id: str) -> Judgement:
    """Say what the row means, with what its total tells beside its mark."""
    position = look.position
    found = judge(snapshot.marks, look, journal_id)
    if half_kept(snapshot, position, journal_id):
        return Halt(Stop.HALF_KEPT)
    if isinstance(found, Behind) and _went_back_alone(snapshot, position, found, journal_id):
        return Unclear(Desk.MARK_BACK)
    return found


def _went_back_alone(
    snapshot: Snapshot, position: Position, behind: Behind, journal_id: str
) -> bool:
    """Tell whether somebody put an older debtData back and left the total with the money in it.

    Writers that follow the protocol move both; then what the office says stays where it was.
    """
    base, seen = base_of(snapshot, journal_id), position.seen
    if not behind.taken_back or seen is None or base is None or position.base is None:
        return False
    back = seen.total - (behind.mark.total if behind.mark else 0)
    return back != 0 and same(base - position.base, Decimal(back))


def _hindered(snapshot: Snapshot, position: Position, *, may_share: bool) -> Unclear | None:
    """Say why a row that could be written must not be."""
    if position.conflict in STAYS:
        return Unclear(Desk(position.conflict))
    if snapshot.marks.foreign and not may_share:
        return Unclear(Desk.SHARED_DEBT_DATA)
    return None


def halted(customer_id: int, reason: Stop) -> Draft:
    """Write that all settlement stops."""
    return Draft(Kind.HALTED, customer_id, body={"reason": reason.value})


def conflict(position: Position, reason: Desk) -> Draft:
    """Write a case for the conflict desk with the amount in question."""
    body = {"reason": reason.value, "in_question": position.in_question}
    return Draft(Kind.CONFLICT, position.customer_id, body=body)


def receipt(snapshot: Snapshot, mark: Mark, journal_id: str) -> Draft:
    """Write the backend's yes: the row was seen with this mark."""
    base = base_of(snapshot, journal_id)
    body = {
        "mark": [mark.seq, mark.total, mark.hash],
        "updated_at": snapshot.updated_at,
        "base": None if base is None else str(base),
        "total": str(snapshot.total),
    }
    return Draft(Kind.RECEIPT, snapshot.customer.id, body=body)


def _withdrawn(position: Position) -> list[Draft]:
    if position.conflict is None:
        return []
    return [Draft(Kind.RESOLVED, position.customer_id, body={"by": "the row is as it should be"})]


def _base_moved(snapshot: Snapshot, position: Position, journal_id: str) -> list[Draft]:
    base = base_of(snapshot, journal_id)
    if base is None or position.base is None or same(base, position.base):
        return []
    body = {
        "from": str(position.base),
        "to": str(base),
        "updated_at": snapshot.updated_at,
        "total": str(snapshot.total),
    }
    return [Draft(Kind.OFFICE_MOVED, position.customer_id, body=body)]


def _mark_moved(
    snapshot: Snapshot,
    position: Position,
    judgement: Judgement,
    journal_id: str,
    *,
    heard: bool = False,
) -> list[Draft]:
    """Write what the mark in the row tells; `heard`: also one that only the row knew of."""
    match judgement:
        case Holds(mark):
            unheard = position.attempt is not None and position.attempt.open
            restored = older(snapshot.updated_at, position.updated_at)  # its stamp counts from now
            if position.seen == mark and not unheard and not restored:
                return []
            return [receipt(snapshot, mark, journal_id)]
        case Behind(mark, taken_back=True):
            seen = [mark.seq, mark.total, mark.hash] if mark else None
            body = {
                "seen": seen,
                "updated_at": snapshot.updated_at,
                "total": str(snapshot.total),
            }
            return [Draft(Kind.TAKEN_BACK, position.customer_id, body=body)]
        case Behind(Mark() as mark) if mark != position.seen and (heard or not position.updated_at):
            return [receipt(snapshot, mark, journal_id)]  # no stamp: a lifted halt believes the row
        case _:
            return []
