"""Drafts in, seconds until they are durable out: the journal beside a raw commit on its disk."""

import asyncio
import sqlite3
import time
from pathlib import Path

from tests.benchmarks.figures import (
    Bench,
    Figure,
    at_most,
    milliseconds,
    times,
)

from taptill.clock import SystemClock
from taptill.domain.entry import Draft, Kind
from taptill.journal.file import JournalFile
from taptill.journal.journal import Journal

MANY = 100_000
MANY_QUICK = 10_000
AT_ONCE = 1000
CUSTOMERS = 500
IDENTITY = {"backend": "http://nowhere.test", "strategy": "debt", "machine": "bench"}
ENTRY_BYTES = 400
"""About what the columns of a charge's entry hold."""

PAUSE_S = 0.002
"""Between two commits: a till's writer has gone to sleep before the next charge comes."""


class RawRows:
    """The least that makes a row durable: one table, one INSERT, one sync."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # as the journal has it
        self._connection.execute("CREATE TABLE rows (seq INTEGER PRIMARY KEY, body TEXT)")

    def commit(self) -> None:
        """Make one row durable."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO rows (body) VALUES (?)", ("x" * ENTRY_BYTES,))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def measure(bench: Bench) -> list[Figure]:
    """Measure one charge to durable, in a new journal and in a long one."""
    many = MANY_QUICK if bench.quick else MANY
    bench.say(f"writing a journal of {many:,} entries")
    long = bench.folder / "long.db"
    _fill(long, many)
    return [
        asyncio.run(_charge(bench, bench.folder / "new.db", "confirm to durable, new journal")),
        asyncio.run(_charge(bench, long, f"confirm to durable, {many:,} entries")),
    ]


async def _charge(bench: Bench, path: Path, name: str) -> Figure:
    journal = Journal(path, SystemClock())
    journal.open(IDENTITY)
    raw = RawRows(path.with_suffix(".raw"))
    samples: list[float] = []
    floor: list[float] = []
    try:
        for turn in bench.rounds(name, 1000):
            draft = _draft(f"{name} {turn}", turn % CUSTOMERS)
            began_s = time.perf_counter()
            await journal.append([draft])
            samples.append(time.perf_counter() - began_s)
            await asyncio.sleep(PAUSE_S)
            began_s = time.perf_counter()
            raw.commit()
            floor.append(time.perf_counter() - began_s)
    finally:
        raw.close()
        journal.close()
    samples, floor = milliseconds(samples), milliseconds(floor)
    goal = at_most("times a raw commit, p50", times(samples, floor), 1.5)
    return Figure(name, "ms", samples, floor, (goal,))


def _draft(charge_id: str, customer_id: int) -> Draft:
    body = {
        "lines": [["Coffee", 150, 2], ["", 120, 1]],
        "currency": "EUR",
        "initials": "A. B.",
        "offline": True,
    }
    return Draft(Kind.CHARGE, customer_id, 420, body, charge_id)


def _fill(path: Path, count: int) -> None:
    file = JournalFile(path, SystemClock())
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(count, first + AT_ONCE))
        file.append([[_draft(f"{number:016x}", number % CUSTOMERS)] for number in numbers])
        file.checkpoint()
    file.close()
