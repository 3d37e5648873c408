"""Pages of the live source in, a filled cache out: keyset paging, full and delta (3.6)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Protocol

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, stamp
from taptill.domain.errors import MalformedError, TaptillError

log = logging.getLogger("taptill.sync")

OVERLAP = timedelta(minutes=2)
"""A delta starts this much before the newest stamp seen: rows commit out of order."""

RETRY_S = 5.0
RETRY_MAX_S = 60.0
PAGES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the ids of all rows in it, and those rows that could be read."""

    ids: tuple[int, ...]
    snapshots: Sequence[Snapshot]


class PageSource(Protocol):
    """Where pages come from."""

    async def page(self, after_id: int, limit: int, since: str = "") -> Page:
        """Give customers with larger ids, changed after `since`, in order of id."""


@dataclass(frozen=True, slots=True)
class Synced:
    """How far the cache is, before a sync.

    `full_age_s`: how long ago the last full sync began, None: never, or unknown. `stamp`: all
    that the backend wrote up to this `updatedAt` is in the cache, empty where nothing is known.
    """

    full_age_s: float | None
    stamp: str


class SyncSink(Protocol):
    """The cache as sync needs it."""

    def synced(self) -> Synced:
        """Tell how far the cache is."""

    def keep_page(self, page: Page, after_id: int, full_since: float | None) -> None:
        """Keep what changed of a page in one transaction.

        In a full sync that began at the monotonic time `full_since`, customers with ids beyond
        `after_id` and up to the page's last (an empty page: to the end) that are neither in the
        page nor seen since are *gone*.
        """

    def complete(self, began: float, *, full: bool) -> None:
        """Note that a sync that began at this monotonic time has seen all rows."""


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """Page size in rows, the times between syncs in seconds, and when a sync has no end."""

    page_size: int
    sync_s: float
    full_sync_s: float
    pages_max: int = PAGES_MAX


class Sync:
    """Keeps the cache near the backend: full at first and once a day, delta in between."""

    def __init__(
        self,
        source: PageSource,
        sink: SyncSink,
        clock: Clock,
        policy: SyncPolicy,
        sighted: Callable[[Snapshot], Awaitable[None]],
    ) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        self._policy = policy
        self._sighted = sighted

    async def run(self) -> None:
        """Sync until cancelled; an error is retried, a till sells on what it has."""
        retry_s = RETRY_S
        while True:
            try:
                await self.once()
            except TaptillError as fault:
                log.warning("sync.failed", extra={"code": fault.code})
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, RETRY_MAX_S)
                continue
            retry_s = RETRY_S
            await asyncio.sleep(self._policy.sync_s)

    async def once(self) -> int:
        """Make one sync, full where one is due; give the number of rows seen."""
        synced = self._sink.synced()
        due = synced.full_age_s is None or synced.full_age_s > self._policy.full_sync_s
        since = "" if due else _before(synced.stamp)
        began = self._clock.monotonic()
        seen = await self._pages(since, None if since else began)
        if since or seen:  # an empty answer is no proof that there are no customers
            self._sink.complete(began, full=not since)
        log.info("sync.done", extra={"rows": seen, "full": not since})
        return seen

    async def _pages(self, since: str, full_since: float | None) -> int:
        after_id, seen = 0, 0
        for _ in range(self._policy.pages_max):
            page = await self._source.page(after_id, self._policy.page_size, since)
            if not page.ids and not seen:
                return 0
            if page.ids and (page.ids[0] <= after_id or not _in_order(page.ids)):
                raise MalformedError(detail="pages repeat or are out of order: no keyset paging")
            self._sink.keep_page(page, after_id, full_since)
            if not page.ids:
                return seen
            for snapshot in page.snapshots:
                await self._sighted(snapshot)
            after_id, seen = page.ids[-1], seen + len(page.ids)
            await asyncio.sleep(0)  # taps come first
        raise MalformedError(detail="more pages than any site has customers")


def _in_order(ids: Sequence[int]) -> bool:
    return all(left < right for left, right in pairwise(ids))


def _before(newest: str) -> str:
    """Give the stamp to ask from: the newest one less the overlap, empty if unreadable."""
    read = stamp(newest)
    return (read - OVERLAP).isoformat() if read else ""
