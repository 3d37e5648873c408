"""Readers that come and go while the till runs, one that types, and one over PC/SC."""

import time
from collections.abc import Mapping

from tests.machine.backend import CARD
from tests.machine.emulator.machine import Machine
from tests.machine.stage import CONFIG, FRAME_S, PAINTED_S, RUN, Stage, says

TYPING = {
    "driver": '"keyboard"',
    "port": '"/dev/input/rfid-reader"',
    "family": '""',
    "card_id": '["text"]',
}

PCSC = {"driver": '"pcsc"', "port": '"433-Swap"', "family": '""', "card_id": '["HEX"]'}
POLKIT_RULE = "/etc/polkit-1/rules.d/70-taptill.rules"
ASKS_POLKIT = "ldd /usr/sbin/pcscd | grep -q polkit"


def pulled_and_back(stage: Stage) -> None:
    """A reader is pulled in the middle of a sale, another time at rest; both times it is back."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        reader = stage.plug_reader(machine)
        stage.until_confirmable(machine, reader)
        machine.desk.pull(reader)
        stage.wait(machine, "a pulled reader is said", says("READER missing", "Ada Byron"))
        stage.picture(machine, "reader-pulled")
        machine.desk.press("ret")
        stage.wait(machine, "the sale at hand is paid all the same", says("Thank you"))
        reader = stage.plug_reader(machine)
        stage.sell(machine, reader)
        machine.desk.pull(reader)
        stage.wait(machine, "pulled again", says("READER missing"))
        stage.sell(machine, stage.plug_reader(machine))
        restarts = machine.guest.sh("systemctl show -p NRestarts --value taptill").strip()
        stage.tell("the till was not restarted once", holds=restarts == "0", instead=restarts)


def typing_reader(stage: Stage) -> None:
    """A reader that types like a keyboard, under the unit's sandbox and the udev rules."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        _restart_with(machine, TYPING)
        stage.wait(machine, "a till for a reader that types", says("READER missing"), FRAME_S)
        machine.desk.plug_typing_reader()
        stage.wait(machine, "the reader works under the unit", says("READER ok"), FRAME_S)
        stage.key_in(machine)
        stage.wait(machine, "the keyboard on the desk stays the till's", says("4.20 to pay"))
        machine.desk.tap_typed(CARD)
        stage.wait(machine, "a tap of a reader that types", says("Ada Byron"))
        stage.wait(machine, "and its digits are no amount", says("Ada Byron pays €4.20"))


def over_pcsc(stage: Stage) -> None:
    """A smart card reader behind Debian's pcscd, which on Debian 13 asks polkit whom to serve."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        _restart_with(machine, PCSC)
        stage.wait(machine, "a till for a reader over PC/SC", says("READER missing"), FRAME_S)
        reader = machine.desk.plug_smart_card_reader()
        stage.wait(machine, "pcscd serves the till under its unit", says("READER ok"), FRAME_S)
        stage.key_in(machine)
        reader.hold(CARD)
        stage.wait(machine, "a tap of a card in it", says("Ada Byron pays €4.20"))
        time.sleep(PAINTED_S)
        machine.desk.press("ret")
        stage.wait(machine, "paid", says("Thank you"))
        reader.take_away()
        doctor = f"{RUN} doctor --only readers"
        stage.tell("doctor finds it well", holds=not machine.guest.run(doctor).status)
        if machine.guest.run(ASKS_POLKIT).status:
            return
        machine.guest.sh(f"mv {POLKIT_RULE} /root/")
        machine.guest.sh("systemctl restart taptill", within_s=FRAME_S)
        stage.wait(machine, "without our rule polkit refuses", says("READER no access"), FRAME_S)
        told = machine.guest.run(doctor)
        stage.tell("doctor says so", holds=told.status == 1, instead=told.text)
        machine.guest.sh(f"mv /root/70-taptill.rules {POLKIT_RULE}")
        stage.wait(machine, "with it the reader is back by itself", says("READER ok"), FRAME_S)


def _restart_with(machine: Machine, settings: Mapping[str, str]) -> None:
    """Restart the till with a reader that has these settings."""
    for key, value in settings.items():
        machine.guest.sh(f"sed -i '/^[[][[]reader/,/^$/ s|^{key} = .*|{key} = {value}|' {CONFIG}")
    machine.guest.sh("systemctl restart taptill", within_s=FRAME_S)
