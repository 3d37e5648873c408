"""Decimal in, whole minor units out: `Money` never holds a fraction and never a float."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Self

from taptill.domain.currencies.iso4217 import digits_of

MINOR_MAX = 10**12
"""No figure of the backend beyond this many minor units is believed."""

NEARLY_WHOLE = Decimal("0.000001")
"""A binary float's noise: a figure this near to a whole minor unit is that unit."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in whole minor units of the till's one currency (cents, for EUR)."""

    minor: int

    def __add__(self, amount: Self) -> "Money":
        return Money(self.minor + amount.minor)

    def __sub__(self, amount: Self) -> "Money":
        return Money(self.minor - amount.minor)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times)

    def __neg__(self) -> "Money":
        return Money(-self.minor)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor))

    def __bool__(self) -> bool:
        return self.minor != 0


ZERO = Money(0)


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 code and how many digits its minor unit has; only formatting knows it."""

    code: str
    digits: int = 2

    @classmethod
    def named(cls, code: str) -> "Currency":
        """Return the currency of an ISO 4217 code; one that is not in the list has two digits."""
        return cls(code, digits_of(code))

    def text(self, money: Money) -> str:
        """Write an amount for people: `-12.30`; no code, the till has one currency."""
        sign = "-" if money.minor < 0 else ""
        if not self.digits:
            return f"{sign}{abs(money.minor)}"
        units, part = divmod(abs(money.minor), 10**self.digits)
        return f"{sign}{units}.{part:0{self.digits}d}"

    def parse(self, text: str) -> Money:
        """Read `12.3`, `12.30` or `-12`; ValueError for what no amount of whole minor units is."""
        try:
            minor = Decimal(text).scaleb(self.digits)
        except ArithmeticError as fault:
            raise ValueError(text) from fault
        if not minor.is_finite() or abs(minor) > MINOR_MAX or minor % 1:
            raise ValueError(text)
        return Money(int(minor))


def round_against_customer(minor: Decimal) -> tuple[Money, bool]:
    """Return a debt in minor units as Money, and whether it had to be rounded up.

    Float noise within 10^-6 of a whole unit is that unit; any other fraction is rounded up, so
    that headroom is never larger than the backend's figure allows.
    """
    nearest = minor.to_integral_value()
    if abs(minor - nearest) <= NEARLY_WHOLE:
        return Money(int(nearest)), False
    return Money(int(minor.to_integral_value(rounding=ROUND_CEILING))), True
