"""Keys in, calls of the till out; its views in, the till screen out."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, Protocol

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.message import Message
from textual.timer import Timer

from taptill.checkout.keys.key import NO_KEY, Key, key_at
from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.domain.tap import ReaderState
from taptill.ui import views
from taptill.ui.keys.driver import ConsoleDriver, TerminalDriver, Typed
from taptill.ui.layout import lay_out, too_small
from taptill.ui.screen_settings import ScreenSettings
from taptill.ui.themes import themes
from taptill.ui.views import Overlay
from taptill.ui.widgets import TillScreen

_log = logging.getLogger(__name__)

_KEYS_WHEN_TOO_SMALL = frozenset({"escape", "-", "ctrl+q"})
"""All that may be pressed where the till cannot be drawn: nobody sells unseen."""

_BRIEF_STEPS = frozenset({Step.ASKING, Step.SAVING})
_FINAL_STEPS = frozenset({Step.READY, Step.PAID, Step.REFUSED, Step.VOIDED, Step.CLOSED})
"""With these a sale ends; none of them answers a tap, which must not wait for a whole screen."""

_EXIT_FAULT = 70
_LEAVING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

RunTill = Callable[[], Coroutine[Any, Any, None]]


class TillPort(Protocol):
    """The till as the screen sees it: keys in, views out; every call returns at once."""

    def watch(self, callback: Callable[[TillView], None], /) -> None:
        """Call back, in the same event loop, with every new view."""

    def take(self, keys: Sequence[Key]) -> None:
        """Take the keys of one read, those apart that ask something of the screen itself."""

    def painted(self, prompt_number: int, at_s: float) -> None:
        """Learn since when the view with this question is on the screen (monotonic seconds)."""

    def obscured(self, key: Key | None = None) -> None:
        """Learn that what the screen showed counts no more, by a key or by a new size."""


class TillApp(App[Exception | None], inherit_bindings=False):
    """The screen of one till; `run` returns None, or the fault that stopped `run_till`.

    `run_till` is started after the first frame, so that its imports do not delay it. `theme` is
    one of `themes.THEME_NAMES`. `console`: this is the Linux console. `fault` is what stopped the
    screen itself.
    """

    CSS_PATH = Path(__file__).with_name("taptill.tcss")
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    TITLE = "taptill"

    leave_s: ClassVar[float] = 5.0
    patience_s: ClassVar[float] = 0.3  # before that, nothing says that something takes time

    class Published(Message):
        """The till has a new view; a newer one takes its place in the queue."""

        def __init__(self, view: TillView) -> None:
            super().__init__()
            self.view = view

        def can_replace(self, message: Message) -> bool:
            """Let only the newest view be drawn."""
            return isinstance(message, TillApp.Published)

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
        self._acknowledged = -1
        self._view: TillView | None = None
        self._drawn: TillView | None = None
        self._overlay = Overlay.NONE
        self._patience_timer: Timer | None = None
        self._terminal_size = (0, 0)
        self.animation_level = "none"
        for values in themes():
            self.register_theme(values)
        self.theme = theme

    def get_default_screen(self) -> TillScreen:
        """Give the one screen there is."""
        return TillScreen()

    def on_mount(self) -> None:
        """Draw, take the signals that end the program, and start the till after the frame."""
        self._terminal_size = (self.size.width, self.size.height)
        self._draw()
        for number in _LEAVING_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.exit)
        self._till.watch(self._published)
        self.call_after_refresh(self._start)

    def on_unmount(self) -> None:
        """Give the signals back."""
        for number in _LEAVING_SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def on_resize(self, event: events.Resize) -> None:
        """Place the regions anew; the first size comes before there is a screen."""
        self._terminal_size = (event.size.width, event.size.height)
        if screen := self._till_screen():
            screen.place(lay_out(*self._terminal_size))
            self._till.obscured()
            self._draw()

    def on_till_app_published(self, message: Published) -> None:
        """Draw a view, at once or, where it says that something takes time, after a while."""
        if _panel_identity(message.view) != _panel_identity(self._view):
            self._settings = replace(self._settings, debt_requested=False)
        if _needs_repaint(self._view, message.view):
            self._repaint()
        self._view = message.view
        if self._patience_timer:
            self._patience_timer.stop()
        calm = _without_wait_words(message.view)
        if calm is not message.view:
            self._patience_timer = self.set_timer(self.patience_s, self._draw_newest)
        if calm:
            self._drawn = calm
            self._draw()

    def on_typed(self, message: Typed) -> None:
        """Take what was read from the terminal."""
        self._handle_keys(message.keys)

    def on_key(self, event: events.Key) -> None:
        """Take a key of a screen without a terminal, a test's for example."""
        event.stop()
        letter = event.character or ""
        self._handle_keys(
            (key_at(letter if letter.isprintable() and letter else event.key, event.time),)
        )

    def on_terminal_gone(self) -> None:
        """End with the terminal."""
        _log.warning("terminal.gone")
        self.exit()

    def on_picture_lost(self) -> None:
        """Draw everything again."""
        self._till.obscured()
        self._repaint()

    def post_display_hook(self) -> None:
        """Learn that something was handed to the terminal."""
        self._acknowledge()

    def panic(self, *renderables: RenderableType) -> None:
        """End with the fault that stops the screen; the words of Textual's may name a customer."""
        del renderables
        self.fault = self.fault or RuntimeError("panic")
        self._close_messages_no_wait()

    def _handle_exception(self, error: Exception) -> None:
        """Keep and log what stops the screen: by itself Textual logs nothing."""
        self.fault = self.fault or error
        _log.error("screen.fault", exc_info=error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self.panic()

    def _handle_keys(self, keys: Sequence[Key]) -> None:
        """Answer the screen's own keys; the till gets all others, in order."""
        before = (self._overlay, self._settings)
        forward: list[Key] = []
        for key in keys:
            if too_small(*self._terminal_size) and key.name not in _KEYS_WHEN_TOO_SMALL:
                self._till.obscured(key)
            elif self._handle_own_key(key):
                self._forward(forward)
                self._till.obscured(key)
            else:
                forward.append(key)
        self._forward(forward)
        if (self._overlay, self._settings) != before:  # what the till answers comes as a new view
            self._draw()

    def _handle_own_key(self, key: Key) -> bool:
        """Answer a key that asks something of the screen itself; tell whether it was one."""
        if key.name == NO_KEY:
            return False
        previous_overlay, self._overlay = self._overlay, Overlay.NONE
        match key.name:
            case "ctrl+q" if previous_overlay is Overlay.LEAVE:
                self.exit()
            case "ctrl+q":
                self._overlay = Overlay.LEAVE
                self.set_timer(self.leave_s, self._close_leave_prompt)
            case "ctrl+l":
                self._repaint()
            case "f1":
                self._overlay = Overlay.NONE if previous_overlay is Overlay.HELP else Overlay.HELP
            case "f5":
                debt_requested = (
                    _panel_identity(self._view) is not None and not self._settings.debt_requested
                )
                self._settings = replace(self._settings, debt_requested=debt_requested)
            case "escape" if previous_overlay is not Overlay.NONE:
                pass
            case _:
                return False
        return True

    def _forward(self, keys: list[Key]) -> None:
        if keys:
            self._till.take(tuple(keys))
            keys.clear()

    def _published(self, view: TillView) -> None:
        self.post_message(self.Published(view))

    def _close_leave_prompt(self) -> None:
        if self._overlay is Overlay.LEAVE:
            self._overlay = Overlay.NONE
            self._draw()

    def _draw_newest(self) -> None:
        self._drawn = self._view
        self._draw()

    def _draw(self) -> None:
        if screen := self._till_screen():
            screen.paint(
                views.draw_screen(self._drawn, self._settings, self._terminal_size, self._overlay)
            )
            self._acknowledge()

    def _till_screen(self) -> TillScreen | None:
        """Give the screen; None before the start and after the end, when a timer may still fire."""
        screen = self.screen_stack[-1] if self.screen_stack else None
        return screen if isinstance(screen, TillScreen) else None

    def _acknowledge(self) -> None:
        """Tell the till which question is on the screen, once the terminal has taken all of it."""
        prompt_number = self._drawn.prompt_number if self._drawn else self._acknowledged
        screen, driver = self._till_screen(), self._driver
        if prompt_number == self._acknowledged or too_small(*self._terminal_size):
            return
        if screen is None or not screen.is_painted:
            return
        self._acknowledged = prompt_number
        if isinstance(driver, TerminalDriver):
            driver.after_output(partial(self._till.painted, prompt_number))
        else:
            self._till.painted(prompt_number, monotonic())

    def _repaint(self) -> None:
        if screen := self._till_screen():
            screen.repaint()

    def _start(self) -> None:
        self.run_worker(self._run(), exit_on_error=False)

    async def _run(self) -> None:
        try:
            await self._run_till()
        except Exception as fault:  # noqa: BLE001 - task top: leave, hand it back
            _log.exception("till.stopped")
            self.exit(fault, return_code=_EXIT_FAULT)


def _needs_repaint(before: TillView | None, after: TillView) -> bool:
    """Tell when others may have written on the terminal, or it is a good time to look after it.

    Whoever plugs a reader makes the kernel speak; and what is written over a sale ends with it.
    """
    is_end = after.step in _FINAL_STEPS and (before is None or before.step is not after.step)
    return is_end or (before is not None and _reader_states(before) != _reader_states(after))


def _reader_states(view: TillView) -> list[ReaderState]:
    return [reader.state for reader in view.status.readers]


def _panel_identity(view: TillView | None) -> tuple[str, str] | None:
    customer = view.customer if view else None
    return (customer.name, customer.company) if customer else None


def _without_wait_words(view: TillView) -> TillView | None:
    """Give the view without words about waiting; None: what is on the screen stays."""
    if view.step in _BRIEF_STEPS:
        return None
    if view.customer and view.customer.looking_up:
        return replace(view, customer=replace(view.customer, looking_up=False))
    return view
