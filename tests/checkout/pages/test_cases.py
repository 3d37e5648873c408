"""The conflict desk on the screen: by role, with a reason, and the answer is said."""

import pytest
from tests.checkout.pages.conflict_desk import LOST, REFUSED
from tests.checkout.pages.crew import SAM, crewed_shop
from tests.fakes.shop import Shop

from taptill.checkout.pages.page import phrase
from taptill.checkout.session import Notice, Step
from taptill.domain.conflicts.case import CaseAnswer, CaseDecision, CaseOutcome
from taptill.domain.money import Money


def open_cases(shop: Shop) -> None:
    """Open the desk with two cases."""
    shop.conflict_desk.open = [LOST, REFUSED]
    shop.key("f10")
    shop.press("6")
    shop.later(0.2)


def test_a_supervisor_decides_alone_and_the_case_is_gone() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cases(shop)
        assert len(shop.page().rows) == 2
        shop.hasty_enter()
        assert shop.page().rows[1].cells[-1] == phrase("row.total-after", total=Money(1500))
        shop.press("2")
        assert shop.page().name == "case-why"
        shop.press("1")
        shop.later(1.0)
        assert shop.conflict_desk.decisions == [
            CaseDecision(
                customer_id=7,
                answer=CaseAnswer.SEND_SINCE,
                amount=Money(420),
                staff="Kim",
                reason="asked office",
            )
        ]
        assert (shop.page().name, len(shop.page().rows)) == ("cases", 1)
        assert shop.page().notice == phrase("decided.done")


def test_a_cashier_needs_a_supervisor() -> None:
    with crewed_shop() as shop:
        open_cases(shop)
        shop.hasty_enter()
        shop.press("1")
        shop.press("1")
        assert shop.page().name == "approve"
        assert shop.conflict_desk.decisions == []
        shop.tap(SAM.card_id)
        shop.later(1.0)
        assert [decision.staff for decision in shop.conflict_desk.decisions] == ["Sam"]


def test_without_staff_the_desk_is_only_read(shop: Shop) -> None:
    open_cases(shop)
    shop.hasty_enter()
    shop.press("1")
    assert shop.page().notice == phrase("page.needs-staff")
    assert shop.conflict_desk.decisions == []


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (CaseOutcome.LATER, "decided.later"),
        (CaseOutcome.STILL_OPEN, "decided.still-open"),
        (CaseOutcome.STOPPED, "decided.stopped"),
        (CaseOutcome.CHANGED, "decided.changed"),
        (CaseOutcome.NO_CASE, "decided.no-case"),
        (None, "decided.later"),
    ],
)
def test_what_came_of_it_is_said_and_the_case_stays(
    outcome: CaseOutcome | None, words: str
) -> None:
    with crewed_shop(who="Kim") as shop:
        open_cases(shop)
        shop.conflict_desk.outcome = outcome
        shop.hasty_enter()
        shop.press("1")
        shop.press("1")
        shop.later(1.0)
        assert (shop.page().notice, len(shop.page().rows)) == (phrase(words), 2)


def test_an_empty_desk_says_so(shop: Shop) -> None:
    shop.key("f10")
    shop.press("6")
    shop.later(0.2)
    assert shop.page().notice == phrase("page.no-cases")
    shop.escape()
    assert shop.page().name == "office"


def test_esc_leads_back_without_a_decision() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cases(shop)
        shop.key("down")
        shop.hasty_enter()
        shop.press("1")
        names = []
        for _ in range(4):
            names.append(shop.page().name)
            shop.escape()
        assert names == ["case-why", "case", "cases", "office"]
        assert shop.conflict_desk.decisions == []


def test_something_unforeseen_behind_a_page_closes_the_till_and_locks_no_page(shop: Shop) -> None:
    shop.conflict_desk.fault = RuntimeError("unforeseen")
    shop.key("f10")
    shop.press("6")
    shop.later(0.1)
    assert (shop.step(), shop.view.detail) == (Step.CLOSED, "RuntimeError")
    shop.later(20.0)
    shop.key("f10")
    assert shop.page().name == "office"
    shop.escape()
    assert (shop.view.page, shop.step()) == (None, Step.READY)


def test_esc_goes_on_selling_while_a_slow_server_is_asked() -> None:
    """It may take a minute, and customers wait at the till; what was decided is carried out."""
    with crewed_shop(who="Kim") as shop:
        shop.conflict_desk.takes_s = 45.0
        open_cases(shop)
        shop.hasty_enter()
        shop.press("21")
        assert shop.page().notice == phrase("page.working")
        shop.press("1")
        assert shop.notice() == Notice.PAGE_BUSY
        shop.escape()
        assert shop.view.page is None
        shop.sell("420", "A")
        assert shop.step() is Step.PAID
        shop.key("f10")
        shop.later(50.0)
        assert shop.page().name == "office"
        assert [decision.customer_id for decision in shop.conflict_desk.decisions] == [7]
