"""Disks that fail, fill up and recover, and unexpected exceptions."""

import logging
from collections.abc import Callable

import pytest
from tests.domain.samples import ADA
from tests.fakes.shop import Shop

from taptill.checkout.session import Notice, Step
from taptill.domain.entry import EntryKind
from taptill.domain.errors import BackendError
from taptill.domain.money import Money


def test_a_charge_that_cannot_be_kept_closes_the_till_and_names_the_disk_error(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.books.fails = "disk I/O error"
    shop.enter()
    view = shop.view
    assert (view.step, view.detail, view.customer) == (Step.CLOSED, "disk I/O error", None)
    assert (shop.charges, view.recent_sales) == ([], ())


def test_a_failed_charge_is_on_the_screen_for_a_while_and_its_basket_stays(shop: Shop) -> None:
    """The journal is fine again at once; the cashier still reads that nothing was charged."""
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.books.fails = "disk I/O error"
    shop.enter()
    shop.books.fails = ""
    shop.later(9.0)
    assert shop.step() == Step.CLOSED
    shop.later(2.5)
    assert (shop.step(), shop.view.total, shop.view.detail) == (Step.RINGING, Money(420), "")
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    assert shop.charges == [(ADA.id, 420)]


def test_a_disk_that_is_nearly_full_closes_the_till_and_room_opens_it(shop: Shop) -> None:
    shop.press("420")
    shop.books.full = "only 3 MB free on the disk"
    shop.later(1.5)
    assert (shop.step(), shop.view.detail) == (Step.CLOSED, "only 3 MB free on the disk")
    shop.later(60.0)
    assert shop.step() == Step.CLOSED
    shop.books.full = ""
    shop.later(12.0)
    assert (shop.step(), shop.view.total) == (Step.RINGING, Money(420))


def test_a_disk_that_is_full_right_after_a_sale_hinders_no_later_one(shop: Shop) -> None:
    """The next charge is another one: the journal would refuse an id that it has."""
    shop.sell("420", "A")
    shop.books.full = "only 3 MB free on the disk"
    shop.later(1.5)
    assert shop.step() == Step.CLOSED
    shop.books.full = ""
    shop.later(12.0)
    shop.sell("100", "A")
    assert (shop.step(), shop.charges) == (Step.PAID, [(ADA.id, 420), (ADA.id, 100)])


def test_keys_do_nothing_while_the_till_is_closed(shop: Shop) -> None:
    shop.press("420")
    shop.books.full = "only 3 MB free on the disk"
    shop.later(1.5)
    closed_view = shop.view
    meddling: list[Callable[[], None]] = [
        lambda: shop.press("1c+"),
        shop.enter,
        shop.escape,
        shop.f8,
    ]
    for meddle in meddling:
        meddle()
        assert shop.view == closed_view


def test_a_journal_that_closes_before_enter_refuses_and_journals_nothing(shop: Shop) -> None:
    """Between two ticks: the decision itself sees it."""
    shop.press("420")
    shop.tap("A")
    shop.later(0.2)
    shop.books.full = "only 3 MB free on the disk"
    shop.enter()
    shop.later(0.1)
    assert (shop.step(), shop.view.detail) == (Step.CLOSED, "only 3 MB free on the disk")
    assert shop.books.entries == []


def test_a_disk_that_fills_up_during_a_charge_does_not_hide_its_outcome(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.2)
    shop.books.takes_s = 1.5
    shop.enter()
    shop.books.full = "only 3 MB free on the disk"
    shop.later(1.4)
    assert shop.step() == Step.SAVING
    shop.later(0.2)
    assert Step.PAID in shop.steps
    assert shop.charges == [(ADA.id, 420)]


def test_a_decline_that_cannot_be_kept_is_logged_and_stops_nobody(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.books.fails = "disk I/O error"
    with caplog.at_level(logging.WARNING, "taptill.till"):
        shop.tap("X")
        shop.later(0.1)
    assert shop.step() == Step.DECLINED
    assert [record.message for record in caplog.records] == ["decline.not_journaled"]


def test_a_journal_that_cannot_be_read_closes_the_till_until_it_can(shop: Shop) -> None:
    """The till looks again with each tick, and sells when the disk has recovered."""
    shop.sell("420", "A")
    shop.later(1.0)
    shop.books.unreadable = "a part of the file is damaged"
    shop.later(60.0)
    assert (shop.step(), shop.view.detail) == (Step.CLOSED, "a part of the file is damaged")
    shop.books.unreadable = ""
    shop.later(12.0)
    assert shop.step() == Step.READY
    shop.sell("100", "A")
    assert shop.charges == [(ADA.id, 420), (ADA.id, 100)]


MEDDLING: dict[str, Callable[[Shop], None]] = {
    "a key": lambda shop: shop.press("1"),
    "Enter": Shop.enter,
    "a card": lambda shop: shop.tap("A"),
}


@pytest.mark.parametrize("meddle", MEDDLING.values(), ids=MEDDLING)
def test_a_journal_that_cannot_be_read_between_two_ticks_sells_nothing(
    shop: Shop, meddle: Callable[[Shop], None]
) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.books.unreadable = "a part of the file is damaged"
    meddle(shop)
    assert shop.view.customer is None
    shop.enter()
    assert (shop.step(), shop.charges) == (Step.CLOSED, [])


FAULTS = {
    "one of ours is named by its code": (BackendError(detail="?"), "backend"),
    "any other by its kind": (KeyError("id"), "KeyError"),
}


@pytest.mark.parametrize(("fault", "detail"), FAULTS.values(), ids=FAULTS)
def test_a_fault_that_nobody_foresaw_closes_the_till_for_a_while(
    shop: Shop, caplog: pytest.LogCaptureFixture, fault: Exception, detail: str
) -> None:
    """It is logged, and no customer stays on the panel."""
    shop.finder.fault = fault
    with caplog.at_level(logging.ERROR, "taptill.till"):
        shop.tap("A")
    assert (shop.step(), shop.view.detail) == (Step.CLOSED, detail)
    assert [record.message for record in caplog.records] == ["till.fault"]
    shop.finder.fault = None
    shop.later(12.0)
    assert shop.step() == Step.READY


def test_a_charge_whose_commit_was_under_way_has_the_last_word_over_a_fault(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.books.takes_s = 1.0
    shop.enter()
    with caplog.at_level(logging.CRITICAL, "taptill.till"):
        shop.background_fault(ValueError())
    assert shop.step() == Step.CLOSED
    shop.later(1.0)
    assert (shop.step(), shop.notice()) == (Step.PAID, Notice.NONE)
    assert shop.charges == [(ADA.id, 420)]


def test_a_fault_while_enter_waits_ends_the_charge(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.finder.takes_s = 0.5
    shop.press("420")
    shop.tap("A")
    shop.enter()
    assert shop.step() == Step.ASKING
    with caplog.at_level(logging.CRITICAL, "taptill.till"):
        shop.background_fault(ValueError())
    shop.later(1.0)
    assert (shop.step(), shop.books.of_kind(EntryKind.CHARGE)) == (Step.CLOSED, [])
