"""Declines: the step of each, what is journaled, and what a supervisor may override."""

from dataclasses import replace

import pytest
from tests.domain.samples import ADA, DORA, known, passing
from tests.fakes.shop import BELA, CARL, SETTINGS, Shop, open_shop

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import SaleState
from taptill.domain.decision import Ambiguous, Approved, Declined, Found, Reason
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Money

(LEND,) = passing(Reason.NO_CREDIT)
(CAP,) = passing(Reason.OFFLINE_CAP)
(STALE,) = passing(Reason.STALE)


def test_a_refusal_at_confirm_is_journaled_once_and_is_in_the_strip(shop: Shop) -> None:
    shop.sell("1231", "A")
    assert (shop.step(), shop.view.amount) == (Step.REFUSED, Money(1231))
    assert shop.view.decision == Declined(
        Reason.NO_CREDIT, Money(-1230), headroom=Money(1230), missing=Money(1)
    )
    (row,) = shop.view.recent_sales
    assert (row.state, row.reason, row.missing) == (
        SaleState.REFUSED,
        Reason.NO_CREDIT,
        Money(1),
    )
    assert (row.amount, row.initials, row.can_void) == (Money(1231), "A. B.", False)
    assert shop.declines == [(ADA.id, "no-credit", 1231)]
    assert shop.settled == 0


def test_a_decline_is_no_money_entry_and_holds_no_name(shop: Shop) -> None:
    shop.sell("1231", "A")
    (entry,) = shop.books.of_kind(EntryKind.DECLINED)
    assert (entry.charge_id, entry.amount_minor) == (None, None)
    assert entry.body == {"reason": "no-credit", "amount": 1231}
    position = shop.books.position(ADA.id)
    assert position
    assert not position.open


def test_a_decision_on_tap_about_money_is_not_journaled(shop: Shop) -> None:
    """The cashier may still remove something from the basket."""
    shop.press("1231")
    shop.tap("A")
    shop.later(0.5)
    assert shop.step() == Step.DECLINED
    shop.press("<")
    assert shop.step() == Step.CONFIRM
    assert shop.declines == []
    shop.enter()
    assert shop.charges == [(ADA.id, 123)]


def test_enter_is_dead_for_400_ms_after_a_refusal(shop: Shop) -> None:
    """A double press neither asks again nor journals again; a later press does ask."""
    shop.press("1231")
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    shop.hasty_enter()
    assert (shop.step(), shop.notice()) == (Step.REFUSED, Notice.WAIT_A_MOMENT)
    shop.later(0.41)
    shop.everybody_knows(ADA.card_id, known(ADA, -5000))
    shop.hasty_enter()
    assert (shop.step(), shop.notice()) == (Step.REFUSED, Notice.NONE)
    assert shop.declines == [(ADA.id, "no-credit", 1231)]


def test_cards_refused_on_tap_are_journaled_once_each(shop: Shop) -> None:
    """The decisions about the cached and the live customer agree: there is one entry a tap."""
    shop.finder.known["TWO"] = shop.finder.there["TWO"] = Ambiguous()
    system = replace(ADA, id=9, is_default=True)
    shop.everybody_knows("SYS", known(system))
    for card in ("B", "X", "TWO", "SYS"):
        shop.tap(card)
        shop.later(0.5)
        assert shop.step() == Step.DECLINED
    shop.garble()
    shop.garble()
    assert shop.declines == [
        (BELA.id, "blocked", 0),
        (None, "unknown-card", 0),
        (None, "ambiguous-card", 0),
        (9, "system-customer", 0),
        (None, "unreadable-card", 0),
        (None, "unreadable-card", 0),
    ]


def test_a_refused_card_is_journaled_even_where_the_sale_is_dropped_at_once(shop: Shop) -> None:
    shop.finder.takes_s = 5.0
    shop.tap("B")
    shop.escape()
    assert shop.declines == [(BELA.id, "blocked", 0)]


def test_a_blocked_customer_is_in_the_recent_sales_with_what_was_asked_for(shop: Shop) -> None:
    shop.press("420")
    shop.tap("B")
    shop.later(0.5)
    (row,) = shop.view.recent_sales
    assert (row.amount, row.initials, row.reason) == (Money(420), "B. B.", Reason.BLOCKED)


def test_confirming_a_refused_card_writes_the_same_decline_only_once(shop: Shop) -> None:
    shop.sell("420", "B")
    assert shop.step() == Step.REFUSED
    assert shop.declines == [(BELA.id, "blocked", 420)]
    assert len(shop.view.recent_sales) == 1


def test_confirming_a_refused_card_with_more_keyed_in_is_a_decline_of_its_own(shop: Shop) -> None:
    shop.tap("B")
    shop.later(0.5)
    shop.press("420")
    shop.enter()
    shop.later(0.5)
    assert shop.declines == [(BELA.id, "blocked", 0), (BELA.id, "blocked", 420)]


