"""A TOML value in, a checked value out: what each kind of key accepts, and how to say so."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args
from urllib.parse import urlsplit

from taptill.domain.currencies.iso4217 import complaint_about
from taptill.domain.money import MINOR_MAX, Currency, Money

TEXTS_MAX = 50
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key accepts, in words and as a check.

    `read` turns the TOML value, with the till's currency, into the program's or raises ValueError.
    """

    name: str
    allowed: str
    read: Callable[[object, Currency], object]
    unit: str = ""

    def __str__(self) -> str:
        article = "an" if self.name[0] in "aeiou" else "a"
        return f"{article} {self.name}: {self.allowed} {self.unit}".rstrip()


class UnfitError(ValueError):
    """A value of the right form that cannot be meant; its text says why."""


REQUIRED = object()
"""The default of a key that has none."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of a table: what it accepts, and its default as it would stand in the file.

    A default of None means that the key may be absent and is None then. The value of a `secret`
    key is never shown.
    """

    kind: Kind
    default: object = REQUIRED
    secret: bool = False


def text(low: int = 0, high: int = 80, pattern: str = "", allowed: str = "") -> Kind:
    """Accept one line of printable text between two lengths, or what a pattern matches."""

    def read(value: object, _: Currency) -> str:
        line = _exactly(str, value)
        fits = low <= len(line) <= high and line.isprintable()
        return _sure(line, fits and (not pattern or re.fullmatch(pattern, line) is not None))

    return Kind("text", allowed or f"{low} to {high} characters", read)


def raw_text(high: int) -> Kind:
    r"""Accept text that may hold control characters, `\r\n` for example."""

    def read(value: object, _: Currency) -> str:
        found = _exactly(str, value)
        return _sure(found, len(found) <= high)

    return Kind("text", f'at most {high} characters, such as "\\r\\n"', read)


def regex() -> Kind:
    """Accept a regular expression of Python's `re`, or nothing."""

    def read(value: object, _: Currency) -> str:
        found = _exactly(str, value)
        try:
            re.compile(found)
        except (re.error, OverflowError, RecursionError) as fault:
            raise ValueError(found) from fault
        return found

    return Kind("text", 'a regular expression, or ""', read)


def flag() -> Kind:
    """Accept true or false."""
    return Kind("switch", "true or false", lambda value, _: _exactly(bool, value))


def choice(literal: object) -> Kind:
    """Accept one of the words of a `Literal`."""
    words = get_args(literal)

    def read(value: object, _: Currency) -> str:
        word = _exactly(str, value)
        return _sure(word, word in words)

    return Kind("choice", " | ".join(words), read)


def whole(low: int, high: int, unit: str = "") -> Kind:
    """Accept a whole number in a range."""

    def read(value: object, _: Currency) -> int:
        number = _exactly(int, value)
        return _sure(number, low <= number <= high)

    return Kind("whole number", f"{low} to {high}", read, unit)


def seconds(low: float, high: float) -> Kind:
    """Accept a time in seconds, with or without decimals."""

    def read(value: object, _: Currency) -> float:
        number = value if type(value) is int else _exactly(float, value)
        return float(_sure(number, low <= number <= high))

    return Kind("number", f"{low} to {high}", read, "s")


def amount(low: int = 0) -> Kind:
    """Accept an amount written as text, so that no float comes near money."""

    def read(value: object, currency: Currency) -> Money:
        written = _exactly(str, value)
        _sure(written, re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,6})?", written) is not None)
        money = currency.parse(written)
        return _sure(money, low <= money.minor <= MINOR_MAX)

    least = "zero or more" if low == 0 else "more than zero"
    return Kind("amount", f'in quotes, such as "20.00", {least}', read)


def currency_code() -> Kind:
    """Accept three capital letters of ISO 4217 that people pay in; else name the nearest ones."""

    def read(value: object, _: Currency) -> Currency:
        code = _exactly(str, value)
        _sure(code, code.isalpha())
        if complaint := complaint_about(code):
            raise UnfitError(complaint)
        return Currency.named(code)

    return Kind("text", "three capital letters of ISO 4217", read)


def path() -> Kind:
    """Accept an absolute path; the empty text is None."""

    def read(value: object, _: Currency) -> Path | None:
        found = _exactly(str, value)
        # The service's working directory is nobody's choice: a relative path would point anywhere.
        _sure(found, found.isprintable() and found[:1] in ("", "/"))
        return Path(found) if found else None

    return Kind("path", 'absolute, or ""', read)


def url() -> Kind:
    """Accept an http or https address without query; a closing slash is dropped."""

    def read(value: object, _: Currency) -> str:
        found = _exactly(str, value)
        parts = urlsplit(found)  # itself raises ValueError for a bad IPv6 host
        _sure(found, found.isascii() and found.isprintable() and " " not in found)
        _sure(found, parts.scheme in ("http", "https") and bool(parts.hostname))
        _sure(found, parts.port != 0 and not set(found) & set("?#\\"))
        return found.rstrip("/")

    return Kind("text", "http:// or https://, a host, no query", read)


def headers() -> Kind:
    """Accept a table of header names and values; gives pairs."""

    def read(value: object, _: Currency) -> tuple[tuple[str, str], ...]:
        pairs = tuple((name, _exactly(str, held)) for name, held in _exactly(dict, value).items())
        for name, held in pairs:
            _sure(name, _HEADER_NAME.fullmatch(name) is not None)
            _sure(held, held.isascii() and held.isprintable())
        return _sure(pairs, len(pairs) <= TEXTS_MAX)

    return Kind("table", 'header names with texts, such as { X-Site = "7" }', read)


def texts(pattern: str = ".+", allowed: str = "texts in quotes") -> Kind:
    """Accept a list of texts that each match a pattern; gives a tuple."""

    def read(value: object, _: Currency) -> tuple[str, ...]:
        found = tuple(_exactly(str, one) for one in _exactly(list, value))
        fits = all(one.isprintable() and re.fullmatch(pattern, one) for one in found)
        return _sure(found, fits and len(found) <= TEXTS_MAX)

    return Kind("list", allowed, read)


def choices(literal: object) -> Kind:
    """Accept a list of the words of a `Literal`; gives a tuple."""
    words = get_args(literal)
    return texts("|".join(map(re.escape, words)), f"of {', '.join(words)}")


def _exactly(wanted: type[T], value: object) -> T:
    # Not isinstance: `true` is no number.
    if type(value) is not wanted:
        raise ValueError(value)
    return value


def _sure(value: T, claim: bool) -> T:  # noqa: FBT001 - the claim is what the caller states
    if not claim:
        raise ValueError(value)
    return value
