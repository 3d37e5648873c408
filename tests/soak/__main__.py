"""Runs the soaks one after another, with a progress line and a list of faults.

`python -m tests.soak [WORD ...]`; without a word all soaks run. Each says its seed first; one that
found something leaves its folder, and the exit status is 1.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.scenarios.day import day
from tests.soak import kills, power, readers

Soak = Callable[[Path, int, int, Callable[[str], None]], list[str]]
"""Given a folder, rounds (0: as many as are usual), a seed and a progress line; complaints."""

SOAKS: dict[str, Soak] = {
    "kills": kills.soak,
    "power": power.soak,
    "readers": readers.soak,
    "day": day.soak,
}


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.soak")
    words.add_argument("soak", nargs="*", help=f"of {', '.join(SOAKS)}; all without any")
    words.add_argument("--rounds", type=int, default=0)
    words.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = words.parse_args()
    if unknown := set(options.soak) - set(SOAKS):
        words.error(f"no such soak: {', '.join(sorted(unknown))}")
    results = [run(name, options.rounds, options.seed) for name in options.soak or SOAKS]
    return int(any(results))


def run(name: str, rounds: int, seed: int) -> list[str]:
    """Run one soak in a folder of its own, which stays where something was found."""
    folder, began_s = Path(tempfile.mkdtemp(prefix=f"soak-{name}-")), time.monotonic()
    say(f"{name}: SEED={seed}, files in {folder}")
    wide = sys.stdout.isatty()

    def progress(words: str) -> None:
        if wide:
            say(f"\r\x1b[K{words}, {time.monotonic() - began_s:.0f} s", end="")

    faults = SOAKS[name](folder, rounds, seed, progress)
    took = f"{time.monotonic() - began_s:.0f} s"
    say("\r\x1b[K" if wide else "", end="")
    say(f"{name}: broken after {took}" if faults else f"{name}: all is well after {took}")
    for fault in faults:
        say(f"  {fault}")
    if not faults:
        shutil.rmtree(folder)
    return faults


def say(words: str, end: str = "\n") -> None:
    sys.stdout.write(f"{words}{end}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
