"""One list of readers for the program and for udev; ports and USB devices, the likeliest first."""

import os
import re
from pathlib import Path

from tests.fakes.devices.keyboard import input_devices

from taptill.readers.technician.detect import baud_rates, find_ports
from taptill.readers.technician.known_devices import KNOWN_READERS, known_reader

RULES = Path(__file__).parents[3] / "udev" / "70-taptill-readers.rules"
RULE = re.compile(
    r'(#?)ATTRS?{idVendor}=="(\w+)"(?:, ATTRS?{idProduct}=="([\w|]+)")?'
    r', ENV{TAPTILL_READER}="([\w-]+)"'
)


def test_the_udev_rules_name_the_same_readers() -> None:
    """What may be something else waits behind a # for a technician."""
    ruled = {
        (label, vendor, tuple(filter(None, products.split("|"))), bool(comment))
        for comment, vendor, products, label in RULE.findall(RULES.read_text("utf-8"))
    }
    assert ruled == {(one.label, one.vendor, one.products, one.bridge) for one in KNOWN_READERS}


def test_a_reader_is_known_by_its_numbers() -> None:
    assert [getattr(known_reader(*one), "label", None) for one in
            [("09d8", "0420"), ("1a86", "7523"), ("1a86", "0000"), ("072f", "2200")]] == [
        *("elatec", "ch34x", None, "acr122u"),
    ]  # fmt: skip


def test_usb_readers_and_keyboards_are_found_and_the_likeliest_come_first(tmp_path: Path) -> None:
    for name, vendor, product in (
        ("1-1", "ffff", "0035"),
        ("1-2", "072f", "2200"),
        ("1-3", "1d6b", "0002"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "idVendor").write_text(f"{vendor}\n")
        (tmp_path / name / "idProduct").write_text(f"{product}\n")
    (tmp_path / "usb1").mkdir()
    (tmp_path / "input").mkdir()
    input_devices(tmp_path / "input")
    found = find_ports(tmp_path, tmp_path / "input")
    rows = [(one.driver, one.usb, one.likely) for one in found]
    assert [row for row in rows if row[0] in ("nfc", "keyboard")] == [
        ("nfc", "072f:2200", "a card reader"),
        ("keyboard", "413d:2107", "a card reader"),
        ("keyboard", "ffff:0035", "may be one or have one behind it"),
        ("keyboard", "ffff:0035", "may be one or have one behind it"),
    ]
    ports = {os.path.realpath(one.port) for one in found if one.driver == "keyboard"}
    assert ports == {f"/dev/input/event{number}" for number in (0, 2, 3)}
    assert "usb:072f:2200" in [one.port for one in found]
    assert [one.rank for one in found] == sorted(one.rank for one in found)


def test_every_speed_is_listened_at_the_usual_one_first() -> None:
    assert baud_rates()[0] == 9600
    assert {2400, 19200} <= set(baud_rates())
