"""Measures the till's syncs: those of its disk at a sale, and that of its cache."""

import asyncio
import os
import random
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.counter import MeasuredTill
from tests.benchmarks.figures import Bench, Figure, Goal, at_most, percentile, timed_s, times
from tests.benchmarks.tills import FIELDS, card, snapshot, till_folder

from taptill.clock import SystemClock
from taptill.customer_cache.cache import CustomerCache
from taptill.customer_cache.schema import SPELLED_AS
from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.lookup.sync import BATCH_ROWS, Page, Sync, SyncPolicy

CALLS = "fsync,fdatasync,sync_file_range,msync,sync,syncfs"
A_CALL = re.compile(r"^\d+ +(\d+\.\d+) (?:" + CALLS.replace(",", "|") + r")\(", re.MULTILINE)
CUSTOMERS = 1_000
PAGE = 1_000
FEW, MANY, MANY_QUICK = 1_000, 1_000_000, 100_000

Pair = tuple[float, float]
"""Our seconds, and those of the bare file."""


def measure(bench: Bench) -> list[Figure]:
    """Count the syncs of each charge; without strace say that nothing was counted."""
    strace = shutil.which("strace")
    if strace is None or not _may_trace(strace):
        remark = "not counted: strace is missing or may not trace"
        return [Figure("syncs from Enter to PAID", "calls", (), remark=remark)]
    log = bench.folder / "syncs.txt"
    command = (strace, "-f", "-ttt", "-e", f"trace={CALLS}", "-o", str(log))
    spans: list[Pair] = []
    with (
        till_folder(bench.folder / "syncs", CUSTOMERS) as folder,
        folder.running(*command) as terminal,
    ):
        counter = MeasuredTill(terminal, folder.tap, CUSTOMERS)
        for turn in bench.rounds("syncs", 12):
            counter.ring_up()
            counter.tap(turn)
            took_s = counter.enter()
            spans.append((time.time() - took_s, time.time()))
        counter.ring_up()  # the log is complete once the till has gone on
    call_times = [float(at) for at in A_CALL.findall(log.read_text("ascii", "replace"))]
    counts = [float(sum(began <= at <= end for at in call_times)) for began, end in spans]
    goals = (
        at_most("syncs, most of all charges", max(counts), 1),
        Goal("syncs, least of all charges", min(counts), 1, at_least=True),
    )
    return [Figure("syncs from Enter to PAID", "calls", counts, goals=goals)]


