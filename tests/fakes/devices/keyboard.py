"""Makes the key events of a reader that types, and an input device on a pair of sockets."""

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from taptill.readers.frames.keystrokes import KeyEvent

ENTER, TAB, KEYPAD_ENTER = 28, 15, 96
LEFT_SHIFT, RIGHT_SHIFT = 42, 54
ESCAPE, CAPS_LOCK = 1, 58
KEY_S = 0.008

_EVENT = struct.Struct("llHHi")
_SYN, _KEY, _MSC, _SYN_REPORT, _SYN_DROPPED, _MSC_SCAN = 0, 1, 4, 0, 3, 4
_ROWS = {2: "1234567890-", 16: "qwertyuiop", 30: "asdfghjkl;", 44: "zxcvbnm,.", 57: " "}
_CODES = {char: code for first, row in _ROWS.items() for code, char in enumerate(row, first)}


def keystrokes_of(
    text: str, at_s: float = 1.0, end: int = ENTER, key_s: float = KEY_S
) -> list[KeyEvent]:
    """Return the key events of a text and its end; capital letters and `:` are typed with shift."""
    return list(_keystrokes(text, at_s, end, key_s))


def _keystrokes(text: str, at_s: float, end: int, key_s: float) -> Iterator[KeyEvent]:
    for char in text:
        with_shift = char.isupper() or char == ":"
        if with_shift:
            yield KeyEvent(at_s, LEFT_SHIFT, 1)
        yield from key_press(_CODES[";" if char == ":" else char.lower()], at_s, key_s)
        if with_shift:
            yield KeyEvent(at_s + key_s, LEFT_SHIFT, 0)
        at_s += 2 * key_s
    yield from key_press(end, at_s, key_s)


def key_press(code: int, at_s: float = 1.0, key_s: float = KEY_S) -> list[KeyEvent]:
    """Return the events of one key that is pressed and released."""
    return [KeyEvent(at_s, code, 1), KeyEvent(at_s + key_s, code, 0)]


class FakeInputDevice:
    """An input device that can be plugged in, typed on and unplugged.

    Its calls fail like the kernel's. Each packet is one message, as the kernel never delivers a
    part of one.
    """

    def __init__(self, link: Path) -> None:
        self.link = link
        self.is_grabbed_by_another = False
        self.grabs = 0
        self.opened_nodes: list[str] = []
        self._kernel: socket.socket | None = None
        self._program: socket.socket | None = None

    def plug(self) -> None:
        """Create a new device and let the link lead to it."""
        fresh = self.link.with_suffix(f".{len(list(self.link.parent.iterdir()))}")
        fresh.touch()
        fresh.with_suffix(".link").symlink_to(fresh)
        fresh.with_suffix(".link").rename(self.link)

    def unplug(self) -> None:
        """Remove the link and the device."""
        self.link.unlink(missing_ok=True)
        self._hang_up()

    def open_node(self, node: str) -> "FakeInputDevice":
        """Open the device for the program, as `evdev.InputDevice` does."""
        os.stat(node)  # noqa: PTH116 - no such file, no permission: as an open
        self.opened_nodes.append(node)
        self._hang_up()
        self._kernel, self._program = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._program.setblocking(False)  # noqa: FBT003 - socket's own spelling
        return self

    def _hang_up(self) -> None:
        kernel, self._kernel = self._kernel, None
        if kernel:
            kernel.close()

    def send(self, events: Iterable[KeyEvent]) -> None:
        """Send key events as the kernel does, each with its scan code, in a packet of its own."""
        for at_s, code, state in events:
            self._send_packet((at_s, _MSC, _MSC_SCAN, 0x70000 + code), (at_s, _KEY, code, state))

    def overrun(self, at_s: float = 1.0) -> None:
        """Send the kernel's report that it dropped events."""
        self._send_packet((at_s, _SYN, _SYN_DROPPED, 0))

    def _send_packet(self, *events: tuple[float, int, int, int]) -> None:
        assert self._kernel is not None
        packet = [*events, (events[0][0], _SYN, _SYN_REPORT, 0)]
        self._kernel.send(
            b"".join(
                _EVENT.pack(int(at_s), int(at_s % 1 * 1e6), kind, code, value)
                for at_s, kind, code, value in packet
            )
        )

    @property
    def fd(self) -> int:
        """Return the descriptor that the program polls."""
        assert self._program is not None
        return self._program.fileno()

    def grab(self) -> None:
        """Grab the device for the program alone."""
        if self.is_grabbed_by_another:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self.grabs += 1

    def ungrab(self) -> None:
        """Release the device."""
        if not self._kernel:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        self.grabs -= 1

    def read(self) -> Iterable[Any]:
        """Return the events that are there, by evdev's own reading and parsing."""
        from evdev import InputEvent, _input  # noqa: PLC0415 - may be missing

        events = _input.device_read_many(self.fd)
        if not events:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return (InputEvent(*event) for event in events)

    def close(self) -> None:
        """Close the program's descriptor."""
        program, self._program = self._program, None
        if program:
            program.close()


_KEYBOARD = "402000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""What a common keyboard has for keys, as the kernel prints it."""


def input_devices(folder: Path) -> None:
    """Write the kernel's files for a reader with two devices, one with two alike, and a mouse."""
    rows = (
        ("event0", "0003", "413d", "2107", "KKMOON", _KEYBOARD),
        ("event1", "0003", "413d", "2107", "KKMOON Consumer", "0"),
        ("event2", "0003", "ffff", "0035", "SYC ID&IC USB Reader", _KEYBOARD),
        ("event3", "0003", "ffff", "0035", "SYC ID&IC USB Reader", _KEYBOARD),
        ("event4", "0011", "0001", "0001", "mouse", "70000 0 0 0 0"),
    )
    for name, bus, vendor, product, title, keys in rows:
        device = folder / name / "device"
        (device / "id").mkdir(parents=True)
        (device / "capabilities").mkdir()
        (device / "id" / "bustype").write_text(f"{bus}\n")
        (device / "id" / "vendor").write_text(f"{vendor}\n")
        (device / "id" / "product").write_text(f"{product}\n")
        (device / "name").write_text(f"{title}\n")
        (device / "capabilities" / "key").write_text(f"{keys}\n")
