"""The program and udev know the same readers, and the likeliest ports come first."""

import os
import re
from pathlib import Path

from serial.tools.list_ports_common import ListPortInfo
from tests.fakes.devices.keyboard import input_devices

from taptill.readers.technician.detect import baud_rates, find_ports, serial_title
from taptill.readers.technician.known_devices import KNOWN_READERS, known_reader

RULES = Path(__file__).parents[3] / "udev" / "70-taptill-readers.rules"
RULE = re.compile(
    r'(#?)ATTRS?{idVendor}=="(\w+)"(?:, ATTRS?{idProduct}=="([\w|]+)")?'
    r', ENV{TAPTILL_READER}="([\w-]+)"'
)


def test_the_udev_rules_name_the_same_readers() -> None:
    """A device that may be no reader is commented out in the rules."""
    rules = {
        (label, vendor, tuple(filter(None, products.split("|"))), bool(comment))
        for comment, vendor, products, label in RULE.findall(RULES.read_text("utf-8"))
    }
    assert rules == {
        (reader.label, reader.vendor, reader.products, reader.bridge) for reader in KNOWN_READERS
    }


def test_a_reader_is_known_by_its_numbers() -> None:
    assert [getattr(known_reader(*numbers), "label", None) for numbers in
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
    ports = find_ports(tmp_path, tmp_path / "input")
    rows = [(port.driver, port.usb, port.likely) for port in ports]
    assert [row for row in rows if row[0] in ("nfc", "keyboard")] == [
        ("nfc", "072f:2200", "a card reader"),
        ("keyboard", "413d:2107", "a card reader"),
        ("keyboard", "ffff:0035", "may be one or have one behind it"),
        ("keyboard", "ffff:0035", "may be one or have one behind it"),
    ]
    keyboard_ports = {os.path.realpath(port.port) for port in ports if port.driver == "keyboard"}
    assert keyboard_ports == {f"/dev/input/event{number}" for number in (0, 2, 3)}
    assert "usb:072f:2200" in [port.port for port in ports]
    assert [port.rank for port in ports] == sorted(port.rank for port in ports)


def test_every_speed_is_listened_at_the_usual_one_first() -> None:
    assert baud_rates()[0] == 9600
    assert {2400, 19200} <= set(baud_rates())


def test_a_serial_port_that_names_nothing_is_called_one() -> None:
    port = ListPortInfo("/dev/ttyS0")
    assert serial_title(port) == "serial port"
    port.description = "ttyACM0"
    assert serial_title(port) == "ttyACM0"
    port.product = "USB-Serial Controller"
    assert serial_title(port) == "USB-Serial Controller"
