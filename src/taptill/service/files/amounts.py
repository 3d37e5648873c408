"""A column of amounts as people write them in, the decimal mark that all of them have out.

`12,30`, `-1.000,00 €` and `1'000.00` are amounts; whether `1,000` is a thousand or one is told by
the other cells of the column or by whoever imports it, never by the cell.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from taptill.domain.currencies.writing import USAGES, sign_of
from taptill.domain.money import Currency

_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009\u2007", " ") | {"\u2212": "-"})
"""Blanks that spreadsheets put between thousands or before a sign, and typography's minus."""


class DecimalMark(StrEnum):
    """What stands before the decimals."""

    POINT = "point"
    COMMA = "comma"


_DECIMALS = {DecimalMark.POINT: ".", DecimalMark.COMMA: ","}
_THOUSANDS = {DecimalMark.POINT: ",", DecimalMark.COMMA: "."}
_INTEGER_PART = (
    r"(?:[0-9]+|[1-9][0-9]{{0,2}}(?P<g>[ '\u2019{thousands}])[0-9]{{3}}(?:(?P=g)[0-9]{{3}})*)?"
)
_FRACTION = r"(?:[{decimals}][0-9]+)?"
_AMOUNTS = {
    mark: re.compile(
        (_INTEGER_PART + _FRACTION).format(thousands=_THOUSANDS[mark], decimals=_DECIMALS[mark])
    )
    for mark in DecimalMark
}


def parse_amount(cell: str, mark: DecimalMark, signs: Iterable[str]) -> Decimal | None:
    """Read a cell whose decimals stand behind a mark; None where it cannot be read so."""
    text = _strip_sign(cell, signs)
    minus = text.startswith("-")
    text = _strip_sign(text.removeprefix("-").removeprefix("+"), signs)
    if not text or not _AMOUNTS[mark].fullmatch(text):
        return None
    integer_part, _, fraction = text.partition(_DECIMALS[mark])
    digits = re.sub(r"[^0-9]", "", integer_part) or "0"
    value = Decimal(f"{digits}.{fraction}" if fraction else digits)
    return -value if minus else value


def currency_signs(currency: str | None) -> tuple[str, ...]:
    """Give what may stand beside an amount of a database: its currency's signs and its code.

    The longest come first, as one may end with another: `US$` with `$`.
    """
    if currency is None:
        return ()
    currency_format = Currency.named(currency)
    signs = {currency, *(sign_of(currency_format, language) for language in USAGES)}
    return tuple(sorted(signs, key=len, reverse=True))


class DecimalMarkEvidence:
    """What the cells of one column say together of the mark that they are written with."""

    def __init__(self, signs: Iterable[str]) -> None:
        self._signs = tuple(signs)
        self._proven: set[DecimalMark] = set()
        self._is_ambiguous = False

    def add(self, cell: str) -> None:
        """Take a cell into account; one that is no amount says nothing."""
        readings = {mark: parse_amount(cell, mark, self._signs) for mark in DecimalMark}
        marks = {mark for mark, value in readings.items() if value is not None}
        if len(marks) == 1:
            self._proven |= marks
        elif marks:
            self._is_ambiguous = self._is_ambiguous or len(set(readings.values())) > 1

    @property
    def mark(self) -> DecimalMark | None:
        """The mark of the whole column; None where it may be either, and that is not the same.

        Where cells contradict each other the mark is a point, so that the others are told.
        """
        if len(self._proven) == 1:
            return next(iter(self._proven))
        return None if self._is_ambiguous and not self._proven else DecimalMark.POINT


def _strip_sign(text: str, signs: Iterable[str]) -> str:
    """Take blanks and the currency's own sign from either end."""
    text = text.translate(_BLANKS).strip()
    for sign in signs:
        if text.endswith(sign):
            return text.removesuffix(sign).strip()
        if text.startswith(sign):
            return text.removeprefix(sign).strip()
    return text
