"""A Textual driver that reads keys with the times at which they were pressed.

One thread reads the terminal, notes the time, and gives the bytes to the decoder; each read becomes
one message with its keys. The thread reads the clock at least every `LOOK_S`. If it is late by
`LATE_S`, the program was stalled, and nobody knows when the keys that it finds were pressed; such
keys carry the time of the previous reading of the clock as well. End of file or an error means that
the terminal has gone; the thread posts `TerminalGone` and ends.

Only those modes of a terminal are used that a till needs: the alternate screen, no cursor, the
application keypad (with which the console's keypad types digits without Num Lock), and, where a
terminal knows the kitty protocol, an unambiguous Escape. Mouse, focus and bracketed paste are
switched off, as what a terminal never sends cannot be misread. Sources: console_codes(4), XTerm
Control Sequences, the kitty keyboard protocol ("Progressive enhancement").
"""

import asyncio
import logging
import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread
from time import monotonic
from typing import Any

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from taptill.checkout.keys.key import NO_KEY, Key
from taptill.ui.keys.decoder import PENDING_S, Decoded, Dropped, Press, TerminalKeyDecoder
from taptill.ui.keys.writer import TerminalWriter

LOOK_S = 0.1
LATE_S = 0.1
"""A thread that wakes so much later than it asked for was stalled, and the program with it."""

BEHIND_S = 0.01
"""How often a terminal that is behind with its output is looked at."""

PICTURE_BEGIN, PICTURE_END = "\x1b[?2026h", "\x1b[?2026l"
"""What is written between the two is shown at once, where the terminal knows mode 2026."""

READ_BYTES_MAX = 4096
LOG_EVERY_S = 60.0
STOP_S_MAX = 1.0

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b="
_LEAVE = "\x1b>\x1b[?7h\x1b[?1049l\x1b[?25h"
_NO_MOUSE_OR_MARKS = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l"
_KITTY_ON, _KITTY_OFF = "\x1b[>1u", "\x1b[<u"
_ASK_SYNCHRONISED = "\x1b[?2026$p"
_SYNCHRONISED = (b"\x1b[?2026;1$y", b"\x1b[?2026;2$y", b"\x1b[?2026;3$y")

_log = logging.getLogger("taptill.keys")


class Typed(Message):
    """The keys of one read, in order."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__()
        self.keys = keys


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
        self._reader: Thread | None = None
        self._before: list[Any] | None = None
        self._stop_ours, self._stop_theirs = os.pipe()
        self._dropped: Counter[str] = Counter()
        self._logged_s = -LOG_EVERY_S
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
        with suppress(termios.error):
            self._before = termios.tcgetattr(self.fileno)
        self._take_terminal()
        for number, handler in ((signal.SIGWINCH, self._resized), (signal.SIGCONT, self._resumed)):
            signal.signal(number, handler)
        self._send_size()
        self._reader = Thread(target=self._read, name="terminal input", daemon=True)
        self._reader.start()
        if not self.console:
            self.write(_ASK_SYNCHRONISED)

    def disable_input(self) -> None:
        """End the reading thread; keys that were not read are dropped."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        os.write(self._stop_theirs, b"\n")
        reader.join(STOP_S_MAX)
        with suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)

    def stop_application_mode(self) -> None:
        """Restore the terminal's modes."""
        self.disable_input()
        if self._before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._before)
        self.write(("" if self.console else _KITTY_OFF) + _LEAVE)

    def close(self) -> None:
        """Write what is queued, end the writing thread, and close the pipes."""
        writer, self._writer = self._writer, None
        if writer:
            writer.stop()
            for end in (self._stop_ours, self._stop_theirs):
                os.close(end)

    def _take_terminal(self) -> None:
        with suppress(termios.error):
            settings = termios.tcgetattr(self.fileno)
            settings[tty.IFLAG] &= ~(
                termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR
            )
            settings[tty.IFLAG] &= ~termios.ISTRIP
            settings[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            settings[tty.CC][termios.VMIN] = 1
            settings[tty.CC][termios.VTIME] = 0
            termios.tcsetattr(self.fileno, termios.TCSANOW, settings)
        self.write(_NO_MOUSE_OR_MARKS + _ENTER + ("" if self.console else _KITTY_ON))

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

    def _read(self) -> None:
        decoder = TerminalKeyDecoder(console=self.console)
        try:
            self._read_until_stopped(decoder)
        except OSError:
            self._post(TerminalGone())
        except Exception:  # noqa: BLE001 - thread top: without keys the till is of no use
            _log.exception("keys.fault")
            self._post(TerminalGone())

    def _read_until_stopped(self, decoder: TerminalKeyDecoder) -> None:
        lines = select.poll()
        lines.register(self.fileno, select.POLLIN)
        lines.register(self._stop_ours, select.POLLIN)
        looked_s = monotonic()
        while True:
            wait_s = PENDING_S if decoder.waits else LOOK_S
            ready = dict(lines.poll(wait_s * 1000))
            now_s = monotonic()
            since_s = looked_s if now_s - looked_s > wait_s + LATE_S else now_s
            looked_s = now_s
            if self._terminal_size() != self._sent_size:  # a serial line sends no signal
                self._call_in_loop(self._send_size)
            if self._stop_ours in ready:
                return
            decoded = decoder.idle(now_s) if not ready else decoder.feed(self._bytes(), now_s)
            self._hand_over(decoded, now_s, since_s)

    def _bytes(self) -> bytes:
        octets = os.read(self.fileno, READ_BYTES_MAX)
        if not octets:
            raise OSError  # end of file: the other side has hung up
        return octets

    def _hand_over(self, decoded: Sequence[Decoded], now_s: float, since_s: float) -> None:
        late_s = now_s - since_s
        keys = tuple(
            Key(item.name if isinstance(item, Press) else NO_KEY, item.at_s, item.at_s - late_s)
            for item in decoded
        )
        if keys:
            self._post(Typed(keys))
        dropped_items = [item for item in decoded if isinstance(item, Dropped)]
        if any(item.answer in _SYNCHRONISED for item in dropped_items):
            self._post(TerminalSupportsSynchronizedOutput())
        self._note([item for item in dropped_items if item.answer not in _SYNCHRONISED], now_s)

    def _note(self, dropped_items: Sequence[Dropped], now_s: float) -> None:
        """Log how much of each kind was dropped, never its text: it may be a card's number."""
        self._dropped.update(item.junk.value for item in dropped_items)
        if self._dropped and now_s - self._logged_s >= LOG_EVERY_S:
            _log.info("keys.dropped", extra=dict(self._dropped))
            self._dropped.clear()
            self._logged_s = now_s


class ConsoleDriver(TerminalDriver):
    """The driver of the Linux console."""

    console = True
