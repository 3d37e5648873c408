"""A journal that random steps are played into: sales, voids, repayments, cases, jumps, shifts."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.journal.drafts import attempt, conflict, declined, office_moved, receipt, repayment, void

from taptill.checkout.sale import void_draft
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError
from taptill.domain.money import Money
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.shift_report import Closing, ShiftReport, closed
from taptill.domain.sales.remainder import Part, Remainder, remainder
from taptill.domain.sales.repaying import taking_back_draft
from taptill.journal.back_office.shifts import (
    SiteDays,
    closing_draft,
    opening_draft,
    running_report,
)
from taptill.journal.file import JournalFile, entries, position
from taptill.journal.queries import JournalQueries

OPENED = Draft(EntryKind.OPENED, body={"journal_id": "aaaa0001", "strategy": "debt"})
GOODS = (("Coffee", 120, 1, "A"), ("Cake", 250, 2, "B"), ("", 77, 1), ("Deposit", -25, 3))
STAFF = (None, "Jo", "Sam")
DAYS = SiteDays(BusinessDays(time(4), ZoneInfo("Europe/Berlin")), "Europe/Berlin")


@dataclass(frozen=True)
class PlayedStep:
    """What happens next at the till."""

    act: str
    customer: int
    lines: tuple[int, ...]
    minutes: int


STEPS = st.lists(
    st.builds(
        PlayedStep,
        act=st.sampled_from(
            [
                "sell",
                "sell",
                "sell",
                "void",
                "take back",
                "take back",
                "settle",
                "conflict",
                "repay",
                "repay",
                "take repayment back",
                "decline",
                "jump",
                "odd",
                "office",
                "open shift",
                "close shift",
            ]
        ),
        customer=st.integers(1, 3),
        lines=st.lists(st.integers(0, len(GOODS) - 1), max_size=4).map(tuple),
        minutes=st.integers(-600, 1500),
    ),
    min_size=6,
    max_size=30,
)


class PlayedJournal:
    """A journal that steps are played into."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self.clock = FakeClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
        self.file = JournalFile(path, self.clock)
        self.charges: list[Entry] = []
        self.repayments: list[Entry] = []
        self.numbers = count()
        self.append(OPENED)

    @classmethod
    @contextmanager
    def going_on(cls, path: Path, played: "PlayedJournal") -> Iterator["PlayedJournal"]:
        """Open a journal that is there, and go on with another one's clock and numbers."""
        till = cls.__new__(cls)
        till.clock, till.numbers = played.clock, played.numbers
        till.charges, till.repayments = [], []
        till.file = JournalFile(path, till.clock)
        with closing(till.file):
            yield till

    def append(self, *drafts: Draft) -> Entry:
        (group,) = self.file.append([drafts])
        assert not isinstance(group, JournalError), group
        return group[-1]

    def sell(self, customer: int, amount: int, lines: object = (), code: str = "EUR") -> Entry:
        number = next(self.numbers)
        body = {"lines": lines, "currency": code, "initials": "A. B.", "offline": number % 3 == 0}
        if number % 5 == 0:
            body["overrides"] = [["no-credit", "Sam", "said so"]]
        draft = Draft(
            EntryKind.CHARGE,
            customer,
            amount,
            body,
            charge_id=f"sale {number}",
            staff=STAFF[number % len(STAFF)],
        )
        self.charges.append(self.append(draft))
        return self.charges[-1]

    def settle(self, customer: int) -> None:
        where = position(self.file.connection, customer)
        if where and where.last and not where.conflict:
            sent = where.last
            self.append(attempt(customer, sent, where.row_mark), receipt(customer, sent))

    def play(self, step: PlayedStep) -> None:
        if step.minutes >= 0:
            self.clock.pass_time(60 * step.minutes)
        customer = step.customer
        acts: dict[str, Callable[[], object]] = {
            "sell": lambda: self.sell_goods(step),
            "odd": lambda: self.sell(customer, 55, [["half a line"]]),
            "void": lambda: self.void(step.minutes),
            "take back": lambda: self.take_back(step),
            "settle": lambda: self.settle(customer),
            "conflict": lambda: self.append(conflict(customer)),
            "repay": lambda: self.repay(customer, step.minutes or 100),
            "take repayment back": lambda: self.take_repayment_back(step.minutes),
            "decline": lambda: self.append(declined(customer)),
            "jump": lambda: self.jump(step.minutes),
            "office": lambda: self.append(office_moved(customer, "12.5")),
            "open shift": lambda: self.append(opening_draft(Money(step.minutes), "Jo")),
            "close shift": lambda: self.close_shift(Money(100 * customer)),
        }
        acts[step.act]()

    def sell_goods(self, step: PlayedStep) -> None:
        lines = [GOODS[index] for index in step.lines]
        total = sum(price * quantity for _, price, quantity, *_ in lines)
        self.sell(step.customer, total, lines)

    def void(self, number: int) -> None:
        """Take back a whole charge, or all that is left of it."""
        if self.charges:
            charge = self.charges.pop(number % len(self.charges))
            left, amount = self.left_of(charge), charge.amount_minor or 0
            part = left.whole()
            if left.voids and isinstance(part, Part):
                self.append(void_draft(left, part, reason="wrong amount"))
            elif not left.voids:
                self.append(void(charge.customer_id or 0, amount, charge.charge_id or ""))

    def repay(self, customer: int, amount: int) -> None:
        """Pay cash in, or out where the amount is below zero."""
        draft = repayment(customer, amount, f"repayment {next(self.numbers)}")
        self.repayments.append(self.append(draft))

    def take_repayment_back(self, number: int) -> None:
        if self.repayments:
            entry = self.repayments.pop(number % len(self.repayments))
            self.append(taking_back_draft(entry, reason="not paid"))

    def take_back(self, step: PlayedStep) -> None:
        """Take back some lines of a charge, if the rules allow it."""
        if self.charges:
            left = self.left_of(self.charges[step.minutes % len(self.charges)])
            names = {GOODS[index][0] for index in step.lines}
            part = left.part([(name, price, 1) for name, price, _ in left.lines if name in names])
            if isinstance(part, Part):
                self.append(void_draft(left, part, reason="goods returned"))

    def left_of(self, charge: Entry) -> Remainder:
        where = "kind = 'void' AND charge_id = ?"
        return remainder(charge, entries(self.file.connection, where, [charge.charge_id]))

    def jump(self, minutes: int) -> None:
        self.clock.jump(60 * minutes)
        self.append(Draft(EntryKind.CLOCK, body={"jumped_ms": 60_000 * minutes}))

    def running(self) -> ShiftReport:
        """Return the X of the running shift."""
        return running_report(self.queries(), DAYS, self.clock.now())

    def close_shift(self, counted: Money | None = None) -> ShiftReport:
        """Close the running shift and return its Z."""
        closing = Closing(counted=counted, comment="by day", staff="Jo")
        z = closed(self.running(), closing, self.clock.now())
        self.append(closing_draft(z))
        return z

    def queries(self) -> JournalQueries:
        return JournalQueries(self.file.path, self.file.connection)
