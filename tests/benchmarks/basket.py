"""Measures a sale of twelve lines, 200 goods and 20 staff, beside a typed amount and one good."""

from contextlib import ExitStack

from tests.benchmarks.counter import FEW, MeasuredTill, till
from tests.benchmarks.figures import Bench, Figure, at_most, milliseconds, times
from tests.benchmarks.tills import APART_S, LETTERS, till_folder

GOODS, STAFF, LINES = 200, 20, 12
AS_BEFORE = 1.05
"""A long basket and many goods must not be felt."""

TIMES = "1 \N{MULTIPLICATION SIGN}"


class LongSale(MeasuredTill):
    """A till that rings up twelve goods at 0.35 each, which are 4.20 too."""

    def ring_up(self) -> float:
        """Begin a sale; return the seconds from the last letter to its line."""
        if not self._clear:
            self._terminal.type("-", b"Tap your card")
        self._clear = False
        echo_s = 0.0
        for number, letter in enumerate(LETTERS[:LINES]):
            self._terminal.settle(APART_S)
            echo_s = self._terminal.type(letter, f"{TIMES} Good {number}".encode())
        return echo_s


def measure(bench: Bench) -> list[Figure]:
    """Measure tap to verdict and Enter to PAID of both."""
    names = ("plain", "long")
    taps: dict[str, list[float]] = {name: [] for name in names}
    enters: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        folder = stack.enter_context(
            till_folder(bench.folder / "long", FEW, goods=GOODS, staff=STAFF)
        )
        terminal = stack.enter_context(folder.running())
        counters = {
            "plain": stack.enter_context(till(bench.folder / "plain", FEW)),
            "long": LongSale(terminal, folder.tap, FEW),
        }
        for turn in bench.rounds("12 lines of 200 goods", 60):
            for name in names:
                counters[name].ring_up()
                taps[name].append(counters[name].tap(turn))
                enters[name].append(counters[name].enter())
    return [
        _figure("tap to verdict, 12 lines, 200 goods, 20 staff", taps["long"], taps["plain"]),
        _figure("Enter to PAID, 12 lines, 200 goods, 20 staff", enters["long"], enters["plain"]),
    ]


def _figure(name: str, long_s: list[float], plain_s: list[float]) -> Figure:
    samples, plain = milliseconds(long_s), milliseconds(plain_s)
    goal = at_most("times a typed amount, p50", times(samples, plain), AS_BEFORE)
    remark = "own: a typed amount on a till with one good"
    return Figure(name, "ms", samples=samples, floor=plain, goals=(goal,), remark=remark)
