"""Enter in, a charge in the journal out, and only then PAID; F8 in, a void out."""

import asyncio

from taptill.checkout.identification import Identification
from taptill.checkout.keypad import NOTHING_KEYED
from taptill.checkout.recent_sales import RecentSale, recent_sale_of
from taptill.checkout.session import OVER, Event, Step
from taptill.checkout.till_state import TillState
from taptill.checkout.view import Notice
from taptill.domain.decision import Declined, Found, Reason
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError

DEAD_ENTER_S = 0.4
"""Longer than a reader may take a tap back: what it takes back is not charged yet."""

SLOW_DISK_S = 2.0

VOID_REASONS = {"1": "wrong amount", "2": "wrong customer", "3": "goods returned"}


class Charging:
    """From confirm to PAID: decide with the freshest answer, commit, then say so."""

    def __init__(self, state: TillState, identification: Identification) -> None:
        self._state = state
        self._identification = identification

    def confirm(self, at_s: float, *, on_screen: bool) -> None:
        """Charge what is rung up to the customer shown, if the rules allow it.

        `at_s` is when Enter was pressed. `on_screen`: what it confirms was painted by then;
        nothing else is charged.
        """
        state, sale = self._state, self._state.sale
        finding = sale.lookup.finding_at(state.now_s) if sale.lookup else None
        if sale.step in OVER:
            return  # the screen says already what Enter might ask
        if sale.step is Step.VOIDING:
            state.show_notice(Notice.VOID_KEYS)
        elif not state.total:
            state.show_notice(Notice.NO_AMOUNT)
        elif isinstance(finding, Found) and not finding.gone:
            self._confirm(finding, at_s, on_screen=on_screen)
        elif finding is None:
            state.show_notice(Notice.LOOKING_UP if sale.looking_up else Notice.NO_CARD)
        elif sale.notice is not Notice.CARD_CHANGED:
            state.show_notice(Notice.NONE)  # the refusal's own words say what to do

    def ask_void(self) -> None:
        """Ask why the last sale is to be voided; possible once, within the window."""
        state, last = self._state, self.voidable()
        if state.sale.step is Step.VOIDING:
            state.show_notice(Notice.VOID_KEYS)
        elif state.total:
            state.show_notice(Notice.BUSY)
        elif last is None:
            recent_sale = state.recent_sales.last_sale()
            state.show_notice(Notice.VOID_TOO_LATE if recent_sale else Notice.NOTHING_TO_VOID)
        else:
            state.new_sale()
            state.apply(Event.VOID_ASKED)
            state.set(amount=last.amount, detail=f"{last.at} {last.initials}")

    def choose_void(self, key: str) -> None:
        """Void the last sale for the reason of that key; any other key waits on."""
        state, last = self._state, self.voidable()
        if last is None:
            state.new_sale()
            state.show_notice(Notice.VOID_TOO_LATE)
        elif key not in VOID_REASONS:
            state.show_notice(Notice.VOID_KEYS)
        else:
            state.apply(Event.VOID_CHOSEN)
            body = {"reason": VOID_REASONS[key], "voids": last.seq}
            amount = -last.amount.minor
            draft = Draft(EntryKind.VOID, last.customer_id, amount, body, last.charge_id)
            state.background.start(self._void(draft))

    def voidable(self) -> RecentSale | None:
        """Give the last sale, if the cashier may still void it alone."""
        last = self._state.recent_sales.last_sale()
        if last is None or last.sold_at_s is None:
            return None
        age_s = self._state.now_s - last.sold_at_s
        return last if age_s <= self._state.settings.void_window_s else None

    def _confirm(self, known: Found, at_s: float, *, on_screen: bool) -> None:
        state = self._state
        if not on_screen or self._is_hasty(at_s):
            turned = state.sale.notice is Notice.NOW_REFUSED
            state.show_notice(Notice.NOW_REFUSED if turned else Notice.WAIT_A_MOMENT)
        elif state.apply(Event.CONFIRMED):
            state.set(amount=state.total)
            if wait_s := self._identification.live_wait_s(known):
                state.background.start(self._wait_and_decide(wait_s))
            else:
                self._decide()

    async def _wait_and_decide(self, wait_s: float) -> None:
        await self._identification.wait_for_live(wait_s)
        self._decide()

    def _decide(self) -> None:
        """Ask the rules once more, with what is known by now, and act on it."""
        state = self._state
        lookup, basket = (
            state.sale.lookup,
            state.sale.keyed_input.with_typed_amount(state.settings.keypad),
        )
        if lookup is None:
            return  # something failed meanwhile, and the till is closed
        authorisation = state.authoriser.authorise(state.sale, lookup, state.now_s)
        decision = authorisation.decision
        state.set(authorisation=authorisation, looking_up=False)
        if isinstance(decision, Declined):
            self._refuse(decision)
            return
        assert isinstance(lookup.finding, Found)
        state.apply(Event.ALLOWED)
        draft = state.authoriser.charge(state.sale, lookup.finding, basket, decision)
        state.background.start(self._charge(draft))

    async def _charge(self, draft: Draft) -> None:
        entry = await self._commit(draft)
        if entry is not None:
            self._paid(entry)

    def _refuse(self, decision: Declined) -> None:
        state = self._state
        if decision.reason is Reason.TILL_CLOSED:
            state.close(state.ports.books.closed_by())
            return
        self._finish(Event.REFUSED)
        if state.sale.journaled_decline != (decision.reason, state.total):
            self._identification.journal_decline(decision)

    def _paid(self, entry: Entry) -> None:
        state = self._state
        state.recent_sales.add(recent_sale_of(entry, state.now_s))
        state.set(keyed_input=NOTHING_KEYED, overrides=())
        lookup = state.sale.lookup
        state.set(
            authorisation=state.authoriser.authorise(state.sale, lookup, state.now_s)
            if lookup
            else None
        )
        self._finish(Event.SAVED)
        state.refresh()
        state.ports.settle()

    async def _void(self, draft: Draft) -> None:
        state = self._state
        entry = await self._commit(draft)
        if entry is not None:
            state.recent_sales.void(draft.charge_id or "", entry.seq)
            self._finish(Event.VOID_SAVED)
            state.refresh()
            state.ports.settle()

    async def _commit(self, draft: Draft) -> Entry | None:
        """Append one entry; None where the journal could not, and then the till says so."""
        state = self._state
        append = asyncio.ensure_future(state.ports.books.append([draft]))
        done, _ = await asyncio.wait({append}, timeout=SLOW_DISK_S)
        if not done:
            state.apply(Event.SLOW)
            state.publish()
        try:
            return (await append)[0]
        except JournalError as fault:
            state.close(str(fault.fields.get("detail", fault.code)))
        return None

    def _finish(self, event: Event) -> None:
        """Take a step to a verdict; Enter is dead for a moment, against double presses."""
        state = self._state
        state.apply(event)
        state.restart_idle_timer()
        state.finished_at_s = state.now_s

    def _is_hasty(self, pressed_s: float) -> bool:
        """Tell whether nobody can have looked at the verdict, or at whose card was tapped."""
        state, tap = self._state, self._state.sale.tap
        seen_at_s = max(state.finished_at_s, tap.at_s) if tap else state.finished_at_s
        return pressed_s < seen_at_s + DEAD_ENTER_S
