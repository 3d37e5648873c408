"""What the drivers open in, what the unit lets through beside it: every reader, no console.

Numbers are those of the kernel's admin-guide/devices.txt.
"""

import re
from collections.abc import Mapping

import pytest
from tests.project.sources import ROOT
from tests.systemd.test_systemd_unit import settings

from taptill.readers.registry.built_in import BUILT_IN

Node = tuple[int, int]

SERIAL: Mapping[str, Node] = {
    "/dev/ttyUSB0": (188, 0),
    "/dev/ttyUSB255": (188, 255),
    "/dev/ttyACM0": (166, 0),
    "/dev/ttyAMA0": (204, 64),
    "/dev/ttyAMA10": (204, 74),  # the debug port of a Pi 5
    "/dev/ttyS0": (4, 64),
    "/dev/ttyS3": (4, 67),
}
USB: Mapping[str, Node] = {"/dev/bus/usb/001/001": (189, 0), "/dev/bus/usb/002/005": (189, 132)}
PRINTERS: Mapping[str, Node] = {"/dev/usb/lp0": (180, 0), "/dev/usb/lp3": (180, 3)}
SOUND: Mapping[str, Node] = {"/dev/snd/controlC0": (116, 0), "/dev/snd/pcmC1D0p": (116, 48)}
OPENS: Mapping[str, Mapping[str, Node]] = {
    "serial": SERIAL,
    "nfc": {**SERIAL, **USB},
    "keyboard": {"/dev/input/event0": (13, 64), "/dev/input/event300": (13, 300)},
    "pcsc": {},  # pcscd opens the reader
    "replay": {},  # a file
    "simulated": {},
    "typed": {},  # the till's own terminal
}
SHUT: Mapping[str, Node] = {
    "/dev/tty0": (4, 0),
    "/dev/tty2": (4, 2),
    "/dev/tty63": (4, 63),
    "/dev/mem": (1, 1),
    "/dev/kmsg": (1, 11),
    "/dev/vcs1": (7, 1),
    "/dev/uinput": (10, 223),
    "/dev/hidraw0": (240, 0),
    "/dev/usb/hiddev0": (180, 96),
}
_GROUP = re.compile(r"char-(\d+) rw")
_NODE = re.compile(r"/dev/char/(\d+):(\d+) rw")
_CONSOLE = "/dev/tty1 rw"


def allows(node: Node) -> bool:
    """Tell what the unit's device filter says of a character device."""
    major, minor = node
    for rule in settings()["DeviceAllow"]:
        group, single = _GROUP.fullmatch(rule), _NODE.fullmatch(rule)
        if group and int(group[1]) == major:
            return True
        if single and (int(single[1]), int(single[2])) == (major, minor):
            return True
    return False


def test_every_driver_is_looked_at() -> None:
    assert set(BUILT_IN) <= set(OPENS)


@pytest.mark.parametrize(
    ("driver", "path"), [(driver, path) for driver, nodes in OPENS.items() for path in nodes]
)
def test_what_a_driver_opens_passes_the_units_filter(driver: str, path: str) -> None:
    assert allows(OPENS[driver][path])


@pytest.mark.parametrize("path", PRINTERS)
def test_a_printer_of_receipts_passes_the_units_filter(path: str) -> None:
    """A serial one passes as a reader does; the rights are those of Debian's group lp."""
    assert allows(PRINTERS[path])
    assert "lp" in settings()["SupplementaryGroups"][0].split()


@pytest.mark.parametrize("path", SOUND)
def test_a_sound_card_passes_the_units_filter(path: str) -> None:
    assert allows(SOUND[path])
    assert "audio" in settings()["SupplementaryGroups"][0].split()


@pytest.mark.parametrize("path", SHUT)
def test_no_other_console_and_no_memory_passes(path: str) -> None:
    assert not allows(SHUT[path])


def test_no_group_is_named() -> None:
    """A name is looked up when the unit starts: a driver that is loaded later is shut out."""
    rules = settings()["DeviceAllow"]
    assert [rule for rule in rules if not (_GROUP.fullmatch(rule) or _NODE.fullmatch(rule))] == [
        _CONSOLE
    ]
    assert settings()["DevicePolicy"] == ["closed"]


def test_what_the_udev_rules_name_passes() -> None:
    """They make links and rights for three kinds of device; each is a kind of the table."""
    rules = (ROOT / "udev/70-taptill-readers.rules").read_text("utf-8")
    kinds = set(re.findall(r'^SUBSYSTEM=="(\w+)"', rules, re.MULTILINE))
    assert kinds == {"tty", "usb", "input"}


def test_the_numbers_are_those_of_this_kernel() -> None:
    """As far as the drivers are loaded here."""
    named = {"188": "ttyUSB", "166": "ttyACM", "204": "ttyAMA", "189": "usb_device", "13": "input"}
    named |= {"116": "alsa"}
    with open("/proc/devices", encoding="ascii") as listed:  # noqa: PTH123 - no file of ours
        pairs = (line.split() for line in listed if re.fullmatch(r" *\d+ \S+\n", line))
        here = {(number, name) for number, name in pairs}
    known = set(named.values())
    assert all(named.get(number) == name for number, name in here if name in known)
