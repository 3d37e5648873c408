"""The state of the till between two events, and the ways in which events change it.

A till sells to one customer at a time. Everything about the sale in progress is one frozen value,
`Sale`: what was keyed in, the tap, whom the card belongs to, the newest decision, the step of the
session, and one line of notice. An event (a key, a tap, an answer, a tick) replaces that value;
nothing else remembers anything about the sale. So a late answer is recognised by comparing its tap
with `sale.tap`, and keys are undone by putting an earlier `Sale` back.

Three classes share one `TillState`. `Till` receives keys, reader messages and ticks;
`Identification` finds out who the customer is; `Charging` takes Enter and F8 to an entry of the
journal. They change the state only here, and none of them waits for anything while it does: what
takes time runs as a background task and looks at the state again when it is done.

Which step follows is not decided here: `apply` looks it up in the table of `session`. Whether the
customer may pay is not decided here: `authorise` asks the rules. Where a basket and a customer are
both there, each change of either is authorised again, so that the screen never shows a decision
about an earlier basket.

After each event the caller publishes. `publish` builds the view from this state and hands it to the
screen if anything has changed. `refresh` first reads the facts that other rooms own (link, money to
send, positions of the recent sales) and then publishes; it is for ticks and for answers that may
have changed those facts.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from taptill.checkout.authoriser import Authoriser
from taptill.checkout.keypad import KeyedInput, Keypad
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.ports import Ports
from taptill.checkout.recent_sales import RecentSales
from taptill.checkout.sale import Authorisation, CardLookup, Sale
from taptill.checkout.session import OVER, Event, Notice, Step, next_step
from taptill.checkout.technical.background import BackgroundTasks
from taptill.checkout.technical.sale_times import SaleTimes
from taptill.domain.basket import EMPTY
from taptill.domain.decision import (
    OVERRIDABLE,
    Approved,
    Decision,
    Declined,
    Override,
    Policy,
    Reason,
)
from taptill.domain.money import ZERO, Money
from taptill.domain.pending import PendingBalance
from taptill.domain.staff.member import StaffMember
from taptill.domain.tap import CardProblem, Tap


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSettings:
    """The site's choices for selling; times in seconds.

    `live_deadline_s`: Enter waits at most so long for the backend's answer. `void_window_s`: the
    cashier may void a sale for so long. `clear_after_s`: the customer is removed from the screen so
    long after the last key or card. `let_go_after_s`: the same where the sale waits for Enter.
    `staff`: one of them must log in before anything is sold; without any there is no log-in.
    `lock_after_s`: a till at which nobody does anything for so long is locked. `max_repayment`: no
    repayment in cash is larger; None: there are none at this till. `finds_by_name`: whoever is
    logged in may find a customer by name. `mode`: who acts at the till. `countdown_s`: so many
    whole seconds a customer alone may still stop a charge.
    """

    keypad: Keypad
    policy: Policy
    balance: PendingBalance
    live_deadline_s: float
    void_window_s: float
    clear_after_s: float
    let_go_after_s: float = inf
    staff: tuple[StaffMember, ...] = ()
    lock_after_s: float = inf
    max_repayment: Money | None = None
    finds_by_name: bool = True
    mode: TillMode = TillMode.ATTENDED
    countdown_s: int = 5


SETTLE_AFTER_S = 0.1
"""Settlement starts so long after a commit: before its first request the screen shows PAID, and
answers the next card, which may be on the reader already."""


class TillState:
    """The sale in progress and the recent sales; does no I/O.

    `last_basket` is that of the last sale that was paid, for a customer who wants the same.
    `active_at_s` is when a person last did something, `finished_at_s` when a sale last ended or was
    cancelled, both monotonic. `staff` is who is logged in. `answers` counts the notices.
    """

    def __init__(
        self,
        ports: Ports,
        settings: TillSettings,
        publish: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        self.ports = ports
        self.settings = settings
        self.sale = Sale(charge_id=ports.new_id())
        self.recent_sales = RecentSales()
        self.last_basket = EMPTY
        self.publish = publish
        self.refresh = refresh
        self.active_at_s = 0.0
        self.finished_at_s = -inf
        self.staff: StaffMember | None = None
        self.answers = 0
        self.background = BackgroundTasks(self.close, publish)
        self.times = SaleTimes()
        self._authoriser = Authoriser(ports.journal, settings.balance, settings.policy)

    @property
    def now_s(self) -> float:
        """Return the monotonic time."""
        return self.ports.clock.monotonic()

    @property
    def total(self) -> Money:
        """Return the sum of all that was keyed in."""
        return self.sale.keyed_input.with_typed_amount(self.settings.keypad).total

    def authorise(self, lookup: CardLookup) -> Authorisation:
        """Return whether the rules let this customer pay what was keyed in."""
        basket = self.sale.keyed_input.with_typed_amount(self.settings.keypad)
        # A basket whose deposits are worth as much as its goods is something, and is refused.
        amount = basket.total if basket.lines else None
        seen = self.sale.overridden_total
        overrides = self.sale.overrides if basket.total <= seen or not seen else ()
        authorisation = self._authoriser.authorise_amount(lookup, amount, self.now_s, overrides)
        return _bounded(authorisation, seen) if overrides and seen else authorisation

    def show_notice(self, notice: Notice, other_card: str = "") -> None:
        """Answer a key or a tap that changes nothing; `other_card` is the card of OTHER_CARD."""
        self.sale = replace(self.sale, notice=notice, other_card=other_card)
        self.answers += notice is not Notice.NONE

    def apply(self, event: Event) -> bool:
        """Take the step of an event and drop the notice; return False if the event has no step."""
        step = next_step(self.sale.step, event)
        if step is self.sale.step:
            return False
        self.sale = replace(self.sale, step=step, notice=Notice.NONE, other_card="")
        return True

    def close(self, detail: str) -> None:
        """Stop selling, because the journal cannot be written or something unforeseen happened."""
        self.begin_if_over()  # the id of a committed charge must not be used again
        self._clear_customer()
        self.apply(Event.FAILED)
        page = self.sale.page
        stays = page is not None and page.traits.while_closed
        self.sale = replace(self.sale, detail=detail, page=page if stays else None)
        self.restart_idle_timer()

    def new_sale(self) -> None:
        """Begin a sale with an empty basket and no card; answers for the old one come too late."""
        step = next_step(self.sale.step, Event.CANCELLED)
        self.sale = Sale(charge_id=self.ports.new_id(), step=step, page=self.sale.page)

    def begin_if_over(self) -> None:
        """Begin a new sale if the current one has ended."""
        if self.sale.step in OVER:
            self.new_sale()

    def start_customer(self, tap: Tap | None) -> None:
        """Replace the customer by the one of `tap`, or by nobody; the basket stays."""
        self._clear_customer()
        self.sale = replace(self.sale, tap=tap, looking_up=tap is not None)
        self.show_notice(Notice.NONE)
        self._apply_basket()

    def clear(self) -> None:
        """Remove customer and result from the screen; a basket that is not paid for stays."""
        if self.sale.step in OVER | {Step.VOIDING}:
            self.new_sale()
        else:
            self.start_customer(None)

    def restart_idle_timer(self) -> None:
        """Record that a person or a card was here just now."""
        self.active_at_s = self.now_s

    def key_in(self, keyed_input: KeyedInput, notice: Notice) -> None:
        """Replace what was keyed in, and authorise again if there is a customer."""
        self.sale = replace(self.sale, keyed_input=keyed_input)
        lookup = self.sale.lookup
        if lookup is None or isinstance(lookup.result, CardProblem):
            self.sale = replace(self.sale, lookup=None, authorisation=None)
            self._apply_basket()
        else:
            self.show_customer(lookup)
        self.show_notice(notice)

    def show_customer(self, lookup: CardLookup) -> None:
        """Show the result of a lookup, with the decision about it."""
        authorisation = self.authorise(lookup)
        self.sale = replace(self.sale, lookup=lookup, authorisation=authorisation)
        self.apply(_event_of(authorisation.decision, self.total))

    def override(self, override: Override) -> None:
        """Let a supervisor override the decline on the screen, for this card in this sale."""
        lookup, reason = self.sale.lookup, self._declined_reason()
        if lookup and reason is override.reason and reason in OVERRIDABLE:
            overrides = [old for old in self.sale.overrides if old.reason is not reason]
            self.sale = replace(
                self.sale, overrides=(*overrides, override), overridden_total=self.total
            )
            self.show_customer(lookup)
        else:
            self.show_notice(Notice.NO_SUCH_KEY)

    def _declined_reason(self) -> Reason | None:
        decision = self.sale.decision
        if isinstance(decision, Declined) and self.sale.step in {Step.DECLINED, Step.REFUSED}:
            return decision.reason
        return None

    def _clear_customer(self) -> None:
        self.sale = replace(
            self.sale,
            tap=None,
            lookup=None,
            authorisation=None,
            looking_up=False,
            journaled_decline=None,
            detail="",
            overrides=(),
            overridden_total=ZERO,
        )

    def _apply_basket(self) -> None:
        """Take the step that the basket alone leads to, as there is no customer."""
        keyed_input = self.sale.keyed_input
        has_input = keyed_input.keystrokes or keyed_input.basket.lines
        self.apply(Event.KEYED_IN if has_input else Event.EMPTIED)


async def settle_soon(state: TillState) -> None:
    """Wake settlement once the screen has had the time to say what was committed."""
    await asyncio.sleep(SETTLE_AFTER_S)
    state.ports.settle()


def log_out(state: TillState) -> None:
    """Let nobody work until somebody logs in; the customer goes, what was rung up stays.

    Whoever comes next shall not charge a card that was tapped for somebody else, and an answer
    about it would be nobody's.
    """
    state.staff = None
    if state.sale.step is not Step.CLOSED:
        state.clear()


def _bounded(authorisation: Authorisation, seen: Money) -> Authorisation:
    """Return an approval that rests on overrides with no more headroom than they were given for."""
    decision = authorisation.decision
    if not isinstance(decision, Approved) or not decision.overrides or decision.headroom is None:
        return authorisation
    bounded = replace(decision, headroom=min(decision.headroom, seen))
    return replace(authorisation, decision=bounded)


def _event_of(decision: Decision, total: Money) -> Event:
    """Return the event that a decision before Enter is."""
    if isinstance(decision, Approved):
        return Event.PASSED if total else Event.MAY_PAY
    return Event.UNREAD if decision.reason is Reason.UNREADABLE_CARD else Event.DECLINED
