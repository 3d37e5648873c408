"""Measures Enter to PAID beside printers that are broken, each as it is in the tests."""

from collections.abc import Sequence
from contextlib import ExitStack

from tests.benchmarks.counter import FEW, MeasuredTill
from tests.benchmarks.figures import Bench, Figure, at_most, milliseconds, times_high
from tests.benchmarks.tills import TillFolder
from tests.fakes.devices.paper import Mood, TcpPrinter

from taptill.slips.spool import Spool

BROKEN = {
    "that stops reading": Mood.STUCK,
    "without paper": Mood.NO_PAPER,
    "that vanishes in mid-line": Mood.VANISHES,
}
NOBODY = "http://127.0.0.1:9"
SALES = 120
"""So many beside each: six of them are above p95. Four at a time take 1.5 seconds."""


def measure(bench: Bench) -> list[Figure]:
    """Sell in turn without a printer and beside each broken one, which prints every sale.

    The tills wait for card and Enter together, and each of them is first as often as the others.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ("", *BROKEN)}
    with ExitStack() as stack:
        counters = {name: _Counter(bench, stack, name) for name in seconds}
        for turn in bench.rounds("printers", SALES):
            first = turn % len(counters)
            names = [*counters][first:] + [*counters][:first]
            for name in names:
                counters[name].till.ring_up()
            for name in names:
                counters[name].till.tap(turn)
            for name in names:
                seconds[name].append(counters[name].till.enter())
        for name in BROKEN:
            assert counters[name].has_waited(), name
    without = milliseconds(seconds.pop(""))
    return [_figure(name, milliseconds(samples), without) for name, samples in seconds.items()]


class _Counter:
    """A till that sells beside a broken printer, or without one."""

    def __init__(self, bench: Bench, stack: ExitStack, name: str) -> None:
        mood = BROKEN.get(name)
        self._printer = TcpPrinter(mood) if mood else None
        if self._printer:
            stack.callback(self._printer.close)
        place = bench.folder / (mood.name if mood else "none")
        address = self._printer.address if self._printer else ""
        self._folder = TillFolder(place, NOBODY, printer=address)
        self._folder.know(FEW)
        terminal = stack.enter_context(self._folder.running())
        self.till = MeasuredTill(terminal, self._folder.tap, FEW)

    def has_waited(self) -> bool:
        """Return whether nothing was printed, and slips wait for the printer."""
        assert self._printer
        return not self._printer.paper and bool(Spool(self._folder.state / "slips.json").waiting)


def _figure(name: str, samples: Sequence[float], without: Sequence[float]) -> Figure:
    ratio = times_high(samples, without)
    return Figure(
        f"Enter to PAID, printer {name}",
        "ms",
        samples=samples,
        floor=without,
        goals=(at_most("times without a printer, p95", ratio, 1.3),),
        remark=f"{len(samples)} sales each; own: the same till without a printer",
    )