def _may_trace(strace: str) -> bool:
    words = [strace, "-o", "/dev/null", shutil.which("true") or "true"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


class MeasuredCache:
    """A cache with so many customers, and beside it the same file without a till around it."""

    def __init__(self, path: Path, customers: int) -> None:
        self.customers = customers
        self.cache = CustomerCache(path, SystemClock(), FIELDS)
        self.chance = random.Random(customers)
        # Cards in no order: else the cards of one page would lie side by side in the index.
        self.cards = self.chance.sample(range(customers), customers)
        before_mb = _rss_mb()
        asyncio.run(self._sync())
        self.grown_mb = _rss_mb() - before_mb
        self._bare = sqlite3.connect(path, isolation_level=None)

    async def page(self, after_id: int, limit: int, _since: str = "") -> Page:
        """Answer as a backend with all of them."""
        rows = [
            self._row(number) for number in range(after_id, min(self.customers, after_id + limit))
        ]
        return Page(tuple(row.customer.id for row in rows), rows)

    def close(self) -> None:
        """Close both."""
        self._bare.close()
        self.cache.close()

    def look_up(self) -> Pair:
        """Find two people by card; return the seconds of our way and of the bare query."""
        ours, theirs = (CardId(card(self.chance.randrange(self.customers))) for _ in range(2))
        query = f"SELECT * FROM customers WHERE {SPELLED_AS}"
        bare_s = timed_s(lambda: self._bare.execute(query, (theirs,)).fetchall())
        looking = self.cache.find(ours)
        return timed_s(lambda: next(looking.__await__(), None)), bare_s

    def store_page(self, turn: int) -> Pair:
        """Keep a page of people who all changed; give our seconds and those of the bare rows."""
        first = self.chance.randrange(self.customers - BATCH_ROWS)
        rows = [self._row(number, turn) for number in range(first, first + BATCH_ROWS)]
        page = Page(tuple(row.customer.id for row in rows), rows)
        ours_s = timed_s(lambda: self.cache.store_page(page, first, None))
        query = "SELECT * FROM customers WHERE id > ? AND id <= ?"
        cached_rows = self._bare.execute(query, (first, first + BATCH_ROWS)).fetchall()
        bare_s = timed_s(lambda: self._write(cached_rows))
        asyncio.run(self._shorten_log())
        return ours_s, bare_s

    async def _shorten_log(self) -> None:
        async with self.cache.one_commit():
            pass

    async def _sync(self) -> None:
        async def sighted(_: Sequence[Snapshot]) -> None:
            """Nobody else looks."""

        policy = SyncPolicy(PAGE, sync_s=60, full_sync_s=86_400)
        await Sync(
            self, self.cache, clock=SystemClock(), policy=policy, on_snapshots=sighted
        ).sync_once()

    def _row(self, number: int, turn: int = 0) -> Snapshot:
        row = snapshot(number)
        customer = replace(row.customer, card_id=CardId(card(self.cards[number])))
        stamp = f"2026-03-02T09:{turn // 60:02d}:{turn % 60:02d}Z"
        return replace(row, customer=customer, updated_at=stamp)

    def _write(self, rows: list[tuple[object, ...]]) -> None:
        places = ", ".join("?" * len(rows[0]))
        self._bare.execute("BEGIN")
        self._bare.executemany(f"INSERT OR REPLACE INTO customers VALUES ({places})", rows)
        self._bare.execute("COMMIT")


def measure_cache(bench: Bench) -> list[Figure]:
    """Measure a look-up by card, and how long one batch of a sync keeps a tap waiting."""
    customers = MANY_QUICK if bench.quick else MANY
    bench.say(f"syncing caches of {FEW:,} and {customers:,} customers: a minute")
    ups: dict[int, list[Pair]] = {FEW: [], customers: []}
    pages: dict[int, list[Pair]] = {FEW: [], customers: []}
    with ExitStack() as stack:
        crowds = [
            stack.enter_context(closing(MeasuredCache(bench.folder / f"{count}.db", count)))
            for count in (FEW, customers)
        ]
        for turn in bench.rounds("cache", 600):
            for crowd in crowds:
                ups[crowd.customers] += [crowd.look_up() for _ in range(10)]
                pages[crowd.customers].append(crowd.store_page(turn + 1))
        grown = Figure(
            f"full sync of {customers:,} customers, memory grown",
            "MB",
            [crowds[-1].grown_mb],
            goals=(at_most("MB", crowds[-1].grown_mb, 16),),
        )
    return [
        grown,
        *(_looked_up(count, ups[count], ups[FEW]) for count in ups),
        *(_kept(count, pages[count]) for count in pages),
    ]


def _looked_up(count: int, pairs: list[Pair], small_pairs: list[Pair]) -> Figure:
    ours, bare = _apart(pairs, 1e6)
    goals = (
        *([at_most("times the bare query, p50", times(ours, bare), 1.5)] if count > FEW else []),
        at_most("times the small cache, p50", times(ours, _apart(small_pairs, 1e6)[0]), 1.5),
        at_most("µs, p99", percentile(ours, 99), 1_000),
    )
    return Figure(
        f"look-up by card, {count:,} customers", "µs", samples=ours, floor=bare, goals=goals
    )


def _kept(count: int, pairs: list[Pair]) -> Figure:
    ours, bare = _apart(pairs, 1e3)
    goal = at_most("ms that a tap may wait, p99", percentile(ours, 99), 10)
    name = f"a batch of {BATCH_ROWS} kept, {count:,} customers"
    return Figure(name, "ms", samples=ours, floor=bare, goals=(goal,))


def _apart(pairs: list[Pair], unit: float) -> tuple[list[float], list[float]]:
    return [unit * ours for ours, _ in pairs], [unit * bare for _, bare in pairs]


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
