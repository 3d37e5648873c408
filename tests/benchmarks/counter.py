"""Measures the seconds from key or card to the painted answer, beside bare programs."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.figures import (
    Bench,
    Figure,
    Goal,
    at_most,
    milliseconds,
    percentile,
    times,
    times_high,
)
from tests.benchmarks.floor import NAMES_MAX
from tests.benchmarks.terminal import DrivenTerminal, on_terminal, python
from tests.benchmarks.tills import TillFolder, card, name, till_folder
from tests.fakes.service import RunningService, running_service

from taptill.service.changes import INSERT_MAX
from taptill.service.database import open_database
from taptill.service.fields import ENTITIES
from taptill.service.store import Store

CARDS_APART_S = 0.35  # two cards within 0.3 s are two cards in the field
DEAD_ENTER_S = 0.45
FEW, MANY, MANY_QUICK = 1_000, 1_000_000, 100_000
STRIDE = 7919
"""Customers are taken from all over the cache: this is prime to all sizes."""

SETTLED_S = 0.4
"""So long nothing is painted once a sale is at the service and the till has nothing to do."""


class MeasuredTill:
    """One program that sells, with how it is shown a card.

    `answered_at_s` is when it last answered a card or Enter.
    """

    def __init__(
        self, terminal: DrivenTerminal, show: Callable[[int], None], customers: int
    ) -> None:
        self._terminal = terminal
        self._show = show
        self._customers = customers
        self._clear = True
        self._tapped_at_s = 0.0
        self.answered_at_s = 0.0

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
        return self._answered(verdict)

    def next_card(self, turn: int) -> float:
        """Show a card at once, with nothing rung up; return the seconds until it is answered."""
        self._terminal.forget()
        self._tapped_at_s = time.perf_counter()
        self._show(turn * STRIDE % self._customers)
        return self._answered(b"Card read")

    def rest(self) -> None:
        """Begin anew, and wait until nothing is under way."""
        self._terminal.type("-", b"Tap your card")
        self._clear = True
        self._terminal.settle(SETTLED_S)

    def enter(self) -> float:
        """Press Enter once it counts; return the seconds until PAID is painted."""
        _wait_until(self.answered_at_s + DEAD_ENTER_S)
        took_s = self._terminal.type("\r", b"Thank you")
        self.answered_at_s = time.perf_counter()
        return took_s

    def _answered(self, text: bytes) -> float:
        self.answered_at_s = self._terminal.drawn_at_s(text)
        return self.answered_at_s - self._tapped_at_s


@contextmanager
def till(folder: Path, customers: int) -> Iterator[MeasuredTill]:
    """Run the till with so many customers in its cache and nobody to ask."""
    with till_folder(folder, customers) as till_of_folder, till_of_folder.running() as terminal:
        yield MeasuredTill(terminal, till_of_folder.tap, customers)


@contextmanager
def bare(folder: Path, kind: str) -> Iterator[MeasuredTill]:
    """Run a bare program that looks like a till: `till` or `thin`."""
    read_end, write_end = os.pipe()
    path = str(folder / f"{kind}.db")
    words = python("tests.benchmarks.floor", kind, str(read_end), path)

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
    many = MANY_QUICK if bench.quick else MANY
    names = ("few", "own", "thin", "many")
    taps: dict[str, list[float]] = {name: [] for name in names}
    echoes: dict[str, list[float]] = {name: [] for name in names}
    bench.say(f"filling caches with {FEW:,} and {many:,} customers")
    with ExitStack() as stack:
        counters = {
            "few": stack.enter_context(till(bench.folder / "few", FEW)),
            "own": stack.enter_context(bare(bench.folder, "till")),
            "thin": stack.enter_context(bare(bench.folder, "thin")),
            "many": stack.enter_context(till(bench.folder / "many", many)),
        }
        for turn in bench.rounds("tap", 120):
            for name in names:
                echoes[name].append(counters[name].ring_up())
                taps[name].append(counters[name].tap(turn))
    few_ms, own, thin, many_ms = (milliseconds(taps[name]) for name in names)
    keys = milliseconds(echoes["few"] + echoes["many"])
    size_goal = at_most("times the small cache, p50", times(many_ms, few_ms), 1.2)
    return [
        _tap_figure(FEW, few_ms, own, thin),
        _tap_figure(many, many_ms, own, thin, size_goal),
        Figure(
            "key to echo",
            "ms",
            samples=keys,
            floor=milliseconds(echoes["own"]),
            goals=(at_most("ms, p95", percentile(keys, 95), 30),),
            thin=milliseconds(echoes["thin"]),
        ),
    ]


def _tap_figure(
    customers: int, samples: list[float], own: list[float], thin: list[float], *more: Goal
) -> Figure:
    goals = (
        at_most("times the thin repaint, p50", times(samples, thin), 0.95),
        at_most("times the bare repaint, p50", times(samples, own), 1.15),
        at_most("ms, p99", percentile(samples, 99), 25),
    )
    name = f"tap to verdict, {customers:,} customers"
    return Figure(name, "ms", samples=samples, floor=own, goals=(*goals, *more), thin=thin)


def measure_enter(bench: Bench) -> list[Figure]:
    """Measure Enter to PAID: the decision, a durable charge, and the screen."""
    names = ("till", "own", "thin")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        counters = {
            "till": stack.enter_context(till(bench.folder / "enter", FEW)),
            "own": stack.enter_context(bare(bench.folder, "till")),
            "thin": stack.enter_context(bare(bench.folder, "thin")),
        }
        for turn in bench.rounds("enter", 60):
            for name in names:
                counters[name].ring_up()
                counters[name].tap(turn)
                seconds[name].append(counters[name].enter())
    samples, own, thin = (milliseconds(seconds[name]) for name in names)
    goals = (
        at_most("times a thin commit and repaint, p50", times(samples, thin), 1.2),
        at_most("times the same, p95", times_high(samples, thin), 1.3),
        at_most("times a bare commit and repaint, p50", times(samples, own), 1.5),
    )
    return [Figure("Enter to PAID", "ms", samples=samples, floor=own, goals=goals, thin=thin)]


def measure_next(bench: Bench) -> list[Figure]:
    """Measure a tap right behind PAID, while the sale is being sent, beside an ordinary tap."""
    ordinary: list[float] = []
    behind: list[float] = []
    place = bench.folder / "books"
    place.mkdir()
    with running_service(place, sample=False) as service:
        put_into_books(service, FEW)
        folder = TillFolder(bench.folder / "next", service.url, token=service.token)
        folder.know(FEW)
        with folder.running() as terminal:
            counter = MeasuredTill(terminal, folder.tap, FEW)
            terminal.settle(SETTLED_S)  # the sync of a start
            for turn in bench.rounds("next card", 60):
                counter.ring_up()
                counter.tap(3 * turn)
                counter.enter()
                behind.append(counter.next_card(3 * turn + 1))
                counter.rest()
                ordinary.append(counter.next_card(3 * turn + 2))
                counter.rest()
    behind, ordinary = milliseconds(behind), milliseconds(ordinary)
    goal = at_most("times an ordinary tap, p50", times(behind, ordinary), 1.2)
    remark = "own: the same tap where nothing is under way"
    return [
        Figure(
            "next card right behind PAID",
            "ms",
            samples=behind,
            floor=ordinary,
            goals=(goal,),
            remark=remark,
        )
    ]


def put_into_books(service: RunningService, customers: int) -> None:
    """Put the customers of a till's folder into the service's books."""
    engine = open_database(service.database)
    store = Store(engine)
    store.insert(ENTITIES["Companies"], {"fields": [{"name": "Analytical Society"}]})
    rows = [
        {
            "name": name(number),
            "cardId": card(number),
            "company": {"id": 1},
            "totalDebt": -100_000,
        }
        for number in range(customers)
    ]
    for first in range(0, customers, INSERT_MAX):
        store.insert(ENTITIES["Customers"], {"fields": rows[first : first + INSERT_MAX]})
    engine.dispose()


def _wait_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.perf_counter()))
