"""Lines in, a basket and its sum out; what does not fit changes nothing."""

from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.basket import EMPTY, LINES_MAX, QUANTITY_MAX, Basket, Line
from taptill.domain.money import ZERO, Money

COFFEE, WATER = Line("Coffee", Money(150)), Line("Water", Money(120))
TYPED = Line("", Money(150))


def rung(*lines: Line) -> Basket:
    """Ring lines up one after another."""
    basket = EMPTY
    for line in lines:
        basket = basket.add(line)
    return basket


def test_the_same_good_twice_in_a_row_is_one_line() -> None:
    assert rung(COFFEE, COFFEE).lines == (Line("Coffee", Money(150), 2),)


def test_the_same_good_later_is_a_line_of_its_own() -> None:
    assert rung(COFFEE, WATER, COFFEE).lines == (COFFEE, WATER, COFFEE)


def test_a_good_whose_price_has_changed_is_a_line_of_its_own() -> None:
    dearer = Line("Coffee", Money(160))
    assert rung(COFFEE, dearer).lines == (COFFEE, dearer)


def test_typed_amounts_are_never_joined() -> None:
    assert rung(TYPED, TYPED).lines == (TYPED, TYPED)


def test_a_full_line_and_a_full_basket_take_nothing_more() -> None:
    full_line = rung(Line("Coffee", Money(150), QUANTITY_MAX))
    assert full_line.add(COFFEE) == full_line
    full = rung(*[TYPED] * LINES_MAX)
    assert len(full.lines) == LINES_MAX
    assert full.add(TYPED) == full.add(COFFEE) == full


def test_repeating_rings_the_last_line_up_once_more() -> None:
    assert rung(COFFEE, Line("Water", Money(120), 3)).repeat_last().lines[-1].quantity == 4
    assert rung(TYPED).repeat_last().lines == (TYPED, TYPED)
    assert EMPTY.repeat_last() == EMPTY


def test_taking_back_takes_one_of_the_last_line() -> None:
    basket = rung(COFFEE, WATER, WATER)
    assert basket.take_back() == rung(COFFEE, WATER)
    assert basket.take_back().take_back() == rung(COFFEE)
    assert EMPTY.take_back() == EMPTY


lines = st.lists(st.sampled_from((COFFEE, WATER, TYPED)), max_size=LINES_MAX)


@given(lines)
def test_the_total_is_the_sum_of_what_was_rung_up(some_lines: list[Line]) -> None:
    assert rung(*some_lines).total == sum((line.price for line in some_lines), ZERO)


@given(lines)
def test_taking_everything_back_leaves_nothing(some_lines: list[Line]) -> None:
    basket = rung(*some_lines)
    for _ in some_lines:
        basket = basket.take_back()
    assert basket == EMPTY
