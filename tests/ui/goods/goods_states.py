"""Goods in groups, and the states of a sale with them: a TillView and a place by its name."""

from dataclasses import replace

from tests.ui.states import BASKET, CONFIRM, READY, RINGING

from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.domain.basket import Basket, Good, Line
from taptill.domain.decision import Declined, Reason
from taptill.domain.money import Money
from taptill.ui.sale_panel.panel import FIRST_GOODS, GoodsPlace

GROUPS = {
    "Hot drinks": ("Coffee", "Espresso", "Cappuccino", "Tea", "Hot chocolate"),
    "Cold drinks": ("Water", "Cola", "Orange juice", "Apple juice with water"),
    "Food": ("Sandwich", "Soup of the day", "Salad", "Pretzel", "Cake", "Ice cream", "Fruit"),
    "Deposits": ("Bottle back", "Crate back"),
}
LETTERS = {"Coffee": "c", "Espresso": "e", "Water": "w", "Cola": "k", "Bottle back": "b"}
GROUPED = tuple(
    Good(LETTERS.get(name, ""), name, Money(-25 if group == "Deposits" else 150), group=group)
    for group, names in GROUPS.items()
    for name in names
)
MANY = tuple(
    Good("", f"Item {number}", Money(100 + number), group=f"Group {number // 9}")
    for number in range(1, 201)
)
LONG_BASKET = Basket(tuple(Line(f"Good {number}", Money(number)) for number in range(1, 13)))
RETURNED = Basket((Line("Coffee", Money(150), 2), Line("Bottle back", Money(-25), 3)))
RINGING_GROUPED = replace(RINGING, goods=GROUPED)

STATES: dict[str, tuple[TillView, GoodsPlace]] = {
    "groups": (replace(READY, goods=GROUPED), FIRST_GOODS),
    "groups-later-page": (replace(READY, goods=GROUPED), GoodsPlace(12)),
    "groups-in-place-of-lines": (
        replace(CONFIRM, goods=GROUPED),
        GoodsPlace(9, asked=True),
    ),
    "chosen-line": (replace(CONFIRM, goods=GROUPED, chosen=0), FIRST_GOODS),
    "chosen-line-above": (
        replace(RINGING_GROUPED, basket=LONG_BASKET, total=LONG_BASKET.total, chosen=3),
        FIRST_GOODS,
    ),
    "quantity": (replace(RINGING_GROUPED, keystrokes="3*"), FIRST_GOODS),
    "quantity-of-an-amount": (
        replace(RINGING_GROUPED, keystrokes="3*4.2", total=BASKET.total + Money(1260)),
        FIRST_GOODS,
    ),
    "deposit": (replace(RINGING_GROUPED, basket=RETURNED, total=RETURNED.total), FIRST_GOODS),
    "too-low": (
        replace(
            RINGING_GROUPED, basket=Basket((Line("Bottle back", Money(-25), 3),)), total=Money(-75)
        ),
        FIRST_GOODS,
    ),
    "too-low-for-a-customer": (
        replace(
            CONFIRM,
            step=Step.DECLINED,
            goods=GROUPED,
            basket=Basket((Line("Bottle back", Money(-25), 3),)),
            total=Money(-75),
            customer=replace(CONFIRM.customer, debt_after=None) if CONFIRM.customer else None,
            decision=Declined(Reason.AMOUNT, Money(-1230), Money(1230)),
        ),
        FIRST_GOODS,
    ),
}
