"""Texts without people and secrets: words that the program knows stay, all others go."""

import errno
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

REMOVED = "[removed]"
UNKNOWN = "…"
DIGITS_MAX = 5
"""A longer number may be a card's; a year, a port, a size or a count is not longer."""

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?"
_TIME_OR_TOKEN = re.compile(rf"(?<!\w)(?P<time>{_TIME})(?!\w)|\w+|\W")
_NAME = re.compile(r"(?<!\w)[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?!\w)")
_TOKEN = re.compile(r"\w+|\W+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_PARTS = re.compile(r"\d+|[^\W\d_]+|_+")
_VALUE_MIN, _NUMBER_MIN = 2, 5
"""A shorter value is left: as a number it would take away counts and versions everywhere."""


@cache
def own_words() -> frozenset[str]:
    """Return the words of this program's own files and of the system's errors, in small letters."""
    errors = [os.strerror(number) for number in errno.errorcode]
    return frozenset(
        word.lower()
        for text in (*_texts(), *errors)
        for word in _WORD.findall(text.replace("_", " "))
    )


@cache
def own_names() -> frozenset[str]:
    """Return the names in this program's own files that have an underscore, such as `p95_ms`."""
    return frozenset(name for text in _texts() for name in _NAME.findall(text))


@cache
def _texts() -> tuple[str, ...]:
    return tuple(file.read_text("utf-8") for file in _sources(files("taptill")))


def _sources(folder: Traversable) -> Iterable[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith((".py", ".toml")):
            yield entry


def known_words_only(text: str) -> str:
    """Return a text in which every word and long number that the program does not know is `…`.

    A time in the form of ISO 8601 stays.
    """
    return "".join(
        found[0] if found["time"] or not _is_word(found[0]) or _is_known(found[0]) else UNKNOWN
        for found in _TIME_OR_TOKEN.finditer(text)
    )


def _is_known(token: str) -> bool:
    """Return whether a token is a short number, a name of the program, or made of known words.

    `p95_ms` is such a name; `sale_3` and `ttyUSB0` are made of words.
    """
    if token in own_names():
        return True
    parts = _PARTS.findall(token)
    digits = sum(len(part) for part in parts if part[0].isdigit())
    words = [part for part in parts if part[0].isalpha()]
    if digits and words:  # 04A1B2C3 is made of numbers and single letters
        return digits < DIGITS_MAX and len(words) == 1 and words[0].lower() in own_words()
    known = all(len(word) == 1 or word.lower() in own_words() for word in words)
    return known and digits <= DIGITS_MAX


class PersonalValues:
    """Names, card ids and secrets that are known here, to be taken out of any text.

    A value is found as a sequence of whole words, so that the name `Art` leaves `start` alone.
    """

    def __init__(self, values: Iterable[str]) -> None:
        sequences: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        for value in values:
            tokens = tuple(_words(value))
            joined = "".join(tokens)
            if len(joined) >= (_NUMBER_MIN if joined.isdecimal() else _VALUE_MIN):
                sequences[tokens[0]].add(tokens)
        self._sequences: Mapping[str, list[tuple[str, ...]]] = {
            first: sorted(found, key=len, reverse=True) for first, found in sequences.items()
        }

    def removed_from(self, text: str) -> str:
        """Return the text with each value replaced."""
        tokens = _TOKEN.findall(text)
        places = [place for place, token in enumerate(tokens) if _is_word(token)]
        words = [tokens[place].casefold() for place in places]
        number = 0
        while number < len(words):
            length = self._length_at(words, number)
            if length:
                first, last = places[number], places[number + length - 1]
                tokens[first : last + 1] = [REMOVED, *[""] * (last - first)]
            number += length or 1
        return "".join(tokens)

    def _length_at(self, words: list[str], number: int) -> int:
        """Return of how many words the longest value is that begins at this word; 0: none."""
        for value in self._sequences.get(words[number], ()):
            if tuple(words[number : number + len(value)]) == value:
                return len(value)
        return 0


def _words(text: str) -> Iterable[str]:
    return (token.casefold() for token in _TOKEN.findall(text) if _is_word(token))


def _is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == "_"
