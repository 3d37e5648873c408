"""Enter in, a charge in the journal out, and only then PAID; F8 in, a void out."""

import asyncio

from taptill.checkout.counter import Counter
from taptill.checkout.inquiry import Inquiry
from taptill.checkout.keypad import NOTHING_RUNG, Rung
from taptill.checkout.sale import Found
from taptill.checkout.session import Event
from taptill.checkout.strip import Sold, sold_of
from taptill.checkout.view import Notice
from taptill.domain.basket import Basket
from taptill.domain.decision import Declined, Known, Reason
from taptill.domain.entry import Draft, Entry, Kind
from taptill.domain.errors import EntryRefusedError, JournalError

SLOW_DISK_S = 2.0

VOID_REASONS = {"1": "wrong amount", "2": "wrong customer", "3": "goods returned"}


class Charging:
    """From confirm to PAID: decide with the freshest answer, commit, then say so."""

    def __init__(self, counter: Counter, inquiry: Inquiry) -> None:
        self._counter = counter
        self._inquiry = inquiry

    def confirm(self) -> None:
        """Charge what is rung up to the customer shown, if the rules allow it."""
        counter, sale = self._counter, self._counter.sale
        if counter.under_way:
            counter.say(Notice.BUSY)
        elif counter.now_s < counter.enter_dead_until_s:
            counter.say(Notice.WAIT_A_MOMENT)
        elif not counter.total:
            counter.say(Notice.NO_AMOUNT)
        elif sale.found is None:
            counter.say(Notice.NO_CARD)
        elif counter.go(Event.CONFIRMED):
            counter.start(self._charge(sale.found, counter.whole))

    def ask_void(self) -> None:
        """Ask why the last sale is to be voided; possible once, within the window."""
        counter, last = self._counter, self._counter.strip.last_sale()
        if last is None:
            counter.say(Notice.NOTHING_TO_VOID)
        elif not self.voidable(last):
            counter.say(Notice.VOID_TOO_LATE)
        elif counter.go(Event.VOID_ASKED):
            counter.set(rung=NOTHING_RUNG, amount=last.amount, detail=last.initials)
        else:
            counter.say(Notice.BUSY)

    def choose_void(self, key: str) -> None:
        """Void the last sale for the reason of that key; any other key waits on."""
        counter, last = self._counter, self._counter.strip.last_sale()
        if key not in VOID_REASONS or last is None or not counter.go(Event.VOID_CHOSEN):
            return
        body = {"reason": VOID_REASONS[key], "voids": last.seq}
        amount = -last.amount.minor
        draft = Draft(Kind.VOID, last.customer_id, amount, body, last.charge_id)
        counter.start(self._void(draft))

    def voidable(self, sold: Sold) -> bool:
        """Tell whether a sale may still be voided by the cashier alone."""
        window_s = self._counter.settings.void_window_s
        return sold.sold_at_s is not None and self._counter.now_s - sold.sold_at_s <= window_s

    async def _charge(self, found: Found, basket: Basket) -> None:
        counter = self._counter
        counter.set(rung=Rung(basket), amount=basket.total)
        await self._inquiry.fresh_answer(found)
        shown, found = found, counter.sale.found or found
        if found.customer_id not in {None, shown.customer_id}:
            found = shown  # Enter was for who was on the panel, and for nobody else
        finding = found.finding_at(counter.now_s)
        verdict = counter.desk.ask(found, basket.total, counter.now_s)
        counter.set(verdict=verdict, asking=False)
        if isinstance(verdict, Declined):
            self._refuse(verdict)
            return
        assert isinstance(finding, Known)
        counter.go(Event.ALLOWED)
        counter.changed()
        draft = counter.desk.charge(counter.sale, finding, basket, offline=verdict.offline)
        entry = await self._commit(draft)
        if entry is not None:
            self._paid(entry, found)

    def _refuse(self, verdict: Declined) -> None:
        counter = self._counter
        if verdict.reason is Reason.TILL_CLOSED:
            counter.close(counter.ports.books.closed_by())
        else:
            counter.finish(Event.REFUSED)
            self._inquiry.note_decline(verdict)

    def _paid(self, entry: Entry, found: Found) -> None:
        counter = self._counter
        counter.strip.add(sold_of(entry, counter.now_s))
        verdict = counter.desk.ask(found, None, counter.now_s)
        counter.set(rung=NOTHING_RUNG, verdict=verdict)
        counter.finish(Event.SAVED)
        counter.changed()
        counter.ports.settle()

    async def _void(self, draft: Draft) -> None:
        counter = self._counter
        entry = await self._commit(draft)
        if entry is not None:
            counter.strip.void(draft.charge_id or "", entry.seq)
            counter.set(found=None, verdict=None)
            counter.finish(Event.VOID_SAVED)
            counter.changed()
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
        except EntryRefusedError:
            counter.new_sale()
            counter.say(Notice.NOTHING_TO_VOID)
        except JournalError as fault:
            counter.close(str(fault.fields.get("detail", fault.code)))
        return None
