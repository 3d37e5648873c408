"""F6 on the real program: a card that nobody has is given away, and the old one is dead."""

import threading
from collections.abc import Callable

import pytest
from tests.fakes.proxy import Reply, lose_request
from tests.scenarios.books import entries, row_of
from tests.scenarios.conftest import TillAndService
from tests.scenarios.day.cashier import KIM, Cashier, staff_config
from tests.scenarios.program import WAIT_S, Program, running

pytestmark = pytest.mark.slow

ADA, NEW = "62E3086CED", "7F20914E99"
F6 = "\x1b[17~"
READ_S = 0.6
"""Enter counts on a form once it can have been read."""


def with_cards(world: TillAndService) -> None:
    """Give the till staff, and a token for cards."""
    site = world.site
    token = site.folder / "office-token"
    token.write_text(world.service.cards_token)
    token.chmod(0o600)
    site.backend = f'office_token_file = "{token}"'
    site.extra_config = staff_config()
    site.write_config()


def give_ada_the_new_card(till: Program, cashier: Cashier) -> None:
    """Tap the card that nobody has, press F6, type her name, and come to what Enter confirms."""
    cashier.tap(NEW)
    till.wait_for("Nobody has this card")
    till.press(F6)
    till.wait_for("whose shall it be?", "customers known here")
    cashier.type("ada by")
    till.wait_for("Ada Byron")
    till.press("\r")
    till.wait_for("a new card for a customer", "Card …CED is refused here")
    till.pause(READ_S)


@pytest.mark.parametrize("size", [(80, 24), (50, 15)], ids=str)
def test_an_unknown_card_takes_the_place_of_a_lost_one(
    world: TillAndService, size: tuple[int, int]
) -> None:
    with_cards(world)
    customer = row_of(world.service, ADA).id
    with running(world.site, size=size, ready="who works here?") as till:
        cashier = Cashier(till)
        cashier.log_in(KIM)
        till.wait_for("ONLINE")
        cashier.type("c")
        give_ada_the_new_card(till, cashier)
        till.press("\r")
        till.wait_for("The new card is theirs", "…E99")
        till.press("\x1b")
        till.wait_for("Ada Byron pays €1.50")
        cashier.pay(150)
        cashier.tap(ADA)
        till.wait_for("Nobody has this card")
        till.wait_for("0 to send")
        assert till.leave() == 0
    assert row_of(world.service, NEW).id == customer
    kept = [entry for entry in entries(world.site) if entry["kind"].startswith("card-")]
    assert [(one["staff"], one["body"].get("outcome")) for one in kept] == [
        ("Kim", None),
        ("Kim", "done"),
    ]


def test_a_loss_of_power_once_the_request_has_left_leaves_no_old_card(
    world: TillAndService,
) -> None:
    """The answer is lost with the power; the till starts again without a network."""
    with_cards(world)
    landed = threading.Event()

    def land(_: str, forward: Callable[[], Reply]) -> Reply | None:
        world.network.always["*"] = lose_request
        forward()
        landed.set()
        return None

    with running(world.site, ready="who works here?") as till:
        cashier = Cashier(till)
        cashier.log_in(KIM)
        cashier.tap(ADA)
        till.wait_for("Ada Byron", "Card read")
        till.press("\x1b")
        till.wait_for("no card yet")
        give_ada_the_new_card(till, cashier)
        world.network.once["update"] = [land]
        till.press("\r")
        assert landed.wait(WAIT_S)
        till.kill()
    with running(world.site, ready="who works here?") as till:
        cashier = Cashier(till)
        cashier.log_in(KIM)
        till.wait_for("OFFLINE")
        cashier.type("c")
        cashier.tap(ADA)
        till.wait_for("Card not known here")
        assert till.leave() == 0
    kinds = [entry["kind"] for entry in entries(world.site)]
    assert (kinds.count("card-attempt"), "charge" in kinds) == (1, False)
    assert row_of(world.service, NEW).id
