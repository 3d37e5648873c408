"""A tap in, the customer on the panel out: the cached one at once, the live one beside it."""

import asyncio
import logging

from taptill.checkout.recent_sales import RecentSale, local_time
from taptill.checkout.sale import CardLookup
from taptill.checkout.session import OVER, UNDER_WAY, Event, Step
from taptill.checkout.till_state import TillState
from taptill.checkout.view import Notice
from taptill.domain.customer import Snapshot, initials
from taptill.domain.decision import Approved, Declined, Found, LookupResult, Reason, Unreachable
from taptill.domain.entry import Draft
from taptill.domain.errors import JournalError
from taptill.domain.tap import CardProblem, Tap

log = logging.getLogger("taptill.till")

TAP_AGE_MAX_S = 2.0
RESULT_STANDS_S = 2.0
"""So long PAID stands, whatever card the reader complains about."""

PAINT_S = 0.01
"""What the cache knows is painted before a request takes the loop."""

LOOKING_UP_S = 0.3
SLOW_ANSWER_S = 2.0

_JOURNALED_ON_TAP = frozenset(
    {
        Reason.UNREADABLE_CARD,
        Reason.AMBIGUOUS_CARD,
        Reason.UNKNOWN_CARD,
        Reason.UNKNOWN_OFFLINE,
        Reason.SYSTEM_CUSTOMER,
        Reason.BLOCKED,
    }
)
_NO_TAPS = UNDER_WAY | {Step.VOIDING, Step.CLOSED}
_AUTHORISED_AGAIN = frozenset({Step.CARD, Step.CONFIRM, Step.DECLINED, Step.PAID})


