"""Enter to PAID: authorises the sale once more, commits the charge, and shows PAID after that.

F8 takes the same way to a void.
"""

import asyncio
from dataclasses import replace

from taptill.checkout.identification import Identification
from taptill.checkout.keypad import NOTHING_KEYED
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.modes.unattended import answer_enter
from taptill.checkout.recent_sales import RecentSale, recent_sale_of
from taptill.checkout.sale import by_the_customer, charge_draft, signed, void_draft
from taptill.checkout.session import OVER, Event, Notice, Step
from taptill.checkout.till_state import TillState, settle_soon
from taptill.domain.decision import Declined, Found, Reason
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import EntryRefusedError, JournalError
from taptill.domain.money import ZERO, Money
from taptill.domain.sales.remainder import Part
from taptill.domain.sales.repaying import cash_at, takes_back
from taptill.domain.tap import Chosen

DEAD_ENTER_S = 0.4
"""Enter is ignored for so long after a tap or a result. A reader may still withdraw a tap after it
sent it, but within a shorter time, so that a withdrawn tap is never charged."""

SLOW_DISK_S = 2.0

VOID_REASONS = {"1": "wrong amount", "2": "wrong customer", "3": "goods returned"}


class Charging:
    """Takes a confirmed sale to a committed charge, and a chosen void to a committed void."""

    def __init__(self, state: TillState, identification: Identification) -> None:
        self._state = state
        self._identification = identification
        self._confirmed_at_s = 0.0

    def confirm(self, at_s: float, *, on_screen: bool) -> None:
        """Charge what was keyed in to the customer shown, if the rules allow it.

        `at_s` is when Enter was pressed. `on_screen`: what it confirms was painted by then;
        nothing else is charged.
        """
        state, sale = self._state, self._state.sale
        result = sale.lookup.result_at(state.now_s) if sale.lookup else None
        if sale.step in OVER:
            return  # the screen shows the result already
        if sale.step is Step.VOIDING:
            state.show_notice(Notice.VOID_KEYS)
        elif state.settings.mode.is_unattended:
            answer_enter(state)
        elif sale.keyed_input.is_empty(state.settings.keypad):
            state.show_notice(Notice.NO_AMOUNT)
        elif isinstance(result, Found) and not result.gone:
            self._confirm(result, at_s, on_screen=on_screen)
        elif result is None:
            state.show_notice(Notice.LOOKING_UP if sale.looking_up else Notice.NO_CARD)
        elif sale.notice is not Notice.CARD_CHANGED:
            state.show_notice(Notice.NONE)  # the banner says what to do about the decline

    def confirm_by_countdown(self) -> None:
        """Charge the customer shown, as a countdown has run out on the screen."""
        state, sale = self._state, self._state.sale
        result = sale.lookup.result_at(state.now_s) if sale.lookup else None
        if sale.step is Step.CONFIRM and isinstance(result, Found) and not result.gone:
            self._confirm(result, state.now_s, on_screen=True)

    def ask_void(self) -> None:
        """Ask for the reason to void what is left of the last sale, within the window."""
        state, sale = self._state, self.voidable()
        if state.sale.step is Step.VOIDING:
            state.show_notice(Notice.VOID_KEYS)
        elif not state.sale.keyed_input.is_empty(state.settings.keypad):
            state.show_notice(Notice.BUSY)
        elif sale is None or sale.left is None:  # a repayment is taken back on a page of its own
            is_too_late = state.recent_sales.last_sale() is not None
            state.show_notice(Notice.VOID_TOO_LATE if is_too_late else Notice.NOTHING_TO_VOID)
        else:
            state.new_sale()
            state.apply(Event.VOID_ASKED)
            detail = f"{sale.time} {sale.initials}"
            state.sale = replace(state.sale, amount=sale.amount_left, detail=detail)

    def choose_void(self, key: str) -> None:
        """Void the last sale for the reason that `key` stands for; other keys change nothing."""
        state, sale = self._state, self.voidable()
        if sale is None or sale.left is None:
            state.new_sale()
            state.show_notice(Notice.VOID_TOO_LATE)
        elif key not in VOID_REASONS:
            state.show_notice(Notice.VOID_KEYS)
        else:
            state.apply(Event.VOID_CHOSEN)
            part = sale.left.whole()
            assert isinstance(part, Part)  # a sale of which nothing is left is not the last one
            draft = void_draft(sale.left, part, reason=VOID_REASONS[key])
            state.background.start(self._void(draft))

    def void(self, draft: Draft) -> None:
        """Take back what a page has chosen, unless something was rung up meanwhile."""
        state = self._state
        if not state.sale.keyed_input.is_empty(state.settings.keypad):
            state.show_notice(Notice.BUSY)
            return
        state.new_sale()
        state.apply(Event.VOID_ASKED)
        state.apply(Event.VOID_CHOSEN)
        amount = abs(Money(draft.amount_minor or 0))
        state.sale = replace(state.sale, amount=amount, cash=cash_at(draft))
        state.background.start(self._void(draft))

    def voidable(self) -> RecentSale | None:
        """Return the last sale if the cashier may still void it alone."""
        sale = self._state.recent_sales.last_sale()
        if sale is None or sale.sold_at_s is None:
            return None
        age_s = self._state.now_s - sale.sold_at_s
        return sale if age_s <= self._state.settings.void_window_s else None

    def _confirm(self, cardholder: Found, at_s: float, *, on_screen: bool) -> None:
        state = self._state
        if not on_screen or self._is_hasty(at_s):
            is_refused_now = state.sale.notice is Notice.NOW_REFUSED
            state.show_notice(Notice.NOW_REFUSED if is_refused_now else Notice.WAIT_A_MOMENT)
        elif state.apply(Event.CONFIRMED):
            state.sale = replace(state.sale, amount=state.total)
            self._confirmed_at_s = at_s
            if wait_s := self._identification.live_wait_s(cardholder):
                state.background.start(self._wait_and_decide(wait_s))
            else:
                self._decide()

    async def _wait_and_decide(self, wait_s: float) -> None:
        await self._identification.wait_for_live(wait_s)
        self._decide()

    def _decide(self) -> None:
        """Authorise with what is known by now; commit the charge or show the decline."""
        state = self._state
        lookup, keypad = state.sale.lookup, state.settings.keypad
        if lookup is None:
            return  # something failed meanwhile, and the till is closed
        authorisation = state.authorise(lookup)
        decision = authorisation.decision
        state.sale = replace(state.sale, authorisation=authorisation, looking_up=False)
        if isinstance(decision, Declined):
            self._decline(decision)
            return
        assert isinstance(lookup.result, Found)
        state.apply(Event.ALLOWED)
        basket = state.sale.keyed_input.with_typed_amount(keypad)
        draft = charge_draft(state.sale, lookup.result, basket, decision, keypad.currency)
        is_chosen = isinstance(state.sale.tap, Chosen)  # by staff, and nobody has shown a card
        if state.settings.mode is TillMode.SELF_SERVICE and not is_chosen:
            draft = by_the_customer(draft)
        state.background.start(self._charge(draft))

    async def _charge(self, draft: Draft) -> None:
        entry = await self._commit(draft)
        if entry is not None:
            state = self._state
            state.times.confirms.record(state.now_s - self._confirmed_at_s)
            self._show_paid(entry)
            await settle_soon(self._state)

    def _decline(self, decline: Declined) -> None:
        state = self._state
        if decline.reason is Reason.TILL_CLOSED:
            state.close(state.ports.journal.closed_by())
            return
        self._finish(Event.REFUSED)
        if state.sale.journaled_decline != (decline.reason, state.total):
            self._identification.journal_decline(decline)

    def _show_paid(self, entry: Entry) -> None:
        """Show PAID; the refresh decides what the customer may spend after this."""
        state = self._state
        state.recent_sales.add(recent_sale_of(entry, state.now_s))
        state.last_basket = state.sale.keyed_input.with_typed_amount(state.settings.keypad)
        state.sale = replace(
            state.sale, keyed_input=NOTHING_KEYED, overrides=(), overridden_total=ZERO
        )
        self._finish(Event.SAVED)
        state.refresh()

    async def _void(self, draft: Draft) -> None:
        state = self._state
        try:
            entry = await self._commit(draft)
        except EntryRefusedError:  # written off meanwhile, for example: the journal is sound
            if state.apply(Event.VOID_REFUSED):
                state.new_sale()
                state.show_notice(Notice.VOID_TOO_LATE)
            return
        if entry is not None:
            if takes_back(entry):
                state.recent_sales.take_back(entry)
            else:
                state.recent_sales.void(entry)
            self._finish(Event.VOID_SAVED)
            state.refresh()
            await settle_soon(self._state)

    async def _commit(self, draft: Draft) -> Entry | None:
        """Append one entry to the journal; close the till and return None if that fails.

        Errors: EntryRefusedError for a void of what is not left.
        """
        state = self._state
        append = asyncio.ensure_future(state.ports.journal.append([signed(draft, state.staff)]))
        done, _ = await asyncio.wait({append}, timeout=SLOW_DISK_S)
        if not done:
            state.apply(Event.SLOW)
            state.publish()
        try:
            return (await append)[0]
        except JournalError as fault:
            is_void = draft.kind in {EntryKind.VOID, EntryKind.REPAYMENT}
            if isinstance(fault, EntryRefusedError) and is_void:
                raise
            state.close(str(fault.fields.get("detail", fault.code)))
        return None

    def _finish(self, event: Event) -> None:
        """Take the step to a result; from now on Enter is ignored for DEAD_ENTER_S."""
        state = self._state
        state.apply(event)
        state.restart_idle_timer()
        state.finished_at_s = state.now_s

    def _is_hasty(self, pressed_s: float) -> bool:
        """Return whether Enter came too soon after a result or a tap for it to have been read."""
        state, tap = self._state, self._state.sale.tap
        shown_at_s = max(state.finished_at_s, tap.at_s) if tap else state.finished_at_s
        return pressed_s < shown_at_s + DEAD_ENTER_S
