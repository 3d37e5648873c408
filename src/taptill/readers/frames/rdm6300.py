"""Bytes of an RDM6300 in, frames out: STX, 10 hex digits, 2 hex digits of XOR, ETX at 9600 baud.

Source: Seeed data sheet 113020002, page 3. The reader repeats the frame every 50 to 65 ms.
"""

from functools import reduce
from operator import xor

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame

_STX, _ETX = 0x02, 0x03
_HEX_DIGITS = frozenset(b"0123456789ABCDEFabcdef")
_DIGITS = 12
# The tail of one frame is normal when a port is opened; two frames' worth of bytes
# without a good frame is a line that speaks at another speed.
_NOISE_MAX = 28


class Rdm6300Decoder:
    """Waits for STX; every STX starts anew, so a broken frame never swallows the next one."""

    def __init__(self) -> None:
        self._digits: bytearray | None = None
        self._noise = 0

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come and give the frames that they complete."""
        return [frame for octet in data if (frame := self._take(octet))]

    def idle(self) -> list[AnyFrame]:
        """Give up a frame that was begun and not ended."""
        return [BadFrame(Fault.TRUNCATED)] if self._restart(None) else []

    def _restart(self, digits: bytearray | None) -> bytearray | None:
        pending, self._digits = self._digits, digits
        return pending

    def _take(self, octet: int) -> AnyFrame | None:
        if octet == _STX:
            return BadFrame(Fault.TRUNCATED) if self._restart(bytearray()) else None
        if self._digits is None:
            return self._skip()
        if octet == _ETX:
            return self._end(self._restart(None) or bytearray())
        if octet not in _HEX_DIGITS:
            self._restart(None)
            return BadFrame(Fault.BAD_CHAR)
        if len(self._digits) == _DIGITS:
            self._restart(None)
            return BadFrame(Fault.OVERFLOW)
        self._digits.append(octet)
        return None

    def _end(self, digits: bytearray) -> AnyFrame:
        if len(digits) < _DIGITS:
            return BadFrame(Fault.TRUNCATED)
        octets = bytes.fromhex(digits.decode("ascii"))
        if reduce(xor, octets):
            return BadFrame(Fault.CHECKSUM)
        self._noise = 0
        return Frame(octets[:-1].hex().upper())

    def _skip(self) -> AnyFrame | None:
        self._noise += 1
        if self._noise < _NOISE_MAX:
            return None
        self._noise = 0
        return BadFrame(Fault.FRAMING)
