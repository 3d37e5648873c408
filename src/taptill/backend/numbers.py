"""JSON with exact numbers, both ways: fractions are Decimals, never floats."""

import json
from decimal import Decimal
from typing import Any

PLAIN_DIGITS = 20
"""Figures beyond so many digits before or after the point are written with an exponent."""


def read_json(text: bytes | str) -> Any:
    """Parse JSON; fractions become Decimals. ValueError also for NaN and Infinity."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except ArithmeticError as fault:
        raise ValueError("a figure beyond all bounds") from fault


def write_json(value: Any) -> str:
    """Write JSON; every Decimal reads back as the same Decimal. ValueError for NaN, Infinity."""
    match value:
        case Decimal():
            return _figure(value)
        case dict():
            pairs = (f"{json.dumps(str(key))}:{write_json(one)}" for key, one in value.items())
            return "{" + ",".join(pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(write_json(one) for one in value) + "]"
        case _:
            return json.dumps(value, allow_nan=False)


def _figure(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("no figure")
    plain = -PLAIN_DIGITS <= value.adjusted() <= PLAIN_DIGITS
    return format(value, "f") if plain else str(value)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no figure")
