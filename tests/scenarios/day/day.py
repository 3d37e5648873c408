"""A day behind the counter with the real program and service, and what must agree at its end.

Two shifts of three people: sales of goods and amounts to many customers, voids of whole sales and
of lines, an override, hand-overs, a service that is away for a while, and a till whose power goes
in the middle of a sale and in the middle of a close. What is sold to whom comes from a seed.

`soak` plays it with 2,000 sales, which takes as long as fast people do: Enter is dead for 0.4 s
after each tap.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.service import RunningService, running_service
from tests.scenarios.books import entries, post
from tests.scenarios.day.cashier import JO, KIM, SAM, Cashier, Member, euro, staff_config
from tests.scenarios.day.settled import OPENING, Buyer, DayBook, complaints
from tests.scenarios.program import Program, TillSite

SALES = 2000
BUYERS = 60
CRASHED = 7777
"""The amount of the sale in which the power goes; no other sale has it."""

CRASH_S_MAX = 0.08
SETTLED_S = 120.0
WHOLE_EVERY, LINES_EVERY = 11, 7
GOODS = {"c": 150, "k": 250, "t": 95}
CONFIG = """
[[goods]]
key = "k"
name = "Cake"
price = "2.50"
tax = "B"
[[goods]]
key = "t"
name = "Tea"
price = "0.95"
group = "Hot drinks"
[offline]
per_charge = "100.00"
per_customer = "1000000.00"
per_terminal = "1000000.00"
"""


@dataclass(frozen=True)
class KeyedBasket:
    """What is rung up: for each line its price and quantity."""

    keys: str
    lines: tuple[tuple[int, int], ...]

    @property
    def total(self) -> int:
        """Return what it costs, in cents."""
        return self.worth([quantity for _, quantity in self.lines])

    def worth(self, taken: Sequence[int]) -> int:
        """Return what so many of each line cost."""
        return sum(price * count for (price, _), count in zip(self.lines, taken, strict=True))


def basket(dice: random.Random) -> KeyedBasket:
    """Return some goods, or an amount, or both."""
    counts = {key: dice.choice((0, 0, 1, 1, 2)) for key in GOODS}
    lines = [(GOODS[key], count) for key, count in counts.items() if count]
    keys = "".join(key * count for key, count in counts.items())
    if not lines or dice.random() < 0.3:
        amount = dice.randrange(10, 1000)
        keys, lines = f"{keys}{amount}", [*lines, (amount, 1)]
    return KeyedBasket(keys, tuple(lines))


class SalesDay:
    """One day at one till; the till is started anew after each crash."""

    def __init__(self, service: RunningService, site: TillSite, seed: int) -> None:
        self._service = service
        self._site = site
        self._dice = random.Random(seed)
        self._member = JO
        self._buyers = buyers()
        self.book = DayBook(self._buyers)
        self._till = self._start()
        self._cashier = Cashier(self._till)

    def play(self, sales: int, say: Callable[[str], None]) -> None:
        """Sell so much in two shifts, and wait until all of it is sent."""
        happenings: dict[int, list[Callable[[], None]]] = {}
        parts: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.15, lambda: self._hand_over(SAM)),
            (0.25, self._service.kill),
            (0.35, self._service.start_again),
            (0.42, self._crash_in_a_sale),
            (0.50, self._crash_in_a_close),
            (0.65, self._override),
            (0.80, lambda: self._hand_over(JO)),
        )
        for part, happening in parts:
            happenings.setdefault(int(sales * part), []).append(happening)
        self._cashier.log_in(self._member)
        self._cashier.open_shift(OPENING)
        for number in range(sales):
            for happening in happenings.get(number, ()):
                happening()
            self._sale(number)
            say(f"sale {number + 1} of {sales}")
        self._close_shift(OPENING - 120)
        self._till.wait_for("ONLINE", "│ 0 to send", wait_s=SETTLED_S)
        assert self._till.leave() == 0

    def close(self) -> None:
        """End the till if it still runs."""
        self._till.close()

    def _sale(self, number: int) -> None:
        buyer, sold = self._dice.choice(self._buyers[1:]), basket(self._dice)
        self._cashier.sell(buyer.card, buyer.name, sold.keys, sold.total)
        self.book.charged(buyer, self._member.name, sold.total)
        pieces = sum(quantity for _, quantity in sold.lines)
        if number % WHOLE_EVERY == WHOLE_EVERY - 1:
            self._cashier.void_last(sold.total)
            self.book.voided(buyer, self._member.name, sold.total)
        elif number % LINES_EVERY == LINES_EVERY - 1 and pieces > 1:
            taken = [self._dice.randint(0, quantity) for _, quantity in sold.lines]
            taken[0] = max(1, taken[0])
            self._cashier.void_lines(taken, sold.worth(taken))
            self.book.voided(buyer, self._member.name, sold.worth(taken))

    def _hand_over(self, member: Member) -> None:
        self._cashier.hand_over(member)
        self._member = member

    def _override(self) -> None:
        """Sell to somebody with no credit and too little, with a supervisor's PIN."""
        poor, total = self._buyers[0], 2 * GOODS["k"]
        self._cashier.tap(poor.card)
        self._till.wait_for(poor.name, "Card read")
        self._cashier.type("kk")
        self._cashier.override(poor.name, total, KIM)
        self.book.charged(poor, self._member.name, total)

    def _crash_in_a_sale(self) -> None:
        """Take the till's power right after Enter; the journal says whether it was sold."""
        buyer = self._buyers[1]
        self._cashier.ring_up(buyer.card, buyer.name, str(CRASHED), CRASHED)
        self._cashier.enter()
        was_shown = f"Thank you {euro(CRASHED)}" in self._die()
        kept = [entry for entry in entries(self._site) if entry["amount_minor"] == CRASHED]
        self.book.crashes.append(f"in a sale: {'kept' if kept else 'not kept'}")
        if kept:
            self.book.charged(buyer, self._member.name, CRASHED)
        elif was_shown:
            self.book.faults.append("PAID was shown before the crash, and nothing was kept")
        self._start_again()

    def _crash_in_a_close(self) -> None:
        """Take the till's power right after Enter on the counted drawer; close again if needed."""
        self._check_x()
        self._cashier.begin_close(OPENING)
        was_shown = "is stored" in self._die()
        kept = [entry for entry in entries(self._site) if entry["kind"] == "shift-closed"]
        self.book.crashes.append(f"in a close: {'kept' if kept else 'not kept'}")
        if was_shown and not kept:
            self.book.faults.append("a Z was shown before the crash, and nothing was kept")
        self._start_again()
        if kept:
            self.book.close_shift()
        else:
            self._close_shift(OPENING)
        self._cashier.open_shift(OPENING)

    def _close_shift(self, cash: int) -> None:
        self._check_x()
        number = self._cashier.close_shift(cash, is_expected=cash == OPENING)
        if number != self.book.shift:
            self.book.faults.append(f"Z {number} where shift {self.book.shift} was closed")
        self.book.close_shift()
        self._till.press("\x1b")
        self._till.wait_for("READER ok", absent="is stored")

    def _check_x(self) -> None:
        shown = self._cashier.net_of_x()
        if shown != self.book.net():
            self.book.faults.append(f"the X shows {shown}, sold was {self.book.net()}")

    def _die(self) -> str:
        """Take the till's power soon; return what its last screen has said."""
        self._till.pause(self._dice.uniform(0.0, CRASH_S_MAX))
        self._till.process.kill()
        self._till.process.wait(10)
        text = self._till.text()
        self._till.close()
        return " ".join(text.split())

    def _start_again(self) -> None:
        self._till = self._start()
        self._cashier = Cashier(self._till)
        self._cashier.log_in(self._member)

    def _start(self) -> Program:
        return Program(self._site.run_words(), self._site.socket)


def buyers() -> list[Buyer]:
    """Return the customers of the day; the first one has little in advance."""
    return [Buyer(f"Guest {n:02}", f"{0x62_0000_0000 + n:010X}") for n in range(BUYERS)]


@contextmanager
def shop(folder: Path) -> Iterator[tuple[RunningService, TillSite]]:
    """Yield a service with the day's customers, and a till's folder with staff and goods."""
    with running_service(folder, sample=False) as service:
        rows = [
            {"name": one.name, "cardId": one.card, "totalDebt": -100_000 if number else -1}
            for number, one in enumerate(buyers())
        ]
        post(service, "insert", {"fields": rows})
        extra = CONFIG + staff_config()
        yield service, TillSite(folder, service.url, service.token, extra_config=extra)


def soak(folder: Path, rounds: int, seed: int, say: Callable[[str], None]) -> list[str]:
    """Play a day of so many sales; return what does not agree at its end."""
    with shop(folder) as (service, site):
        day = SalesDay(service, site, seed)
        try:
            day.play(rounds or SALES, say)
        finally:
            day.close()
        say(f"{rounds or SALES} sales, crashes: {', '.join(day.book.crashes)}")
        return complaints(site, service, day.book)
