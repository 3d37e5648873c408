"""What a machine knows of itself in, the name that tells it from another one out."""

import re
from collections.abc import Iterator
from pathlib import Path

from taptill.journal.identity import UNKNOWN_MACHINE

NAMES = (
    "sys/firmware/devicetree/base/serial-number",  # of the board itself: a cloned card has it not
    "etc/machine-id",  # machine-id(5)
    "var/lib/dbus/machine-id",  # the same, where no systemd is
)
_NO_NAME = re.compile("0*|uninitialized")
"""All zeros: a board whose maker wrote none. The word stands in images until their first boot."""


def machine(root: Path = Path("/")) -> str:
    """Name this machine, so that a journal can tell the board it was written on.

    The first of the board's serial number, the machine id, and the address of the first network
    card; UNKNOWN_MACHINE where there is none of them.
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
    """Read a file of one word; empty where it cannot be read."""
    try:
        return path.read_text("ascii", "replace").strip("\0\n ")
    except OSError:
        return ""
