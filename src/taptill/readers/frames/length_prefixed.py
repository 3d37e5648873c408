"""Binary frames that tell their own length in, frames out: one decoder for every such reader.

A start byte may occur in an id, so frames are cut by their length. Where a frame turns out wrong,
one byte is dropped and the search goes on behind it: what follows is never swallowed.
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
    """How a frame looks.

    `size` gives the length of the frame that begins the bytes, zero while too few are there to
    know, less than zero when no frame can begin so; `read` judges a whole frame.
    """

    start: bytes
    size: Callable[[bytes], int]
    read: Callable[[bytes], AnyFrame]


class LengthPrefixedDecoder:
    """Keeps what may become a frame; of a damaged stretch it tells one fault, not one a byte."""

    def __init__(self, form: LengthPrefixedFormat) -> None:
        self._form = form
        self._pending = b""
        self._damaged = False
        self._resync = ResyncCounter()

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come and give the frames that they complete."""
        found: list[AnyFrame] = []
        for start in range(0, len(data), _PIECE):  # so what is pending stays small meanwhile, too
            self._pending += data[start : start + _PIECE]
            found += self._taken()
        return found

    def idle(self) -> list[AnyFrame]:
        """Give up what is pending, unless a whole frame hides behind a false start in it."""
        found: list[AnyFrame] = []
        if self._pending:
            found += self._drop(BadFrame(Fault.TRUNCATED)) + self._taken()
        while self._pending:
            found += self._drop(None) + self._taken()
        self._damaged = False
        return found

    def _taken(self) -> list[AnyFrame]:
        """Cut every frame off that is whole."""
        found: list[AnyFrame] = []
        while self._pending:
            size = self._size()
            if size == 0 or size > len(self._pending):
                break
            frame = self._form.read(self._pending[:size]) if size > 0 else None
            if frame is None or isinstance(frame, BadFrame):
                found += self._drop(frame or self._false_start())
            else:
                self._damaged = False
                self._resync.end()
                self._pending = self._pending[size:]
                found.append(frame)
        return found

    def _size(self) -> int:
        start = self._form.start[: len(self._pending)]
        if not self._pending.startswith(start):
            return -1
        size = self._form.size(self._pending) if len(start) == len(self._form.start) else 0
        return size if size <= SIZE_MAX else -1

    def _false_start(self) -> BadFrame | None:
        """Tell a frame with a wrong length from a byte that begins none."""
        begun = bool(self._form.start) and self._pending.startswith(self._form.start)
        return BadFrame(Fault.FRAMING) if begun else None

    def _drop(self, fault: BadFrame | None) -> list[AnyFrame]:
        self._pending = self._pending[1:]
        noise = self._resync.skip()
        if fault and not self._damaged:
            self._damaged = True
            return [fault]
        return [noise] if noise else []
