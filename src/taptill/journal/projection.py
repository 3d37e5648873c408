"""Computes positions from entries: where the journal stands with each customer."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from taptill.domain.customer import stamp
from taptill.domain.entry import ENROLMENTS_MAX, MONEY_KINDS, Attempt, Entry, EntryKind, Position
from taptill.domain.mark import HASH_DIGITS, Mark


def empty_position(customer_id: int) -> Position:
    """Return the position of a customer without any entry."""
    return Position(customer_id=customer_id)


class PositionCounter:
    """The positions of all customers, computed from the entries in their order."""

    def __init__(self) -> None:
        self.positions: dict[int, Position] = {}
        self._exported: dict[int, dict[int, Mark]] = {}
        self._since_export: dict[int, Mark] = {}

    def add(self, entry: Entry) -> None:
        """Apply one entry."""
        match entry.kind:
            case EntryKind.FORKED:
                self.positions = {key: forked(position) for key, position in self.positions.items()}
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
    """Return a position after a fork; money without a receipt becomes a case.

    The other copy of the journal may send it, too, so a person decides.
    """
    certain_mark = position.certain_mark if position.conflict else position.row_mark
    if certain_mark and not certain_mark.seq:  # an amount that a person named, without an entry
        certain_mark = None
    last, start = position.last, certain_mark.seq if certain_mark else position.start_seq
    remainder = None
    if last and last.seq > start:
        remainder = replace(last, total=last.total - (certain_mark.total if certain_mark else 0))
    return replace(
        empty_position(position.customer_id),
        last=remainder,
        updated_at=position.updated_at,
        base=position.base,
        conflict=None if remainder is None else "forked",
        row_total=position.row_total,
        start_seq=start,
    )


def booked(position: Position, mark: Mark) -> Position:
    """Return a position after the office has booked a file that ends at `mark`."""
    return replace(position, row_mark=mark, receipted_seq=max(position.receipted_seq, mark.seq))


def advance(position: Position, entry: Entry) -> Position:
    """Return the position after one entry of this customer; other kinds change nothing."""
    if entry.kind in MONEY_KINDS:
        before = position.last.total if position.last else 0
        total = before + (entry.amount_minor or 0)
        return replace(position, last=Mark(entry.seq, total, entry.hash[:HASH_DIGITS]))
    apply = _APPLY.get(entry.kind)
    return apply(position, entry.body) if apply else position


def _enrolled(position: Position, body: Mapping[str, Any]) -> Position:
    """Remember an enrolment sent before any money: such a row holds none of ours.

    Without usable stamps it is not remembered, as many row versions may share an epoch.
    """
    if position.attempt is not None or stamp(body["updated_at"]) is None:
        return position
    earlier_epochs = [epoch for epoch in position.enrolments if epoch != body["epoch"]]
    return replace(position, enrolments=(*earlier_epochs, body["epoch"])[-ENROLMENTS_MAX:])


def _attempted(position: Position, body: Mapping[str, Any]) -> Position:
    row_mark, sent_mark = _mark_from_figures(body["seen"]), _mark_from_figures(body["mark"])
    assert sent_mark is not None
    total_read = Decimal(body["total_read"])
    others_total = body["others"]
    attempt = Attempt(
        epoch=body["epoch"],
        sent_mark=sent_mark,
        total_read=total_read,
        total_sent=Decimal(body["total_sent"]),
        others_total=others_total,
        open=True,
        origin=_mark_from_figures(body.get("origin")),
        origin_is_decided="origin" in body,
    )
    own_total = row_mark.total if row_mark else 0
    return replace(
        position,
        row_mark=row_mark,
        base=None if others_total is None else total_read - others_total - own_total,
        attempt=attempt,
        updated_at=body["updated_at"],
        row_total=total_read,
        **_known_from_before(position, attempt, body["updated_at"]),
    )


def _known_from_before(position: Position, attempt: Attempt, read_at: str) -> dict[str, Any]:
    """Return the fields that identify rows of before our first money.

    They are emptied once a person decided that a row without our mark holds money of ours.
    """
    if attempt.origin:
        return {"first_stamp": "", "enrolments": ()}
    return {"first_stamp": read_at if position.attempt is None else position.first_stamp}


def _receipted(position: Position, body: Mapping[str, Any]) -> Position:
    mark = _mark_from_figures(body["mark"])
    assert mark is not None
    return replace(
        _with_attempt_closed(position),
        row_mark=mark,
        receipted_seq=max(position.receipted_seq, mark.seq),
        base=_decimal(body["base"]),
        **_row_fields(body),
    )


def _row_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"updated_at": body["updated_at"], "row_total": _decimal(body.get("total"))}


_WITHOUT_HELD = frozenset({"mark-lost", "copied-row", "no-place", "unknown-mark", "mark-back"})
"""Cases of journals before format 4, whose entries do not say what the row surely holds."""


def _in_conflict(position: Position, body: Mapping[str, Any]) -> Position:
    """Open a case, or update an open one; without figures the known certain mark stays.

    The row of the entry becomes the newest known: older ones are stale copies from now on.
    """
    certain_mark = position.certain_mark if position.conflict else position.row_mark
    if "held" in body or body["reason"] in _WITHOUT_HELD:
        certain_mark = _mark_from_figures(body.get("held"))
    updated_at = body.get("updated_at", position.updated_at)
    return replace(
        _with_attempt_closed(position),
        conflict=body["reason"],
        certain_mark=certain_mark,
        updated_at=updated_at,
    )


def _resumed(position: Position, _: Mapping[str, Any]) -> Position:
    """Accept any row from now on: a person has checked it."""
    return replace(_with_attempt_closed(position), updated_at="")


def _carried(_: Position, body: Mapping[str, Any]) -> Position:
    """Return the position that a closed journal carried over."""
    return from_row(tuple(body["position"]))


def _resolved(position: Position, body: Mapping[str, Any]) -> Position:
    """End a case; `unwritten`: the row could take no mark, so the whole sum counts as held."""
    if not body.get("unwritten"):
        return replace(position, conflict=None, certain_mark=None)
    if position.in_question:  # a charge came in meanwhile: the case stays open
        return position
    closed_seq = position.last.seq if position.last else 0
    closed_position = replace(_with_attempt_closed(position), conflict=None, certain_mark=None)
    return replace(closed_position, row_mark=position.last, closed_seq=closed_seq)


def _observed(position: Position, body: Mapping[str, Any]) -> Position:
    """Take over what a row showed: an older mark (`seen`), or another part of the office (`to`)."""
    if "seen" in body:  # the row is back, even if it was written off
        position = replace(position, row_mark=_mark_from_figures(body["seen"]), closed_seq=0)
    base = _decimal(body["to"]) if "to" in body else position.base
    return replace(position, base=base, **_row_fields(body))


def _with_attempt_closed(position: Position) -> Position:
    """Return the position with its last attempt no longer waiting for a receipt."""
    if position.attempt is None:
        return position
    return replace(position, attempt=replace(position.attempt, open=False))


def _mark_from_figures(value: list[Any] | None) -> Mark | None:
    """Read a mark as entries hold it: number, sum in minor units, hash."""
    return Mark(value[0], value[1], value[2]) if value else None


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


_APPLY: Mapping[EntryKind, Callable[[Position, Mapping[str, Any]], Position]] = {
    EntryKind.ENROLLED: _enrolled,
    EntryKind.ATTEMPT: _attempted,
    EntryKind.RECEIPT: _receipted,
    EntryKind.TAKEN_BACK: _observed,
    EntryKind.OFFICE_MOVED: _observed,
    EntryKind.REFUSAL: _in_conflict,
    EntryKind.CONFLICT: _in_conflict,
    EntryKind.RESUMED: _resumed,
    EntryKind.RESOLVED: _resolved,
    EntryKind.CARRIED: _carried,
}
"""How each kind of entry changes a position; money entries count by their amount."""

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
"""The columns of the table `positions`, whose names are a part of the file's format.

