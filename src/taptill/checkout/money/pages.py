"""The pages of F7: cash that a customer pays in or gets back, and what has become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from taptill.checkout.pages.page import (
    BACK_KEYS,
    BACK_TO_SALE,
    Balance,
    PageRow,
    PageTraits,
    PageView,
    PersonName,
    Phrase,
    Tone,
    Turn,
    phrase,
)
from taptill.checkout.session import Notice
from taptill.domain.money import ZERO, Money
from taptill.domain.sales.repaying import Direction, change

if TYPE_CHECKING:
    from taptill.checkout.money.desk import RepaymentDesk
    from taptill.checkout.money.typed_cash import TypedCash

OTHER = {Direction.IN: Direction.OUT, Direction.OUT: Direction.IN}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentForm:
    """Asks how much cash the customer `customer_id` pays in or gets back.

    `charge_id` is the id of the entry that it makes: pressed twice, it is booked once. What the
    customer owes is that of the sale below, which may change while the form is open.
    """

    desk: RepaymentDesk
    customer_id: int
    charge_id: str
    cash: TypedCash
    direction: Direction = Direction.IN
    notice: Phrase | None = None

    @property
    def amount(self) -> Money:
        """Return the cash; zero where nothing was typed."""
        return self.cash.amount or ZERO

    @property
    def view(self) -> PageView:
        """Return who it is, what they owe now and after it, and what was typed."""
        way, shown = self.direction, self.desk.shown(self)
        head: list[PageRow] = []
        if shown:
            after = shown.debt + change(way, self.amount)
            head = [
                PageRow((PersonName(shown.name),)),
                PageRow((phrase("row.balance-now"), Balance(shown.debt))),
                PageRow((phrase("row.balance-after"), Balance(after))),
            ]
        return PageView(
            name=f"pay-{way}",
            head=(*head, PageRow((phrase(f"row.paid-{way}"), self.amount))),
            field=phrase("page.cash"),
            typed=self.cash.text,
            notice=self.notice,
            keys=("confirm", f"pay-{OTHER[way]}", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that Enter books it."""
        return PageTraits(acts_on_enter=True)

    def press(self, key: str) -> Turn:
        """Type the amount, turn it into the other direction, book it with Enter, or go back."""
        if key in BACK_KEYS:
            return BACK_TO_SALE
        if key == "f7":
            return Turn(self.desk.turned(self))
        if key == "enter":
            return self.desk.confirmed(self)
        cash = self.cash.press(key)
        if cash is None:
            return Turn(replace(self, notice=phrase("page.type-cash")))
        return Turn(replace(self, cash=cash, notice=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentBooked:
    """What was booked, to read: who, how much, and what the customer owes now.

    `before` is None where that was not known any more when it was booked. `undo` returns what
    follows F8: the list of what can be taken back, or why there is none. `slip` prints its slip and
    returns the answer, None: there is no printer.
    """

    direction: Direction
    name: str
    amount: Money
    before: Money | None
    undo: Callable[[], Turn | Notice] = field(compare=False)
    slip: Callable[[], Notice] | None = field(default=None, compare=False)
    notice: Phrase | None = None

    @property
    def view(self) -> PageView:
        """Return the amount, and what the customer owes before and after."""
        balance: list[PageRow] = []
        if self.before is not None:
            after = self.before + change(self.direction, self.amount)
            balance = [
                PageRow((phrase("row.balance-before"), Balance(self.before))),
                PageRow((phrase("row.balance-now"), Balance(after))),
            ]
        return PageView(
            name=f"paid-{self.direction}",
            values=(("amount", self.amount),),
            head=(
                PageRow((PersonName(self.name),)),
                PageRow((phrase(f"row.paid-{self.direction}"), self.amount)),
                *balance,
            ),
            tone=Tone.GOOD,
            notice=self.notice,
            keys=("go-on", "void", *(("slip",) if self.slip else ()), "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that the next card closes it: it is only read."""
        return PageTraits(yields=True)

    def press(self, key: str) -> Turn:
        """Take it back with F8, print its slip with F4; any other key leads to the sale."""
        if key == "f4":
            answer = self.slip() if self.slip else Notice.NO_PRINTER
            return Turn(replace(self, notice=phrase(f"notice.{answer}")))
        following = self.undo() if key == "f8" else BACK_TO_SALE
        return Turn(notice=following) if isinstance(following, Notice) else following
