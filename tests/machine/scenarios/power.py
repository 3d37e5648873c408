"""Power cuts at seeded moments with sales under way: nothing that was PAID is lost or doubled."""

import json
import random
import time
from dataclasses import dataclass, field

from tests.machine.backend import CARD, frame
from tests.machine.emulator.machine import Machine
from tests.machine.stage import AS_TILL, FRAME_S, PAINTED_S, Stage, says

from taptill.ui.themes import CONSOLE_PALETTE

PRICE_MINOR = 420
SALES_MAX = 3
"""Before a cut at most so many sales are finished."""

LATE_S_MAX = 2.0
"""The cut comes at most so long after Enter of the last sale, which takes a second or two."""

STATE = "--state-dir /var/lib/taptill"


@dataclass(slots=True)
class SeenSales:
    """What the screens have said: sales that were PAID, and sales whose end nobody saw."""

    spent_before: int
    paid: int = 0
    unseen: int = 0
    charges: set[str] = field(default_factory=set)


def cuts(stage: Stage) -> None:
    """Cut the power so often; after each boot the journal holds what had been PAID, once."""
    seen = SeenSales(stage.backend.spent_minor())
    with stage.till() as machine:
        for seed in range(1, stage.cuts + 1):
            chance = random.Random(seed)
            stage.wait(machine, f"{seed}: the till is READY", says("READER missing"), FRAME_S)
            sell_until_cut(stage, machine, chance, seen)
            survival = machine.cut_power(seed if chance.random() < 0.5 else None)
            stage.tell(
                f"{seed}: cut; {survival.lost} of {survival.unflushed} unflushed writes are lost"
            )
            machine.boot()
            check_journal(stage, machine, seen)
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        check_books(stage, machine, seen)


def sell_until_cut(stage: Stage, machine: Machine, chance: random.Random, seen: SeenSales) -> None:
    """Make some sales; of the last one Enter is pressed, and the rest is up to the moment."""
    reader = stage.plug_reader(machine)
    for _ in range(chance.randrange(SALES_MAX)):
        stage.sell(machine, reader)
        seen.paid += 1
    machine.desk.type("420")
    stage.wait(machine, "the amount of the last one", says("4.20 to pay"))
    reader.send(frame(CARD))
    stage.wait(machine, "its tap", says("Ada Byron"))
    time.sleep(PAINTED_S)
    machine.desk.press("ret")
    time.sleep(chance.uniform(0, LATE_S_MAX) * stage.patience)
    # The last picture on the panel is what the customer saw; the processors stand still for it.
    machine.freeze()
    if CONSOLE_PALETTE[2] in machine.desk.colours(at_least=2000):
        seen.paid += 1
    else:
        seen.unseen += 1


def check_journal(stage: Stage, machine: Machine, seen: SeenSales) -> None:
    """The journal verifies, and holds each sale that was PAID; one of an unseen end or not."""
    verified = machine.guest.run(f"{AS_TILL} journal verify {STATE}", within_s=FRAME_S)
    stage.tell("the journal is whole", holds=not verified.status, instead=verified.text)
    listed = machine.guest.sh(f"{AS_TILL} journal list {STATE} --json --last 100000")
    entries = [json.loads(line) for line in listed.splitlines()]
    charges = [entry["charge_id"] for entry in entries if entry["kind"] == "charge"]
    seen.charges = set(charges)
    stage.tell("no sale is in it twice", holds=len(charges) == len(seen.charges))
    least, most = seen.paid, seen.paid + seen.unseen
    words = (
        f"{len(charges)} sales are journaled, {least} were PAID, the end of {seen.unseen} unseen"
    )
    stage.tell(words, holds=least <= len(charges) <= most)


def check_books(stage: Stage, machine: Machine, seen: SeenSales) -> None:
    """In the end the backend has each sale of the journal once, to the cent."""
    end_s = time.monotonic() + FRAME_S * stage.patience
    while machine.guest.run(f"{AS_TILL} journal open {STATE}").status and time.monotonic() < end_s:
        time.sleep(2)
    spent = stage.backend.spent_minor() - seen.spent_before
    owed = PRICE_MINOR * len(seen.charges)
    stage.tell(f"the backend's sum is that of the journal: {spent}", holds=spent == owed)
