"""A recorded journal in, every way that a power cut can leave it out: nothing promised is lost.

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
from tests.soak.disk import Disk, Name, Operation, Sync, Write, dropped, kept, some
from tests.soak.recorder import Said, record

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
class Recording:
    """What a writer did, and the journal that it meant: hash by hash, group by group."""

    steps: Sequence[Operation | Said]
    hashes: Sequence[str]
    ends: Sequence[int]

    def fault(self, written: Sequence[str], promised: int) -> str:
        """Say how a journal differs from what was promised; empty where it does not."""
        if promised == 0 and len(written) == 1:
            return ""  # nothing was there yet, or its first entry: it says whose journal it is
        if len(written) < promised:
            return f"entry {promised} was called durable, {len(written)} are there"
        if list(self.hashes[: len(written)]) != list(written):
            return "an entry is not what was written"
        if len(written) not in self.ends:
            return f"half a group is there: {len(written)} entries"
        return ""


def recording(folder: Path, synchronous: str = "") -> Recording:
    """Let the writer work in `folder` under strace; it ends without closing its journal."""
    folder.mkdir()
    path = folder / "journal.db"
    words = [sys.executable, "-m", "tests.soak.writer", str(path), synchronous]
    steps = record(words, folder, folder.with_suffix(".strace"))
    groups = [line.split() for one in steps if isinstance(one, Said) for line in [one.words]]
    left = {one.name: one.read_bytes() for one in folder.iterdir() if one.suffix != ".db-shm"}
    disk = Disk()
    for step in steps:
        if not isinstance(step, Said):
            disk.take(step)
    assert disk.after_cut(kept, lambda: True) == left, "the recorder has missed something"
    with closing(connect(path, read_only=True)) as journal:
        assert verify(journal).sound
        hashes = [one.hash for one in entries(journal)]
    ends = sorted({0, 1, *(int(last) for _, last in groups)})
    assert ends[-1] == len(hashes)
    return Recording(steps, hashes, ends)


def soak(folder: Path, rounds: int, seed: int, say: Callable[[str], None]) -> list[str]:
    """Cut the power after `rounds` operations drawn by the seed, after each one where it is 0."""
    return cuts(recording(folder / "record"), folder, rounds, seed, say)


def cuts(
    tape: Recording, folder: Path, rounds: int, seed: int, say: Callable[[str], None]
) -> list[str]:
    """Give what was lost; the moments that are rare are among those that the seed draws."""
    dice = random.Random(seed)
    count = len(tape.steps)
    usual = [number for number, step in enumerate(tape.steps) if not rare(tape, step)]
    drawn = dice.sample(usual, rounds) if 0 < rounds < len(usual) else usual
    chosen = set(range(count)) - set(usual) | set(drawn)
    disk, promised, found = Disk(), 0, []
    for number, step in enumerate(tape.steps):
        if isinstance(step, Said):
            promised = max(promised, int(step.words.split()[-1]))
        else:
            disk.take(step)
        if number in chosen:
            for remains, cut in ways(disk, dice):
                fault = reopened(folder / "cut", remains, tape, promised)
                if fault:
                    found.append(f"after operation {number} of {count}, {cut}: {fault}")
        if len(found) >= COMPLAINTS_MAX:
            break
        say(f"operation {number} of {count}")
    return found


def rare(tape: Recording, step: Operation | Said) -> bool:
    """Tell whether a step is no part of a usual commit: the file is made, or takes the log in."""
    logs = {one.file for one in tape.steps if isinstance(one, Name) and one.name.endswith("-wal")}
    return not isinstance(step, Said) and not (isinstance(step, Write | Sync) and step.file in logs)


def ways(disk: Disk, dice: random.Random) -> Iterator[tuple[dict[str, bytes], str]]:
    """Give what may be left of the files, and what happened to what was not synced."""
    yield disk.after_cut(dropped, lambda: False), "all dropped"
    for _ in range(DRAWN):
        yield disk.after_cut(some(dice), lambda: dice.random() < 0.5), "some kept"


def reopened(folder: Path, remains: dict[str, bytes], tape: Recording, promised: int) -> str:
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
        written = [one.hash for one in entries(reading)]
    finally:
        journal.close()
    return tape.fault(written, promised)
