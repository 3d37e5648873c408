"""What a person types in, whether a row of the history fits out.

Words are divided by blanks, and each must fit the row. One fits an amount (`4.20`, `4,2`, `420` for
4.20), a local time (`14:05`, `14:`), a date (`2026-11-29`, `2026-11-`), the initials (`a. b.`,
`ab`), the beginning of the customer's external id or, from four characters on, of the sale's id, or
a part of a good's name or of the name of who did it. Capitals do not count.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from taptill.domain.money import Currency
from taptill.domain.sales.past import HistoryRow

WORDS_MAX = 8
"""Further words are not looked at."""

ID_BEGINNING = 4
"""Fewer characters than these fit too many sales' ids by chance."""

_AMOUNT = re.compile(r"-?[0-9]+([.,][0-9]{0,3})?", re.ASCII)
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{0,2}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-([0-9]{1,2}(-[0-9]{0,2})?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class HistorySearch:
    """What is looked for; `zone` is the machine's, None: as the operating system has it.

    `currency` is the till's own, for declines, which do not name one.
    """

    words: tuple[str, ...]
    currency: Currency
    zone: tzinfo | None = None

    @classmethod
    def of(cls, text: str, currency: Currency, zone: tzinfo | None = None) -> "HistorySearch":
        """Return the search for a text as a person types it; an empty one fits every row."""
        return cls(tuple(text.casefold().split()[:WORDS_MAX]), currency, zone)

    def fits(self, row: HistoryRow) -> bool:
        """Return whether each word fits the row."""
        return all(self._fits(word, row) for word in self.words)

    def _fits(self, word: str, row: HistoryRow) -> bool:
        is_like: tuple[Callable[[str, HistoryRow], bool], ...] = (
            self._is_amount,
            self._is_time,
            _is_name,
            _is_id,
        )
        return any(test(word, row) for test in is_like)

    def _is_amount(self, word: str, row: HistoryRow) -> bool:
        if not _AMOUNT.fullmatch(word):
            return False
        amount = abs(row.amount)
        digits = word.lstrip("-").replace(",", ".")
        if "." in digits:
            return (row.currency or self.currency).text(amount).startswith(digits)
        return int(digits) == amount.minor

    def _is_time(self, word: str, row: HistoryRow) -> bool:
        is_time, is_date = _TIME.fullmatch(word), _DATE.fullmatch(word)
        if not is_time and not is_date:
            return False
        local = _local(row.entry.at, self.zone)
        if local is None:
            return False
        if is_date:
            return local.date().isoformat().startswith(word)
        hour, _, minute = word.partition(":")
        return local.hour == int(hour) and f"{local.minute:02}".startswith(minute)


def _local(at: str, zone: tzinfo | None) -> datetime | None:
    """Return an entry's time on the machine's clock; None where it cannot be read."""
    try:
        return datetime.fromisoformat(at).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def _is_name(word: str, row: HistoryRow) -> bool:
    """Return whether a word is a part of the initials or of a name."""
    letters = word.replace(".", "")
    initials = row.initials.casefold().replace(".", "").replace(" ", "")
    if letters and letters in initials:
        return True
    if row.entry.staff and word in row.entry.staff.casefold():
        return True
    return any(word in name.casefold() for name, _, _ in row.lines)


def _is_id(word: str, row: HistoryRow) -> bool:
    """Return whether a word is the beginning of the customer's external id or of the sale's id."""
    if row.external_id and row.external_id.casefold().startswith(word):
        return True
    charge_id = (row.entry.charge_id or "").casefold()
    return len(word) >= ID_BEGINNING and charge_id.startswith(word)
