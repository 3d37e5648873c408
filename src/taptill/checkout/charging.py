"""Enter in, a charge in the journal out, and only then PAID; F8 in, a void out."""

import asyncio

from taptill.checkout.counter import Counter
from taptill.checkout.inquiry import Inquiry
from taptill.checkout.keypad import NOTHING_RUNG
from taptill.checkout.session import OVER, Event, Step
from taptill.checkout.strip import Sold, sold_of
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

    def __init__(self, counter: Counter, inquiry: Inquiry) -> None:
        self._counter = counter
        self._inquiry = inquiry

    def confirm(self, at_s: float, *, seen: bool) -> None:
        """Charge what is rung up to the customer shown, if the rules allow it.

        `at_s` is when Enter was pressed; nothing is charged that the cashier cannot have `seen`.
        """
        counter, sale = self._counter, self._counter.sale
        finding = sale.found.finding_at(counter.now_s) if sale.found else None
        if sale.step in OVER:
            return  # the screen says already what Enter might ask
        if sale.step is Step.VOIDING:
            counter.say(Notice.VOID_KEYS)
        elif not counter.total:
            counter.say(Notice.NO_AMOUNT)
        elif isinstance(finding, Found) and not finding.gone:
            self._confirm(finding, at_s, seen=seen)
        elif finding is None:
            counter.say(Notice.LOOKING_UP if sale.asking else Notice.NO_CARD)
        elif sale.notice is not Notice.CARD_CHANGED:
            counter.say(Notice.NONE)  # the refusal's own words say what to do

    def ask_void(self) -> None:
        """Ask why the last sale is to be voided; possible once, within the window."""
        counter, last = self._counter, self.voidable()
        if counter.sale.step is Step.VOIDING:
            counter.say(Notice.VOID_KEYS)
        elif counter.total:
            counter.say(Notice.BUSY)
        elif last is None:
            sold = counter.strip.last_sale()
            counter.say(Notice.VOID_TOO_LATE if sold else Notice.NOTHING_TO_VOID)
        else:
            counter.new_sale()
            counter.go(Event.VOID_ASKED)
            counter.set(amount=last.amount, detail=f"{last.at} {last.initials}")

    def choose_void(self, key: str) -> None:
        """Void the last sale for the reason of that key; any other key waits on."""
        counter, last = self._counter, self.voidable()
        if last is None:
            counter.new_sale()
            counter.say(Notice.VOID_TOO_LATE)
        elif key not in VOID_REASONS:
            counter.say(Notice.VOID_KEYS)
        else:
            counter.go(Event.VOID_CHOSEN)
            body = {"reason": VOID_REASONS[key], "voids": last.seq}
            amount = -last.amount.minor
            draft = Draft(EntryKind.VOID, last.customer_id, amount, body, last.charge_id)
            counter.errands.start(self._void(draft))

    def voidable(self) -> Sold | None:
        """Give the last sale, if the cashier may still void it alone."""
        last = self._counter.strip.last_sale()
        if last is None or last.sold_at_s is None:
            return None
        age_s = self._counter.now_s - last.sold_at_s
        return last if age_s <= self._counter.settings.void_window_s else None

    def _confirm(self, known: Found, at_s: float, *, seen: bool) -> None:
        counter = self._counter
        if not seen or self._is_hasty(at_s):
            turned = counter.sale.notice is Notice.NOW_REFUSED
            counter.say(Notice.NOW_REFUSED if turned else Notice.WAIT_A_MOMENT)
        elif counter.go(Event.CONFIRMED):
            counter.set(amount=counter.total)
            if wait_s := self._inquiry.patience_s(known):
                counter.errands.start(self._wait_and_decide(wait_s))
            else:
                self._decide()

    async def _wait_and_decide(self, wait_s: float) -> None:
        await self._inquiry.answer_within(wait_s)
        self._decide()

    def _decide(self) -> None:
        """Ask the rules once more, with what is known by now, and act on it."""
        counter = self._counter
        found, basket = counter.sale.found, counter.sale.rung.whole(counter.settings.keypad)
        if found is None:
            return  # something failed meanwhile, and the till is closed
        judged = counter.desk.judge(counter.sale, found, counter.now_s)
        verdict = judged.decision
        counter.set(judged=judged, asking=False)
        if isinstance(verdict, Declined):
            self._refuse(verdict)
            return
        assert isinstance(found.finding, Found)
        counter.go(Event.ALLOWED)
        draft = counter.desk.charge(counter.sale, found.finding, basket, verdict)
        counter.errands.start(self._charge(draft))

    async def _charge(self, draft: Draft) -> None:
        entry = await self._commit(draft)
        if entry is not None:
            self._paid(entry)

    def _refuse(self, verdict: Declined) -> None:
        counter = self._counter
        if verdict.reason is Reason.TILL_CLOSED:
            counter.close(counter.ports.books.closed_by())
            return
        self._finish(Event.REFUSED)
        if counter.sale.noted != (verdict.reason, counter.total):
            self._inquiry.note_decline(verdict)

    def _paid(self, entry: Entry) -> None:
        counter = self._counter
        counter.strip.add(sold_of(entry, counter.now_s))
        counter.set(rung=NOTHING_RUNG, overrides=())
        found = counter.sale.found
        counter.set(
            judged=counter.desk.judge(counter.sale, found, counter.now_s) if found else None
        )
        self._finish(Event.SAVED)
        counter.news()
        counter.ports.settle()

    async def _void(self, draft: Draft) -> None:
        counter = self._counter
        entry = await self._commit(draft)
        if entry is not None:
            counter.strip.void(draft.charge_id or "", entry.seq)
            self._finish(Event.VOID_SAVED)
            counter.news()
            counter.ports.settle()

    async def _commit(self, draft: Draft) -> Entry | None:
        """Append one entry; None where the journal could not, and then the till says so."""
        counter = self._counter
        append = asyncio.ensure_future(counter.ports.books.append([draft]))
        done, _ = await asyncio.wait({append}, timeout=SLOW_DISK_S)
        if not done:
            counter.go(Event.DRAGS)
            counter.changed()
        try:
            return (await append)[0]
        except JournalError as fault:
            counter.close(str(fault.fields.get("detail", fault.code)))
        return None

    def _finish(self, event: Event) -> None:
        """Take a step to a verdict; Enter is dead for a moment, against double presses."""
        counter = self._counter
        counter.go(event)
        counter.touch()
        counter.verdict_at_s = counter.now_s

    def _is_hasty(self, pressed_s: float) -> bool:
        """Tell whether nobody can have looked at the verdict, or at whose card was tapped."""
        counter, tap = self._counter, self._counter.sale.tap
        seen_at_s = max(counter.verdict_at_s, tap.at_s) if tap else counter.verdict_at_s
        return pressed_s < seen_at_s + DEAD_ENTER_S
