"""A path in, an open cache of this version's format out."""

import sqlite3
from pathlib import Path
from typing import Any

VERSION = 2

CUSTOMERS: dict[str, Any] = {
    "id": int,
    "card_id": str,
    "name": str,
    "company": str,
    "blocked": int,
    "credit_allowed": int,
    "is_default": int,
    "total": str,
    "updated_at": str,
    "updated_us": int,
    "version": int,
    "marks": str,
    "gone": int,
    "seen_boot": str,
    "seen_ms": int,
    "seen_at": str,
}
"""Columns of a customer's snapshot, whether it is gone, and when it was last seen."""

_SYNCED = {"key": str, "boot_id": str, "uptime_ms": int, "at": str, "stamp": str}


def open_file(path: Path) -> sqlite3.Connection:
    """Open the cache; one of another version is emptied. Errors: sqlite3.DatabaseError."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            _create(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    # sqlite-utils costs a tenth of a second to import, which only a new cache pays.
    from sqlite_utils import Database  # noqa: PLC0415

    database = Database(connection)
    with connection:
        connection.execute("BEGIN")
        for name in ("customers", "synced"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        table: Any = database["customers"]
        table.create(CUSTOMERS, pk="id")
        table.create_index(["card_id"])
        table.create_index(["updated_us"])
        synced: Any = database["synced"]
        synced.create(_SYNCED, pk="key")
        connection.execute(f"PRAGMA user_version = {VERSION}")
