"""The backend away, lying, slow or somebody else: sales within the caps, each booked once."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.proxy import answer, fail, lose_reply, lose_request, portal
from tests.scenarios.books import row_of
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import Program, running

pytestmark = pytest.mark.slow

ADA, OWES = "62E3086CED", "7F20914E83"
CAP = """
[offline]
per_charge = "3.00"
per_customer = "5.00"
per_terminal = "500.00"
[lookup]
fresh_s = 1
"""


def pay(till: Program, amount: str, card_id: str, name: str) -> None:
    """Sell and see it PAID."""
    till.sell(amount, card_id)
    till.wait_for(f"{name} pays")
    till.confirm()
    till.wait_for("Thank you")


def test_a_dead_service_is_sold_through_within_the_caps_and_gets_each_charge_once(
    world: TillAndService,
) -> None:
    """A cached customer pays offline, is refused beyond the caps, and is settled once."""
    site = replace(world.site, extra_config=CAP)
    with running(site) as till:
        till.wait_for("ONLINE", "data")
        world.service.stop()
        till.pause(1.5)  # the last sight grows older than fresh_s
        till.sell("301", ADA)
        till.wait_for("0.01 too much")
        pay(till, "300", ADA, "Ada Byron")
        till.wait_for("1 to send", "OFFLINE", "√ kept")
        till.sell("201", ADA)
        till.wait_for("0.01 too much")
        pay(till, "200", ADA, "Ada Byron")
        till.sell("1", ADA)
        till.wait_for("0.01 too much")
        world.service.start_again()
        till.press("-")
        till.wait_for("0 to send", "√ sent", absent="√ kept")
        assert till.leave() == 0
    row = row_of(world.service, ADA)
    assert row.total == Decimal("-7.30")
    (mark,) = row.debt_data["taptill"]["t"].values()
    assert mark[1] == 500


def test_a_service_that_returns_is_noticed_without_a_key_or_a_tap(world: TillAndService) -> None:
    """After pauses that have grown: OFFLINE ends and what was kept is sent, by itself."""
    with running(world.site) as till:
        till.wait_for("ONLINE", "data")
        world.service.stop()
        pay(till, "420", ADA, "Ada Byron")
        till.wait_for("1 to send", "OFFLINE")
        till.pause(12.0)
        world.service.start_again()
        till.wait_for("ONLINE", "0 to send", "√ sent", absent="OFFLINE")
    assert row_of(world.service, ADA).total == Decimal("-8.10")


@pytest.mark.parametrize(
    "fault", [lose_reply, lose_request, fail], ids=lambda fault: fault.__name__
)
def test_an_update_without_an_answer_is_booked_once(world: TillAndService, fault: object) -> None:
    """The reply is lost, the request is lost, or a 500: the row tells, and it is settled once."""
    world.network.once["update"] = [fault, fault]  # type: ignore[list-item]
    with running(world.site) as till:
        till.wait_for("ONLINE")
        pay(till, "420", ADA, "Ada Byron")
        till.wait_for("√ sent", "0 to send")
    assert row_of(world.service, ADA).total == Decimal("-8.10")


@pytest.mark.parametrize("fault", [portal, fail], ids=lambda fault: fault.__name__)
def test_a_page_or_an_error_instead_of_json_is_no_answer(
    world: TillAndService, fault: object
) -> None:
    """HTML from a captive portal, 500s: the cached customer pays; all is sent afterwards."""
    with running(world.site) as till:
        till.wait_for("ONLINE", "data")
        world.network.always["*"] = fault  # type: ignore[assignment]
        pay(till, "420", ADA, "Ada Byron")
        till.wait_for("1 to send", "OFFLINE")
        till.sell("100", "0123456789")
        till.wait_for("Please see the cashier", absent="Nobody has this card")
        world.network.always.clear()
        till.press("-")
        till.wait_for("0 to send", "√ sent", "ONLINE")
    assert row_of(world.service, ADA).total == Decimal("-8.10")


def test_a_wrong_token_is_said_and_the_right_one_settles(world: TillAndService) -> None:
    """401: nobody is unknown because of it, the sign is loud, and a new token mends it."""
    site = world.site
    with running(site) as till:
        till.wait_for("ONLINE", "data")
    (site.folder / "token").write_text("not-the-token\n")
    with running(site) as till:
        till.wait_for("Key refused by server", absent="ONLINE")
        pay(till, "100", ADA, "Ada Byron")
        till.wait_for("1 to send")
        assert till.leave() == 0
    (site.folder / "token").write_text(world.service.token + "\n")
    with running(site) as till:
        till.wait_for("0 to send", "ONLINE", "A. B. √ sent")
    assert row_of(world.service, ADA).total == Decimal("-11.30")


def test_a_void_offline_leaves_the_books_as_they_were(world: TillAndService) -> None:
    """Charge and void are both kept, and together they change nothing."""
    with running(world.site) as till:
        till.wait_for("ONLINE", "data")
        world.service.stop()
        pay(till, "420", OWES, "Dorothea Näherin")
        till.void_key()
        till.wait_for("1", "2", "3", "D. N.")
        till.press("1")
        till.wait_for("1 to send", absent="F8 voids it")
        world.service.start_again()
        till.wait_for("0 to send")
    row = row_of(world.service, OWES)
    assert row.total == Decimal("8.40")
    (mark,) = row.debt_data["taptill"]["t"].values()
    assert mark[1] == 0


def test_a_token_that_sees_nobody_is_an_alarm_and_no_card_is_unknown(world: TillAndService) -> None:
    """An empty list is no proof: the screen says that the server shows no customers."""
    world.network.always["select"] = answer([])
    with running(world.site) as till:
        till.wait_for("Server shows no customers")
        till.sell("100", ADA)
        till.wait_for("Please see the cashier", absent="Nobody has this card")
