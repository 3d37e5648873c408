"""JSON with exact numbers, both ways: fractions are Decimals, never floats."""

import json
from decimal import Decimal
from typing import Any


def read_json(text: bytes | str) -> Any:
    """Parse JSON; fractions become Decimals. ValueError also for NaN and Infinity."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def write_json(value: Any) -> str:
    """Write JSON with Decimals as plain figures; the reader gets back the same Decimal.

    ValueError where a double, which is what most servers keep, would not hold the figure.
    """
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
    written = format(value, "f")
    if not value.is_finite() or Decimal(repr(float(written))) != value:
        raise ValueError(f"a server would not keep this figure exactly: {len(written)} digits")
    return written


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no figure")
