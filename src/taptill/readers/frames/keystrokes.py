"""Decodes the key presses of a reader that types like a keyboard.

A reader types its text in one burst and ends it with ENTER, or with TAB if nothing more follows in
that burst. Text that is typed slower, by a person for example, is no card. Neither is the rest of a
line that was interrupted, up to its end, as a shorter number may be another customer's. Key codes
are decoded, those of linux/input-event-codes.h, so that the system's keyboard layout does not
matter; the text is what a US keyboard prints, which is how readers are sold.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame

SILENCE_S = 0.15
UP, DOWN = 0, 1

OVERRUN = 0
"""No key has this code: it stands for key presses that the kernel dropped."""

_SHIFTS = frozenset({42, 54})
_ENDS = frozenset({28, 96})  # ENTER and that of the keypad
_TAB = "\t"


def _row(first: int, keys: str) -> Mapping[int, str]:
    return dict(enumerate(keys, first))


_PLAIN = {
    **_row(2, "1234567890-="),
    **_row(15, _TAB),
    **_row(16, "qwertyuiop[]"),
    **_row(30, "asdfghjkl;'`"),
    **_row(43, "\\zxcvbnm,./"),
    **_row(55, "*"),
    **_row(57, " "),
    **_row(71, "789-456+1230."),
    **_row(98, "/"),
}
_SHIFTED = {
    **_row(2, "!@#$%^&*()_+"),
    **_row(15, _TAB),
    **_row(16, "QWERTYUIOP{}"),
    **_row(30, 'ASDFGHJKL:"~'),
    **_row(43, "|ZXCVBNM<>?"),
    **_row(57, " "),
}


class KeyEvent(NamedTuple):
    """A key that went up (0) or down (1), or repeats because it is held (2); monotonic seconds."""

    at_s: float
    code: int
    state: int


class KeystrokeDecoder:
    """Collects what is typed in one burst; a fault in a line refuses the line up to its end."""

    def __init__(self) -> None:
        self._text = ""
        self._line_fault: Fault | None = None
        self._shifts: set[int] = set()
        self._last_s = 0.0

    def feed(self, events: Iterable[KeyEvent]) -> list[AnyFrame]:
        """Return the frames of the lines that these events complete."""
        return [frame for event in events for frame in self._take_event(event)]

    def idle(self) -> list[AnyFrame]:
        """Return the frame of a line that a silence of `SILENCE_S` ends.

        It is a bad frame unless TAB is the last key of the line.
        """
        if self._text.endswith(_TAB):
            return self._end_line()
        if not self._text and self._line_fault in (None, Fault.TRUNCATED):
            return []
        bad_frame = BadFrame(self._line_fault or Fault.TRUNCATED)
        self._text, self._line_fault = "", Fault.TRUNCATED
        return [bad_frame]

    def _take_event(self, event: KeyEvent) -> list[AnyFrame]:
        if event.code in _SHIFTS:
            (self._shifts.discard if event.state == UP else self._shifts.add)(event.code)
        elif event.state == DOWN:
            silent = event.at_s - self._last_s > SILENCE_S
            self._last_s = event.at_s
            return [*(self.idle() if silent else ()), *self._press(event.code)]
        return []

    def _press(self, code: int) -> list[AnyFrame]:
        if code in _ENDS:
            return self._end_line()
        character = (_SHIFTED if self._shifts else _PLAIN).get(code)
        if code == OVERRUN:
            self._shifts.clear()
            self._refuse_line(Fault.OVERFLOW)
        elif character is None:
            self._refuse_line(Fault.BAD_CHAR)
        elif len(self._text) >= CARD_ID_LENGTH_MAX + (character == _TAB):
            self._refuse_line(Fault.OVERFLOW)
        else:
            self._text += character
        return []

    def _refuse_line(self, fault: Fault) -> None:
        self._text, self._line_fault = "", self._line_fault or fault

    def _end_line(self) -> list[AnyFrame]:
        text = self._text.strip()
        if _TAB in text:
            self._refuse_line(Fault.BAD_CHAR)
        fault, self._text, self._line_fault = self._line_fault, "", None
        if fault:
            return [BadFrame(fault)]
        return [Frame(text)] if text else []
