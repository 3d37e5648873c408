"""The backend's answers after the cached customer: in time, late, contradicting, out of order."""

from dataclasses import replace

import pytest
from tests.domain.samples import ADA, DORA, known, snapshot
from tests.fakes.shop import BELA, CARL, SETTINGS, Shop, open_shop

from taptill.checkout.charging import DEAD_ENTER_S
from taptill.checkout.session import Notice, Step
from taptill.domain.customer import Customer
from taptill.domain.decision import Ambiguous, Declined, Found, LookupResult, NotFound, Reason
from taptill.domain.money import Money

NEWER, OLDER = "2026-03-02T08:30:00Z", "2026-03-02T07:30:00Z"


def now(customer: Customer, total: int, updated_at: str = NEWER) -> Found:
    """Return what the backend says at this moment."""
    return Found(snapshot(customer, total, updated_at=updated_at), 0.0)


def reason(shop: Shop) -> Reason | None:
    """Return the reason of the decline on the screen."""
    decision = shop.view.decision
    return decision.reason if isinstance(decision, Declined) else None


def test_the_cached_customer_is_shown_at_once_and_refreshed_in_place(shop: Shop) -> None:
    shop.finder.there[ADA.card_id] = now(ADA, -900)
    shop.press("420")
    shop.tap("A")
    view = shop.view
    assert view.step is Step.CONFIRM
    assert view.customer
    assert (view.customer.debt, view.customer.age_s) == (Money(-1230), 600)
    assert (view.customer.live, view.customer.looking_up) == (False, True)
    shop.later(0.1)
    view = shop.view
    assert (view.step, view.notice) == (Step.CONFIRM, Notice.NONE)
    assert view.customer
    assert (view.customer.debt, view.customer.age_s) == (Money(-900), 0)
    assert (view.customer.live, view.customer.looking_up) == (True, False)


def test_no_answer_leaves_the_cached_customer_and_says_so_by_its_age(shop: Shop) -> None:
    shop.finder.offline = True
    shop.tap("A")
    shop.later(0.1)
    assert shop.step() == Step.CARD
    assert not shop.customer.live
    assert not shop.customer.looking_up


def test_an_answer_that_blocks_is_announced_and_nothing_is_charged(shop: Shop) -> None:
    shop.finder.there[ADA.card_id] = now(replace(ADA, blocked=True), -1230)
    shop.press("420")
    shop.tap("A")
    assert shop.step() == Step.CONFIRM
    shop.later(0.1)
    assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.NOW_REFUSED)
    assert reason(shop) is Reason.BLOCKED
    shop.enter()
    shop.later(1.0)
    assert (shop.step(), shop.charges) == (Step.REFUSED, [])


def test_an_answer_that_lowers_the_headroom_too_far_is_announced(shop: Shop) -> None:
    shop.finder.there[ADA.card_id] = now(ADA, -400)
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.NOW_REFUSED)
    assert shop.view.decision == Declined(
        Reason.NO_CREDIT, Money(-400), headroom=Money(400), missing=Money(20)
    )


def test_an_answer_that_unblocks_lets_the_customer_pay(shop: Shop) -> None:
    shop.finder.there[BELA.card_id] = now(replace(BELA, blocked=False), -5000)
    shop.press("420")
    shop.tap("B")
    assert shop.step() == Step.DECLINED
    shop.later(0.1)
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.NONE)
    shop.enter()
    assert shop.charges == [(BELA.id, 420)]


ANOTHER = {
    "another customer": (now(DORA, 0), Reason.AMBIGUOUS_CARD),
    "two customers": (Ambiguous(), Reason.AMBIGUOUS_CARD),
    "nobody": (NotFound(), Reason.UNKNOWN_CARD),
}


