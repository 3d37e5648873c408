"""F7: cash in and out, booked once, shown with what is owed before and after, and taken back."""

from dataclasses import replace

import pytest
from tests.checkout.money.cash import pay
from tests.checkout.pages.crew import CREWED, SAM, crewed_shop, log_in
from tests.checkout.pages.test_undo import choose
from tests.domain.samples import ADA, DORA, known
from tests.fakes.shop import BELA, CARL, SETTINGS, Shop, open_shop

from taptill.checkout.pages.page import Balance, PageRow, PersonName, phrase
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillSettings
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Money
from taptill.domain.sales.repaying import Direction

LIMIT = Money(20_000)
TAKING = replace(SETTINGS, max_repayment=LIMIT)
STAFFED = replace(CREWED, max_repayment=LIMIT)


def repayments(shop: Shop) -> list[Entry]:
    """Return the repayments in the books, with those that take one back."""
    return shop.books.of_kind(EntryKind.REPAYMENT)


def amounts(shop: Shop) -> list[tuple[int | None, int | None]]:
    """Return customer and amount of each repayment in the books."""
    return [(entry.customer_id, entry.amount_minor) for entry in repayments(shop)]


def notice(shop: Shop) -> object:
    """Return the answer on the page."""
    return shop.page().notice


def test_cash_that_is_paid_in_lowers_the_debt_and_is_settled() -> None:
    with open_shop(TAKING) as shop:
        pay(shop, "D", "2000")
        assert amounts(shop) == [(DORA.id, -2000)]
        (entry,) = repayments(shop)
        assert entry.body == {
            "currency": "EUR",
            "initials": "D. N.",
            "external_id": DORA.external_id,
            "offline": False,
        }
        page = shop.page()
        assert (page.name, page.values) == ("paid-in", (("amount", Money(2000)),))
        assert PageRow((phrase("row.balance-before"), Balance(Money(840)))) in page.head
        assert PageRow((phrase("row.balance-now"), Balance(Money(-1160)))) in page.head
        shop.later(0.2)
        assert shop.settled == 1
        shop.escape()
        assert (shop.view.page, shop.customer.debt) == (None, Money(-1160))
        row = shop.view.recent_sales[0]
        assert (row.amount, row.repaid, row.is_voided) == (Money(2000), Direction.IN, False)


def test_the_form_says_what_is_owed_now_and_after_it() -> None:
    with open_shop(TAKING) as shop:
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        assert shop.page().head[1:3] == (
            PageRow((phrase("row.balance-now"), Balance(Money(840)))),
            PageRow((phrase("row.balance-after"), Balance(Money(840)))),
        )
        shop.press("5,5")
        assert shop.page().head[2] == PageRow((phrase("row.balance-after"), Balance(Money(290))))


def test_who_lacks_money_pays_in_and_the_sale_goes_on() -> None:
    with open_shop(TAKING) as shop:
        shop.press("1500")
        shop.tap("C")
        shop.later(0.5)
        assert shop.step() is Step.DECLINED
        shop.key("f7")
        shop.press("4000")
        shop.enter()
        shop.later(0.2)
        shop.escape()
        assert shop.step() is Step.CONFIRM
        shop.enter()
        shop.later(1.0)
        assert (shop.step(), shop.charges) == (Step.PAID, [(CARL.id, 1500)])


def test_who_was_refused_at_enter_may_pay_in_too() -> None:
    with open_shop(TAKING) as shop:
        shop.sell("1500", "C")
        assert shop.step() is Step.REFUSED
        shop.key("f7")
        shop.press("4000")
        shop.enter()
        shop.later(0.2)
        shop.escape()
        assert shop.step() is Step.CONFIRM


def test_a_blocked_customer_may_pay_in_and_gets_nothing_back() -> None:
    with crewed_shop(STAFFED, who="Kim") as shop:
        pay(shop, "B", "1000")
        assert amounts(shop) == [(BELA.id, -1000)]
        shop.escape()
        pay(shop, "B", "1000", out=True)
        assert (len(repayments(shop)), notice(shop)) == (1, phrase("repay.blocked"))


