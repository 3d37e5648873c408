"""F10: the shift is opened, looked at and closed, and its figures are those of the journal."""

import pytest
from tests.checkout.pages.crew import crewed_shop
from tests.domain.samples import ADA
from tests.fakes.shop import Shop, open_shop

from taptill.checkout.pages.page import Cell, phrase
from taptill.checkout.session import Notice, Step
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.money import Money
from taptill.domain.slips.printer import PrinterHealth, PrinterState

MENU = {"x": "1", "open": "2", "close": "3", "closes": "4"}


def menu(shop: Shop, item: str) -> None:
    """Press F10 and choose."""
    shop.key("f10")
    shop.press(MENU[item])
    shop.later(1.0)


def figures(shop: Shop) -> dict[Cell, Cell]:
    """Return label and last cell of each row of a report."""
    return {row.cells[0]: row.cells[-1] for row in shop.page().rows}


def type_and_enter(shop: Shop, text: str) -> None:
    """Type an amount, and press Enter."""
    shop.press(text)
    shop.hasty_enter()
    shop.later(0.5)


def sell(shop: Shop) -> None:
    """Sell 4.20 and 1.00, and void the 1.00."""
    shop.sell("420", "A")
    shop.sell("100", "D")
    shop.f8()
    shop.press("1")
    shop.later(1.0)
    shop.escape()


def test_the_x_shows_what_the_journal_has_and_stores_nothing(shop: Shop) -> None:
    sell(shop)
    before = len(shop.books.entries)
    menu(shop, "x")
    assert shop.page().name == "x"
    assert figures(shop)[phrase("row.gross")] == Money(520)
    assert figures(shop)[phrase("row.voided")] == Money(-100)
    assert figures(shop)[phrase("row.net")] == Money(420)
    assert len(shop.books.entries) == before
    shop.escape()
    assert shop.page().name == "office"


def test_a_shift_is_opened_with_counted_cash_once(shop: Shop) -> None:
    menu(shop, "open")
    shop.press("10000")
    assert shop.page().head[-1].cells == (phrase("page.drawer"), Money(10000))
    shop.later(300.0)
    type_and_enter(shop, "")
    assert (shop.view.page, shop.notice()) == (None, Notice.SHIFT_OPEN)
    (entry,) = shop.books.of_kind(EntryKind.SHIFT_OPENED)
    assert entry.body["cash"] == 10000
    menu(shop, "open")
    type_and_enter(shop, "5")
    assert shop.page().notice == phrase("page.is-open")


CASH = {
    "two points before the digit": (",,5", ",5", Money(50)),
    "two points in a row": ("5..", "5.", Money(500)),
    "two points apart": ("1.2,3", "1.23", Money(123)),
    "points alone": (".,.", ".", phrase("page.not-counted")),
    "too many digits behind the point": ("12.345", "12.34", Money(1234)),
}


@pytest.mark.parametrize(("keys", "typed", "meant"), CASH.values(), ids=CASH)
def test_a_key_that_makes_no_amount_is_not_taken(
    shop: Shop, keys: str, typed: str, meant: Cell
) -> None:
    menu(shop, "open")
    shop.press(keys)
    assert (shop.page().typed, shop.page().head[-1].cells[-1]) == (typed, meant)
    shop.press("x")
    assert shop.page().notice == phrase("page.type-amount")


def test_closing_shows_the_z_and_the_next_shift_begins_empty(shop: Shop) -> None:
    sell(shop)
    menu(shop, "close")
    assert shop.page().name == "close-shift"
    type_and_enter(shop, "")
    assert (shop.page().name, shop.page().notice) == ("z", phrase("page.closed", number=1))
    assert figures(shop)[phrase("row.net")] == Money(420)
    shop.escape()
    assert shop.view.page is None
    menu(shop, "x")
    assert figures(shop)[phrase("row.net")] == Money(0)


def test_cash_that_differs_is_explained_before_the_close(shop: Shop) -> None:
    menu(shop, "open")
    type_and_enter(shop, "10000")
    menu(shop, "close")
    type_and_enter(shop, "9950")
    assert shop.page().name == "difference"
    assert shop.page().head[0].cells == (phrase("row.difference"), Money(-50))
    assert shop.books.of_kind(EntryKind.SHIFT_CLOSED) == []
    shop.press("1")
    shop.later(0.5)
    cash = shop.shift_book.reports[0].cash
    assert (cash.counted_minor, cash.difference_minor, cash.comment) == (9950, -50, "wrong-change")
    assert figures(shop)[phrase("row.difference")] == Money(-50)