@pytest.mark.parametrize(("answer", "why"), ANOTHER.values(), ids=ANOTHER)
def test_an_answer_that_names_another_customer_or_none_kills_confirm(
    shop: Shop, answer: LookupResult, why: Reason
) -> None:
    """However often Enter is pressed and whatever is keyed in, a new tap is needed."""
    shop.finder.there[ADA.card_id] = answer
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.CARD_CHANGED)
    assert (reason(shop), shop.view.customer) == (why, None)
    for notice in (Notice.CARD_CHANGED, Notice.NONE, Notice.NONE):
        shop.enter()
        assert shop.notice() == notice
        shop.later(1.0)
        shop.press("1")
    assert (shop.step(), shop.charges) == (Step.DECLINED, [])
    assert shop.declines == [(None, why, 420)]


def test_after_another_customer_was_named_a_new_tap_shows_that_one(shop: Shop) -> None:
    shop.finder.there[ADA.card_id] = now(DORA, 0)
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    shop.finder.known[ADA.card_id] = now(DORA, 0)
    shop.tap("A")
    assert shop.step() == Step.CONFIRM
    shop.enter()
    shop.later(0.1)
    assert shop.charges == [(DORA.id, 420)]


def test_another_customer_named_while_enter_waits_is_not_charged(shop: Shop) -> None:
    """The answer comes between Enter and the decision: nobody pays for somebody else."""
    shop.finder.there[ADA.card_id] = now(DORA, 0)
    shop.finder.takes_s = 0.5
    shop.press("420")
    shop.tap("A")
    shop.enter()
    assert shop.step() == Step.ASKING
    shop.later(1.0)
    assert (shop.step(), reason(shop), shop.charges) == (Step.REFUSED, Reason.AMBIGUOUS_CARD, [])
    shop.enter()
    shop.later(1.0)
    assert shop.charges == []


def test_blocked_while_enter_waits_is_refused(shop: Shop) -> None:
    shop.finder.there[ADA.card_id] = now(replace(ADA, blocked=True), -1230)
    shop.finder.takes_s = 0.5
    shop.press("420")
    shop.tap("A")
    shop.enter()
    shop.later(1.0)
    assert (shop.step(), reason(shop), shop.charges) == (Step.REFUSED, Reason.BLOCKED, [])


def test_the_answer_has_800_ms_and_then_enter_decides_with_what_it_has(shop: Shop) -> None:
    shop.finder.takes_s = 10.0
    shop.press("420")
    shop.tap("A")
    shop.enter()
    shop.later(0.79 - DEAD_ENTER_S)
    assert shop.step() == Step.ASKING
    shop.later(0.02)
    assert (shop.step(), shop.charges) == (Step.PAID, [(ADA.id, 420)])


def test_the_deadline_counts_from_the_question_not_from_enter(shop: Shop) -> None:
    shop.finder.takes_s = 10.0
    shop.press("420")
    shop.tap("A")
    shop.later(0.6)
    shop.hasty_enter()
    shop.later(0.18)
    assert shop.step() == Step.ASKING
    shop.later(0.05)
    assert shop.step() == Step.PAID


def test_an_answer_long_under_way_is_not_waited_for(shop: Shop) -> None:
    shop.finder.takes_s = 10.0
    shop.press("420")
    shop.tap("A")
    shop.later(2.0)
    shop.enter()
    assert shop.step() == Step.PAID


def test_a_sight_that_has_grown_old_is_asked_for_again_at_confirm() -> None:
    """There is no tick in between: the request at Enter brings the answer *blocked*."""
    policy = replace(SETTINGS.policy, fresh_s=0.4)
    with open_shop(replace(SETTINGS, policy=policy)) as shop:
        shop.press("420")
        shop.tap("A")
        shop.later(0.6)
        shop.finder.there[ADA.card_id] = now(replace(ADA, blocked=True), -1230)
        shop.enter()
        shop.later(0.1)
        assert (shop.step(), reason(shop)) == (Step.REFUSED, Reason.BLOCKED)
        assert len(shop.finder.asked) == 2


