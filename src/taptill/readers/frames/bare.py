"""Hex digits without start or end in, frames out: EM-18 and the boards around it.

Twelve digits and silence, the last two the exclusive or of the others. Source: the EM-18 product
page of cparkb2c.in. Only the silence tells where a frame ends: the check holds just as well for the
end of one frame with the beginning of the next.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame
from taptill.readers.frames.checks import HEX_DIGITS, xored
from taptill.readers.frames.noise import Noise

_DIGITS = 12
_RUN_MAX = 4 * _DIGITS


class BareDecoder:
    """Collects digits until something else or silence, then cuts them into frames."""

    def __init__(self) -> None:
        self._digits = bytearray()
        self._noise = Noise()

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come; a byte that is no digit ends what was before it."""
        return [frame for octet in data for frame in self._take(octet)]

    def idle(self) -> list[AnyFrame]:
        """End the run of digits: all of it is frames, or else the last twelve may be one."""
        run = bytes(self._digits)
        self._digits.clear()
        frames = [_read(run[start : start + _DIGITS]) for start in range(0, len(run), _DIGITS)]
        if not all(isinstance(frame, Frame) for frame in frames):
            last = _read(run[-_DIGITS:])
            frames = [_read(run), last] if isinstance(last, Frame) else [last]
        if frames and isinstance(frames[-1], Frame):
            self._noise.end()
        return frames

    def _take(self, octet: int) -> list[AnyFrame]:
        if octet in HEX_DIGITS:
            self._digits.append(octet)
            if len(self._digits) <= _RUN_MAX:
                return []
            del self._digits[0]
        elif self._digits:
            return self.idle()
        noise = self._noise.skip()
        return [noise] if noise else []


def _read(digits: bytes) -> AnyFrame:
    if len(digits) != _DIGITS:
        return BadFrame(Fault.TRUNCATED if len(digits) < _DIGITS else Fault.OVERFLOW)
    octets = bytes.fromhex(digits.decode("ascii"))
    return BadFrame(Fault.CHECKSUM) if xored(octets) else Frame(octets[:-1].hex().upper())
