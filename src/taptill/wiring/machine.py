"""The name that distinguishes this machine from every other one."""

import re
from collections.abc import Iterator
from pathlib import Path

from taptill.journal.identity import UNKNOWN_MACHINE

NAMES = (
    "sys/firmware/devicetree/base/serial-number",  # of the board, not of its SD card
    "etc/machine-id",  # machine-id(5)
    "var/lib/dbus/machine-id",  # the same where there is no systemd
)
_NO_NAME = re.compile("0*|uninitialized")
"""Values that name no machine: zeros where the maker wrote none, the word in a fresh image."""


def machine(root: Path = Path("/")) -> str:
    """Return this machine's name, by which a journal knows the board that it was written on.

    It is the first that exists of the board's serial number, the machine id and the address of the
    first network card; UNKNOWN_MACHINE where there is none.
    """
    return next(_names(root), UNKNOWN_MACHINE)


def _names(root: Path) -> Iterator[str]:
    for place in NAMES:
        name = _word(root / place)
        if not _NO_NAME.fullmatch(name):
            yield name
    for card in sorted(root.glob("sys/class/net/*")):
        # "device": hardware, no bridge or tunnel; assign type 0: its own address, none made up.
        if (card / "device").exists() and _word(card / "addr_assign_type") == "0":
            yield f"network card {_word(card / 'address')}"


def _word(path: Path) -> str:
    """Return the word in a file, or an empty text where it cannot be read."""
    try:
        return path.read_text("ascii", "replace").strip("\0\n ")
    except OSError:
        return ""
