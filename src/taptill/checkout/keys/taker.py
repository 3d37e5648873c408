"""Takes the keys of one terminal to the till, so that only a person's Enter confirms a sale.

A character acts at once, unless it came faster than people type, or has an effect that cannot be
undone. Then it is held back for `FAST_S`, which nobody notices, until it is certain that it is not
part of a machine's line. When Enter or Tab ends such a line, everything since its first character
is undone, and nothing is confirmed.

Enter confirms only what had been painted before it was pressed, with no key in between. For this
the till numbers its prompts: each key and each new decision makes a new `prompt_number`. The screen
reports when it has painted which number, and each key says when it was pressed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf

from taptill.checkout.keys.burst import (
    ENDS,
    FAST_S,
    in_one_line,
    is_fast,
    is_machine,
    is_repeat,
    is_whole,
)
from taptill.checkout.keys.key import NO_KEY, Key
from taptill.checkout.sale import Sale
from taptill.checkout.session import Notice, Step
from taptill.checkout.till import Till
from taptill.checkout.view import TillView

LATE_S = FAST_S / 2
"""A timer that is so late shows that the program was stalled: keys may be waiting unread."""

LINE_MAX = 256
"""The most keys of a line that are remembered; a card's number or a barcode is far shorter."""

HELD_DOWN_S = 0.12
"""An Enter that comes again sooner is a repeat: it is held down, or something lies on it."""

NO_TEXT = "\0"
"""Replaces keys that type no character, so that the line does not become another number."""

_PRESSED = frozenset("0123456789.,+/*")
_CANCELS = frozenset({"escape", "-"})
_CURSOR_KEYS = frozenset(
    {"up", "down", "left", "right", "begin", "home", "end"}
    | {"page_up", "page_down", "insert", "delete"}
)


