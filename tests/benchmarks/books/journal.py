"""Journals new and long in; seconds to durable, to open and to decide out."""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from tests.benchmarks.figures import (
    Bench,
    Figure,
    Goal,
    at_most,
    median,
    milliseconds,
    percentile,
    timed_s,
    times,
)
from tests.domain.samples import DORA, POLICY, known, question

from taptill.checkout.authoriser import Authoriser
from taptill.checkout.sale import CardLookup
from taptill.clock import SystemClock
from taptill.domain.decision import decide
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import HASH_DIGITS
from taptill.domain.money import Money
from taptill.domain.pending import FromMarks
from taptill.journal.chain import FIRST_PREV_HASH, canonical, chained_hash
from taptill.journal.file import JournalFile
from taptill.journal.journal import Journal

MANY = 1_000_000
MANY_QUICK = 50_000
ROUNDS = 1000
CUSTOMERS = 5000
IDENTITY = {"backend": "http://nowhere.test", "strategy": "debt", "machine": "bench"}
OPEN_CHARGES = 5_000
OPEN_CUSTOMERS = 500
ENTRY_BYTES = 400
"""About what the columns of a charge's entry hold."""

EXTRA_MS = 0.25
COMMIT_REMARK = """thin: a raw commit; own: by a thread, as ours. The rest is an entry of five pages
    instead of two: its columns, two indexes, the customer's position and that one's index"""

PAUSE_S = 0.002
"""Between two commits: a till's writer has gone to sleep before the next charge comes."""

TIDY_EVERY, TIDY_S = 250, 1.5
"""Now and then a till has nothing to do for long enough that its writer shortens the log."""

BATCH = 100
"""Decisions timed together: one alone is as short as the clock is coarse."""


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