def test_a_fresh_sight_is_not_asked_for_again_at_confirm(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    assert (shop.step(), len(shop.finder.asked)) == (Step.PAID, 1)


def test_a_late_answer_mends_a_refusal_and_enter_may_be_pressed_again(shop: Shop) -> None:
    shop.finder.there[CARL.card_id] = now(CARL, -5000)
    shop.finder.takes_s = 2.0
    shop.press("420")
    shop.tap("C")
    shop.enter()
    shop.later(0.9)
    assert shop.step() == Step.REFUSED
    shop.later(1.5)
    assert shop.step() == Step.CONFIRM
    shop.enter()
    assert shop.charges == [(CARL.id, 420)]


def test_a_late_answer_after_paid_changes_the_panel_and_not_the_decision(shop: Shop) -> None:
    shop.finder.there[ADA.card_id] = now(replace(ADA, blocked=True), -1230)
    shop.finder.takes_s = 2.0
    shop.press("420")
    shop.tap("A")
    shop.enter()
    shop.later(0.9)
    assert shop.step() == Step.PAID
    shop.later(1.5)
    assert shop.step() == Step.PAID
    assert shop.customer.blocked


@pytest.mark.parametrize("is_blocked", [False, True])
def test_after_paid_every_figure_is_of_the_row_that_came_since(
    shop: Shop, *, is_blocked: bool
) -> None:
    """No figure of a new row is shown next to a decision about an older one."""
    shop.sell("420", "A")
    shop.do(
        shop.till.apply_row, snapshot(replace(ADA, blocked=is_blocked), -1640, updated_at=NEWER)
    )
    customer, decision = shop.customer, shop.view.decision
    assert shop.step() == Step.PAID
    assert (customer.debt, customer.pending, customer.debt_after) == (
        Money(-1220),
        Money(420),
        None,
    )
    assert decision
    assert decision.debt_now == customer.debt
    assert customer.headroom == decision.headroom == (Money(0) if is_blocked else Money(1220))


def test_a_row_that_comes_while_the_charge_is_saved_is_not_mixed_with_the_decision() -> None:
    with open_shop() as shop:
        shop.books.takes_s = 1.0
        shop.press("420")
        shop.tap("A")
        shop.later(0.5)
        shop.enter()
        assert shop.step() == Step.SAVING
        shop.do(shop.till.apply_row, snapshot(ADA, -500, updated_at=NEWER))
        assert (shop.customer.debt, shop.customer.headroom) == (Money(-1230), Money(1230))
        shop.later(2.0)
        assert (shop.customer.debt, shop.customer.headroom) == (Money(-80), Money(80))


def test_who_may_not_pay_has_nothing_after_it(shop: Shop) -> None:
    shop.press("420")
    for card, after in (("A", Money(-810)), ("B", None), ("C", None)):
        shop.tap(card)
        shop.later(0.1)
        assert shop.customer.debt_after == after
        shop.escape()
        shop.press("420")


def test_enter_in_the_moment_of_the_turn_leaves_the_reason_on_the_screen(shop: Shop) -> None:
    shop.finder.there[ADA.card_id] = now(ADA, -400)
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    shop.do(lambda: shop.till.confirm(on_screen=False))
    assert (shop.step(), shop.notice(), reason(shop)) == (
        Step.DECLINED,
        Notice.NOW_REFUSED,
        Reason.NO_CREDIT,
    )


def test_an_older_copy_of_the_row_changes_nothing(shop: Shop) -> None:
    """A stale read says *not blocked*; the newer row that was read before counts."""
    shop.finder.there[BELA.card_id] = now(replace(BELA, blocked=False), -5000, OLDER)
    shop.press("420")
    shop.tap("B")
    shop.later(0.1)
    assert (shop.step(), reason(shop)) == (Step.DECLINED, Reason.BLOCKED)
    shop.do(shop.till.apply_row, snapshot(replace(BELA, blocked=False), -5000, updated_at=OLDER))
    assert (shop.step(), reason(shop)) == (Step.DECLINED, Reason.BLOCKED)


def test_a_row_that_settlement_saw_changes_the_decision_too(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    shop.do(shop.till.apply_row, snapshot(replace(ADA, blocked=True), -1230, updated_at=NEWER))
    assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.NOW_REFUSED)


def test_a_row_of_somebody_else_is_no_business_of_the_panel(shop: Shop) -> None:
    shop.tap("A")
    shop.later(0.1)
    before = shop.view
    shop.do(shop.till.apply_row, snapshot(replace(DORA, blocked=True), 0, updated_at=NEWER))
    shop.garble()
    shop.do(shop.till.apply_row, snapshot(ADA, 0, updated_at=NEWER))
    assert (before.step, shop.step()) == (Step.CARD, Step.AGAIN)


def test_an_answer_for_a_sale_that_was_dropped_changes_nothing(shop: Shop) -> None:
    shop.finder.takes_s = 2.0
    shop.press("420")
    shop.tap("A")
    shop.escape()
    shop.later(3.0)
    assert (shop.step(), shop.view.customer) == (Step.READY, None)


def test_a_cache_that_answers_too_late_changes_nothing(shop: Shop) -> None:
    shop.finder.cache_takes_s = 0.1
    shop.press("420")
    shop.tap("A")
    shop.escape()
    shop.later(0.5)
    assert (shop.step(), shop.view.customer) == (Step.READY, None)
    assert shop.finder.asked == []


def test_a_card_that_only_the_backend_knows_is_shown_when_the_answer_comes(shop: Shop) -> None:
    del shop.finder.known[ADA.card_id]
    shop.finder.takes_s = 0.2
    shop.press("420")
    shop.tap("A")
    assert (shop.step(), shop.notice()) == (Step.RINGING, Notice.NONE)
    shop.later(0.25)
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.NONE)


