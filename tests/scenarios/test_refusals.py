"""Cards that may not pay: each refusal in clear words, and nothing booked."""

from decimal import Decimal

import pytest
from tests.fakes.proxy import answer
from tests.scenarios.books import office_sets, post, row_of
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import running

pytestmark = pytest.mark.slow

ADA, BLOCKED, CHARLES, OWES, SYSTEM, HOSTILE = (
    "62E3086CED",
    "0A1B5EC7D2",
    "3C00CE754C",
    "7F20914E83",
    "E5D0C0FFEE",
    "BADC0DE5A1",
)


def test_each_card_that_may_not_pay_is_refused_and_nothing_is_booked(world: TillAndService) -> None:
    """Blocked, no credit, unknown and the system's own customer, one after another."""
    before = {card: row_of(world.service, card).total for card in (BLOCKED, CHARLES, SYSTEM)}
    with running(world.site) as till:
        till.wait_for("ONLINE")
        till.sell("420", BLOCKED)
        till.wait_for("Please see the cashier", "BLOCKED", absent="NOT BLOCKED")
        till.confirm()
        till.wait_for("B. V. × refused: blocked")
        till.sell("420", CHARLES)
        till.wait_for("Charles Babbage", "No credit", "1.80", "2.40 missing")
        till.confirm()
        till.wait_for("C. B. × refused")
        till.sell("100", "DEADBEEF00")
        till.wait_for("Nobody has this card", absent="Charles Babbage")
        till.sell("100", SYSTEM)
        till.wait_for("Please see the cashier", "system")
        till.confirm()
        assert till.leave() == 0
    assert before == {card: row_of(world.service, card).total for card in before}


def test_a_prepaid_customer_pays_up_to_the_balance_and_not_a_cent_more(
    world: TillAndService,
) -> None:
    """1.80 in advance: 1.81 is refused, 1.80 is paid, then 0.01 is refused."""
    with running(world.site) as till:
        till.wait_for("ONLINE")
        till.sell("181", CHARLES)
        till.wait_for("0.01 missing")
        till.press("\x7f\x7f")
        till.press("80")
        till.wait_for("Charles Babbage pays €1.80")
        till.confirm()
        till.wait_for("Thank you", "C. B. √ sent")
        till.sell("1", CHARLES)
        till.wait_for("0.01 missing")
    assert row_of(world.service, CHARLES).total == 0


def test_two_customers_on_one_card_are_nobody(world: TillAndService) -> None:
    """The till refuses to choose and names no one."""
    row = {
        "name": "Twin Towers",
        "cardId": "AAAAAAAAAA",
        "isBlocked": False,
        "isCreditAllowed": True,
        "totalDebt": 0,
        "default": False,
    }
    with running(world.site) as till:
        till.wait_for("ONLINE")
        world.network.always["select"] = answer([{**row, "id": 9001}, {**row, "id": 9002}])
        till.sell("100", "AAAAAAAAAA")
        till.wait_for("Please see the cashier", "Two customers", absent="Twin Towers")
        till.confirm()
        till.wait_for("Two customers")
    assert world.network.count("update") == 0


def test_a_card_that_the_office_gave_to_another_customer_cannot_confirm(
    world: TillAndService,
) -> None:
    """The cache still says Ada, the live answer says Dorothea: dead until a new tap."""
    with running(world.site) as till:
        till.wait_for("ONLINE", "data")
        office_sets(world.service, ADA, {"cardId": "0000000001"})
        office_sets(world.service, OWES, {"cardId": ADA})
        till.sell("100", ADA)
        till.wait_for("Please see the cashier", absent="Ada Byron")
        till.confirm()
        till.sell("100", ADA)
        till.wait_for("Dorothea", "pays €1.00")
        till.confirm()
        till.wait_for("Thank you", "√ sent")
    assert row_of(world.service, "0000000001").total == Decimal("-12.30")
    assert row_of(world.service, ADA).total == Decimal("9.40")


def test_a_hostile_name_is_shown_harmless_and_can_pay(world: TillAndService) -> None:
    """Markup, control characters and direction marks draw nothing and break nothing."""
    hostile = "[bold red]boo[/] \x1b[2J\u202eevil\u200b" + "x" * 200
    row = {"name": hostile, "cardId": "BAD0000001", "totalDebt": -5}
    post(world.service, "insert", {"fields": [row]})
    with running(world.site) as till:
        till.wait_for("ONLINE")
        till.sell("100", "BAD0000001")
        text = till.wait_for("[bold red]boo[/]", "in advance €5.00", "TOTAL")
        assert "\u202e" not in text
        assert "\u200b" not in text
        till.confirm()
        till.wait_for("Thank you", "√ sent")
