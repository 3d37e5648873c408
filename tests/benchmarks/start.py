"""Measures the seconds from the start of a program to its first frame and its first answer."""

import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from tests.benchmarks.figures import Bench, Figure, at_most, median, milliseconds, times
from tests.benchmarks.terminal import DrivenTerminal, python
from tests.benchmarks.tills import TillFolder, name, till_folder

CUSTOMERS = 1_000
BUYER = 7

ANY_FRAME = b"last sales"
READER_OK = b"mREADER ok"
"""As the status row has it, in a run of its own style: the banner says "wait for READER ok"."""

CHECKS_FIRST = (
    "config, readers' settings and journal are read before the screen: what refuses a start; "
    "their imports take two fifths of Textual's"
)
PORT_SETTLES = "a serial port is left to settle for 50 ms before it is read"

Start = tuple[float, float, float]
"""Seconds from the start to the first frame, to the last one before the tap, and to the answer."""


def measure(bench: Bench) -> list[Figure]:
    """Start the till, killed each time, and a thin program in turn; each is shown a card at once.

    The floor is a program of one widget on the same library, with no rule, file or network. A till
    that says lines is started beside them.
    """
    tills: list[Start] = []
    floors: list[Start] = []
    plains: list[Start] = []
    with ExitStack() as stack:
        folder = stack.enter_context(till_folder(bench.folder / "start", CUSTOMERS))
        for turn in bench.rounds("start", 13):
            floor, till, plain = _thin(), _till(folder), _plain(folder)
            if turn:  # the first round compiles modules and makes the journal
                floors.append(floor)
                tills.append(till)
                plains.append(plain)
    lines, said, _ = (milliseconds(column) for column in zip(*plains, strict=True))
    frames, usable, answers = (milliseconds(column) for column in zip(*tills, strict=True))
    thin_frames, _, thin_answers = (milliseconds(column) for column in zip(*floors, strict=True))
    return [
        _figure("start to first frame", frames, thin_frames, (500, 1.1), CHECKS_FIRST),
        _figure("killed, started: usable", usable, thin_frames, (1500, None)),
        _figure("start to first tap answered", answers, thin_answers, (1500, 1.35), PORT_SETTLES),
        _figure("start with --plain to first line", lines, thin_frames, (500, 1.0)),
        _figure("start with --plain to READY", said, thin_frames, (1500, None)),
    ]


def _figure(
    description: str,
    samples: Sequence[float],
    floor: Sequence[float],
    limits: tuple[float, float | None],
    remark: str = "",
) -> Figure:
    limit_ms, limit_ratio = limits
    goals = [at_most("ms, p50", median(samples), limit_ms)]
    if limit_ratio:
        goals.append(at_most("x the thin floor", times(samples, floor), limit_ratio))
    return Figure(description, "ms", samples, goals=tuple(goals), thin=floor, remark=remark)


def _thin() -> Start:
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, its:
        words = python("tests.benchmarks.floor", "frame", str(its.fileno()))
        frames = (b"bare frame",)
        return _start(words, frames, lambda: ours.send(b"Guest"), b"answered Guest", [its.fileno()])


def _till(folder: TillFolder) -> Start:
    return _start(
        folder.words(), (ANY_FRAME, READER_OK), lambda: folder.tap(BUYER), name(BUYER).encode()
    )


def _plain(folder: TillFolder) -> Start:
    words = [*folder.words(), "--plain"]
    return _start(
        words, (b"STARTING: ", b"READY: "), lambda: folder.tap(BUYER), name(BUYER).encode()
    )


def _start(
    words: list[str],
    frames: Sequence[bytes],
    tap: Callable[[], object],
    answer: bytes,
    descriptors: Sequence[int] = (),
) -> Start:
    """Start a program, tap once all these texts are drawn, in this order, and wait for the answer.

    Then take its power.
    """
    terminal = DrivenTerminal(words, descriptors)
    try:
        first, *others = [terminal.drawn_at_s(text) for text in frames]
        tap()
        answered_s = terminal.drawn_at_s(answer)
        began_s = terminal.began_s
        return first - began_s, (others or [first])[-1] - began_s, answered_s - began_s
    finally:
        terminal.close()