def test_one_enter_books_once_however_often_it_is_pressed() -> None:
    with open_shop(TAKING) as shop:
        shop.books.takes_s = 1.0
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        shop.press("2000")
        shop.enter()
        assert shop.page().notice == phrase("page.saving")
        shop.hasty_enter()
        assert shop.notice() is Notice.PAGE_BUSY
        shop.later(2.0)
        assert len(repayments(shop)) == 1


def test_nothing_is_booked_before_the_amount_was_painted() -> None:
    with open_shop(TAKING) as shop:
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        shop.press("2000")
        shop.later(1.0)
        shop.do(lambda: shop.till.confirm(on_screen=False))
        assert (repayments(shop), shop.notice()) == ([], Notice.WAIT_A_MOMENT)


@pytest.mark.parametrize(
    ("cash", "answer"),
    [("", "no-amount"), ("0", "no-amount"), ("20001", "too-much")],
)
def test_what_cannot_be_booked_is_said(cash: str, answer: str) -> None:
    with open_shop(TAKING) as shop:
        pay(shop, "D", cash)
        assert (repayments(shop), notice(shop)) == ([], phrase(f"repay.{answer}"))


def test_esc_leads_back_and_nothing_is_booked() -> None:
    with open_shop(TAKING) as shop:
        shop.press("150")
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        shop.press("2000")
        shop.escape()
        assert (shop.view.page, shop.view.total, repayments(shop)) == (None, Money(150), [])


def test_letters_type_no_cash() -> None:
    with open_shop(TAKING) as shop:
        shop.tap("D")
        shop.key("f7")
        shop.press("c")
        assert notice(shop) == phrase("page.type-cash")


def test_a_till_that_does_not_take_cash_says_so() -> None:
    with open_shop(SETTINGS) as shop:
        shop.tap("D")
        shop.key("f7")
        assert (shop.view.page, shop.notice()) == (None, Notice.SWITCHED_OFF)
        assert shop.view.offers == ()


def test_without_a_customer_the_card_comes_first() -> None:
    with open_shop(TAKING) as shop:
        shop.key("f7")
        assert (shop.view.page, shop.notice()) == (None, Notice.CARD_FIRST)
        shop.tap("X")
        shop.later(0.5)
        shop.key("f7")
        assert (shop.view.page, shop.notice()) == (None, Notice.CARD_FIRST)
        assert shop.view.offers == ("money",)


def test_cash_is_taken_offline_by_what_the_cache_knows() -> None:
    with open_shop(TAKING) as shop:
        shop.finder.offline = True
        pay(shop, "C", "500")
        assert amounts(shop) == [(CARL.id, -500)]
        assert repayments(shop)[0].body["offline"] is True


def test_nothing_is_paid_out_by_what_the_cache_knows() -> None:
    with crewed_shop(STAFFED, who="Kim") as shop:
        shop.finder.offline = True
        pay(shop, "A", "500", out=True)
        assert (repayments(shop), notice(shop)) == ([], phrase("repay.not-fresh"))


def test_a_supervisor_pays_out_what_is_there_in_advance_and_no_more() -> None:
    with crewed_shop(STAFFED, who="Kim") as shop:
        pay(shop, "A", "1231", out=True)
        assert (repayments(shop), notice(shop)) == ([], phrase("repay.not-there"))
        shop.press("<")
        shop.press("0")
        shop.enter()
        shop.later(0.2)
        assert amounts(shop) == [(ADA.id, 1230)]
        assert repayments(shop)[0].staff == "Kim"
        assert shop.page().name == "paid-out"
        assert shop.view.recent_sales[0].repaid is Direction.OUT


def test_a_cashier_takes_cash_alone_and_needs_a_supervisor_to_pay_out() -> None:
    with crewed_shop(STAFFED) as shop:
        pay(shop, "A", "500")
        assert repayments(shop)[0].staff == "Jo"
        shop.escape()
        pay(shop, "A", "100", out=True)
        assert (shop.page().name, len(repayments(shop))) == ("approve", 1)
        about = PageRow((PersonName(ADA.name), phrase("row.paid-out"), Money(100)))
        assert shop.page().head[:1] == (about,)
        shop.tap(SAM.card_id)
        shop.later(0.3)
        out = repayments(shop)[1]
        assert (out.staff, out.body["approved_by"], out.amount_minor) == ("Jo", "Sam", 100)