Of a Position: `last_...` and `total` are `last`, `seen_...` is `row_mark`, `held_...` is
`certain_mark`. Of its attempt: `attempt_seq`, `attempt_total` and `attempt_hash` are `sent_mark`,
`attempt_read` and `attempt_sent` the totals, `origin_...` is `origin`, and `attempt_said` is
`origin_is_decided`.
"""

_NAMES = ", ".join(COLUMNS)
_PLACEHOLDERS = ", ".join("?" * len(COLUMNS))
_ASSIGNMENTS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
ROW_IN = (  # no OR REPLACE, which deletes first: twice the work
    f"INSERT INTO positions ({_NAMES}) VALUES ({_PLACEHOLDERS}) "  # noqa: S608 - constants
    f"ON CONFLICT (customer_id) DO UPDATE SET {_ASSIGNMENTS}"
)
ROW_OF = f"SELECT {_NAMES} FROM positions WHERE customer_id = ?"  # noqa: S608 - constants
COLUMNS_OF_3 = COLUMNS[: COLUMNS.index("closed_seq") + 1]
"""The columns of format 3, as the archive of a closed year may have them."""


def rows_query(format_found: int, where: str = "1") -> str:
    """Return the query for the positions of a file of a format, 3 or later."""
    names = ", ".join(COLUMNS_OF_3 if format_found == FORMAT_3 else COLUMNS)
    return f"SELECT {names} FROM positions WHERE {where} ORDER BY customer_id"  # noqa: S608 - constants


def as_format_3(position: Position) -> Position:
    """Return what a file of format 3 knows of a position."""
    return from_row(to_row(position)[: len(COLUMNS_OF_3)])


def to_row(position: Position) -> tuple[Any, ...]:
    """Return a position as a row of the table `positions`, in the order of COLUMNS."""
    attempt = position.attempt
    attempt_columns: tuple[Any, ...] = (None,) * 7 + (0, *_mark_columns(None))
    if attempt:
        figures = (str(attempt.total_read), str(attempt.total_sent), attempt.others_total)
        origin = _mark_columns(attempt.origin)
        attempt_columns = (
            attempt.epoch,
            *_mark_columns(attempt.sent_mark),
            *figures,
            int(attempt.open),
            *origin,
        )
    return (
        position.customer_id,
        *_mark_columns(position.last),
        *_mark_columns(position.row_mark),
        position.receipted_seq,
        position.updated_at,
        None if position.base is None else str(position.base),
        position.conflict,
        *attempt_columns,
        None if position.row_total is None else str(position.row_total),
        position.start_seq,
        position.closed_seq,
        *_mark_columns(position.certain_mark),
        position.first_stamp,
        " ".join(position.enrolments),
        int(bool(attempt and attempt.origin_is_decided)),
    )


def from_row(row: tuple[Any, ...]) -> Position:
    """Read a row of the table `positions`, in the order of COLUMNS.

    One that a journal of format 3 has carried over lacks what comes after `closed_seq`.
    """
    customer_id, *marks = row[:7]
    receipted_seq, updated_at, base, conflict, epoch = row[7:12]
    sent_mark = _mark_from_columns(*row[12:15])
    attempt = None
    if sent_mark is not None:
        total_read, total_sent, others_total, is_open = row[15:19]
        attempt = Attempt(
            epoch=epoch,
            sent_mark=sent_mark,
            total_read=Decimal(total_read),
            total_sent=Decimal(total_sent),
            others_total=others_total,
            open=bool(is_open),
            origin=_mark_from_columns(*row[19:22]),
            origin_is_decided=bool(row[30]) if row[25:] else bool(row[19]),
        )
    since_format_4: dict[str, Any] = {}
    if row[25:]:
        since_format_4 = {
            "certain_mark": _mark_from_columns(*row[25:28]),
            "first_stamp": row[28],
            "enrolments": tuple(row[29].split()),
        }
    return Position(
        customer_id=customer_id,
        last=_mark_from_columns(*marks[:3]),
        row_mark=_mark_from_columns(*marks[3:]),
        receipted_seq=receipted_seq,
        updated_at=updated_at,
        base=_decimal(base),
        attempt=attempt,
        conflict=conflict,
        row_total=_decimal(row[22]),
        start_seq=row[23],
        closed_seq=row[24],
        **since_format_4,
    )


def _mark_columns(mark: Mark | None) -> tuple[int | None, int | None, str | None]:
    """Return a mark as the three columns of the table `positions` that hold one."""
    return (mark.seq, mark.total, mark.hash) if mark else (None, None, None)


def _mark_from_columns(seq: int | None, total: int | None, digits: str | None) -> Mark | None:
    return None if seq is None else Mark(seq, total or 0, digits or "")
