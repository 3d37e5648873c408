"""Measures the memory and the idle time of a running till."""

import time
from pathlib import Path

from tests.benchmarks.counter import CARDS_APART_S
from tests.benchmarks.figures import Bench, Figure, at_most
from tests.benchmarks.terminal import DrivenTerminal, on_terminal, python
from tests.benchmarks.tills import name, till_folder

READERS = 24
"""One reader takes three cards a second; a till with so many takes as many as it can paint."""

CUSTOMERS = 1_000
TAPS = 3_000
IDLE_S = 10.0
STARTED_S = 2.0


def measure(bench: Bench) -> list[Figure]:
    """Measure memory after start and after many taps, and the time of an idle till."""
    with (
        till_folder(bench.folder / "idle", CUSTOMERS) as folder,
        folder.running() as ours,
        on_terminal(python("tests.benchmarks.floor", "frame"), b"bare frame") as bare,
    ):
        time.sleep(STARTED_S)  # what a start leaves to do is no idling
        start_mb, floor = resident_mb(ours), resident_mb(bare)
        figures = [_idle(bench, ours, bare)]
    goal = at_most("MB after start", start_mb, 64)
    figures.append(
        Figure("memory after start", "MB", samples=[start_mb], floor=[floor], goals=(goal,))
    )
    return [*figures, _grown(bench)]


def _idle(bench: Bench, ours: DrivenTerminal, bare: DrivenTerminal) -> Figure:
    bench.say(f"idling for {IDLE_S:.0f} s")
    programs = (ours, bare)
    before = [busy_s(program) for program in programs]
    time.sleep(IDLE_S)
    after = [busy_s(program) for program in programs]
    ours_percent, bare_percent = (
        (end - begin) / IDLE_S * 100 for begin, end in zip(before, after, strict=True)
    )
    goal = at_most("% of a core", ours_percent, 1)
    return Figure(
        "idle till", "% of a core", samples=[ours_percent], floor=[bare_percent], goals=(goal,)
    )


def _grown(bench: Bench) -> Figure:
    """Tap; caches fill at first, so the last third's growth is told apart."""
    grown: list[float] = []
    with (
        till_folder(bench.folder / "taps", CUSTOMERS, READERS) as folder,
        folder.running() as terminal,
    ):
        time.sleep(STARTED_S)  # READER ok tells of the first reader only
        reader_at_s = [0.0] * READERS
        for turn in bench.rounds("taps", TAPS):
            reader = turn % READERS
            time.sleep(max(0.0, reader_at_s[reader] + CARDS_APART_S - time.perf_counter()))
            reader_at_s[reader] = time.perf_counter()
            terminal.settle(0.0)
            folder.tap(turn % CUSTOMERS, reader)
            terminal.drawn_at_s(name(turn % CUSTOMERS).encode())
            grown.append(resident_mb(terminal))
    late = len(grown) * 2 // 3
    goals = (
        at_most("MB after so many taps", grown[-1], 64),
        at_most("MB more than after the first tap", grown[-1] - grown[0], 5),
    )
    remark = f"{grown[-1] - grown[late]:+.2f} MB over the last {len(grown) - late:,} taps"
    return Figure(
        f"memory over {len(grown):,} taps",
        "MB",
        samples=[grown[-1]],
        floor=[grown[0]],
        goals=goals,
        remark=remark,
    )


def resident_mb(program: DrivenTerminal) -> float:
    """Return the memory that a program has in use, in MB."""
    for line in Path(f"/proc/{program.pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the program has ended")


def busy_s(program: DrivenTerminal) -> float:
    """Sum what every thread of a program has run, exact to the nanosecond."""
    threads = Path(f"/proc/{program.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text("ascii").split()[0]) for thread in threads) / 1e9