class Identification:
    """Who is at the counter, and how fresh that is."""

    def __init__(self, state: TillState) -> None:
        self._state = state
        self._live: asyncio.Task[None] | None = None
        self._live_started_at_s = 0.0

    def on_tap(self, tap: Tap) -> None:
        """Answer a tap visibly, whatever it can or cannot do now."""
        state, sale = self._state, self._state.sale
        if sale.step in _NO_TAPS:
            self._refuse_tap()
        elif state.now_s - tap.at_s > TAP_AGE_MAX_S:
            state.show_notice(Notice.TAP_AGAIN)
        elif self._is_shown(tap):
            state.restart_idle_timer()
            state.show_notice(Notice.SAME_CARD)
        elif sale.step is Step.CONFIRM and sale.other_card != tap.card_id:
            state.restart_idle_timer()
            state.show_notice(Notice.OTHER_CARD, tap.card_id)
        else:
            state.restart_idle_timer()
            state.begin_if_over()
            state.start_customer(tap)
            state.background.start(self._identify(tap))

    def on_card_problem(self, problem: CardProblem) -> None:
        """Take back what the reader could not name; a fresh PAID is not wiped by it."""
        state = self._state
        if state.sale.step in _NO_TAPS:
            self._refuse_tap()
            return
        if state.sale.step in OVER and state.now_s < state.finished_at_s + RESULT_STANDS_S:
            state.show_notice(Notice.NOT_READ)
            return
        state.restart_idle_timer()
        state.begin_if_over()
        state.start_customer(None)
        self._show(CardLookup(problem, state.now_s))

    def on_misread(self) -> None:
        """Ask for the card once more; who is on the screen is not to blame, and stays."""
        state, sale = self._state, self._state.sale
        is_old = state.now_s >= state.finished_at_s + RESULT_STANDS_S
        if sale.step in _NO_TAPS:
            self._refuse_tap()
        elif sale.tap and not (sale.step in OVER and is_old):
            state.show_notice(Notice.NOT_READ)
        else:
            state.restart_idle_timer()
            state.begin_if_over()
            state.start_customer(None)
            state.apply(Event.UNREAD)

    def authorise_again(self) -> None:
        """Decide again where time or the journal has changed what the screen shows.

        A refusal at confirm stays: it was the answer to Enter.
        """
        state, sale = self._state, self._state.sale
        if sale.lookup is None or sale.authorisation is None or sale.step not in _AUTHORISED_AGAIN:
            return
        if state.authoriser.authorise(state.sale, sale.lookup, state.now_s) != sale.authorisation:
            self._update_customer(sale.lookup)

    def sighted(self, snapshot: Snapshot) -> None:
        """Take a row that settlement came by, if it is the customer on the panel."""
        lookup = self._state.sale.lookup
        if lookup and lookup.customer_id == snapshot.customer.id:
            self._apply_live(lookup, Found(snapshot, 0.0))

    def keep_fresh(self) -> None:
        """Ask again for the customer on the panel before the sight grows stale."""
        half_fresh_s = self._state.settings.policy.fresh_s / 2
        if self._state.now_s - self._live_started_at_s > half_fresh_s:
            self._restart_live()

    def live_wait_s(self, known: Found) -> float:
        """Give how long a confirm waits for the answer under way, or that a stale sight needs."""
        settings = self._state.settings
        if not known.is_fresh(settings.policy.fresh_s):
            self._restart_live()
        if self._live is None or self._live.done():
            return 0.0
        waited_s = self._state.now_s - self._live_started_at_s
        return max(0.0, settings.live_deadline_s - waited_s)

    async def wait_for_live(self, wait_s: float) -> None:
        """Wait for the answer under way, but no longer than this."""
        assert self._live is not None
        await asyncio.wait({self._live}, timeout=wait_s)

    def journal_decline(self, decision: Declined) -> None:
        """Journal a decline outside the customer's way, and show it in the strip."""
        state, sale, total = self._state, self._state.sale, self._state.total
        finding = sale.lookup.finding if sale.lookup else None
        if isinstance(finding, Found) and total:
            name = initials(finding.snapshot.customer.name)
            at = local_time(state.ports.clock.now())
            state.recent_sales.add(RecentSale("", at, total, name, 0, 0, None, refused=decision))
        state.set(journaled_decline=(decision.reason, total))
        state.background.start(self._journal(state.authoriser.declined(sale, decision, total)))

    async def _journal(self, decline: Draft) -> None:
        try:
            await self._state.ports.books.append([decline])
        except JournalError as fault:
            log.warning("decline.not_journaled", extra={"code": fault.code})

    async def _identify(self, tap: Tap) -> None:
        finding = await self._state.ports.finder.cached(tap.card_id)
        if self._state.sale.tap is not tap:
            return
        self._start_live(tap)
        if isinstance(finding, Unreachable):
            await self._look_up(tap)
        else:
            self._show(CardLookup(finding, self._state.now_s))

    async def _look_up(self, tap: Tap) -> None:
        """Wait for the live answer with nothing to show, and soon say so."""
        said_s = 0.0
        for after_s, notice in (
            (LOOKING_UP_S, Notice.LOOKING_UP),
            (SLOW_ANSWER_S, Notice.SLOW_ANSWER),
        ):
            await self.wait_for_live(after_s - said_s)
            if self._state.sale.tap is not tap or self._state.sale.lookup:
                return
            self._state.show_notice(notice)
            self._state.publish()
            said_s = after_s

    def _refuse_tap(self) -> None:
        step = self._state.sale.step
        if step is not Step.CLOSED:
            self._state.show_notice(Notice.VOID_KEYS if step is Step.VOIDING else Notice.BUSY)

    def _is_shown(self, tap: Tap) -> bool:
        """Tell whether this card is on the panel and may pay, or is being looked up."""
        sale = self._state.sale
        open_to_it = sale.lookup is None or sale.step in {Step.CARD, Step.CONFIRM}
        return open_to_it and sale.tap is not None and sale.tap.card_id == tap.card_id

    def _show(self, lookup: CardLookup) -> None:
        """Put a finding on the panel; what refuses the card itself is journaled, once a tap."""
        state = self._state
        state.show_customer(lookup)
        decision, journaled_decline = state.sale.decision, state.sale.journaled_decline
        if not isinstance(decision, Declined) or (
            journaled_decline and journaled_decline[0] is decision.reason
        ):
            return
        if decision.reason in _JOURNALED_ON_TAP:
            self.journal_decline(decision)

    def _start_live(self, tap: Tap) -> None:
        self._live_started_at_s = self._state.now_s
        self._live = self._state.background.start(self._fetch_live(tap))

    def _restart_live(self) -> None:
        tap = self._state.sale.tap
        if tap and (self._live is None or self._live.done()):
            self._start_live(tap)

    async def _fetch_live(self, tap: Tap) -> None:
        """Ask the backend who has the card and take the answer into the panel."""
        state = self._state
        await asyncio.sleep(PAINT_S)
        live = await state.ports.finder.live(tap.card_id)
        state.refresh()
        if state.sale.tap is not tap:
            return
        state.set(looking_up=False)
        lookup = state.sale.lookup
        if lookup is None:
            self._show(CardLookup(live, state.now_s))
        elif not isinstance(live, Unreachable):
            self._apply_live(lookup, live)

    def _apply_live(self, lookup: CardLookup, live: LookupResult) -> None:
        """Take a later answer into the panel, and say what it changes for the cashier."""
        state = self._state
        with_answer = lookup.with_answer(live, state.now_s)
        if state.sale.under_way:
            state.set(lookup=with_answer)  # what was decided stays until it is decided again
            return
        self._update_customer(with_answer)
        if lookup.can_pay and not isinstance(with_answer.finding, Found) and self._is_open():
            state.show_notice(Notice.CARD_CHANGED)

    def _update_customer(self, lookup: CardLookup) -> None:
        """Decide about what is known by now; after PAID that changes the panel alone."""
        state, before = self._state, self._state.sale.decision
        if not self._is_open():
            state.set(
                lookup=lookup,
                authorisation=state.authoriser.authorise(state.sale, lookup, state.now_s),
            )
            return
        self._show(lookup)
        if isinstance(before, Approved) and isinstance(state.sale.decision, Declined):
            # Somebody waits at the till: this reason is shown as long as any other.
            state.restart_idle_timer()
            state.show_notice(Notice.NOW_REFUSED)

    def _is_open(self) -> bool:
        return self._state.sale.step not in OVER
