"""The real till under strace in, its syncs between Enter and PAID out."""

import re
import shutil
import subprocess
import time

from tests.benchmarks.counter import Counter
from tests.benchmarks.figures import Bench, Figure, Goal, at_most
from tests.benchmarks.tills import till_folder

CALLS = "fsync,fdatasync,sync_file_range,msync,sync,syncfs"
A_CALL = re.compile(r"^\d+ +(\d+\.\d+) (?:" + CALLS.replace(",", "|") + r")\(", re.MULTILINE)
CUSTOMERS = 1_000


def measure(bench: Bench) -> list[Figure]:
    """Count the syncs of each charge; without strace say that nothing was counted."""
    strace = shutil.which("strace")
    if strace is None or not _may_trace(strace):
        remark = "not counted: strace is missing or may not trace"
        return [Figure("syncs from Enter to PAID", "calls", (), remark=remark)]
    log = bench.folder / "syncs.txt"
    traced = (strace, "-f", "-ttt", "-e", f"trace={CALLS}", "-o", str(log))
    spans: list[tuple[float, float]] = []
    with (
        till_folder(bench.folder / "syncs", CUSTOMERS) as made,
        made.running(*traced) as terminal,
    ):
        counter = Counter(terminal, made.tap, CUSTOMERS)
        for turn in bench.rounds("syncs", 12):
            counter.ring_up()
            counter.tap(turn)
            took_s = counter.enter()
            spans.append((time.time() - took_s, time.time()))
        counter.ring_up()  # the log is complete once the till has gone on
    called = [float(at) for at in A_CALL.findall(log.read_text("ascii", "replace"))]
    counts = [float(sum(began <= at <= end for at in called)) for began, end in spans]
    goals = (
        at_most("syncs, most of all charges", max(counts), 1),
        Goal("syncs, least of all charges", min(counts), 1, at_least=True),
    )
    return [Figure("syncs from Enter to PAID", "calls", counts, goals=goals)]


def _may_trace(strace: str) -> bool:
    words = [strace, "-o", "/dev/null", shutil.which("true") or "true"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
