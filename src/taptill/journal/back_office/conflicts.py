"""The journal in, what waits on the conflict desk out: one case a customer."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

from taptill.domain.entry import Entry, EntryKind, Position
from taptill.journal.file import entries, mapping_errors, positions
from taptill.journal.schema import MONEY

_TOLD = "kind IN ('conflict', 'refusal', 'forked', 'resolved')"
_OF_CUSTOMER = "customer_id = ?"
_LAST_RECEIPT = "seq = (SELECT max(seq) FROM entries WHERE customer_id = ? AND kind = 'receipt')"
_FIRST_ATTEMPT = "seq = (SELECT min(seq) FROM entries WHERE customer_id = ? AND kind = 'attempt')"
_CARRIED = "kind = 'carried' AND customer_id = ?"
_CHARGE = (
    f"seq = (SELECT max(seq) FROM entries WHERE customer_id = ? AND seq <= ? "  # noqa: S608 - constant
    f"AND {MONEY} AND kind = 'charge')"
)


@dataclass(frozen=True, slots=True)
class ConflictCase:
    """A customer whose money waits for a person.

    `since` is the entry that put it there, `refused` the backend's last no since then, `seen` the
    last entry that told of the row.
    """

    position: Position
    since: Entry | None
    refused: Entry | None = None
    seen: Entry | None = None

    @property
    def reason(self) -> str:
        """Give the key of the reason, a word of `judgement.Desk`."""
        return self.position.conflict or ""

    @property
    def detail(self) -> str:
        """Give what the backend said, where it refused."""
        body = self.refused.body if self.refused else {}
        return f"HTTP {body['status']}, {body['detail']}" if body else ""


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """What a person compares to tell how much of our money a row holds; exact, in minor units.

    `total` is the row's total when the case was last told of, at the stamp `updated_at`;
    `none_in` and `all_in` are what the office says then, if none or all of our money is in it;
    `last_seen` is what the office said when our mark was last seen. `first_read` is the total as
    read before our first update. `enrolled` is the journal that enrolled the row, with stamp and
    total that it had read. None: not known.
    """

    total: Decimal | None
    updated_at: str
    none_in: Decimal | None
    all_in: Decimal | None
    last_seen: Decimal | None
    first_read: Decimal | None
    enrolled: tuple[str, str, Decimal] | None

    @property
    def fits(self) -> Decimal | None:
        """Return how much of our money is in the row if the office has moved nothing since.

        None: then the office must have moved something, or it is not known.
        """
        if self.none_in is None or self.all_in is None or self.last_seen is None:
            return None
        booked, ours = self.none_in - self.last_seen, self.none_in - self.all_in
        least, most = sorted((ours, Decimal(0)))
        return booked if least <= booked <= most else None


def open_cases(connection: sqlite3.Connection) -> list[ConflictCase]:
    """Give all open cases, the oldest first. Errors: JournalError."""
    with mapping_errors(""):
        open_ones = [one for one in positions(connection) if one.conflict]
    told: dict[int | None, list[Entry]] = {}
    for entry in entries(connection, _TOLD):
        if entry.kind in {EntryKind.RESOLVED, EntryKind.FORKED}:
            told.pop(entry.customer_id, None)
        if entry.kind is not EntryKind.RESOLVED:
            told.setdefault(entry.customer_id, []).append(entry)
    found = [_case(one, told) for one in open_ones]
    return sorted(found, key=lambda case: case.since.seq if case.since else 0)


def _case(position: Position, told: Mapping[int | None, list[Entry]]) -> ConflictCase:
    began = told.get(_put_there_by(position), [])
    since = began[0] if began else None
    own = told.get(position.customer_id, [])
    refused = [one for one in own if one.kind is EntryKind.REFUSAL]
    seen = [one for one in own if "total" in one.body]
    return ConflictCase(
        position, since, refused[-1] if refused else None, seen[-1] if seen else None
    )


def case_figures(connection: sqlite3.Connection, case: ConflictCase) -> CaseFigures:
    """Put the figures side by side that tell how much of our money the row holds."""
    position, body = case.position, case.seen.body if case.seen else {}
    first = next(entries(connection, _FIRST_ATTEMPT, [position.customer_id]), None)
    none_in, by = _figure(body.get("without")), body.get("enrolled")
    ours = position.last.total if position.last else 0
    return CaseFigures(
        total=_figure(body.get("total")),
        updated_at=body.get("updated_at", ""),
        none_in=none_in,
        all_in=None if none_in is None else none_in - ours,
        last_seen=_last_seen(connection, position.customer_id),
        first_read=_figure(first.body["total_read"]) if first else None,
        enrolled=(by[0], by[2], Decimal(by[3])) if by else None,
    )


def _last_seen(connection: sqlite3.Connection, customer_id: int) -> Decimal | None:
    """Return what the office said when the row was last seen with our mark, or before the first.

    Nothing that a person has said since counts: this is what their word is held against.
    """
    receipt = next(entries(connection, _LAST_RECEIPT, [customer_id]), None)
    if receipt:
        return _figure(receipt.body["base"])
    first = next(entries(connection, _FIRST_ATTEMPT, [customer_id]), None)
    if first is None or first.body["others"] is None:
        return None
    return Decimal(first.body["total_read"]) - int(first.body["others"])


def sums_of(connection: sqlite3.Connection, position: Position) -> tuple[int, int]:
    """Return the least and the largest sum, in minor units, that a customer's entries ever had.

    Of a closed year only the sum that it carried over counts.
    """
    where = f"customer_id = ? AND seq > ? AND {MONEY}"
    found = entries(connection, where, [position.customer_id, position.start_seq])
    amounts = [entry.amount_minor or 0 for entry in found]
    carried = (position.last.total if position.last else 0) - sum(amounts)
    sums = [0, *accumulate(amounts, initial=carried)]
    return min(sums), max(sums)


def _figure(written: str | None) -> Decimal | None:
    return None if written is None else Decimal(written)


def charge_before(connection: sqlite3.Connection, customer_id: int, seq: int) -> Mapping[str, Any]:
    """Give the body of a customer's last charge up to `seq`: who that is for the office.

    Of one who was only charged before a year was closed, what was carried over of that.
    """
    found = next(entries(connection, _CHARGE, [customer_id, seq]), None)
    found = found or next(entries(connection, _CARRIED, [customer_id]), None)
    return found.body if found else {}


def _put_there_by(position: Position) -> int | None:
    """Give whose entry made it a case; None: a fork, which names no customer."""
    return None if position.conflict == "forked" else position.customer_id


def last_attempt(connection: sqlite3.Connection, customer_id: int) -> Entry | None:
    """Give the newest update that was sent for a customer."""
    where = "seq = (SELECT max(seq) FROM entries WHERE customer_id = ? AND kind = 'attempt')"
    return next(entries(connection, where, [customer_id]), None)


def entries_of(connection: sqlite3.Connection, customer_id: int) -> Iterator[Entry]:
    """Give all entries of a customer, oldest first. Errors: JournalError."""
    return entries(connection, _OF_CUSTOMER, [customer_id])
