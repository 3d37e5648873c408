"""Key presses of a reader that types in, frames out; key codes, so no layout of the system matters.

A reader types its text in one burst and ends it with ENTER, or with TAB if nothing more comes in
that burst. What comes slower, by a person for example, is no card, nor is the rest of it up to its
end: a shorter number may be another customer's. The codes are those of linux/input-event-codes.h;
the text is what a US keyboard prints, which is how readers are sold, capital letters with shift.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame

SILENCE_S = 0.15
UP, DOWN = 0, 1

OVERRUN = 0
"""No key has this code: it stands for keys that were pressed and that nobody can know any more."""

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
    """A key that went down or up, or repeats because it is held (2); seconds since some time."""

    at_s: float
    code: int
    state: int


class KeystrokeDecoder:
    """Collects what is typed in one burst; what spoils a line spoils it up to its end."""

    def __init__(self) -> None:
        self._text = ""
        self._fault: Fault | None = None
        self._shifts: set[int] = set()
        self._last_s = 0.0

    def feed(self, events: Iterable[KeyEvent]) -> list[AnyFrame]:
        """Take events as they come, however many at once, and give the lines that they end."""
        return [frame for event in events for frame in self._take(event)]

    def idle(self) -> list[AnyFrame]:
        """Learn that no key went down for `SILENCE_S`: a line that TAB did not end is cut short."""
        if self._text.endswith(_TAB):
            return self._ended()
        if not self._text and self._fault in (None, Fault.TRUNCATED):
            return []
        found = BadFrame(self._fault or Fault.TRUNCATED)
        self._text, self._fault = "", Fault.TRUNCATED
        return [found]

    def _take(self, event: KeyEvent) -> list[AnyFrame]:
        if event.code in _SHIFTS:
            (self._shifts.discard if event.state == UP else self._shifts.add)(event.code)
        elif event.state == DOWN:
            silent = event.at_s - self._last_s > SILENCE_S
            self._last_s = event.at_s
            return [*(self.idle() if silent else ()), *self._press(event.code)]
        return []

    def _press(self, code: int) -> list[AnyFrame]:
        if code in _ENDS:
            return self._ended()
        printed = (_SHIFTED if self._shifts else _PLAIN).get(code)
        if code == OVERRUN:
            self._shifts.clear()
            self._spoil(Fault.OVERFLOW)
        elif printed is None:
            self._spoil(Fault.BAD_CHAR)
        elif len(self._text) >= CARD_ID_LENGTH_MAX + (printed == _TAB):
            self._spoil(Fault.OVERFLOW)
        else:
            self._text += printed
        return []

    def _spoil(self, fault: Fault) -> None:
        self._text, self._fault = "", self._fault or fault

    def _ended(self) -> list[AnyFrame]:
        text = self._text.strip()
        if _TAB in text:
            self._spoil(Fault.BAD_CHAR)
        fault, self._text, self._fault = self._fault, "", None
        if fault:
            return [BadFrame(fault)]
        return [Frame(text)] if text else []
