"""Measures taps while the till syncs all customers from the real service, and its rate."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.benchmarks.counter import SETTLED_S, MeasuredTill, put_into_books
from tests.benchmarks.figures import Bench, Figure, at_most, milliseconds, times, times_high
from tests.benchmarks.tills import TillFolder
from tests.fakes.service import RunningService, running_service

CUSTOMERS = 100_000
KNOWN = 1_000
"""So many of them are in the cache before: their cards are shown."""

STARTS, STARTS_QUICK = 4, 1
APART_S = 0.4
"""Between two cards, and before the first: a reader drops what lies in a line that it opens."""

SYNC_S_MAX = 120.0
_SYNCED = "SELECT count(*) FROM synced WHERE key = 'full'"


def measure(bench: Bench) -> list[Figure]:
    """Start a till some times, and show it cards during its full sync and after."""
    place = bench.folder / "books"
    place.mkdir()
    during: list[float] = []
    after: list[float] = []
    rates: list[float] = []
    bench.say(f"writing {CUSTOMERS:,} customers into the service's books")
    with running_service(place, sample=False, is_forked=False) as service:
        put_into_books(service, CUSTOMERS)
        for number in range(STARTS_QUICK if bench.quick else STARTS):
            bench.say(f"taps during a full sync: start {number + 1}")
            rates.append(_one_start(bench.folder / f"start-{number}", service, during, after))
    during, after = milliseconds(during), milliseconds(after)
    goals = (
        at_most("times an ordinary tap, p50", times(during, after), 1.3),
        at_most("times an ordinary tap, p95", times_high(during, after), 1.3),
    )
    remark = """own: the same tap after the sync. What is left is the batch or the commit that is
    worked on when the card comes, and waiting for a core: docs/performance.md"""
    name = f"tap during a full sync of {CUSTOMERS:,}"
    return [
        Figure(name, "ms", samples=during, floor=after, goals=goals, remark=remark),
        Figure(f"full sync of {CUSTOMERS:,} with taps", "customers/s", rates),
    ]


def _one_start(
    folder: Path, service: RunningService, during: list[float], after: list[float]
) -> float:
    """Return the customers a second of the sync of one start."""
    till = TillFolder(folder, service.url, token=service.token)
    till.know(KNOWN)
    with till.running() as terminal:
        began_s, turn = time.perf_counter(), 0
        counter = MeasuredTill(terminal, till.tap, KNOWN)

        def tap() -> float:
            """Show the next card, as soon as it is the next one and not the last one again."""
            nonlocal turn
            turn += 1
            time.sleep(APART_S)
            took_s = counter.next_card(turn)
            terminal.type("-", b"Tap your card")
            return took_s

        seconds: list[float] = []
        while not _is_synced(till.state / "cache.db"):
            assert time.perf_counter() < began_s + SYNC_S_MAX, "the sync has no end"
            seconds.append(tap())
        took_s = time.perf_counter() - began_s
        during += seconds[:-1]  # the sync may have ended under the last one
        terminal.settle(SETTLED_S)
        after += [tap() for _ in seconds[:-1]]
    return CUSTOMERS / took_s


def _is_synced(path: Path) -> bool:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as cache:
        return bool(cache.execute(_SYNCED).fetchone()[0])
