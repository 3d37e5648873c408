"""Position and entry in, next position out: where the journal stands with one customer."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from taptill.domain.customer import stamp
from taptill.domain.entry import ENROLMENTS_MAX, MONEY_KINDS, Attempt, Entry, EntryKind, Position
from taptill.domain.mark import HASH_DIGITS, Mark


def empty_position(customer_id: int) -> Position:
    """Give the position of a customer without any entry."""
    return Position(customer_id, None, None, 0, "", None, None, None)


class PositionCounter:
    """The positions of all customers, counted from the entries in their order."""

    def __init__(self) -> None:
        self.positions: dict[int, Position] = {}
        self._exported: dict[int, dict[int, Mark]] = {}
        self._since_export: dict[int, Mark] = {}

    def add(self, entry: Entry) -> None:
        """Apply one entry."""
        match entry.kind:
            case EntryKind.FORKED:
                self.positions = {key: forked(one) for key, one in self.positions.items()}
                self._since_export = {}
            case EntryKind.EXPORTED:
                self._exported[entry.body["number"]] = self._since_export
                self._since_export = {}
            case EntryKind.BOOKED:
                for customer_id, mark in self._exported.pop(entry.body["number"], {}).items():
                    self.positions[customer_id] = booked(self.positions[customer_id], mark)
            case _ if entry.customer_id is not None:
                self._advance(entry.customer_id, entry)

    def _advance(self, customer_id: int, entry: Entry) -> None:
        position = advance(self.positions.get(customer_id) or empty_position(customer_id), entry)
        self.positions[customer_id] = position
        if entry.kind in MONEY_KINDS and position.last:
            self._since_export[customer_id] = position.last


def forked(position: Position) -> Position:
    """Begin anew under another journal id: what is not known to be sent goes to the desk.

    The twin of this journal may send it, too; a person decides.
    """
    sure = position.held if position.conflict else position.seen
    if sure and not sure.seq:  # an amount that a person named: no entry ends there
        sure = None
    last, start = position.last, sure.seq if sure else position.start_seq
    left = None
    if last and last.seq > start:
        left = replace(last, total=last.total - (sure.total if sure else 0))
    return replace(
        empty_position(position.customer_id),
        last=left,
        updated_at=position.updated_at,
        base=position.base,
        conflict=None if left is None else "forked",
        row_total=position.row_total,
        start_seq=start,
    )


def booked(position: Position, mark: Mark) -> Position:
    """Take the office's word that it has booked a file: the backend holds all up to `mark`."""
    return replace(position, seen=mark, receipted_seq=max(position.receipted_seq, mark.seq))


def advance(position: Position, entry: Entry) -> Position:
    """Apply one entry of this customer; kinds that say nothing of settling change nothing."""
    if entry.kind in MONEY_KINDS:
        before = position.last.total if position.last else 0
        total = before + (entry.amount_minor or 0)
        return replace(position, last=Mark(entry.seq, total, entry.hash[:HASH_DIGITS]))
    told = _TOLD.get(entry.kind)
    return told(position, entry.body) if told else position


def _enrolled(position: Position, body: Mapping[str, Any]) -> Position:
    """Remember an enrolment that was sent before any money: what its row holds is known.

    Not of a backend without stamps, where an epoch may be that of many versions.
    """
    if position.attempt is not None or stamp(body["updated_at"]) is None:
        return position
    others = [one for one in position.enrolments if one != body["epoch"]]
    return replace(position, enrolments=(*others, body["epoch"])[-ENROLMENTS_MAX:])


def _attempted(position: Position, body: Mapping[str, Any]) -> Position:
    seen, sent = _mark(body["seen"]), _mark(body["mark"])
    assert sent is not None
    total_read = Decimal(body["total_read"])
    others = body["others"]
    total_sent, origin = Decimal(body["total_sent"]), _mark(body.get("origin"))
    figures = (total_read, total_sent, others)
    said = "origin" in body
    attempt = Attempt(body["epoch"], sent, *figures, open=True, origin=origin, said=said)
    base = None if others is None else total_read - others - (seen.total if seen else 0)
    sight = {"updated_at": body["updated_at"], "row_total": total_read}
    return replace(
        position,
        seen=seen,
        base=base,
        attempt=attempt,
        **_known_from_before(position, attempt, body["updated_at"]),
        **sight,
    )


