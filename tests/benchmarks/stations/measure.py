"""Measures how long a tap and Enter take from station to station of the program."""

import os
from collections.abc import Sequence

from tests.benchmarks.counter import FEW, MeasuredTill
from tests.benchmarks.figures import Bench, Figure
from tests.benchmarks.terminal import on_terminal, python
from tests.benchmarks.tills import till_folder

SHOWN = "the answer is read"
PAINTED = (
    "the screen has the view",
    "the picture is computed",
    "the lines are composed",
    "the writer's thread has the lines",
    "the terminal has them",
    SHOWN,
)
TAP = (
    "the reader's thread has the frame",
    "the till has the tap",
    "the customer is looked up and decided",
    *PAINTED,
)
ENTER = (
    "the screen has the keys",
    "decided; the entry is on its way",
    "the journal's thread has the entry",
    "the entry is on the disk",
    "the till has the entry",
    *PAINTED,
)
READ_BYTES = 65536

Marks = list[tuple[str, float]]


def measure(bench: Bench) -> list[Figure]:
    """Tap and press Enter; a row for each station, with the time since the one before it."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    tap_ms: list[list[float]] = []
    enter_ms: list[list[float]] = []
    module = "tests.benchmarks.stations.program"
    with till_folder(bench.folder / "stations", FEW) as folder:
        words = python(module, str(write_end), *folder.words()[3:])
        with on_terminal(words, b"READER ok", (write_end,)) as terminal:
            counter = MeasuredTill(terminal, folder.tap, FEW)
            for turn in bench.rounds("stations", 60):
                counter.ring_up()
                for kind, steps_ms, stations in (("tap", tap_ms, TAP), ("enter", enter_ms, ENTER)):
                    _marks(read_end)
                    took_s = counter.tap(turn) if kind == "tap" else counter.enter()
                    began_s = counter.answered_at_s - took_s
                    marks = [*_marks(read_end), (SHOWN, counter.answered_at_s)]
                    steps_ms.append(_steps_ms(marks, began_s, stations))
    os.close(read_end)
    os.close(write_end)
    return [*_figures("tap", TAP, tap_ms), *_figures("Enter", ENTER, enter_ms)]


def _marks(descriptor: int) -> Marks:
    """Read the stations that were passed since the last call."""
    try:
        lines = os.read(descriptor, READ_BYTES).decode().splitlines()
    except BlockingIOError:
        return []
    return [(station, float(at_s)) for station, at_s in (line.split("\t") for line in lines)]


def _steps_ms(marks: Marks, began_s: float, stations: Sequence[str]) -> list[float]:
    """Return the milliseconds to each station from the one before it."""
    steps: list[float] = []
    at_s = began_s
    for station in stations:
        later = [mark_s for name, mark_s in marks if name == station and mark_s >= at_s]
        steps.append(1000 * (min(later, default=at_s) - at_s))
        at_s = min(later, default=at_s)
    return steps


def _figures(event: str, stations: Sequence[str], steps_ms: list[list[float]]) -> list[Figure]:
    columns = zip(stations, zip(*steps_ms, strict=True), strict=True)
    figures = [Figure(f"  {station}", "ms", samples) for station, samples in columns]
    return [Figure(f"{event} in all", "ms", [sum(steps) for steps in steps_ms]), *figures]
