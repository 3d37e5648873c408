"""The journal in, what waits on the conflict desk out: one case a customer."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from taptill.domain.entry import Entry, Position
from taptill.journal.file import entries, mapped, positions
from taptill.journal.schema import MONEY

_SINCE = (
    "seq IN (SELECT max(seq) FROM entries WHERE kind IN ('conflict', 'refusal', 'forked') "
    "GROUP BY customer_id)"
)
_OF_CUSTOMER = "customer_id = ?"
_CARRIED = "kind = 'carried' AND customer_id = ?"
_CHARGE = (
    f"seq = (SELECT max(seq) FROM entries WHERE customer_id = ? AND seq <= ? "  # noqa: S608 - constant
    f"AND {MONEY} AND kind = 'charge')"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A customer whose money waits for a person; `since` is the entry that put it there."""

    position: Position
    since: Entry | None

    @property
    def reason(self) -> str:
        """Give the key of the reason, a word of `judgement.Desk`."""
        return self.position.conflict or ""

    @property
    def detail(self) -> str:
        """Give what the backend said, where it refused."""
        body = self.since.body if self.since else {}
        return f"HTTP {body['status']}, {body['detail']}" if "status" in body else ""


def cases(connection: sqlite3.Connection) -> list[Case]:
    """Give all open cases, the oldest first. Errors: JournalError."""
    with mapped(""):
        open_ones = [one for one in positions(connection) if one.conflict]
    since = {one.customer_id: one for one in entries(connection, _SINCE)}
    found = [Case(one, since.get(_put_there_by(one))) for one in open_ones]
    return sorted(found, key=lambda case: case.since.seq if case.since else 0)


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
