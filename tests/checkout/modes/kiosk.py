"""A till in self-service behind a terminal: what was painted and what happened, in one list.

With it a test can tell by itself which charge was on the screen for its whole countdown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

from tests.checkout.keys.console import Console, Painted
from tests.checkout.pages.crew import CREW
from tests.fakes.shop import GOODS, SETTINGS, Shop, open_shop

from taptill.checkout.keys.key import Key
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import UNDER_WAY, Step
from taptill.checkout.till_state import TillSettings
from taptill.checkout.view import TillView
from taptill.domain.basket import Good
from taptill.domain.money import Money
from taptill.domain.tap import ReaderHealth, ReaderState, Scan

COLA = Good("", "Cola", Money(110), barcode="4006381333931")
KIOSK = replace(
    SETTINGS,
    mode=TillMode.SELF_SERVICE,
    keypad=replace(SETTINGS.keypad, goods=(*GOODS, COLA), amounts=False),
    countdown_s=5,
)
STAFFED = replace(
    KIOSK,
    staff=CREW,
    let_go_after_s=60.0,
    lock_after_s=60.0,
    policy=replace(SETTINGS.policy, override_max=Money(2000)),
)
LESS_S = 0.001


class Kiosk(Console):
    """A console whose every charge is held against what was painted before it.

    `is_blind`: nothing reaches the terminal any more. `wrong` lists charges without a countdown
    that was on the screen to its end, `begun` counts all of them.
    """

    def __init__(self, shop: Shop) -> None:
        self.is_blind = False
        self.happened: list[Painted | str] = []
        self.wrong: list[str] = []
        self.begun = 0
        self._before = Step.READY
        super().__init__(shop)
        shop.do(lambda: self.taker.watch(self._look))

    def tap(self, card: str) -> None:
        """Show a card."""
        self.happened.append("tap")
        self.shop.tap(card)

    def scan(self, barcode: str = COLA.barcode) -> None:
        """Let the reader for goods read a barcode."""
        self.happened.append("scan")
        self.shop.say(Scan(barcode, "goods"))

    def reader(self, state: ReaderState) -> None:
        """Let the reader for cards become something else."""
        if state is not ReaderState.OK:
            self.happened.append("reader")
        self.shop.say(ReaderHealth("counter", state))

    def halt(self, seconds: float) -> None:
        """Let the whole program stand still."""
        self.shop.clock.pass_time(seconds)
        self.wait(0.01)

    def resize(self) -> None:
        """Change the terminal's size."""
        self.happened.append("resize")
        super().resize()

    def pick_and_tap(self, keys: str = "c", card: str = "A") -> None:
        """Pick goods, tap, and wait until that is painted."""
        self.keys(keys)
        self.tap(card)
        self.wait(0.1)

    def _take(self, keys: list[Key]) -> None:
        if keys:
            self.happened.append("key")
        super()._take(keys)

    def _paint(self, view: TillView) -> None:
        count = len(self.read)
        if not self.is_blind:
            super()._paint(view)
        if len(self.read) > count:
            painted = self.read[-1]
            assert isinstance(painted, Painted)
            self.happened.append(painted)

    def _look(self, view: TillView) -> None:
        before, self._before = self._before, view.step
        if view.step in UNDER_WAY and before not in UNDER_WAY and before is not Step.VOIDING:
            self.begun += 1
            self.wrong += self._faults(view)

    def _faults(self, view: TillView) -> list[str]:
        """Return what is wrong with a charge that begins now."""
        since = [one for one in reversed(self.happened) if isinstance(one, str)][:1]
        at = len(self.happened) - self.happened[::-1].index(since[0]) if since else 0
        pictures = [one for one in self.happened[at:] if isinstance(one, Painted)]
        counted = [one for one in pictures if one.view.countdown]
        if any(_charged(one.view) != _charged(view) for one in counted):
            return ["another amount or customer was on the screen"]
        seconds: dict[int, float] = {}
        for one in counted:
            assert one.view.countdown
            seconds.setdefault(one.view.countdown.seconds, one.at_s)
        of = self.shop.till._state.settings.countdown_s
        if [*seconds] != [*range(of, 0, -1)]:
            return [f"no countdown ran out on the screen: {seconds}"]
        times = [*seconds.values(), self.shop.clock.monotonic()]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        return [] if min(gaps) > 1.0 - LESS_S else [f"a second was too short: {gaps}"]


def _charged(view: TillView) -> tuple[Money, str]:
    return view.total, view.customer.name if view.customer else ""


@contextmanager
def open_kiosk(settings: TillSettings = KIOSK) -> Iterator[Kiosk]:
    """Open a till in self-service with its terminal; no charge may be wrong at its end."""
    with open_shop(settings) as shop:
        kiosk = Kiosk(shop)
        yield kiosk
        assert (kiosk.wrong, kiosk.confirmed) == ([], [])
