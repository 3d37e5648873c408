"""A Textual driver that reads keys with the times at which they were pressed.

`KeyReader` reads the terminal in a thread; each read becomes one message with its keys. A terminal
that has gone is told by `TerminalGone`.

Only those modes of a terminal are used that a till needs: the alternate screen, no cursor, the
application keypad (with which the console's keypad types digits without Num Lock), and, where a
terminal knows the kitty protocol, an unambiguous Escape. Focus and bracketed paste are switched
off, and so is the mouse where the site has no touch, as what a terminal never sends cannot be
misread. Sources: console_codes(4), XTerm Control Sequences, the kitty keyboard protocol
("Progressive enhancement").
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from taptill.checkout.keys.key import Key
from taptill.ui.keys.mouse import MOUSE_OFF, MOUSE_ON, is_report, touched_at
from taptill.ui.keys.reader import (
    KeyCallbacks,
    KeyReader,
    TerminalSettings,
    give_back,
    settings_of,
    take_keys,
)
from taptill.ui.keys.writer import TerminalWriter

BEHIND_S = 0.01
"""How often a terminal that is behind with its output is looked at."""

PICTURE_BEGIN, PICTURE_END = "\x1b[?2026h", "\x1b[?2026l"
"""What is written between the two is shown at once, where the terminal knows mode 2026."""

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_KEYPAD_CODES, _KEYPAD_PLAIN = "\x1b=", "\x1b>"
_LEAVE = _KEYPAD_PLAIN + "\x1b[?7h\x1b[?1049l\x1b[?25h"
_NO_MOUSE_OR_MARKS = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l"
_KITTY_ON, _KITTY_OFF = "\x1b[>1u", "\x1b[<u"
_ASK_SYNCHRONISED = "\x1b[?2026$p"
_SYNCHRONISED = (b"\x1b[?2026;1$y", b"\x1b[?2026;2$y", b"\x1b[?2026;3$y")


class Typed(Message):
    """The keys of one read, in order."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__()
        self.keys = keys


class Touched(Message):
    """A finger or a click, at (column, row) from 0; `at_s` is when it was read, monotonic."""

    def __init__(self, at: tuple[int, int], at_s: float) -> None:
        super().__init__()
        self.at = at
        self.at_s = at_s


class TerminalGone(Message):
    """The terminal has hung up: nobody can read the screen or type any more."""


class PictureLost(Message):
    """The terminal does not show what was drawn: the whole screen must be painted again."""


class TerminalDriver(Driver):
    """Reads standard input and writes to standard error, both the terminal."""

    console = False
    """True for the Linux console, which has keypad codes of its own and no kitty protocol."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stdin__
        assert sys.__stderr__
        self.fileno = sys.__stdin__.fileno()
        self._output = sys.__stderr__.fileno()
        self._writer: TerminalWriter | None = None
        callbacks = KeyCallbacks(
            on_keys=lambda keys: self._post(Typed(keys)),
            on_gone=lambda: self._post(TerminalGone()),
            on_look=self._looked,
            takes_sequence=self._takes_sequence,
        )
        self._reader = KeyReader(self.fileno, callbacks, console=self.console)
        self._before: TerminalSettings | None = None
        self._sent_size = (0, 0)

    def write(self, data: str) -> None:
        """Queue output; before the start and after the end it is dropped."""
        if self._writer:
            self._writer.write(data)

    def after_output(self, callback: Callable[[float], object]) -> None:
        """Call `callback`, in the event loop, with the time at which all output was taken."""
        if self._writer:
            self._writer.after(partial(self._call_in_loop, callback))

    async def caught_up(self) -> None:
        """Return as soon as the terminal is not far behind with what was written."""
        while self._writer and self._writer.is_behind:  # noqa: ASYNC110 - a thread's queue tells nobody
            await asyncio.sleep(BEHIND_S)

    def start_application_mode(self) -> None:
        """Set the terminal's modes, and start the threads that write and read."""
        self._writer = TerminalWriter(self._output, lambda: self._post(PictureLost()))
        self._writer.start()
        self._before = settings_of(self.fileno)
        self._take_terminal()
        for number, handler in ((signal.SIGWINCH, self._resized), (signal.SIGCONT, self._resumed)):
            signal.signal(number, handler)
        self._send_size()
        self._reader.start()
        if not self.console:
            self.write(_ASK_SYNCHRONISED)

    def disable_input(self) -> None:
        """End the reading thread; keys that were not read are dropped."""
        if self._reader.stop():
            signal.signal(signal.SIGWINCH, signal.SIG_DFL)
            signal.signal(signal.SIGCONT, signal.SIG_DFL)

    def stop_application_mode(self) -> None:
        """Restore the terminal's modes."""
        self.disable_input()
        give_back(self.fileno, self._before)
        mouse = MOUSE_OFF if self._mouse else ""
        self.write(mouse + ("" if self.console else _KITTY_OFF) + _LEAVE)

    def close(self) -> None:
        """Write what is queued, end the writing thread, and close the pipes."""
        writer, self._writer = self._writer, None
        if writer:
            writer.stop()
            self._reader.close()

    def _take_terminal(self) -> None:
        take_keys(self.fileno)
        mouse = MOUSE_ON if self._mouse else ""
        # Where the codes of a keypad may also be F2 to F4, it is asked for none.
        is_unclear = self.console and not self._reader.has_console_keypad
        keypad = _KEYPAD_PLAIN if is_unclear else _KEYPAD_CODES
        kitty = "" if self.console else _KITTY_ON
        self.write(_NO_MOUSE_OR_MARKS + _ENTER + keypad + mouse + kitty)

    def _call_in_loop(self, callback: Callable[..., object], *words: object) -> None:
        with suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(callback, *words)

    def _resized(self, *_: object) -> None:
        self._call_in_loop(self._send_size)

    def _resumed(self, *_: object) -> None:
        """Set the terminal's modes again after SIGSTOP, as a shell may have changed them."""
        self._take_terminal()
        self._resized()
        self._post(PictureLost())

    def _terminal_size(self) -> tuple[int, int]:
        """Return the terminal's columns and lines.

        COLUMNS and LINES are not asked, as they do not follow a change of size.
        """
        try:
            return os.get_terminal_size(self._output)
        except OSError:  # it is gone, or no terminal
            return shutil.get_terminal_size()

    def _send_size(self) -> None:
        self._sent_size = self._terminal_size()
        size = Size(*self._sent_size)
        self._post(events.Resize(size, size))

    def _post(self, message: Message) -> None:
        with suppress(RuntimeError):  # the loop has closed
            self._app.post_message(message)  # from any thread

    def _looked(self) -> None:
        if self._terminal_size() != self._sent_size:  # a serial line sends no signal
            self._call_in_loop(self._send_size)

    def _takes_sequence(self, sequence: bytes, at_s: float) -> bool:
        if sequence in _SYNCHRONISED:
            self._post(TerminalSupportsSynchronizedOutput())
            return True
        if not (self._mouse and is_report(sequence)):
            return False
        if (at := touched_at(sequence)) is not None:
            self._post(Touched(at, at_s))
        return True


class ConsoleDriver(TerminalDriver):
    """The driver of the Linux console."""

    console = True
