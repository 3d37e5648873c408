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


class Mark(StrEnum):
    """What stands before the decimals."""

    POINT = "point"
    COMMA = "comma"


_DECIMALS = {Mark.POINT: ".", Mark.COMMA: ","}
_THOUSANDS = {Mark.POINT: ",", Mark.COMMA: "."}
_FORM = r"(?:[0-9]+|[1-9][0-9]{{0,2}}(?P<g>[ '\u2019{thousands}])[0-9]{{3}}(?:(?P=g)[0-9]{{3}})*)?"
_PART = r"(?:[{decimals}][0-9]+)?"
_FORMS = {
    mark: re.compile((_FORM + _PART).format(thousands=_THOUSANDS[mark], decimals=_DECIMALS[mark]))
    for mark in Mark
}


def amount(cell: str, mark: Mark, signs: Iterable[str]) -> Decimal | None:
    """Read a cell whose decimals stand behind a mark; None where it cannot be read so."""
    text = _bare(cell, signs)
    minus = text.startswith("-")
    text = _bare(text.removeprefix("-").removeprefix("+"), signs)
    if not text or not _FORMS[mark].fullmatch(text):
        return None
    whole, _, part = text.partition(_DECIMALS[mark])
    digits = re.sub(r"[^0-9]", "", whole) or "0"
    figure = Decimal(f"{digits}.{part}" if part else digits)
    return -figure if minus else figure


def signs_of(currency: str | None) -> tuple[str, ...]:
    """Give what may stand beside an amount of a database: its currency's signs and its code.

    The longest come first, as one may end with another: `US$` with `$`.
    """
    if currency is None:
        return ()
    kept = Currency.named(currency)
    signs = {currency, *(sign_of(kept, language) for language in USAGES)}
    return tuple(sorted(signs, key=len, reverse=True))


class Evidence:
    """What the cells of one column say together of the mark that they are written with."""

    def __init__(self, signs: Iterable[str]) -> None:
        self._signs = tuple(signs)
        self._only: set[Mark] = set()
        self._differ = False

    def see(self, cell: str) -> None:
        """Take a cell into account; one that is no amount says nothing."""
        read = {mark: amount(cell, mark, self._signs) for mark in Mark}
        fitting = {mark for mark, figure in read.items() if figure is not None}
        if len(fitting) == 1:
            self._only |= fitting
        elif fitting:
            self._differ = self._differ or len(set(read.values())) > 1

    @property
    def mark(self) -> Mark | None:
        """The mark of the whole column; None where it may be either, and that is not the same.

        Where cells contradict each other the mark is a point, so that the others are told.
        """
        if len(self._only) == 1:
            return next(iter(self._only))
        return None if self._differ and not self._only else Mark.POINT


def _bare(text: str, signs: Iterable[str]) -> str:
    """Take blanks and the currency's own sign from either end."""
    text = text.translate(_BLANKS).strip()
    for sign in signs:
        if text.endswith(sign):
            return text.removesuffix(sign).strip()
        if text.startswith(sign):
            return text.removeprefix(sign).strip()
    return text
