"""Events in, the state of the one sale out: no IO and no waiting, only what is so now."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from taptill.checkout.errands import Errands
from taptill.checkout.keypad import Keypad, Rung
from taptill.checkout.ports import Ports
from taptill.checkout.sale import Desk, Sale, ShownCustomer, verdict_event
from taptill.checkout.session import OVER, Event, Step, next_step
from taptill.checkout.strip import Strip
from taptill.checkout.view import Notice
from taptill.domain.decision import OVERRIDABLE, Declined, Override, Policy, Reason
from taptill.domain.money import Money
from taptill.domain.pending import PendingBalance
from taptill.domain.tap import CardProblem, Tap


@dataclass(frozen=True, slots=True)
class TillSettings:
    """The site's choices for selling; times in seconds.

    `let_go_after_s`: so long after the last key or card a sale that waits for Enter keeps its card.
    """

    keypad: Keypad
    policy: Policy
    balance: PendingBalance
    live_deadline_s: float
    void_window_s: float
    clear_after_s: float
    let_go_after_s: float = inf


class Counter:
    """The one sale at a time, with its step, its customer and the strip of the last ones."""

    def __init__(
        self,
        ports: Ports,
        settings: TillSettings,
        changed: Callable[[], None],
        news: Callable[[], None],
    ) -> None:
        self.ports = ports
        self.settings = settings
        self.desk = Desk(ports.books, settings.balance, settings.policy, settings.keypad)
        self.sale = Sale(ports.new_id())
        self.strip = Strip()
        self.changed = changed
        self.news = news
        self.touched_at_s = 0.0
        self.verdict_at_s = -inf
        self.errands = Errands(self.close, changed)

    @property
    def now_s(self) -> float:
        """Give the monotonic time."""
        return self.ports.clock.monotonic()

    @property
    def total(self) -> Money:
        """Give the sum of all that is rung up."""
        return self.sale.rung.whole(self.settings.keypad).total

    def set(self, **changes: Any) -> None:
        """Change fields of the sale."""
        self.sale = replace(self.sale, **changes)

    def say(self, notice: Notice, other_card: str = "") -> None:
        """Answer a key or a tap that changes nothing; `other_card` is what OTHER_CARD is about."""
        self.set(notice=notice, other_card=other_card)

    def go(self, event: Event) -> bool:
        """Take a step, which makes the last notice old; False where the event means nothing."""
        step = next_step(self.sale.step, event)
        if step is self.sale.step:
            return False
        self.set(step=step)
        self.say(Notice.NONE)
        return True

    def close(self, detail: str) -> None:
        """Stop selling: the journal cannot be written, or nobody knows what happened."""
        self.begin_if_over()  # a charge's id is used up with it
        self._let_go_of_card()
        self.go(Event.FAILED)
        self.set(detail=detail)
        self.touch()

    def new_sale(self) -> None:
        """Begin anew with nothing rung up and no card; answers for the old sale change nothing."""
        step = next_step(self.sale.step, Event.CANCELLED)
        self.sale = Sale(self.ports.new_id(), step)

    def begin_if_over(self) -> None:
        """Begin anew where the last sale has its verdict."""
        if self.sale.step in OVER:
            self.new_sale()

    def welcome(self, tap: Tap | None) -> None:
        """Make room for a card: who was there goes, the basket stays; None: nobody comes."""
        self._let_go_of_card()
        self.set(tap=tap, asking=tap is not None)
        self.say(Notice.NONE)
        self._go_alone()

    def clear(self) -> None:
        """Blank what has stood long enough; a basket that is not paid for stays."""
        if self.sale.step in OVER | {Step.VOIDING}:
            self.new_sale()
        else:
            self.welcome(None)

    def touch(self) -> None:
        """Note that a person or a card was here."""
        self.touched_at_s = self.now_s

    def ring(self, rung: Rung, notice: Notice) -> None:
        """Take a new basket, and ask anew whether the customer shown may pay it."""
        self.set(rung=rung)
        found = self.sale.found
        if found is None or isinstance(found.finding, CardProblem):
            self.set(found=None, judged=None)
            self._go_alone()
        else:
            self.show(found)
        self.say(notice)

    def show(self, found: ShownCustomer) -> None:
        """Put a finding on the panel with its verdict on tap."""
        judged = self.desk.judge(self.sale, found, self.now_s)
        self.set(found=found, judged=judged)
        self.go(verdict_event(judged.decision, self.total))

    def override(self, override: Override) -> None:
        """Pass the reason that stands on the screen, for this card and this sale only."""
        found, refused = self.sale.found, self._refused_for()
        if found and refused is override.reason and refused in OVERRIDABLE:
            others = [one for one in self.sale.overrides if one.reason is not refused]
            self.set(overrides=(*others, override))
            self.show(found)
        else:
            self.say(Notice.NO_SUCH_KEY)

    def _refused_for(self) -> Reason | None:
        verdict = self.sale.verdict
        if isinstance(verdict, Declined) and self.sale.step in {Step.DECLINED, Step.REFUSED}:
            return verdict.reason
        return None

    def _let_go_of_card(self) -> None:
        self.set(tap=None, found=None, judged=None, asking=False, noted=None, detail="")
        self.set(overrides=())

    def _go_alone(self) -> None:
        self.go(Event.RUNG if self.total or self.sale.rung.typed else Event.EMPTIED)