def _known_from_before(position: Position, attempt: Attempt, read_at: str) -> dict[str, Any]:
    """Say what is known of rows from before our first money.

    Nothing any more once a person has said that a row without our mark holds money of ours.
    """
    if attempt.origin:
        return {"first_stamp": "", "enrolments": ()}
    return {"first_stamp": read_at if position.attempt is None else position.first_stamp}


def _receipted(position: Position, body: Mapping[str, Any]) -> Position:
    mark = _mark(body["mark"])
    assert mark is not None
    return replace(
        _closed(position),
        seen=mark,
        receipted_seq=max(position.receipted_seq, mark.seq),
        base=_decimal(body["base"]),
        **_sight(body),
    )


def _sight(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"updated_at": body["updated_at"], "row_total": _decimal(body.get("total"))}


_UNTOLD = frozenset({"mark-lost", "copied-row", "no-place", "unknown-mark", "mark-back"})
"""Cases of journals before format 4, whose entries do not say what the row surely holds."""


def _in_conflict(position: Position, body: Mapping[str, Any]) -> Position:
    """Begin a case, or note what else it is; one that does not say what is in keeps what was.

    The row that it tells of is the newest one: what is older is an old copy.
    """
    sure = position.held if position.conflict else position.seen
    if "held" in body or body["reason"] in _UNTOLD:
        sure = _mark(body.get("held"))
    at = body.get("updated_at", position.updated_at)
    return replace(_closed(position), conflict=body["reason"], held=sure, updated_at=at)


def _resumed(position: Position, _: Mapping[str, Any]) -> Position:
    """Believe the row as it is now: a person has looked."""
    return replace(_closed(position), updated_at="")


def _carried(_: Position, body: Mapping[str, Any]) -> Position:
    """Stand where a closed journal has left this customer."""
    return from_row(tuple(body["position"]))


def _resolved(position: Position, body: Mapping[str, Any]) -> Position:
    if not body.get("unwritten"):
        return replace(position, conflict=None, held=None)
    if position.in_question:  # charged while the rest was written off: nobody has decided on it
        return position
    closed_seq = position.last.seq if position.last else 0
    ended = replace(_closed(position), conflict=None, held=None)
    return replace(ended, seen=position.last, closed_seq=closed_seq)


def _sighted(position: Position, body: Mapping[str, Any]) -> Position:
    if "seen" in body:  # the row is back, if it was given up
        position = replace(position, seen=_mark(body["seen"]), closed_seq=0)
    base = _decimal(body["to"]) if "to" in body else position.base
    return replace(position, base=base, **_sight(body))


def _closed(position: Position) -> Position:
    if position.attempt is None:
        return position
    return replace(position, attempt=replace(position.attempt, open=False))


def _mark(value: list[Any] | None) -> Mark | None:
    return Mark(value[0], value[1], value[2]) if value else None


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


_TOLD: Mapping[EntryKind, Callable[[Position, Mapping[str, Any]], Position]] = {
    EntryKind.ENROLLED: _enrolled,
    EntryKind.ATTEMPT: _attempted,
    EntryKind.RECEIPT: _receipted,
    EntryKind.TAKEN_BACK: _sighted,
    EntryKind.OFFICE_MOVED: _sighted,
    EntryKind.REFUSAL: _in_conflict,
    EntryKind.CONFLICT: _in_conflict,
    EntryKind.RESUMED: _resumed,
    EntryKind.RESOLVED: _resolved,
    EntryKind.CARRIED: _carried,
}
"""What each kind of entry tells of settling; money entries are counted by their amount."""

