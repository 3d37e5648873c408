"""From a tap and an amount, in either order, to PAID, and never before the charge is on disk."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.domain.samples import ADA, POLICY, known, snapshot
from tests.fakes.shop import SETTINGS, Shop, open_shop

from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import SETTLE_AFTER_S
from taptill.checkout.view import SaleState
from taptill.domain.basket import Good
from taptill.domain.decision import Approved
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import Marks, Place
from taptill.domain.money import ZERO, Money


def test_amount_then_tap_then_enter_is_a_sale(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    assert shop.charges == [(ADA.id, 420)]
    assert shop.steps == [
        Step.READY,
        Step.RINGING,
        Step.CONFIRM,
        Step.SAVING,
        Step.PAID,
    ]


def test_tap_then_amount_then_enter_is_a_sale(shop: Shop) -> None:
    shop.tap("A")
    shop.later(0.5)
    shop.press("420")
    shop.enter()
    assert shop.charges == [(ADA.id, 420)]
    assert shop.steps[:3] == [Step.READY, Step.CARD, Step.CONFIRM]


def test_a_sale_s_entry_says_what_was_bought_and_no_name(shop: Shop) -> None:
    shop.press("ccw+")
    shop.sell("30", "A")
    (charge,) = shop.books.of_kind(EntryKind.CHARGE)
    assert charge.charge_id == "sale-1"
    assert charge.body == {
        "lines": [["Coffee", 150, 2], ["Water", 120, 1], ["", 30, 1]],
        "currency": "EUR",
        "initials": "A. B.",
        "external_id": "",
        "offline": False,
    }


def test_paid_shows_what_was_charged_and_what_is_left(shop: Shop) -> None:
    """The panel counts the new charge at once, as pending; it is the first of the recent sales."""
    shop.sell("420", "A")
    view = shop.view
    assert (view.step, view.amount, view.total, view.keystrokes) == (
        Step.PAID,
        Money(420),
        ZERO,
        "",
    )
    assert view.customer
    assert (view.customer.debt, view.customer.pending) == (Money(-810), Money(420))
    assert view.customer.headroom == Money(810)
    assert view.decision == Approved(Money(-810), Money(810), offline=False)
    (row,) = view.recent_sales
    assert (row.amount, row.initials, row.state) == (Money(420), "A. B.", SaleState.KEPT)
    assert row.can_void
    assert shop.settled == 1


def test_settlement_starts_behind_what_the_screen_shows_of_a_sale(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.enter()
    assert (shop.step(), shop.settled) == (Step.PAID, 0)
    shop.tap("B")
    assert (shop.step(), shop.settled) == (Step.DECLINED, 0)
    shop.later(SETTLE_AFTER_S)
    assert shop.settled == 1


def test_kept_turns_to_sent_and_pending_goes_when_the_echo_comes(shop: Shop) -> None:
    """Settlement's receipt and the row that it read change recent sales and panel in place."""
    shop.sell("420", "A")
    position = shop.books.position(ADA.id)
    assert position
    assert position.last
    mark = position.last
    body = {"mark": [mark.seq, mark.total, mark.hash], "updated_at": "", "base": None}

    async def receipted() -> None:
        await shop.books.append([Draft(EntryKind.RECEIPT, ADA.id, body=body)])

    shop.wait_for(receipted())
    table = Marks(Place.TABLE, "e", {"a1b2c3d4": mark})
    shop.do(shop.till.apply_row, snapshot(ADA, -810, table, "2026-03-02T10:00:00Z"))
    assert shop.step() == Step.PAID
    assert shop.view.recent_sales[0].state is SaleState.SENT
    assert (shop.customer.debt, shop.customer.pending) == (Money(-810), ZERO)


