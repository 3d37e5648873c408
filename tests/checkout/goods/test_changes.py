"""Goods and staff that change while the till runs: taken over between two sales alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.fakes.shop import GOODS, SETTINGS, Shop, open_shop

from taptill.checkout.session import Notice, Step
from taptill.domain.basket import Good, Line
from taptill.domain.money import Money
from taptill.domain.staff.member import Role, StaffMember

ADA = 1
DEARER = (replace(GOODS[0], price=Money(160)),)
JO = StaffMember("Jo", Role.CASHIER, card_id="CAFE01")


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Open a shop without staff."""
    with open_shop() as opened:
        yield opened


def take(shop: Shop, goods: tuple[Good, ...], staff: tuple[StaffMember, ...] = ()) -> bool:
    """Let the till take goods and staff over, if it can."""
    answers: list[bool] = []
    shop.do(lambda: answers.append(shop.till.changes.take(goods, staff)))
    return answers[0]


def names(shop: Shop) -> list[str]:
    """Return the lines of the basket in short: `2 Coffee`."""
    return [f"{line.quantity} {line.name}" for line in shop.view.basket.lines]


def test_a_basket_keeps_the_prices_that_it_was_rung_up_with(shop: Shop) -> None:
    shop.press("c")
    assert not take(shop, DEARER)
    shop.press("c")
    shop.tap("A")
    shop.later(0.5)
    assert not take(shop, DEARER)
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA, 300)]
    assert take(shop, DEARER)
    shop.press("c")
    assert shop.view.basket.lines == (Line("Coffee", Money(160)),)
    assert shop.view.goods == DEARER


@pytest.mark.parametrize("keys", ["3*", "/", "4", "0"])
def test_what_is_being_typed_keeps_the_old_goods(shop: Shop, keys: str) -> None:
    shop.press(keys)
    assert not take(shop, DEARER)
    shop.press("<" * len(keys))
    assert take(shop, DEARER)


def test_a_customer_on_the_panel_keeps_nothing(shop: Shop) -> None:
    shop.tap("A")
    shop.later(0.5)
    assert take(shop, DEARER)
    assert shop.step() is Step.CARD


def test_a_charge_that_is_being_saved_and_a_question_about_a_void_keep_them(shop: Shop) -> None:
    shop.press("c")
    shop.tap("A")
    shop.later(1.0)
    answers: list[bool] = []
    shop.at_once(shop.till.confirm, lambda: answers.append(shop.till.changes.take(DEARER, ())))
    assert answers == [False]
    shop.later(1.0)
    shop.f8()
    assert shop.step() is Step.VOIDING
    assert not take(shop, DEARER)


def test_a_basket_is_not_repeated_at_prices_of_before(shop: Shop) -> None:
    shop.sell("cw", "A")
    assert take(shop, (*GOODS, Good("x", "Cake", Money(250))))
    shop.press("*")
    assert names(shop) == ["1 Coffee", "1 Water"]
    shop.escape()
    assert take(shop, (GOODS[0], replace(GOODS[1], price=Money(130))))
    shop.press("*")
    assert (names(shop), shop.notice()) == ([], Notice.NO_AMOUNT)


def test_typed_amounts_can_be_repeated_whatever_is_on_sale(shop: Shop) -> None:
    shop.sell("420", "A")
    assert take(shop, ())
    shop.press("*")
    assert shop.view.total == Money(420)


def test_staff_who_are_added_must_log_in(shop: Shop) -> None:
    assert take(shop, GOODS, (JO,))
    assert shop.view.page is not None
    assert shop.till.sale.page is not None
    shop.press("c")
    assert names(shop) == []


def test_who_is_no_longer_staff_is_logged_out() -> None:
    with open_shop(replace(SETTINGS, staff=(JO,))) as shop:
        shop.tap("CAFE01")
        shop.later(0.5)
        assert shop.view.status.staff == "Jo"
        assert take(shop, GOODS, (replace(JO, role=Role.SUPERVISOR),))
        assert shop.view.status.staff == "Jo"
        assert shop.till._state.staff == replace(JO, role=Role.SUPERVISOR)
        assert take(shop, GOODS, (StaffMember("Kim", Role.CASHIER, card_id="CAFE02"),))
        assert (shop.view.status.staff, shop.view.page is not None) == ("", True)
        assert take(shop, GOODS, ())
        assert shop.view.page is None
        shop.press("c")
        assert names(shop) == ["1 Coffee"]
