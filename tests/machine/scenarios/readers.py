"""Readers that come and go while the till runs, and one that types."""

from tests.machine.backend import CARD
from tests.machine.stage import CONFIG, FRAME_S, Stage, says

TYPING = {
    "driver": '"keyboard"',
    "port": '"/dev/input/rfid-reader"',
    "family": '""',
    "card_id": '["text"]',
}


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
        for key, value in TYPING.items():
            machine.guest.sh(
                f"sed -i '/^[[][[]reader/,/^$/ s|^{key} = .*|{key} = {value}|' {CONFIG}"
            )
        machine.guest.sh("systemctl restart taptill", within_s=FRAME_S)
        stage.wait(machine, "a till for a reader that types", says("READER missing"), FRAME_S)
        machine.desk.plug_typing_reader()
        stage.wait(machine, "the reader works under the unit", says("READER ok"), FRAME_S)
        stage.key_in(machine)
        stage.wait(machine, "the keyboard on the desk stays the till's", says("4.20 to pay"))
        machine.desk.tap_typed(CARD)
        stage.wait(machine, "a tap of a reader that types", says("Ada Byron"))
        stage.wait(machine, "and its digits are no amount", says("Ada Byron pays €4.20"))
