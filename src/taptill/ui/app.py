"""Keys in, calls of the till out; its views in, the till screen out."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from textual import events
from textual.app import App
from textual.message import Message
from textual.timer import Timer

from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.ui import views
from taptill.ui.dress import Dress
from taptill.ui.layout import plan, too_small
from taptill.ui.themes import themes
from taptill.ui.views import Aside
from taptill.ui.widgets import TillScreen

_log = logging.getLogger(__name__)

_PRESSED = frozenset("0123456789.,+/*")
_BLIND = frozenset({"escape", "minus", "ctrl+q"})
"""All that may be pressed where the till cannot be drawn: nobody sells unseen."""

_BRIEF = frozenset({Step.ASKING, Step.SAVING})
_EXIT_FAULT = 70
_LEAVING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

RunTill = Callable[[], Coroutine[Any, Any, None]]


class Keys(Protocol):
    """What a cashier does at the till; every call returns at once."""

    def press(self, key: str) -> None:
        """Take a digit, `.`, `,`, `+`, `/`, `*`, `backspace` or a good's small letter."""

    def confirm(self) -> None:
        """Charge, or answer yes."""

    def cancel(self) -> None:
        """Let go of what is under way."""

    def void(self) -> None:
        """Begin to void the last sale."""


class TillPort(Keys, Protocol):
    """The till as the screen sees it: keys in, views out."""

    def watch(self, callback: Callable[[TillView], None], /) -> None:
        """Call back, in the same event loop, with every new view."""


class TillApp(App[Exception | None], inherit_bindings=False):
    """The screen of one till; `run` returns None, or the fault that stopped `run_till`.

    `run_till` is started after the first frame, so that its imports do not delay it. `theme` is
    one of `themes.THEME_NAMES`. `demo_cards`: capital letter -> show that sample card.
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
        dress: Dress,
        theme: str = "dark",
        demo_cards: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        super().__init__()
        self._till = till
        self._run_till = run_till
        self._dress = replace(dress, console=theme == "console")
        self._demo_cards = demo_cards or {}
        self._view: TillView | None = None
        self._drawn: TillView | None = None
        self._aside = Aside.NONE
        self._later: Timer | None = None
        self._cells = (0, 0)
        self.animation_level = "none"
        for known in themes():
            self.register_theme(known)
        self.theme = theme

    def get_default_screen(self) -> TillScreen:
        """Give the one screen there is."""
        return TillScreen()

    def on_mount(self) -> None:
        """Draw, take the signals that end the program, and start the till after the frame."""
        self._cells = (self.size.width, self.size.height)
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
        self._cells = (event.size.width, event.size.height)
        if isinstance(self.screen, TillScreen):
            self.screen.place(plan(*self._cells))
            self._draw()

    def on_till_app_published(self, message: Published) -> None:
        """Draw a view, at once or, where it says that something takes time, after a while."""
        if _who(message.view) != _who(self._view):
            self._dress = replace(self._dress, debt_asked=False)
        self._view = message.view
        if self._later:
            self._later.stop()
        calm = _calm(message.view)
        if calm is not message.view:
            self._later = self.set_timer(self.patience_s, self._draw_newest)
        if calm:
            self._drawn = calm
            self._draw()

    def on_key(self, event: events.Key) -> None:
        """Answer the screen's own keys; the till gets all others."""
        event.stop()
        if too_small(*self._cells) and event.key not in _BLIND:
            return
        before = (self._aside, self._dress)
        asked, self._aside = self._aside, Aside.NONE
        match event.key:
            case "ctrl+q" if asked is Aside.LEAVE:
                self.exit()
            case "ctrl+q":
                self._aside = Aside.LEAVE
                self.set_timer(self.leave_s, self._stay)
            case "f1":
                self._aside = Aside.NONE if asked is Aside.HELP else Aside.HELP
            case "f5":
                asked_for = _who(self._view) is not None and not self._dress.debt_asked
                self._dress = replace(self._dress, debt_asked=asked_for)
            case "escape" if asked is not Aside.NONE:
                pass
            case _:
                self._forward(event.key, event.character or "")
        if (self._aside, self._dress) != before:  # what the till answers comes as a new view
            self._draw()

    def _published(self, view: TillView) -> None:
        self.post_message(self.Published(view))

    def _forward(self, key: str, character: str) -> None:
        match key:
            case "enter":
                self._till.confirm()
            case "escape" | "minus":
                self._till.cancel()
            case "f8":
                self._till.void()
            case "backspace":
                self._till.press(key)
            case _ if character in self._demo_cards:
                self._demo_cards[character]()
            case _ if character in _PRESSED or character.islower():
                self._till.press(character)

    def _stay(self) -> None:
        if self._aside is Aside.LEAVE:
            self._aside = Aside.NONE
            self._draw()

    def _draw_newest(self) -> None:
        self._drawn = self._view
        self._draw()

    def _draw(self) -> None:
        if isinstance(self.screen, TillScreen):
            self.screen.paint(views.screen(self._drawn, self._dress, self._cells, self._aside))

    def _start(self) -> None:
        self.run_worker(self._run(), exit_on_error=False)

    async def _run(self) -> None:
        try:
            await self._run_till()
        except Exception as fault:  # noqa: BLE001 - task top: leave, hand it back
            _log.exception("till.stopped")
            self.exit(fault, return_code=_EXIT_FAULT)


def _who(view: TillView | None) -> tuple[str, str] | None:
    customer = view.customer if view else None
    return (customer.name, customer.company) if customer else None


def _calm(view: TillView) -> TillView | None:
    """Give the view without words about waiting; None: what is on the screen stays."""
    if view.step in _BRIEF:
        return None
    if view.customer and view.customer.asking:
        return replace(view, customer=replace(view.customer, asking=False))
    return view
