"""Pages of the live source in, a filled cache out: keyset paging, full and delta."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Protocol

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, stamp
from taptill.domain.errors import CacheError, MalformedError, TaptillError
from taptill.domain.technical.backoff import Backoff

log = logging.getLogger("taptill.sync")

OVERLAP = timedelta(minutes=2)
"""A delta starts this much before the newest stamp seen: rows commit out of order."""

RETRY_S = 5.0
RETRY_MAX_S = 60.0
BACKOFF = Backoff.doubling(RETRY_S, RETRY_MAX_S)
PAGES_MAX = 1_000_000
KEPT_AT_ONCE = 200
"""A larger page is kept in parts of so many rows, as taps wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the ids of all rows in it, and those rows that could be read."""

    ids: tuple[int, ...]
    snapshots: Sequence[Snapshot]

    def __len__(self) -> int:
        return len(self.ids)


NOTHING = Page((), ())


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

    def keep_page(self, page: Page, after_id: int, full_since: float | None) -> bool:
        """Keep what changed of a page in one transaction.

        In a full sync that began at the monotonic time `full_since`, customers with ids beyond
        `after_id` and up to the page's last (an empty page: to the end) that are neither in the
        page nor seen since are missing; who was missing before, or is beyond an empty page, is
        *gone*. True: somebody is missing for the first time, so that the page is to be read again.
        """

    def complete(self, began: float, *, full: bool) -> None:
        """Note that a sync that began at this monotonic time has seen all rows."""

    async def rest(self) -> None:
        """Do between two pages what takes time."""


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """Page size in rows, the times between syncs in seconds, and when a sync has no end."""

    page_size: int
    sync_s: float
    full_sync_s: float
    pages_max: int = PAGES_MAX


@dataclass(slots=True)
class _Round:
    """One sync, and how far it has come: after an error it goes on from there, if it can."""

    since: str
    began: float
    after_id: int = 0
    seen: int = 0
    last_len: int = 0
    pages: int = 0
    goes_on: bool = True

    @property
    def full_since(self) -> float | None:
        return None if self.since else self.began


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
        self._cut_off: _Round | None = None
        self._pages_kept = 0
        self._returned = asyncio.Event()

    def returned(self) -> None:
        """Learn that the backend answers again: what failed is tried at once."""
        self._returned.set()

    async def run(self) -> None:
        """Sync until cancelled; an error is retried, a till sells on what it has."""
        attempt, woken = 0, False
        while True:
            kept = self._pages_kept
            try:
                await self.once()
            except TaptillError as fault:
                log.warning("sync.failed", extra={"code": fault.code})
                if self._pages_kept > kept:
                    attempt, woken = 0, False
                woken = await self._wait(BACKOFF.delay_s(attempt), wakes=not woken)
                attempt += 1
                continue
            attempt, woken = 0, False
            await asyncio.sleep(self._policy.sync_s)

    async def _wait(self, pause_s: float, *, wakes: bool) -> bool:
        """Wait for the next try; True where the backend's return ended that.

        A backend that answers others and fails whoever it wakes is asked at the usual pace.
        """
        self._returned.clear()
        if not wakes:
            await asyncio.sleep(pause_s)
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._returned.wait()
                return True
        return False

    async def once(self) -> int:
        """Make one sync, full where one is due, or end one that was cut off; give the rows seen."""
        this = self._left_over() or self._begin()
        try:
            await self._read(this)
        except CacheError:
            raise  # what was kept so far may be lost: from the first page
        except TaptillError:
            self._cut_off = this if this.goes_on else None
            raise
        if this.since or this.seen:  # an empty answer is no proof that there are no customers
            self._sink.complete(this.began, full=not this.since)
        log.info("sync.done", extra={"rows": this.seen, "full": not this.since})
        return this.seen

    def _left_over(self) -> _Round | None:
        this, self._cut_off = self._cut_off, None
        if this and self._clock.monotonic() - this.began > self._policy.full_sync_s:
            return None
        return this

    def _begin(self) -> _Round:
        synced = self._sink.synced()
        due = synced.full_age_s is None or synced.full_age_s > self._policy.full_sync_s
        return _Round("" if due else _before(synced.stamp), self._clock.monotonic())

    async def _read(self, this: _Round) -> None:
        while page := await self._page(this.after_id, this) or await self._beyond(this):
            if this.pages >= self._policy.pages_max:
                this.goes_on = False
                raise MalformedError(detail="more pages than any site has customers")
            if await self._keep(page, this):
                await self._keep(await self._page(this.after_id, this), this)
            this.after_id, this.seen = page.ids[-1], this.seen + len(page)
            this.pages, this.last_len = this.pages + 1, len(page)
            self._pages_kept += 1
        if this.seen and not this.since:
            self._sink.keep_page(page, this.after_id, this.began)

    async def _beyond(self, this: _Round) -> Page:
        """Prove an empty answer: who took our rights away shows nothing, either.

        Give what is behind the last row after all; empty at the end. Errors: MalformedError.
        """
        if not this.seen and this.since and not await self._source.page(0, 1):
            raise MalformedError(detail="it shows no customers any more")
        if not this.seen or (this.since and this.last_len < self._policy.page_size):
            return NOTHING
        last = await self._page(this.after_id - 1, this)
        if last.ids[:1] != (this.after_id,):
            this.goes_on = False
            raise MalformedError(detail="the last row is not there any more, nor any behind it")
        return Page(
            last.ids[1:], [one for one in last.snapshots if one.customer.id != this.after_id]
        )

    async def _page(self, after_id: int, this: _Round) -> Page:
        page = await self._source.page(after_id, self._policy.page_size, this.since)
        if page.ids and (page.ids[0] <= after_id or not _in_order(page.ids)):
            raise MalformedError(detail="pages repeat or are out of order: no keyset paging")
        return page

    async def _keep(self, page: Page, this: _Round) -> bool:
        """Keep a page and tell whoever must know; True: it is to be read again."""
        after_id, missed = this.after_id, False
        for part in _parts(page):
            missed |= self._sink.keep_page(part, after_id, this.full_since)
            await asyncio.sleep(0)  # taps come first
            for snapshot in part.snapshots:
                await self._sighted(snapshot)
            await self._sink.rest()
            after_id = part.ids[-1]
        return missed


def _parts(page: Page) -> Iterator[Page]:
    readable = {one.customer.id: one for one in page.snapshots}
    for first in range(0, len(page.ids), KEPT_AT_ONCE):
        ids = page.ids[first : first + KEPT_AT_ONCE]
        yield Page(ids, [readable[one] for one in ids if one in readable])


def _in_order(ids: Sequence[int]) -> bool:
    return all(left < right for left, right in pairwise(ids))


def _before(newest: str) -> str:
    """Give the stamp to ask from: the newest one less the overlap, empty if unreadable."""
    read = stamp(newest)
    return (read - OVERLAP).isoformat() if read else ""
