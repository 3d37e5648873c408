"""A terminal for the real decoder, key taker and till, with a screen that takes its time to paint.

Everything that was read and everything that was painted is kept, so that a test can tell by itself
which Enter may have charged.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.shop import Shop

from taptill.checkout.keys.key import NO_KEY, Key
from taptill.checkout.keys.taker import KeyTaker
from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.domain.money import Money
from taptill.ui.keys.decoder import PENDING_S, Press, TerminalKeyDecoder

PAINT_S = 0.02
VERDICTS = frozenset({Step.CONFIRM, Step.DECLINED, Step.REFUSED})


@dataclass(frozen=True, slots=True)
class Painted:
    """A view that is on the screen since `at_s`."""

    view: TillView
    at_s: float


class Console:
    """A till with keys: `type` is one read of the terminal, `wait` lets time pass between reads."""

    def __init__(self, shop: Shop, *, takes_lines: bool = False, cards: str = "") -> None:
        self.shop = shop
        self.lines: list[str] = []
        self.shown: list[str] = []
        self.read: list[Key | Painted] = []
        self.confirmed: list[Money] = []
        self.bad: list[str] = []
        self.paint_s = PAINT_S
        self._takes_lines = takes_lines
        show = {card: self._shows(card) for card in cards}
        self._decoder = TerminalKeyDecoder()
        self.taker = KeyTaker(shop.till, show, self._typed)
        shop.do(lambda: self.taker.watch(self._draw))

    def type(self, octets: bytes, since_s: float = 0.0) -> None:
        """Let the driver read these bytes at once, after a stall of `since_s`."""
        self.shop.do(self._feed, octets, since_s)

    def keys(self, text: str, gap_s: float = 0.12) -> None:
        """Type characters at a person's pace, or at another."""
        for octets in (letter.encode() for letter in text):
            self.type(octets)
            self.wait(gap_s)

    def wait(self, seconds: float) -> None:
        """Let time pass, with the driver's readings of the clock."""
        silent_s = min(seconds, PENDING_S) if self._decoder.waits else 0.0
        if silent_s:
            self.shop.later(silent_s)
            self.shop.do(self._feed, None, 0.0)
        if seconds > silent_s:
            self.shop.later(seconds - silent_s)

    def stall(self, seconds: float, octets: bytes) -> None:
        """Stall the whole program, and type meanwhile."""
        self.shop.clock.pass_time(seconds)
        self.type(octets, seconds)

    def type_while_busy(self, octets: bytes, late_s: float) -> None:
        """Let the driver read these now; the event loop is busy and takes them later."""
        keys = self._decoded(octets, 0.0)
        self.shop.later(late_s)
        self.shop.do(self._take, keys)

    def resize(self) -> None:
        """Change the terminal's size."""
        self.shop.do(self.taker.obscured)

    def _feed(self, octets: bytes | None, since_s: float) -> None:
        self._take(self._decoded(octets, since_s))

    def _decoded(self, octets: bytes | None, since_s: float) -> list[Key]:
        now_s = self.shop.clock.monotonic()
        decoded = self._decoder.idle(now_s) if octets is None else self._decoder.feed(octets, now_s)
        return [
            Key(item.name if isinstance(item, Press) else NO_KEY, item.at_s, item.at_s - since_s)
            for item in decoded
        ]

    def _take(self, keys: list[Key]) -> None:
        was = self.shop.till.sale
        if keys:
            self.taker.take(keys)
        is_void = was.step is Step.VOIDING or was.page is not None
        if self.shop.till.sale.under_way and not was.under_way and not is_void:
            self.confirmed.append(self.shop.till.sale.amount)
            self.bad += self._wrong(keys)
        self.read += keys

    def _wrong(self, keys: list[Key]) -> list[str]:
        """Return what is wrong with a charge that this read began, by what was read and painted."""
        sale, newest = self.shop.till.sale, self.read[-1] if self.read else None
        cancels = {key.name for key in keys} & {"escape", "-"}
        wrong = {
            "it was read beside a cancel": bool(cancels),
            "the first key was no Enter": keys[0].name != "enter",
            "something was pressed since the verdict was painted": not isinstance(newest, Painted),
        }
        if isinstance(newest, Painted):
            view = newest.view
            wrong |= {
                "it was pressed before the verdict was painted": keys[0].since_s < newest.at_s,
                "no verdict was on the screen": view.step not in VERDICTS,
                "another amount was on the screen": view.total != sale.amount,
            }
        return [f"{words}: {keys}, {newest}" for words, is_so in wrong.items() if is_so]

    def _draw(self, view: TillView) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self.paint_s, self._paint, view)

    def _paint(self, view: TillView) -> None:
        if view.prompt_number == self.shop.till.prompt_number:  # a newer one takes its place
            now_s = self.shop.clock.monotonic()
            self.read.append(Painted(view, now_s))
            self.taker.painted(view.prompt_number, now_s)

    def _typed(self, text: str) -> bool:
        self.lines.append(text)
        return self._takes_lines

    def _shows(self, card: str) -> Callable[[], None]:
        return lambda: self.shown.append(card)
