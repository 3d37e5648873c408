"""Power cuts at every moment of a recorded journal, after which nothing durable may be missing.

The writer runs once under strace. Its file operations are replayed up to each one, the power goes,
and the real journal opens what the disk then holds.
"""

import random
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.soak.disk import Disk, FileSync, Name, Operation, Write, dropped, kept, some
from tests.soak.recorder import PrintedLine, record

from taptill.domain.errors import JournalError
from taptill.journal.file import connect, entries
from taptill.journal.journal import Journal
from taptill.journal.verify import verify

POWER_CUTS = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("strace") is None,
        reason="NO POWER CUT WAS TRIED: strace, which records the journal's writes, is missing",
    ),
]
"""What tests that cut the power are marked with."""

COMPLAINTS_MAX = 10
DRAWN = 2
"""So many random remains are tried after each operation, beside the strictest."""


@dataclass(frozen=True, slots=True)
class DiskTrace:
    """What a writer did, and the journal that it meant: hash by hash, group by group."""

    steps: Sequence[Operation | PrintedLine]
    hashes: Sequence[str]
    ends: Sequence[int]

    def fault(self, hashes: Sequence[str], durable: int) -> str:
        """Say how a journal differs from what was promised; empty where it does not."""
        if durable == 0 and len(hashes) == 1:
            return ""  # nothing was there yet, or its first entry: it says whose journal it is
        if len(hashes) < durable:
            return f"entry {durable} was called durable, {len(hashes)} are there"
        if list(self.hashes[: len(hashes)]) != list(hashes):
            return "an entry is not what was written"
        if len(hashes) not in self.ends:
            return f"half a group is there: {len(hashes)} entries"
        return ""


def recording(folder: Path, synchronous: str = "") -> DiskTrace:
    """Let the writer work in `folder` under strace; it ends without closing its journal."""
    folder.mkdir()
    path = folder / "journal.db"
    words = [sys.executable, "-m", "tests.soak.writer", str(path), synchronous]
    steps = record(words, folder, folder.with_suffix(".strace"))
    groups = [
        line.split() for step in steps if isinstance(step, PrintedLine) for line in [step.words]
    ]
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".db-shm"}
    disk = Disk()
    for step in steps:
        if not isinstance(step, PrintedLine):
            disk.take(step)
    assert disk.after_cut(kept, lambda: True) == left, "the recorder has missed something"
    with closing(connect(path, read_only=True)) as journal:
        assert verify(journal).sound
        hashes = [entry.hash for entry in entries(journal)]
    ends = sorted({0, 1, *(int(last) for _, last in groups)})
    assert ends[-1] == len(hashes)
    return DiskTrace(steps, hashes, ends)


def soak(folder: Path, rounds: int, seed: int, say: Callable[[str], None]) -> list[str]:
    """Cut the power after `rounds` operations drawn by the seed, after each one where it is 0."""
    return cuts(recording(folder / "record"), folder, rounds, seed, say)


def cuts(
    tape: DiskTrace, folder: Path, rounds: int, seed: int, say: Callable[[str], None]
) -> list[str]:
    """Return what was lost; the moments that are rare are among those that the seed draws."""
    dice = random.Random(seed)
    count = len(tape.steps)
    usual = [number for number, step in enumerate(tape.steps) if not rare(tape, step)]
    sample = dice.sample(usual, rounds) if 0 < rounds < len(usual) else usual
    positions = set(range(count)) - set(usual) | set(sample)
    disk, durable, faults = Disk(), 0, []
    for number, step in enumerate(tape.steps):
        if isinstance(step, PrintedLine):
            durable = max(durable, int(step.words.split()[-1]))
        else:
            disk.take(step)
        if number in positions:
            for remains, cut in ways(disk, dice):
                fault = reopened(folder / "cut", remains, tape, durable)
                if fault:
                    faults.append(f"after operation {number} of {count}, {cut}: {fault}")
        if len(faults) >= COMPLAINTS_MAX:
            break
        say(f"operation {number} of {count}")
    return faults


def rare(tape: DiskTrace, step: Operation | PrintedLine) -> bool:
    """Return whether a step is no part of a usual commit: the file is made, or takes the log in."""
    logs = {
        step.file for step in tape.steps if isinstance(step, Name) and step.name.endswith("-wal")
    }
    return not isinstance(step, PrintedLine) and not (
        isinstance(step, Write | FileSync) and step.file in logs
    )


def ways(disk: Disk, dice: random.Random) -> Iterator[tuple[dict[str, bytes], str]]:
    """Yield what may be left of the files, and what happened to what was not synced."""
    yield disk.after_cut(dropped, lambda: False), "all dropped"
    for _ in range(DRAWN):
        yield disk.after_cut(some(dice), lambda: dice.random() < 0.5), "some kept"


def reopened(folder: Path, remains: dict[str, bytes], tape: DiskTrace, durable: int) -> str:
    """Open what a cut has left with the real journal; say what is wrong with it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in remains.items():
        (folder / name).write_bytes(content)
    journal = Journal(folder / "journal.db", FakeClock(), min_free_mb=0)
    try:
        journal.open({"backend": "here"})
    except JournalError as fault:
        return f"it does not open: {fault}"
    try:
        reading = journal.queries.connection
        if not verify(reading).sound:
            return "the chain does not hold"
        hashes = [entry.hash for entry in entries(reading)]
    finally:
        journal.close()
    return tape.fault(hashes, durable)
