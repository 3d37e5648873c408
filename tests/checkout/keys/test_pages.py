"""Keys on a list or form, as a terminal sends them."""

from collections.abc import Iterator

import pytest
from tests.checkout.keys.console import Console
from tests.checkout.pages.crew import crewed_shop
from tests.fakes.shop import Shop

from taptill.checkout.session import Notice, Step
from taptill.domain.entry import EntryKind

F2, F9, ESC, DOWN = b"\x1bOQ", b"\x1b[20~", b"\x1b", b"\x1b[B"


@pytest.fixture
def locked() -> Iterator[Shop]:
    with crewed_shop(who="") as shop:
        yield shop


def test_a_person_types_number_pin_and_enter(locked: Shop) -> None:
    console = Console(locked)
    console.keys("12580\r")
    console.wait(0.2)
    assert locked.view.status.staff == "Jo"


def test_a_pin_need_not_have_been_said_before_enter(locked: Shop) -> None:
    """Lines say what was typed only after a pause, and of a PIN nothing but its length."""
    console = Console(locked)
    console.keys("1")
    console.wait(0.5)
    console.paint_s = 2.0
    console.keys("2580\r")
    console.wait(0.2)
    assert locked.view.status.staff == "Jo"


def test_a_cancel_that_is_read_with_enter_takes_no_pin(locked: Shop) -> None:
    console = Console(locked)
    console.keys("12580")
    console.wait(0.5)
    console.type(b"\x1b\r")
    console.wait(0.5)
    assert (locked.view.status.staff, locked.page().typed) == ("", None)


def test_a_machine_types_no_pin(locked: Shop) -> None:
    console = Console(locked)
    console.keys("1")
    console.wait(0.5)
    console.type(b"2580\r")
    console.wait(0.2)
    assert (locked.view.status.staff, locked.page().typed) == ("", "")
    assert locked.books.of_kind(EntryKind.WRONG_PIN) == []
    assert locked.notice() == Notice.MACHINE


def test_a_machine_at_the_list_of_names_chooses_nobody(locked: Shop) -> None:
    console = Console(locked)
    console.type(b"0004812345\r")
    console.wait(0.2)
    assert locked.page().typed is None


def test_f2_locks_and_f9_asks_for_a_reason() -> None:
    with crewed_shop() as shop:
        console = Console(shop, cards="A")
        console.keys("2000")
        console.wait(0.5)
        shop.tap("A")
        console.wait(0.6)
        assert shop.step() is Step.DECLINED
        console.type(F9)
        console.wait(0.2)
        console.type(DOWN)
        console.wait(0.2)
        assert (shop.page().name, shop.page().chosen) == ("override", 1)
        console.type(ESC)
        console.wait(0.2)
        assert shop.view.page is None
        console.type(F2)
        console.wait(0.2)
        assert (shop.page().name, shop.view.status.staff) == ("log-in", "")
