"""Validators of the config's values: what a key accepts, as a check and in words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import TypeVar, get_args
from urllib.parse import urlsplit

from taptill.domain.currencies.iso4217 import complaint_about
from taptill.domain.money import MINOR_MAX, Currency, Money
from taptill.domain.technical.wall_time import parse_wall_time

TEXTS_MAX = 50
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Validator:
    """What a key accepts, as a check and in words.

    `parse` returns the program's value of a TOML value and the till's currency; raises ValueError.
    """

    name: str
    constraint: str
    parse: Callable[[object, Currency], object]
    unit: str = ""

    def __str__(self) -> str:
        article = "an" if self.name[0] in "aeiou" else "a"
        return f"{article} {self.name}: {self.constraint} {self.unit}".rstrip()


class InvalidValueError(ValueError):
    """A value of the right form that cannot be right; its text says why."""


REQUIRED = object()
"""The default of a key that must be in the file."""


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key of a table: its validator, and its default as it would stand in the file.

    A default of None means that the key may be absent, and is None then. The value of a `secret`
    key is never shown.
    """

    validator: Validator
    default: object = REQUIRED
    secret: bool = False


def text(low: int = 0, high: int = 80, pattern: str = "", constraint: str = "") -> Validator:
    """Accept one line of printable text between two lengths, or what a pattern matches."""

    def parse(value: object, _: Currency) -> str:
        line = require_type(str, value)
        fits = low <= len(line) <= high and line.isprintable()
        return ensure(line, fits and (not pattern or re.fullmatch(pattern, line) is not None))

    return Validator("text", constraint or f"{low} to {high} characters", parse)


def raw_text(high: int) -> Validator:
    r"""Accept text that may hold control characters, `\r\n` for example."""

    def parse(value: object, _: Currency) -> str:
        string = require_type(str, value)
        return ensure(string, len(string) <= high)

    return Validator("text", f'at most {high} characters, such as "\\r\\n"', parse)


def regex() -> Validator:
    """Accept a regular expression of Python's `re`, or nothing."""

    def parse(value: object, _: Currency) -> str:
        pattern = require_type(str, value)
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as fault:
            raise ValueError(pattern) from fault
        return pattern

    return Validator("text", 'a regular expression, or ""', parse)


def boolean() -> Validator:
    """Accept true or false."""
    return Validator("switch", "true or false", lambda value, _: require_type(bool, value))


def choice(literal: object) -> Validator:
    """Accept one of the words of a `Literal`."""
    words = get_args(literal)

    def parse(value: object, _: Currency) -> str:
        word = require_type(str, value)
        return ensure(word, word in words)

    return Validator("choice", " | ".join(words), parse)


def integer(low: int, high: int, unit: str = "") -> Validator:
    """Accept an integer in a range."""

    def parse(value: object, _: Currency) -> int:
        number = require_type(int, value)
        return ensure(number, low <= number <= high)

    return Validator("whole number", f"{low} to {high}", parse, unit)


def seconds(low: float, high: float) -> Validator:
    """Accept seconds, with or without decimals."""

    def parse(value: object, _: Currency) -> float:
        number = value if type(value) is int else require_type(float, value)
        return float(ensure(number, low <= number <= high))

    return Validator("number", f"{low} to {high}", parse, "s")


def amount(low: int = 0) -> Validator:
    """Accept an amount written as text, so that money is never a float."""

    def parse(value: object, currency: Currency) -> Money:
        string = require_type(str, value)
        ensure(string, re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,6})?", string) is not None)
        money = currency.parse(string)
        return ensure(money, low <= money.minor <= MINOR_MAX)

    least = "zero or more" if low == 0 else "more than zero"
    return Validator("amount", f'in quotes, such as "20.00", {least}', parse)


def price() -> Validator:
    """Accept an amount other than zero, which may be below it."""

    def parse(value: object, currency: Currency) -> Money:
        string = require_type(str, value)
        money = amount(1).parse(string.removeprefix("-"), currency)
        assert isinstance(money, Money)
        return -money if string.startswith("-") else money

    return Validator("amount", 'in quotes, such as "1.50" or "-0.25", not zero', parse)


def wall_time() -> Validator:
    """Accept a time of the day in hours and minutes."""

    def parse(value: object, _: Currency) -> time:
        return parse_wall_time(require_type(str, value))

    return Validator("time", 'in quotes, such as "04:00"', parse)


def currency_code() -> Validator:
    """Accept a currency of ISO 4217 that people pay in; the complaint names the nearest ones."""

    def parse(value: object, _: Currency) -> Currency:
        code = require_type(str, value)
        ensure(code, code.isalpha())
        if complaint := complaint_about(code):
            raise InvalidValueError(complaint)
        return Currency.named(code)

    return Validator("text", "three capital letters of ISO 4217", parse)


def path() -> Validator:
    """Accept an absolute path; the empty text is None."""

    def parse(value: object, _: Currency) -> Path | None:
        string = require_type(str, value)
        # A relative path would depend on the service's working directory, which nobody chooses.
        ensure(string, string.isprintable() and string[:1] in ("", "/"))
        return Path(string) if string else None

    return Validator("path", 'absolute, or ""', parse)


def url() -> Validator:
    """Accept an http or https address without query; a closing slash is removed."""

    def parse(value: object, _: Currency) -> str:
        address = require_type(str, value)
        parts = urlsplit(address)  # raises ValueError by itself for a bad IPv6 host
        ensure(address, address.isascii() and address.isprintable() and " " not in address)
        ensure(address, parts.scheme in ("http", "https") and bool(parts.hostname))
        ensure(address, parts.port != 0 and not set(address) & set("?#\\"))
        return address.rstrip("/")

    return Validator("text", "http:// or https://, a host, no query", parse)


def headers() -> Validator:
    """Accept a table of header names and values; returns pairs."""

    def parse(value: object, _: Currency) -> tuple[tuple[str, str], ...]:
        pairs = tuple(
            (name, require_type(str, content))
            for name, content in require_type(dict, value).items()
        )
        for name, content in pairs:
            ensure(name, _HEADER_NAME.fullmatch(name) is not None)
            ensure(content, content.isascii() and content.isprintable())
        return ensure(pairs, len(pairs) <= TEXTS_MAX)

    return Validator("table", 'header names with texts, such as { X-Site = "7" }', parse)


def texts(pattern: str = ".+", constraint: str = "texts in quotes") -> Validator:
    """Accept a list of texts that each match a pattern; returns a tuple."""

    def parse(value: object, _: Currency) -> tuple[str, ...]:
        items = tuple(require_type(str, item) for item in require_type(list, value))
        fits = all(item.isprintable() and re.fullmatch(pattern, item) for item in items)
        return ensure(items, fits and len(items) <= TEXTS_MAX)

    return Validator("list", constraint, parse)


def choices(literal: object) -> Validator:
    """Accept a list of the words of a `Literal`; returns a tuple."""
    words = get_args(literal)
    return texts("|".join(map(re.escape, words)), f"of {', '.join(words)}")


def require_type(expected: type[T], value: object) -> T:
    """Return a value of exactly this type; ValueError for another. `true` is no integer."""
    if type(value) is not expected:
        raise ValueError(value)
    return value


def ensure(value: T, claim: bool) -> T:  # noqa: FBT001 - the claim is what the caller states
    """Return the value if what is claimed of it is true; raises ValueError otherwise."""
    if not claim:
        raise ValueError(value)
    return value
