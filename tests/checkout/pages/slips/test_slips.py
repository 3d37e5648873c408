"""F4: the slip of the sale on the screen at once, else one of the last sales."""

from dataclasses import replace

import pytest
from tests.checkout.modes.kiosk import KIOSK, STAFFED, open_kiosk
from tests.checkout.money.cash import pay
from tests.checkout.pages.crew import log_in
from tests.fakes.shop import SETTINGS, Shop, open_shop

from taptill.checkout.pages.page import Tone, phrase
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillSettings
from taptill.domain.entry import EntryKind
from taptill.domain.money import Money
from taptill.domain.slips.printer import PrinterHealth, PrinterState


def charges(shop: Shop) -> list[int]:
    """Return the numbers of the sales in the books."""
    return [entry.seq for entry in shop.books.of_kind(EntryKind.CHARGE)]


def test_right_after_a_sale_its_slip_is_printed_and_the_result_stays(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.sell("420", "D")
    shop.key("f4")
    assert shop.slip_desk.asked == charges(shop)[-1:]
    assert (shop.step(), shop.notice()) == (Step.PAID, Notice.SLIP_PRINTS)


def test_once_more_it_is_said_that_it_is_a_copy(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.key("f4")
    shop.key("f4")
    assert shop.slip_desk.asked == charges(shop) * 2
    assert (shop.step(), shop.notice()) == (Step.PAID, Notice.SLIP_COPY)


@pytest.mark.parametrize("settings", [KIOSK, STAFFED], ids=["no staff", "staff"])
def test_a_customer_who_is_alone_has_one_receipt_of_what_was_just_paid(
    settings: TillSettings,
) -> None:
    with open_kiosk(settings) as kiosk:
        kiosk.shop.key("f4")
        refusal = kiosk.shop.notice()
        assert refusal in {Notice.STAFF_ONLY, Notice.NO_STAFF}
        kiosk.pick_and_tap()
        kiosk.wait(6.0)
        assert kiosk.shop.step() is Step.PAID
        kiosk.shop.key("f4")
        assert kiosk.shop.notice() is Notice.SLIP_PRINTS
        kiosk.shop.key("f4")
        assert (kiosk.shop.step(), kiosk.shop.notice()) == (Step.PAID, Notice.SLIP_PRINTED)
        assert kiosk.shop.slip_desk.asked == charges(kiosk.shop)
        kiosk.keys("w")
        kiosk.shop.key("f4")
        assert (kiosk.shop.view.page, kiosk.shop.notice()) == (None, refusal)
        kiosk.wait(40.0)
        kiosk.shop.key("f4")
        assert (kiosk.shop.view.page, kiosk.shop.notice()) == (None, refusal)
        assert kiosk.shop.slip_desk.asked == charges(kiosk.shop)


def test_staff_who_have_logged_in_print_what_a_customer_has_printed() -> None:
    with open_kiosk(STAFFED) as kiosk:
        kiosk.shop.key("f2")
        log_in(kiosk.shop, "Jo")
        kiosk.pick_and_tap()
        kiosk.wait(6.0)
        kiosk.shop.key("f4")
        kiosk.shop.key("f4")
        assert kiosk.shop.notice() is Notice.SLIP_COPY
        assert kiosk.shop.slip_desk.asked == charges(kiosk.shop) * 2


def test_right_after_a_void_the_slip_of_the_void_is_printed(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.f8()
    shop.press("1")
    shop.later(0.1)
    assert shop.step() is Step.VOIDED
    shop.key("f4")
    assert shop.slip_desk.asked == [shop.books.of_kind(EntryKind.VOID)[0].seq]


def test_later_the_last_sales_are_listed_and_enter_prints_the_newest(shop: Shop) -> None:
    for amount in ("100", "420", "300"):
        shop.sell(amount, "A" if amount != "420" else "B")
        shop.escape()
    shop.key("f4")
    assert [row.cells[1] for row in shop.page().rows] == [Money(300), Money(100)]
    assert shop.page().head[0].cells == (phrase("row.printer"), phrase("printer.ok"))
    shop.later(1.0)
    shop.enter()
    assert shop.slip_desk.asked == charges(shop)[-1:]
    assert (shop.view.page, shop.notice()) == (None, Notice.SLIP_PRINTS)


def test_another_one_is_chosen_by_the_cursor_keys(shop: Shop) -> None:
    for amount in ("100", "300"):
        shop.sell(amount, "A")
        shop.escape()
    shop.key("f4")
    shop.later(1.0)
    shop.key("down")
    shop.later(1.0)
    shop.enter()
    assert shop.slip_desk.asked == charges(shop)[:1]


def test_esc_prints_nothing_and_a_card_goes_to_the_sale(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.escape()
    shop.key("f4")
    shop.escape()
    shop.key("f4")
    shop.tap("A")
    assert (shop.slip_desk.asked, shop.view.page, shop.step()) == ([], None, Step.CARD)


@pytest.mark.parametrize(
    ("row", "asked", "notice"),
    [("home", "waiting", Notice.SLIP_WAITS), ("down", "drop", Notice.SLIPS_DROPPED)],
)
def test_what_waits_is_printed_or_dropped(shop: Shop, row: str, asked: str, notice: Notice) -> None:
    shop.sell("100", "A")
    shop.escape()
    shop.slip_desk.now = PrinterHealth(PrinterState.NO_PAPER, waiting=3)
    shop.key("f4")
    assert shop.page().head[0].tone is Tone.CAREFUL
    assert shop.page().chosen == 2
    shop.key("home")
    if row == "down":
        shop.key("down")
    shop.later(1.0)
    shop.enter()
    assert (shop.slip_desk.asked, shop.notice()) == ([asked], notice)


def test_a_printer_without_paper_is_said_and_the_slip_waits(shop: Shop) -> None:
    shop.slip_desk.now = PrinterHealth(PrinterState.NO_PAPER)
    shop.sell("100", "A")
    shop.key("f4")
    assert shop.slip_desk.asked == charges(shop)
    assert shop.notice() is Notice.SLIP_WAITS


def test_nothing_was_sold_yet(shop: Shop) -> None:
    shop.key("f4")
    assert (shop.view.page, shop.notice()) == (None, Notice.NO_SLIP)


def test_a_list_looks_through_several_steps_of_the_journal(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.escape()
    for _ in range(12):
        shop.sell("420", "B")
        shop.escape()
    shop.key("f4")
    assert [row.cells[1] for row in shop.page().rows] == [Money(100)]


def test_without_a_printer_the_key_says_so() -> None:
    with open_shop(has_printer=False) as shop:
        shop.sell("100", "A")
        shop.key("f4")
        assert (shop.step(), shop.notice()) == (Step.PAID, Notice.NO_PRINTER)


def test_a_journal_that_cannot_be_read_prints_nothing(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.sales_book.unreadable = True
    shop.key("f4")
    assert (shop.slip_desk.asked, shop.notice()) == ([], Notice.NOT_READABLE)


def test_right_after_cash_was_paid_in_its_slip_is_printed_and_the_result_stays() -> None:
    with open_shop(replace(SETTINGS, max_repayment=Money(9900))) as shop:
        pay(shop, "A", "500")
        assert "slip" in shop.page().keys
        shop.key("f4")
        assert shop.slip_desk.asked == [shop.books.of_kind(EntryKind.REPAYMENT)[0].seq]
        assert (shop.page().name, shop.page().notice) == ("paid-in", phrase("notice.slip-prints"))


def test_cash_that_was_paid_in_is_listed_as_such() -> None:
    with open_shop(replace(SETTINGS, max_repayment=Money(9900))) as shop:
        pay(shop, "A", "500")
        shop.escape()
        shop.escape()
        shop.key("f4")
        (row,) = shop.page().rows
        assert row.cells[-1] == phrase("row.paid-in")
