"""A tap with nothing rung up shows what the customer last bought here, and if it is sent."""

from tests.domain.samples import ADA
from tests.fakes.shop import Shop

from taptill.checkout.people.purchases import purchase_rows
from taptill.checkout.session import Step
from taptill.checkout.view import SaleState
from taptill.domain.decision import Cap
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.money import Money

ROWS_MAX = 10


def shown(shop: Shop) -> list[tuple[Money, str, SaleState, bool]]:
    """Return amount, goods, state and whether voided of each row."""
    return [(row.amount, row.goods, row.state, row.is_voided) for row in shop.view.purchases]


def test_the_last_purchases_of_this_customer_alone_newest_first(shop: Shop) -> None:
    shop.sell("ccw", "A")
    shop.sell("200", "D")
    shop.sell("150", "A")
    shop.tap("A")
    shop.later(0.5)
    assert shown(shop) == [
        (Money(150), "", SaleState.KEPT, False),
        (Money(420), "2 × Coffee, Water", SaleState.KEPT, False),
    ]
    assert {row.initials for row in shop.view.purchases} == {""}


def test_what_was_voided_is_said_so(shop: Shop) -> None:
    shop.sell("c", "A")
    shop.f8()
    shop.press("1")
    shop.later(0.5)
    shop.tap("A")
    shop.later(0.5)
    assert [row.is_voided for row in shop.view.purchases] == [True]


def test_nothing_is_shown_while_something_is_rung_up_or_after_it(shop: Shop) -> None:
    shop.sell("c", "A")
    assert shop.step() is Step.PAID
    counts = [len(shown(shop))]
    shop.tap("A")
    shop.later(0.5)
    for key in ("", "1", "<"):
        shop.press(key)
        counts.append(len(shown(shop)))
    shop.escape()
    counts.append(len(shown(shop)))
    assert counts == [0, 1, 0, 1, 0]


def test_who_bought_nothing_here_and_who_is_nobody_have_no_list(shop: Shop) -> None:
    shop.sell("c", "A")
    for card in "DX":
        shop.tap(card)
        shop.later(0.5)
        assert shop.view.purchases == ()


def test_what_was_paid_in_stands_among_them(shop: Shop) -> None:
    draft = Draft(EntryKind.REPAYMENT, ADA.id, -500, {"initials": "A. B."}, charge_id="1")
    shop.wait_for(shop.books.append([draft]))
    shop.tap("A")
    shop.later(0.5)
    assert [row.amount for row in shop.view.purchases] == [Money(500)]


def test_a_journal_that_cannot_be_read_shows_none_and_decides_as_ever(shop: Shop) -> None:
    shop.sell("c", "A")
    shop.books.unreadable = "disk I/O error"
    shop.tap("A")
    shop.later(0.5)
    assert shop.view.purchases == ()


def test_there_are_ten_rows_at_most_and_an_older_one_has_its_day(shop: Shop) -> None:
    for _ in range(12):
        shop.sell("50", "A")
    entries = shop.books.of_kind(EntryKind.CHARGE)
    rows = purchase_rows(entries, None, "2031-01-01T12:00:00.000Z")
    assert len(rows) == ROWS_MAX
    assert all(row.time[2] == "-" for row in rows)
    today = purchase_rows(entries, None, entries[-1].at)
    assert today[0].time[2] == ":"


def test_offline_the_limit_that_bites_next_is_named(shop: Shop) -> None:
    shop.tap("A")
    shop.later(0.5)
    assert shop.customer.cap is None
    shop.escape()
    shop.finder.offline = True
    shop.tap("A")
    shop.later(0.5)
    assert shop.customer.cap in {Cap.CREDIT, Cap.SALE, Cap.CUSTOMER}
