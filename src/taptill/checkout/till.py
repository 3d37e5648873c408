"""Reader messages and keys in, one frozen view after each event out."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from taptill.checkout.charging import Charging
from taptill.checkout.counter import Counter, TillSettings
from taptill.checkout.inquiry import Inquiry
from taptill.checkout.keypad import press
from taptill.checkout.ports import Ports
from taptill.checkout.session import OVER, Event, Step
from taptill.checkout.view import Notice, TillView
from taptill.domain.customer import Snapshot
from taptill.domain.entry import Entry
from taptill.domain.tap import CardProblem, ReaderHealth, ReaderMessage, Tap

TICK_S = 1.0


class Till:
    """Takes reader messages from the queue and keys from the screen; publishes TillView."""

    def __init__(
        self, ports: Ports, settings: TillSettings, queue: asyncio.Queue[ReaderMessage]
    ) -> None:
        self._ports = ports
        self._queue = queue
        self._counter = Counter(ports, settings, self.refresh)
        self._inquiry = Inquiry(self._counter)
        self._charging = Charging(self._counter, self._inquiry)
        self._readers: dict[str, ReaderHealth] = {}
        self._watchers: list[Callable[[TillView], None]] = []
        self._view: TillView | None = None
        self._restored = False

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
        self._restored = strip.last_sale() is not None

    async def run(self) -> None:
        """Answer the readers and the passing of time until cancelled."""
        self._counter.start(self._tick())
        while True:
            match await self._queue.get():
                case ReaderHealth() as health:
                    self._readers[health.reader] = health
                case CardProblem() as problem:
                    self._inquiry.refused_by_reader(problem)
                case Tap() as tap:
                    self._restored = False
                    self._inquiry.tapped(tap)
            self.refresh()

    def press(self, key: str) -> None:
        """Take a key of the keypad or a good's small letter."""
        counter = self._touched()
        if counter.sale.step is Step.VOIDING:
            self._charging.choose_void(key)
        elif counter.under_way:
            counter.say(Notice.BUSY)
        elif counter.sale.step is not Step.CLOSED:
            counter.begin_if_over()
            counter.ring(*press(counter.sale.rung, key, counter.settings.keypad))
        self.refresh()

    def confirm(self) -> None:
        """Charge what is rung up to the customer shown, if the rules allow it."""
        counter = self._touched()
        if counter.sale.rung.typed.startswith("/"):
            self.press("+")
            return
        self._charging.confirm()
        self.refresh()

    def cancel(self) -> None:
        """Drop the sale; what is on its way to the disk is not dropped."""
        counter = self._touched()
        if counter.under_way:
            counter.say(Notice.BUSY)
        elif counter.sale.step is not Step.CLOSED:
            counter.new_sale()
        self.refresh()

    def void(self) -> None:
        """Ask for the reason to void the last sale."""
        self._touched()
        self._charging.ask_void()
        self.refresh()

    def sighted(self, snapshot: Snapshot) -> None:
        """Take a fresh row of the customer on the panel."""
        self._inquiry.sighted(snapshot)
        self.refresh()

    def refresh(self) -> None:
        """Publish the view if anything in it has changed."""
        view = self._draw()
        if view != self._view:
            self._view = view
            for watcher in self._watchers:
                watcher(view)

    def _touched(self) -> Counter:
        self._counter.touch()
        self._restored = False
        return self._counter

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._pass_time()
            self.refresh()

    def _pass_time(self) -> None:
        counter, sale = self._counter, self._counter.sale
        closed = self._ports.books.closed_by()
        shown = sale.found is not None or sale.problem is not None or sale.step in OVER
        idle_s = counter.now_s - counter.touched_at_s
        if counter.under_way:
            return
        if sale.step is Step.CLOSED and not closed:
            counter.new_sale()
        elif closed:
            counter.close(closed)
        elif shown and not counter.whole.lines and idle_s > counter.settings.clear_after_s:
            counter.go(Event.CANCELLED)
            counter.new_sale()
        elif sale.step in {Step.CARD, Step.CONFIRM}:
            self._inquiry.keep_fresh()

    def _draw(self) -> TillView:
        counter, sale = self._counter, self._counter.sale
        strip, books = counter.strip, self._ports.books
        last = strip.last_sale()
        voidable = last.charge_id if last and self._charging.voidable(last) else ""
        positions = {one: books.position(one) for one in strip.customers()}
        return TillView(
            step=sale.step,
            status=replace(self._ports.status(), readers=tuple(self._readers.values())),
            goods=counter.settings.keypad.goods,
            basket=sale.rung.basket,
            typed=sale.rung.typed,
            total=counter.total,
            customer=counter.desk.customer(sale, counter.now_s),
            verdict=sale.verdict,
            trouble=sale.problem.trouble if sale.problem else None,
            amount=sale.amount,
            notice=sale.notice,
            detail=sale.detail,
            strip=strip.views(positions, voidable),
            restored=self._restored,
        )
