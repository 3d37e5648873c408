"""A reader without a device: lines that a machine typed into the till's own terminal.

The till recognises such lines by their speed, and passes on each one whole.
"""

from collections import deque
from threading import Condition

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.device import READ_S_MAX, ReaderSettings
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame

LINES_MAX = 16


class TypedReader:
    """A device whose lines come from the keys of the till."""

    def __init__(self, settings: ReaderSettings) -> None:
        del settings
        self._lines: deque[str] = deque(maxlen=LINES_MAX)
        self._changed = Condition()
        self._interrupted = False

    def type_line(self, text: str) -> None:
        """Accept a line, from any thread; beyond `LINES_MAX` unread lines the oldest is lost."""
        with self._changed:
            self._lines.append(text)
            self._changed.notify_all()

    def open(self) -> None:
        """Begin, and drop lines that were typed before."""
        with self._changed:
            self._lines.clear()

    def read(self) -> list[AnyFrame]:
        """Wait for lines, and return the frames of those typed meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._interrupted, READ_S_MAX)
            self._interrupted = False
            lines = list(self._lines)
            self._lines.clear()
        return [_frame(line) for line in lines]

    def interrupt(self) -> None:
        """Wake the thread that reads."""
        with self._changed:
            self._interrupted = True
            self._changed.notify_all()

    def close(self) -> None:
        """Drop the lines that were not read."""
        with self._changed:
            self._lines.clear()


def _frame(line: str) -> AnyFrame:
    """Return the frame of a line; a key in it that is no character makes it a bad one."""
    if not line.isprintable():
        return BadFrame(Fault.BAD_CHAR)
    if len(line.strip()) > CARD_ID_LENGTH_MAX:
        return BadFrame(Fault.OVERFLOW)
    return Frame(line.strip()) if line.strip() else BadFrame(Fault.TRUNCATED)
