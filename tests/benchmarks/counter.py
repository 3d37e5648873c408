"""Measures the seconds from key or card to the painted answer, beside a bare program."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.figures import (
    Bench,
    Figure,
    at_most,
    milliseconds,
    percentile,
    times,
)
from tests.benchmarks.floor import NAMES_MAX
from tests.benchmarks.terminal import DrivenTerminal, on_terminal, python
from tests.benchmarks.tills import name, till_folder

CARDS_APART_S = 0.35  # two cards within 0.3 s are two cards in the field
DEAD_ENTER_S = 0.45
FEW, MANY = 1_000, 100_000
STRIDE = 7919
"""Customers are taken from all over the cache: this is prime to both sizes."""


class MeasuredTill:
    """One program that sells, with how it is shown a card."""

    def __init__(
        self, terminal: DrivenTerminal, show: Callable[[int], None], customers: int
    ) -> None:
        self._terminal = terminal
        self._show = show
        self._customers = customers
        self._clear = True
        self._tapped_at_s = 0.0
        self._paid_at_s = 0.0

    def ring_up(self) -> float:
        """Begin a sale of 4.20; return the seconds from the first key to its echo."""
        if not self._clear:
            self._terminal.type("-", b"Tap your card")
        self._clear = False
        echo_s = self._terminal.type("4", b"> 4")
        self._terminal.type("2", b"> 42")
        self._terminal.type("0", b"> 420")
        return echo_s

    def tap(self, turn: int) -> float:
        """Show the next card; return the seconds until name and verdict are painted."""
        number = turn * STRIDE % self._customers
        _wait_until(self._tapped_at_s + CARDS_APART_S)
        self._terminal.settle()
        self._tapped_at_s = time.perf_counter()
        self._show(number)
        verdict = f"{name(number)} pays €4.20".encode()  # painted after the customer's panel
        return self._terminal.drawn_at_s(verdict) - self._tapped_at_s

    def enter(self) -> float:
        """Press Enter once it counts; return the seconds until PAID is painted."""
        _wait_until(max(self._tapped_at_s, self._paid_at_s) + DEAD_ENTER_S)
        took_s = self._terminal.type("\r", b"Thank you")
        self._paid_at_s = time.perf_counter()
        return took_s


@contextmanager
def till(folder: Path, customers: int) -> Iterator[MeasuredTill]:
    """Run the till with so many customers in its cache and nobody to ask."""
    with till_folder(folder, customers) as till_of_folder, till_of_folder.running() as terminal:
        yield MeasuredTill(terminal, till_of_folder.tap, customers)


@contextmanager
def bare(folder: Path) -> Iterator[MeasuredTill]:
    """Run the bare program that looks like a till."""
    read_end, write_end = os.pipe()
    path = str(folder / "rows.db")
    words = python("tests.benchmarks.floor", "till", str(read_end), path)

    def show(number: int) -> None:
        os.write(write_end, f"{name(number)}\n".encode())

    try:
        with on_terminal(words, b"Tap your card", (read_end,)) as terminal:
            yield MeasuredTill(terminal, show, NAMES_MAX)
    finally:
        os.close(read_end)
        os.close(write_end)


def measure_tap(bench: Bench) -> list[Figure]:
    """Measure tap to verdict from the cache at two sizes, and key to echo."""
    names = ("few", "floor", "many")
    taps: dict[str, list[float]] = {name: [] for name in names}
    echoes: dict[str, list[float]] = {name: [] for name in names}
    bench.say(f"filling caches with {FEW:,} and {MANY:,} customers")
    with ExitStack() as stack:
        counters = {
            "few": stack.enter_context(till(bench.folder / "few", FEW)),
            "floor": stack.enter_context(bare(bench.folder)),
            "many": stack.enter_context(till(bench.folder / "many", MANY)),
        }
        for turn in bench.rounds("tap", 120):
            for name in names:
                echoes[name].append(counters[name].ring_up())
                taps[name].append(counters[name].tap(turn))
    few_ms, floor, many_ms = (milliseconds(taps[name]) for name in names)
    keys = milliseconds(echoes["few"] + echoes["many"])
    return [
        Figure(
            f"tap to verdict, {FEW:,} customers",
            "ms",
            few_ms,
            floor,
            (at_most("times the bare repaint, p50", times(few_ms, floor), 1.5),),
        ),
        Figure(
            f"tap to verdict, {MANY:,} customers",
            "ms",
            many_ms,
            floor,
            (
                at_most("times the bare repaint, p50", times(many_ms, floor), 1.5),
                at_most("ms, p99", percentile(many_ms, 99), 50),
                at_most("times the small cache, p50", times(many_ms, few_ms), 1.2),
            ),
        ),
        Figure(
            "key to echo",
            "ms",
            keys,
            milliseconds(echoes["floor"]),
            (at_most("ms, p95", percentile(keys, 95), 30),),
        ),
    ]


def measure_enter(bench: Bench) -> list[Figure]:
    """Measure Enter to PAID: the decision, a durable charge, and the screen."""
    samples: list[float] = []
    floor: list[float] = []
    with till(bench.folder / "enter", FEW) as ours, bare(bench.folder) as theirs:
        for turn in bench.rounds("enter", 60):
            for counter, seconds in ((ours, samples), (theirs, floor)):
                counter.ring_up()
                counter.tap(turn)
                seconds.append(counter.enter())
    samples, floor = milliseconds(samples), milliseconds(floor)
    goal = at_most("times a bare commit and repaint, p50", times(samples, floor), 1.5)
    return [Figure("Enter to PAID", "ms", samples, floor, (goal,))]


def _wait_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.perf_counter()))
