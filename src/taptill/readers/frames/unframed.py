"""Decodes hex digits without start or end: the EM-18 and the boards built around it.

A frame is twelve digits, the last two the exclusive or of the others, followed by silence. Source:
the EM-18 product page of cparkb2c.in. Only the silence shows where a frame ends: the checksum may
also hold for the end of one frame joined to the beginning of the next, which is another number. So
where a run of digits is not made of whole frames, and the checksum holds for two different numbers
in it, neither is believed.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame
from taptill.readers.frames.checksums import HEX_DIGITS, xor_checksum
from taptill.readers.frames.resync import ResyncCounter

_DIGITS = 12
# One digit more than whole frames: a run that lost its beginning is never whole frames.
_RUN_MAX = 4 * _DIGITS + 1


class UnframedDecoder:
    """Collects digits until another byte or silence comes, then cuts them into frames."""

    def __init__(self) -> None:
        self._digits = bytearray()
        self._resync = ResyncCounter()

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Return the frames that these bytes complete; a byte that is no digit ends a run."""
        return [frame for octet in data for frame in self._take_octet(octet)]

    def idle(self) -> list[AnyFrame]:
        """Return the frames of the run of digits, which ends here.

        If the run is not made of whole frames, its last twelve digits are accepted if they equal
        the first twelve, or if they are the only number in the run whose checksum holds.
        """
        run = bytes(self._digits)
        self._digits.clear()
        frames = [
            _check_digits(run[start : start + _DIGITS]) for start in range(0, len(run), _DIGITS)
        ]
        if not all(isinstance(frame, Frame) for frame in frames):
            frames = [_check_digits(run), *_trusted_frame(run)]
        if frames and isinstance(frames[-1], Frame):
            self._resync.reset()
        return frames

    def _take_octet(self, octet: int) -> list[AnyFrame]:
        if octet in HEX_DIGITS:
            self._digits.append(octet)
            if len(self._digits) <= _RUN_MAX:
                return []
            del self._digits[0]
        elif self._digits:
            return self.idle()
        bad_frame = self._resync.skip_byte()
        return [bad_frame] if bad_frame else []


def _trusted_frame(run: bytes) -> list[Frame]:
    reads = [_check_digits(run[end - _DIGITS : end]) for end in range(_DIGITS, len(run) + 1)]
    good_frames = [frame for frame in reads if isinstance(frame, Frame)]
    last_frame = good_frames[-1:] if good_frames and good_frames[-1] == reads[-1] else []
    return last_frame if last_frame == reads[:1] or len(set(good_frames)) == 1 else []


def _check_digits(digits: bytes) -> AnyFrame:
    if len(digits) != _DIGITS:
        return BadFrame(Fault.TRUNCATED if len(digits) < _DIGITS else Fault.OVERFLOW)
    octets = bytes.fromhex(digits.decode("ascii"))
    return BadFrame(Fault.CHECKSUM) if xor_checksum(octets) else Frame(octets[:-1].hex().upper())
