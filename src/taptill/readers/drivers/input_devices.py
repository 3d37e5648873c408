"""The kernel's list of input devices in, those that type digits and ENTER out; opens none."""

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from taptill.readers.drivers.device_nodes import device_identity

INPUTS = Path("/sys/class/input")
NODES = "/dev/input"
USB = 3

_PORT = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?")
_DIGITS_AND_ENTER = (*range(2, 12), 28)
# The kernel prints long numbers as long as those of the program that reads them.
_WORD_BITS = 8 * struct.calcsize("l")


@dataclass(frozen=True, slots=True)
class Keyboard:
    """What types digits and ENTER: its node, its numbers `VID:PID`, the name it gives itself."""

    node: str
    numbers: str
    name: str
    bus: int


def is_port(port: str) -> bool:
    """Tell whether this may name a keyboard: a path, or `VID:PID` with or without its name."""
    return port.startswith("/") or bool(_PORT.fullmatch(port))


def nodes_for_port(port: str, inputs: Path = INPUTS) -> list[str]:
    """Give every path that a port may mean; a path is itself, there or not."""
    named = _PORT.fullmatch(port)
    if not named:
        return [port]
    numbers, name = f"{named[1]}:{named[2]}".lower(), named[3]
    return [
        one.node for one in keyboards(inputs) if one.numbers == numbers and name in (None, one.name)
    ]


def keyboard_identity(port: str, inputs: Path = INPUTS) -> object:
    """Tell what is plugged in at a port from another device, and from none."""
    return [one for one in map(device_identity, nodes_for_port(port, inputs)) if one]


def keyboards(inputs: Path = INPUTS) -> Iterator[Keyboard]:
    """List what types digits and ENTER; of a device that shows up twice mostly one does."""
    for entry in sorted(inputs.glob("event*")):
        with suppress(OSError, ValueError):  # a device may leave while we look
            device = entry / "device"
            if _types(_read(device / "capabilities" / "key")):
                bus, vendor, product = (
                    _read(device / "id" / each) for each in ("bustype", "vendor", "product")
                )
                name = _read(device / "name")
                yield Keyboard(f"{NODES}/{entry.name}", f"{vendor}:{product}", name, int(bus, 16))


def _types(words: str) -> bool:
    """Look into the keys that a device has, a long number written from its high end on."""
    keys = 0
    for word in words.split():
        keys = (keys << _WORD_BITS) | int(word, 16)
    return all(keys >> code & 1 for code in _DIGITS_AND_ENTER)


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace").strip()
