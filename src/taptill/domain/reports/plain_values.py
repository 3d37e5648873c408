"""Frozen dataclasses in, values that JSON has out, and back; every type is checked on the way.

A dataclass is an object with its fields by name, a tuple a list, a date its ISO text. Integers stay
integers: a number with a decimal point, or `true` for one, is refused.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
_hints = cache(get_type_hints)


def to_plain(value: object) -> Any:
    """Return a dataclass, a tuple or a single value as JSON has it."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value


def from_plain(expected: type[T], value: object, **known: object) -> T:
    """Return a dataclass as `to_plain` has written it; keys that it does not know are left out.

    `known` has fields whose values are not in it. A key that is missing has the field's default.
    Errors: ValueError names the place.
    """
    return _read_fields(expected, value, "", known)  # type: ignore[no-any-return]


def read_plain(expected: type[T], value: object, place: str) -> T:
    """Return a single value or a tuple as `to_plain` has written it; ValueError for another."""
    return _read(expected, value, place)  # type: ignore[no-any-return]


def _read(expected: Any, value: Any, place: str) -> Any:
    if is_dataclass(expected):
        return _read_fields(expected, value, place, {})
    if get_origin(expected) is tuple:
        return _read_items(get_args(expected), _checked(list, value, place), place)
    if isinstance(expected, UnionType):  # of one type and None
        (some,) = (part for part in get_args(expected) if part is not type(None))
        return None if value is None else _read(some, value, place)
    if issubclass(expected, date | StrEnum):
        text = _checked(str, value, place)
        return date.fromisoformat(text) if issubclass(expected, date) else expected(text)
    return _checked(expected, value, place)


def _read_fields(expected: Any, value: Any, place: str, known: Mapping[str, object]) -> Any:
    given: Mapping[str, Any] = _checked(dict, value, place)
    hints = _hints(expected)
    read = dict(known)
    for field in fields(expected):
        inside = f"{place}.{field.name}".lstrip(".")
        if field.name in given and field.name not in known:
            read[field.name] = _read(hints[field.name], given[field.name], inside)
        elif field.name not in known and field.default is MISSING:
            raise ValueError(f"{inside} is missing")
    return expected(**read)


def _read_items(parts: tuple[Any, ...], items: list[Any], place: str) -> tuple[Any, ...]:
    types = [parts[0]] * len(items) if parts[-1] is Ellipsis else parts
    if len(types) != len(items):
        raise ValueError(f"{place} has {len(items)} parts")
    numbered = enumerate(zip(types, items, strict=True))
    return tuple(_read(part, item, f"{place}[{index}]") for index, (part, item) in numbered)


def _checked(expected: type[T], value: object, place: str) -> T:
    if type(value) is not expected:
        raise ValueError(f"{place or 'all of it'} is no {expected.__name__}")
    return value
