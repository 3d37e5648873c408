"""Hex digits without start or end in, frames out: EM-18 and the boards around it.

Twelve digits and silence, the last two the exclusive or of the others. Source: the EM-18 product
page of cparkb2c.in. Only the silence tells where a frame ends: the check holds just as well for the
end of one frame with the beginning of the next, which is another number. So where a run of digits
is not just frames, and the check holds for two different numbers in it, none of them is believed.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame
from taptill.readers.frames.checksums import HEX_DIGITS, xor_checksum
from taptill.readers.frames.resync import ResyncCounter

_DIGITS = 12
# A run that lost its beginning is never just frames.
_RUN_MAX = 4 * _DIGITS + 1


class UnframedDecoder:
    """Collects digits until something else or silence, then cuts them into frames."""

    def __init__(self) -> None:
        self._digits = bytearray()
        self._resync = ResyncCounter()

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come; a byte that is no digit ends what was before it."""
        return [frame for octet in data for frame in self._take(octet)]

    def idle(self) -> list[AnyFrame]:
        """End the run of digits: all of it is frames, or else the last twelve may be one.

        The last are it if the first are the same, or if nothing else in the run could be one.
        """
        run = bytes(self._digits)
        self._digits.clear()
        frames = [_read(run[start : start + _DIGITS]) for start in range(0, len(run), _DIGITS)]
        if not all(isinstance(frame, Frame) for frame in frames):
            frames = [_read(run), *_believed(run)]
        if frames and isinstance(frames[-1], Frame):
            self._resync.end()
        return frames

    def _take(self, octet: int) -> list[AnyFrame]:
        if octet in HEX_DIGITS:
            self._digits.append(octet)
            if len(self._digits) <= _RUN_MAX:
                return []
            del self._digits[0]
        elif self._digits:
            return self.idle()
        noise = self._resync.skip()
        return [noise] if noise else []


def _believed(run: bytes) -> list[Frame]:
    reads = [_read(run[end - _DIGITS : end]) for end in range(_DIGITS, len(run) + 1)]
    good = [one for one in reads if isinstance(one, Frame)]
    last = good[-1:] if good and good[-1] == reads[-1] else []
    return last if last == reads[:1] or len(set(good)) == 1 else []


def _read(digits: bytes) -> AnyFrame:
    if len(digits) != _DIGITS:
        return BadFrame(Fault.TRUNCATED if len(digits) < _DIGITS else Fault.OVERFLOW)
    octets = bytes.fromhex(digits.decode("ascii"))
    return BadFrame(Fault.CHECKSUM) if xor_checksum(octets) else Frame(octets[:-1].hex().upper())
