"""The history: found by typing, step by step, without holding the till up."""

import gc
import warnings
from dataclasses import replace
from functools import partial

from tests.checkout.money.cash import pay
from tests.checkout.pages.sales_book import STEP
from tests.fakes.shop import SETTINGS, Shop, open_shop

from taptill.checkout.pages.page import phrase
from taptill.checkout.session import Notice, Step
from taptill.checkout.view import TillView
from taptill.domain.money import Money


def open_history(shop: Shop) -> None:
    """Press F10 and choose the history."""
    shop.key("f10")
    shop.press("5")


def amounts(shop: Shop) -> list[object]:
    """Return the amounts of the rows."""
    return [row.cells[1] for row in shop.page().rows]


def some_sales(shop: Shop) -> None:
    """Sell, refuse and void a little."""
    for keys, card in (("100", "A"), ("c", "D"), ("420", "B"), ("300", "A")):
        shop.sell(keys, card)
        shop.escape()
    shop.f8()
    shop.press("1")
    shop.later(1.0)
    shop.escape()


def test_everything_is_listed_newest_first(shop: Shop) -> None:
    some_sales(shop)
    open_history(shop)
    shop.later(0.2)
    assert amounts(shop) == [Money(-300), Money(300), Money(420), Money(150), Money(100)]
    assert shop.page().head[0].cells == (phrase("page.found", count=5),)


def test_nothing_is_said_to_be_found_or_not_before_the_search_has_begun(shop: Shop) -> None:
    some_sales(shop)
    views: list[TillView] = []
    shop.do(lambda: shop.till.watch(views.append))
    open_history(shop)
    shop.later(0.2)
    pages = [view.page for view in views if view.page]
    counts = [page.head[0].cells[0] for page in pages if page.name == "history"]
    assert counts[0] == phrase("page.searched", count=0)
    assert counts[-1] == phrase("page.found", count=5)
    assert phrase("page.found", count=0) not in counts


def test_typing_narrows_the_list_and_backspace_widens_it(shop: Shop) -> None:
    some_sales(shop)
    open_history(shop)
    for key in "cof":
        shop.key(key)
    shop.later(0.2)
    assert amounts(shop) == [Money(150)]
    for _ in range(3):
        shop.key("backspace")
    shop.later(0.2)
    assert len(amounts(shop)) == 5


def test_a_search_goes_on_in_steps_while_keys_are_taken(shop: Shop) -> None:
    for _ in range(STEP):
        shop.sell("100", "A")
        shop.sell("c", "D")
    open_history(shop)
    shop.press("1.0")
    shop.later(0.5)
    assert amounts(shop) == [Money(100)] * STEP
    shop.press("x")
    shop.later(0.5)
    assert (amounts(shop), shop.page().typed) == ([], "1.0x")


def test_enter_shows_one_entry_and_esc_leads_back(shop: Shop) -> None:
    some_sales(shop)
    open_history(shop)
    shop.later(0.2)
    for _ in range(3):
        shop.key("down")
    shop.hasty_enter()
    assert shop.page().name == "history-entry"
    assert ("1 × Coffee", Money(150)) in [row.cells for row in shop.page().rows]
    shop.escape()
    assert (shop.page().name, shop.page().chosen) == ("history", 3)
    shop.escape()
    assert shop.page().name == "office"
    shop.escape()
    assert (shop.view.page, shop.step()) == (None, Step.READY)


def test_a_customer_who_comes_meanwhile_is_served(shop: Shop) -> None:
    some_sales(shop)
    open_history(shop)
    shop.tap("A")
    assert (shop.view.page, shop.step()) == (None, Step.CARD)


def test_a_journal_that_cannot_be_read_is_said_and_the_till_goes_on(shop: Shop) -> None:
    some_sales(shop)
    shop.sales_book.unreadable = True
    open_history(shop)
    shop.later(0.2)
    assert shop.notice() == Notice.NOT_READABLE
    shop.escape()
    shop.escape()
    shop.sales_book.unreadable = False
    shop.sell("100", "A")
    assert shop.step() is Step.PAID


def test_keys_of_one_read_break_off_a_search_that_has_not_begun(shop: Shop) -> None:
    shop.sell("420", "A")
    open_history(shop)
    shop.later(0.2)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        shop.at_once(*(partial(shop.till.press, key) for key in "420"))
        gc.collect()
    assert (shop.page().typed, [str(one.message) for one in warned]) == ("420", [])


def test_why_a_sale_was_taken_back_is_in_the_words_of_the_screen(shop: Shop) -> None:
    some_sales(shop)
    open_history(shop)
    shop.later(0.2)
    shop.enter()
    cells = {row.cells[0]: row.cells[-1] for row in shop.page().rows}
    assert cells[phrase("row.why")] == phrase("why.wrong-amount")


def test_cash_is_listed_as_it_was_counted_and_below_zero_where_it_was_taken_back() -> None:
    with open_shop(replace(SETTINGS, max_repayment=Money(9900))) as shop:
        pay(shop, "A", "500")
        shop.escape()
        shop.key("f8")
        shop.later(0.5)
        shop.enter()
        shop.press("3")
        shop.later(1.0)
        shop.escape()
        open_history(shop)
        shop.later(0.2)
        assert amounts(shop) == [Money(-500), Money(500)]
        shop.enter()
        cells = {row.cells[0]: row.cells[-1] for row in shop.page().rows}
        assert cells[phrase("row.why")] == phrase("why.not-paid")
        shop.escape()
        shop.escape()
        shop.escape()
        shop.key("f4")
        assert amounts(shop) == [Money(-500), Money(500)]