def test_a_technician_needs_somebody_who_may_take_cash() -> None:
    with crewed_shop(STAFFED, who="Ted") as shop:
        pay(shop, "A", "500")
        assert (shop.page().name, repayments(shop)) == ("approve", [])


def test_without_staff_nobody_is_paid_out() -> None:
    with open_shop(TAKING) as shop:
        shop.tap("A")
        shop.later(0.5)
        shop.key("f7")
        shop.key("f7")
        assert (shop.page().name, notice(shop)) == ("pay-in", phrase("page.pay-out-staff"))


def test_a_customer_who_turns_out_to_be_another_pays_nothing() -> None:
    with open_shop(TAKING) as shop:
        shop.finder.takes_s = 5.0
        shop.finder.there[DORA.card_id] = known(ADA)
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        shop.press("500")
        shop.later(6.0)
        shop.enter()
        assert (repayments(shop), notice(shop)) == ([], phrase("repay.gone"))


def test_a_card_at_the_form_is_answered_and_one_at_the_result_goes_to_the_sale() -> None:
    with open_shop(TAKING) as shop:
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        shop.tap("A")
        assert (shop.page().name, shop.notice()) == ("pay-in", Notice.PAGE_OPEN)
        shop.press("500")
        shop.enter()
        shop.later(0.2)
        shop.tap("A")
        shop.later(0.5)
        assert (shop.view.page, shop.customer.name) == (None, ADA.name)


def test_a_disk_that_fails_closes_the_till() -> None:
    with open_shop(TAKING) as shop:
        shop.books.fails = "disk I/O error"
        pay(shop, "D", "500")
        assert (shop.step(), shop.view.page, repayments(shop)) == (Step.CLOSED, None, [])


def test_a_journal_that_is_full_takes_no_cash() -> None:
    with open_shop(TAKING) as shop:
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        shop.press("500")
        shop.books.full = "only 3 MB free"
        shop.enter()
        assert repayments(shop) == []


def test_what_was_paid_in_may_be_spent_at_once() -> None:
    with open_shop(TAKING) as shop:
        pay(shop, "C", "4000")
        shop.escape()
        assert shop.customer.headroom == Money(4000 - 180)


@pytest.mark.parametrize("out", [False, True])
def test_f8_takes_a_repayment_back_once(out: bool) -> None:  # noqa: FBT001 - parametrised
    with crewed_shop(STAFFED, who="Kim") as shop:
        pay(shop, "A", "500", out=out)
        shop.escape()
        choose(shop, "f8")
        assert shop.page().name == "undo"
        way = "out" if out else "in"
        assert shop.page().rows[0].cells[1] == Money(500)
        assert shop.page().rows[0].cells[-1] == phrase(f"row.paid-{way}")
        choose(shop, "enter", "3")
        assert (shop.step(), abs(shop.view.amount)) == (Step.VOIDED, Money(500))
        booked, taken = repayments(shop)
        assert (taken.amount_minor, taken.customer_id) == (-(booked.amount_minor or 0), ADA.id)
        assert (taken.body["reason"], taken.body["voids"]) == ("not paid", booked.seq)
        assert shop.view.recent_sales[0].is_voided
        choose(shop, "f8")
        assert shop.notice() is Notice.NOTHING_TO_VOID


@pytest.mark.parametrize(
    ("out", "why", "cash"),
    [
        (False, "1", Direction.OUT),
        (False, "2", Direction.OUT),
        (False, "3", None),
        (True, "1", Direction.IN),
        (True, "3", None),
    ],
)
def test_what_is_taken_back_says_which_way_the_cash_goes(
    out: bool,  # noqa: FBT001 - parametrised
    why: str,
    cash: Direction | None,
) -> None:
    with crewed_shop(STAFFED, who="Kim") as shop:
        pay(shop, "A", "500", out=out)
        shop.escape()
        choose(shop, "f8", "enter", why)
        assert (shop.step(), shop.view.cash, shop.view.amount) == (Step.VOIDED, cash, Money(500))
        shop.sell("420", "A")
        choose(shop, "f8", "1")
        assert (shop.step(), shop.view.cash) == (Step.VOIDED, None)


