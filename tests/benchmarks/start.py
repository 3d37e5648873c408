"""Measures the seconds from the start of a program to its first frame."""

from contextlib import ExitStack

from tests.benchmarks.figures import Bench, Figure, at_most, median, milliseconds
from tests.benchmarks.terminal import DrivenTerminal, python
from tests.benchmarks.tills import till_folder

CUSTOMERS = 1_000


def measure(bench: Bench) -> list[Figure]:
    """Start the till, killed each time, and a bare program in turn."""
    frames: list[float] = []
    usable: list[float] = []
    floor: list[float] = []
    with ExitStack() as stack:
        folder = stack.enter_context(till_folder(bench.folder / "start", CUSTOMERS))
        for turn in bench.rounds("start", 13):
            bare = _seconds(python("tests.benchmarks.floor", "frame"), b"bare frame")
            ours = _seconds(folder.words(), b"Tap your card", b"READER ok")
            if turn:  # the first round compiles modules and makes the journal
                floor += bare
                frames.append(ours[0])
                usable.append(ours[1])
    frames, usable, floor = map(milliseconds, (frames, usable, floor))
    return [
        Figure(
            "start to first frame",
            "ms",
            frames,
            floor,
            (at_most("ms, p50", median(frames), 500),),
        ),
        Figure(
            "killed, started: usable",
            "ms",
            usable,
            floor,
            (at_most("ms, p50", median(usable), 1500),),
        ),
    ]


def _seconds(words: list[str], *texts: bytes) -> list[float]:
    """Return the seconds from the start until each of these was drawn, in this order."""
    terminal = DrivenTerminal(words)
    try:
        return [terminal.drawn_at_s(text) - terminal.began_s for text in texts]
    finally:
        terminal.close()
