"""The till: takes keys, reader messages and ticks, and publishes one view after each."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from taptill.checkout.charging import Charging
from taptill.checkout.goods.changes import Changes
from taptill.checkout.goods.ring_up import CURSOR_KEYS, RingUp
from taptill.checkout.identification import Identification
from taptill.checkout.keypad import NOTHING_KEYED
from taptill.checkout.modes.countdown import Countdown
from taptill.checkout.modes.idle import IdleRules
from taptill.checkout.pages.runner import LatePageOpener, PageRunner
from taptill.checkout.ports import Ports
from taptill.checkout.sale import Sale
from taptill.checkout.session import OVER, UNDER_WAY, Notice, Step
from taptill.checkout.till_facts import TillFacts
from taptill.checkout.till_state import TillSettings, TillState
from taptill.checkout.view import TillView
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Declined, Override
from taptill.domain.entry import Entry
from taptill.domain.errors import JournalError
from taptill.domain.tap import ReaderHealth, ReaderMessage, Scan, Tap

TICK_S = 1.0


class Till:
    """One selling place: sells to one customer at a time.

    Reader messages come from the queue, keys by the methods; every method returns at once. All of
    it runs in one event loop, so that no event interrupts another.
    """

    def __init__(
        self, ports: Ports, settings: TillSettings, queue: asyncio.Queue[ReaderMessage]
    ) -> None:
        self._ports = ports
        self._queue = queue
        self._state = TillState(ports, settings, self._publish, self.refresh)
        self._identification = Identification(self._state)
        self._charging = Charging(self._state, self._identification)
        self.ring_up = RingUp(self._state, self._accept_scan)
        self.changes = Changes(self._state)
        self.times = self._state.times
        self._page_runner = PageRunner(self._state)
        self._page_opener = LatePageOpener(self._state, self._charging, self._identification)
        self._idle_rules = IdleRules(
            self._state, self._identification, self._page_runner, self._open_page
        )
        self.countdown = Countdown(self._state, self._charging.confirm_by_countdown)
        self._watchers: list[Callable[[TillView], None]] = []
        self._view: TillView | None = None
        self._facts = TillFacts(ports)
        self._prompt_number = 0
        self._prompt: object = None

    @property
    def sale(self) -> Sale:
        """Return the sale in progress."""
        return self._state.sale

    @property
    def prompt_number(self) -> int:
        """Return the number of what Enter would confirm now."""
        return self._prompt_number

    def watch(self, watcher: Callable[[TillView], None]) -> None:
        """Call `watcher` with every new view, in this event loop."""
        self._watchers.append(watcher)
        self._view = None
        self.refresh()

    def restore(self, sales: Iterable[Entry]) -> None:
        """Show the last sales of the journal, so that nobody keys them in again."""
        boot_id, uptime_ms = self._ports.clock.boot()
        recent_sales = self._state.recent_sales
        recent_sales.restore(sales, boot_id, uptime_ms, self._state.now_s)
        self._facts.is_restored = recent_sales.ends_with_sale

    async def run(self) -> None:
        """Take reader messages and ticks until cancelled."""
        self._state.background.start(self._tick())
        try:
            while True:
                self._take_message(await self._queue.get())
                self._publish()
        finally:
            self._state.background.stop()

    def press(self, key: str) -> None:
        """Take a key of keypad or cursor, or the small letter of a good; on a page, any key."""
        if self._accept_key():
            if self._state.sale.page:
                self._page_runner.press(key)
            elif self._state.sale.step is Step.VOIDING and key not in CURSOR_KEYS:
                self._charging.choose_void(key)
            else:
                self.ring_up.press(key)
        self._publish()

    def confirm(self, at_s: float | None = None, *, on_screen: bool = True) -> None:
        """Charge what was keyed in to the customer shown, if the rules allow it.

        `at_s` is when Enter was pressed, None for now. `on_screen`: what it confirms was painted by
        then; nothing else is charged.
        """
        at_s = self._state.now_s if at_s is None else at_s
        if self._accept_key():
            if self._state.sale.page:
                self._page_runner.confirm(at_s, on_screen=on_screen)
            elif self._state.sale.keyed_input.is_unfinished:
                self.ring_up.press("+")
            else:
                self._charging.confirm(at_s, on_screen=on_screen)
        self._publish()

    def cancel(self) -> None:
        """Go back on a page, else let go of a chosen line, else cancel the sale if that can be."""
        if self._accept_key():
            if self._state.sale.page:
                self._page_runner.press("escape")
            elif not self.ring_up.let_go():
                self._state.new_sale()
                self._state.finished_at_s = self._state.now_s
        self._publish()

    def function_key(self, key: str) -> None:
        """Take F8, or another key that opens a page; the screen says why where that cannot be."""
        if self._accept_key(key):
            if self._state.sale.page:
                self._page_runner.press(key)
            else:
                self._open_page(key)
        self._publish()

    def renew_prompt(self) -> None:
        """Make a new prompt: Enter confirms only what is painted after this."""
        self._prompt_number += 1
        self._publish()

    def undo_keys(self, before: Sale, notice: Notice) -> None:
        """Undo what keys have changed since `before` was the sale; a card tapped since then stays.

        Where `before` is the sale as it is now, only the notice changes.
        """
        state, sale = self._state, self._state.sale
        if self._accept_key() and (sale.page or before.page):
            self._page_runner.undo(before.page, notice)
        elif self._accept_key():
            # What was committed since then, or has closed the till, is not undone.
            is_undoable = before.step not in UNDER_WAY | {Step.CLOSED}
            if sale.charge_id != before.charge_id and sale.tap is None and is_undoable:
                state.sale = before
            elif sale.charge_id != before.charge_id:
                state.key_in(NOTHING_KEYED, notice)
            elif sale.step not in OVER and is_undoable:
                state.key_in(before.keyed_input, notice)
            state.show_notice(notice)
        self._publish()

    def override(self, override: Override) -> None:
        """Let a supervisor override the decline on the screen, for this card in this sale."""
        if self._accept_key():
            self._state.override(override)
        self._publish()

    def apply_row(self, snapshot: Snapshot) -> None:
        """Take a row that settlement has read; it may be that of the customer on the screen."""
        self._identification.apply_row(snapshot)
        self.refresh()

    def refresh(self) -> None:
        """Read the facts that other rooms own, and publish.

        While the journal cannot be read the till is closed, and each tick tries again.
        """
        try:
            self._facts.read(self._state)
        except JournalError as fault:
            self._state.close(str(fault.fields.get("detail", fault.code)))
        self._publish()

    def _publish(self) -> None:
        """Decide again, and hand the view to the watchers if anything in it has changed."""
        self._identification.authorise_again()
        if turn := self._page_opener.required():
            self._page_runner.follow(turn)
        self.countdown.follow()
        prompt = _prompt_of(self._state)
        if prompt != self._prompt:
            self._prompt = prompt
            self._prompt_number += 1
        self.countdown.published(self._prompt_number)
        voidable = self._charging.voidable()
        view = replace(self._facts.view(self._state, voidable), prompt_number=self._prompt_number)
        self.times.published(self._state.sale, self._prompt_number)
        if view != self._view:
            self._view = view
            for watcher in self._watchers:
                watcher(view)

    def _take_message(self, message: ReaderMessage) -> None:
        if isinstance(message, ReaderHealth):
            self._facts.take_health(message)
            if not self._facts.can_read:
                self.countdown.stop(Notice.STOPPED_ITSELF)
            return
        self._facts.is_restored = False
        if isinstance(message, Scan):
            self.ring_up.scan(message.barcode)
        elif self._state.sale.page and not isinstance(message, Tap):
            self._page_runner.misread(message)
        elif isinstance(message, Tap) and self._page_runner.tap(message.card_id):
            pass  # it was for the page
        elif not self.countdown.stopped_by(message):
            self._identification.take(message)

    def _accept_key(self, key: str = "") -> bool:
        """Return whether a key may change anything now; if not, the screen says why."""
        state, self._facts.is_restored = self._state, False
        if state.sale.step is Step.CLOSED and not self._page_runner.works_while_closed(key):
            return False
        state.restart_idle_timer()
        if self.countdown.stop():
            return False
        if state.sale.under_way:
            state.show_notice(Notice.BUSY)
        return not state.sale.under_way

    def _accept_scan(self) -> bool:
        """Return whether a barcode counts now; one that stops a countdown does."""
        self.countdown.stop()
        return self._accept_key()

    def _open_page(self, key: str) -> None:
        try:
            following = self._page_opener.open(key)
        except JournalError:
            following = Notice.NOT_READABLE
        if isinstance(following, Notice):
            self._state.show_notice(following)
        else:
            self._page_runner.follow(following)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.countdown.check()
            self._idle_rules.check()
            self.refresh()


def _prompt_of(state: TillState) -> object:
    """Return what Enter would confirm; the prompt is a new one when any of this changes."""
    sale = state.sale
    customer_id = sale.lookup.customer_id if sale.lookup else None
    reason = sale.decision.reason if isinstance(sale.decision, Declined) else None
    confirmed = (sale.charge_id, sale.step, sale.tap, customer_id, state.total, reason)
    return (*confirmed, sale.page, sale.seconds_left)