def test_f8_takes_back_the_repayment_and_not_the_sale_before_it() -> None:
    with open_shop(TAKING) as shop:
        shop.sell("420", "A")
        pay(shop, "A", "500")
        shop.escape()
        choose(shop, "f8", "enter", "1")
        assert (amounts(shop), shop.books.of_kind(EntryKind.VOID)) == (
            [(ADA.id, -500), (ADA.id, 500)],
            [],
        )
        choose(shop, "f8", "down", "enter", "1")
        assert len(shop.books.of_kind(EntryKind.VOID)) == 1


def test_f8_at_the_result_leads_to_what_can_be_taken_back() -> None:
    with open_shop(TAKING) as shop:
        pay(shop, "A", "500")
        choose(shop, "f8")
        assert shop.page().name == "undo"
        choose(shop, "enter", "1")
        assert amounts(shop) == [(ADA.id, -500), (ADA.id, 500)]


def test_another_cashiers_repayment_needs_a_supervisor() -> None:
    with crewed_shop(STAFFED) as shop:
        pay(shop, "A", "500")
        shop.escape()
        choose(shop, "f2")
        log_in(shop, "Ted")
        choose(shop, "f8", "enter", "1")
        assert shop.page().name == "approve"
        shop.tap(SAM.card_id)
        shop.later(0.3)
        assert repayments(shop)[1].body["approved_by"] == "Sam"


def test_the_shift_expects_the_cash_and_names_it() -> None:
    with crewed_shop(STAFFED, who="Kim") as shop:
        choose(shop, "f10", "2", "1", "0", "0", "0")
        shop.enter()
        shop.later(0.5)
        pay(shop, "A", "2000")
        shop.escape()
        pay(shop, "A", "300", out=True)
        shop.escape()
        shop.later(20.0)
        report = shop.wait_for(shop.shift_book.running())
        cash = report.cash
        assert (cash.repaid_minor, cash.paid_out_minor) == (2000, 300)
        assert cash.expected_minor == 1000 + 2000 - 300
        assert report.figures.repaid.sum_minor == 1700


@pytest.mark.parametrize("settings", [TAKING, STAFFED])
def test_the_strip_shows_repayments_after_a_restart(settings: TillSettings) -> None:
    with crewed_shop(STAFFED, who="Kim") as shop:
        pay(shop, "A", "2000")
        shop.escape()
        pay(shop, "A", "300", out=True)
        shop.escape()
        choose(shop, "f8", "enter", "1")
        entries = tuple(shop.books.entries)
    with open_shop(settings, entries) as again:
        rows = [(row.amount, row.repaid, row.is_voided) for row in again.view.recent_sales]
        assert rows == [(Money(300), Direction.OUT, True), (Money(2000), Direction.IN, False)]


def test_nothing_is_paid_out_while_it_is_to_be_clarified_what_is_there() -> None:
    """The row has the 50.00 that were paid in and not the 20.00 that were bought since."""
    with crewed_shop(STAFFED, who="Kim") as shop:
        pay(shop, "A", "5000")
        shop.escape()
        shop.sell("2000", "A")
        shop.later(12.0)
        position = shop.books.position(ADA.id)
        assert position is not None
        shop.books._positions[ADA.id] = replace(position, conflict="mark-lost")
        shop.everybody_knows(ADA.card_id, known(ADA, -6230))
        pay(shop, "A", "6230", out=True)
        assert notice(shop) == phrase("repay.in-question")
        assert amounts(shop) == [(ADA.id, -5000)]
        shop.escape()
        pay(shop, "A", "100")
        assert amounts(shop) == [(ADA.id, -5000), (ADA.id, -100)]
