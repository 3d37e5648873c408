"""The tables of the cache's file, and opening it."""

import sqlite3
from pathlib import Path
from typing import Any

VERSION = 4

FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite may raise: the error message of a damaged schema may itself be no text."""

OPEN_S = 1.0
BUSY_S = 0.05
"""How long another program, a person's `sqlite3` for example, may lock the file."""

WAL_PAGES_MAX = 10_000
"""While nobody calls `CacheFile.checkpoint`, SQLite itself moves so many pages into the file."""


CUSTOMERS: dict[str, Any] = {
    "id": int,
    "card_id": str,
    "name": str,
    "company": str,
    "blocked": int,
    "credit_allowed": int,
    "is_default": int,
    "external_id": str,
    "total": str,
    "updated_at": str,
    "updated_us": int,
    "version": int,
    "marks": str,
    "gone": int,
    "seen_boot": str,
    "seen_ms": int,
    "seen_at": str,
    "check": int,
}
"""Columns: a customer's snapshot, whether it is gone, when it was last seen, and a checksum."""

SPELLED = "lower(trim(card_id))"
"""The same text for cards that differ in spelling alone; SQLite's `lower` knows ASCII only.

Its index serves every look-up by card: an index of the cards as they are written would find nobody
else, and would double what a full sync writes, as cards are spread over all its pages.
"""

SPELLED_AS = f"{SPELLED} = lower(trim(?1))"
"""The condition for the cards that may be meant by one; the exact one is among them."""

TOLD_BY_CAPITALS = (
    "card_id != upper(card_id) AND card_id != lower(card_id) AND card_id GLOB '*[^0-9A-Fa-f: -]*'"
)
"""Cards in mixed letters that are not base 16; `card_id.tells_by_capitals` in SQL."""

BY_CAPITALS = "customers_by_capitals"
"""The index of these cards alone, which is empty on nearly every site."""

_INDEXES = (
    "DROP INDEX IF EXISTS idx_customers_card_id",
    "DROP INDEX IF EXISTS idx_customers_updated_us",
    f"CREATE INDEX IF NOT EXISTS customers_spelled ON customers ({SPELLED})",
    f"CREATE INDEX IF NOT EXISTS {BY_CAPITALS} ON customers (id) WHERE {TOLD_BY_CAPITALS}",
)

_SYNCED = {"key": str, "boot_id": str, "uptime_ms": int, "at": str, "stamp": str, "check": int}


def open_file(path: Path | str, wait_s: float = OPEN_S) -> sqlite3.Connection:
    """Open the cache; one of another version is emptied. Errors: FAULTS."""
    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")  # a name that was removed is overwritten
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            _create(connection)
        for change in _INDEXES:  # a cache of an earlier release may have others
            connection.execute(change)
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX}")
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
    except FAULTS:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    # importing sqlite-utils takes a tenth of a second, which only a new cache pays
    from sqlite_utils import Database  # noqa: PLC0415

    database = Database(connection)
    with connection:
        connection.execute("BEGIN")
        for name in ("customers", "synced"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        customer_table: Any = database["customers"]
        customer_table.create(CUSTOMERS, pk="id")
        sync_table: Any = database["synced"]
        sync_table.create(_SYNCED, pk="key")
        connection.execute(f"PRAGMA user_version = {VERSION}")
