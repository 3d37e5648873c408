"""Lines that a machine typed into the till's terminal in, frames out: a reader without a device.

The till tells such lines from a person's typing by their speed, and hands each one over whole.
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
        """Take a line, from any thread; of more than `LINES_MAX` unread ones the oldest go."""
        with self._changed:
            self._lines.append(text)
            self._changed.notify_all()

    def open(self) -> None:
        """Begin: what was typed before nobody waits for."""
        with self._changed:
            self._lines.clear()

    def read(self) -> list[AnyFrame]:
        """Give the lines that were typed meanwhile."""
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
        """Let go of what nobody has read."""
        with self._changed:
            self._lines.clear()


def _frame(line: str) -> AnyFrame:
    """Take a line as it was typed: a key in it that is no character spoils it."""
    if not line.isprintable():
        return BadFrame(Fault.BAD_CHAR)
    if len(line.strip()) > CARD_ID_LENGTH_MAX:
        return BadFrame(Fault.OVERFLOW)
    return Frame(line.strip()) if line.strip() else BadFrame(Fault.TRUNCATED)
