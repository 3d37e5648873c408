"""JSON with exact numbers, read and written: fractions are Decimals, never floats."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Never

Json = Any
"""Parsed JSON with every fraction a Decimal."""

PLAIN_DIGITS = 20
"""Numbers beyond so many digits before or after the point are written with an exponent."""

PART_LENGTH = 8_000
"""So many characters of a list are parsed at once: some 25 customers."""

_CONSTANTS = {None: "null", True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class RawJson:
    """JSON text that is written as it is."""

    text: str


def read_json(text: bytes | str) -> Json:
    """Parse JSON; bytes may be UTF-8, UTF-16 or UTF-32.

    Errors: ValueError for what is no JSON, also for NaN, Infinity and a number beyond all bounds;
    RecursionError for what is nested too deep.
    """
    try:
        return _DECODER.decode(_decoded(text))
    except ArithmeticError as fault:
        raise ValueError("a figure beyond all bounds") from fault


def read_list(text: bytes | str, part_length: int = PART_LENGTH) -> Iterator[list[Json]]:
    """Parse a JSON list in parts of some items, so that other work may be done in between.

    Errors: as in `read_json`, and ValueError for what is no list.
    """
    text = _decoded(text).strip(_BLANKS)
    if text[:1] != "[" or text[-1:] != "]":
        raise ValueError("no list")
    first, length = 1, part_length
    while comma := _BETWEEN_OBJECTS.search(text, first + length):
        try:
            part = read_json(f"[{text[first : comma.start(1)]}]")
        except ValueError:  # the comma is within an item, or this is no JSON
            length *= 2
            continue
        yield part
        first, length = comma.end(1), part_length
    yield read_json(f"[{text[first:-1]}]")


def plain_number(value: Decimal) -> str:
    """Write a Decimal without an exponent, unless it has very many digits.

    Errors: ValueError for NaN and Infinity.
    """
    if not value.is_finite():
        raise ValueError("no figure")
    plain = -PLAIN_DIGITS <= value.adjusted() <= PLAIN_DIGITS
    return format(value, "f") if plain else str(value)


def write_json(value: Json, number: Callable[[Decimal], str] = plain_number) -> str:
    """Write JSON in ASCII without blanks; every Decimal reads back as the same Decimal.

    `number` writes the Decimals. Errors: TypeError for a float and what else is no JSON, and what
    `number` raises.
    """
    match value:
        case str():
            return _quoted(value)
        case None | True | False:
            return _CONSTANTS[value]
        case int():
            return str(value)
        case Decimal():
            return number(value)
        case dict():
            members = [f"{_quoted(key)}:{write_json(one, number)}" for key, one in value.items()]
            return f"{{{','.join(members)}}}"
        case list() | tuple():
            return f"[{','.join([write_json(one, number) for one in value])}]"
        case RawJson(text):
            return text
        case _:
            raise TypeError(type(value))


def _decoded(text: bytes | str) -> str:
    if isinstance(text, str):
        return text
    return text.decode(json.detect_encoding(text), "surrogatepass")


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no figure")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
_BLANKS = " \t\n\r"
_BETWEEN_OBJECTS = re.compile(rf"\}}[{_BLANKS}]*(,)[{_BLANKS}]*\{{")
