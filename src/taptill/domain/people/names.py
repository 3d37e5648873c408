"""Customers' names in, those whose words begin as typed out; case and accents do not count.

`MUELLER`, `Müller` and `Muller` are one name: letters are compared without accents, and an e behind
a, o or u does not count, which some write for an umlaut. What is typed is compared in the same way;
each of its words must begin a word of the name or of the office's key.
"""

import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from heapq import merge
from io import StringIO
from itertools import islice, pairwise
from typing import TypeVar

WORDS_MAX = 6
"""Further words are not looked at."""

_PART = 2_000
"""So many are sorted at a time, which takes about a millisecond."""

_T = TypeVar("_T", str, tuple[str, int])

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
    """All words of all names in the order of the alphabet, each with the rows of its customers.

    Words that begin alike lie together, and so do their rows. Of two words typed, of which neither
    begins the other, the rows lie apart: whatever is typed, a search passes each of them once at
    most, in C. A hundred thousand customers take some megabytes, a search some milliseconds.
    """

    def __init__(self, names: Iterable[tuple[int, str, str]]) -> None:
        """Take the id, the name and the office's key of each customer."""
        lines = _in_order((plain(f"{name} {key}"), id_) for id_, name, key in names)
        self._ids = array("q")
        rows_of: defaultdict[str, array[int]] = defaultdict(partial(array, "I"))
        for row, (line, id_) in enumerate(lines):
            self._ids.append(id_)
            for word in line.split():
                rows_of[word].append(row)
        text = StringIO()
        self._starts, self._firsts, self._rows = array("I"), array("I"), array("I")
        for word in _in_order(rows_of):
            self._starts.append(text.tell())
            self._firsts.append(len(self._rows))
            self._rows.extend(rows_of.pop(word))
            text.write(f"{word} ")
        self._firsts.append(len(self._rows))
        self._text = text.getvalue()

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, text: str, limit: int) -> list[int]:
        """Return the ids of at most `limit` customers whom a text fits; an empty one fits none."""
        words = sorted(set(plain(text).split()[:WORDS_MAX]))
        # A word that begins the next one asks for nothing more.
        words = [word for word, after in pairwise([*words, ""]) if not after.startswith(word)]
        if not words:
            return []
        fewest, *others = sorted(map(self._rows_with, words), key=len)
        rows = set(fewest)
        for more in others:
            rows.intersection_update(more)
        return [self._ids[row] for row in sorted(rows)[:limit]]

    def _rows_with(self, beginning: str) -> "array[int]":
        """Return the rows that have a word which begins so, in no order, some of them twice."""

        def compared(start: int) -> str:
            return self._text[start : start + len(beginning)]

        first = bisect_left(self._starts, beginning, key=compared)
        end = bisect_right(self._starts, beginning, first, key=compared)
        return self._rows[self._firsts[first] : self._firsts[end]]


def _in_order(items: Iterable[_T]) -> Iterator[_T]:
    """Sort in parts and merge them: one long sort would hold up every other thread."""
    rest, parts = iter(items), []
    while part := sorted(islice(rest, _PART)):
        parts.append(part)
    return merge(*parts)