class HandedRows:
    """The same in a thread of its own, as the event loop must not wait for a disk."""

    def __init__(self, path: Path) -> None:
        self._queue: SimpleQueue[asyncio.Future[None] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = Thread(target=self._write, args=(path,))
        self._thread.start()

    async def commit(self) -> None:
        """Make one row durable."""
        done = self._loop.create_future()
        self._queue.put(done)
        await done

    def close(self) -> None:
        """End the thread and close the file."""
        self._queue.put(None)
        self._thread.join()

    def _write(self, path: Path) -> None:
        rows = RawRows(path)
        while done := self._queue.get():
            rows.commit()
            self._loop.call_soon_threadsafe(done.set_result, None)
        rows.close()


def measure(bench: Bench) -> list[Figure]:
    """Measure one charge to durable, and the start, with a new journal and with a long one."""
    new, long, count = bench.folder / "new.db", *_long(bench)
    return [
        asyncio.run(_charge(bench, new, "confirm to durable, new journal")),
        asyncio.run(_charge(bench, long, f"confirm to durable, {count:,} entries")),
        _open(bench, new, long, f"open the journal, {count:,} entries"),
    ]


def measure_decision(bench: Bench) -> list[Figure]:
    """Measure the rules alone, and with the facts that they ask a long journal for."""
    long, count = _long(bench)
    inquiry = question(known(DORA, 0, age_s=3600.0), 420)
    alone = [_per_call(lambda: decide(inquiry)) for _ in bench.rounds("the rules alone", 300)]
    journal = Journal(long, SystemClock())
    journal.open(IDENTITY)
    policy = replace(POLICY, offline_per_terminal=Money(10**9))
    balance = FromMarks(journal.journal_id)
    authoriser = Authoriser(journal, balance, policy)
    lookup = CardLookup(inquiry.lookup_result, 0.0)
    with_facts = [
        _per_call(lambda: authoriser.authorise_amount(lookup, Money(420), 0.0))
        for _ in bench.rounds("the rules and an offline customer's facts", 300)
    ]
    journal.close()
    return [
        Figure("decision", "us", alone, goals=(at_most("us, p50", median(alone), 50),)),
        Figure(
            f"decision and its facts, {count:,} entries",
            "us",
            samples=with_facts,
            floor=alone,
            goals=(at_most("us, p50", median(with_facts), 100),),
        ),
        *_offline(bench),
    ]


def _long(bench: Bench) -> tuple[Path, int]:
    count = MANY_QUICK if bench.quick else MANY
    bench.say(f"writing a journal of {count:,} entries")
    fill(bench.folder / "long.db", count)
    return bench.folder / "long.db", count


async def _charge(bench: Bench, path: Path, name: str) -> Figure:
    journal = Journal(path, SystemClock())
    journal.open(IDENTITY)
    raw = RawRows(path.with_suffix(".raw"))
    handed = HandedRows(path.with_suffix(".handed"))
    samples: list[float] = []
    own: list[float] = []
    thin: list[float] = []
    try:
        for turn in bench.rounds(name, ROUNDS):
            await asyncio.sleep(PAUSE_S if turn % TIDY_EVERY else TIDY_S)
            draft = _draft(f"{name} {turn}", turn % CUSTOMERS)
            began_s = time.perf_counter()
            await journal.append([draft])
            samples.append(time.perf_counter() - began_s)
            await asyncio.sleep(PAUSE_S)
            began_s = time.perf_counter()
            raw.commit()
            thin.append(time.perf_counter() - began_s)
            await asyncio.sleep(PAUSE_S)
            began_s = time.perf_counter()
            await handed.commit()
            own.append(time.perf_counter() - began_s)
    finally:
        raw.close()
        handed.close()
        journal.close()
    samples, own, thin = milliseconds(samples), milliseconds(own), milliseconds(thin)
    extra_ms = statistics.median(samples) - statistics.median(thin)
    goal = at_most("ms more than a raw commit, p50", extra_ms, EXTRA_MS)
    return Figure(
        name, "ms", samples=samples, floor=own, goals=(goal,), remark=COMMIT_REMARK, thin=thin
    )


def _open(bench: Bench, new: Path, long: Path, name: str) -> Figure:
    took: dict[Path, list[float]] = {new: [], long: []}
    for _ in bench.rounds(name, 30):
        for path, samples in took.items():
            journal = Journal(path, SystemClock())
            began_s = time.perf_counter()
            journal.open(IDENTITY)
            journal.queries.last_sales(6)  # what a start asks before its first frame
            journal.queries.open_sum()
            journal.queries.in_question()[0]
            samples.append(time.perf_counter() - began_s)
            journal.close()
    samples, floor = milliseconds(took[long]), milliseconds(took[new])
    extra_s = (median(samples) or 0) - (median(floor) or 0)
    return Figure(
        name,
        "ms",
        samples=samples,
        floor=floor,
        goals=(Goal("ms more than a new one, p50", extra_s, 1000),),
    )


def _per_call(authorise_amount: Any) -> float:
    """Return the microseconds of one call, from a batch of them."""
    began_s = time.perf_counter()
    for _ in range(BATCH):
        authorise_amount()
    return (time.perf_counter() - began_s) / BATCH * 1e6


def _offline(bench: Bench) -> list[Figure]:
    """Measure a decision with the offline caps, which count all that is open, of two tills."""
    samples: dict[int, list[float]] = {0: [], OPEN_CHARGES: []}
    alone: list[float] = []
    with ExitStack() as stack:
        authorisers = {
            charges: stack.enter_context(_authoriser(bench.folder, charges)) for charges in samples
        }
        for turn in bench.rounds("decision offline", 1_000):
            stale = known(replace(DORA, id=turn % OPEN_CUSTOMERS), 0, 31.0)
            lookup = CardLookup(stale, 0.0)
            for charges, authoriser in authorisers.items():
                decision = partial(authoriser.authorise_amount, lookup, Money(100), 0.0)
                samples[charges].append(1e6 * timed_s(decision))
            alone.append(1e6 * timed_s(partial(decide, question(stale))))
    ratio = times(samples[OPEN_CHARGES], samples[0])
    return [
        Figure(
            f"decision offline, {charges:,} charges open",
            "µs",
            samples=found,
            floor=alone,
            goals=(
                at_most("µs that a tap may wait, p99", percentile(found, 99), 10_000),
                *([at_most("times that with none open, p50", ratio, 1.5)] if charges else []),
            ),
            remark="own: the rules alone",
        )
        for charges, found in samples.items()
    ]


@contextmanager
def _authoriser(folder: Path, charges: int) -> Iterator[Authoriser]:
    path = folder / f"open-{charges}.db"
    fill(path, charges, every=1, customers=OPEN_CUSTOMERS)
    journal = Journal(path, SystemClock())
    journal.open(IDENTITY)
    yield Authoriser(journal, FromMarks(journal.journal_id), POLICY)
    journal.close()


def _draft(charge_id: str, customer_id: int) -> Draft:
    body = {
        "lines": [["Coffee", 150, 2], ["", 120, 1]],
        "currency": "EUR",
        "initials": "A. B.",
        "offline": True,
    }
    return Draft(EntryKind.CHARGE, customer_id, amount_minor=420, body=body, charge_id=charge_id)


def fill(
    path: Path, count: int, *, every: int = 2, customers: int = CUSTOMERS, first: int = 0
) -> None:
    """Write a sound journal quickly; indexes are made at the end.

    Each charge has its receipt, and with `every` 1 none has; customers count from `first`.
    """
    JournalFile(path, SystemClock()).close()
    connection = sqlite3.connect(path, isolation_level=None)
    cursor = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'entries' "
        "AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for kind, name, _ in cursor:
        connection.execute(f"DROP {kind} {name}")
    places = ", ".join("?" * 13)
    rows = _rows(count, every, range(first, first + customers))
    connection.executemany(f"INSERT INTO entries VALUES ({places})", rows)
    for _, _, sql in cursor:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.close()
    file = JournalFile(path, SystemClock())
    file.rebuild_projection()
    file.close()


def _rows(count: int, every: int, customers: range) -> Iterator[tuple[Any, ...]]:
    """Yield rows of the table `entries`: a charge `every` so many, after it the backend's yes."""
    at, prev_hash = SystemClock().now(), FIRST_PREV_HASH
    totals = dict.fromkeys(customers, 0)
    charge_body = canonical(_draft("", 0).body)
    mark: list[Any] = []
    for seq in range(1, count + 1):
        customer_id = customers[(seq + every - 1) // every % len(customers)]
        is_charge = seq % every == 1 % every
        body = {"mark": mark, "updated_at": at, "base": "0"}
        columns = {
            "seq": seq,
            "kind": "charge" if is_charge else "receipt",
            "charge_id": f"{seq * 0x9E3779B97F4A7C15 % 2**64:016x}" if is_charge else None,
            "customer_id": customer_id,
            "amount_minor": 420 if is_charge else None,
            "body": charge_body if is_charge else canonical(body),
            "at": at,
            "boot_id": "bench",
            "uptime_ms": seq,
            "clock_trusted": 0,
            "staff": None,
        }
        digits = chained_hash(prev_hash, columns)
        yield (*columns.values(), prev_hash, digits)
        prev_hash = digits
        totals[customer_id] += 420 * is_charge
        mark = [seq, totals[customer_id], digits[:HASH_DIGITS]]
