"""Decodes binary frames that carry their own length, whichever reader sends them.

A start byte may occur in an id, so frames are cut by their length. Where a frame is wrong, only its
first byte is dropped before the search goes on, so that a good frame after it is always found.
"""

from collections.abc import Callable
from dataclasses import dataclass

from taptill.readers.frames import AnyFrame, BadFrame, Fault
from taptill.readers.frames.resync import ResyncCounter

SIZE_MAX = 128
"""No frame of a card reader is longer."""

_PIECE = 256


@dataclass(frozen=True, slots=True)
class LengthPrefixedFormat:
    """The layout of a frame.

    `size` returns the length of the frame at the beginning of the bytes: 0 while there are too
    few bytes to know, less than 0 when no frame can begin so. `read` decodes a whole frame.
    """

    start: bytes
    size: Callable[[bytes], int]
    read: Callable[[bytes], AnyFrame]


class LengthPrefixedDecoder:
    """Keeps bytes that may become a frame; reports a damaged stretch as one fault."""

    def __init__(self, layout: LengthPrefixedFormat) -> None:
        self._layout = layout
        self._pending = b""
        self._is_resyncing = False
        self._resync = ResyncCounter()

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Return the frames that these bytes complete."""
        frames: list[AnyFrame] = []
        for start in range(0, len(data), _PIECE):  # keeps the pending bytes few
            self._pending += data[start : start + _PIECE]
            frames += self._cut_frames()
        return frames

    def idle(self) -> list[AnyFrame]:
        """Drop what is pending; return the fault, and any frame behind a false start in it."""
        frames: list[AnyFrame] = []
        if self._pending:
            frames += self._drop(BadFrame(Fault.TRUNCATED)) + self._cut_frames()
        while self._pending:
            frames += self._drop(None) + self._cut_frames()
        self._is_resyncing = False
        return frames

    def _cut_frames(self) -> list[AnyFrame]:
        """Remove all whole frames from the pending bytes and return them."""
        frames: list[AnyFrame] = []
        while pending := self._pending:
            size = self._size(pending)
            if size == 0 or size > len(pending):
                break
            frame = self._layout.read(pending[:size]) if size > 0 else None
            if frame is None or isinstance(frame, BadFrame):
                frames += self._drop(frame or self._framing_fault())
            else:
                self._is_resyncing = False
                self._resync.skipped_bytes = 0
                self._pending = pending[size:]
                frames.append(frame)
        return frames

    def _size(self, pending: bytes) -> int:
        if pending.startswith(self._layout.start):
            size = self._layout.size(pending)
            return size if size <= SIZE_MAX else -1
        return 0 if self._layout.start.startswith(pending) else -1

    def _framing_fault(self) -> BadFrame | None:
        """Return a fault where a wrong length follows a start; None for any other byte."""
        has_start = bool(self._layout.start) and self._pending.startswith(self._layout.start)
        return BadFrame(Fault.FRAMING) if has_start else None

    def _drop(self, fault: BadFrame | None) -> list[AnyFrame]:
        self._pending = self._pending[1:]
        bad_frame = self._resync.skip_byte()
        if fault and not self._is_resyncing:
            self._is_resyncing = True
            return [fault]
        return [bad_frame] if bad_frame else []