def test_a_refusal_does_not_wait_for_the_disk(shop: Shop) -> None:
    shop.press("1231")
    shop.tap("A")
    shop.later(0.5)
    shop.books.takes_s = 30.0
    shop.enter()
    assert shop.step() == Step.REFUSED
    shop.escape()
    shop.tap("C")
    assert shop.step() == Step.DECLINED


def test_a_decline_is_what_it_was_when_it_was_said(shop: Shop) -> None:
    """Esc in the same instant as the refusal does not change what is journaled."""
    blocked_row = known(replace(ADA, blocked=True)).snapshot
    shop.later(0.5)
    shop.tap("A")
    shop.press("9999")
    shop.at_once(
        lambda: shop.till.apply_row(blocked_row), shop.till.cancel, lambda: shop.till.press("9")
    )
    assert shop.declines == [(ADA.id, "blocked", 9999)]


def test_a_key_after_a_refusal_asks_anew_about_the_same_card(shop: Shop) -> None:
    """Backspace takes something off: the same customer may pay."""
    shop.sell("1231", "A")
    shop.press("<")
    assert (shop.step(), shop.view.total) == (Step.CONFIRM, Money(123))
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA.id, 123)]


def test_taking_everything_off_after_a_refusal_leaves_the_card(shop: Shop) -> None:
    shop.sell("1231", "A")
    shop.press("<<<<")
    assert (shop.step(), shop.view.total) == (Step.CARD, Money(0))


@pytest.mark.parametrize("card", ["X", "N"], ids=["nobody's card", "not known offline"])
def test_enter_leaves_the_words_of_a_card_that_cannot_be_charged(shop: Shop, card: str) -> None:
    """ "No card yet" would be a lie: the band says what is wrong with this one."""
    shop.finder.offline = card == "N"
    shop.press("420")
    shop.tap(card)
    shop.later(0.5)
    shop.hasty_enter()
    assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.NONE)
    shop.garble()
    shop.enter()
    assert (shop.step(), shop.notice()) == (Step.AGAIN, Notice.NONE)


def test_in_debt_without_credit_is_refused_before_anything_is_keyed_in(shop: Shop) -> None:
    shop.tap("C")
    assert shop.step() == Step.DECLINED
    assert shop.view.decision == Declined(
        Reason.NO_CREDIT, Money(180), headroom=Money(0), missing=Money(180)
    )
    assert shop.declines == []
    assert shop.customer.name == CARL.name


def test_an_amount_above_the_till_s_limit_is_refused(shop: Shop) -> None:
    shop.everybody_knows(ADA.card_id, known(ADA, -50_000))
    shop.sell("10001", "A")
    assert shop.declines == [(ADA.id, "amount", 10_001)]


def test_data_that_is_too_old_is_refused_at_confirm() -> None:
    policy = replace(SETTINGS.policy, max_age_s=300.0)
    with open_shop(replace(SETTINGS, policy=policy)) as shop:
        shop.finder.offline = True
        shop.sell("100", "A")
        assert shop.declines == [(ADA.id, "stale", 100)]


# --- what a supervisor may pass: for this card, this sale, and never unseen ----------------------


def refused(shop: Shop, keys: str = "1231", card: str = "A") -> None:
    """Key in too much and tap."""
    shop.press(keys)
    shop.tap(card)
    shop.later(0.5)
    assert shop.step() is Step.DECLINED


def charge(shop: Shop) -> Entry:
    """Return the only charge in the journal."""
    (entry,) = shop.books.of_kind(EntryKind.CHARGE)
    return entry


def test_what_a_supervisor_passes_is_charged_and_journaled_with_name_and_reason(
    shop: Shop,
) -> None:
    refused(shop)
    shop.do(shop.till.override, LEND)
    assert shop.step() is Step.CONFIRM
    shop.enter()
    assert shop.step() is Step.PAID
    entry = charge(shop)
    assert (entry.amount_minor, entry.staff) == (1231, "Grace")
    assert entry.body["overrides"] == [["no-credit", "Grace", "long known"]]


def test_after_a_refusal_at_confirm_it_can_be_passed_too(shop: Shop) -> None:
    shop.sell("1231", "A")
    assert shop.step() is Step.REFUSED
    shop.do(shop.till.override, LEND)
    shop.enter()
    assert shop.charges == [(ADA.id, 1231)]


def test_a_plain_charge_names_nobody(shop: Shop) -> None:
    shop.sell("420", "A")
    assert charge(shop).staff is None
    assert "overrides" not in charge(shop).body


