"""What is replaced at a till that has sold: its token, the backend's address, its reader.

Each by the steps of docs/technician.md, "Replacing things", and with a sale that waits meanwhile
where there can be one: after each of them the books have every sale once.
"""

import re
import time

from tests.machine.backend import CARD
from tests.machine.emulator.command import BACKEND
from tests.machine.emulator.desk import SerialPlug
from tests.machine.emulator.machine import Machine
from tests.machine.stage import (
    CONFIG,
    FRAME_S,
    PAINTED_S,
    Claim,
    Stage,
    says,
    says_any,
)

PRICE_MINOR = 420
LOST, NEW = "lost", "new"
TOKEN = "/etc/credstore/api-token"
NEW_TOKEN = "/root/new-token"
NAME = "books"
ANOTHER_ADDRESS = BACKEND.replace("10.0.2.100", NAME)
DESK = 2
"""The console on which the technician logs in, beside the till."""

UP_TO_THE_TOKEN = (
    ("Stop it meanwhile", ""),
    ("Its name", ""),
    ("Language", ""),
    ("Currency", ""),
    ("Who acts at it", ""),
    ("Its address", ""),
)
READY, PROMPT = "The till is READY", "~#"


def one_by_one(stage: Stage) -> None:
    """Replace token, address and reader of one till, and sell after each."""
    spent_before = stage.backend.spent_minor()
    with stage.till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        machine.guest.write(TOKEN, stage.backend.add_token(LOST).encode())
        machine.guest.sh("systemctl restart taptill", within_s=FRAME_S)
        reader = stage.plug_reader(machine)
        stage.wait(machine, "the backend answers", says("ONLINE"), FRAME_S)
        stage.sell(machine, reader)
        stage.wait(machine, "a sale is sent", says("√ sent"), FRAME_S)
        a_lost_token(stage, machine, reader)
        another_address(stage, machine, reader)
        another_reader(stage, machine, reader)
        spent = stage.backend.spent_minor() - spent_before
        words = f"the books have all five sales once: {spent}"
        stage.tell(words, holds=spent == 5 * PRICE_MINOR)


def a_lost_token(stage: Stage, machine: Machine, reader: SerialPlug) -> None:
    """The token is revoked; a sale of the time between is sent once there is a new one."""
    stage.backend.revoke_token(LOST)
    stage.wait(machine, "a token that was revoked is said", says("Key refused"), FRAME_S)
    stage.picture(machine, "token-refused")
    stage.sell(machine, reader)
    stage.wait(machine, "a known customer pays all the same", says("kept"))
    machine.guest.write(NEW_TOKEN, stage.backend.add_token(NEW).encode())
    set_up(stage, machine, NEW_TOKEN)
    answer(machine, "")
    finish(stage, machine)
    stage.wait(machine, "with the new token all is sent", says("ONLINE", "0 to send"), FRAME_S)


def another_address(stage: Stage, machine: Machine, reader: SerialPlug) -> None:
    """Refused while a sale is not sent to the old address; then the new one serves."""
    machine.desk.cable(plugged=False)
    stage.wait(machine, "the network is away", says("OFFLINE"), FRAME_S)
    stage.sell(machine, reader)
    machine.guest.sh(f"echo '10.0.2.100 {NAME}' >>/etc/hosts")
    name_backend(machine, ANOTHER_ADDRESS)
    stage.wait(machine, "refused with an open sale", says("[journal-open]", "4.20"), FRAME_S)
    stage.picture(machine, "another-backend")
    name_backend(machine, BACKEND)
    stage.wait(machine, "the old one serves on", says("READER ok"), FRAME_S)
    machine.desk.cable(plugged=True)
    stage.wait(machine, "the old one gets all", says("ONLINE", "0 to send"), FRAME_S)
    name_backend(machine, ANOTHER_ADDRESS)
    stage.wait(machine, "the new one answers", says("READER ok", "ONLINE"), FRAME_S)
    stage.sell(machine, reader)
    stage.wait(machine, "a sale is sent there", says("√ sent", "0 to send"), FRAME_S)


def name_backend(machine: Machine, address: str) -> None:
    """Change `base_url`, and restart the till, which may refuse."""
    machine.guest.sh(f"sed -i 's|^base_url = .*|base_url = \"{address}\"|' {CONFIG}")
    machine.guest.run("systemctl restart taptill", within_s=FRAME_S)


def another_reader(stage: Stage, machine: Machine, reader: SerialPlug) -> None:
    """A reader that types in the place of a serial one, found by a set-up on a console."""
    machine.desk.pull(reader)
    machine.desk.plug_typing_reader()
    set_up(stage, machine, "")
    answer(machine, "1")
    found_one = says("0627:0001", "look again")
    text = until(stage, machine, "it finds the reader that types", found_one)
    found = re.search(r"(?m)^ *([0-9]+) +/dev/input/.*0627:0001", text)
    stage.tell("and has a number for it", holds=found is not None, instead=text)
    assert found
    answer(machine, found[1])
    sure, tap = "Is it the card reader", "hold a card to the reader"
    text = until(stage, machine, "it looks at that reader", says_any(sure, tap))
    if sure in text:
        answer(machine, "y")
        until(stage, machine, "and asks for a card", says(tap))
    machine.desk.tap_typed(CARD)
    until(stage, machine, "it learns how cards are spelled", says("cards are spelled by"))
    stage.picture(machine, "set-up")
    finish(stage, machine)
    stage.wait(machine, "the new reader works", says("READER ok", "ONLINE"), FRAME_S)
    stage.key_in(machine)
    machine.desk.tap_typed(CARD)
    stage.wait(machine, "a tap of the new reader", says("Ada Byron pays"))
    time.sleep(PAINTED_S)
    machine.desk.press("ret")
    stage.wait(machine, "paid by it", says("Thank you"))
    stage.wait(machine, "and sent", says("√ sent", "0 to send"), FRAME_S)


def set_up(stage: Stage, machine: Machine, token: str) -> None:
    """Log in on another console and answer the questions of a set-up up to that for the reader."""
    machine.desk.press(f"ctrl-alt-f{DESK}")
    text = until(stage, machine, "another console answers", says_any("login:", PROMPT))
    if PROMPT not in text:
        answer(machine, "root")
        until(stage, machine, "and lets root in", says(PROMPT))
    answer(machine, "clear")
    # What is typed before that is echoed into the picture.
    until(stage, machine, "with a clear screen", lambda text: len(text.split()) == 1)
    answer(machine, "taptill setup")
    for words, text in (*UP_TO_THE_TOKEN, ("Its token", token)):
        until(stage, machine, f"set-up asks: {words}", says(words))
        answer(machine, text)
    right_way, strategy = "right way round", "Strategy"
    text = until(stage, machine, "it has tried the backend", says_any(right_way, strategy))
    if right_way in text:
        answer(machine, "")
        until(stage, machine, "and asks for the strategy", says(strategy))
    answer(machine, "")
    until(stage, machine, "set-up asks for the reader", says("Which one"))


def finish(stage: Stage, machine: Machine) -> None:
    """Wait for the end of a set-up, and go back to the till's console."""
    until(stage, machine, "the set-up ends", says(READY))
    machine.desk.press("ctrl-alt-f1")


def answer(machine: Machine, text: str) -> None:
    """Type an answer and Enter on the technician's console."""
    machine.desk.type(text)
    machine.desk.press("ret")


def until(stage: Stage, machine: Machine, description: str, claim: Claim) -> str:
    """Wait for what the technician's console says."""
    return stage.wait(machine, description, claim, FRAME_S, console=DESK)
