"""Events in, the state of the one sale out: no IO and no waiting, only what is so now."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from taptill.checkout.background import BackgroundTasks
from taptill.checkout.keypad import KeyedInput, Keypad
from taptill.checkout.ports import Ports
from taptill.checkout.recent_sales import RecentSales
from taptill.checkout.sale import Authoriser, CardLookup, Sale, decision_event
from taptill.checkout.session import OVER, Event, Step, next_step
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


class TillState:
    """The one sale at a time, with its step, its customer and the strip of the last ones."""

    def __init__(
        self,
        ports: Ports,
        settings: TillSettings,
        publish: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        self.ports = ports
        self.settings = settings
        self.authoriser = Authoriser(
            ports.books, settings.balance, settings.policy, settings.keypad
        )
        self.sale = Sale(ports.new_id())
        self.recent_sales = RecentSales()
        self.publish = publish
        self.refresh = refresh
        self.active_at_s = 0.0
        self.finished_at_s = -inf
        self.background = BackgroundTasks(self.close, publish)

    @property
    def now_s(self) -> float:
        """Give the monotonic time."""
        return self.ports.clock.monotonic()

    @property
    def total(self) -> Money:
        """Give the sum of all that is rung up."""
        return self.sale.keyed_input.with_typed_amount(self.settings.keypad).total

    def set(self, **changes: Any) -> None:
        """Change fields of the sale."""
        self.sale = replace(self.sale, **changes)

    def show_notice(self, notice: Notice, other_card: str = "") -> None:
        """Answer a key or a tap that changes nothing; `other_card` is what OTHER_CARD is about."""
        self.set(notice=notice, other_card=other_card)

    def apply(self, event: Event) -> bool:
        """Take a step, which makes the last notice old; False where the event means nothing."""
        step = next_step(self.sale.step, event)
        if step is self.sale.step:
            return False
        self.set(step=step)
        self.show_notice(Notice.NONE)
        return True

    def close(self, detail: str) -> None:
        """Stop selling: the journal cannot be written, or nobody knows what happened."""
        self.begin_if_over()  # a charge's id is used up with it
        self._clear_customer()
        self.apply(Event.FAILED)
        self.set(detail=detail)
        self.restart_idle_timer()

    def new_sale(self) -> None:
        """Begin anew with nothing rung up and no card; answers for the old sale change nothing."""
        step = next_step(self.sale.step, Event.CANCELLED)
        self.sale = Sale(self.ports.new_id(), step)

    def begin_if_over(self) -> None:
        """Begin anew where the last sale has its verdict."""
        if self.sale.step in OVER:
            self.new_sale()

    def start_customer(self, tap: Tap | None) -> None:
        """Make room for a card: who was there goes, the basket stays; None: nobody comes."""
        self._clear_customer()
        self.set(tap=tap, looking_up=tap is not None)
        self.show_notice(Notice.NONE)
        self._apply_basket()

    def clear(self) -> None:
        """Blank what has stood long enough; a basket that is not paid for stays."""
        if self.sale.step in OVER | {Step.VOIDING}:
            self.new_sale()
        else:
            self.start_customer(None)

    def restart_idle_timer(self) -> None:
        """Note that a person or a card was here."""
        self.active_at_s = self.now_s

    def key_in(self, keyed_input: KeyedInput, notice: Notice) -> None:
        """Take a new basket, and ask anew whether the customer shown may pay it."""
        self.set(keyed_input=keyed_input)
        lookup = self.sale.lookup
        if lookup is None or isinstance(lookup.finding, CardProblem):
            self.set(lookup=None, authorisation=None)
            self._apply_basket()
        else:
            self.show_customer(lookup)
        self.show_notice(notice)

    def show_customer(self, lookup: CardLookup) -> None:
        """Put a finding on the panel with its verdict on tap."""
        authorisation = self.authoriser.authorise(self.sale, lookup, self.now_s)
        self.set(lookup=lookup, authorisation=authorisation)
        self.apply(decision_event(authorisation.decision, self.total))

    def override(self, override: Override) -> None:
        """Pass the reason that stands on the screen, for this card and this sale only."""
        lookup, refused = self.sale.lookup, self._refused_for()
        if lookup and refused is override.reason and refused in OVERRIDABLE:
            others = [one for one in self.sale.overrides if one.reason is not refused]
            self.set(overrides=(*others, override))
            self.show_customer(lookup)
        else:
            self.show_notice(Notice.NO_SUCH_KEY)

    def _refused_for(self) -> Reason | None:
        decision = self.sale.decision
        if isinstance(decision, Declined) and self.sale.step in {Step.DECLINED, Step.REFUSED}:
            return decision.reason
        return None

    def _clear_customer(self) -> None:
        self.set(
            tap=None,
            lookup=None,
            authorisation=None,
            looking_up=False,
            journaled_decline=None,
            detail="",
        )
        self.set(overrides=())

    def _apply_basket(self) -> None:
        self.apply(
            Event.KEYED_IN if self.total or self.sale.keyed_input.keystrokes else Event.EMPTIED
        )
