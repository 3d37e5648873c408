"""Snapshots as rows of the cache's table, with a checksum that finds damaged ones."""

import json
import sqlite3
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any
from zlib import crc32

from taptill.customer_cache.schema import CUSTOMERS
from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot, stamp
from taptill.domain.mark import KEY, read_marks

Row = tuple[Any, ...]
SeenAt = tuple[str, int, str]
"""When a row was seen: boot id, milliseconds since that boot, trusted wall time or empty."""

NAMES = tuple(CUSTOMERS)
TOTAL = NAMES.index("total")
UPDATED_AT = NAMES.index("updated_at")
VERSION = NAMES.index("version")
MARKS = NAMES.index("marks")
UPDATED_US = NAMES.index("updated_us")
GONE = NAMES.index("gone")
_NAMED_BY = tuple(NAMES.index(name) for name in ("name", "company", "external_id"))
_SEEN = NAMES.index("seen_boot")
_CHECKSUM = NAMES.index("check")

_NO_MARKS_TEXT = "{}"
_NO_MARKS = read_marks({})
_to_json = json.JSONEncoder(default=str).encode

PRESENT, MISSED, IS_GONE = range(3)
"""Values of `gone`: a customer who was missing once is still present until missing again."""


def to_row(snapshot: Snapshot, kept_fields: AbstractSet[str], seen_now: SeenAt) -> Row:
    """Return the row of a snapshot seen now, with only those personal fields that may be stored."""
    customer = snapshot.customer
    instant = stamp(snapshot.updated_at)
    document = snapshot.marks.document
    row = (
        customer.id,
        customer.card_id,
        customer.name if "name" in kept_fields else "",
        customer.company if "company" in kept_fields else "",
        int(customer.blocked),
        int(customer.credit_allowed),
        int(customer.is_default),
        customer.external_id,
        str(snapshot.total),
        snapshot.updated_at,
        int(instant.timestamp() * 1_000_000) if instant else 0,
        snapshot.version,
        _to_json({KEY: document[KEY]}) if KEY in document else _NO_MARKS_TEXT,
        PRESENT,
        *seen_now,
    )
    return (*row, _checksum(row))


def from_row(row: Row) -> Snapshot:
    """Return the snapshot of a row; raises sqlite3.DatabaseError where the row is damaged."""
    verify_checksum(row)
    customer_id, card_id, name, company, blocked, credit_allowed, is_default, key = row[:8]
    return Snapshot(
        Customer(
            customer_id,
            name,
            company=company,
            card_id=CardId(card_id),
            blocked=bool(blocked),
            credit_allowed=bool(credit_allowed),
            is_default=bool(is_default),
            external_id=key,
        ),
        Decimal(row[TOTAL]),
        updated_at=row[UPDATED_AT],
        version=row[VERSION],
        marks=_NO_MARKS if row[MARKS] == _NO_MARKS_TEXT else read_marks(json.loads(row[MARKS])),
    )


def without_names(row: Row) -> Row:
    """Return a row without name, company and the office's key; the card stays.

    Raises sqlite3.DatabaseError where the row is damaged.
    """
    verify_checksum(row)
    cells = [*row[:_CHECKSUM]]
    for at in _NAMED_BY:
        cells[at] = ""
    return (*cells, _checksum((*cells, 0)))


def same_content(row: Row, stored_row: Row | None) -> bool:
    """Return whether two rows differ at most in when they were seen."""
    return stored_row is not None and row[:_SEEN] == stored_row[:_SEEN]


def seen_at(row: Row) -> SeenAt:
    """Return when a row was seen."""
    boot_id, uptime_ms, at = row[_SEEN:_CHECKSUM]
    return boot_id, uptime_ms, at


def verify_checksum(row: Row) -> None:
    """Raise sqlite3.DatabaseError where the checksum differs: SQLite does not check its pages."""
    if row[GONE] not in {PRESENT, MISSED, IS_GONE} or row[_CHECKSUM] != _checksum(row):
        raise sqlite3.DatabaseError("a row is not as it was written")


def with_checksum(row: Row) -> Row:
    """Return a row of another table with a checksum added."""
    return (*row, crc32(repr(row).encode()))


def without_checksum(row: Row) -> Row:
    """Return the row without its checksum; raises sqlite3.DatabaseError where that differs."""
    if with_checksum(row[:-1]) != row:
        raise sqlite3.DatabaseError("a row is not as it was written")
    return row[:-1]


def _checksum(row: Row) -> int:
    """Return the CRC-32 of the row without `gone`, plus `gone`.

    So SQL can change `gone` and adjust the checksum by the difference.
    """
    return crc32(repr((row[:GONE], row[_SEEN:_CHECKSUM])).encode()) + int(row[GONE])
