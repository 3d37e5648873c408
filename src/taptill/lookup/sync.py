"""Keeps the cache near the backend by reading its customers page by page.

A full sync reads all customers in order of id, each page from the last id of the page before
(keyset paging), so that rows which come or go meanwhile move no other row. It marks customers as
missing who are in no page. One answer proves little, as a page may be wrong: only a customer who is
missing twice is *gone*.

A delta sync reads the customers that changed since the newest stamp in the cache, less an overlap,
as rows become visible in another order than that of their stamps. It finds nobody missing, so that
a full sync follows once a day.

An empty page ends a sync only if the last row is still shown: a token without rights also gets
empty pages. A sync that an error interrupts resumes where it was, unless the cache itself failed.

Taps come first: a page is parsed and stored in small batches, between which the till's other work
runs, and for a moment after a tap there is no batch at all. The next page is asked for meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, pairwise
from typing import Protocol

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, stamp
from taptill.domain.errors import CacheError, MalformedError, TaptillError
from taptill.domain.technical.backoff import Backoff

log = logging.getLogger("taptill.sync")

OVERLAP = timedelta(minutes=2)
"""A delta sync starts this much before the newest stamp, as rows commit out of order."""

RETRY_S = 5.0
RETRY_MAX_S = 60.0
BACKOFF = Backoff.doubling(RETRY_S, RETRY_MAX_S)
PAGES_MAX = 1_000_000
BATCH_ROWS = 15
"""A page is stored in batches of so many rows, as a tap waits for two or three of them."""

CAREFUL_ROWS = 100
"""After an error the rest of a sync asks for at most so many rows at once: a large page may be more
than a slow backend answers in time, or longer than an answer may be."""

COMMIT_BATCHES = 5
"""So many batches are committed together. A commit writes each page of the file that was changed,
and the indexes of cards spread a few rows over many pages: one for each batch would write several
times as much, and a larger one keeps a tap waiting."""

TAP_S = 0.05
"""After a tap there is no batch for so long: the verdict is painted meanwhile."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the ids of all its rows, and the snapshots of those rows that can be parsed.

    The snapshots are in the order of the ids, and may be iterated over once: parsing them takes
    time, so it may happen on the way.
    """

    ids: tuple[int, ...]
    snapshots: Iterable[Snapshot]

    def __len__(self) -> int:
        return len(self.ids)


EMPTY_PAGE = Page((), ())


class PageSource(Protocol):
    """A source of pages: the backend."""

    async def page(self, after_id: int, limit: int, since: str = "") -> Page:
        """Return customers with larger ids, changed after `since`, in order of id."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How complete the cache is before a sync.

    `full_age_s` is the age of the last full sync, counted from its start; None: there was none,
    or it is unknown. All that the backend wrote up to the `updatedAt` in `stamp` is in the cache;
    empty where nothing is known.
    """

    full_age_s: float | None
    stamp: str


class SyncSink(Protocol):
    """The cache as a sync needs it."""

    def sync_progress(self) -> SyncProgress:
        """Return how complete the cache is."""

    def store_page(self, page: Page, after_id: int, full_since: float | None) -> bool:
        """Store a page's changed rows in one transaction; return whether to read it again.

        A full sync, which began at the monotonic time `full_since`, also marks missing customers:
        those with ids beyond `after_id` up to the page's last id (up to any id, if the page is
        empty) that are neither in the page nor seen since. A customer who is missing for the second
        time, or beyond an empty page, is marked *gone*. The page is to be read again where a
        customer is missing for the first time.
        """

    def complete(self, began_s: float, *, full: bool) -> None:
        """Record that a sync which began at this monotonic time has seen all rows."""

    def one_commit(self) -> AbstractAsyncContextManager[None]:
        """Commit all batches that are stored in this block together, at its end."""


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """The page size in rows, the seconds between syncs, and a bound on the pages of one sync."""

    page_size: int
    sync_s: float
    full_sync_s: float
    pages_max: int = PAGES_MAX


@dataclass(slots=True)
class _SyncRun:
    """The progress of one sync; after an error the next one resumes here if `can_resume`."""

    since: str
    began_s: float
    page_size: int
    after_id: int = 0
    row_count: int = 0
    last_len: int = 0
    pages: int = 0
    can_resume: bool = True

    @property
    def full_since(self) -> float | None:
        return None if self.since else self.began_s


class Sync:
    """Keeps the cache near the backend: a full sync at first and once a day, deltas in between."""

    def __init__(
        self,
        source: PageSource,
        sink: SyncSink,
        clock: Clock,
        policy: SyncPolicy,
        on_snapshots: Callable[[Sequence[Snapshot]], Awaitable[None]],
    ) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        self._policy = policy
        self._on_snapshots = on_snapshots
        self._interrupted: _SyncRun | None = None
        self._pages_stored = 0
        self._backend_returned = asyncio.Event()
        self._next_batch_s = 0.0

    def give_way(self) -> None:
        """Leave the event loop to a tap for a moment; nothing where no sync runs."""
        self._next_batch_s = asyncio.get_running_loop().time() + TAP_S

    def returned(self) -> None:
        """Retry a failed sync now, as the backend answers again."""
        self._backend_returned.set()

    async def run(self) -> None:
        """Sync until cancelled; errors are retried, and the till sells on the rows it has."""
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
        """Wait for the next attempt; return whether the backend's return ended the wait.

        A backend that answers others and fails each woken sync is asked at the usual pace.
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
        """Run one sync, or resume an interrupted one, and return the number of rows seen."""
        run = self._resume() or self._new_run()
        try:
            await self._read(run)
        except CacheError:
            raise  # what was stored so far may be lost: the next sync starts at the first page
        except TaptillError:
            run.page_size = min(run.page_size, CAREFUL_ROWS)
            self._interrupted = run if run.can_resume else None
            raise
        if run.since or run.row_count:  # an empty answer does not prove that there are no customers
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
        since = "" if due else _with_overlap(progress.stamp)
        return _SyncRun(since, self._clock.monotonic(), self._policy.page_size)

    async def _read(self, run: _SyncRun) -> None:
        page = await self._page(run.after_id, run) or await self._after_last_row(run)
        while page:
            if run.pages >= self._policy.pages_max:
                run.can_resume = False
                raise MalformedError(detail="more pages than any site has customers")
            next_page = asyncio.ensure_future(self._page(page.ids[-1], run))
            try:
                if await self._store(page, run):
                    await self._store(await self._page(run.after_id, run), run)
                run.after_id, run.row_count = page.ids[-1], run.row_count + len(page)
                run.pages, run.last_len = run.pages + 1, len(page)
                self._pages_stored += 1
                page = await next_page or await self._after_last_row(run)
            finally:
                _abandon(next_page)
        if run.row_count and not run.since:
            self._sink.store_page(page, run.after_id, run.began_s)

    async def _after_last_row(self, run: _SyncRun) -> Page:
        """Return the page behind the last row: mostly empty, and proof that the table ends here.

        A token without rights also gets empty pages, so the last row must still be shown. Raises
        MalformedError where it is not.
        """
        if not run.row_count and run.since and not await self._source.page(0, 1):
            raise MalformedError(detail="it shows no customers any more")
        if not run.row_count or (run.since and run.last_len < run.page_size):
            return EMPTY_PAGE
        page = await self._page(run.after_id - 1, run)
        if page.ids[:1] != (run.after_id,):
            run.can_resume = False
            raise MalformedError(detail="the last row is not there any more, nor any behind it")
        return Page(
            page.ids[1:],
            (snapshot for snapshot in page.snapshots if snapshot.customer.id != run.after_id),
        )

    async def _page(self, after_id: int, run: _SyncRun) -> Page:
        page = await self._source.page(after_id, run.page_size, run.since)
        if page.ids and (page.ids[0] <= after_id or not _ascending(page.ids)):
            raise MalformedError(detail="pages repeat or are out of order: no keyset paging")
        return page

    async def _store(self, page: Page, run: _SyncRun) -> bool:
        """Store a page and hand its rows to settlement; return whether to read the page again."""
        after_id, read_again, batches = run.after_id, False, _batches(page)
        while True:
            stored = []
            async with self._sink.one_commit():
                for ids, snapshots in islice(batches, COMMIT_BATCHES):
                    batch = Page(ids, snapshots)
                    read_again |= self._sink.store_page(batch, after_id, run.full_since)
                    stored.append(snapshots)
                    after_id = ids[-1]
                    await self._let_taps_pass()
            if not stored:
                return read_again
            for snapshots in stored:
                await self._on_snapshots(snapshots)
                await self._let_taps_pass()

    async def _let_taps_pass(self) -> None:
        """Let all that waits run, and after a tap what follows from it."""
        left_s = self._next_batch_s - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, left_s))


def _batches(page: Page) -> Iterator[tuple[tuple[int, ...], list[Snapshot]]]:
    """Yield the ids of each batch with the snapshots of those that can be parsed."""
    snapshots = iter(page.snapshots)
    upcoming = next(snapshots, None)
    for first in range(0, len(page.ids), BATCH_ROWS):
        ids = page.ids[first : first + BATCH_ROWS]
        batch = []
        while upcoming is not None and upcoming.customer.id <= ids[-1]:
            batch.append(upcoming)
            upcoming = next(snapshots, None)
        yield ids, batch


def _abandon(request: asyncio.Future[Page]) -> None:
    """Give up the next page where an error has ended the sync before it was needed."""
    if not request.cancel() and not request.cancelled():
        request.exception()  # else asyncio logs that nobody has asked for it


def _ascending(ids: Sequence[int]) -> bool:
    return all(left < right for left, right in pairwise(ids))


def _with_overlap(newest: str) -> str:
    """Return the stamp to ask from: the newest one less the overlap; empty if unreadable."""
    instant = stamp(newest)
    return (instant - OVERLAP).isoformat() if instant else ""
