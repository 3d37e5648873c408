"""Snapshots in, cached customers with their age out: one SQLite file that may be deleted."""

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from taptill.customer_cache.schema import CUSTOMERS, open_file
from taptill.domain.card_id import CardId
from taptill.domain.clock import Clock
from taptill.domain.customer import Customer, Snapshot, older, stamp
from taptill.domain.decision import Ambiguous, Finding, Known, Unreachable
from taptill.domain.errors import CacheError
from taptill.domain.mark import KEY, read_marks
from taptill.lookup.sync import Page, Synced

log = logging.getLogger("taptill.cache")

_CONTENT = tuple(CUSTOMERS)[: tuple(CUSTOMERS).index("gone") + 1]
_NAMES = ", ".join(CUSTOMERS)
_PLACES = ", ".join("?" * len(CUSTOMERS))
_UPSERT = f"INSERT OR REPLACE INTO customers ({_NAMES}) VALUES ({_PLACES})"  # noqa: S608 - constants
_KNOWN = f"SELECT {', '.join(_CONTENT)} FROM customers WHERE id = ?"  # noqa: S608 - constants
_UPDATED_AT = _CONTENT.index("updated_at")
_GONE = _CONTENT.index("gone")
_PRESENT = (
    "SELECT id FROM customers WHERE id > ? AND id <= ? AND gone = 0 "
    "AND NOT (seen_boot = ? AND seen_ms >= ?)"
)
_ID_MAX = 2**63 - 1


