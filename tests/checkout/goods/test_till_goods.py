"""Goods at the till: quantities, deposits, a line chosen, the last basket again, barcodes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.checkout.keys.console import Console
from tests.fakes.shop import GOODS, SETTINGS, Shop, open_shop

from taptill.checkout.session import Notice, Step
from taptill.domain.basket import Good
from taptill.domain.decision import Declined, Reason
from taptill.domain.entry import EntryKind
from taptill.domain.money import ZERO, Money
from taptill.domain.staff.member import Role, StaffMember
from taptill.domain.tap import Scan

ADA = 1
BARCODE = "4006381333931"
COLA = Good("", "Cola", Money(250), barcode=BARCODE, tax="A")
BOTTLE = Good("b", "Bottle back", Money(-150))
MORE_GOODS = (*GOODS, COLA, BOTTLE)
FAST = 0.008


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Open a shop that also sells cola, and takes bottles back."""
    with open_shop(replace(SETTINGS, keypad=replace(SETTINGS.keypad, goods=MORE_GOODS))) as opened:
        yield opened


def scan(shop: Shop, barcode: str) -> None:
    """Let the reader for goods send a barcode."""
    shop.say(Scan(barcode, "scanner"))


def move(shop: Shop, *keys: str) -> None:
    """Press keys of the cursor."""
    for key in keys:
        shop.do(shop.till.press, key)


def names(shop: Shop) -> list[str]:
    """Return the lines of the basket in short: `2 Coffee`."""
    return [f"{line.quantity} {line.name}" for line in shop.view.basket.lines]


def test_a_quantity_is_journaled_and_a_tax_code_stands_beside_its_line_alone(shop: Shop) -> None:
    shop.press("3*c/3b")
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    shop.later(1.0)
    [charge] = shop.books.of_kind(EntryKind.CHARGE)
    assert charge.body["lines"] == [
        ["Coffee", 150, 3],
        ["Cola", 250, 1, "A"],
        ["Bottle back", -150, 1],
    ]
    assert charge.lines == [("Coffee", 150, 3), ("Cola", 250, 1), ("Bottle back", -150, 1)]
    assert shop.charges == [(ADA, 550)]


def test_enter_charges_nothing_while_a_quantity_has_no_good(shop: Shop) -> None:
    shop.press("c3*")
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    assert (shop.notice(), shop.charges) == (Notice.WHICH_GOOD, [])
    shop.press("w")
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA, 150 + 3 * 120)]


@pytest.mark.parametrize(("keys", "total"), [("cb", 0), ("b", -150), ("c2*b", -150)])
def test_a_basket_that_is_not_above_zero_is_never_charged(
    shop: Shop, keys: str, total: int
) -> None:
    shop.tap("A")
    shop.later(0.5)
    shop.press(keys)
    assert shop.step() is Step.DECLINED
    assert isinstance(shop.view.decision, Declined)
    assert (shop.view.decision.reason, shop.view.total) == (Reason.AMOUNT, Money(total))
    shop.enter()
    shop.later(1.0)
    assert (shop.step(), shop.charges) == (Step.REFUSED, [])
    assert shop.declines == [(ADA, "amount", total)]
    shop.press("2*c")
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA, total + 300)]


def test_without_a_card_it_waits_all_the_same(shop: Shop) -> None:
    shop.press("cb")
    assert (shop.step(), shop.view.total) == (Step.RINGING, ZERO)
    shop.enter()
    assert (shop.notice(), shop.charges) == (Notice.NO_CARD, [])
    for key in ("f8", "f10"):
        shop.do(shop.till.function_key, key)
        assert (shop.notice(), names(shop)) == (Notice.BUSY, ["1 Coffee", "1 Bottle back"])


def test_the_total_is_charged_after_a_chosen_line_was_changed(shop: Shop) -> None:
    shop.press("cw/3")
    shop.tap("A")
    shop.later(0.5)
    move(shop, "up", "up")
    shop.press("++")
    assert (names(shop), shop.view.chosen) == (["1 Coffee", "3 Water", "1 Cola"], 1)
    move(shop, "up", "delete")
    assert names(shop) == ["3 Water", "1 Cola"]
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA, 3 * 120 + 250)]


def test_escape_lets_go_of_the_line_before_it_cancels(shop: Shop) -> None:
    shop.press("cw")
    move(shop, "up")
    shop.escape()
    assert (shop.view.chosen, names(shop)) == (None, ["1 Coffee", "1 Water"])
    shop.escape()
    assert (shop.step(), names(shop)) == (Step.READY, [])


@pytest.mark.parametrize("key", ["up", "down", "delete", "left", "home", "page_down", "insert"])
def test_a_cursor_key_that_means_nothing_speaks_of_num_lock(shop: Shop, key: str) -> None:
    move(shop, key)
    assert (shop.notice(), shop.step()) == (Notice.NUM_LOCK, Step.READY)
    shop.sell("c", "A")
    move(shop, key)
    assert (shop.notice(), shop.step()) == (Notice.NUM_LOCK, Step.PAID)
    shop.f8()
    move(shop, key)
    assert (shop.notice(), shop.step()) == (Notice.NUM_LOCK, Step.VOIDING)


