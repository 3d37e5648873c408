"""Finds the input devices that type digits and ENTER in the kernel's list; opens none of them."""

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
# The kernel prints key bits in words of the size of a long in the program that reads them.
_WORD_BITS = 8 * struct.calcsize("l")


@dataclass(frozen=True, slots=True)
class Keyboard:
    """A device that types digits and ENTER: its node, its `VID:PID`, its own name, its bus."""

    node: str
    numbers: str
    name: str
    bus: int


def is_port(port: str) -> bool:
    """Return whether this may name a keyboard: a path, or `VID:PID` with or without a name."""
    return port.startswith("/") or bool(_PORT.fullmatch(port))


def nodes_for_port(port: str, inputs: Path = INPUTS) -> list[str]:
    """Return every device node that a port may mean; a path is returned as it is."""
    match = _PORT.fullmatch(port)
    if not match:
        return [port]
    numbers, name = f"{match[1]}:{match[2]}".lower(), match[3]
    return [
        keyboard.node
        for keyboard in keyboards(inputs)
        if keyboard.numbers == numbers and name in (None, keyboard.name)
    ]


def keyboard_identity(port: str, inputs: Path = INPUTS) -> object:
    """Return a value that identifies the devices at a port; empty if there is none."""
    return [identity for identity in map(device_identity, nodes_for_port(port, inputs)) if identity]


def keyboards(inputs: Path = INPUTS) -> Iterator[Keyboard]:
    """Yield the devices that type digits and ENTER.

    A keyboard often has two input devices, of which mostly one types.
    """
    for entry in sorted(inputs.glob("event*")):
        with suppress(OSError, ValueError):  # a device may leave while we look
            device = entry / "device"
            if _types(_read(device / "capabilities" / "key")):
                bus, vendor, product = (
                    _read(device / "id" / file) for file in ("bustype", "vendor", "product")
                )
                name = _read(device / "name")
                yield Keyboard(f"{NODES}/{entry.name}", f"{vendor}:{product}", name, int(bus, 16))


def _types(words: str) -> bool:
    """Return whether the key bits, words in hex with the highest first, have digits and ENTER."""
    keys = 0
    for word in words.split():
        keys = (keys << _WORD_BITS) | int(word, 16)
    return all(keys >> code & 1 for code in _DIGITS_AND_ENTER)


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace").strip()
