"""A PN532 on a pseudo-terminal: host frames in, chip frames out, with a card or without.

The answers are those that nfcpy's driver needs; UM0701-02 has the frames.
"""

import os
import tty
from contextlib import suppress
from pathlib import Path
from threading import Thread

START = b"\x00\x00\xff"
ACK = b"\x00\x00\xff\x00\xff\x00"
HEADER = 5
NO_CARD_REGISTER = b"\x26"


def framed(payload: bytes) -> bytes:
    """Wrap a payload, with the extended length where it needs one."""
    size = len(payload)
    if size < 0xFF:
        length = bytes([size, -size & 0xFF])
    else:
        length = b"\xff\xff" + size.to_bytes(2, "big") + bytes([-(size // 256 + size) & 0xFF])
    return START + length + payload + bytes([-sum(payload) & 0xFF, 0])


class Pn532:
    """Answers in a thread of its own until it is unplugged."""

    def __init__(self) -> None:
        self.card = b""
        self.deaf = False
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = Path(os.ttyname(self._slave))
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def unplug(self) -> None:
        """Hang up under the driver."""
        if self._slave >= 0:
            # A last word wakes the thread, which then closes the master.
            self._slave, slave = -1, self._slave
            os.write(slave, ACK)
            os.close(slave)
            self._thread.join(5)
            assert not self._thread.is_alive()

    def _serve(self) -> None:
        pending = b""
        with suppress(OSError):
            while self._slave >= 0:
                pending += os.read(self._master, 4096)
                while taken := self._take(pending):
                    pending = pending[taken:]
        os.close(self._master)

    def _take(self, pending: bytes) -> int:
        """Answer the first whole frame; give how many bytes are done with."""
        start = pending.find(START)
        if start < 0:
            return max(0, len(pending) - 2)
        rest = pending[start:]
        if rest.startswith(ACK):
            return start + len(ACK)
        extended = rest[3:5] == b"\xff\xff"
        head = HEADER + 3 * extended
        if len(rest) < head:
            return 0
        size = int.from_bytes(rest[5:7], "big") if extended else rest[3]
        if len(rest) < head + size + 2:
            return 0
        if not self.deaf:
            os.write(self._master, ACK + framed(self._answer(rest[head + 1 : head + size])))
        return start + head + size + 2

    def _answer(self, command: bytes) -> bytes:
        """Give the payload that answers a command: D5, its code plus one, what it returns."""
        match command[0], command[1:]:
            case 0x00, echoed:
                found = echoed
            case 0x02, _:
                found = bytes.fromhex("32010607")
            case 0x06, registers:
                found = NO_CARD_REGISTER * (len(registers) // 2)
            case 0x16, _:
                found = b"\x00"
            case 0x4A, _ if self.card:
                found = bytes.fromhex("0101000408") + bytes([len(self.card)]) + self.card
            case 0x4A, _:
                found = b"\x00"
            case _:
                found = b""
        return bytes([0xD5, command[0] + 1]) + found
