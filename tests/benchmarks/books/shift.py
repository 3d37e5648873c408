"""A shift of 5,000 sales in; seconds to its Z, and what the till feels of it, out."""

import asyncio
import json
import sqlite3
import statistics
import time
from contextlib import closing
from datetime import time as wall_time
from pathlib import Path

from tests.benchmarks.figures import Bench, Figure, at_most, milliseconds, percentile, timed_s

from taptill.clock import SystemClock, named_zone
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.reports.shift_report import Closing, closed
from taptill.journal.back_office.shift_book import JournalShiftBook
from taptill.journal.back_office.shifts import closing_draft, running_report
from taptill.journal.file import JournalFile
from taptill.journal.journal import Journal
from taptill.journal.queries import JournalQueries
from taptill.wiring.late_books import site_days

SALES, CUSTOMERS, BATCH = 5_000, 1_500, 500
LINES = [["Coffee", 120, 2, "A"], ["Cake", 250, 1, "B"], ["", 77, 1]]
AMOUNT = 567
IDENTITY = {"backend": "http://nowhere.test", "strategy": "debt", "machine": "bench"}
Z_MAX_S = 1.0
COMMIT_EVERY_S = 0.01
LATER_MS = 15.0
"""So much later at p95 a commit may return while a Z is counted: nobody sees it."""


def measure(bench: Bench) -> list[Figure]:
    """Measure the Z of a long shift, and commits of sales while one is counted."""
    path = bench.folder / "shift.db"
    _write(path)
    return [_z(bench, path), asyncio.run(_beside(bench, path))]


def _write(path: Path) -> None:
    with closing(JournalFile(path, SystemClock())) as file:
        file.append([[Draft(EntryKind.OPENED, body={"journal_id": "bench001", **IDENTITY})]])
        for first in range(0, SALES, BATCH):
            file.append([[_sale(first + number) for number in range(BATCH)]])


def _sale(number: int) -> Draft:
    body = {"lines": LINES, "currency": "EUR", "initials": "A. B.", "offline": number % 9 == 0}
    customer = 1 + number * 7919 % CUSTOMERS
    return Draft(EntryKind.CHARGE, customer, AMOUNT, body, charge_id=f"s{number}", staff="Jo")


def _z(bench: Bench, path: Path) -> Figure:
    days, clock = site_days(wall_time(4), "Europe/Berlin"), SystemClock()

    def count() -> None:
        with closing(JournalQueries(path)) as queries:
            report = running_report(queries, days, clock.now())
        assert report.figures.total.sales == SALES
        json.dumps(closing_draft(closed(report, Closing(), clock.now())).body)

    def read() -> None:
        with closing(sqlite3.connect(path)) as connection:
            for row in connection.execute("SELECT * FROM entries WHERE kind = 'charge'"):
                json.loads(row[5])

    pairs = [(timed_s(count), timed_s(read)) for _ in bench.rounds(f"Z of {SALES:,} sales", 30)]
    samples, floor = zip(*pairs, strict=True)
    return Figure(
        f"Z of a shift of {SALES:,} sales",
        "s",
        samples,
        thin=floor,
        goals=(at_most("median, s", statistics.median(samples), Z_MAX_S),),
        remark="thin: the same rows read and their bodies decoded, and nothing counted",
    )


async def _beside(bench: Bench, path: Path) -> Figure:
    """Measure commits of sales alone and while Zs are counted one after the other."""
    clock = SystemClock()
    journal = Journal(path, clock)
    journal.open(IDENTITY)
    days = site_days(wall_time(4), "Europe/Berlin")
    book = JournalShiftBook(journal, clock, days, named_zone)
    numbers = iter(range(SALES, 10**9))

    async def commit_s() -> float:
        await asyncio.sleep(COMMIT_EVERY_S)
        began_s = time.perf_counter()
        await journal.append([_sale(next(numbers))])
        return time.perf_counter() - began_s

    alone: list[float] = []
    beside: list[float] = []
    for _ in bench.rounds("sales while a Z is counted", 12):
        alone += [await commit_s() for _ in range(30)]
        counting = asyncio.create_task(book.running())
        while not counting.done():
            beside.append(await commit_s())
        await counting
    journal.close()
    samples, floor = milliseconds(beside), milliseconds(alone)
    later_ms = (percentile(samples, 95) or 0.0) - (percentile(floor, 95) or 0.0)
    return Figure(
        "a sale's commit while a Z is counted",
        "ms",
        samples,
        floor=floor,
        goals=(at_most("p95 later than alone, ms", later_ms, LATER_MS),),
        remark="own: the same commits with nothing beside them",
    )