def test_the_next_tap_after_paid_begins_the_next_sale(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.tap("D")
    assert shop.step() == Step.CARD
    assert shop.customer.name == "Dorothea Näherin"
    shop.press("100")
    shop.enter()
    shop.later(1.0)
    assert [entry.charge_id for entry in shop.books.of_kind(EntryKind.CHARGE)] == [
        "sale-1",
        "sale-2",
    ]


def test_the_same_card_after_paid_may_pay_again(shop: Shop) -> None:
    shop.sell("100", "A")
    shop.sell("100", "A")
    assert shop.charges == [(ADA.id, 100), (ADA.id, 100)]


def test_the_next_key_after_paid_begins_the_next_sale(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.press("1")
    assert (shop.step(), shop.view.keystrokes, shop.view.customer) == (Step.RINGING, "1", None)


def test_from_confirm_on_the_basket_is_frozen(shop: Shop) -> None:
    """Keys, taps, F8 and Esc during the commit get a notice and change nothing."""
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.books.takes_s = 1.0
    shop.enter()
    assert shop.step() == Step.SAVING
    meddling: list[Callable[[], None]] = [
        lambda: shop.press("9"),
        lambda: shop.press("c"),
        lambda: shop.tap("D"),
        shop.garble,
        shop.escape,
        shop.enter,
        shop.f8,
    ]
    for meddle in meddling:
        meddle()
        assert (shop.step(), shop.notice()) == (Step.SAVING, Notice.BUSY)
        assert shop.view.total == Money(420)
    shop.later(1.0)
    assert (shop.step(), shop.notice()) == (Step.PAID, Notice.NONE)
    assert shop.charges == [(ADA.id, 420)]


def test_a_key_pressed_in_the_same_instant_as_enter_is_not_charged(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.at_once(shop.till.confirm, lambda: shop.till.press("9"), shop.till.confirm)
    shop.later(1.0)
    assert shop.charges == [(ADA.id, 420)]


def test_a_slow_disk_says_wait_after_two_seconds_and_then_paid(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.books.takes_s = 5.0
    shop.enter()
    shop.later(1.9)
    assert shop.step() == Step.SAVING
    shop.later(0.2)
    assert shop.step() == Step.SLOW_DISK
    shop.press("9")
    assert (shop.step(), shop.notice()) == (Step.SLOW_DISK, Notice.BUSY)
    shop.later(3.0)
    assert (shop.step(), shop.notice()) == (Step.PAID, Notice.NONE)
    assert shop.charges == [(ADA.id, 420)]


def test_paid_is_never_shown_before_the_disk_has_it(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.books.takes_s = 1.5
    shop.enter()
    shop.later(1.4)
    assert Step.PAID not in shop.steps
    assert shop.charges == []


ENTER = {
    "nothing at all": ("", "", Notice.NO_AMOUNT),
    "a card and no amount": ("", "A", Notice.NO_AMOUNT),
    "a nought": ("0", "A", Notice.NO_AMOUNT),
    "an amount and no card": ("420", "", Notice.NO_CARD),
}


@pytest.mark.parametrize(("keys", "card", "notice"), ENTER.values(), ids=ENTER)
def test_enter_without_both_facts_says_what_is_missing(
    shop: Shop, keys: str, card: str, notice: Notice
) -> None:
    shop.press(keys)
    if card:
        shop.tap(card)
        shop.later(0.5)
    shop.enter()
    assert shop.notice() is notice
    shop.press("1")
    assert shop.notice() == Notice.NONE


def test_enter_after_paid_changes_nothing_on_the_screen(shop: Shop) -> None:
    """Neither a bounce within 400 ms nor a later one removes the result from the screen."""
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    paid_view = shop.view
    shop.enter()
    shop.later(1.0)
    shop.enter()
    assert replace(shop.view, customer=paid_view.customer) == paid_view


def test_enter_picks_the_good_whose_number_is_typed() -> None:
    with open_shop(replace(SETTINGS, keypad=replace(SETTINGS.keypad, goods=_many(12)))) as shop:
        shop.tap("A")
        shop.later(0.5)
        shop.press("/1")
        shop.enter()
        assert [line.name for line in shop.view.basket.lines] == ["Good 1"]
        assert shop.step() == Step.CONFIRM
        assert shop.charges == []


def test_escape_drops_card_and_basket(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.escape()
    assert (shop.step(), shop.view.total, shop.view.customer) == (Step.READY, ZERO, None)


def test_a_fresh_sight_is_no_offline_charge(shop: Shop) -> None:
    shop.sell("420", "A")
    assert not shop.books.of_kind(EntryKind.CHARGE)[0].body["offline"]


def test_without_an_answer_the_charge_is_an_offline_charge_within_its_caps(shop: Shop) -> None:
    """20.00 a charge: 20.01 is refused, 20.00 is paid and counts against the customer's cap."""
    shop.finder.offline = True
    shop.everybody_knows(ADA.card_id, known(ADA, -9000, age_s=600.0))
    shop.sell("2001", "A")
    assert shop.step() == Step.REFUSED
    shop.escape()
    for _ in range(2):
        shop.sell("2000", "A")
        assert shop.step() == Step.PAID
    shop.sell("1001", "A")
    assert shop.step() == Step.REFUSED
    assert [entry.body["offline"] for entry in shop.books.of_kind(EntryKind.CHARGE)] == [True, True]
    shop.escape()
    shop.sell("1000", "A")
    assert shop.step() == Step.PAID


def test_a_policy_s_ceiling_counts_over_several_charges() -> None:
    """Dorothea owes 8.40; with a ceiling of 10.00 she may have 1.60 more, in all."""
    policy = replace(POLICY, credit_ceiling=Money(1000))
    with open_shop(replace(SETTINGS, policy=policy)) as shop:
        for amount in ("100", "60", "1"):
            shop.sell(amount, "D")
        assert [amount for _, amount in shop.charges] == [100, 60]
        assert shop.step() == Step.REFUSED
        assert shop.view.decision
        assert shop.view.decision.headroom == ZERO


def _many(goods: int) -> tuple[Good, ...]:
    return tuple(Good("", f"Good {number}", Money(number)) for number in range(1, goods + 1))
