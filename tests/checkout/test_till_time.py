"""The effects of time: customers are removed, baskets stay, customers shown are kept fresh."""

from dataclasses import replace

import pytest
from tests.domain.samples import ADA, known
from tests.fakes.shop import SETTINGS, Shop, open_shop

from taptill.checkout.session import Notice, Step
from taptill.domain.decision import Found
from taptill.domain.money import ZERO, Money

IDLE = {
    "a customer who may pay": ("", "A", Step.CARD),
    "a customer who may not": ("", "B", Step.DECLINED),
    "a card that nobody has": ("", "X", Step.DECLINED),
}


@pytest.mark.parametrize(("keys", "card", "step"), IDLE.values(), ids=IDLE)
def test_a_customer_leaves_the_screen_when_nobody_is_there(
    shop: Shop, keys: str, card: str, step: Step
) -> None:
    shop.press(keys)
    shop.tap(card)
    shop.later(9.0)
    assert shop.step() is step
    shop.later(2.5)
    assert (shop.step(), shop.view.customer, shop.view.decision) == (Step.READY, None, None)


@pytest.mark.parametrize("card", ["B", "C", "X"])
def test_a_refused_card_leaves_the_screen_and_the_basket_stays(shop: Shop, card: str) -> None:
    shop.press("420")
    shop.tap(card)
    shop.later(11.5)
    assert (shop.step(), shop.view.total, shop.view.customer) == (Step.RINGING, Money(420), None)


def test_a_refusal_at_confirm_leaves_the_screen_and_the_basket_stays(shop: Shop) -> None:
    shop.sell("1231", "A")
    shop.later(11.5)
    assert (shop.step(), shop.view.total, shop.view.customer) == (Step.RINGING, Money(1231), None)


def test_an_unreadable_card_leaves_the_screen_and_the_basket_stays(shop: Shop) -> None:
    shop.press("420")
    shop.garble()
    shop.later(11.5)
    assert (shop.step(), shop.view.trouble, shop.view.total) == (Step.RINGING, None, Money(420))


def test_paid_leaves_the_screen(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.later(11.5)
    assert (shop.step(), shop.view.customer, shop.view.amount) == (Step.READY, None, ZERO)


def test_voided_leaves_the_screen(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.f8()
    shop.press("1")
    shop.later(11.5)
    assert shop.step() == Step.READY


@pytest.mark.parametrize("card", ["", "A"], ids=["without a card", "with a card"])
def test_a_sale_that_waits_for_card_or_enter_stays(shop: Shop, card: str) -> None:
    shop.press("420")
    if card:
        shop.tap(card)
        shop.later(0.1)
    before = shop.step()
    shop.later(600.0)
    assert (shop.step(), shop.view.total) == (before, Money(420))


def test_a_sale_that_waits_for_enter_lets_the_customer_go_and_keeps_the_basket() -> None:
    """Name and balance are removed after a while, and the card must be tapped again."""
    with open_shop(replace(SETTINGS, let_go_after_s=60.0)) as shop:
        shop.press("420")
        shop.tap("A")
        shop.later(59.0)
        assert shop.step() is Step.CONFIRM
        shop.press("c")
        shop.later(59.0)
        assert shop.step() is Step.CONFIRM
        shop.later(3.0)
        view = shop.view
        assert (view.step, view.notice, view.customer) == (Step.RINGING, Notice.LET_GO, None)
        assert view.total == Money(570)
        shop.enter()
        shop.later(600.0)
        assert (shop.notice(), shop.charges, shop.view.total) == (Notice.NO_CARD, [], Money(570))
        shop.tap("A")
        shop.enter()
        assert shop.charges == [(ADA.id, 570)]


def test_a_sight_that_grows_old_takes_the_limits_that_count_then() -> None:
    """The figures shown with the age are those that Enter would decide with."""
    policy = replace(SETTINGS.policy, floor_limit=Money(400))
    with open_shop(replace(SETTINGS, policy=policy)) as shop:
        shop.press("420")
        shop.tap("A")
        shop.later(0.1)
        assert (shop.step(), shop.customer.headroom) == (Step.CONFIRM, Money(1230))
        shop.finder.offline = True
        shop.later(SETTINGS.policy.fresh_s + 2)
        assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.NOW_REFUSED)
        assert (shop.customer.live, shop.customer.headroom) == (False, Money(400))


@pytest.mark.parametrize("touch", ["a key", "the same card"])
def test_any_touch_keeps_the_customer_longer(shop: Shop, touch: str) -> None:
    shop.tap("A")
    shop.later(9.0)
    if touch == "a key":
        shop.press("<")
    else:
        shop.tap("A")
    shop.later(9.0)
    assert shop.step() == Step.CARD


def test_a_customer_on_the_panel_is_asked_for_again_before_the_sight_is_stale(shop: Shop) -> None:
    """The backend is asked every fresh_s / 2, so that Enter decides with a fresh row."""
    shop.press("420")
    shop.tap("A")
    shop.later(14.0)
    assert len(shop.finder.asked) == 1
    shop.later(3.0)
    assert len(shop.finder.asked) == 2
    shop.later(16.0)
    assert len(shop.finder.asked) == 3
    assert shop.customer.live


def test_no_second_question_is_asked_while_one_is_under_way(shop: Shop) -> None:
    shop.finder.takes_s = 60.0
    shop.press("420")
    shop.tap("A")
    shop.later(50.0)
    assert len(shop.finder.asked) == 1


def test_a_refused_customer_is_not_asked_for_again(shop: Shop) -> None:
    shop.press("420")
    shop.tap("B")
    for _ in range(10):
        shop.later(9.0)
        shop.press("c<")
    assert len(shop.finder.asked) == 1


def test_the_age_on_the_panel_grows(shop: Shop) -> None:
    shop.finder.offline = True
    shop.press("420")
    shop.tap("A")
    shop.later(31.1)
    assert shop.customer.age_s == 630


def test_a_customer_of_unknown_age_is_refused_as_stale(shop: Shop) -> None:
    shop.finder.offline = True
    shop.everybody_knows(ADA.card_id, Found(known(ADA).snapshot, None))
    shop.sell("100", "A")
    assert (shop.step(), shop.charges) == (Step.REFUSED, [])
    assert shop.customer.age_s is None


def test_a_notice_is_gone_with_the_next_key_that_is_taken(shop: Shop) -> None:
    shop.press("z")
    assert shop.notice() == Notice.NO_SUCH_KEY
    shop.press("4")
    assert shop.notice() == Notice.NONE
    shop.enter()
    assert shop.notice() == Notice.NO_CARD
    shop.escape()
    assert shop.notice() == Notice.NONE


def test_nothing_is_published_while_nothing_changes(shop: Shop) -> None:
    before = len(shop.views)
    shop.later(30.0)
    assert len(shop.views) == before
