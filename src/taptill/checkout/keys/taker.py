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

from taptill.checkout.goods.ring_up import CURSOR_KEYS
from taptill.checkout.keypad import TOUCHED_GOOD
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

_PRESSED = frozenset({*"0123456789.,+/*", "backspace"} | CURSOR_KEYS)
_FUNCTION_KEYS = frozenset({"f2", "f3", "f4", "f6", "f7", "f8", "f9", "f10", "f12"})
_CANCELS = frozenset({"escape", "-"})


class KeyTaker:
    """Takes the keys of one terminal; `cards` are the demo's: capital letter -> show that card.

    `on_machine_line` is called with each line that a machine has typed, unless that is a good's
    barcode, and returns whether a reader takes it.
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
        self._key_before_line: Key | None = None
        self._newest: Key | None = None
        self._sale_before_line: Sale = till.sale
        self._held_keys: list[Key] = []
        self._timer: asyncio.TimerHandle | None = None
        self._machine_key: Key | None = None
        self._stop_key: Key | None = None
        self._painted = (-1, inf)
        self._last_enter_s = self._enter_pressed_s = -inf

    def watch(self, callback: Callable[[TillView], None], /) -> None:
        """Call back, in the same event loop, with every new view."""
        self._till.watch(callback)

    def painted(self, prompt_number: int, at_s: float) -> None:
        """Record that the view of this number is on the screen since `at_s`, monotonic seconds."""
        self._painted = (prompt_number, at_s)
        self._till.times.painted(prompt_number, at_s)
        self._till.countdown.painted(prompt_number)

    def obscured(self, key: Key | None = None) -> None:
        """Record that Enter must not confirm what was on the screen until now.

        `key` is the screen's own key that changed it, None for a new size.
        """
        self._till.countdown.stop(Notice.STOPPED if key else Notice.STOPPED_ITSELF)
        if key:
            self._begin_without_text(key)
        self._till.renew_prompt()

    def take(self, keys: Sequence[Key]) -> None:
        """Take the keys of one read; with a cancel anywhere among them Enter does not count."""
        # The key that stops a countdown does nothing else, though it may begin a machine's line.
        is_stop = bool(keys) and self._till.countdown.stop()
        self._stop_key = keys[0] if is_stop else None
        if len(keys) > 1 and keys[-1].times_unknown:
            if not is_stop:
                self._take_backlog(keys)
            return
        cancels = any(key.name in _CANCELS for key in keys)
        for key in keys:
            self._take(key, confirms=not cancels)
            self._newest = key

    def _take_backlog(self, keys: Sequence[Key]) -> None:
        """Take keys that piled up during a stall, whose times are unknown.

        A machine's line is undone, a cancel cancels, and everything else is dropped.
        """
        self._newest = keys[-1]
        names = [key.name for key in keys]
        inside = names[:-1]
        if names[-1] in ENDS and not {*ENDS, "escape"} & {*inside} and is_machine(keys):
            self._begin_line(keys[0])
            self._line += keys
            self._end_machine_line(keys[-1])
        elif _CANCELS & {*names}:
            self._begin_without_text(keys[-1])
            self._till.cancel()
            self._till.undo_keys(self._till.sale, Notice.HELD_UP)
        else:
            self._undo_line(keys[0], Notice.HELD_UP)

    def _take(self, key: Key, *, confirms: bool) -> None:
        if key.name in ENDS:
            self._take_line_end(key, confirms=confirms)
        elif key.name == "escape":
            self._begin_without_text(key)
            self._perform(key)
        else:
            self._take_within_line(key)

    def _take_line_end(self, key: Key, *, confirms: bool) -> None:
        if self._line and in_one_line(self._line[-1], key) and self._is_machine_line(key):
            self._line.append(key)
            self._end_machine_line(key)
        elif self._is_after_machine(key):
            self._machine_key = key  # a line feed after the carriage return
            self._till.renew_prompt()
        else:
            self._perform_held_keys()
            self._line = []
            self._confirm(key, confirms=confirms)

    def _is_after_machine(self, key: Key) -> bool:
        """Return whether a machine has just typed a line and nothing was typed since."""
        just_typed = self._machine_key is not None and in_one_line(self._machine_key, key)
        return just_typed and not any(other.is_character for other in self._line)

    def _take_within_line(self, key: Key) -> None:
        """Take a key other than Enter, Tab and Escape, which a machine may type within a line."""
        last = self._line[-1] if self._line else self._machine_key
        fast = last is not None and is_fast(last, key)
        if not fast:
            self._perform_held_keys()
        self._begin_line(key)
        fast = fast and not self._is_repeating(key)
        self._line.append(key)
        if fast or self._held_keys or self._is_irreversible(key):
            self._held_keys.append(key)
            self._start_timer()
        else:
            self._perform(key)
        if len(self._line) >= LINE_MAX:
            self._shorten_line()

    def _shorten_line(self) -> None:
        """Shorten the remembered line, as a stream has no end and a key may be held down."""
        if self._is_machine_line():
            self._end_machine_line(self._line[-1])
        else:
            self._perform_held_keys()
            self._key_before_line, self._line = self._line[-2], self._line[-1:]
            self._sale_before_line = self._till.sale

    def _begin_line(self, key: Key) -> None:
        if not (self._line and in_one_line(self._line[-1], key)):
            self._line = []
            self._key_before_line = self._newest
            self._sale_before_line = self._till.sale

    def _is_repeating(self, key: Key) -> bool:
        """Return whether this key repeats one that is held down; that is no machine's line."""
        line = [*self._line, key]
        return (
            is_repeat(self._key_before_line, line[0]) and len({other.name for other in line}) == 1
        )

    def _is_machine_line(self, *extra_keys: Key) -> bool:
        return is_machine([*self._line, *extra_keys], self._key_before_line)

    def _is_irreversible(self, key: Key) -> bool:
        """Return whether the effect of this key cannot be undone: a card, a void, a cancel."""
        page = self._till.sale.page
        if page is not None:
            return page.traits.acts_on_key or key.name in {"escape", *self._cards}
        is_choice = self._till.sale.step is Step.VOIDING
        return is_choice or key.name in self._cards or key.name in {*_CANCELS, *_FUNCTION_KEYS}

    def _start_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(FAST_S, self._on_timer, loop.time() + FAST_S)

    def _on_timer(self, due_s: float) -> None:
        if asyncio.get_running_loop().time() - due_s > LATE_S:
            self._start_timer()
        elif self._held_keys and self._is_machine_line():
            self._end_machine_line(self._line[-1])
        else:
            self._perform_held_keys()

    def _perform_held_keys(self) -> None:
        """Perform the keys that were held back, as a person typed them."""
        held_keys, self._held_keys = self._held_keys, []
        for key in held_keys:
            self._perform(key)

    def _begin_without_text(self, key: Key) -> None:
        """Begin a line with a key that types no text, so that no number is made of its rest."""
        self._held_keys.clear()
        self._line = [key]
        self._key_before_line = None
        self._sale_before_line = self._till.sale

    def _end_machine_line(self, last: Key) -> None:
        """Undo the line, and ring up the good whose barcode it is.

        Any other line goes to the reader that takes such lines, if there is one.
        """
        inside = self._line[: len(self._line) - (last.name in ENDS)]
        text = "".join(key.name if key.is_character else NO_TEXT for key in inside)
        text = text if is_whole(self._line) else NO_TEXT + text
        is_ended = last.name in ENDS
        is_good = is_ended and self._till.ring_up.knows(text)
        is_accepted = is_good or (is_ended and self._on_machine_line(text))
        self._undo_line(last, Notice.NONE if is_accepted else Notice.MACHINE)
        if is_good:
            self._till.ring_up.scan(text)
        self._machine_key = last
        if last.name not in ENDS:
            # The rest of the line may still come.
            self._begin_without_text(replace(last, name=NO_KEY))

    def _undo_line(self, key: Key, notice: Notice) -> None:
        self._begin_line(key)
        self._held_keys, self._line = [], []
        self._till.undo_keys(self._sale_before_line, notice)
        self._till.renew_prompt()

    def _confirm(self, key: Key, *, confirms: bool) -> None:
        if key.name == "enter" and key is not self._stop_key:
            if key.at_s - self._last_enter_s > HELD_DOWN_S:
                self._enter_pressed_s = key.since_s
            self._last_enter_s = key.at_s
            self._till.confirm(self._enter_pressed_s, on_screen=confirms and self._is_on_screen())
        self._till.renew_prompt()

    def _is_on_screen(self) -> bool:
        prompt_number, since_s = self._painted
        is_it = prompt_number == self._till.prompt_number and self._enter_pressed_s >= since_s
        return is_it or _is_hidden(self._till.sale)

    def _perform(self, key: Key) -> None:
        """Perform a key; Enter confirms only what is painted after it."""
        till = self._till
        if key is self._stop_key:
            return
        if till.sale.page is not None:
            self._perform_on_page(key)
            return
        match key.name:
            case "escape" | "-":
                till.cancel()
            case name if name in self._cards:
                self._cards[name]()
            case name if _is_pressed(key):
                till.press(name)
            case name if name in _FUNCTION_KEYS:
                till.function_key(name)
        till.renew_prompt()

    def _perform_on_page(self, key: Key) -> None:
        """Perform a key on a list or a form; the demo's cards count only where one is asked for."""
        till, page = self._till, self._till.sale.page
        if key.name == "escape":
            till.cancel()
        elif key.name in self._cards and page and page.traits.on_card:
            self._cards[key.name]()
        elif key.name != NO_KEY:
            till.press(key.name)
        till.renew_prompt()


def _is_hidden(sale: Sale) -> bool:
    """Return whether Enter takes a PIN, of which nothing but dots would be painted."""
    return sale.page is not None and sale.page.traits.hidden


def _is_pressed(key: Key) -> bool:
    """Return whether a key is of the keypad, or a good by its letter or by a touch."""
    is_letter = key.is_character and key.name.islower()
    return key.name in _PRESSED or is_letter or key.name.startswith(TOUCHED_GOOD)
