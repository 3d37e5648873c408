"""A tap in, the customer on the panel out: the cached one at once, the live one beside it."""

import asyncio
import logging

from taptill.checkout.counter import Counter
from taptill.checkout.sale import ShownCustomer
from taptill.checkout.session import OVER, UNDER_WAY, Event, Step
from taptill.checkout.strip import Sold, local_time
from taptill.checkout.view import Notice
from taptill.domain.customer import Snapshot, initials
from taptill.domain.decision import Approved, Declined, Found, LookupResult, Reason, Unreachable
from taptill.domain.entry import Draft
from taptill.domain.errors import JournalError
from taptill.domain.tap import CardProblem, Tap

log = logging.getLogger("taptill.till")

TAP_AGE_MAX_S = 2.0
FRESH_VERDICT_S = 2.0
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
_JUDGED_ANEW = frozenset({Step.CARD, Step.CONFIRM, Step.DECLINED, Step.PAID})


class Inquiry:
    """Who is at the counter, and how fresh that is."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._live: asyncio.Task[None] | None = None
        self._asked_at_s = 0.0

    def tapped(self, tap: Tap) -> None:
        """Answer a tap visibly, whatever it can or cannot do now."""
        counter, sale = self._counter, self._counter.sale
        if sale.step in _NO_TAPS:
            self._turn_away()
        elif counter.now_s - tap.at_s > TAP_AGE_MAX_S:
            counter.say(Notice.TAP_AGAIN)
        elif self._is_shown(tap):
            counter.touch()
            counter.say(Notice.SAME_CARD)
        elif sale.step is Step.CONFIRM and sale.other_card != tap.card_id:
            counter.touch()
            counter.say(Notice.OTHER_CARD, tap.card_id)
        else:
            counter.touch()
            counter.begin_if_over()
            counter.welcome(tap)
            counter.errands.start(self._find(tap))

    def refused_by_reader(self, problem: CardProblem) -> None:
        """Take back what the reader could not name; a fresh PAID is not wiped by it."""
        counter = self._counter
        if counter.sale.step in _NO_TAPS:
            self._turn_away()
            return
        if counter.sale.step in OVER and counter.now_s < counter.verdict_at_s + FRESH_VERDICT_S:
            counter.say(Notice.NOT_READ)
            return
        counter.touch()
        counter.begin_if_over()
        counter.welcome(None)
        self._show(ShownCustomer(problem, counter.now_s))

    def misread(self) -> None:
        """Ask for the card once more; who is on the screen is not to blame, and stays."""
        counter, sale = self._counter, self._counter.sale
        is_old = counter.now_s >= counter.verdict_at_s + FRESH_VERDICT_S
        if sale.step in _NO_TAPS:
            self._turn_away()
        elif sale.tap and not (sale.step in OVER and is_old):
            counter.say(Notice.NOT_READ)
        else:
            counter.touch()
            counter.begin_if_over()
            counter.welcome(None)
            counter.go(Event.UNREAD)

    def judge_anew(self) -> None:
        """Decide again where time or the journal has changed what the screen shows.

        A refusal at confirm stays: it was the answer to Enter.
        """
        counter, sale = self._counter, self._counter.sale
        if sale.found is None or sale.judged is None or sale.step not in _JUDGED_ANEW:
            return
        if counter.desk.judge(counter.sale, sale.found, counter.now_s) != sale.judged:
            self._change(sale.found)

    def sighted(self, snapshot: Snapshot) -> None:
        """Take a row that settlement came by, if it is the customer on the panel."""
        found = self._counter.sale.found
        if found and found.customer_id == snapshot.customer.id:
            self._take(found, Found(snapshot, 0.0))

    def keep_fresh(self) -> None:
        """Ask again for the customer on the panel before the sight grows stale."""
        half_fresh_s = self._counter.settings.policy.fresh_s / 2
        if self._counter.now_s - self._asked_at_s > half_fresh_s:
            self._ask_again()

    def patience_s(self, known: Found) -> float:
        """Give how long a confirm waits for the answer under way, or that a stale sight needs."""
        settings = self._counter.settings
        if not known.is_fresh(settings.policy.fresh_s):
            self._ask_again()
        if self._live is None or self._live.done():
            return 0.0
        waited_s = self._counter.now_s - self._asked_at_s
        return max(0.0, settings.live_deadline_s - waited_s)

    async def answer_within(self, wait_s: float) -> None:
        """Wait for the answer under way, but no longer than this."""
        assert self._live is not None
        await asyncio.wait({self._live}, timeout=wait_s)

    def note_decline(self, verdict: Declined) -> None:
        """Journal a decline outside the customer's way, and show it in the strip."""
        counter, sale, total = self._counter, self._counter.sale, self._counter.total
        finding = sale.found.finding if sale.found else None
        if isinstance(finding, Found) and total:
            name = initials(finding.snapshot.customer.name)
            at = local_time(counter.ports.clock.now())
            counter.strip.add(Sold("", at, total, name, 0, 0, None, refused=verdict))
        counter.set(noted=(verdict.reason, total))
        counter.errands.start(self._journal(counter.desk.declined(sale, verdict, total)))

    async def _journal(self, decline: Draft) -> None:
        try:
            await self._counter.ports.books.append([decline])
        except JournalError as fault:
            log.warning("decline.not_journaled", extra={"code": fault.code})

    async def _find(self, tap: Tap) -> None:
        finding = await self._counter.ports.finder.cached(tap.card_id)
        if self._counter.sale.tap is not tap:
            return
        self._ask(tap)
        if isinstance(finding, Unreachable):
            await self._look_up(tap)
        else:
            self._show(ShownCustomer(finding, self._counter.now_s))

    async def _look_up(self, tap: Tap) -> None:
        """Wait for the live answer with nothing to show, and soon say so."""
        said_s = 0.0
        for after_s, notice in (
            (LOOKING_UP_S, Notice.LOOKING_UP),
            (SLOW_ANSWER_S, Notice.SLOW_ANSWER),
        ):
            await self.answer_within(after_s - said_s)
            if self._counter.sale.tap is not tap or self._counter.sale.found:
                return
            self._counter.say(notice)
            self._counter.changed()
            said_s = after_s

    def _turn_away(self) -> None:
        step = self._counter.sale.step
        if step is not Step.CLOSED:
            self._counter.say(Notice.VOID_KEYS if step is Step.VOIDING else Notice.BUSY)

    def _is_shown(self, tap: Tap) -> bool:
        """Tell whether this card is on the panel and may pay, or is being looked up."""
        sale = self._counter.sale
        open_to_it = sale.found is None or sale.step in {Step.CARD, Step.CONFIRM}
        return open_to_it and sale.tap is not None and sale.tap.card_id == tap.card_id

    def _show(self, found: ShownCustomer) -> None:
        """Put a finding on the panel; what refuses the card itself is journaled, once a tap."""
        counter = self._counter
        counter.show(found)
        verdict, noted = counter.sale.verdict, counter.sale.noted
        if not isinstance(verdict, Declined) or (noted and noted[0] is verdict.reason):
            return
        if verdict.reason in _JOURNALED_ON_TAP:
            self.note_decline(verdict)

    def _ask(self, tap: Tap) -> None:
        self._asked_at_s = self._counter.now_s
        self._live = self._counter.errands.start(self._ask_live(tap))

    def _ask_again(self) -> None:
        tap = self._counter.sale.tap
        if tap and (self._live is None or self._live.done()):
            self._ask(tap)

    async def _ask_live(self, tap: Tap) -> None:
        """Ask the backend who has the card and take the answer into the panel."""
        counter = self._counter
        await asyncio.sleep(PAINT_S)
        live = await counter.ports.finder.live(tap.card_id)
        counter.news()
        if counter.sale.tap is not tap:
            return
        counter.set(asking=False)
        found = counter.sale.found
        if found is None:
            self._show(ShownCustomer(live, counter.now_s))
        elif not isinstance(live, Unreachable):
            self._take(found, live)

    def _take(self, found: ShownCustomer, live: LookupResult) -> None:
        """Take a later answer into the panel, and say what it changes for the cashier."""
        counter = self._counter
        answered = found.answered(live, counter.now_s)
        if counter.sale.under_way:
            counter.set(found=answered)  # what was decided stays until it is decided again
            return
        self._change(answered)
        if found.can_pay and not isinstance(answered.finding, Found) and self._is_open():
            counter.say(Notice.CARD_CHANGED)

    def _change(self, found: ShownCustomer) -> None:
        """Decide about what is known by now; after PAID that changes the panel alone."""
        counter, before = self._counter, self._counter.sale.verdict
        if not self._is_open():
            counter.set(found=found, judged=counter.desk.judge(counter.sale, found, counter.now_s))
            return
        self._show(found)
        if isinstance(before, Approved) and isinstance(counter.sale.verdict, Declined):
            counter.touch()  # somebody waits at the till: the reason stands as long as any
            counter.say(Notice.NOW_REFUSED)

    def _is_open(self) -> bool:
        return self._counter.sale.step not in OVER