def test_a_look_up_says_so_after_300_ms_and_what_is_slow_after_2_s(shop: Shop) -> None:
    """Enter shows the same notice meanwhile; the answer removes it."""
    del shop.finder.known[ADA.card_id]
    shop.finder.takes_s = 4.0
    shop.press("420")
    shop.tap("A")
    shop.later(0.29)
    assert shop.notice() == Notice.NONE
    shop.hasty_enter()
    assert shop.notice() == Notice.LOOKING_UP
    shop.press("0")
    shop.later(0.1)
    assert shop.notice() == Notice.LOOKING_UP
    shop.later(1.7)
    assert shop.notice() == Notice.SLOW_ANSWER
    shop.later(2.0)
    assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.NONE)


def test_a_card_that_nobody_knows_offline_is_refused_when_the_backend_gives_up(shop: Shop) -> None:
    shop.finder.offline = True
    shop.finder.takes_s = 1.0
    shop.press("420")
    shop.tap("X")
    shop.later(0.9)
    assert shop.step() == Step.RINGING
    shop.later(0.2)
    assert (shop.step(), reason(shop)) == (Step.DECLINED, Reason.UNKNOWN_OFFLINE)


def test_a_gone_customer_whose_card_somebody_else_has_now_is_that_one(shop: Shop) -> None:
    """The cached customer was declined already, so that Enter could charge nobody."""
    shop.finder.known[ADA.card_id] = known(ADA, -1230, gone=True)
    shop.finder.there[ADA.card_id] = now(DORA, 0)
    shop.finder.takes_s = 0.5
    shop.press("420")
    shop.tap("A")
    assert reason(shop) is Reason.UNKNOWN_CARD
    shop.enter()
    assert shop.notice() == Notice.NONE
    shop.later(0.6)
    assert shop.step() == Step.CONFIRM
    shop.enter()
    assert shop.charges == [(DORA.id, 420)]


def test_two_unknown_cards_in_a_row_only_the_second_counts(shop: Shop) -> None:
    """The answer for the first card comes first, and is not for the card that was tapped last."""
    shop.finder.known.clear()
    shop.finder.takes_s = 0.5
    shop.press("420")
    shop.tap("A")
    shop.later(0.2)
    shop.tap("D")
    shop.later(0.35)
    assert shop.view.customer is None
    shop.later(0.5)
    assert shop.customer.name == DORA.name
    shop.enter()
    assert shop.charges == [(DORA.id, 420)]
