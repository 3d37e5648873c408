"""What a person types in, whether a row of the history fits out.

Words are divided by blanks, and each must fit the row. One fits an amount (`4.20`, `4,2`, `420` for
4.20), a local time (`14:05`, `14:`), a date (`2026-11-29`, `2026-11-`, or `11-29` as the list has
it), the initials (`a. b.`, `ab`), the beginning of the customer's external id or, from four
characters on, of the sale's id, or a part of a good's name or of the name of who did it. Capitals
do not count.

Thousands of rows are looked at between two keys: what a word can be is found out once, and a row's
text is put together once for all words.
"""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from taptill.domain.money import Currency
from taptill.domain.sales.past import HistoryRow

WORDS_MAX = 8
"""Further words are not looked at."""

ID_BEGINNING = 4
"""Fewer characters than these fit too many sales' ids by chance."""

_AMOUNT = re.compile(r"-?[0-9]{1,15}([.,][0-9]{0,3})?", re.ASCII)
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{0,2}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-([0-9]{1,2}(-[0-9]{0,2})?)?|[0-9]{2}-[0-9]{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedWord:
    """A word, and what else it can be than a part of a name.

    `minor` are whole minor units, `amount` is the beginning of an amount as text; `hour` and
    `minute` are of a local time, `date` is the beginning of a date. None: it can be none.
    """

    text: str
    letters: str
    minor: int | None = None
    amount: str | None = None
    hour: int | None = None
    minute: str = ""
    date: str | None = None

    @classmethod
    def of(cls, text: str) -> "SearchedWord":
        """Return what a word, without capitals, can be."""
        letters = text.replace(".", "")
        if _AMOUNT.fullmatch(text):
            digits = text.lstrip("-").replace(",", ".")
            if "." in digits:
                return cls(text=text, letters=letters, amount=digits)
            return cls(text=text, letters=letters, minor=int(digits))
        if _TIME.fullmatch(text):
            hour, _, minute = text.partition(":")
            return cls(text=text, letters=letters, hour=int(hour), minute=minute)
        return cls(text=text, letters=letters, date=text if _DATE.fullmatch(text) else None)


@dataclass(frozen=True, slots=True)
class HistorySearch:
    """What is looked for; `zone` is the machine's, None: as the operating system has it.

    `currency` is the till's own, for declines, which do not name one.
    """

    words: tuple[SearchedWord, ...]
    currency: Currency
    zone: tzinfo | None = None

    @classmethod
    def of(cls, text: str, currency: Currency, zone: tzinfo | None = None) -> "HistorySearch":
        """Return the search for a text as a person types it; an empty one fits every row."""
        words = text.casefold().split()[:WORDS_MAX]
        return cls(tuple(map(SearchedWord.of, words)), currency, zone)

    def fits(self, row: HistoryRow) -> bool:
        """Return whether each word fits the row."""
        if not self.words:
            return True
        names = "\n".join([row.entry.staff or "", *(name for name, _, _ in row.lines)]).casefold()
        initials = row.initials.casefold().replace(".", "").replace(" ", "")
        return all(
            word.text in names
            or (word.letters and word.letters in initials)
            or self._is_amount(word, row)
            or self._is_time(word, row)
            or _is_id(word.text, row)
            for word in self.words
        )

    def _is_amount(self, word: SearchedWord, row: HistoryRow) -> bool:
        if word.minor is not None:
            return word.minor == abs(row.amount.minor)
        if word.amount is None:
            return False
        return (row.currency or self.currency).text(abs(row.amount)).startswith(word.amount)

    def _is_time(self, word: SearchedWord, row: HistoryRow) -> bool:
        if word.hour is None and word.date is None:
            return False
        try:
            local = datetime.fromisoformat(row.entry.at).astimezone(self.zone)
        except (ValueError, OverflowError):
            return False
        if word.date is not None:
            day = local.date().isoformat()
            return day.startswith(word.date) or day[len("2026-") :].startswith(word.date)
        return local.hour == word.hour and f"{local.minute:02}".startswith(word.minute)


def _is_id(text: str, row: HistoryRow) -> bool:
    """Return whether a text is the beginning of the customer's external id or of the sale's id."""
    if row.external_id.casefold().startswith(text):
        return True
    charge_id = row.entry.charge_id or ""
    return len(text) >= ID_BEGINNING and charge_id.casefold().startswith(text)
