"""Power cuts at seeded moments with sales under way: nothing that was PAID is lost or doubled.

The moment is one of two kinds, in turn. One is a write of the disk between Enter and PAID, counted
in the log of writes, so that it falls into the commit however slow the machine is: the panel is
pictured over and over until it shows PAID, and the disk is put back to where it was at a moment at
which it did not yet. The network is away meanwhile, so that the backend has seen nothing of what
the disk forgets. The other is a time after Enter with the network there: before PAID, after it, or
while the sale is sent.
"""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.machine.emulator.machine import Machine
from tests.machine.stage import AS_TILL, FRAME_S, PAINTED_S, SOON_S, Stage, StepFailedError, says

from taptill.ui.themes import CONSOLE_PALETTE

PRICE_MINOR = 420
SALES_MAX = 3
"""Before a cut at most so many sales are finished."""

LATE_S_MAX = 2.0
"""The cut comes at most so long after Enter of the last sale, which takes a second or two."""

PAID_GREEN = CONSOLE_PALETTE[2]
STATE = "--state-dir /var/lib/taptill"
JOURNAL, COPY = "/var/lib/taptill/journal.db", "/dev/shm/journal.db"
BACK_UP = (
    "import sqlite3, sys; journal = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True); "
    "journal.backup(sqlite3.connect(sys.argv[2]))"
)
"""A copy of a journal of a till at work, by SQLite's own means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One power cut: after how many writes, whether PAID had stood by then, and its words."""

    until: int | None
    was_paid: bool
    words: str


@dataclass(slots=True)
class SeenSales:
    """The sales of the journal after the last boot, and what the screens have said since then."""

    spent_before: int
    charges: set[str] = field(default_factory=set)
    paid: int = 0
    unseen: int = 0
    cuts: list[str] = field(default_factory=list)


