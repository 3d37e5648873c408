"""F9: a second person lets a decline pass, for a reason, and both names are in the journal."""

from dataclasses import replace

import pytest
from tests.checkout.pages.crew import CREWED, JO, KIM, SAM, TED, crewed_shop
from tests.domain.samples import ADA
from tests.fakes.shop import Shop

from taptill.checkout.pages.page import PageRow, PersonName, phrase
from taptill.checkout.session import Notice, Step
from taptill.domain.entry import EntryKind
from taptill.domain.money import Money
from taptill.domain.staff.member import Right


def decline(shop: Shop, keys: str = "2000") -> None:
    """Ring up more than Ada has, and tap her card."""
    shop.press(keys)
    shop.tap("A")
    shop.later(0.5)
    assert shop.step() is Step.DECLINED


def test_f9_is_offered_where_somebody_else_may_allow_it() -> None:
    alone = replace(CREWED, staff=(JO, KIM, TED))
    for who, is_offered in (("Jo", True), ("Kim", False)):
        with crewed_shop(alone, who=who) as shop:
            decline(shop)
            assert ("override" in shop.view.offers) is is_offered
            shop.key("f9")
            assert (shop.view.page is not None) is is_offered
    with crewed_shop(who="Kim") as shop:
        assert "override" in shop.view.offers


def test_a_supervisors_card_lets_it_pass_and_enter_charges() -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        assert shop.page().name == "override"
        shop.press("2")
        assert shop.page().name == "approve"
        shop.tap(SAM.card_id)
        assert (shop.view.page, shop.step()) == (None, Step.CONFIRM)
        assert shop.charges == []
        shop.enter()
        shop.later(1.0)
        (entry,) = shop.books.of_kind(EntryKind.CHARGE)
        assert (entry.customer_id, entry.amount_minor, entry.staff) == (ADA.id, 2000, "Jo")
        assert entry.body["overrides"] == [["no-credit", "Sam", "office-agrees"]]


@pytest.mark.parametrize("card", ["A", SAM.card_id])
def test_a_card_before_the_reason_is_told_what_comes_first(card: str) -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        shop.tap(card)
        assert (shop.page().name, shop.page().notice) == ("override", phrase("page.card-later"))
        shop.press("2")
        assert (shop.page().name, shop.page().notice) == ("approve", None)


def test_who_allows_it_sees_whom_and_how_much() -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        about = (
            PageRow((PersonName(ADA.name), Money(2000))),
            PageRow((phrase("reason.no-credit.short"),)),
        )
        assert shop.page().head == about
        shop.press("2")
        assert (shop.page().name, shop.page().head[:2]) == ("approve", about)


def test_a_pin_does_as_well() -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        shop.hasty_enter()
        shop.press("1135791")
        shop.hasty_enter()
        shop.later(0.1)
        assert (shop.view.page, shop.step()) == (None, Step.CONFIRM)


def test_nobody_overrides_for_themselves() -> None:
    with crewed_shop(who="Kim") as shop:
        decline(shop)
        shop.key("f9")
        shop.press("1")
        shop.tap(KIM.card_id)
        assert shop.page().notice == phrase("page.may-not", name="Kim")
        assert shop.step() is Step.DECLINED


def test_no_more_passes_than_the_limit_allows() -> None:
    with crewed_shop() as shop:
        decline(shop, "4000")
        shop.key("f9")
        shop.press("1")
        shop.tap(SAM.card_id)
        assert (shop.view.page, shop.step()) == (None, Step.DECLINED)


@pytest.mark.parametrize("keys", ["", "420"])
def test_without_a_decline_there_is_nothing_to_override(keys: str) -> None:
    with crewed_shop() as shop:
        shop.press(keys)
        shop.key("f9")
        assert (shop.view.page, shop.notice()) == (None, Notice.NO_OVERRIDE)


def test_a_block_is_never_overridden() -> None:
    with crewed_shop() as shop:
        shop.press("420")
        shop.tap("B")
        shop.later(0.5)
        shop.key("f9")
        assert (shop.view.page, shop.notice()) == (None, Notice.NO_OVERRIDE)


def test_who_alone_may_allow_it_hears_at_once_that_a_second_person_is_needed() -> None:
    staff = tuple(member for member in CREWED.staff if not member.may(Right.OVERRIDE))
    with crewed_shop(replace(CREWED, staff=(*staff, KIM)), who="Kim") as shop:
        decline(shop)
        shop.key("f9")
        assert (shop.view.page, shop.notice()) == (None, Notice.NOBODY_ELSE)


def test_without_staff_there_is_no_override(shop: Shop) -> None:
    decline(shop)
    shop.key("f9")
    assert (shop.view.page, shop.notice()) == (None, Notice.NO_STAFF)


def test_a_customers_card_meanwhile_is_answered_and_the_sale_waits() -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        shop.tap("D")
        assert shop.page().notice == phrase("page.card-later")
        shop.escape()
        assert (shop.view.page, shop.step(), shop.customer.name) == (None, Step.DECLINED, ADA.name)


def test_esc_leads_back_step_by_step() -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        shop.press("1")
        shop.press("1")
        names = []
        for _ in range(3):
            shop.escape()
            names.append(shop.view.page.name if shop.view.page else "")
        assert names == ["approve", "override", ""]
        assert shop.step() is Step.DECLINED


def test_a_page_that_nobody_uses_closes() -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        shop.later(10_000.0)
        assert shop.view.page is None


def test_an_enter_meant_for_the_pin_does_not_confirm_the_sale() -> None:
    with crewed_shop() as shop:
        decline(shop)
        shop.key("f9")
        shop.press("1")
        shop.press("1135791")
        shop.hasty_enter()
        shop.later(0.1)
        assert shop.step() is Step.CONFIRM
        shop.hasty_enter()
        assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.WAIT_A_MOMENT)
        shop.enter()
        shop.later(1.0)
        assert shop.step() is Step.PAID


def test_it_counts_for_no_more_than_the_supervisor_has_seen() -> None:
    with crewed_shop() as shop:
        decline(shop, "1300")
        shop.key("f9")
        shop.press("1")
        shop.later(0.5)
        shop.tap(SAM.card_id)
        assert (shop.step(), shop.customer.headroom) == (Step.CONFIRM, Money(1300))
        shop.press("+700")
        assert (shop.step(), shop.view.total.minor) == (Step.DECLINED, 2000)
        shop.press("<<<")
        assert (shop.step(), shop.view.total.minor) == (Step.CONFIRM, 1300)
        shop.enter()
        shop.later(1.0)
        assert shop.charges == [(ADA.id, 1300)]
