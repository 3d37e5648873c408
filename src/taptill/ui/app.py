"""The Textual app: passes keys to the till and draws the till's views.

The till numbers what Enter would confirm (`prompt_number`). When the terminal has taken the whole
picture of a view, the app tells the till its number, so that Enter counts only for what was on the
screen.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import ClassVar

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.timer import Timer

from taptill.checkout.keys.key import NO_KEY, Key, key_at
from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.domain.tap import ReaderState
from taptill.ui import views
from taptill.ui.keys.driver import (
    PICTURE_BEGIN,
    PICTURE_END,
    ConsoleDriver,
    TerminalDriver,
    Touched,
    Typed,
)
from taptill.ui.keys.newest import NewestView
from taptill.ui.keys.till_port import LEAVING_SIGNALS, RunTill, TillPort
from taptill.ui.layout import too_small
from taptill.ui.modes.help import Overlay, help_after
from taptill.ui.sale_panel.panel import FIRST_GOODS, GoodsPlace
from taptill.ui.screen import TillScreen
from taptill.ui.screen_settings import ScreenSettings, identity, with_balance
from taptill.ui.themes import themes
from taptill.ui.touch.fields import TouchSettings, keys_of_touch
from taptill.ui.touch.turning import turned_place

_log = logging.getLogger(__name__)

_KEYS_WHEN_TOO_SMALL = frozenset({"escape", "-", "ctrl+q"})
"""The only keys that count while the terminal is too small for the till screen."""

_BRIEF_STEPS = frozenset({Step.ASKING, Step.SAVING})
_FINAL_STEPS = frozenset({Step.READY, Step.PAID, Step.REFUSED, Step.VOIDED, Step.CLOSED})
"""At the end of a sale the whole screen is painted again. None of these steps answers a tap, which
must not wait so long."""

_TURNS = {"page_down": 1, "page_up": -1}
_EXIT_FAULT = 70
_HELP_S = 30.0
"""So long the help stays where customers are alone: somebody may just go."""


class TillApp(App[Exception | None], inherit_bindings=False):
    """The screen of one till; `run` returns None, or the exception that stopped `run_till`.

    `run_till` is started after the first frame, so that its imports do not delay that. `theme` is
    one of `themes.THEME_NAMES`. `console`: this is the Linux console. `fault` is the exception
    that stopped the screen itself.
    """

    CSS_PATH = Path(__file__).with_name("taptill.tcss")
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    TITLE = "taptill"

    leave_s: ClassVar[float] = 5.0
    patience_s: ClassVar[float] = 0.3  # so long nothing on the screen says that one must wait

    def __init__(
        self,
        till: TillPort,
        run_till: RunTill,
        settings: ScreenSettings,
        theme: str = "dark",
        *,
        console: bool = False,
    ) -> None:
        super().__init__(driver_class=ConsoleDriver if console else TerminalDriver)
        self._till = till
        self._run_till = run_till
        self._settings = replace(settings, console=theme == "console")
        self.fault: Exception | None = None
        self._views = NewestView()
        self._acknowledged = -1
        self._view: TillView | None = None
        self._drawn_view: TillView | None = None
        self._overlay = Overlay.NONE
        self._place = FIRST_GOODS
        self._patience_timer: Timer | None = None
        self._terminal_size = (0, 0)
        self.animation_level = "none"
        for new_theme in themes():
            self.register_theme(new_theme)
        self.theme = theme

    def get_default_screen(self) -> TillScreen:
        """Return the only screen."""
        return TillScreen(self._write)

    def on_mount(self) -> None:
        """Install the signal handlers, draw, and start the till after the first frame."""
        self._terminal_size = (self.size.width, self.size.height)
        # Until the event loop ends: a signal behind the first one must not cut the end short.
        for number in LEAVING_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.exit)
        self._draw()
        self._till.watch(self._views.put)
        self.run_worker(self._show_views(), exit_on_error=False)
        self.call_after_refresh(lambda: self.run_worker(self._run(), exit_on_error=False))

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size; the first one is drawn by `on_mount`, which comes later."""
        is_first = self._terminal_size == (0, 0)
        self._terminal_size = (event.size.width, event.size.height)
        if not is_first:
            self._till.obscured()
            self._draw(every_line=True)  # even at the same size: it may have been another between

    def on_typed(self, message: Typed) -> None:
        """Take the keys that were read from the terminal."""
        self._handle_keys(message.keys)

    def on_touched(self, message: Touched) -> None:
        """Take a touch: the keys of the field that was there on the screen."""
        names = keys_of_touch(self._drawn_view, self._touch_settings(), message.at)
        self._handle_keys(tuple(key_at(name, message.at_s) for name in names))

    def on_key(self, event: events.Key) -> None:
        """Take a key of a screen that has no terminal, such as a test's."""
        event.stop()
        letter = event.character or ""
        name = letter if letter.isprintable() and letter else event.key
        self._handle_keys((key_at(name, event.time),))

    def on_terminal_gone(self) -> None:
        """Exit, as the terminal has gone."""
        _log.warning("terminal.gone")
        self.exit()

    def on_picture_lost(self) -> None:
        """Paint the whole screen again."""
        self._till.obscured()
        self._repaint()

    def panic(self, *renderables: RenderableType) -> None:
        """Exit with the exception that stops the screen, without Textual's traceback.

        That may show a customer's name.
        """
        del renderables
        self.fault = self.fault or RuntimeError("panic")
        self._close_messages_no_wait()

    def _handle_exception(self, error: Exception) -> None:
        """Keep and log the exception that stops the screen, as Textual does not log it."""
        self.fault = self.fault or error
        _log.error("screen.fault", exc_info=error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self.panic()

    def _handle_keys(self, keys: Sequence[Key]) -> None:
        """Handle the screen's own keys, and pass all others to the till, in order."""
        before = (self._overlay, self._settings, self._place)
        till_keys: list[Key] = []
        for key in keys:
            if too_small(*self._terminal_size) and key.name not in _KEYS_WHEN_TOO_SMALL:
                self._till.obscured(key)
            elif self._handle_own_key(key):
                self._forward(till_keys)
                self._till.obscured(key)
            else:
                till_keys.append(key)
        self._forward(till_keys)
        # The till's answer comes as a new view.
        if (self._overlay, self._settings, self._place) != before:
            self._draw()

    def _handle_own_key(self, key: Key) -> bool:
        """Handle a key of the screen's own; return whether it was one."""
        if key.name == NO_KEY:
            return False
        view, settings, size = self._view, self._settings, self._terminal_size
        previous, self._overlay = self._overlay, Overlay.NONE
        match key.name:
            case "ctrl+q" if previous is Overlay.LEAVE and settings.lets_leave(view):
                self.exit()
            case "ctrl+q":
                self._open(Overlay.LEAVE)
            case "ctrl+l":
                self._repaint()
            case name if after := help_after(name, view, settings, size=size, overlay=previous):
                self._open(after)
            case "f5":
                self._settings = with_balance(settings, view)
            case "escape" if previous is not Overlay.NONE:
                pass
            case _:
                return self._turn_goods(_TURNS.get(key.name, 0))
        return True

    def _open(self, overlay: Overlay) -> None:
        self._overlay = overlay
        if overlay is Overlay.LEAVE or self._settings.mode.is_unattended:
            seconds = self.leave_s if overlay is Overlay.LEAVE else _HELP_S
            self.set_timer(seconds, partial(self._close_overlay, overlay))

    def _turn_goods(self, by: int) -> bool:
        """Turn to other goods; return whether there are any that were not on the screen."""
        place = turned_place(self._drawn_view, self._touch_settings(), self._place, by)
        self._place = place or self._place
        return place is not None

    def _touch_settings(self) -> TouchSettings:
        is_covered = self._overlay is not Overlay.NONE
        return TouchSettings(self._settings, self._terminal_size, self._place.first, is_covered)

    def _forward(self, keys: list[Key]) -> None:
        if keys:
            self._till.take(tuple(keys))
            keys.clear()

    async def _show_views(self) -> None:
        """Show the newest view whenever there is one, as soon as the terminal keeps up with it."""
        try:
            while True:
                await self._views.wait()
                if isinstance(self._driver, TerminalDriver):
                    await self._driver.caught_up()
                self._show(self._views.take())
        except Exception as fault:  # noqa: BLE001 - task top: leave, as after any fault of the screen
            self._handle_exception(fault)

    def _show(self, view: TillView) -> None:
        """Draw a view; one that says that something takes time is drawn after `patience_s`."""
        if identity(view) != identity(self._view):
            self._settings = replace(self._settings, debt_requested=False)
        needs_repaint = _needs_repaint(self._view, view)
        self._place = _place_after(self._view, view, self._place)
        self._overlay = Overlay.NONE if view.countdown else self._overlay  # it must be seen
        self._view = view
        steady_view = _without_wait_words(view)
        if steady_view:
            self._drawn_view = steady_view
            self._draw(every_line=needs_repaint)
        elif needs_repaint:
            self._repaint()
        if self._patience_timer:
            self._patience_timer.stop()
        if steady_view is not view:
            self._patience_timer = self.set_timer(self.patience_s, self._draw_newest)

    def _close_overlay(self, overlay: Overlay) -> None:
        if self._overlay is overlay is not Overlay.NONE:
            self._overlay = Overlay.NONE
            self._draw()

    def _draw_newest(self) -> None:
        self._drawn_view = self._view
        self._draw()

    def _draw(self, *, every_line: bool = False) -> None:
        if screen := self._till_screen():
            shown = (self._settings, self._terminal_size, self._overlay, self._place)
            picture = views.draw_screen(self._drawn_view, *shown)
            screen.paint(picture.lines, every_line=every_line)
            self._acknowledge()

    def _write(self, text: str) -> None:
        """Write to the terminal, in one piece that it shows at once if it can."""
        if self._driver and self.is_running:
            is_synchronised = self._sync_available
            self._driver.write(f"{PICTURE_BEGIN}{text}{PICTURE_END}" if is_synchronised else text)

    def _till_screen(self) -> TillScreen | None:
        """Return the screen; None before the start and after the end, when timers may fire."""
        screen = self.screen_stack[-1] if self.screen_stack else None
        return screen if isinstance(screen, TillScreen) else None

    def _acknowledge(self) -> None:
        """Tell the till the number of the view that the terminal has taken as a whole."""
        prompt_number = self._drawn_view.prompt_number if self._drawn_view else self._acknowledged
        if prompt_number == self._acknowledged or too_small(*self._terminal_size):
            return
        self._acknowledged = prompt_number
        if isinstance(self._driver, TerminalDriver):
            self._driver.after_output(partial(self._till.painted, prompt_number))
        else:
            self._till.painted(prompt_number, monotonic())

    def _repaint(self) -> None:
        if screen := self._till_screen():
            screen.repaint()

    async def _run(self) -> None:
        try:
            await self._run_till()
        except Exception as fault:  # noqa: BLE001 - task top: leave, hand it back
            _log.exception("till.stopped")
            self.exit(fault, return_code=_EXIT_FAULT)


def _needs_repaint(before: TillView | None, after: TillView) -> bool:
    """Return whether the whole screen is to be painted again with this view.

    A reader that is plugged in makes the kernel write over the screen. The end of a sale is the
    time to remove whatever else was written over it.
    """
    is_end = after.step in _FINAL_STEPS and (before is None or before.step is not after.step)
    return is_end or (before is not None and _reader_states(before) != _reader_states(after))


def _place_after(before: TillView | None, after: TillView, place: GoodsPlace) -> GoodsPlace:
    """Return the place in the goods with this view: a changed basket is shown before more goods.

    So is one that is to be confirmed. The next sale begins with the first goods.
    """
    if before is None:
        return place
    is_asked = after.step is Step.CONFIRM and before.step is not Step.CONFIRM
    is_same = (before.basket, before.keystrokes) == (after.basket, after.keystrokes)
    if is_same and not is_asked:
        return place
    return place._replace(asked=False) if after.basket.lines or after.keystrokes else FIRST_GOODS


def _reader_states(view: TillView) -> list[ReaderState]:
    return [reader.state for reader in view.status.readers]


def _without_wait_words(view: TillView) -> TillView | None:
    """Return the view without words about waiting; None if the screen stays as it is."""
    if view.step in _BRIEF_STEPS:
        return None
    if view.customer and view.customer.looking_up:
        return replace(view, customer=replace(view.customer, looking_up=False))
    return view
