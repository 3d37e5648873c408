"""What a board is called, so that a journal that was copied to another one is noticed."""

from pathlib import Path

import pytest

from taptill.journal.identity import UNKNOWN_MACHINE
from taptill.wiring.machine import machine

SERIAL = "sys/firmware/devicetree/base/serial-number"
MACHINE_ID = "etc/machine-id"
DBUS = "var/lib/dbus/machine-id"
CARD = "sys/class/net/eth0"

BOARDS: dict[str, tuple[dict[str, str], str]] = {
    "a Pi: its serial number": (
        {SERIAL: "10000000c0ffee00\0", MACHINE_ID: "0123\n"},
        "10000000c0ffee00",
    ),
    "a PC: its machine id": ({MACHINE_ID: "0123\n", DBUS: "4567\n"}, "0123"),
    "an empty machine id": ({MACHINE_ID: "", DBUS: "4567\n"}, "4567"),
    "an image before its first boot": ({MACHINE_ID: "uninitialized\n", DBUS: "4567\n"}, "4567"),
    "a board without a number": ({SERIAL: "0000000000000000\0", MACHINE_ID: "0123\n"}, "0123"),
    "a container: its network card": (
        {f"{CARD}/address": "b8:27:eb:00:00:01\n", f"{CARD}/addr_assign_type": "0\n"},
        "network card b8:27:eb:00:00:01",
    ),
    "an address that was made up": (
        {f"{CARD}/address": "b8:27:eb:00:00:01\n", f"{CARD}/addr_assign_type": "3\n"},
        UNKNOWN_MACHINE,
    ),
    "nothing at all": ({}, UNKNOWN_MACHINE),
}


@pytest.mark.parametrize(("files", "name"), BOARDS.values(), ids=BOARDS)
def test_a_board_is_called_by_the_first_name_that_it_has(
    tmp_path: Path, files: dict[str, str], name: str
) -> None:
    (tmp_path / CARD / "device").mkdir(parents=True)
    for place, text in files.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    assert machine(tmp_path) == name


def test_a_bridge_is_no_network_card(tmp_path: Path) -> None:
    bridge = tmp_path / "sys/class/net/br0"
    bridge.mkdir(parents=True)
    (bridge / "address").write_text("b8:27:eb:00:00:01\n")
    (bridge / "addr_assign_type").write_text("0\n")
    assert machine(tmp_path) == UNKNOWN_MACHINE