def cuts(stage: Stage) -> None:
    """Cut the power so often; after each boot the journal holds what had been PAID, once."""
    seen = SeenSales(stage.backend.spent_minor())
    with stage.till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        for seed in range(1, stage.cuts + 1):
            chance = random.Random(seed)
            sell_until_enter(stage, machine, chance, seen)
            if seed % 2:
                cut = in_a_commit(stage, machine, seed // 2)
            else:
                cut = at_a_time(stage, machine, chance)
            survival = machine.cut_power(seed if chance.random() < 0.5 else None, until=cut.until)
            unflushed = f"{survival.lost} of {survival.unflushed} unflushed writes are lost"
            stage.tell(f"{seed}: cut {cut.words}; {unflushed}")
            seen.paid, seen.unseen = seen.paid + cut.was_paid, int(not cut.was_paid)
            machine.boot()
            stage.wait(machine, f"{seed}: READY again", says("READER missing"), FRAME_S)
            check_journal(stage, machine, seen)
        check_books(stage, machine, seen)
    kinds = ", ".join(f"{seen.cuts.count(kind)} {kind}" for kind in sorted(set(seen.cuts)))
    stage.tell(f"of {stage.cuts} cuts {kinds}")


def sell_until_enter(
    stage: Stage, machine: Machine, chance: random.Random, seen: SeenSales
) -> None:
    """Make some sales; of the last one Enter is left."""
    reader = stage.plug_reader(machine)
    # A cut may have taken the cache, and then only the backend knows whose card it is.
    stage.wait(machine, "the backend answers", says("ONLINE"), FRAME_S)
    for _ in range(chance.randrange(SALES_MAX)):
        stage.sell(machine, reader)
        seen.paid += 1
    stage.until_confirmable(machine, reader)


def in_a_commit(stage: Stage, machine: Machine, number: int) -> Cut:
    """Press Enter and picture the panel until PAID stands; the cut is at a write before that.

    `number` counts these cuts: each is a write later than the one before, and then from the first.
    """
    machine.desk.cable(plugged=False)
    time.sleep(PAINTED_S)  # what had reached the backend is answered by now
    at_enter = machine.writes()
    machine.desk.press("ret")
    end_s = time.monotonic() + SOON_S * stage.patience
    unpaid_until = so_far = at_enter
    while not machine.desk.shows(PAID_GREEN):
        unpaid_until, so_far = so_far, machine.writes()
        if time.monotonic() > end_s:
            raise StepFailedError(f"PAID after Enter\n{machine.screen()}")
    writes = unpaid_until - at_enter
    made = number % (writes + 1)
    words = f"before PAID, after write {made} of {writes} since Enter"
    return Cut(until=at_enter + made, was_paid=False, words=words)


def at_a_time(stage: Stage, machine: Machine, chance: random.Random) -> Cut:
    """Press Enter and wait a while; the last picture is what the customer has seen."""
    machine.desk.press("ret")
    after_s = chance.uniform(0, LATE_S_MAX) * stage.patience
    time.sleep(after_s)
    was_paid = machine.desk.shows(PAID_GREEN)
    words = f"{after_s:.1f} s after Enter, {'after' if was_paid else 'before'} PAID"
    return Cut(until=None, was_paid=was_paid, words=words)


def check_journal(stage: Stage, machine: Machine, seen: SeenSales) -> None:
    """The journal verifies, and holds each sale that was PAID; one of an unseen end or not."""
    copy = copied(machine)
    verified = here("journal", "verify", copy)
    stage.tell("the journal is whole", holds=not verified.returncode, instead=verified.stdout)
    listed = here("journal", "list", copy, "--json", "--last", "100000")
    entries = [json.loads(line) for line in listed.stdout.splitlines()]
    charges = [entry["charge_id"] for entry in entries if entry["kind"] == "charge"]
    stage.tell("no sale is in it twice", holds=len(charges) == len(set(charges)))
    stage.tell("no sale of before is missing", holds=seen.charges <= set(charges))
    gained = len(charges) - len(seen.charges)
    words = f"{len(charges)} sales in {len(entries)} entries: {gained} new ones"
    words += f", {seen.paid} were PAID, the end of {seen.unseen} unseen"
    stage.tell(words, holds=seen.paid <= gained <= seen.paid + seen.unseen)
    spent = stage.backend.spent_minor() - seen.spent_before
    owed = PRICE_MINOR * len(charges)
    holds = 0 <= spent <= owed and spent % PRICE_MINOR == 0
    stage.tell(f"the backend has {spent} of {owed} cents", holds=holds)
    if seen.unseen:
        seen.cuts.append(f"before PAID {'with' if gained > seen.paid else 'without'} its entry")
    else:
        seen.cuts.append("after PAID")
    seen.charges, seen.paid, seen.unseen = set(charges), 0, 0


def copied(machine: Machine) -> Path:
    """Return a folder here with a copy of the machine's journal: a program there takes a minute."""
    command = f'rm -f {COPY}; runuser -u taptill -- python3 -c "{BACK_UP}" {JOURNAL} {COPY}'
    machine.guest.sh(command, within_s=FRAME_S)
    folder = machine.folder / "state"
    folder.mkdir(exist_ok=True)
    (folder / "journal.db").write_bytes(machine.guest.read(COPY))
    return folder


def here(group: str, verb: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the journal on this machine."""
    words = [sys.executable, "-m", "taptill", group, verb, "--state-dir", str(folder), *options]
    return subprocess.run(words, check=False, text=True, capture_output=True)


def check_books(stage: Stage, machine: Machine, seen: SeenSales) -> None:
    """In the end the backend has each sale of the journal once, to the cent."""
    end_s = time.monotonic() + FRAME_S * stage.patience
    while machine.guest.run(f"{AS_TILL} journal open {STATE}").status and time.monotonic() < end_s:
        time.sleep(2)
    spent = stage.backend.spent_minor() - seen.spent_before
    owed = PRICE_MINOR * len(seen.charges)
    stage.tell(f"the backend's sum is that of the journal: {spent}", holds=spent == owed)
