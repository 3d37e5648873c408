"""The cache of customers with their age, in one SQLite file that may be deleted."""

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from taptill.customer_cache.file import CacheFile
from taptill.customer_cache.names import read_names
from taptill.customer_cache.rows import (
    GONE,
    IS_GONE,
    MISSED,
    NAMES,
    PRESENT,
    UPDATED_AT,
    UPDATED_US,
    Row,
    SeenAt,
    from_row,
    same_content,
    seen_at,
    to_row,
    verify_checksum,
    with_checksum,
    without_checksum,
    without_names,
)
from taptill.customer_cache.schema import SPELLED_AS
from taptill.customer_cache.spelling import find_by_spelling, learn
from taptill.domain.card_id import CardId
from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, older, stamp
from taptill.domain.decision import Ambiguous, Found, LookupResult, Unreachable
from taptill.domain.errors import CacheError
from taptill.domain.people.names import NameIndex
from taptill.lookup.sync import Page, SyncProgress

log = logging.getLogger("taptill.cache")

STAMP_AHEAD_MAX = timedelta(days=1)
"""A stamp further in the future is a wrong clock's: believing it would hide all later changes."""

_COLUMNS = ", ".join(f'"{name}"' for name in NAMES)
_PLACEHOLDERS = ", ".join("?" * len(NAMES))
_UPSERT = f"INSERT OR REPLACE INTO customers ({_COLUMNS}) VALUES ({_PLACEHOLDERS})"  # noqa: S608 - constants
_BY_ID = f"SELECT {_COLUMNS} FROM customers WHERE id = ?"  # noqa: S608 - constants
_BY_IDS = f"SELECT {_COLUMNS} FROM customers WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
# The plus: else SQLite's planner writes ?1 for card_id in the other condition too, and scans
_ANY_BY_CARD = f"SELECT {_COLUMNS} FROM customers WHERE {SPELLED_AS} AND +card_id = ?1"  # noqa: S608 - constants
_BY_CARD = f"{_ANY_BY_CARD} AND gone != {IS_GONE} LIMIT 2"
_GONE_BY_CARD = f"{_ANY_BY_CARD} LIMIT 1"
_MISSING = """
UPDATE customers SET "check" = "check" - gone + ?1, gone = ?1
WHERE id > ?2 AND id <= ?3 AND gone BETWEEN ?4 AND ?5
  AND NOT (seen_boot = ?6 AND seen_ms >= ?7) AND id NOT IN (SELECT value FROM json_each(?8))
"""
_GONE_WITH_NAMES = f"""
SELECT {_COLUMNS} FROM customers WHERE id > ? AND id <= ? AND gone = {IS_GONE}
  AND (name != '' OR company != '' OR external_id != '')
"""  # noqa: S608 - constants
_SAVE_SYNC = "INSERT OR REPLACE INTO synced VALUES (?, ?, ?, ?, ?, ?)"
_INT_MAX = 2**63 - 1


