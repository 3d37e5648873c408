"""F8: the last sale, once, within its window, for a reason."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.domain.samples import ADA, DORA
from tests.fakes.shop import SETTINGS, Shop, open_shop

from taptill.checkout.recent_sales import ROWS_MAX
from taptill.checkout.sale import void_draft
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import SETTLE_AFTER_S
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.money import ZERO, Money
from taptill.domain.sales.remainder import Part, remainder


def voids(shop: Shop) -> list[tuple[str | None, int | None, int | None, object]]:
    """Return charge, customer, amount and reason of each void in the books."""
    return [
        (entry.charge_id, entry.customer_id, entry.amount_minor, entry.body["reason"])
        for entry in shop.books.of_kind(EntryKind.VOID)
    ]


@pytest.mark.parametrize(
    ("key", "why"), [("1", "wrong amount"), ("2", "wrong customer"), ("3", "goods returned")]
)
def test_a_void_names_its_charge_and_the_reason(shop: Shop, key: str, why: str) -> None:
    shop.sell("420", "A")
    shop.f8()
    assert (shop.step(), shop.view.amount) == (Step.VOIDING, Money(420))
    shop.press(key)
    assert (shop.step(), shop.view.amount) == (Step.VOIDED, Money(420))
    assert voids(shop) == [("sale-1", ADA.id, -420, why)]
    assert shop.books.of_kind(EntryKind.VOID)[0].body["voids"] == 1
    shop.later(SETTLE_AFTER_S)
    assert shop.settled == 2


def test_a_void_gives_the_money_back(shop: Shop) -> None:
    shop.sell("1230", "A")
    shop.f8()
    shop.press("1")
    shop.sell("1230", "A")
    assert shop.step() == Step.PAID


def test_a_void_is_marked_in_the_recent_sales_and_possible_once(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.f8()
    shop.press("1")
    (row,) = shop.view.recent_sales
    assert (row.is_voided, row.can_void) == (True, False)
    shop.f8()
    assert shop.notice() == Notice.NOTHING_TO_VOID
    assert len(voids(shop)) == 1


def test_without_a_sale_there_is_nothing_to_void(shop: Shop) -> None:
    shop.f8()
    assert (shop.step(), shop.notice()) == (Step.READY, Notice.NOTHING_TO_VOID)
    shop.press("4")
    assert shop.notice() == Notice.NONE


def test_after_the_window_it_is_too_late(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.later(298.0)
    assert [row.can_void for row in shop.view.recent_sales] == [True]
    shop.later(3.0)
    assert [row.can_void for row in shop.view.recent_sales] == [False]
    shop.f8()
    assert (shop.step(), shop.notice()) == (Step.READY, Notice.VOID_TOO_LATE)


def test_a_question_that_outlives_the_window_is_too_late_too() -> None:
    with open_shop(replace(SETTINGS, void_window_s=5.0)) as shop:
        shop.sell("420", "A")
        shop.later(3.0)
        shop.f8()
        assert shop.step() == Step.VOIDING
        shop.later(2.0)
        shop.press("1")
        assert (shop.step(), shop.notice()) == (Step.READY, Notice.VOID_TOO_LATE)
        assert voids(shop) == []


def test_the_question_names_time_and_customer_of_the_sale(shop: Shop) -> None:
    """Two sales of 4.20: nobody voids the wrong one."""
    shop.sell("420", "A")
    shop.sell("420", "D")
    shop.f8()
    newest = shop.view.recent_sales[0]
    assert shop.view.detail == f"{newest.time} D. N."


def test_any_other_key_leaves_the_question_open(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.f8()
    meddling: list[Callable[[], None]] = [lambda: shop.press("4c+<"), shop.enter]
    for meddle in meddling:
        meddle()
        assert (shop.step(), shop.notice()) == (Step.VOIDING, Notice.VOID_KEYS)
        assert shop.view.total == ZERO
    shop.escape()
    assert shop.step() == Step.READY
    assert voids(shop) == []


def test_a_question_that_nobody_answers_goes_away(shop: Shop) -> None:
    """The sale after it has an id of its own."""
    shop.sell("420", "A")
    shop.f8()
    shop.later(11.5)
    assert shop.step() == Step.READY
    shop.sell("100", "A")
    assert shop.charges == [(ADA.id, 420), (ADA.id, 100)]


@pytest.mark.parametrize("card", ["", "A", "C"], ids=["no card", "may pay", "refused"])
def test_a_basket_must_be_finished_first(shop: Shop, card: str) -> None:
    """F8 never drops what was keyed in."""
    shop.sell("100", "A")
    shop.press("420")
    if card:
        shop.tap(card)
        shop.later(0.1)
    before = shop.step()
    shop.f8()
    assert (shop.step(), shop.notice(), shop.view.total) == (before, Notice.BUSY, Money(420))


def test_a_void_shows_no_other_customer_s_panel(shop: Shop) -> None:
    """Dorothea's card lies there while Ada's sale is voided."""
    shop.sell("420", "A")
    shop.tap("D")
    shop.finder.takes_s = 1.0
    shop.f8()
    assert (shop.step(), shop.view.customer) == (Step.VOIDING, None)
    shop.later(2.0)
    assert shop.view.customer is None
    shop.press("2")
    assert (shop.step(), shop.view.customer) == (Step.VOIDED, None)
    assert voids(shop) == [("sale-1", ADA.id, -420, "wrong customer")]


def test_after_a_void_the_sale_before_is_not_the_last_one(shop: Shop) -> None:
    """A second F8 1 must not void what another customer has paid; a new sale may be voided."""
    shop.sell("100", "A")
    shop.sell("200", "D")
    shop.f8()
    shop.press("1")
    shop.f8()
    assert shop.page().name == "undo"
    shop.press("1")
    assert len(voids(shop)) == 1
    shop.escape()
    assert (shop.step(), shop.view.page) == (Step.VOIDED, None)
    assert [row.can_void for row in shop.view.recent_sales] == [False, False]
    shop.sell("300", "A")
    shop.f8()
    shop.press("1")
    assert [(customer, amount) for _, customer, amount, _ in voids(shop)] == [
        (DORA.id, -200),
        (ADA.id, -300),
    ]


def test_refusals_do_not_push_the_last_sale_out_of_reach(shop: Shop) -> None:
    """The recent sales have ten rows; the sale is still within its window."""
    shop.sell("420", "A")
    for _ in range(ROWS_MAX):
        shop.sell("420", "B")
        shop.escape()
    assert all(row.reason for row in shop.view.recent_sales)
    shop.f8()
    shop.press("1")
    assert voids(shop) == [("sale-1", ADA.id, -420, "wrong amount")]
    shop.f8()
    assert shop.notice() == Notice.NOTHING_TO_VOID


def test_a_slow_disk_holds_a_void_up_in_the_same_words(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.f8()
    shop.books.takes_s = 3.0
    shop.press("1")
    shop.later(2.5)
    assert shop.step() == Step.SLOW_DISK
    shop.later(1.0)
    assert shop.step() == Step.VOIDED


def test_a_void_that_cannot_be_kept_closes_the_till_and_the_sale_stands(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.f8()
    shop.books.fails = "disk I/O error"
    shop.press("1")
    assert (shop.step(), shop.view.detail) == (Step.CLOSED, "disk I/O error")
    assert not shop.view.recent_sales[0].is_voided


def sold_here(shop: Shop) -> tuple[Entry, ...]:
    """Return the charges and voids, as a journal gives them to a till that starts."""
    return tuple(
        entry for entry in shop.books.entries if entry.kind in {EntryKind.CHARGE, EntryKind.VOID}
    )


def test_after_a_restart_the_last_sale_is_shown_and_may_be_voided(shop: Shop) -> None:
    shop.sell("420", "A")
    with open_shop(past_sales=sold_here(shop)) as again:
        first = again.view
        assert (first.is_restored, first.recent_sales[0].amount) == (True, Money(420))
        again.f8()
        assert not again.view.is_restored
        again.press("1")
        assert voids(again) == [("sale-1", ADA.id, -420, "wrong amount")]


def test_of_a_sale_that_was_taken_back_in_part_f8_voids_the_rest(shop: Shop) -> None:
    """Its void names the lines that are left, so that no line is ever taken back twice."""
    shop.sell("c+w+", "A")
    (charge,) = sold_here(shop)
    left = remainder(charge)
    part = left.part([("Coffee", 150, 1)])
    assert isinstance(part, Part)
    shop.wait_for(shop.books.append([void_draft(left, part, reason="goods returned")]))
    with open_shop(past_sales=sold_here(shop)) as again:
        again.f8()
        assert (again.step(), again.view.amount) == (Step.VOIDING, Money(120))
        again.press("3")
        assert again.step() == Step.VOIDED
        rest = again.books.of_kind(EntryKind.VOID)[-1]
        assert (rest.amount_minor, rest.body["number"]) == (-120, 2)
        assert rest.body["lines"] == [["Water", 120, 1]]


def test_a_void_that_is_in_the_journal_after_all_is_not_booked_twice(shop: Shop) -> None:
    """The disk said no, and had kept it: whoever tries once more is told, and no money moves."""
    shop.sell("420", "A")
    (charge,) = sold_here(shop)
    left = remainder(charge)
    whole = left.whole()
    assert isinstance(whole, Part)
    shop.wait_for(shop.books.append([void_draft(left, whole, reason="wrong amount")]))
    shop.f8()
    shop.press("1")
    assert (shop.step(), shop.notice()) == (Step.READY, Notice.VOID_TOO_LATE)
    assert len(voids(shop)) == 1


@pytest.mark.parametrize("touch", ["a key", "a tap"])
def test_the_reminder_after_a_restart_goes_with_the_first_touch(shop: Shop, touch: str) -> None:
    shop.sell("420", "A")
    with open_shop(past_sales=sold_here(shop)) as again:
        if touch == "a key":
            again.press("4")
        else:
            again.tap("A")
        assert not again.view.is_restored


def test_after_a_restart_nobody_is_reminded_of_a_sale_that_was_voided(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.sell("420", "A")
    shop.f8()
    shop.press("1")
    with open_shop(past_sales=sold_here(shop)) as again:
        assert not again.view.is_restored
        assert [(row.amount, row.is_voided) for row in again.view.recent_sales] == [
            (Money(420), True),
            (Money(100), False),
        ]


def test_a_sale_of_another_boot_is_too_old_to_void(shop: Shop) -> None:
    shop.sell("420", "A")
    before = replace(sold_here(shop)[0], boot_id="boot-0")
    with open_shop(past_sales=(before,)) as again:
        again.f8()
        assert again.notice() == Notice.VOID_TOO_LATE


def test_a_void_of_what_was_written_off_is_refused_and_selling_goes_on(shop: Shop) -> None:
    """The conflict desk has written the customer's sales off meanwhile."""
    shop.sell("420", "A")
    write_off = Draft(EntryKind.WRITE_OFF, ADA.id, amount_minor=-420)
    shop.wait_for(shop.books.append([write_off]))
    shop.f8()
    shop.press("1")
    assert (shop.step(), shop.notice()) == (Step.READY, Notice.VOID_TOO_LATE)
    assert voids(shop) == []
    shop.sell("200", "D")
    assert shop.step() == Step.PAID
