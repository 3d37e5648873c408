"""Parses amounts as people write them, and detects the decimal mark of a column.

`12,30`, `-1.000,00 €` and `1'000.00` are amounts. Whether `1,000` is a thousand or one is decided
by the other cells of the column or by an option of the import, never by the cell alone.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from taptill.domain.currencies.writing import USAGES, sign_of
from taptill.domain.money import Currency

_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009\u2007", " ") | {"\u2212": "-"})
"""Maps the spaces that spreadsheets put into numbers to a space, and U+2212 to a hyphen-minus."""


class DecimalMark(StrEnum):
    """The character before the decimals."""

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
    """Return the amount of a cell with this decimal mark; None where it is no such amount."""
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
    """Return the signs and the code of a currency, which may precede or follow an amount.

    The longest come first, as one may end with another: `US$` ends with `$`.
    """
    if currency is None:
        return ()
    currency_format = Currency.named(currency)
    signs = {currency, *(sign_of(currency_format, language) for language in USAGES)}
    return tuple(sorted(signs, key=len, reverse=True))


class DecimalMarkEvidence:
    """Which decimal mark the cells of one column have, judged by all of them."""

    def __init__(self, signs: Iterable[str]) -> None:
        self._signs = tuple(signs)
        self._proven: set[DecimalMark] = set()
        self._is_ambiguous = False

    def add(self, cell: str) -> None:
        """Add a cell to the evidence; one that is no amount changes nothing."""
        readings = {mark: parse_amount(cell, mark, self._signs) for mark in DecimalMark}
        marks = {mark for mark, value in readings.items() if value is not None}
        if len(marks) == 1:
            self._proven |= marks
        elif marks:
            self._is_ambiguous = self._is_ambiguous or len(set(readings.values())) > 1

    @property
    def mark(self) -> DecimalMark | None:
        """The mark of the whole column; None where both are possible and give other amounts.

        Where cells contradict each other it is a point, so that the other cells become errors.
        """
        if len(self._proven) == 1:
            return next(iter(self._proven))
        return None if self._is_ambiguous and not self._proven else DecimalMark.POINT


def _strip_sign(text: str, signs: Iterable[str]) -> str:
    """Return the text without spaces and without the currency's sign at either end."""
    text = text.translate(_BLANKS).strip()
    for sign in signs:
        if text.endswith(sign):
            return text.removesuffix(sign).strip()
        if text.startswith(sign):
            return text.removeprefix(sign).strip()
    return text
