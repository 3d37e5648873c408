"""Identification of the customer: answers each tap from the cache, then from the backend.

The cached customer is shown at once, with a decision about them. At the same time the backend is
asked; its answer replaces the cached one, and the decision is made again. An answer belongs to the
tap that asked for it: where another card has been tapped since, it changes nothing.
"""

import asyncio
import logging
from dataclasses import replace

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.modes.unattended import drop_unfinished
from taptill.checkout.recent_sales import RecentSale, local_time
from taptill.checkout.sale import CardLookup, decline_draft, signed
from taptill.checkout.session import OVER, UNDER_WAY, Event, Notice, Step
from taptill.checkout.till_state import TillState
from taptill.domain.customer import Snapshot, initials
from taptill.domain.decision import Approved, Declined, Found, LookupResult, Reason, Unreachable
from taptill.domain.entry import Draft
from taptill.domain.errors import JournalError
from taptill.domain.money import ZERO
from taptill.domain.tap import CardProblem, Chosen, Misread, Tap

log = logging.getLogger("taptill.till")

TAP_AGE_MAX_S = 2.0
RESULT_STANDS_S = 2.0
"""A card that the reader cannot name does not replace PAID for this long."""

PAINT_S = 0.01
"""The request waits so long, so that the cached customer is painted first."""

LOOKING_UP_S = 0.3
SLOW_ANSWER_S = 2.0
"""After so many seconds without an answer about a card that is not in the cache, the screen says
that it is being looked up, and then that this takes long."""

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
"""Reasons that hold whatever is bought: journaled at the tap. Any other is journaled at Enter."""

_NO_TAPS = UNDER_WAY | {Step.VOIDING, Step.CLOSED}
_AUTHORISED_AGAIN = frozenset({Step.CARD, Step.CONFIRM, Step.DECLINED, Step.PAID})


