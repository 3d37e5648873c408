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
BATCH_ROWS = 200
"""A larger page is kept in parts of so many rows, as taps wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the ids of all rows in it, and those rows that could be read."""

    ids: tuple[int, ...]
    snapshots: Sequence[Snapshot]

    def __len__(self) -> int:
        return len(self.ids)


EMPTY_PAGE = Page((), ())


class PageSource(Protocol):
    """Where pages come from."""

    async def page(self, after_id: int, limit: int, since: str = "") -> Page:
        """Give customers with larger ids, changed after `since`, in order of id."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far the cache is, before a sync.

    `full_age_s`: how long ago the last full sync began, None: never, or unknown. `stamp`: all
    that the backend wrote up to this `updatedAt` is in the cache, empty where nothing is known.
    """

    full_age_s: float | None
    stamp: str


class SyncSink(Protocol):
    """The cache as sync needs it."""

    def sync_progress(self) -> SyncProgress:
        """Tell how far the cache is."""

    def store_page(self, page: Page, after_id: int, full_since: float | None) -> bool:
        """Keep what changed of a page in one transaction.

        In a full sync that began at the monotonic time `full_since`, customers with ids beyond
        `after_id` and up to the page's last (an empty page: to the end) that are neither in the
        page nor seen since are missing; who was missing before, or is beyond an empty page, is
        *gone*. True: somebody is missing for the first time, so that the page is to be read again.
        """

    def complete(self, began_s: float, *, full: bool) -> None:
        """Note that a sync that began at this monotonic time has seen all rows."""

    async def checkpoint(self) -> None:
        """Do between two pages what takes time."""


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """Page size in rows, the times between syncs in seconds, and when a sync has no end."""

    page_size: int
    sync_s: float
    full_sync_s: float
    pages_max: int = PAGES_MAX


@dataclass(slots=True)
class _SyncRun:
    """One sync, and how far it has come: after an error it goes on from there, if it can."""

    since: str
    began_s: float
    after_id: int = 0
    row_count: int = 0
    last_len: int = 0
    pages: int = 0
    can_resume: bool = True

    @property
    def full_since(self) -> float | None:
        return None if self.since else self.began_s


class Sync:
    """Keeps the cache near the backend: full at first and once a day, delta in between."""

    def __init__(
        self,
        source: PageSource,
        sink: SyncSink,
        clock: Clock,
        policy: SyncPolicy,
        on_snapshot: Callable[[Snapshot], Awaitable[None]],
    ) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        self._policy = policy
        self._on_snapshot = on_snapshot
        self._interrupted: _SyncRun | None = None
        self._pages_stored = 0
        self._backend_returned = asyncio.Event()

    def returned(self) -> None:
        """Learn that the backend answers again: what failed is tried at once."""
        self._backend_returned.set()

    async def run(self) -> None:
        """Sync until cancelled; an error is retried, a till sells on what it has."""
        attempt, woken_early = 0, False
        while True:
            pages_before = self._pages_stored
            try:
                await self.sync_once()
            except TaptillError as fault:
                log.warning("sync.failed", extra={"code": fault.code})
                if self._pages_stored > pages_before:
                    attempt, woken_early = 0, False
                woken_early = await self._wait(BACKOFF.delay_s(attempt), wakes=not woken_early)
                attempt += 1
                continue
            attempt, woken_early = 0, False
            await asyncio.sleep(self._policy.sync_s)

    async def _wait(self, pause_s: float, *, wakes: bool) -> bool:
        """Wait for the next try; True where the backend's return ended that.

        A backend that answers others and fails whoever it wakes is asked at the usual pace.
        """
        self._backend_returned.clear()
        if not wakes:
            await asyncio.sleep(pause_s)
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._backend_returned.wait()
                return True
        return False

    async def sync_once(self) -> int:
        """Make one sync, full where one is due, or end one that was cut off; give the rows seen."""
        run = self._resume() or self._new_run()
        try:
            await self._read(run)
        except CacheError:
            raise  # what was kept so far may be lost: from the first page
        except TaptillError:
            self._interrupted = run if run.can_resume else None
            raise
        if run.since or run.row_count:  # an empty answer is no proof that there are no customers
            self._sink.complete(run.began_s, full=not run.since)
        log.info("sync.done", extra={"rows": run.row_count, "full": not run.since})
        return run.row_count

    def _resume(self) -> _SyncRun | None:
        run, self._interrupted = self._interrupted, None
        if run and self._clock.monotonic() - run.began_s > self._policy.full_sync_s:
            return None
        return run

    def _new_run(self) -> _SyncRun:
        progress = self._sink.sync_progress()
        due = progress.full_age_s is None or progress.full_age_s > self._policy.full_sync_s
        return _SyncRun("" if due else _with_overlap(progress.stamp), self._clock.monotonic())

    async def _read(self, run: _SyncRun) -> None:
        while page := await self._page(run.after_id, run) or await self._after_last_row(run):
            if run.pages >= self._policy.pages_max:
                run.can_resume = False
                raise MalformedError(detail="more pages than any site has customers")
            if await self._store(page, run):
                await self._store(await self._page(run.after_id, run), run)
            run.after_id, run.row_count = page.ids[-1], run.row_count + len(page)
            run.pages, run.last_len = run.pages + 1, len(page)
            self._pages_stored += 1
        if run.row_count and not run.since:
            self._sink.store_page(page, run.after_id, run.began_s)

    async def _after_last_row(self, run: _SyncRun) -> Page:
        """Prove an empty answer: who took our rights away shows nothing, either.

        Give what is behind the last row after all; empty at the end. Errors: MalformedError.
        """
        if not run.row_count and run.since and not await self._source.page(0, 1):
            raise MalformedError(detail="it shows no customers any more")
        if not run.row_count or (run.since and run.last_len < self._policy.page_size):
            return EMPTY_PAGE
        page = await self._page(run.after_id - 1, run)
        if page.ids[:1] != (run.after_id,):
            run.can_resume = False
            raise MalformedError(detail="the last row is not there any more, nor any behind it")
        return Page(
            page.ids[1:],
            [snapshot for snapshot in page.snapshots if snapshot.customer.id != run.after_id],
        )

    async def _page(self, after_id: int, run: _SyncRun) -> Page:
        page = await self._source.page(after_id, self._policy.page_size, run.since)
        if page.ids and (page.ids[0] <= after_id or not _ascending(page.ids)):
            raise MalformedError(detail="pages repeat or are out of order: no keyset paging")
        return page

    async def _store(self, page: Page, run: _SyncRun) -> bool:
        """Keep a page and tell whoever must know; True: it is to be read again."""
        after_id, read_again = run.after_id, False
        for part in _batches(page):
            read_again |= self._sink.store_page(part, after_id, run.full_since)
            await asyncio.sleep(0)  # taps come first
            for snapshot in part.snapshots:
                await self._on_snapshot(snapshot)
            await self._sink.checkpoint()
            after_id = part.ids[-1]
        return read_again


def _batches(page: Page) -> Iterator[Page]:
    readable = {customer_id.customer.id: customer_id for customer_id in page.snapshots}
    for first in range(0, len(page.ids), BATCH_ROWS):
        ids = page.ids[first : first + BATCH_ROWS]
        yield Page(ids, [readable[customer_id] for customer_id in ids if customer_id in readable])


def _ascending(ids: Sequence[int]) -> bool:
    return all(left < right for left, right in pairwise(ids))


def _with_overlap(newest: str) -> str:
    """Give the stamp to ask from: the newest one less the overlap, empty if unreadable."""
    instant = stamp(newest)
    return (instant - OVERLAP).isoformat() if instant else ""
