"""Customers' names in, those whose words begin as typed out; case and accents do not count.

`MUELLER`, `Müller` and `Muller` are one name: letters are compared without accents, and an e behind
a, o or u does not count, which some write for an umlaut. What is typed is compared in the same way;
each of its words must begin a word of the name or of the office's key.
"""

import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable

WORDS_MAX = 6
"""Further words are not looked at."""

_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
"""Letters that Unicode does not take apart into a plain one and an accent."""


class _PlainLetters(dict[int, str]):
    """What each character is in a plain text, found out when it is met first."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKD", chr(code).casefold())
        self[code] = "".join(map(_plain_letter, folded))
        return self[code]


def _plain_letter(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    return _LETTERS.get(letter, letter) if letter.isalnum() else " "


_TABLE = _PlainLetters()


def plain(text: str) -> str:
    """Return a text as names are compared: small letters without accents, words with one blank."""
    letters = text.translate(_TABLE)
    letters = letters.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return " ".join(letters.split())


class NameIndex:
    """The names of all customers in one text, a line each, in the order of the alphabet.

    A hundred thousand of them take some megabytes, and a search some milliseconds.
    """

    def __init__(self, names: Iterable[tuple[int, str, str]]) -> None:
        """Take the id, the name and the office's key of each customer."""
        rows = sorted((f" {plain(f'{name} {key}')}", id_) for id_, name, key in names)
        self._text = "\n".join(line for line, _ in rows)
        self._ids = array("q", (id_ for _, id_ in rows))
        self._starts = array("q")
        start = 0
        for line, _ in rows:
            self._starts.append(start)
            start += len(line) + 1

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, text: str, limit: int) -> list[int]:
        """Return the ids of at most `limit` customers whom a text fits; an empty one fits none."""
        found: list[int] = []
        words = {f" {word}" for word in plain(text).split()[:WORDS_MAX]}
        if not words:
            return found
        rarest, at = min(sorted(words), key=self._text.count), 0
        others = words - {rarest}
        while len(found) < limit and (at := self._text.find(rarest, at)) >= 0:
            row = bisect_right(self._starts, at) - 1
            start, end = self._starts[row], self._end(row)
            if all(self._text.find(word, start, end) >= 0 for word in others):
                found.append(self._ids[row])
            at = end
        return found

    def _end(self, row: int) -> int:
        is_last = row + 1 == len(self._starts)
        return len(self._text) if is_last else self._starts[row + 1] - 1