class Identification:
    """Finds out who the card's holder is, and keeps what the screen shows of them fresh."""

    def __init__(self, state: TillState) -> None:
        self._state = state
        self._live: asyncio.Task[None] | None = None
        self._live_started_at_s = 0.0

    def take(self, message: Tap | CardProblem | Misread) -> None:
        """Take what a reader says of a card."""
        match message:
            case CardProblem():
                self.on_card_problem(message)
            case Misread():
                self.on_misread()
            case _:
                self.on_tap(message)

    def on_tap(self, tap: Tap) -> None:
        """Look the card up, or show why this tap changes nothing."""
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
            self._start_customer(tap)
            state.background.start(self._identify(tap))

    def on_choice(self, chosen: Chosen) -> None:
        """Show a customer who was chosen by name, as after a tap."""
        self._start_customer(chosen)
        self._state.background.start(self._identify(chosen))

    def on_card_problem(self, problem: CardProblem) -> None:
        """Show that the reader cannot name the card; a result that is still fresh stays instead."""
        state = self._state
        if state.sale.step in _NO_TAPS:
            self._refuse_tap()
        elif state.sale.step in OVER and self._is_result_fresh():
            state.show_notice(Notice.NOT_READ)
        else:
            self._start_customer(None)
            self._show(CardLookup(problem, state.now_s))

    def on_misread(self) -> None:
        """Ask for the card once more; the customer on the screen is not to blame and stays."""
        state, sale = self._state, self._state.sale
        if sale.step in _NO_TAPS:
            self._refuse_tap()
        elif sale.tap and (sale.step not in OVER or self._is_result_fresh()):
            state.show_notice(Notice.NOT_READ)
        else:
            self._start_customer(None)
            state.apply(Event.UNREAD)

    def authorise_again(self) -> None:
        """Decide again where time or the journal has changed what the screen shows.

        A decline at Enter stays: it was the answer to Enter.
        """
        sale = self._state.sale
        if sale.lookup is None or sale.authorisation is None or sale.step not in _AUTHORISED_AGAIN:
            return
        authorisation = self._state.authorise(sale.lookup)
        if authorisation == sale.authorisation:
            return
        if self._is_open():
            self._update_customer(sale.lookup)
        else:
            self._state.sale = replace(sale, authorisation=authorisation)

    def apply_row(self, snapshot: Snapshot) -> None:
        """Take a row that settlement has read, if it is that of the customer on the screen."""
        lookup = self._state.sale.lookup
        if lookup and lookup.customer_id == snapshot.customer.id:
            self._apply_live(lookup, Found(snapshot, 0.0))

    def keep_fresh(self) -> None:
        """Ask the backend again before the customer on the screen counts as not fresh."""
        half_fresh_s = self._state.settings.policy.fresh_s / 2
        if self._state.now_s - self._live_started_at_s > half_fresh_s:
            self._restart_live()

    def live_wait_s(self, cardholder: Found) -> float:
        """Return how long Enter waits for the backend's answer; ask for one if none is fresh."""
        settings = self._state.settings
        if not cardholder.is_fresh(settings.policy.fresh_s):
            self._restart_live()
        if self._live is None or self._live.done():
            return 0.0
        elapsed_s = self._state.now_s - self._live_started_at_s
        return max(0.0, settings.live_deadline_s - elapsed_s)

    async def wait_for_live(self, wait_s: float) -> None:
        """Wait at most `wait_s` for the backend's answer."""
        assert self._live is not None
        await asyncio.wait({self._live}, timeout=wait_s)

    def journal_decline(self, decline: Declined) -> None:
        """Journal a decline in the background, and add it to the recent sales."""
        state, sale, total = self._state, self._state.sale, self._state.total
        result = sale.lookup.result if sale.lookup else None
        if isinstance(result, Found) and total > ZERO:
            state.recent_sales.add(
                RecentSale(
                    time=local_time(state.ports.clock.now()),
                    amount=total,
                    initials=initials(result.snapshot.customer.name),
                    decline=decline,
                )
            )
        state.sale = replace(sale, journaled_decline=(decline.reason, total))
        draft = signed(decline_draft(sale, decline, total), state.staff)
        state.background.start(self._journal(draft))

    async def _journal(self, draft: Draft) -> None:
        try:
            await self._state.ports.journal.append([draft])
        except JournalError as fault:
            log.warning("decline.not_journaled", extra={"code": fault.code})

    def _start_customer(self, tap: Tap | None) -> None:
        self._state.restart_idle_timer()
        self._state.begin_if_over()
        drop_unfinished(self._state)
        self._state.start_customer(tap)

    async def _identify(self, tap: Tap) -> None:
        result = await self._cached(tap)
        if self._state.sale.tap is not tap:
            return
        self._start_live(tap)
        if isinstance(result, Unreachable):
            await self._show_progress(tap)
        else:
            self._show(CardLookup(result, self._state.now_s))

    async def _cached(self, tap: Tap) -> LookupResult:
        """Return what the cache knows of the card, or of the customer who was chosen by name."""
        people = self._state.ports.people
        if not isinstance(tap, Chosen) or people is None:
            return await self._state.ports.finder.cached(tap.card_id)
        return next(iter(people().by_ids([tap.customer_id])), Unreachable())

    async def _answer(self, tap: Tap) -> LookupResult:
        """Return what the backend says of the card, or of the customer who was chosen by name."""
        people = self._state.ports.people
        if not isinstance(tap, Chosen) or people is None:
            return await self._state.ports.finder.live(tap.card_id)
        return await people().live(tap.customer_id)

    async def _show_progress(self, tap: Tap) -> None:
        """Show notices while the backend's answer is awaited and the cache has none."""
        shown_s = 0.0
        for after_s, notice in (
            (LOOKING_UP_S, Notice.LOOKING_UP),
            (SLOW_ANSWER_S, Notice.SLOW_ANSWER),
        ):
            await self.wait_for_live(after_s - shown_s)
            if self._state.sale.tap is not tap or self._state.sale.lookup:
                return
            self._state.show_notice(notice)
            self._state.publish()
            shown_s = after_s

    def _refuse_tap(self) -> None:
        step = self._state.sale.step
        if step is not Step.CLOSED:
            self._state.show_notice(Notice.VOID_KEYS if step is Step.VOIDING else Notice.BUSY)

    def _is_result_fresh(self) -> bool:
        return self._state.now_s < self._state.finished_at_s + RESULT_STANDS_S

    def _is_shown(self, tap: Tap) -> bool:
        """Return whether this card is being looked up, or is on the screen and may pay."""
        sale = self._state.sale
        is_open = sale.lookup is None or sale.step in {Step.CARD, Step.CONFIRM}
        return is_open and sale.tap is not None and sale.tap.card_id == tap.card_id

    def _show(self, lookup: CardLookup) -> None:
        """Show a lookup; a decline of the card or customer itself is journaled once a tap."""
        state = self._state
        state.show_customer(lookup)
        decision, earlier_decline = state.sale.decision, state.sale.journaled_decline
        if not isinstance(decision, Declined) or decision.reason not in _JOURNALED_ON_TAP:
            return
        if state.settings.mode is TillMode.BALANCE:
            return  # nobody wanted to pay
        if not earlier_decline or earlier_decline[0] is not decision.reason:
            self.journal_decline(decision)

    def _start_live(self, tap: Tap) -> None:
        self._live_started_at_s = self._state.now_s
        self._live = self._state.background.start(self._fetch_live(tap))

    def _restart_live(self) -> None:
        tap = self._state.sale.tap
        if tap and (self._live is None or self._live.done()):
            self._start_live(tap)

    async def _fetch_live(self, tap: Tap) -> None:
        """Ask the backend whose card this is, and show its answer."""
        state = self._state
        await asyncio.sleep(PAINT_S)
        live = await self._answer(tap)
        state.refresh()
        if state.sale.tap is not tap:
            return
        state.sale = replace(state.sale, looking_up=False)
        lookup = state.sale.lookup
        if lookup is None:
            self._show(CardLookup(live, state.now_s))
        elif not isinstance(live, Unreachable):
            self._apply_live(lookup, live)

    def _apply_live(self, lookup: CardLookup, live: LookupResult) -> None:
        """Replace what is shown by a later answer, with a notice where the customer is another."""
        state = self._state
        newer = lookup.with_answer(live, state.now_s)
        if state.sale.under_way:
            state.sale = replace(state.sale, lookup=newer)  # Enter is decided with it soon
            return
        self._update_customer(newer)
        is_lost = lookup.can_pay and not isinstance(newer.result, Found)
        if is_lost and self._is_open() and not isinstance(state.sale.tap, Chosen):
            state.show_notice(Notice.CARD_CHANGED)

    def _update_customer(self, lookup: CardLookup) -> None:
        """Decide again; after a result this changes the customer panel, and no step is taken."""
        state, before = self._state, self._state.sale.decision
        if not self._is_open():
            authorisation = state.authorise(lookup)
            state.sale = replace(state.sale, lookup=lookup, authorisation=authorisation)
            return
        self._show(lookup)
        if isinstance(before, Approved) and isinstance(state.sale.decision, Declined):
            # Somebody waits at the till: the new reason is shown as long as any other.
            state.restart_idle_timer()
            state.show_notice(Notice.NOW_REFUSED)

    def _is_open(self) -> bool:
        return self._state.sale.step not in OVER
