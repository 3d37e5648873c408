"""A first sale on the real console: a reader is plugged in, a card pays, the screen stays whole."""

import json
import time
from collections.abc import Callable

from tests.machine.backend import BLOCKED_CARD, CARD, POOR_CARD, STRANGE_CARD, frame
from tests.machine.emulator.desk import SerialPlug
from tests.machine.emulator.machine import Machine
from tests.machine.stage import AS_TILL, FRAME_S, Stage, says, says_not

from taptill.ui.themes import CONSOLE_PALETTE

WRITTEN_OVER = "somebody else wrote this"
CONSOLE_GREEN = "#00aa00"
SIZE = "25 80"
"""Rows and columns of the largest font on a panel of 1280 by 800 dots."""

DECLINES = {
    "blocked": (BLOCKED_CARD, "is blocked"),
    "too-little": (POOR_CARD, "Mary"),
    "unknown": (STRANGE_CARD, "Nobody has"),
}
PAGES = {
    "help": ("f1", "Enter: confirm the sale"),
    "menu": ("f10", "more than selling"),
    "technician": ("f12", "readers (1/"),
}
"""The key of each page, and a word of it."""


def first_sale(stage: Stage) -> None:
    """From a till without a reader to a sale that the backend has."""
    with stage.till() as machine:
        stage.wait(machine, "the till starts without a reader", says("READER missing"), FRAME_S)
        stage.picture(machine, "no-reader")
        console(stage, machine)
        unloaded = "ttyUSB" not in machine.guest.sh("cat /proc/devices")
        stage.tell("no driver of USB serial readers is loaded at the start", holds=unloaded)
        reader = stage.plug_reader(machine)
        text = stage.wait(machine, "the backend answers", says("ONLINE"), FRAME_S)
        stage.tell("the kernel has not written over the screen", holds="usb " not in text)
        stage.picture(machine, "ready")
        stage.until_confirmable(machine, reader)
        stage.picture(machine, "confirm")
        machine.desk.press("ret")
        stage.wait(machine, "paid", says("Thank you"))
        colours = machine.desk.colours()
        ours = {CONSOLE_PALETTE[2], CONSOLE_PALETTE[7]} <= colours and CONSOLE_GREEN not in colours
        stage.tell("PAID is white on the till's own green", holds=ours, instead=str(colours))
        stage.picture(machine, "paid")
        stage.wait(machine, "and sent", says("√ sent"), FRAME_S)
        painted_anew(stage, machine, "Ctrl-L", lambda: machine.desk.press("ctrl-l"))
        painted_anew(stage, machine, "a reader that is pulled", lambda: machine.desk.pull(reader))


def console(stage: Stage, machine: Machine) -> None:
    """The console has room enough, digits on its keypad, and never gets dark."""
    end_s = time.monotonic() + FRAME_S * stage.patience  # a graphics driver may come late
    while (size := machine.guest.sh("stty size </dev/tty1").strip()) != SIZE:
        if time.monotonic() > end_s:
            break
        time.sleep(1)
    stage.tell("the console has 80 columns and 25 rows", holds=size == SIZE, instead=size)
    font = machine.guest.sh("journalctl -b -u taptill-console -o cat --no-pager | grep columns")
    stage.tell(f"with the font {font.splitlines()[-1].split(':')[0]}", holds="TerminusBold" in font)
    flags = machine.guest.sh("setleds -F </dev/tty1")
    stage.tell("number lock is on", holds="NumLock on" in flags, instead=flags)
    blank_s = machine.guest.sh("cat /sys/module/kernel/parameters/consoleblank").strip()
    stage.tell("the console never gets dark", holds=blank_s == "0", instead=blank_s)
    machine.desk.press("kp_4")
    stage.wait(machine, "the keypad types digits", says("€0.04"))
    machine.desk.press("esc")
    stage.wait(machine, "Esc takes it back", says_not("€0.04"))


def painted_anew(
    stage: Stage, machine: Machine, description: str, act: Callable[[], object]
) -> None:
    """Write over the screen as a program does that knows nothing of a till; then do something."""
    machine.guest.sh(f"printf '\\033[3;1H{WRITTEN_OVER}\\n' >/dev/tty1")
    act()
    stage.wait(
        machine,
        f"{description} paints all anew",
        lambda text: "last sales" in text and WRITTEN_OVER not in text,
    )


def states(stage: Stage) -> None:
    """What a cashier sees besides a sale: each kind of decline, help, menu, a void, and CLOSED."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        reader = stage.plug_reader(machine)
        stage.wait(machine, "the backend answers", says("ONLINE"), FRAME_S)
        reader.send(frame(CARD))
        stage.wait(machine, "a card before its amount", says("Card read"))
        stage.picture(machine, "amount")
        machine.desk.press("esc")
        stage.wait(machine, "Esc lets the customer go", says_not("Ada Byron"))
        for name, (card, word) in DECLINES.items():
            stage.key_in(machine)
            stage.picture(machine, "tap-card")
            reader.send(frame(card))
            stage.wait(machine, f"a card of somebody {name}", says(word))
            stage.picture(machine, name)
            machine.desk.press("esc")
            stage.wait(machine, "Esc takes it back", says_not("> 420"))
        for name, (key, word) in PAGES.items():
            machine.desk.press(key)
            stage.wait(machine, f"the page {name}", says(word))
            stage.picture(machine, name)
            machine.desk.press("esc")
            stage.wait(machine, "Esc closes it", says_not(word))
        voided(stage, machine, reader)
        closed(stage, machine, reader)


def voided(stage: Stage, machine: Machine, reader: SerialPlug) -> None:
    """A sale is taken back: the question why, then VOIDED."""
    stage.sell(machine, reader)
    stage.wait(machine, "sent", says("√ sent"), FRAME_S)
    machine.desk.press("f8")
    stage.wait(machine, "F8 asks before a void", says("wrong amount"))
    stage.picture(machine, "void")
    machine.desk.press("1")
    stage.wait(machine, "a reason voids it", says("Nothing to pay"))
    stage.picture(machine, "voided")


def closed(stage: Stage, machine: Machine, reader: SerialPlug) -> None:
    """The disk gives up in a sale: nothing is charged. After a power cut the till is back."""
    charged = charges(machine)
    stage.until_confirmable(machine, reader)
    # The kernel makes the file system read-only, as after an error of the card.
    machine.guest.sh("echo disk >/sys/fs/ext4/vda/trigger_fs_error")
    machine.desk.press("ret")
    stage.wait(
        machine, "on a disk that takes nothing it is CLOSED", says("Please use another till")
    )
    stage.picture(machine, "closed")
    machine.cut_power()
    machine.boot()
    stage.wait(machine, "after a power cut it is back", says("READER missing"), FRAME_S)
    found = charges(machine)
    stage.tell("and nothing was charged", holds=found == charged, instead=f"{charged}, {found}")


def charges(machine: Machine) -> list[str]:
    """Return the ids of the journal's newest charges."""
    listed = machine.guest.sh(f"{AS_TILL} journal list --json --state-dir /var/lib/taptill")
    entries = [json.loads(line) for line in listed.splitlines()]
    return [entry["charge_id"] for entry in entries if entry["kind"] == "charge"]
