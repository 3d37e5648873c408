"""Text and figures in, whole minor units out: exactly, or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.money import (
    MINOR_MAX,
    NEARLY_WHOLE,
    ZERO,
    Currency,
    Money,
    round_against_customer,
)

EUR, JPY, KWD = Currency.named("EUR"), Currency.named("JPY"), Currency.named("KWD")

TEXTS = {
    "cents": (EUR, 5, "0.05"),
    "zero": (EUR, 0, "0.00"),
    "whole": (EUR, 1200, "12.00"),
    "minus below one": (EUR, -5, "-0.05"),
    "minus above one": (EUR, -1230, "-12.30"),
    "no minor digits": (JPY, 1230, "1230"),
    "no minor digits and minus": (JPY, -7, "-7"),
    "three minor digits": (KWD, 1230, "1.230"),
    "no thousands mark": (EUR, 123_456_789, "1234567.89"),
}


@pytest.mark.parametrize(("currency", "minor", "text"), TEXTS.values(), ids=TEXTS)
def test_an_amount_is_written_with_the_currency_s_digits(
    currency: Currency, minor: int, text: str
) -> None:
    assert currency.text(Money(minor)) == text


READ = {
    "one decimal": (EUR, "12.3", 1230),
    "two decimals": (EUR, "12.30", 1230),
    "no decimals": (EUR, "-12", -1200),
    "trailing noughts": (EUR, "1.5000", 150),
    "yen": (JPY, "420", 420),
    "dinar": (KWD, "0.001", 1),
    "the largest": (EUR, str(MINOR_MAX // 100), MINOR_MAX),
}


@pytest.mark.parametrize(("currency", "text", "minor"), READ.values(), ids=READ)
def test_an_amount_is_read_exactly(currency: Currency, text: str, minor: int) -> None:
    assert currency.parse(text) == Money(minor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1.005",
        "1,50",
        "NaN",
        "sNaN",
        "Infinity",
        "9e999999",
        "1e-999999",
        "10000000000.01",
    ],
)
def test_what_is_no_amount_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        EUR.parse(text)


@given(st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from((EUR, JPY, KWD)))
def test_what_is_written_reads_back_the_same(minor: int, currency: Currency) -> None:
    assert currency.parse(currency.text(Money(minor))) == Money(minor)


ROUNDED = {
    "whole": ("1230", 1230, False),
    "a float's noise below": ("1229.9999999999998", 1230, False),
    "a float's noise above": ("1230.0000000000002", 1230, False),
    "noise at the edge": ("0.000001", 0, False),
    "more than noise, owing": ("1230.00001", 1231, True),
    "half a cent, owing": ("0.5", 1, True),
    "half a cent, in advance": ("-1230.5", -1230, True),
    "nearly a cent less in advance": ("-0.9", 0, True),
    "minus zero": ("-0", 0, False),
}


@pytest.mark.parametrize(("figure", "minor", "is_rounded"), ROUNDED.values(), ids=ROUNDED)
def test_a_debt_is_rounded_against_the_customer(figure: str, minor: int, is_rounded: bool) -> None:  # noqa: FBT001 - a column of the table
    assert round_against_customer(Decimal(figure)) == (Money(minor), is_rounded)


@given(st.decimals(-(10**12), 10**12, places=9))
def test_rounding_never_makes_a_debt_smaller_than_noise(figure: Decimal) -> None:
    debt, _ = round_against_customer(figure)
    assert -NEARLY_WHOLE <= debt.minor - figure < 1


@given(st.integers(-MINOR_MAX, MINOR_MAX))
def test_a_double_near_a_whole_cent_is_that_cent(minor: int) -> None:
    """What a server that counts in doubles of major units sends for so many cents."""
    sent_figure = Decimal(repr(float(Decimal(minor).scaleb(-2)))).scaleb(2)
    assert round_against_customer(sent_figure) == (Money(minor), False)


@given(st.integers(), st.integers(), st.integers(0, 99))
def test_money_counts_like_whole_numbers(left: int, right: int, times: int) -> None:
    assert Money(left) + Money(right) == Money(left + right)
    assert Money(left) - Money(right) == Money(left) + -Money(right)
    assert Money(left) * times == Money(left * times)
    assert abs(Money(left)) == Money(abs(left))
    assert bool(Money(left)) == (Money(left) != ZERO)
    assert (Money(left) < Money(right)) == (left < right)
