"""Snapshots in, cached customers with their age out: one SQLite file that may be deleted."""

import json
import logging
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

from taptill.domain.card_id import CardId
from taptill.domain.clock import Clock
from taptill.domain.customer import Customer, Snapshot, older, stamp
from taptill.domain.decision import Ambiguous, Finding, Known, Unreachable
from taptill.domain.mark import KEY, read_marks

log = logging.getLogger("taptill.cache")

VERSION = 1

_CUSTOMERS: dict[str, Any] = {
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
_NAMES = ", ".join(_CUSTOMERS)
_PLACES = ", ".join("?" * len(_CUSTOMERS))
_UPSERT = f"INSERT OR REPLACE INTO customers ({_NAMES}) VALUES ({_PLACES})"  # noqa: S608 - constants


class CustomerCache:
    """The last known customers; a damaged file is set aside and a new one begun.

    Losing power may lose the last seconds of it (synchronous NORMAL): it is only a cache.
    """

    def __init__(self, path: Path, clock: Clock, kept_fields: frozenset[str]) -> None:
        self._clock = clock
        self._kept_fields = kept_fields
        try:
            self._connection = _open(path)
        except sqlite3.DatabaseError:
            log.warning("cache.rebuilt")
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
            self._connection = _open(path)

    async def find(self, card_id: CardId) -> Finding:
        """Give who had this card when last seen; `Unreachable` for a card it does not know."""
        query = f"SELECT {_NAMES} FROM customers WHERE card_id = ? LIMIT 3"  # noqa: S608 - constants
        rows = self._connection.execute(query, (card_id,)).fetchall()
        present = [row for row in rows if not row[12]] or rows
        if not present:
            return Unreachable()
        if len(present) > 1:
            return Ambiguous()
        row = present[0]
        return Known(_snapshot(row), self._age_s(row[13:16]), gone=bool(row[12]))

    def keep(self, snapshots: list[Snapshot]) -> None:
        """Keep rows as seen now, in one transaction; an older stamp never replaces a newer."""
        now = (*self._clock.boot(), self._trusted_now())
        with self._connection:
            self._connection.execute("BEGIN")
            for snapshot in snapshots:
                known = self._connection.execute(
                    "SELECT updated_at FROM customers WHERE id = ?", (snapshot.customer.id,)
                ).fetchone()
                if known is None or not older(snapshot.updated_at, known[0]):
                    row = (*self._row(snapshot), 0, *now)
                    self._connection.execute(_UPSERT, row)

    def newest_stamp(self) -> str:
        """Give the newest `updatedAt` of all rows, empty without any."""
        row = self._connection.execute(
            "SELECT updated_at FROM customers ORDER BY updated_us DESC LIMIT 1"
        ).fetchone()
        return row[0] if row else ""

    def complete(self, began: float, *, full: bool) -> None:
        """Note a complete sync; after a full one, rows that it did not see are *gone*."""
        boot_id, uptime_ms = self._clock.boot()
        began_ms = uptime_ms - int((self._clock.monotonic() - began) * 1000)
        with self._connection:
            self._connection.execute("BEGIN")
            if full:
                self._connection.execute(
                    "UPDATE customers SET gone = 1 "
                    "WHERE gone = 0 AND (seen_boot != ? OR seen_ms < ?)",
                    (boot_id, began_ms),
                )
            for key in ("any", "full") if full else ("any",):
                self._connection.execute(
                    "INSERT OR REPLACE INTO synced (key, boot_id, uptime_ms, at) "
                    "VALUES (?, ?, ?, ?)",
                    (key, boot_id, began_ms, self._trusted_now()),
                )

    def full_age_s(self) -> float | None:
        """Tell how long ago the last full sync began; None: never, or in another boot."""
        return self._synced_age_s("full")

    def age_s(self) -> float | None:
        """Tell how old the whole cache is at most; None: unknown."""
        return self._synced_age_s("any")

    def count(self) -> int:
        """Count the customers that are not gone."""
        query = "SELECT count(*) FROM customers WHERE gone = 0"
        return int(self._connection.execute(query).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _row(self, snapshot: Snapshot) -> tuple[Any, ...]:
        customer = snapshot.customer
        read = stamp(snapshot.updated_at)
        ours = {KEY: snapshot.marks.found[KEY]} if KEY in snapshot.marks.found else {}
        return (
            customer.id,
            customer.card_id,
            customer.name if "name" in self._kept_fields else "",
            customer.company if "company" in self._kept_fields else "",
            customer.blocked,
            customer.credit_allowed,
            customer.is_default,
            str(snapshot.total),
            snapshot.updated_at,
            int(read.timestamp() * 1_000_000) if read else 0,
            snapshot.version,
            json.dumps(ours, default=str),
        )

    def _age_s(self, seen: tuple[str, int, str]) -> float | None:
        """Count from the row's own last sight or the last complete sync, the later one."""
        ages = [self._since_s(*seen), self.age_s()]
        known = [age for age in ages if age is not None]
        return min(known) if known else None

    def _synced_age_s(self, key: str) -> float | None:
        row = self._connection.execute(
            "SELECT boot_id, uptime_ms, at FROM synced WHERE key = ?", (key,)
        ).fetchone()
        return self._since_s(*row) if row else None

    def _since_s(self, boot_id: str, uptime_ms: int, at: str) -> float | None:
        """Give an age within a boot by uptime, across boots by trusted wall time, or None."""
        now_boot, now_ms = self._clock.boot()
        if boot_id == now_boot:
            return max(0, now_ms - uptime_ms) / 1000
        then, now = stamp(at), stamp(self._trusted_now())
        if then is None or now is None or now < then:
            return None
        return (now - then).total_seconds()

    def _trusted_now(self) -> str:
        return self._clock.now() if self._clock.trusted() else ""


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        _create(connection)
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
        table.create(_CUSTOMERS, pk="id")
        table.create_index(["card_id"])
        table.create_index(["updated_us"])
        synced: Any = database["synced"]
        synced.create({"key": str, "boot_id": str, "uptime_ms": int, "at": str}, pk="key")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _snapshot(row: tuple[Any, ...]) -> Snapshot:
    customer_id, card_id, name, company, blocked, credit_allowed, is_default = row[:7]
    return Snapshot(
        Customer(
            customer_id,
            name,
            company,
            CardId(card_id),
            bool(blocked),
            bool(credit_allowed),
            bool(is_default),
        ),
        Decimal(row[7]),
        row[8],
        row[10],
        read_marks(row[11]),
    )
