"""The terminal of a till that says lines: keys in by the screen's own decoder, lines out.

It tells the till what counts as painted, as the screen does: Enter confirms only what had been said
as a whole, and taken by the terminal, before Enter was pressed. What waits to be said when Enter
comes is said first, so that this Enter asks and the next one confirms.

Everything that comes, keys, views and times, is done in the order in which it came, in one task.
"""

import asyncio
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from taptill.checkout.keys.key import NO_KEY, Key
from taptill.checkout.view import TillView
from taptill.ui.keys.reader import KeyCallbacks, KeyReader, give_back, settings_of, take_keys
from taptill.ui.keys.till_port import LEAVING_SIGNALS, RunTill, TillPort
from taptill.ui.keys.writer import TerminalWriter
from taptill.ui.modes.leaving import leave_text
from taptill.ui.modes.practice import practice_mark
from taptill.ui.plain.lines import plain
from taptill.ui.plain.narrator import Narrator
from taptill.ui.plain.news import notice_line
from taptill.ui.plain.own_keys import OwnKeys, all_of
from taptill.ui.screen_settings import ScreenSettings, identity

LEAVE_S = 5.0
"""So long ctrl+q asks whether somebody really leaves."""

ROWS_DEFAULT = 25
"""The rows of a console that does not say how many it has."""

_log = logging.getLogger(__name__)