FORMAT_3 = 3
COLUMNS = (
    "customer_id",
    "last_seq",
    "total",
    "last_hash",
    "seen_seq",
    "seen_total",
    "seen_hash",
    "receipted_seq",
    "updated_at",
    "base",
    "conflict",
    "attempt_epoch",
    "attempt_seq",
    "attempt_total",
    "attempt_hash",
    "attempt_read",
    "attempt_sent",
    "attempt_others",
    "attempt_open",
    "origin_seq",
    "origin_total",
    "origin_hash",
    "row_total",
    "start_seq",
    "closed_seq",
    "held_seq",
    "held_total",
    "held_hash",
    "first_stamp",
    "enrolments",
    "attempt_said",
)

_NAMES = ", ".join(COLUMNS)
_PLACES = ", ".join("?" * len(COLUMNS))
_NEWS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
ROW_IN = (  # no OR REPLACE, which deletes first: twice the work
    f"INSERT INTO positions ({_NAMES}) VALUES ({_PLACES}) "  # noqa: S608 - constants
    f"ON CONFLICT (customer_id) DO UPDATE SET {_NEWS}"
)
ROW_OF = f"SELECT {_NAMES} FROM positions WHERE customer_id = ?"  # noqa: S608 - constants
COLUMNS_OF_3 = COLUMNS[: COLUMNS.index("closed_seq") + 1]
"""The columns of format 3, as the archive of a closed year may have them."""


def rows_query(format_found: int) -> str:
    """Return the query for all positions of a file of a format, 3 or later."""
    names = ", ".join(COLUMNS_OF_3 if format_found == FORMAT_3 else COLUMNS)
    return f"SELECT {names} FROM positions ORDER BY customer_id"  # noqa: S608 - constants


def as_format_3(position: Position) -> Position:
    """Return what a file of format 3 knows of a position."""
    return from_row(to_row(position)[: len(COLUMNS_OF_3)])


def to_row(position: Position) -> tuple[Any, ...]:
    """Give a position as a row of the table `positions`, in the order of COLUMNS."""
    attempt = position.attempt
    tried: tuple[Any, ...] = (None,) * 7 + (0, *_mark_row(None))
    if attempt:
        figures = (str(attempt.total_read), str(attempt.total_sent), attempt.others)
        origin = _mark_row(attempt.origin)
        tried = (attempt.epoch, *_mark_row(attempt.sent), *figures, int(attempt.open), *origin)
    return (
        position.customer_id,
        *_mark_row(position.last),
        *_mark_row(position.seen),
        position.receipted_seq,
        position.updated_at,
        None if position.base is None else str(position.base),
        position.conflict,
        *tried,
        None if position.row_total is None else str(position.row_total),
        position.start_seq,
        position.closed_seq,
        *_mark_row(position.held),
        position.first_stamp,
        " ".join(position.enrolments),
        int(bool(attempt and attempt.said)),
    )


def from_row(row: tuple[Any, ...]) -> Position:
    """Read a row of the table `positions`, in the order of COLUMNS.

    One that a journal of format 3 has carried over lacks what comes after `closed_seq`.
    """
    customer_id, *marks = row[:7]
    receipted_seq, updated_at, base, conflict, epoch = row[7:12]
    sent = _mark_of(*row[12:15])
    attempt = None
    if sent is not None:
        read, written, others, is_open = row[15:19]
        figures = (Decimal(read), Decimal(written), others)
        said = bool(row[30]) if row[25:] else bool(row[19])
        attempt = Attempt(epoch, sent, *figures, bool(is_open), _mark_of(*row[19:22]), said)
    return Position(
        customer_id,
        _mark_of(*marks[:3]),
        _mark_of(*marks[3:]),
        receipted_seq,
        updated_at,
        _decimal(base),
        attempt,
        conflict,
        _decimal(row[22]),
        *row[23:25],
        *((_mark_of(*row[25:28]), row[28], tuple(row[29].split())) if row[25:] else ()),
    )


def _mark_row(mark: Mark | None) -> tuple[int | None, int | None, str | None]:
    return (mark.seq, mark.total, mark.hash) if mark else (None, None, None)


def _mark_of(seq: int | None, total: int | None, digits: str | None) -> Mark | None:
    return None if seq is None else Mark(seq, total or 0, digits or "")
