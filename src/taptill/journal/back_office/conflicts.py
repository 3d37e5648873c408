"""The open cases of the conflict desk, with the figures that a person compares."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

from taptill.domain.entry import Entry, EntryKind, Position
from taptill.journal.file import entries, mapping_errors, positions
from taptill.journal.schema import MONEY

_CASE_ENTRIES = "kind IN ('conflict', 'refusal', 'forked', 'resolved')"
_OF_CUSTOMER = "customer_id = ?"
_UPDATES = "customer_id = ? AND kind IN ('attempt', 'receipt')"
_LAST_RECEIPT = "seq = (SELECT max(seq) FROM entries WHERE customer_id = ? AND kind = 'receipt')"
_FIRST_ATTEMPT = "seq = (SELECT min(seq) FROM entries WHERE customer_id = ? AND kind = 'attempt')"
_CARRIED = "kind = 'carried' AND customer_id = ?"
_CHARGE = (
    f"seq = (SELECT max(seq) FROM entries WHERE customer_id = ? AND seq <= ? "  # noqa: S608 - constant
    f"AND {MONEY} AND kind = 'charge')"
)


@dataclass(frozen=True, slots=True)
class ConflictCase:
    """A customer whose money waits for a person's decision.

    `since` is the entry that opened the case, `refusal` the backend's last rejection since then,
    `row_entry` the last entry with figures of the row.
    """

    position: Position
    since: Entry | None
    refusal: Entry | None = None
    row_entry: Entry | None = None

    @property
    def reason(self) -> str:
        """The reason of the case, a value of `reconcile.ConflictReason`."""
        return self.position.conflict or ""

    @property
    def detail(self) -> str:
        """What the backend said, where it rejected the update; else empty."""
        body = self.refusal.body if self.refusal else {}
        return f"HTTP {body['status']}, {body['detail']}" if body else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """What a person compares to find how much of our money a row holds; exact, minor units.

    `total` is the row's total when the case was last journaled, at the stamp `updated_at`;
    `none_in` and `all_in` are the base then, if none or all of our money is in the row;
    `last_seen` is the base when our mark was last seen. `first_read` is the total as
    read before our first update. `enrolment` is the journal that enrolled the row, with stamp and
    total that it had read. None: not known.
    """

    total: Decimal | None
    updated_at: str
    none_in: Decimal | None
    all_in: Decimal | None
    last_seen: Decimal | None
    first_read: Decimal | None
    enrolment: tuple[str, str, Decimal] | None

    @property
    def fits(self) -> Decimal | None:
        """How much of our money is in the row, if the office has booked nothing since.

        None: the office must have booked something, or it is not known.
        """
        if self.none_in is None or self.all_in is None or self.last_seen is None:
            return None
        in_row, ours = self.none_in - self.last_seen, self.none_in - self.all_in
        lowest, highest = sorted((ours, Decimal(0)))
        return in_row if lowest <= in_row <= highest else None


def open_cases(connection: sqlite3.Connection) -> list[ConflictCase]:
    """Return all open cases, the oldest first. Errors: JournalError."""
    with mapping_errors(""):
        open_positions = [position for position in positions(connection) if position.conflict]
    entries_by_customer: dict[int | None, list[Entry]] = {}
    for entry in entries(connection, _CASE_ENTRIES):
        if entry.kind in {EntryKind.RESOLVED, EntryKind.FORKED}:
            entries_by_customer.pop(entry.customer_id, None)
        if entry.kind is not EntryKind.RESOLVED:
            entries_by_customer.setdefault(entry.customer_id, []).append(entry)
    cases = [_case(position, entries_by_customer) for position in open_positions]
    return sorted(cases, key=lambda case: case.since.seq if case.since else 0)


def _case(
    position: Position, entries_by_customer: Mapping[int | None, list[Entry]]
) -> ConflictCase:
    case_entries = entries_by_customer.get(_opened_by(position), [])
    since = case_entries[0] if case_entries else None
    customer_entries = entries_by_customer.get(position.customer_id, [])
    refusals = [entry for entry in customer_entries if entry.kind is EntryKind.REFUSAL]
    row_entries = [entry for entry in customer_entries if "total" in entry.body]
    return ConflictCase(
        position,
        since,
        refusals[-1] if refusals else None,
        row_entries[-1] if row_entries else None,
    )


def case_figures(connection: sqlite3.Connection, case: ConflictCase) -> CaseFigures:
    """Return the figures that show how much of our money the row holds."""
    position, body = case.position, case.row_entry.body if case.row_entry else {}
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
        enrolment=(by[0], by[2], Decimal(by[3])) if by else None,
    )


def _last_seen(connection: sqlite3.Connection, customer_id: int) -> Decimal | None:
    """Return the base when the row was last seen with our mark, or before our first update.

    Later decisions of a person do not count: this figure is what they are compared with.
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
    money_entries = entries(connection, where, [position.customer_id, position.start_seq])
    amounts = [entry.amount_minor or 0 for entry in money_entries]
    carried_total = (position.last.total if position.last else 0) - sum(amounts)
    sums = [0, *accumulate(amounts, initial=carried_total)]
    return min(sums), max(sums)


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def charge_before(connection: sqlite3.Connection, customer_id: int, seq: int) -> Mapping[str, Any]:
    """Return the body of a customer's last charge up to `seq`; it names him to the office.

    For a customer last charged in a closed year: what was carried over of that charge.
    """
    entry = next(entries(connection, _CHARGE, [customer_id, seq]), None)
    entry = entry or next(entries(connection, _CARRIED, [customer_id]), None)
    return entry.body if entry else {}


def _opened_by(position: Position) -> int | None:
    """Return whose entry opened the case; None: a fork, whose entry names no customer."""
    return None if position.conflict == "forked" else position.customer_id


def last_attempt(connection: sqlite3.Connection, customer_id: int) -> Entry | None:
    """Return the newest update that was sent for a customer."""
    where = "seq = (SELECT max(seq) FROM entries WHERE customer_id = ? AND kind = 'attempt')"
    return next(entries(connection, where, [customer_id]), None)


def rests_on_earlier_decision(connection: sqlite3.Connection, position: Position) -> bool:
    """Return whether a person decided what the row holds, and it was not seen with our mark since.

    Then the row itself does not tell, and the update that was decided on has not landed.
    """
    attempt = position.attempt
    if attempt is None or not attempt.origin_is_decided:
        return False
    is_decided = False
    for entry in entries(connection, _UPDATES, [position.customer_id]):
        if entry.kind is EntryKind.ATTEMPT:
            is_decided |= "origin" in entry.body and entry.body["epoch"] == attempt.epoch
        elif is_decided:
            return False
    return is_decided


def entries_of(connection: sqlite3.Connection, customer_id: int) -> Iterator[Entry]:
    """Return all entries of a customer, oldest first. Errors: JournalError."""
    return entries(connection, _OF_CUSTOMER, [customer_id])