class CustomerCache:
    """The last known customers; no fault of the file prevents a look-up or a sale."""

    def __init__(self, path: Path, clock: Clock, kept_fields: frozenset[str]) -> None:
        self._path = path
        self._clock = clock
        self._kept_fields = kept_fields
        self._file = CacheFile(path, clock)
        self._last_sync_read: tuple[sqlite3.Connection, Row | None] | None = None
        self._newest_seen = 0, ""
        """The newest stamp seen since the last sync began: microseconds since 1970, and text."""

    async def find(self, card_id: CardId) -> LookupResult:
        """Return who had this card when last seen; `Unreachable` for an unknown card."""
        try:
            with self._file.reading() as connection:
                rows = connection.execute(_BY_CARD, (card_id,)).fetchall()
                if not rows:  # a card may have gone to somebody else
                    rows = find_by_spelling(connection, card_id)
                    rows = rows or connection.execute(_GONE_BY_CARD, (card_id,)).fetchall()
                if not rows:
                    return Unreachable()
                snapshots = [from_row(row) for row in rows]
                if len(rows) > 1 and rows[1][GONE] != IS_GONE:
                    return Ambiguous()
                age_s = self._age_s(connection, seen_at(rows[0]))
                return Found(snapshots[0], age_s, gone=rows[0][GONE] == IS_GONE)
        except CacheError:
            return Unreachable()

    async def names(self) -> NameIndex:
        """Return the names of all customers but those who are gone, as they are on the disk."""
        return await read_names(self._path)

    def by_ids(self, customer_ids: Sequence[int]) -> list[Found]:
        """Return the customers of these ids who are not gone, in their order."""
        try:
            with self._file.reading() as connection:
                ids = json.dumps([*customer_ids])
                rows = {row[0]: row for row in connection.execute(_BY_IDS, (ids,))}
                return [
                    Found(from_row(row), self._age_s(connection, seen_at(row)))
                    for row in map(rows.get, customer_ids)
                    if row is not None and row[GONE] != IS_GONE
                ]
        except CacheError:
            return []

    def store(self, snapshots: list[Snapshot]) -> None:
        """Store rows as seen now, but never an older stamp over a newer one. Errors are logged."""
        self._store(snapshots)

    async def keep(self, snapshot: Snapshot, *, card_wins: bool = False) -> bool:
        """Store a row as `store` does; return whether the disk has it, once it has.

        Every other row may be lost with the power: it is read again. `card_wins`: card and block go
        into a newer row that is stored, as money that was read meanwhile brings no card back.
        """
        stored = self.by_ids([snapshot.customer.id]) if card_wins else []
        is_kept = self._store([_with_newer(snapshot, stored)]) and await self._file.flush()
        if not is_kept:
            log.warning("cache.not_on_disk")
        return is_kept

    def _store(self, snapshots: list[Snapshot]) -> bool:
        """Store rows as `store` does; return whether that could be done."""
        try:
            with self._file.transaction() as connection:
                newer = self._newer_rows(connection, snapshots)
                connection.executemany(_UPSERT, [row for row, _ in newer])
        except CacheError as fault:
            log.warning("cache.not_kept", extra={"detail": str(fault.fields["detail"])})
            return False
        return True

    def learn_spelling(self, card_id: CardId, customer_card: CardId | None) -> None:
        """Learn from a live answer how the backend compares cards. Errors are only logged."""
        if card_id == customer_card:
            return
        try:
            with self._file.transaction() as connection:
                learn(connection, card_id, customer_card)
        except CacheError as fault:
            log.warning("cache.not_learnt", extra={"detail": str(fault.fields["detail"])})

    def newest_stamp(self, customer_id: int) -> str:
        """Return the newest `updatedAt` seen of a customer; empty without any."""
        try:
            with self._file.reading() as connection:
                row = connection.execute(_BY_ID, (customer_id,)).fetchone()
        except CacheError:
            return ""
        return str(row[UPDATED_AT]) if row else ""

    def sync_progress(self) -> SyncProgress:
        """Return how complete the cache is; a sync begins with it. Errors: CacheError."""
        self._newest_seen = 0, ""  # a backend that was restored has older ones
        with self._file.reading() as connection:
            any_sync = _last_sync(connection, "any")
            newest = any_sync[-1] if any_sync else ""
            return SyncProgress(self._synced_age_s(connection, "full"), newest)

    def store_page(self, page: Page, after_id: int, full_since: float | None) -> bool:
        """Store changed rows, and in a full sync mark who is missing; errors: CacheError.

        See `SyncSink.store_page`. An unchanged row is not written: `complete` records the age of
        all rows at once.
        """
        if full_since is not None:
            self._file.ensure_opened_before(full_since)
        with self._file.transaction() as connection:
            newer = self._newer_rows(connection, list(page.snapshots))
            changed_rows = [row for row, stored_row in newer if not same_content(row, stored_row)]
            connection.executemany(_UPSERT, changed_rows)
            if full_since is None:
                return False
            return self._mark_missing(connection, page, after_id, full_since)

    def complete(self, began_s: float, *, full: bool) -> None:
        """Record a complete sync; errors: CacheError, also where the file was replaced meanwhile.

        Rows that the backend wrote while the sync ran may be missing. So the stamp that the next
        delta starts from is the newest one seen less the duration of this sync.
        """
        self._file.reopen_in_place()
        self._file.ensure_opened_before(began_s)
        boot_id, _ = self._clock.boot()
        duration = timedelta(seconds=self._clock.monotonic() - began_s)
        at = _earlier(self._trusted_now(), duration)
        with self._file.transaction() as connection:
            stamps = [_earlier(self._newest_seen[1], duration)]
            if not full and (last_sync := _last_sync(connection, "any")):
                stamps.append(last_sync[-1])
            row = (
                boot_id,
                _uptime_ms(self._clock, began_s),
                at,
                _newest_believed(stamps, self._stamp_max_us()),
            )
            keys = ("any", "full") if full else ("any",)
            self._last_sync_read = None
            connection.executemany(_SAVE_SYNC, [with_checksum((key, *row)) for key in keys])
        self._file.release_memory()

    @asynccontextmanager
    async def one_commit(self) -> AsyncIterator[None]:
        """Commit all that is stored in this block at its end, then shorten a long log in a thread.

        Errors: CacheError, also where the file was replaced meanwhile.
        """
        with self._file.one_commit():
            yield
        await self._file.checkpoint()

    def age_s(self) -> float | None:
        """Return the greatest age that a row of the cache may have; None: unknown."""
        try:
            with self._file.reading() as connection:
                return self._synced_age_s(connection, "any")
        except CacheError:
            return None

    def count(self) -> int:
        """Return the number of customers that are not gone; errors: CacheError."""
        with self._file.reading() as connection:
            query = "SELECT count(*) FROM customers WHERE gone != ?"
            return int(connection.execute(query, (IS_GONE,)).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _newer_rows(
        self, connection: sqlite3.Connection, snapshots: Sequence[Snapshot]
    ) -> list[tuple[Row, Row | None]]:
        """Return the rows to store, each with the stored row; rows older than that are left out."""
        seen_now = (*self._clock.boot(), self._trusted_now())
        stamp_max_us = self._stamp_max_us()
        ids = json.dumps([item.customer.id for item in snapshots])
        stored_rows = {row[0]: row for row in connection.execute(_BY_IDS, (ids,))}
        newer_rows = []
        for snapshot in snapshots:
            row = to_row(snapshot, self._kept_fields, seen_now)
            if self._newest_seen[0] < row[UPDATED_US] <= stamp_max_us:
                self._newest_seen = row[UPDATED_US], row[UPDATED_AT]
            stored_row = stored_rows.get(snapshot.customer.id)
            if stored_row is not None:
                verify_checksum(stored_row)
                plausible = stored_row[UPDATED_US] <= stamp_max_us and stored_row[GONE] != IS_GONE
                if plausible and older(snapshot.updated_at, stored_row[UPDATED_AT]):
                    continue
            newer_rows.append((row, stored_row))
        return newer_rows

    def _mark_missing(
        self, connection: sqlite3.Connection, page: Page, after_id: int, full_since: float
    ) -> bool:
        """Mark customers that are in no page; return whether any is missing for the first time.

        Who is gone loses the name; the card stays, so that a tap of it is answered as it should be.
        """
        boot_id, _ = self._clock.boot()
        last_id = page.ids[-1] if page.ids else _INT_MAX
        unseen = (boot_id, _uptime_ms(self._clock, full_since), json.dumps(page.ids))
        from_state = MISSED if page.ids else PRESENT
        connection.execute(_MISSING, (IS_GONE, after_id, last_id, from_state, MISSED, *unseen))
        gone_rows = connection.execute(_GONE_WITH_NAMES, (after_id, last_id)).fetchall()
        connection.executemany(_UPSERT, map(without_names, gone_rows))
        newly_missing = connection.execute(
            _MISSING, (MISSED, after_id, last_id, PRESENT, PRESENT, *unseen)
        )
        return newly_missing.rowcount > 0

    def _age_s(self, connection: sqlite3.Connection, row_seen_at: SeenAt) -> float | None:
        """Return the age of the row's own sight or of the last complete sync, the lesser one."""
        age_s = self._age_since_s(*row_seen_at)
        last_sync = self._last_any_sync(connection)
        synced_age_s = self._age_since_s(*last_sync[:-1]) if last_sync else None
        if age_s is None or synced_age_s is None:
            return synced_age_s if age_s is None else age_s
        return min(age_s, synced_age_s)

    def _synced_age_s(self, connection: sqlite3.Connection, key: str) -> float | None:
        row = _last_sync(connection, key)
        return self._age_since_s(*row[:-1]) if row else None

    def _last_any_sync(self, connection: sqlite3.Connection) -> Row | None:
        """Return the last sync of any kind, which is read once a sync and not at each look-up."""
        if self._last_sync_read is None or self._last_sync_read[0] is not connection:
            self._last_sync_read = connection, _last_sync(connection, "any")
        return self._last_sync_read[1]

    def _age_since_s(self, boot_id: str, uptime_ms: int, at: str) -> float | None:
        """Return an age by uptime within a boot, by trusted wall time across boots, or None."""
        now_boot, now_ms = self._clock.boot()
        if boot_id == now_boot:
            return max(0, now_ms - uptime_ms) / 1000
        then, now = stamp(at), stamp(self._trusted_now())
        if then is None or now is None or now < then:
            return None
        return (now - then).total_seconds()

    def _stamp_max_us(self) -> int:
        """Return the latest stamp of a backend that is believed, in microseconds since 1970."""
        now = stamp(self._trusted_now())
        return int((now + STAMP_AHEAD_MAX).timestamp() * 1_000_000) if now else _INT_MAX

    def _trusted_now(self) -> str:
        return self._clock.now() if self._clock.trusted() else ""


def _with_newer(snapshot: Snapshot, stored: Sequence[Found]) -> Snapshot:
    """Return a row, or a newer one that is stored with this one's card and block."""
    newer = stored[0].snapshot if stored else snapshot
    if not older(snapshot.updated_at, newer.updated_at):
        return snapshot
    card_id, blocked = snapshot.customer.card_id, snapshot.customer.blocked
    return replace(newer, customer=replace(newer.customer, card_id=card_id, blocked=blocked))


def _last_sync(connection: sqlite3.Connection, key: str) -> Row | None:
    """Return boot id, uptime, wall time and newest stamp of the last sync of this kind."""
    row = connection.execute("SELECT * FROM synced WHERE key = ?", (key,)).fetchone()
    return without_checksum(row)[1:] if row else None


def _earlier(at: str, by: timedelta) -> str:
    instant = stamp(at)
    return (instant - by).isoformat() if instant else ""


def _newest_believed(stamps: Sequence[str], us_max: int) -> str:
    """Return the newest of these stamps that is not later than a time; empty if there is none."""
    texts = {instant.timestamp(): text for text in stamps if (instant := stamp(text))}
    believed = [instant_s for instant_s in texts if instant_s * 1_000_000 <= us_max]
    return texts[max(believed)] if believed else ""


def _uptime_ms(clock: Clock, monotonic_s: float) -> int:
    """Return a monotonic time of this boot in milliseconds since it began."""
    _, uptime_ms = clock.boot()
    return uptime_ms - int((clock.monotonic() - monotonic_s) * 1000)
