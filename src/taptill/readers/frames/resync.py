"""Bytes outside frames in, now and then a bad frame out: what tells a wrong speed from a tail."""

from taptill.readers.frames import BadFrame, Fault

# The tail of one frame is normal when a port is opened; two frames' worth of bytes
# without a good frame is a line that speaks at another speed.
RESYNC_BYTES_MAX = 28


class ResyncCounter:
    """Counts bytes since the last good frame, and calls every `NOISE_MAX` of them one bad frame."""

    def __init__(self) -> None:
        self.octets = 0

    def skip(self) -> BadFrame | None:
        """Count a byte."""
        self.octets += 1
        if self.octets < RESYNC_BYTES_MAX:
            return None
        self.octets = 0
        return BadFrame(Fault.FRAMING)

    def end(self) -> None:
        """Learn of a good frame."""
        self.octets = 0
