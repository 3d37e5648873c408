"""F8: any sale of this shift, whole or by lines, never more than was charged."""

from dataclasses import replace

import pytest
from tests.checkout.pages.crew import CREWED, SAM, crewed_shop, log_in
from tests.domain.samples import ADA, DORA
from tests.fakes.shop import SETTINGS, Shop, open_shop

from taptill.checkout.pages.page import phrase
from taptill.checkout.session import Notice, Step
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Money


def voids(shop: Shop) -> list[Entry]:
    """Return the voids in the books."""
    return shop.books.of_kind(EntryKind.VOID)


def sell_two(shop: Shop) -> None:
    """Sell two coffees and a water to Ada, and then 2.00 to Dora."""
    shop.sell("ccw", "A")
    shop.sell("200", "D")


def choose(shop: Shop, *keys: str) -> None:
    """Press keys of a page; `enter` is Enter."""
    for key in keys:
        if key == "enter":
            shop.hasty_enter()
        elif key == "escape":
            shop.escape()
        else:
            shop.key(key)
    shop.later(0.2)


def test_f8_twice_lists_the_sales_of_this_shift_newest_first(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8")
    assert shop.page().name == "undo"
    rows = [(row.cells[1], row.cells[2]) for row in shop.page().rows]
    assert rows == [(Money(200), "D. N."), (Money(420), "A. B.")]


def test_lines_of_an_older_sale_are_taken_back(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8", "down", "enter")
    assert shop.page().name == "undo-lines"
    choose(shop, "left", "down", "0", "enter")
    assert shop.page().name == "undo-why"
    choose(shop, "3")
    assert (shop.step(), shop.view.amount) == (Step.VOIDED, Money(150))
    (void,) = voids(shop)
    assert (void.customer_id, void.amount_minor, void.charge_id) == (ADA.id, -150, "sale-1")
    assert void.body["lines"] == [["Coffee", 150, 1]]
    assert void.body["reason"] == "goods returned"


def test_what_is_left_can_be_taken_back_later_and_no_more(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8", "down", "enter", "left", "down", "0", "enter", "1")
    choose(shop, "f8", "f8", "down", "enter", "enter", "1")
    assert [void.amount_minor for void in voids(shop)] == [-150, -270]
    choose(shop, "f8", "f8", "down", "enter")
    assert shop.page().notice == phrase("undo.nothing-left")
    assert sum(void.amount_minor or 0 for void in voids(shop)) == -420


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("0", "down", "0", "enter"), "undo.nothing-taken"),
        (("right",), "undo.not-left"),
        (("9",), "undo.not-left"),
        (("x",), "page.change-lines"),
    ],
)
def test_what_cannot_be_taken_back_is_said(shop: Shop, keys: tuple[str, ...], answer: str) -> None:
    shop.sell("ccw", "A")
    choose(shop, "f8", "f8", "enter", *keys)
    assert shop.page().notice == phrase(answer)
    assert voids(shop) == []