def test_who_closes_is_in_the_z() -> None:
    with crewed_shop() as shop:
        menu(shop, "close")
        type_and_enter(shop, "")
        assert shop.shift_book.reports[0].closed_by == "Jo"


def test_earlier_closes_are_listed_newest_first_and_can_be_read(shop: Shop) -> None:
    for amount in ("420", "100"):
        shop.sell(amount, "A")
        menu(shop, "close")
        type_and_enter(shop, "")
        shop.escape()
    menu(shop, "closes")
    assert [row.cells[:1] + row.cells[2:3] for row in shop.page().rows] == [
        ("Z 2", Money(100)),
        ("Z 1", Money(420)),
    ]
    shop.key("down")
    shop.hasty_enter()
    assert shop.page().values == (("number", 1),)
    shop.escape()
    assert (shop.page().name, shop.page().chosen) == ("closes", 1)


def test_without_an_earlier_close_the_list_says_so(shop: Shop) -> None:
    menu(shop, "closes")
    for key in ("", "enter", "1", "down"):
        if key:
            shop.key(key)
        page = shop.page()
        assert (page.name, page.rows, page.notice) == ("closes", (), phrase("page.empty"))
        assert page.keys == ("esc-back",)


@pytest.mark.parametrize("key", ["x", "a", "*", "f8"])
def test_what_is_no_amount_is_answered(shop: Shop, key: str) -> None:
    menu(shop, "open")
    shop.key(key)
    assert shop.page().notice == phrase("page.type-amount")
    assert shop.page().typed == ""


def test_esc_keeps_the_shift_open(shop: Shop) -> None:
    sell(shop)
    menu(shop, "close")
    shop.press("12")
    shop.escape()
    shop.escape()
    assert shop.books.of_kind(EntryKind.SHIFT_CLOSED) == []
    assert shop.view.page is None


def test_while_something_is_rung_up_there_is_no_menu(shop: Shop) -> None:
    shop.press("420")
    shop.key("f10")
    assert (shop.view.page, shop.notice()) == (None, Notice.BUSY)


def test_an_answer_of_the_sale_is_not_left_standing_on_the_menu(shop: Shop) -> None:
    shop.enter()
    assert shop.notice() is Notice.NO_AMOUNT
    shop.key("f10")
    assert (shop.page().name, shop.notice()) == ("office", Notice.NONE)


def test_keys_while_the_report_is_counted_are_answered(shop: Shop) -> None:
    shop.key("f10")
    shop.press("1")
    shop.press("4")
    assert shop.notice() == Notice.PAGE_BUSY
    shop.tap("A")
    assert shop.notice() == Notice.PAGE_BUSY
    shop.later(0.5)
    assert shop.page().name == "x"


def test_a_customer_who_comes_while_a_report_is_read_is_served(shop: Shop) -> None:
    menu(shop, "x")
    shop.tap("A")
    assert (shop.view.page, shop.step()) == (None, Step.CARD)


def test_a_report_that_cannot_be_read_is_said(shop: Shop) -> None:
    shop.shift_book.unreadable = True
    for item in ("x", "close"):
        menu(shop, item)
        assert (shop.page().name, shop.notice()) == ("office", Notice.NOT_READABLE)
        shop.escape()


def test_a_disk_that_fails_at_the_close_closes_the_till_and_not_the_shift(shop: Shop) -> None:
    sell(shop)
    menu(shop, "close")
    shop.books.fails = "disk I/O error"
    type_and_enter(shop, "")
    assert (shop.step(), shop.shift_book.reports) == (Step.CLOSED, [])
    shop.books.fails = ""
    shop.later(20.0)
    menu(shop, "close")
    type_and_enter(shop, "")
    assert [report.shift.number for report in shop.shift_book.reports] == [1]


def test_a_slow_disk_is_said_where_a_shift_is_opened_and_closed(shop: Shop) -> None:
    for item in ("open", "close"):
        menu(shop, item)
        shop.books.takes_s = 3.0
        shop.press("5")
        shop.hasty_enter()
        assert shop.page().notice == phrase("page.saving")
        shop.later(4.0)
        shop.books.takes_s = 0.0
        shop.escape()
    assert len(shop.shift_book.reports) == 1


