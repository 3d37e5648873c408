"""Measures the rate of a full sync of a million customers over HTTP, beside bare SQLite."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.figures import Bench, Figure, Goal, at_most, times

PAGE = 1_000
MANY, MANY_QUICK = 1_000_000, 100_000
ROUNDS = 2
"""Of a million each: a minute and a half a round."""

GROWN_MAX_MB = 32
RATE_MIN = 0.5


def measure(bench: Bench) -> list[Figure]:
    """Sync a full cache through the client, and fill the same table without one."""
    customers = MANY_QUICK if bench.quick else MANY
    pages = bench.folder / "pages.jsonl"
    bench.say(f"writing {customers:,} customers as a backend would")
    _write(pages, customers)
    ours: list[float] = []
    bare: list[float] = []
    grown_mb: list[float] = []
    with _serving(pages) as url:
        for number in range(ROUNDS):
            bench.say(f"syncing {customers:,} customers: round {number + 1} of {ROUNDS}")
            with _new(bench.folder / "bare.db") as path:
                bare.append(customers / _run("bare", str(pages), path)["took_s"])
            with _new(bench.folder / "ours.db") as path:
                run = _run("ours", url, path, str(PAGE))
            ours.append(customers / run["took_s"])
            grown_mb.append(run["most_mb"] - run["before_mb"])
    rate = Goal("of the bare rate", times(ours, bare), RATE_MIN, at_least=True)
    grown = at_most("MB", max(grown_mb), GROWN_MAX_MB)
    return [
        Figure(
            f"full sync of {customers:,} over HTTP",
            "customers/s",
            samples=ours,
            floor=bare,
            goals=(rate,),
        ),
        Figure("memory grown by that", "MB", grown_mb, goals=(grown,)),
    ]


def _run(*words: str) -> dict[str, float]:
    """Run one of them in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.full_sync.runs", *words]
    figures: dict[str, float] = json.loads(subprocess.check_output(command, text=True))
    return figures


@contextmanager
def _serving(pages: Path) -> Iterator[str]:
    words = ["-m", "tests.benchmarks.full_sync.server", str(pages), str(PAGE)]
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@contextmanager
def _new(path: Path) -> Iterator[str]:
    try:
        yield str(path)
    finally:
        for beside in path.parent.glob(f"{path.name}*"):
            beside.unlink()


def _write(path: Path, count: int) -> None:
    chance = random.Random(1)
    cards = chance.sample(range(2**52), count)  # in no order, as in life
    with path.open("w", encoding="ascii") as file:
        for first in range(0, count, PAGE):
            ids = range(first + 1, min(count, first + PAGE) + 1)
            page = [_row(number, cards[number - 1], chance) for number in ids]
            file.write(f"{json.dumps(page)}\n")


def _row(number: int, card: int, chance: random.Random) -> dict[str, object]:
    marks = {"5c01b7e2": [number, 1250, "9f3c21aa"]} if number % 2 else {}
    return {
        "id": number,
        "name": f"Customer Number {number}",
        "cardId": f"{card:014X}",
        "company": {"id": 3, "name": "Engines"},
        "isBlocked": False,
        "isCreditAllowed": number % 7 == 0,
        "totalDebt": chance.randrange(-5000, 5000) / 100,
        "debtData": {"taptill": {"e": "0000e90c", "t": marks}},
        "externalId": f"X{number}",
        "default": False,
        "updatedAt": f"2026-03-02T{number % 24:02d}:{number % 60:02d}:00.{number % 10**6:06d}Z",
        "version": 1,
    }
