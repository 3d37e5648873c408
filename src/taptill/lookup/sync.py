"""Pages of the live source in, a filled cache out: keyset paging, full and delta (3.6)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, stamp
from taptill.domain.errors import BackendError, MalformedError, RefusedError

log = logging.getLogger("taptill.sync")

OVERLAP = timedelta(minutes=2)
"""A delta starts this much before the newest stamp seen: rows commit out of order."""

RETRY_S = 5.0
RETRY_MAX_S = 60.0
PAGES_MAX = 1_000_000


class PageSource(Protocol):
    """Where pages come from."""

    async def page(self, after_id: int, limit: int, since: str = "") -> list[Snapshot]:
        """Give customers with larger ids, changed after `since`, in order of id."""


class SyncSink(Protocol):
    """The cache as sync needs it."""

    def keep(self, snapshots: list[Snapshot]) -> None:
        """Keep a page in one transaction."""

    def newest_stamp(self) -> str:
        """Give the newest `updatedAt` of all rows, empty without any."""

    def complete(self, began: float, *, full: bool) -> None:
        """Note that a sync that began at this monotonic time has seen all rows."""

    def full_age_s(self) -> float | None:
        """Tell how long ago the last full sync began; None: never, or unknown."""


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """Page size in rows and the times between syncs in seconds."""

    page_size: int
    sync_s: float
    full_sync_s: float


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
            except BackendError as fault:
                log.warning("sync.failed", extra={"code": fault.code})
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, RETRY_MAX_S)
                continue
            retry_s = RETRY_S
            await asyncio.sleep(self._policy.sync_s)

    async def once(self) -> int:
        """Make one sync, full where one is due; give the number of rows seen."""
        age_s = self._sink.full_age_s()
        newest = self._sink.newest_stamp()
        since = "" if age_s is None or age_s > self._policy.full_sync_s else _before(newest)
        began = self._clock.monotonic()
        seen = await self._pages(since)
        if since or seen:  # an empty answer is no proof that there are no customers
            self._sink.complete(began, full=not since)
        log.info("sync.done", extra={"rows": seen, "full": not since})
        return seen

    async def _pages(self, since: str) -> int:
        after_id, seen = 0, 0
        for _ in range(PAGES_MAX):
            page = await self._source.page(after_id, self._policy.page_size, since)
            if not page:
                return seen
            ids = [snapshot.customer.id for snapshot in page]
            if min(ids) <= after_id or ids != sorted(set(ids)):
                raise MalformedError(detail="pages repeat or are out of order: no keyset paging")
            self._sink.keep(page)
            for snapshot in page:
                await self._sighted(snapshot)
            after_id, seen = ids[-1], seen + len(page)
            await asyncio.sleep(0)  # taps come first
        raise RefusedError(status=200, detail="more pages than any site has customers")


def _before(newest: str) -> str:
    """Give the stamp to ask from: the newest one less the overlap, empty if unreadable."""
    read = stamp(newest)
    return (read - OVERLAP).isoformat() if read else ""
