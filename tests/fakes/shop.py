"""A till over fakes, in a time that passes only on command."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from tests.checkout.cards.card_office import FakeCardOffice
from tests.checkout.pages.conflict_desk import FakeConflictDesk
from tests.checkout.pages.sales_book import FakeSalesBook
from tests.checkout.pages.shift_book import FakeShiftBook
from tests.checkout.pages.slips.slip_desk import FakeSlipDesk
from tests.checkout.pages.technician.figures import FakeFigures
from tests.checkout.people.known_people import FakePeople
from tests.domain.samples import ADA, DORA, POLICY, known
from tests.fakes.clock import FakeClock
from tests.fakes.finder import FakeFinder
from tests.fakes.journal import FakeBooks
from tests.fakes.loop import FakeTimeLoop

from taptill.checkout.charging import DEAD_ENTER_S
from taptill.checkout.keypad import Keypad
from taptill.checkout.pages.page import PageView
from taptill.checkout.ports import Ports
from taptill.checkout.session import Notice, Step
from taptill.checkout.till import Till
from taptill.checkout.till_state import TillSettings
from taptill.checkout.view import CustomerView, Link, StatusView, TillView
from taptill.domain.basket import Good
from taptill.domain.card_id import CardId
from taptill.domain.decision import Found, LookupResult
from taptill.domain.entry import MONEY_KINDS, Entry, EntryKind
from taptill.domain.money import Currency, Money
from taptill.domain.pending import FromMarks
from taptill.domain.staff.pins import pin_matches
from taptill.domain.tap import CardProblem, CardTrouble, Misread, ReaderMessage, Tap

JOURNAL_ID = "a1b2c3d4"
BELA = replace(ADA, id=2, name="Bela Blocked", card_id=CardId("0A1B5EC7D2"), blocked=True)
CARL = replace(ADA, id=3, name="Carl Owes", card_id=CardId("3C00CE754C"))
CARDS = {"A": ADA.card_id, "B": BELA.card_id, "C": CARL.card_id, "D": DORA.card_id, "X": "DEAD00"}
TOTALS = {ADA: -1230, BELA: -5000, CARL: 180, DORA: 840}
GOODS = (
    Good("c", "Coffee", Money(150)),
    Good("w", "Water", Money(120)),
)
SETTINGS = TillSettings(
    keypad=Keypad(GOODS, Currency("EUR"), implied_decimals=True),
    policy=POLICY,
    balance=FromMarks(JOURNAL_ID),
    live_deadline_s=0.8,
    void_window_s=300.0,
    clear_after_s=10.0,
)
MOMENT_S = 0.001

T = TypeVar("T")


class Shop:
    """One till with its cashier; after each call the till gets a moment to work."""

    def __init__(
        self,
        settings: TillSettings = SETTINGS,
        past_sales: tuple[Entry, ...] = (),
        *,
        has_printer: bool = True,
        has_office_token: bool = True,
    ) -> None:
        self.clock = FakeClock()
        self.finder = FakeFinder()
        self.people = FakePeople(self.finder)
        self.books = FakeBooks(self.clock)
        self.books.entries.extend(past_sales)
        self.sales_book = FakeSalesBook(self.books)
        self.shift_book = FakeShiftBook(self.books)
        self.conflict_desk = FakeConflictDesk()
        self.figures = FakeFigures()
        self.slip_desk = FakeSlipDesk()
        self.card_office = FakeCardOffice(self.finder, self.books)
        self.link = Link.ONLINE
        self.views: list[TillView] = []
        self.settled = 0
        self._runner = asyncio.Runner(loop_factory=lambda: FakeTimeLoop(self.clock))
        self._queue: asyncio.Queue[ReaderMessage] = asyncio.Queue()
        ids = count(1)
        ports = Ports(
            finder=self.finder,
            journal=self.books,
            clock=self.clock,
            new_id=lambda: f"sale-{next(ids)}",
            status=lambda: StatusView(
                till="test",
                link=self.link,
                printer=self.slip_desk.health() if has_printer else None,
            ),
            settle=self._settle,
            pin_matches=_pin_matches,
            past_sales=lambda: self.sales_book,
            shifts=lambda: self.shift_book,
            conflicts=lambda: self.conflict_desk,
            technician=lambda: self.figures,
            people=lambda: self.people,
            cards=(lambda: self.card_office) if has_office_token else None,
            purchases=self._purchases,
            slips=self.slip_desk if has_printer else None,
            report_printer=self.slip_desk if has_printer else None,
        )
        self.till = Till(ports, settings, self._queue)
        self.till.restore(past_sales)
        for customer, total in TOTALS.items():
            self.everybody_knows(customer.card_id, known(customer, total, age_s=600.0))
        self.do(self._open)

    @property
    def view(self) -> TillView:
        """Return the view that the screen shows now."""
        return self.views[-1]

    @property
    def customer(self) -> CustomerView:
        """Return the customer on the screen now; there must be one."""
        assert self.view.customer, "no customer on the screen"
        return self.view.customer

    def step(self) -> Step:
        """Return the step that the screen shows now."""
        return self.view.step

    def notice(self) -> Notice:
        """Return the answer to the last key or tap."""
        return self.view.notice

    @property
    def steps(self) -> list[Step]:
        """Return the steps that the screen has shown, each once until the next one."""
        steps = [view.step for view in self.views]
        return [step for at, step in enumerate(steps) if at == 0 or steps[at - 1] is not step]

    @property
    def charges(self) -> list[tuple[int | None, int | None]]:
        """Return customer and amount of each charge in the books."""
        return [
            (entry.customer_id, entry.amount_minor)
            for entry in self.books.of_kind(EntryKind.CHARGE)
        ]

    @property
    def declines(self) -> list[tuple[int | None, str, int]]:
        """Return customer, reason and amount of each decline in the books."""
        entries = self.books.of_kind(EntryKind.DECLINED)
        return [
            (entry.customer_id, entry.body["reason"], entry.body["amount"]) for entry in entries
        ]

    def everybody_knows(self, card_id: str, finding: LookupResult) -> None:
        """Let cache and backend return this for a card; the backend's row is fresh."""
        self.finder.known[card_id] = finding
        self.finder.there[card_id] = (
            replace(finding, age_s=0.0) if isinstance(finding, Found) else finding
        )

    def tap(self, card: str, ago_s: float = 0.0) -> None:
        """Show a card by its letter, or by its id."""
        self.say(Tap(CardId(CARDS.get(card, card)), "counter", self.clock.monotonic() - ago_s))

    def garble(self, trouble: CardTrouble = CardTrouble.TWO_CARDS) -> None:
        """Let the reader report a card problem."""
        self.say(CardProblem(trouble, "counter", self.clock.monotonic()))

    def misread(self) -> None:
        """Let the reader report a number that it read only in part."""
        self.say(Misread("counter", self.clock.monotonic()))

    def say(self, message: ReaderMessage) -> None:
        """Let a reader send a message."""
        self.do(lambda: self._queue.put_nowait(message))

    def press(self, keys: str) -> None:
        """Press keys one after another: `<` is Backspace."""
        for key in keys:
            self.do(self.till.press, "backspace" if key == "<" else key)

    def enter(self) -> None:
        """Wait until the result can have been read, then press Enter."""
        self.later(DEAD_ENTER_S)
        self.hasty_enter()

    def hasty_enter(self) -> None:
        """Press Enter at once."""
        self.do(self.till.confirm)

    def escape(self) -> None:
        """Press Esc."""
        self.do(self.till.cancel)

    def f8(self) -> None:
        """Press F8."""
        self.do(self.till.function_key, "f8")

    def key(self, name: str) -> None:
        """Press a key that has a name, such as `f9` or `down`, as the terminal's keys go."""
        if name in {"f2", "f3", "f4", "f6", "f7", "f8", "f9", "f10", "f12"}:
            self.do(self.till.function_key, name)
        else:
            self.do(self.till.press, name)

    def page(self) -> PageView:
        """Return the page that is open; there must be one."""
        assert self.view.page, "no page is open"
        return self.view.page

    def sell(self, keys: str, card: str) -> None:
        """Key in, tap, wait for the backend's answer, and press Enter."""
        self.press(keys)
        self.tap(card)
        self.later(0.5)
        self.enter()
        self.later(1.0)

    def do(self, call: Callable[..., Any], *words: Any) -> None:
        """Call the till in its event loop, and give it a moment to work."""

        async def called() -> None:
            call(*words)
            await asyncio.sleep(MOMENT_S)

        self.wait_for(called())

    def at_once(self, *calls: Callable[[], Any]) -> None:
        """Call the till several times before it gets a moment."""
        self.do(lambda: [call() for call in calls])

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.wait_for(asyncio.sleep(seconds))

    def background_fault(self, fault: Exception) -> None:
        """Let a background task raise an unexpected exception."""

        async def failing() -> None:
            raise fault

        self.do(lambda: self.till._state.background.start(failing()))

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the till's event loop, and return what it returns.

        A third of the time of a test would go into the handler that `Runner.run` sets each time.
        """
        return self._runner.get_loop().run_until_complete(work)

    def close(self) -> None:
        """Stop the till; one that does not stop fails here."""
        self._running.cancel()
        self._runner.close()

    def _open(self) -> None:
        self.till.watch(self.views.append)
        self._running = asyncio.get_running_loop().create_task(self.till.run())

    def _purchases(self, customer_id: int, count: int) -> list[Entry]:
        own = [entry for entry in self.books.entries if entry.customer_id == customer_id]
        return [entry for entry in own if entry.kind in MONEY_KINDS][-count:]

    def _settle(self) -> None:
        self.settled += 1


async def _pin_matches(pin: str, pin_hash: str) -> bool:
    await asyncio.sleep(0.05)  # as long as the hash takes, without a thread of its own
    return pin_matches(pin, pin_hash)


@contextmanager
def open_shop(
    settings: TillSettings = SETTINGS,
    past_sales: tuple[Entry, ...] = (),
    *,
    has_printer: bool = True,
    has_office_token: bool = True,
) -> Iterator[Shop]:
    """Open a shop, and close it whatever happens."""
    shop = Shop(settings, past_sales, has_printer=has_printer, has_office_token=has_office_token)
    try:
        yield shop
    finally:
        shop.close()