class CustomerCache:
    """The last known customers; a damaged file is set aside and a new one begun.

    Losing power may lose the last seconds of it (synchronous NORMAL): it is only a cache, and a
    disk that takes nothing more hinders no look-up. Errors: CacheError where it cannot be opened.
    """

    def __init__(self, path: Path, clock: Clock, kept_fields: frozenset[str]) -> None:
        self._path = path
        self._clock = clock
        self._kept_fields = kept_fields
        try:
            self._connection = open_file(path)
        except sqlite3.OperationalError as fault:
            raise CacheError(path=path, detail=fault) from fault
        except sqlite3.DatabaseError:
            self._begin_anew()

    async def find(self, card_id: CardId) -> Finding:
        """Give who had this card when last seen; `Unreachable` for a card it does not know."""
        query = f"SELECT {_NAMES} FROM customers WHERE card_id = ? ORDER BY gone LIMIT 2"  # noqa: S608 - constants
        try:
            with self._guarded():
                rows = self._connection.execute(query, (card_id,)).fetchall()
                if not rows:
                    return Unreachable()
                if len(rows) > 1 and not rows[1][_GONE]:
                    return Ambiguous()
                age_s = self._age_s(rows[0][_GONE + 1 :])
                return Known(_snapshot(rows[0]), age_s, gone=bool(rows[0][_GONE]))
        except CacheError:
            return Unreachable()

    def keep(self, snapshots: list[Snapshot]) -> None:
        """Keep rows as seen now; an older stamp never replaces a newer. Trouble is logged only."""
        try:
            with self._transaction():
                self._write(self._newer(snapshots))
        except CacheError as fault:
            log.warning("cache.not_kept", extra={"detail": str(fault.fields["detail"])})

    def stamp_of(self, customer_id: int) -> str:
        """Give the newest `updatedAt` seen of a customer; empty without any."""
        try:
            with self._guarded():
                row = self._connection.execute(_KNOWN, (customer_id,)).fetchone()
        except CacheError:
            return ""
        return str(row[_UPDATED_AT]) if row else ""

    def synced(self) -> Synced:
        """Tell how far the cache is; errors: CacheError."""
        with self._guarded():
            query = "SELECT stamp FROM synced WHERE key = 'any'"
            row = self._connection.execute(query).fetchone()
            return Synced(self._synced_age_s("full"), row[0] if row else "")

    def keep_page(self, page: Page, after_id: int, full_since: float | None) -> None:
        """Keep what changed of a page, and in a full sync what is gone; errors: CacheError.

        A row that is as it was is not written: the age of all is kept once, by `complete`.
        """
        with self._transaction():
            newer = self._newer(page.snapshots)
            self._write([(row, known) for row, known in newer if row != known])
            if full_since is not None:
                self._mark_gone(page, after_id, full_since)

    def complete(self, began: float, *, full: bool) -> None:
        """Note a complete sync; errors: CacheError.

        What the backend wrote while the sync ran may be missing: the stamp that the next delta
        starts from is the newest one, less the time that the sync took.
        """
        boot_id, _ = self._clock.boot()
        took = timedelta(seconds=self._clock.monotonic() - began)
        at = _earlier(self._trusted_now(), took)
        with self._transaction():
            query = "SELECT updated_at FROM customers ORDER BY updated_us DESC LIMIT 1"
            newest = self._connection.execute(query).fetchone()
            row = (boot_id, self._ms_of(began), at, _earlier(newest[0], took) if newest else "")
            self._connection.executemany(
                "INSERT OR REPLACE INTO synced (key, boot_id, uptime_ms, at, stamp) "
                "VALUES (?, ?, ?, ?, ?)",
                [(key, *row) for key in (("any", "full") if full else ("any",))],
            )

    def age_s(self) -> float | None:
        """Tell how old the whole cache is at most; None: unknown."""
        try:
            with self._guarded():
                return self._synced_age_s("any")
        except CacheError:
            return None

    def count(self) -> int:
        """Count the customers that are not gone; errors: CacheError."""
        with self._guarded():
            query = "SELECT count(*) FROM customers WHERE gone = 0"
            return int(self._connection.execute(query).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _newer(
        self, snapshots: Iterable[Snapshot]
    ) -> list[tuple[tuple[Any, ...], tuple[Any, ...] | None]]:
        """Give the rows to keep, each with what is known of it; an old copy is not among them."""
        found = []
        for snapshot in snapshots:
            known = self._connection.execute(_KNOWN, (snapshot.customer.id,)).fetchone()
            if known is None or not older(snapshot.updated_at, known[_UPDATED_AT]):
                found.append((self._row(snapshot), known))
        return found

    def _write(self, rows: list[tuple[tuple[Any, ...], tuple[Any, ...] | None]]) -> None:
        now = (*self._clock.boot(), self._trusted_now())
        self._connection.executemany(_UPSERT, [(*row, *now) for row, _ in rows])

    def _mark_gone(self, page: Page, after_id: int, full_since: float) -> None:
        boot_id, _ = self._clock.boot()
        last_id = page.ids[-1] if page.ids else _ID_MAX
        bounds = (after_id, last_id, boot_id, self._ms_of(full_since))
        present = {row[0] for row in self._connection.execute(_PRESENT, bounds)}
        gone = [(one,) for one in present.difference(page.ids)]
        self._connection.executemany("UPDATE customers SET gone = 1 WHERE id = ?", gone)

    def _ms_of(self, monotonic_s: float) -> int:
        """Give a monotonic time of this boot as milliseconds since it began."""
        _, uptime_ms = self._clock.boot()
        return uptime_ms - int((self._clock.monotonic() - monotonic_s) * 1000)

    def _row(self, snapshot: Snapshot) -> tuple[Any, ...]:
        customer = snapshot.customer
        read = stamp(snapshot.updated_at)
        ours = {KEY: snapshot.marks.found[KEY]} if KEY in snapshot.marks.found else {}
        return (
            customer.id,
            customer.card_id,
            customer.name if "name" in self._kept_fields else "",
            customer.company if "company" in self._kept_fields else "",
            int(customer.blocked),
            int(customer.credit_allowed),
            int(customer.is_default),
            str(snapshot.total),
            snapshot.updated_at,
            int(read.timestamp() * 1_000_000) if read else 0,
            snapshot.version,
            json.dumps(ours, default=str),
            0,
        )

    def _age_s(self, seen: tuple[str, int, str]) -> float | None:
        """Count from the row's own last sight or the last complete sync, the later one."""
        ages = [self._since_s(*seen), self._synced_age_s("any")]
        known = [age for age in ages if age is not None]
        return min(known) if known else None

    def _synced_age_s(self, key: str) -> float | None:
        query = "SELECT boot_id, uptime_ms, at FROM synced WHERE key = ?"
        row = self._connection.execute(query, (key,)).fetchone()
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

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded(), self._connection:
            self._connection.execute("BEGIN")
            yield

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn SQLite's errors into CacheError, and begin a damaged file anew."""
        try:
            yield
        except sqlite3.OperationalError as fault:  # a full disk, a busy file: it may pass
            raise CacheError(path=self._path, detail=fault) from fault
        except sqlite3.DatabaseError as fault:
            self._connection.close()
            self._begin_anew()
            raise CacheError(path=self._path, detail=fault) from fault

    def _begin_anew(self) -> None:
        log.warning("cache.rebuilt")
        try:
            for name in (self._path.name, f"{self._path.name}-wal", f"{self._path.name}-shm"):
                self._path.with_name(name).unlink(missing_ok=True)
            self._connection = open_file(self._path)
        except (OSError, sqlite3.Error) as fault:
            raise CacheError(path=self._path, detail=fault) from fault


def _earlier(at: str, by: timedelta) -> str:
    read = stamp(at)
    return (read - by).isoformat() if read else ""


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
        read_marks(json.loads(row[11])),
    )