def test_star_repeats_the_last_basket_for_the_next_customer(shop: Shop) -> None:
    shop.sell("2*cw30", "A")
    assert shop.step() is Step.PAID
    shop.press("*")
    assert shop.step() is Step.RINGING
    assert names(shop) == ["2 Coffee", "1 Water", "1 "]
    shop.tap("A")
    shop.later(0.5)
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA, 450), (ADA, 450)]


def test_star_repeats_no_basket_that_was_not_paid(shop: Shop) -> None:
    shop.press("c")
    shop.escape()
    shop.press("*")
    assert (shop.notice(), names(shop)) == (Notice.NO_AMOUNT, [])


def test_a_scan_acts_with_a_customer_on_the_panel_and_confirms_nothing(shop: Shop) -> None:
    shop.tap("A")
    shop.later(1.0)
    scan(shop, BARCODE)
    scan(shop, BARCODE)
    shop.later(2.0)
    assert (names(shop), shop.step(), shop.charges) == (["2 Cola"], Step.CONFIRM, [])
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA, 500)]


def test_a_scan_takes_the_quantity_typed_before_it(shop: Shop) -> None:
    shop.press("6*")
    scan(shop, BARCODE)
    assert names(shop) == ["6 Cola"]


def test_a_scan_after_a_sale_begins_the_next_one(shop: Shop) -> None:
    shop.sell("c", "A")
    scan(shop, BARCODE)
    assert (names(shop), shop.view.customer) == (["1 Cola"], None)


def test_an_unknown_barcode_changes_nothing_and_says_what_to_do(shop: Shop) -> None:
    shop.press("3*")
    scan(shop, "4006381333948")
    assert (shop.notice(), shop.view.keystrokes) == (Notice.UNKNOWN_BARCODE, "3*")
    scan(shop, "")
    assert (shop.notice(), shop.view.keystrokes) == (Notice.SCAN_AGAIN, "3*")


def test_a_scan_answers_no_question_about_a_void(shop: Shop) -> None:
    shop.sell("c", "A")
    shop.f8()
    scan(shop, BARCODE)
    assert (shop.notice(), shop.step(), names(shop)) == (Notice.VOID_KEYS, Step.VOIDING, [])


def test_a_scan_while_a_list_or_a_form_is_open_rings_up_nothing() -> None:
    staff = (StaffMember("Jo", Role.CASHIER, card_id="CAFE01"),)
    keypad = replace(SETTINGS.keypad, goods=MORE_GOODS)
    with open_shop(replace(SETTINGS, keypad=keypad, staff=staff)) as shop:
        assert shop.view.page is not None
        scan(shop, BARCODE)
        Console(shop).keys(f"{BARCODE}\r", FAST)
        shop.later(0.5)
        assert (shop.notice(), names(shop)) == (Notice.SCAN_LATER, [])
        shop.tap("CAFE01")
        shop.later(0.5)
        scan(shop, BARCODE)
        assert names(shop) == ["1 Cola"]


def test_a_scan_while_a_charge_is_saved_must_wait(shop: Shop) -> None:
    shop.press("c")
    shop.tap("A")
    shop.later(1.0)
    shop.at_once(shop.till.confirm, lambda: shop.till.ring_up.scan(BARCODE))
    shop.later(1.0)
    assert shop.charges == [(ADA, 150)]
    assert names(shop) == []


def test_a_machine_that_types_a_good_s_barcode_rings_it_up(shop: Shop) -> None:
    console = Console(shop)
    shop.tap("A")
    console.wait(1.0)
    console.keys("3*")
    console.wait(0.1)
    console.keys(f"{BARCODE}\r", FAST)
    console.wait(0.5)
    assert (names(shop), shop.notice(), shop.step()) == (["3 Cola"], Notice.NONE, Step.CONFIRM)
    assert (console.lines, shop.charges) == ([], [])
    console.keys(f"{BARCODE}\n", FAST)
    console.wait(0.5)
    assert (names(shop), shop.charges) == (["4 Cola"], [])
    console.type(b"\r")
    console.wait(0.5)
    assert shop.charges == [(ADA, 1000)]


def test_a_line_that_is_no_good_s_goes_to_the_readers_as_before(shop: Shop) -> None:
    console = Console(shop, takes_lines=True)
    console.keys("62E3086CED\r", FAST)
    console.wait(0.5)
    assert (console.lines, names(shop)) == (["62E3086CED"], [])


def test_a_part_of_a_barcode_rings_up_nothing(shop: Shop) -> None:
    """A machine that halted within its line: the rest may be another good's barcode."""
    console = Console(shop)
    console.keys("1234", FAST)
    console.wait(0.1)
    console.keys(f"{BARCODE}\r", FAST)
    console.wait(0.5)
    assert (names(shop), shop.notice()) == ([], Notice.MACHINE)
