"""Each key of the numeric keypad, what it does to basket and typed amount, and its limits."""

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.checkout.keypad import (
    DIGITS_MAX,
    NOTHING_KEYED,
    KeyedInput,
    Keypad,
    press,
    typed_amount,
)
from taptill.checkout.session import Notice
from taptill.domain.basket import LINES_MAX, QUANTITY_MAX, Basket, Good, Line
from taptill.domain.money import ZERO, Currency, Money

COFFEE, WATER = Good("c", "Coffee", Money(150)), Good("w", "Water", Money(120))
EUROS = Keypad((COFFEE, WATER), Currency("EUR"), implied_decimals=True)
PLAIN = replace(EUROS, implied_decimals=False)
YEN = replace(EUROS, currency=Currency("JPY", 0))
TWELVE = replace(
    EUROS, goods=tuple(Good("", f"good {number}", Money(number)) for number in range(1, 13))
)


def key_in(
    keys: str, keypad: Keypad = EUROS, keyed_input: KeyedInput = NOTHING_KEYED
) -> tuple[KeyedInput, Notice]:
    """Press keys one after another (`<` is Backspace); return the input and the last notice."""
    notice = Notice.NONE
    for key in keys:
        keyed_input, notice = press(keyed_input, "backspace" if key == "<" else key, keypad)
    return keyed_input, notice


def lines(keyed_input: KeyedInput) -> list[str]:
    """Return the lines of a basket in short: `2 Coffee 300`."""
    return [
        f"{line.quantity} {line.name or '-'} {line.total.minor}"
        for line in keyed_input.basket.lines
    ]


CASES = {
    "digits are cents with implied decimals": (EUROS, "420", [], "420", 420, Notice.NONE),
    "digits are whole without": (PLAIN, "42", [], "42", 4200, Notice.NONE),
    "a point is the decimal mark": (EUROS, "4.2", [], "4.2", 420, Notice.NONE),
    "a comma too": (PLAIN, "4,25", [], "4.25", 425, Notice.NONE),
    "a point at the start": (EUROS, ".5", [], "0.5", 50, Notice.NONE),
    "a point at the end": (EUROS, "4.", [], "4.", 400, Notice.NONE),
    "a second point is none": (EUROS, "4.2.", [], "4.2", 420, Notice.NO_SUCH_KEY),
    "yen have no point": (YEN, "42.", [], "42", 42, Notice.NO_SUCH_KEY),
    "leading noughts go": (EUROS, "007", [], "7", 7, Notice.NONE),
    "a nought alone stays": (EUROS, "00", [], "0", 0, Notice.NONE),
    "no third decimal": (EUROS, "4.205", [], "4.20", 420, Notice.AMOUNT_FULL),
    "no ninth digit": (EUROS, "123456789", [], "12345678", 12_345_678, Notice.AMOUNT_FULL),
    "plus makes a line": (EUROS, "420+", ["1 - 420"], "", 420, Notice.NONE),
    "plus without an amount": (EUROS, "+", [], "", 0, Notice.NO_AMOUNT),
    "plus after a nought": (EUROS, "0+", [], "0", 0, Notice.NO_AMOUNT),
    "two amounts are two lines": (EUROS, "1+1+", ["1 - 1", "1 - 1"], "", 2, Notice.NONE),
    "a letter is a good": (EUROS, "c", ["1 Coffee 150"], "", 150, Notice.NONE),
    "the same letter twice": (EUROS, "cc", ["2 Coffee 300"], "", 300, Notice.NONE),
    "a letter after an amount adds both": (
        EUROS,
        "30c",
        ["1 - 30", "1 Coffee 150"],
        "",
        180,
        Notice.NONE,
    ),
    "a letter that no good has": (EUROS, "30x", [], "30", 30, Notice.NO_SUCH_KEY),
    "star repeats the last line": (EUROS, "cw*", ["1 Coffee 150", "2 Water 240"], "", 390, ""),
    "star repeats the amount being typed": (EUROS, "420*", ["1 - 420", "1 - 420"], "", 840, ""),
    "star without anything": (EUROS, "*", [], "", 0, Notice.NO_AMOUNT),
    "slash and a number is a good": (EUROS, "/2", ["1 Water 120"], "", 120, Notice.NONE),
    "slash keeps the amount typed before": (
        EUROS,
        "30/1",
        ["1 - 30", "1 Coffee 150"],
        "",
        180,
        Notice.NONE,
    ),
    "a number waits where more may follow": (TWELVE, "/1", [], "/1", 0, Notice.NONE),
    "two digits are enough for twelve goods": (TWELVE, "/12", ["1 good 12 12"], "", 12, ""),
    "one digit where none can follow": (TWELVE, "/2", ["1 good 2 2"], "", 2, Notice.NONE),
    "plus ends a number": (TWELVE, "/1+", ["1 good 1 1"], "", 1, Notice.NONE),
    "a leading nought in a number": (TWELVE, "/007", ["1 good 7 7"], "", 7, Notice.NONE),
    "a number that no good has": (TWELVE, "/13", [], "", 0, Notice.NO_SUCH_KEY),
    "no number at all": (TWELVE, "/+", [], "", 0, Notice.NO_SUCH_KEY),
    "a nought is no number": (TWELVE, "/0+", [], "", 0, Notice.NO_SUCH_KEY),
    "a point is no number": (TWELVE, "/.", [], "/", 0, Notice.NO_SUCH_KEY),
    "a letter after a slash is that good": (EUROS, "/c", ["1 Coffee 150"], "", 150, ""),
    "slash, and there are no goods": (replace(EUROS, goods=()), "/1", [], "", 0, "no-such-key"),
    "backspace takes a digit": (EUROS, "420<", [], "42", 42, Notice.NONE),
    "backspace takes a point": (EUROS, "4.<", [], "4", 4, Notice.NONE),
    "backspace takes a slash": (EUROS, "c/<", ["1 Coffee 150"], "", 150, Notice.NONE),
    "backspace then takes of a line": (EUROS, "cc1<<", ["1 Coffee 150"], "", 150, Notice.NONE),
    "backspace without anything": (EUROS, "<", [], "", 0, Notice.NONE),
    "another script's digit is none": (EUROS, "٣", [], "", 0, Notice.NO_SUCH_KEY),
}


