"""A tap in, the customer on the panel out: the cached one at once, the live one beside it."""

import asyncio
import logging

from taptill.checkout.counter import Counter
from taptill.checkout.sale import Found
from taptill.checkout.session import OVER, Event, Step
from taptill.checkout.strip import Sold, local_time
from taptill.checkout.view import Notice
from taptill.domain.customer import Snapshot, initials
from taptill.domain.decision import Approved, Declined, Known, Reason, Unreachable
from taptill.domain.errors import JournalError
from taptill.domain.tap import CardProblem, Tap

log = logging.getLogger("taptill.till")

TAP_AGE_MAX_S = 2.0
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
_NO_TAPS = frozenset({Step.VOIDING, Step.CLOSED})


class Inquiry:
    """Who is at the counter, and how fresh that is."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._live: asyncio.Task[None] | None = None
        self._asked_at_s = 0.0

    def tapped(self, tap: Tap) -> None:
        """Answer a tap visibly, whatever it can or cannot do now."""
        counter, sale = self._counter, self._counter.sale
        if counter.now_s - tap.at_s > TAP_AGE_MAX_S:
            counter.say(Notice.TAP_AGAIN)
        elif counter.under_way or sale.step in _NO_TAPS:
            counter.say(Notice.BUSY)
        elif self._is_shown(tap):
            counter.touch()
            counter.say(Notice.SAME_CARD)
        elif sale.step is Step.CONFIRM and sale.other_card != tap.card_id:
            counter.set(notice=Notice.OTHER_CARD, other_card=tap.card_id)
        else:
            counter.touch()
            counter.begin_if_over()
            counter.set(found=None, problem=None, verdict=None, other_card="", asking=True)
            counter.start(self._find(tap, counter.sale.charge_id))

    def refused_by_reader(self, problem: CardProblem) -> None:
        """Take back what the reader could not name."""
        counter = self._counter
        if counter.under_way or counter.sale.step in _NO_TAPS:
            return
        counter.touch()
        counter.begin_if_over()
        counter.set(found=None, verdict=None, problem=problem, asking=False)
        counter.go(Event.UNREAD)
        self.note_decline(Declined(Reason.UNREADABLE_CARD))

    def sighted(self, snapshot: Snapshot) -> None:
        """Take a row that settlement came by, if it is the customer on the panel."""
        found = self._counter.sale.found
        if found is None or not isinstance(found.finding, Known):
            return
        if found.finding.snapshot.customer.id == snapshot.customer.id:
            fresh = Found(found.card_id, Known(snapshot, 0.0), self._counter.now_s, live=True)
            self._counter.set(found=fresh)

    def keep_fresh(self) -> None:
        """Ask again for the customer on the panel before the sight grows stale."""
        half_fresh_s = self._counter.settings.policy.fresh_s / 2
        found = self._counter.sale.found
        if found and self._counter.now_s - self._asked_at_s > half_fresh_s:
            self._ask_again(found)

    async def fresh_answer(self, found: Found) -> None:
        """Wait for a live answer that is under way, or that a stale sight needs; not for long."""
        finding = found.finding_at(self._counter.now_s)
        age_s = finding.age_s if isinstance(finding, Known) else None
        if age_s is None or age_s > self._counter.settings.policy.fresh_s:
            self._ask_again(found)
        waited_s = self._counter.now_s - self._asked_at_s
        await self._await_live(self._counter.settings.live_deadline_s - waited_s)

    def note_decline(self, verdict: Declined) -> None:
        """Journal a decline outside the customer's way, and show it in the strip; once."""
        counter = self._counter
        if counter.sale.noted == verdict:
            return  # refused on tap, and refused again at Enter
        counter.set(noted=verdict)
        finding = counter.sale.found.finding if counter.sale.found else None
        if isinstance(finding, Known) and counter.total:
            name = initials(finding.snapshot.customer.name)
            at = local_time(counter.ports.clock.now())
            counter.strip.add(Sold("", at, counter.total, name, 0, 0, None, refused=verdict))
        counter.start(self._journal_decline(verdict))

    async def _journal_decline(self, verdict: Declined) -> None:
        counter = self._counter
        draft = counter.desk.declined(counter.sale, verdict, counter.total)
        try:
            await counter.ports.books.append([draft])
        except JournalError as fault:
            log.warning("decline.not_journaled", extra={"code": fault.code})

    async def _find(self, tap: Tap, charge_id: str) -> None:
        counter = self._counter
        finding = await counter.ports.finder.cached(tap.card_id)
        cached = None if isinstance(finding, Unreachable) else finding
        if cached and counter.is_on(charge_id):
            counter.show(Found(tap.card_id, cached, counter.now_s))
        self._ask(tap, charge_id)
        if cached:
            await self._await_live(SLOW_ANSWER_S)
        else:
            await self._await_live_alone(charge_id)
        if not counter.is_on(charge_id) or counter.sale.problem:
            return
        if counter.sale.found is None:
            counter.show(Found(tap.card_id, finding, counter.now_s))
        verdict = counter.sale.verdict
        if isinstance(verdict, Declined) and verdict.reason in _JOURNALED_ON_TAP:
            self.note_decline(verdict)

    async def _await_live_alone(self, charge_id: str) -> None:
        """Wait for the live answer with nothing to show, and soon say so."""
        await self._await_live(LOOKING_UP_S)
        if self._counter.is_on(charge_id) and self._counter.sale.found is None:
            self._counter.say(Notice.LOOKING_UP)
            self._counter.changed()
        await self._await_live(self._counter.settings.live_deadline_s - LOOKING_UP_S)

    def _is_shown(self, tap: Tap) -> bool:
        found = self._counter.sale.found
        shown = self._counter.sale.step in {Step.CARD, Step.CONFIRM}
        return shown and found is not None and found.card_id == tap.card_id

    def _ask(self, tap: Tap, charge_id: str) -> None:
        self._asked_at_s = self._counter.now_s
        self._live = self._counter.start(self._ask_live(tap, charge_id))

    def _ask_again(self, found: Found) -> None:
        if self._live is None or self._live.done():
            tap = Tap(found.card_id, "", self._counter.now_s)
            self._ask(tap, self._counter.sale.charge_id)

    async def _await_live(self, timeout_s: float) -> None:
        if self._live is not None and not self._live.done() and timeout_s > 0:
            await asyncio.wait({self._live}, timeout=timeout_s)

    async def _ask_live(self, tap: Tap, charge_id: str) -> None:
        """Ask the backend who has the card and take the answer into the panel."""
        counter = self._counter
        live = await counter.ports.finder.live(tap.card_id)
        sale = counter.sale
        other_tap = sale.found is not None and sale.found.card_id != tap.card_id
        if not counter.is_on(charge_id) or sale.step in OVER | _NO_TAPS or other_tap:
            return
        counter.set(asking=False)
        if isinstance(live, Unreachable) or sale.problem:
            return
        if sale.found is None:
            counter.show(Found(tap.card_id, live, counter.now_s, live=True))
        else:
            self._take_answer(sale.found.answered(live, counter.now_s))

    def _take_answer(self, found: Found) -> None:
        counter, before = self._counter, self._counter.sale.verdict
        if counter.under_way:
            counter.set(found=found)
            return
        notice = counter.sale.notice
        counter.show(found)
        if isinstance(before, Approved) and isinstance(counter.sale.verdict, Declined):
            known = isinstance(found.finding, Known)
            notice = Notice.NOW_REFUSED if known else Notice.CARD_CHANGED
        counter.say(notice)
