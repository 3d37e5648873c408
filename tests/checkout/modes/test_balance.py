"""A till that shows balances: a tap shows who and how much, and nothing is sold by any key."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checkout.pages.crew import CREW, log_in
from tests.domain.samples import ADA
from tests.examples import about
from tests.fakes.shop import BELA, CARDS, GOODS, SETTINGS, Shop, open_shop

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import Notice, Step
from taptill.domain.basket import Good
from taptill.domain.entry import MONEY_KINDS, EntryKind
from taptill.domain.money import Money
from taptill.domain.tap import Scan

COLA = Good("", "Cola", Money(110), barcode="40123455")
BALANCE = replace(
    SETTINGS,
    mode=TillMode.BALANCE,
    keypad=replace(SETTINGS.keypad, goods=(*GOODS, COLA)),
)
STAFFED = replace(BALANCE, staff=CREW, let_go_after_s=60.0, lock_after_s=60.0)
KEYS = ("enter", "escape", "f2", "f8", "f9", "f10", "f12", "down", "delete", *"0123456789+*/.,cw<")


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Return a till that shows balances and has no staff."""
    with open_shop(BALANCE) as shop:
        yield shop


@pytest.fixture
def staffed() -> Iterator[Shop]:
    """Return one whose config names staff."""
    with open_shop(STAFFED) as shop:
        yield shop


def act(shop: Shop, key: str) -> None:
    """Press a key by its name."""
    actions = {"enter": shop.enter, "escape": shop.escape}
    if key in actions:
        actions[key]()
    elif len(key) == 1:
        shop.press(key)
    else:
        shop.key(key)


def test_a_tap_shows_name_block_status_and_balance_for_a_few_seconds(shop: Shop) -> None:
    shop.tap("A")
    shop.later(0.5)
    assert (shop.customer.name, shop.customer.blocked) == (ADA.name, False)
    assert shop.customer.debt == Money(-1230)
    shop.later(8.0)
    assert shop.view.customer
    shop.later(4.0)
    assert shop.step() is Step.READY
    assert not shop.view.customer


def test_somebody_who_is_blocked_is_shown_and_nothing_is_journaled(shop: Shop) -> None:
    shop.tap("B")
    shop.later(0.5)
    assert (shop.customer.name, shop.customer.blocked) == (BELA.name, True)
    assert shop.books.entries == []


def test_another_card_takes_the_place_of_the_first_at_once(shop: Shop) -> None:
    shop.tap("A")
    shop.later(0.5)
    shop.tap("C")
    shop.later(0.5)
    assert shop.customer.name == "Carl Owes"


@pytest.mark.parametrize("key", ["c", "4", "+", "*", "/", "enter"])
def test_what_sells_elsewhere_is_answered_with_a_word(shop: Shop, key: str) -> None:
    shop.tap("A")
    shop.later(0.5)
    act(shop, key)
    assert shop.notice() is Notice.NOTHING_SOLD
    assert not shop.view.basket.lines
    assert shop.customer.name == ADA.name


def test_a_barcode_is_answered_with_a_word(shop: Shop) -> None:
    shop.say(Scan(COLA.barcode, "goods"))
    assert (shop.notice(), shop.view.basket.lines) == (Notice.NOTHING_SOLD, ())


@pytest.mark.parametrize("key", ["f10", "f12"])
def test_keys_for_staff_say_so(shop: Shop, staffed: Shop, key: str) -> None:
    for till, notice in ((shop, Notice.NO_STAFF), (staffed, Notice.STAFF_ONLY)):
        till.key(key)
        assert (till.notice(), till.view.page) == (notice, None)


def test_nobody_must_log_in_and_staff_can(staffed: Shop) -> None:
    assert staffed.view.page is None
    assert not staffed.view.may_leave
    staffed.key("f2")
    assert staffed.page().name == "log-in"
    log_in(staffed, "Ted")
    assert (staffed.view.status.staff, staffed.view.may_leave) == ("Ted", True)
    staffed.key("f12")
    assert staffed.page().name == "technician"
    staffed.escape()
    staffed.key("f2")
    assert (staffed.view.status.staff, staffed.view.page) == ("", None)
    kinds = [entry.kind for entry in staffed.books.entries]
    assert kinds == [EntryKind.LOGGED_IN, EntryKind.LOCKED]


def test_a_cashier_who_has_logged_in_may_not_end_the_program(staffed: Shop) -> None:
    staffed.key("f2")
    log_in(staffed, "Jo")
    assert (staffed.view.status.staff, staffed.view.may_leave) == ("Jo", False)


def test_a_log_in_that_a_customer_has_opened_goes_by_itself(staffed: Shop) -> None:
    staffed.key("f2")
    staffed.later(12.0)
    assert staffed.view.page is None
    staffed.key("f2")
    staffed.escape()
    assert staffed.view.page is None


def test_who_has_logged_in_and_left_is_logged_out(staffed: Shop) -> None:
    staffed.key("f2")
    log_in(staffed, "Ted")
    staffed.later(65.0)
    assert staffed.view.status.staff == ""


def test_a_word_about_a_key_goes_by_itself(shop: Shop) -> None:
    shop.press("c")
    shop.later(12.0)
    assert shop.notice() is Notice.NONE


def test_a_till_that_is_closed_may_be_left_by_anybody(staffed: Shop) -> None:
    staffed.books.full = "only 3 MB free"
    staffed.later(1.5)
    assert (staffed.step(), staffed.view.may_leave) == (Step.CLOSED, True)


@settings(about(60))
@given(
    st.lists(
        st.sampled_from(KEYS) | st.sampled_from(tuple(CARDS)) | st.sampled_from((0.3, 3.0, 20.0)),
        max_size=25,
    ),
    st.booleans(),
)
def test_whatever_is_pressed_and_tapped_nothing_is_sold_and_the_till_is_ready_again(
    acts: list[str | float],
    has_staff: bool,  # noqa: FBT001 - drawn
) -> None:
    with open_shop(STAFFED if has_staff else BALANCE) as shop:
        for one in acts:
            if isinstance(one, float):
                shop.later(one)
            elif one in CARDS:
                shop.tap(one)
            else:
                act(shop, one)
            assert not shop.view.total
        shop.later(100.0)
        assert not [entry for entry in shop.books.entries if entry.kind in MONEY_KINDS]
        assert (shop.step(), shop.view.customer, shop.view.page) == (Step.READY, None, None)
        assert shop.notice() is Notice.NONE