@pytest.mark.parametrize(
    ("keypad", "keys", "basket", "strokes", "total", "notice"), CASES.values(), ids=CASES
)
def test_key(
    keypad: Keypad, keys: str, basket: list[str], strokes: str, total: int, notice: str
) -> None:
    """Each case names basket, keystrokes, total and notice after its keys."""
    keyed_input, notice = key_in(keys, keypad)
    assert (lines(keyed_input), keyed_input.keystrokes, notice) == (basket, strokes, notice)
    assert keyed_input.with_typed_amount(keypad).total == Money(total)


FULL = KeyedInput(Basket((Line("", Money(1)),) * (LINES_MAX - 1) + (Line("Coffee", Money(150)),)))
BULGING = KeyedInput(Basket((Line("Coffee", Money(150), QUANTITY_MAX),)))


@pytest.mark.parametrize("key", [*"0123456789", ".", "w"])
def test_a_full_basket_takes_no_further_line(key: str) -> None:
    """Whatever is shown as typed is counted in the total."""
    assert press(FULL, key, EUROS) == (FULL, Notice.AMOUNT_FULL)


@pytest.mark.parametrize("key", ["c", "*"])
def test_a_full_basket_may_hold_more_of_its_last_line(key: str) -> None:
    keyed_input, notice = press(FULL, key, EUROS)
    assert (keyed_input.basket.lines[-1].quantity, notice) == (2, Notice.NONE)


@pytest.mark.parametrize("key", ["c", "*"])
def test_a_full_line_takes_no_more(key: str) -> None:
    assert press(BULGING, key, EUROS) == (BULGING, Notice.AMOUNT_FULL)


def test_a_good_that_does_not_fit_behind_a_typed_amount_changes_nothing() -> None:
    nearly = KeyedInput(Basket(FULL.basket.lines[1:]), "30")
    assert press(nearly, "w", EUROS) == (nearly, Notice.AMOUNT_FULL)


KEYS = "0123456789.,+*/cwx<"


@given(st.text(KEYS, max_size=200), st.sampled_from((EUROS, PLAIN, YEN, TWELVE)))
def test_whatever_is_pressed_the_total_is_what_is_shown(keys: str, keypad: Keypad) -> None:
    """The total is that of lines and typed amount, and both are within their limits."""
    keyed_input, _ = key_in(keys, keypad)
    shown_total = reduce(lambda total, line: total + line.total, keyed_input.basket.lines, ZERO)
    assert keyed_input.with_typed_amount(keypad).total == shown_total + typed_amount(
        keyed_input.keystrokes, keypad
    )
    assert len(keyed_input.keystrokes) <= DIGITS_MAX + 1
    assert len(keyed_input.with_typed_amount(keypad).lines) <= LINES_MAX


@given(st.text(KEYS, max_size=60))
def test_enough_backspaces_take_everything_back(keys: str) -> None:
    keyed_input, _ = key_in(keys)
    strokes = len(keyed_input.keystrokes) + sum(line.quantity for line in keyed_input.basket.lines)
    assert key_in("<" * strokes, keyed_input=keyed_input)[0] == NOTHING_KEYED
