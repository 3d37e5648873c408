"""A quantity before a good, a line chosen and changed, a barcode scanned."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checkout.test_keypad import EUROS, PLAIN, TWELVE, key_in, lines

from taptill.checkout.keypad import (
    NOTHING_KEYED,
    KeyedInput,
    Keypad,
    choose,
    find_barcode,
    press,
    ring_up,
)
from taptill.checkout.session import Notice
from taptill.domain.basket import (
    LINES_MAX,
    QUANTITY_MAX,
    Basket,
    Good,
    Line,
    barcode_form,
    upc_a_of,
)
from taptill.domain.money import Money

COLA = Good("", "Cola", Money(250), barcode="4006381333931", tax="A")
BOTTLE = Good("b", "Bottle back", Money(-25))
SHOP = replace(EUROS, goods=(*EUROS.goods, COLA, BOTTLE))

CASES = {
    "a quantity and a letter": (EUROS, "3*c", ["3 Coffee 450"], "", 450, Notice.NONE),
    "a quantity of two digits": (EUROS, "12*c", ["12 Coffee 1800"], "", 1800, Notice.NONE),
    "a quantity is shown while its good is awaited": (EUROS, "3*", [], "3*", 0, Notice.NONE),
    "a quantity and a number": (EUROS, "3*/2", ["3 Water 360"], "", 360, Notice.NONE),
    "a quantity and a number that waits": (TWELVE, "3*/1", [], "3*/1", 0, Notice.NONE),
    "a quantity and a number ended by plus": (TWELVE, "3*/1+", ["3 good 1 3"], "", 3, Notice.NONE),
    "a quantity and a number of two digits": (TWELVE, "3*/12", ["3 good 12 36"], "", 36, ""),
    "a quantity and an amount": (EUROS, "3*420", [], "3*420", 1260, Notice.NONE),
    "a quantity and an amount ended by plus": (EUROS, "3*420+", ["3 - 1260"], "", 1260, ""),
    "a quantity and an amount with a point": (EUROS, "3*4.2", [], "3*4.2", 1260, Notice.NONE),
    "a quantity and a point": (EUROS, "3*.5", [], "3*0.5", 150, Notice.NONE),
    "a letter after an amount has its own quantity": (
        EUROS,
        "3*30c",
        ["3 - 90", "1 Coffee 150"],
        "",
        240,
        Notice.NONE,
    ),
    "slash after an amount with a quantity": (EUROS, "3*30/1", ["3 - 90", "1 Coffee 150"], "",
                                              240, Notice.NONE),
    "a quantity joins the same good": (EUROS, "c3*c", ["4 Coffee 600"], "", 600, Notice.NONE),
    "without implied decimals as well": (PLAIN, "3*c", ["3 Coffee 450"], "", 450, Notice.NONE),
    "a leading nought": (EUROS, "03*c", ["3 Coffee 450"], "", 450, Notice.NONE),
    "no quantity of nought": (EUROS, "0*", [], "", 0, Notice.NO_AMOUNT),
    "no quantity of three digits": (EUROS, "100*", ["1 - 100", "1 - 100"], "", 200, Notice.NONE),
    "no quantity with a point": (EUROS, "3.*", ["1 - 300", "1 - 300"], "", 600, Notice.NONE),
    "a second star asks for the good": (EUROS, "3**", [], "3*", 0, Notice.WHICH_GOOD),
    "plus asks for the good": (EUROS, "3*+", [], "3*", 0, Notice.WHICH_GOOD),
    "star after an amount with a quantity repeats it once": (
        EUROS,
        "3*420*",
        ["3 - 1260", "1 - 420"],
        "",
        1680,
        Notice.NONE,
    ),
    "a letter that no good has keeps the quantity": (EUROS, "3*x", [], "3*", 0, "no-such-key"),
    "a number that no good has keeps it too": (TWELVE, "3*/13", [], "3*", 0, "no-such-key"),
    "backspace takes the star, then the quantity": (EUROS, "3*<", [], "3", 3, Notice.NONE),
    "the digits of both have one limit": (EUROS, "99*123456", [], "99*12345", 1222155,
                                          Notice.AMOUNT_FULL),
    "too many of one good": (EUROS, "c99*c", ["1 Coffee 150"], "99*", 150, Notice.AMOUNT_FULL),
    "a deposit is taken off": (SHOP, "3*cb", ["3 Coffee 450", "1 Bottle back -25"], "", 425, ""),
}  # fmt: skip


@pytest.mark.parametrize(
    ("keypad", "keys", "basket", "strokes", "total", "notice"), CASES.values(), ids=CASES
)
def test_quantity(
    keypad: Keypad, keys: str, basket: list[str], strokes: str, total: int, notice: str
) -> None:
    """Each case names basket, keystrokes, total and notice after its keys."""
    keyed_input, last_notice = key_in(keys, keypad)
    assert (lines(keyed_input), keyed_input.keystrokes, last_notice) == (basket, strokes, notice)
    assert keyed_input.with_typed_amount(keypad).total == Money(total)


MOVES = {"u": "up", "d": "down", "r": "delete", "<": "backspace"}


def change(keys: str, start: str = "cwc") -> KeyedInput:
    """Key in `start`, then press keys (`u` up, `d` down, `r` delete); none may mean nothing."""
    keyed_input, _ = key_in(start)
    for key in keys:
        if key in "udr":
            moved = choose(keyed_input, MOVES[key], EUROS)
            assert moved is not None, key
            keyed_input = moved
        else:
            keyed_input, _ = press(keyed_input, MOVES.get(key, key), EUROS)
    return keyed_input


CHOSEN = {
    "up chooses the newest line": ("u", 2, "1 1 1"),
    "up again the one above": ("uu", 1, "1 1 1"),
    "above the first none": ("uuuu", None, "1 1 1"),
    "and then the newest again": ("uuuuu", 2, "1 1 1"),
    "down chooses the oldest line": ("d", 0, "1 1 1"),
    "down again the next": ("dd", 1, "1 1 1"),
    "below the last none": ("dddd", None, "1 1 1"),
    "plus is one more": ("uu+", 1, "1 2 1"),
    "star is one more": ("uu*", 1, "1 2 1"),
    "backspace is one less": ("uu++<", 1, "1 2 1"),
    "the last one takes the line along": ("uu<", 1, "1 1"),
    "delete takes the line": ("uu++r", 1, "1 1"),
    "after the last line the one above is chosen": ("ur", 1, "1 1"),
    "until nothing is left": ("urrr", None, ""),
    "a digit lets go": ("uu3", None, "1 1 1"),
    "a letter lets go and is rung up": ("uuc", None, "1 1 2"),
}


@pytest.mark.parametrize(("keys", "chosen", "quantities"), CHOSEN.values(), ids=CHOSEN)
def test_a_chosen_line(keys: str, chosen: int | None, quantities: str) -> None:
    keyed_input = change(keys)
    assert keyed_input.chosen == chosen
    assert " ".join(str(line.quantity) for line in keyed_input.basket.lines) == quantities


def test_choosing_makes_a_line_of_the_amount_being_typed() -> None:
    keyed_input = change("u", "c30")
    assert (lines(keyed_input), keyed_input.keystrokes, keyed_input.chosen) == (
        ["1 Coffee 150", "1 - 30"],
        "",
        1,
    )


def test_a_chosen_line_has_the_same_limit() -> None:
    full = KeyedInput(Basket((Line("Coffee", Money(150), QUANTITY_MAX),)), chosen=0)
    assert press(full, "+", EUROS) == (full, Notice.AMOUNT_FULL)


@pytest.mark.parametrize("key", ["up", "down", "delete", "left", "home"])
def test_without_lines_there_is_nothing_to_choose(key: str) -> None:
    assert choose(NOTHING_KEYED, key, EUROS) is None


def test_delete_removes_no_line_that_is_not_chosen() -> None:
    assert choose(key_in("c")[0], "delete", EUROS) is None


ANY = "0123456789.,+*/cwx<udr"


@given(st.text(ANY, max_size=80))
def test_a_chosen_line_is_always_there_and_nothing_is_typed_beside_it(keys: str) -> None:
    keyed_input = NOTHING_KEYED
    for key in keys:
        if key in "udr":
            keyed_input = choose(keyed_input, MOVES[key], EUROS) or keyed_input
        else:
            keyed_input, _ = press(keyed_input, MOVES.get(key, key), EUROS)
        count = len(keyed_input.basket.lines)
        assert count <= LINES_MAX
        assert all(0 < line.quantity <= QUANTITY_MAX for line in keyed_input.basket.lines)
        if keyed_input.chosen is not None:
            assert keyed_input.chosen < count
            assert keyed_input.keystrokes == ""


SCANS = {
    "a barcode": ("", ["1 Cola 250"]),
    "a quantity before it": ("3*", ["3 Cola 750"]),
    "an amount before it": ("30", ["1 - 30", "1 Cola 250"]),
    "the beginning of a number before it": ("/", ["1 Cola 250"]),
    "a quantity and the beginning of a number": ("3*/", ["3 Cola 750"]),
}


@pytest.mark.parametrize(("keys", "basket"), SCANS.values(), ids=SCANS)
def test_a_scanned_good_is_rung_up(keys: str, basket: list[str]) -> None:
    good = find_barcode("4006381333931", SHOP)
    assert good is not None
    keyed_input, notice = ring_up(key_in(keys, SHOP)[0], good, SHOP)
    assert (lines(keyed_input), keyed_input.keystrokes, notice) == (basket, "", Notice.NONE)
    assert keyed_input.basket.lines[-1].tax == "A"


UPC_A = replace(SHOP, goods=(replace(COLA, barcode="0036000291452"),))
FOUND = {
    "as it is": (SHOP, "4006381333931", True),
    "with a blank from the scanner": (SHOP, "4006381333931 ", True),
    "another": (SHOP, "4006381333932", False),
    "a part": (SHOP, "400638133393", False),
    "nothing, which most goods have": (SHOP, "", False),
    "a blank": (SHOP, " ", False),
    "a UPC-A": (UPC_A, "036000291452", True),
    "a UPC-A with its leading nought": (UPC_A, "0036000291452", True),
}


@pytest.mark.parametrize(("keypad", "text", "is_known"), FOUND.values(), ids=FOUND)
def test_a_good_is_found_by_its_barcode_alone(keypad: Keypad, text: str, is_known: bool) -> None:  # noqa: FBT001 - from a table
    assert (find_barcode(text, keypad) is not None) is is_known


UPC_E = {  # the five ways in which noughts are left out; GS1 General Specifications, 5.2.2.4
    "01234505": "012000003455",
    "01234514": "012100003454",
    "01234523": "012200003453",
    "01234531": "012300000451",
    "01234543": "012340000053",
    "01234565": "012345000065",
}


@pytest.mark.parametrize(("upc_e", "upc_a"), UPC_E.items())
def test_a_good_with_its_upc_a_is_found_by_the_short_barcode_on_it(upc_e: str, upc_a: str) -> None:
    assert upc_a_of(upc_e) == upc_a
    shop = replace(SHOP, goods=(replace(COLA, barcode=barcode_form(upc_a)),))
    assert find_barcode(upc_e, shop) == shop.goods[0]


def test_a_good_that_has_the_eight_digits_themselves_comes_first() -> None:
    ean_8 = replace(COLA, name="Gum", barcode="01234565")
    shop = replace(SHOP, goods=(replace(COLA, barcode="0012345000065"), ean_8))
    assert find_barcode("01234565", shop) == ean_8


@pytest.mark.parametrize("text", ["21234565", "01234530", "0123453", "０1234531", ""])
def test_what_is_no_upc_e(text: str) -> None:
    assert upc_a_of(text) == ""
