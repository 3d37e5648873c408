"""Reader messages and keys in, one frozen view after each event out."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from taptill.checkout.charging import Charging
from taptill.checkout.counter import Counter, TillSettings
from taptill.checkout.inquiry import Inquiry
from taptill.checkout.keypad import NOTHING_RUNG, press
from taptill.checkout.ports import Ports
from taptill.checkout.sale import Sale
from taptill.checkout.session import OVER, UNDER_WAY, Step
from taptill.checkout.view import Notice, TillView
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Declined, Override
from taptill.domain.entry import Entry, Position
from taptill.domain.errors import JournalError
from taptill.domain.tap import CardProblem, Misread, ReaderHealth, ReaderMessage

TICK_S = 1.0

_PASSING = frozenset(Step) - UNDER_WAY - {Step.READY, Step.RINGING, Step.CONFIRM}
"""What blanks by itself when nobody is there: a sale that waits for its card does not, and one that
waits for Enter has a longer time, after which its customer is let go."""


class Till:
    """Takes reader messages from the queue and keys from the screen; publishes TillView."""

    def __init__(
        self, ports: Ports, settings: TillSettings, queue: asyncio.Queue[ReaderMessage]
    ) -> None:
        self._ports = ports
        self._queue = queue
        self._counter = Counter(ports, settings, self._publish, self.refresh)
        self._inquiry = Inquiry(self._counter)
        self._charging = Charging(self._counter, self._inquiry)
        self._readers: dict[str, ReaderHealth] = {}
        self._watchers: list[Callable[[TillView], None]] = []
        self._view: TillView | None = None
        self._status = ports.status()
        self._positions: dict[int, Position | None] = {}
        self._restored = False
        self._question = 0
        self._asked: object = None

    @property
    def sale(self) -> Sale:
        """Give the one sale as it stands."""
        return self._counter.sale

    @property
    def question(self) -> int:
        """Give the number of what Enter would confirm now."""
        return self._question

    def watch(self, watcher: Callable[[TillView], None]) -> None:
        """Call `watcher` with every new view, in this event loop."""
        self._watchers.append(watcher)
        self._view = None
        self.refresh()

    def restore(self, sales: Iterable[Entry]) -> None:
        """Show the last sales of the journal, so that nobody rings them up again."""
        boot_id, uptime_ms = self._ports.clock.boot()
        strip = self._counter.strip
        strip.restore(sales, boot_id, uptime_ms, self._counter.now_s)
        self._restored = strip.ends_with_sale

    async def run(self) -> None:
        """Answer the readers and the passing of time until cancelled."""
        self._counter.errands.start(self._tick())
        try:
            while True:
                self._hear(await self._queue.get())
                self._publish()
        finally:
            self._counter.errands.stop()

    def press(self, key: str) -> None:
        """Take a key of the keypad or a good's small letter."""
        if self._takes_keys():
            if self._counter.sale.step is Step.VOIDING:
                self._charging.choose_void(key)
            else:
                self._counter.begin_if_over()
                self._ring(key)
        self._publish()

    def confirm(self, at_s: float | None = None, *, seen: bool = True) -> None:
        """Charge what is rung up to the customer shown, if the rules allow it.

        `at_s` is when Enter was pressed; None is now. What was not `seen` is not charged.
        """
        if self._takes_keys():
            if self._counter.sale.rung.typed.startswith("/"):
                self._ring("+")
            else:
                self._charging.confirm(self._counter.now_s if at_s is None else at_s, seen=seen)
        self._publish()

    def cancel(self) -> None:
        """Drop the sale; what is on its way to the disk is not dropped."""
        if self._takes_keys():
            self._counter.new_sale()
            self._counter.verdict_at_s = self._counter.now_s
        self._publish()

    def ask_anew(self) -> None:
        """Learn that something was pressed: Enter must see the screen that comes of it."""
        self._question += 1
        self._publish()

    def take_back(self, before: Sale, notice: Notice) -> None:
        """Take back what keys have changed since then, and say why; a card that came since stays.

        With the sale as it stands, nothing changes but what is said.
        """
        counter, sale = self._counter, self._counter.sale
        if self._takes_keys():
            known = before.step not in UNDER_WAY | {Step.CLOSED}  # what came of it since stands
            if sale.charge_id != before.charge_id and sale.tap is None and known:
                counter.sale = before
            elif sale.charge_id != before.charge_id:
                counter.ring(NOTHING_RUNG, notice)
            elif sale.step not in OVER and known:
                counter.ring(before.rung, notice)
            counter.say(notice)
        self._publish()

    def void(self) -> None:
        """Ask for the reason to void the last sale."""
        if self._takes_keys():
            self._charging.ask_void()
        self._publish()

    def override(self, override: Override) -> None:
        """Let a supervisor pass the reason on the screen; gone with the card or the sale."""
        if self._takes_keys():
            self._counter.override(override)
        self._publish()

    def sighted(self, snapshot: Snapshot) -> None:
        """Take a fresh row of the customer on the panel."""
        self._inquiry.sighted(snapshot)
        self.refresh()

    def refresh(self) -> None:
        """Look around for what other rooms have to say, and publish the view.

        While the journal cannot be read the till is closed, and looks again with each tick.
        """
        try:
            self._look_around()
        except JournalError as fault:
            self._counter.close(str(fault.fields.get("detail", fault.code)))
        self._publish()

    def _look_around(self) -> None:
        """Read the facts that other rooms own; keys and taps change none of them."""
        self._status = self._ports.status()
        books = self._ports.books
        self._positions = {one: books.position(one) for one in self._counter.strip.customers()}

    def _publish(self) -> None:
        """Publish the view if anything in it has changed, with a decision of this moment."""
        self._inquiry.judge_anew()
        asked = self._what_is_asked()
        if asked != self._asked:
            self._asked = asked
            self._question += 1
        view = self._draw()
        if view != self._view:
            self._view = view
            for watcher in self._watchers:
                watcher(view)

    def _what_is_asked(self) -> object:
        """Give what Enter would confirm: it is another question when any of this changes."""
        sale = self._counter.sale
        who = sale.found.customer_id if sale.found else None
        declined = sale.verdict.reason if isinstance(sale.verdict, Declined) else None
        return (sale.charge_id, sale.step, sale.tap, who, self._counter.total, declined)

    def _hear(self, message: ReaderMessage) -> None:
        if isinstance(message, ReaderHealth):
            self._readers[message.reader] = message
            return
        self._restored = False
        if isinstance(message, CardProblem):
            self._inquiry.refused_by_reader(message)
        elif isinstance(message, Misread):
            self._inquiry.misread()
        else:
            self._inquiry.tapped(message)

    def _takes_keys(self) -> bool:
        """Tell whether a key may change anything now; where not, the screen says so."""
        counter, self._restored = self._counter, False
        if counter.sale.step is Step.CLOSED:
            return False
        counter.touch()
        if counter.sale.under_way:
            counter.say(Notice.BUSY)
        return not counter.sale.under_way

    def _ring(self, key: str) -> None:
        counter = self._counter
        counter.ring(*press(counter.sale.rung, key, counter.settings.keypad))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._pass_time()
            self.refresh()

    def _pass_time(self) -> None:
        counter, step = self._counter, self._counter.sale.step
        if counter.sale.under_way:
            return
        idle_s = counter.now_s - counter.touched_at_s
        if closed := self._ports.books.closed_by():
            counter.close(closed)
        elif step in _PASSING and idle_s > counter.settings.clear_after_s:
            counter.clear()
        elif step is Step.CONFIRM and idle_s > counter.settings.let_go_after_s:
            counter.clear()
            counter.say(Notice.LET_GO)
        elif step in {Step.CARD, Step.CONFIRM}:
            self._inquiry.keep_fresh()

    def _draw(self) -> TillView:
        counter, sale = self._counter, self._counter.sale
        strip = counter.strip
        voidable = self._charging.voidable()
        finding = sale.found.finding if sale.found else None
        return TillView(
            step=sale.step,
            status=replace(self._status, readers=tuple(self._readers.values())),
            goods=counter.settings.keypad.goods,
            basket=sale.rung.basket,
            typed=sale.rung.typed,
            total=counter.total,
            customer=counter.desk.customer(sale, counter.now_s),
            verdict=sale.verdict,
            trouble=finding.trouble if isinstance(finding, CardProblem) else None,
            amount=sale.amount,
            notice=sale.notice,
            detail=sale.detail,
            strip=strip.views(self._positions, voidable.charge_id if voidable else ""),
            restored=self._restored,
            question=self._question,
        )