def test_two_reasons_take_two_overrides_and_both_are_journaled(shop: Shop) -> None:
    shop.everybody_knows(ADA.card_id, known(ADA, 0, age_s=None))
    shop.finder.offline = True
    refused(shop, "100")
    shop.do(shop.till.override, replace(STALE, staff="Alan"))
    assert shop.view.decision == Declined(Reason.NO_CREDIT, Money(0), Money(0), Money(100))
    shop.do(shop.till.override, LEND)
    shop.enter()
    shop.later(1.0)
    entry = charge(shop)
    assert [override[:2] for override in entry.body["overrides"]] == [
        ["stale", "Alan"],
        ["no-credit", "Grace"],
    ]
    assert entry.staff == "Grace"


def test_one_that_a_live_answer_made_needless_is_not_journaled(shop: Shop) -> None:
    shop.everybody_knows(ADA.card_id, known(ADA, age_s=None))
    shop.finder.takes_s = 0.6
    shop.press("100")
    shop.tap("A")
    shop.do(shop.till.override, STALE)
    assert isinstance(shop.view.decision, Approved)
    shop.enter()
    shop.later(1.0)
    assert shop.step() is Step.PAID
    assert "overrides" not in charge(shop).body


def test_one_that_is_not_enough_says_what_is_still_missing(shop: Shop) -> None:
    refused(shop, "2300")
    shop.do(shop.till.override, LEND)
    assert shop.view.decision == Declined(
        Reason.NO_CREDIT, Money(-1230), headroom=Money(2230), missing=Money(70)
    )
    shop.press("<")
    shop.press("<")
    assert shop.step() is Step.CONFIRM


@pytest.mark.parametrize(
    "live",
    [
        known(replace(ADA, blocked=True), -9000),
        known(replace(DORA, card_id=ADA.card_id), -9000),
    ],
    ids=["blocked", "somebody else"],
)
def test_who_is_blocked_or_another_meanwhile_is_not_charged(shop: Shop, live: Found) -> None:
    shop.finder.there[ADA.card_id] = live
    shop.finder.takes_s = 0.7
    shop.press("1231")
    shop.tap("A")
    shop.do(shop.till.override, LEND)
    assert shop.step() is Step.CONFIRM
    shop.enter()
    assert shop.step() is Step.ASKING
    shop.later(1.0)
    assert (shop.step(), shop.charges) == (Step.REFUSED, [])


ENDS = {
    "another card": lambda shop: shop.tap("C"),
    "the same card again": lambda shop: shop.tap("A"),
    "a card that cannot be read": Shop.garble,
    "Esc": Shop.escape,
}


@pytest.mark.parametrize("end", ENDS)
def test_it_goes_with(shop: Shop, end: str) -> None:
    refused(shop, "2300")
    shop.do(shop.till.override, LEND)
    ENDS[end](shop)
    shop.press("<<<<1300")
    shop.tap("A")
    shop.later(0.5)
    assert shop.view.decision == Declined(
        Reason.NO_CREDIT, Money(-1230), headroom=Money(1230), missing=Money(70)
    )


def test_it_goes_with_the_sale_that_it_paid_for(shop: Shop) -> None:
    refused(shop)
    shop.do(shop.till.override, LEND)
    shop.enter()
    assert shop.view.decision == Declined(Reason.NO_CREDIT, Money(1), Money(0), Money(1))
    shop.sell("100", "A")
    assert shop.step() is Step.REFUSED
    assert shop.charges == [(ADA.id, 1231)]


@pytest.mark.parametrize("override", [CAP, STALE], ids=["offline-cap", "stale"])
def test_one_for_another_reason_than_the_screens_is_not_taken(shop: Shop, override: object) -> None:
    refused(shop)
    before = shop.view.decision
    shop.do(shop.till.override, override)
    assert (shop.view.decision, shop.notice()) == (before, Notice.NO_SUCH_KEY)


@pytest.mark.parametrize("reason", [Reason.BLOCKED, Reason.AMOUNT], ids=str)
def test_what_nobody_may_pass_is_not_taken(shop: Shop, reason: Reason) -> None:
    refused(shop, "100" if reason is Reason.BLOCKED else "10001", "B")
    shop.do(shop.till.override, *passing(reason))
    assert (shop.step(), shop.notice()) == (Step.DECLINED, Notice.NO_SUCH_KEY)


def test_without_a_refusal_on_the_screen_there_is_nothing_to_pass(shop: Shop) -> None:
    shop.do(shop.till.override, LEND)
    assert (shop.step(), shop.notice()) == (Step.READY, Notice.NO_SUCH_KEY)
    shop.press("100")
    shop.tap("A")
    shop.later(0.5)
    shop.do(shop.till.override, LEND)
    assert shop.notice() is Notice.NO_SUCH_KEY
    shop.press("2000")
    assert shop.step() is Step.DECLINED


def test_a_frozen_basket_takes_none(shop: Shop) -> None:
    shop.finder.takes_s = 0.6
    shop.press("1231")
    shop.tap("A")
    shop.enter()
    assert shop.step() is Step.ASKING
    shop.do(shop.till.override, LEND)
    assert shop.notice() is Notice.BUSY
    shop.later(1.0)
    assert shop.step() is Step.REFUSED