class PlainTerminal:
    """One till as lines, on the terminal of the file descriptor `keys`; lines go to `output`.

    `fault` is the exception that stopped the terminal itself.
    """

    def __init__(
        self,
        till: TillPort,
        run_till: RunTill,
        settings: ScreenSettings,
        *,
        keys: int,
        output: int,
    ) -> None:
        self._till = till
        self._run_till = run_till
        self._settings = settings
        self._keys = keys
        self._output = output
        callbacks = KeyCallbacks(
            on_keys=lambda read: self._later(partial(self._take_keys, read)),
            on_gone=lambda: self._later(self._gone),
        )
        self._reader = KeyReader(keys, callbacks, console=settings.console)
        self._writer = TerminalWriter(output, lambda: self._later(self._lost))
        self._narrator = Narrator()
        self._own = OwnKeys()
        self._inbox: deque[Callable[[], None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._end = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._view: TillView | None = None
        self._acknowledged = -1
        self._unanswered: TillView | None = None
        self._leave_until_s = 0.0
        self._till_fault: Exception | None = None
        self.fault: Exception | None = None

    async def run(self) -> Exception | None:
        """Read keys and say lines until it is left, and give the terminal back in any case.

        Return None, or the exception that stopped `run_till`.
        """
        self._loop = asyncio.get_running_loop()
        before = settings_of(self._keys)
        self._writer.start()
        try:
            take_keys(self._keys)
            for number in LEAVING_SIGNALS:
                self._loop.add_signal_handler(number, self._end.set)
            # A shell may have changed the modes while the program was stopped.
            self._loop.add_signal_handler(signal.SIGCONT, take_keys, self._keys)
            self._reader.start()
            self._say(self._own.greeting(self._settings))
            self._till.watch(lambda view: self._put(partial(self._show, view)))
            await self._work()
        finally:
            self._reader.stop()
            give_back(self._keys, before)
            self._say_end()
            self._writer.stop()
            self._reader.close()
        return self._till_fault

    def ring(self) -> None:
        """Ring the terminal's bell."""
        self._writer.write("\a")

    async def _work(self) -> None:
        """Work until somebody leaves, the terminal is gone, or the till stops."""
        tasks = [asyncio.ensure_future(work) for work in (self._follow_till(), self._take_all())]
        await self._end.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def _follow_till(self) -> None:
        try:
            await self._run_till()
        except Exception as fault:  # noqa: BLE001 - task top: leave, hand it back
            _log.exception("till.stopped")
            self._till_fault = fault
            self._end.set()

    async def _take_all(self) -> None:
        try:
            while await self._wake.wait():
                self._wake.clear()
                while self._inbox:
                    self._inbox.popleft()()
                self._say_due()
        except Exception as fault:  # noqa: BLE001 - task top: leave, as after a fault of the screen
            _log.error("plain.fault", exc_info=fault)
            self.fault = fault
            self._end.set()

    def _put(self, work: Callable[[], None]) -> None:
        self._inbox.append(work)
        self._wake.set()

    def _later(self, work: Callable[[], None]) -> None:
        """Put work into the inbox, from any thread."""
        if self._loop:
            with suppress(RuntimeError):  # the loop has closed
                self._loop.call_soon_threadsafe(self._put, work)

    def _gone(self) -> None:
        _log.warning("terminal.gone")
        self._end.set()

    def _lost(self) -> None:
        """Say how it stands where the terminal was so slow that lines had to be dropped."""
        lost = plain(self._settings.texts.say("plain.lost"), self._settings)
        self._say([lost, *(all_of(self._view, self._settings) if self._view else [])])

    def _show(self, view: TillView) -> None:
        if identity(view) != identity(self._view):
            self._settings = replace(self._settings, debt_requested=False)
        self._view = view
        self._say(self._narrator.take(view, self._settings, self._now_s))

    def _take_keys(self, keys: Sequence[Key]) -> None:
        """Take the keys of one read: those of the interface itself here, all others to the till."""
        till_keys: list[Key] = []
        for key in keys:
            if key.name != NO_KEY and self._take_own(key):
                self._forward(till_keys)
                self._till.obscured(key)
            else:
                till_keys.append(key)
        self._forward(till_keys)

    def _forward(self, keys: list[Key]) -> None:
        if not keys:
            return
        if any(key.name == "enter" for key in keys):
            self._say(self._narrator.hurry())
        if self._view and any(key.name != NO_KEY for key in keys):
            self._unanswered = self._view
        self._till.take(tuple(keys))
        keys.clear()

    def _take_own(self, key: Key) -> bool:
        """Handle a key of the interface itself; return whether it was one."""
        is_leaving, self._leave_until_s = self._now_s < self._leave_until_s, 0.0
        if key.name == "ctrl+q":
            self._leave(is_asked=is_leaving)
        elif key.name == "escape" and is_leaving:
            self._say(all_of(self._view, self._settings)[:1] if self._view else [])
        else:
            said = self._own.press(key.name, self._view, self._settings)
            if said is None:
                return False
            self._settings = said.settings
            self._say(said.lines)
        return True

    def _leave(self, *, is_asked: bool) -> None:
        if is_asked and self._settings.lets_leave(self._view):
            self._end.set()
            return
        self._leave_until_s = self._now_s + LEAVE_S
        self._say([plain(leave_text(self._view, self._settings), self._settings)])

    def _say_due(self) -> None:
        """Say what is due, tell the till what was said, and look again when more is due."""
        self._say(self._narrator.at(self._now_s))
        self._say(self._answer_again())
        self._acknowledge()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if (due_s := self._narrator.due_s) is not None and self._loop:
            self._timer = self._loop.call_at(due_s, self._wake.set)

    def _answer_again(self) -> list[str]:
        """Return the answer that stands already, where a key was answered by it once more."""
        view, before = self._view, self._unanswered
        if view is None or before is None or not self._narrator.has_said_all:
            return []
        if view.prompt_number <= before.prompt_number:
            return []
        if view.page is None and view.answers == before.answers:
            return []  # the key, such as that of a sample card, was answered by nothing yet
        answer = plain(notice_line(view, self._settings) or "-", self._settings)
        return [] if answer == "-" else [answer]

    def _acknowledge(self) -> None:
        """Tell the till the number of the view whose lines the terminal has taken as a whole."""
        view = self._view
        if view is None or view.prompt_number == self._acknowledged:
            return
        if not self._narrator.has_said_all:
            return
        number = self._acknowledged = view.prompt_number
        self._writer.after(lambda at_s: self._later(partial(self._till.painted, number, at_s)))

    def _say(self, lines: Sequence[str]) -> None:
        """Write lines, in one piece, so that none of them is torn."""
        if not lines:
            return
        self._unanswered = None
        self._narrator.heard(lines)
        mark = practice_mark(self._settings).lstrip()
        self._writer.write("".join(f"{mark}{line}\n" for line in lines))

    def _say_end(self) -> None:
        """Say that it has ended; on a console move away what names customers, without a sequence.

        A console has no lines above its first one.
        """
        if self._settings.console and os.isatty(self._output):
            self._writer.write("\n" * self._rows())
        self._say([plain(self._settings.texts.say("plain.ended"), self._settings)])

    def _rows(self) -> int:
        try:
            return os.get_terminal_size(self._output).lines or ROWS_DEFAULT
        except OSError:
            return ROWS_DEFAULT

    @property
    def _now_s(self) -> float:
        return self._loop.time() if self._loop else 0.0