def test_one_line_alone_asks_for_the_reason_at_once(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8", "enter", "1")
    assert [(void.customer_id, void.amount_minor) for void in voids(shop)] == [(DORA.id, -200)]
    assert "lines" not in voids(shop)[0].body


def test_esc_leads_back_without_a_void(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8", "down", "enter", "enter")
    names = []
    for _ in range(4):
        names.append(shop.view.page.name if shop.view.page else "")
        shop.escape()
    assert names == ["undo-why", "undo-lines", "undo", ""]
    assert voids(shop) == []


def test_another_cashiers_sale_needs_a_supervisor() -> None:
    with crewed_shop() as shop:
        sell_two(shop)
        shop.key("f2")
        shop.later(0.2)
        log_in(shop, "Ted")
        choose(shop, "f8")
        assert shop.page().name == "undo"
        choose(shop, "enter")
        shop.tap(SAM.card_id)
        assert (shop.page().name, shop.page().notice) == ("undo-why", phrase("page.card-later"))
        about = shop.page().head
        choose(shop, "1")
        assert shop.page().name == "approve"
        assert about
        assert shop.page().head[: len(about)] == about
        assert voids(shop) == []
        shop.tap(SAM.card_id)
        shop.later(0.3)
        (void,) = voids(shop)
        assert (void.staff, void.body["approved_by"]) == ("Ted", "Sam")


def test_ones_own_beyond_the_window_needs_a_supervisor_too() -> None:
    with crewed_shop(replace(CREWED, void_window_s=5.0)) as shop:
        sell_two(shop)
        shop.later(10.0)
        choose(shop, "f8", "enter", "1")
        assert shop.page().name == "approve"


def test_a_supervisor_takes_back_any_sale_alone() -> None:
    with crewed_shop() as shop:
        sell_two(shop)
        shop.key("f2")
        shop.later(0.2)
        log_in(shop, "Kim")
        choose(shop, "f8", "1")
        assert [void.staff for void in voids(shop)] == ["Kim"]


def test_without_staff_nothing_beyond_the_window_is_offered() -> None:
    with open_shop(replace(SETTINGS, void_window_s=5.0)) as shop:
        sell_two(shop)
        shop.later(10.0)
        shop.f8()
        assert (shop.view.page, shop.notice()) == (None, Notice.VOID_TOO_LATE)


def test_a_tap_closes_the_list_and_is_answered(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8")
    shop.tap("A")
    assert (shop.view.page, shop.step()) == (None, Step.CARD)


def test_a_tap_at_the_lines_is_answered_with_a_word(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8", "down", "enter")
    shop.tap("A")
    assert (shop.page().name, shop.notice()) == ("undo-lines", Notice.PAGE_OPEN)


def test_a_journal_that_cannot_be_read_is_said(shop: Shop) -> None:
    sell_two(shop)
    shop.sales_book.unreadable = True
    shop.f8()
    assert (shop.view.page, shop.notice()) == (None, Notice.NOT_READABLE)
    shop.sales_book.unreadable = False
    choose(shop, "f8", "f8")
    shop.sales_book.unreadable = True
    choose(shop, "enter")
    assert (shop.page().name, shop.notice()) == ("undo", Notice.NOT_READABLE)


def test_a_disk_that_fails_at_the_void_closes_the_till(shop: Shop) -> None:
    sell_two(shop)
    choose(shop, "f8", "f8", "enter")
    shop.books.fails = "disk I/O error"
    choose(shop, "1")
    assert (shop.step(), shop.view.page) == (Step.CLOSED, None)


def test_while_something_is_rung_up_there_is_no_void(shop: Shop) -> None:
    sell_two(shop)
    shop.press("1")
    shop.f8()
    assert (shop.view.page, shop.notice()) == (None, Notice.BUSY)


@pytest.mark.parametrize("seller", ["Kim", "Jo"])
def test_the_last_sale_of_a_closed_shift_needs_a_supervisor(seller: str) -> None:
    with crewed_shop(who=seller) as shop:
        shop.sell("420", "A")
        shop.sales_book.closed_seq = shop.books.entries[-1].seq
        choose(shop, "f2")
        log_in(shop, "Jo")
        choose(shop, "f8", "1")
        assert (shop.page().name, voids(shop)) == ("approve", [])
        shop.tap(SAM.card_id)
        shop.later(0.2)
        (void,) = voids(shop)
        assert (void.staff, void.body["approved_by"]) == ("Jo", "Sam")


def test_a_supervisor_takes_back_the_last_sale_of_a_closed_shift_alone() -> None:
    with crewed_shop(who="Kim") as shop:
        shop.sell("420", "A")
        shop.sales_book.closed_seq = shop.books.entries[-1].seq
        choose(shop, "f8", "1")
        assert [void.staff for void in voids(shop)] == ["Kim"]
