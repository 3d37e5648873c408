"""Counts the bytes that a decoder skips until it is in step with the frames."""

from taptill.readers.frames import BadFrame, Fault

# The rest of one frame is normal when a port is opened. Bytes enough for two frames
# without a good frame show that the reader sends at another speed.
RESYNC_BYTES_MAX = 28


class ResyncCounter:
    """Counts skipped bytes since the last good frame; each `RESYNC_BYTES_MAX` are one bad frame."""

    def __init__(self) -> None:
        self.skipped_bytes = 0

    def skip_byte(self) -> BadFrame | None:
        """Count a skipped byte; return a bad frame where the bound is reached."""
        self.skipped_bytes += 1
        if self.skipped_bytes < RESYNC_BYTES_MAX:
            return None
        self.skipped_bytes = 0
        return BadFrame(Fault.FRAMING)

    def reset(self) -> None:
        """Start again from 0, after a good frame."""
        self.skipped_bytes = 0