class KeyTaker:
    """Takes the keys of one terminal; `cards` are the demo's: capital letter -> show that card.

    `on_machine_line` is called with each line that a machine has typed, and returns whether a
    reader takes it.
    """

    def __init__(
        self,
        till: Till,
        cards: Mapping[str, Callable[[], None]] | None = None,
        on_machine_line: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._till = till
        self._cards = cards or {}
        self._on_machine_line = on_machine_line
        self._line: list[Key] = []
        self._earlier: Key | None = None
        self._newest: Key | None = None
        self._before: Sale = till.sale
        self._held: list[Key] = []
        self._timer: asyncio.TimerHandle | None = None
        self._machine: Key | None = None
        self._painted = (-1, inf)
        self._enter_s = self._pressed_s = -inf

    def watch(self, callback: Callable[[TillView], None], /) -> None:
        """Call back, in the same event loop, with every new view."""
        self._till.watch(callback)

    def painted(self, prompt_number: int, at_s: float) -> None:
        """Record that the view of this number is on the screen since `at_s`, monotonic seconds."""
        self._painted = (prompt_number, at_s)

    def obscured(self, key: Key | None = None) -> None:
        """Record that Enter must not confirm what was on the screen until now.

        `key` is the screen's own key that changed it, None for a new size.
        """
        if key:
            self._spoil_line(key)
        self._till.renew_prompt()

    def take(self, keys: Sequence[Key]) -> None:
        """Take the keys of one read; with a cancel anywhere among them Enter does not count."""
        if len(keys) > 1 and keys[-1].times_unknown:
            self._take_pile(keys)
            return
        cancels = any(key.name in _CANCELS for key in keys)
        for key in keys:
            self._take(key, confirms=not cancels)
            self._newest = key

    def _take_pile(self, keys: Sequence[Key]) -> None:
        """Take keys that piled up during a stall, whose times are unknown.

        A machine's line is undone, a cancel cancels, and everything else is dropped.
        """
        self._newest = keys[-1]
        names = [key.name for key in keys]
        inside = names[:-1]
        if names[-1] in ENDS and not {*ENDS, "escape"} & {*inside} and is_machine(keys):
            self._begin_line(keys[0])
            self._line += keys
            self._end_machine(keys[-1])
        elif _CANCELS & {*names}:
            self._spoil_line(keys[-1])
            self._till.cancel()
            self._till.undo_keys(self._till.sale, Notice.HELD_UP)
        else:
            self._undo_line(keys[0], Notice.HELD_UP)

    def _take(self, key: Key, *, confirms: bool) -> None:
        if key.name in ENDS:
            self._take_end(key, confirms=confirms)
        elif key.name == "escape":
            self._spoil_line(key)
            self._act(key)
        else:
            self._take_inner(key)

    def _take_end(self, key: Key, *, confirms: bool) -> None:
        if self._line and in_one_line(self._line[-1], key) and self._is_machine(key):
            self._line.append(key)
            self._end_machine(key)
        elif self._is_after_machine(key):
            self._machine = key  # a line feed after the carriage return
            self._till.renew_prompt()
        else:
            self._release()
            self._line = []
            self._end(key, confirms=confirms)

    def _is_after_machine(self, key: Key) -> bool:
        """Return whether a machine has just typed a line and nothing was typed since."""
        just_typed = self._machine is not None and in_one_line(self._machine, key)
        return just_typed and not any(other.is_character for other in self._line)

    def _take_inner(self, key: Key) -> None:
        """Take a key other than Enter, Tab and Escape, which a machine may type within a line."""
        last = self._line[-1] if self._line else self._machine
        fast = last is not None and is_fast(last, key)
        if not fast:
            self._release()
        self._begin_line(key)
        fast = fast and not self._is_repeating(key)
        self._line.append(key)
        if fast or self._held or self._is_final(key):
            self._held.append(key)
            self._wait()
        else:
            self._act(key)
        if len(self._line) >= LINE_MAX:
            self._cut_line()

    def _cut_line(self) -> None:
        """Shorten the remembered line, as a stream has no end and a key may be held down."""
        if self._is_machine():
            self._end_machine(self._line[-1])
        else:
            self._release()
            self._earlier, self._line = self._line[-2], self._line[-1:]
            self._before = self._till.sale

    def _begin_line(self, key: Key) -> None:
        if not (self._line and in_one_line(self._line[-1], key)):
            self._line = []
            self._earlier = self._newest
            self._before = self._till.sale

    def _is_repeating(self, key: Key) -> bool:
        """Return whether this key repeats one that is held down; that is no machine's line."""
        line = [*self._line, key]
        return is_repeat(self._earlier, line[0]) and len({other.name for other in line}) == 1

    def _is_machine(self, *extra_keys: Key) -> bool:
        return is_machine([*self._line, *extra_keys], self._earlier)

    def _is_final(self, key: Key) -> bool:
        """Return whether the effect of this key cannot be undone: a card, a void, a cancel."""
        is_choice = self._till.sale.step is Step.VOIDING
        return is_choice or key.name in self._cards or key.name in {*_CANCELS, "f8"}

    def _wait(self) -> None:
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(FAST_S, self._waited, loop.time() + FAST_S)

    def _waited(self, due_s: float) -> None:
        if asyncio.get_running_loop().time() - due_s > LATE_S:
            self._wait()
        elif self._held and self._is_machine():
            self._end_machine(self._line[-1])
        else:
            self._release()

    def _release(self) -> None:
        """Perform the keys that were held back, as a person typed them."""
        held_keys, self._held = self._held, []
        for key in held_keys:
            self._act(key)

    def _spoil_line(self, key: Key) -> None:
        """Begin a line with a key that types no text, so that no number is made of its rest."""
        self._held.clear()
        self._line = [key]
        self._earlier = None
        self._before = self._till.sale

    def _end_machine(self, last: Key) -> None:
        """Undo the line, and pass it to the reader that takes such lines, if there is one."""
        inside = self._line[: len(self._line) - (last.name in ENDS)]
        text = "".join(key.name if key.is_character else NO_TEXT for key in inside)
        text = text if is_whole(self._line) else NO_TEXT + text
        is_accepted = last.name in ENDS and self._on_machine_line(text)
        self._undo_line(last, Notice.NONE if is_accepted else Notice.MACHINE)
        self._machine = last
        if last.name not in ENDS:
            self._spoil_line(replace(last, name=NO_KEY))  # the rest of the line may still come

    def _undo_line(self, key: Key, notice: Notice) -> None:
        self._begin_line(key)
        self._held, self._line = [], []
        self._till.undo_keys(self._before, notice)
        self._till.renew_prompt()

    def _end(self, key: Key, *, confirms: bool) -> None:
        if key.name == "enter":
            if key.at_s - self._enter_s > HELD_DOWN_S:
                self._pressed_s = key.since_s
            self._enter_s = key.at_s
            self._till.confirm(self._pressed_s, on_screen=confirms and self._is_on_screen())
        self._till.renew_prompt()

    def _is_on_screen(self) -> bool:
        prompt_number, since_s = self._painted
        return prompt_number == self._till.prompt_number and self._pressed_s >= since_s

    def _act(self, key: Key) -> None:
        """Perform a key; Enter confirms only what is painted after it."""
        till = self._till
        match key.name:
            case "escape" | "-":
                till.cancel()
            case "f8":
                till.void()
            case "backspace":
                till.press(key.name)
            case name if name in self._cards:
                self._cards[name]()
            case name if name in _CURSOR_KEYS:
                till.undo_keys(till.sale, Notice.NUM_LOCK)
            case name if name in _PRESSED or (key.is_character and name.islower()):
                till.press(name)
        till.renew_prompt()