def test_a_report_scrolls_to_its_end_and_back(shop: Shop) -> None:
    sell(shop)
    menu(shop, "x")
    rows = len(shop.page().rows)
    for _ in range(rows + 5):
        shop.key("down")
    end = shop.page().top
    assert 0 < end < rows
    shop.key("page_up")
    assert shop.page().top < end


@pytest.mark.parametrize("item", ["open", "close"])
def test_a_role_without_the_right_neither_opens_nor_closes_the_shift(item: str) -> None:
    """A technician sells, and reads the X, but has no drawer."""
    with crewed_shop(who="Ted") as shop:
        before = len(shop.books.entries)
        menu(shop, item)
        assert shop.page().name == "office"
        assert shop.page().notice == phrase("page.may-not", name="Ted")
        type_and_enter(shop, "")
        assert len(shop.books.entries) == before
        shop.press(MENU["x"])
        shop.later(0.5)
        assert shop.page().name == "x"


def test_enter_pressed_twice_on_the_menu_closes_no_shift(shop: Shop) -> None:
    """The form asks for counted cash, and on it Enter alone means that there is none."""
    shop.key("f10")
    shop.press("3")
    while shop.page().name != "close-shift":
        shop.later(0.05)
    shop.hasty_enter()
    shop.later(1.0)
    assert (shop.page().name, shop.notice()) == ("close-shift", Notice.WAIT_A_MOMENT)
    assert shop.books.of_kind(EntryKind.SHIFT_CLOSED) == []
    type_and_enter(shop, "")
    assert len(shop.books.of_kind(EntryKind.SHIFT_CLOSED)) == 1


def test_a_sale_of_which_parts_were_voided_still_counts_as_one() -> None:
    """A void is no sale less, as a sale may have several: pieces of a good are subtracted alone."""
    with crewed_shop() as shop:
        shop.sell("cccw", "A")
        for _ in range(2):
            for key in ("f8", "f8"):
                shop.key(key)
            shop.hasty_enter()
            for key in ("1", "down", "0"):
                shop.key(key)
            shop.hasty_enter()
            shop.key("1")
            shop.later(1.0)
        menu(shop, "x")
        rows = {row.cells[0]: row.cells[1:] for row in shop.page().rows if len(row.cells) > 2}
        assert rows["Jo"] == ("1", Money(270))
        hours = [cells for label, cells in rows.items() if str(label).endswith(":00")]
        assert hours == [("1", Money(270))]
        assert rows["Coffee"] == ("1", Money(150))


def test_what_was_written_off_has_the_sign_that_it_has_in_the_report(shop: Shop) -> None:
    """As a void, it lowers what customers owe."""
    shop.sell("420", "A")
    write_off = Draft(EntryKind.WRITE_OFF, ADA.id, amount_minor=-420)
    shop.wait_for(shop.books.append([write_off]))
    menu(shop, "x")
    assert figures(shop)[phrase("row.written-off")] == Money(-420)


def test_a_report_is_printed_as_often_as_f4_asks_for_it(shop: Shop) -> None:
    sell(shop)
    menu(shop, "x")
    assert "f4-print" in shop.page().keys
    for _ in range(2):
        shop.key("f4")
    assert shop.slip_desk.asked == ["report 1", "report 1"]
    assert shop.page().notice == phrase("page.prints")
    shop.slip_desk.now = PrinterHealth(PrinterState.NO_PAPER)
    shop.key("f4")
    assert shop.page().notice == phrase("page.printer-not-ready")


def test_the_desk_hears_of_a_shift_that_is_closed(shop: Shop) -> None:
    sell(shop)
    menu(shop, "close")
    type_and_enter(shop, "")
    assert shop.page().name == "z"
    assert shop.slip_desk.asked == ["closed 1"]
    shop.escape()
    menu(shop, "closes")
    shop.hasty_enter()
    shop.key("f4")
    assert shop.slip_desk.asked == ["closed 1", "report 1"]


def test_without_a_printer_no_report_can_be_printed() -> None:
    with open_shop(has_printer=False) as shop:
        menu(shop, "x")
        shop.key("f4")
        assert "f4-print" not in shop.page().keys
        assert shop.page().notice == phrase("page.only-read")
