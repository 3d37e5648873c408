"""Decodes hex digits between a start byte and an end byte: RDM6300, ID-12, Parallax and others.

Sources: RDM6300, Seeed data sheet 113020002, page 3 (repeats every 50 to 65 ms); ID-12, data sheet
ID-2/12/20LA of 2013-04-11, page 4; Parallax 28140 and 28340, documentation 2.1, page 2 (LF starts,
CR ends); Promag MF5, TM970014 revision H, page 3 (ESC when the card leaves).
"""

from dataclasses import dataclass

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.frames.checksums import HEX_DIGITS, xor_checksum
from taptill.readers.frames.resync import ResyncCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedFormat:
    """The layout of a frame.

    `digits` is the number of hex digits; with `has_checksum`, the last two are the exclusive or of
    the others. `trailer` is a set of bytes that may stand between the digits and the end.
    `removal_byte` is sent outside frames when the card was taken away.
    """

    digits: int
    start: int = 0x02
    end: int = 0x03
    trailer: bytes = b""
    has_checksum: bool = False
    removal_byte: int | None = None


RDM6300 = DelimitedFormat(digits=12, has_checksum=True)
ID12 = DelimitedFormat(digits=12, trailer=b"\r\n", has_checksum=True)
STX_10HEX = DelimitedFormat(digits=10, trailer=b"\r\n")
PARALLAX = DelimitedFormat(digits=10, start=0x0A, end=0x0D)
PROMAG_MF5 = DelimitedFormat(digits=8, trailer=b"\r", removal_byte=0x1B)


class DelimitedDecoder:
    """Begins a new frame at each start byte, so that a broken frame never hides the next."""

    def __init__(self, layout: DelimitedFormat) -> None:
        self._layout = layout
        self._body_max = layout.digits + len(layout.trailer)
        self._allowed = HEX_DIGITS | frozenset(layout.trailer)
        self._body: bytearray | None = None
        self._resync = ResyncCounter()

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Return the frames that these bytes complete."""
        return [frame for octet in data if (frame := self._take_octet(octet))]

    def idle(self) -> list[AnyFrame]:
        """Return a bad frame if a frame was begun and not ended."""
        return [BadFrame(Fault.TRUNCATED)] if self._restart(None) else []

    def _restart(self, body: bytearray | None) -> bytearray | None:
        pending, self._body = self._body, body
        return pending

    def _take_octet(self, octet: int) -> AnyFrame | None:
        if octet == self._layout.start:
            return BadFrame(Fault.TRUNCATED) if self._restart(bytearray()) else None
        if self._body is None:
            return (
                Signal.REMOVED if octet == self._layout.removal_byte else self._resync.skip_byte()
            )
        if octet == self._layout.end:
            return self._check_body(self._restart(None) or bytearray())
        if octet not in self._allowed:
            self._restart(None)
            return BadFrame(Fault.BAD_CHAR)
        if len(self._body) == self._body_max:
            self._restart(None)
            return BadFrame(Fault.OVERFLOW)
        self._body.append(octet)
        return None

    def _check_body(self, body: bytearray) -> AnyFrame:
        digits = body.rstrip(self._layout.trailer)
        if not HEX_DIGITS.issuperset(digits):
            return BadFrame(Fault.BAD_CHAR)
        if len(digits) != self._layout.digits:
            return BadFrame(
                Fault.TRUNCATED if len(digits) < self._layout.digits else Fault.OVERFLOW
            )
        octets = bytes.fromhex(digits.decode("ascii"))
        if self._layout.has_checksum and xor_checksum(octets):
            return BadFrame(Fault.CHECKSUM)
        self._resync.reset()
        return Frame(octets[: -1 if self._layout.has_checksum else None].hex().upper())
