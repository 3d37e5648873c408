"""How card ids and keys are spelled; recognises the same one in another spelling."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from taptill.service.files.columns import IDENTIFIERS

CARD = "cardId"

_MARKED_OCTETS = re.compile(
    r"[0-9A-Fa-f]{2}(?P<mark>[:\- .])[0-9A-Fa-f]{2}(?:(?P=mark)[0-9A-Fa-f]{2})*"
)
"""Matches hex octets with a separator, as some programs write a card id."""
_HEX = re.compile(r"[0-9A-Fa-f]+")
_OCTETS_MIN = 4
"""No card id is shorter; a shorter number does not show an order of octets."""
_REVERSED_MIN = 2
"""How many reversed cards show that a file has the other order; a single one may be chance."""

_MONTHS = (
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mrz|mai|okt|dez|"
    r"janv|févr|mars|avr|juin|juil|août|sept|déc|ene|abr|ago|dic"
)
_DATE = re.compile(
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[ T]\d{{1,2}}:\d{{2}}(?::\d{{2}})?)?|"
    rf"\d{{1,2}}([/.-])\d{{1,2}}\1\d{{2}}(?:\d{{2}})?|"
    rf"\d{{1,2}}[-. ]{{1,2}}(?:{_MONTHS})[a-zä]*\.?(?:[-. ]{{1,2}}\d{{2,4}})?|"
    rf"(?:{_MONTHS})[a-zä]*\.?[-. ]{{1,2}}\d{{2,4}}",
    re.IGNORECASE,
)
"""Matches what spreadsheets of four languages make of 3-12 or 3/12/26."""

CASES = {
    "upper": "capital letters",
    "lower": "small letters",
    "mixed": "capital and small letters",
}


def is_number(text: str) -> bool:
    """Return whether a text consists of ASCII digits."""
    return text.isascii() and text.isdigit()


def is_date(text: str) -> bool:
    """Return whether a text is written as spreadsheets write dates."""
    return _DATE.fullmatch(text) is not None


def normal_form(text: str) -> str:
    """Return a card id or key in capitals, without marks and leading zeros.

    Two spellings of one identifier have the same normal form.
    """
    digits = _without_marks(text)
    digits = digits if digits.isupper() else digits.upper()
    return (digits.lstrip("0") or "0") if _HEX.fullmatch(digits) else digits


def reversed_form(text: str) -> str:
    """Return the normal form of a card id with its octets reversed; empty if it has no octets."""
    bare = _without_marks(text).upper()
    if not _HEX.fullmatch(bare) or len(bare) % 2 or len(bare) < 2 * _OCTETS_MIN:
        return ""
    return normal_form(bytes.fromhex(bare)[::-1].hex())


@dataclass(slots=True)
class SpellingStyle:
    """How the card ids, or the keys, of a file or of a database are spelled."""

    cases: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    zero_padded: Counter[int] = field(default_factory=Counter)
    """How many begin with a zero, by length."""

    def add(self, text: str) -> None:
        """Add one card id or key."""
        match = _MARKED_OCTETS.fullmatch(text)
        if match or _HEX.fullmatch(text):
            self.marks[match["mark"] if match else ""] += 1
        if is_number(text):
            self.lengths[len(text)] += 1
            if text.startswith("0"):
                self.zero_padded[len(text)] += 1
        elif text != text.swapcase():
            self.cases[case_of(text)] += 1

    @property
    def width(self) -> int:
        """The most frequent length of those that begin with a zero; 0 where none does."""
        return max(self.zero_padded, key=self.zero_padded.__getitem__, default=0)

    @property
    def fixed_width(self) -> int:
        """The length if all that begin with a zero have it and no other is longer; else 0."""
        return self.width if len(self.zero_padded) == 1 and max(self.lengths) == self.width else 0


@dataclass(slots=True)
class KnownSpellings:
    """Which identifiers of a file customers have already, and how the database spells them.

    Kept small, as a file may have many: a spelling that equals its normal form is stored as "".
    """

    _spellings: dict[str, str | None] = field(default_factory=dict)
    """Of each identifier of the file, by its normal form: how a customer has it, if one does."""
    _further: dict[str, list[str]] = field(default_factory=dict)
    """How other customers have the same identifier."""
    _matches: int = 0
    """How many identifiers of the file customers have."""
    _reversed_forms: set[str] = field(default_factory=set)
    """Normal forms that customers have with their octets in the other order."""

    def add_from_file(self, text: str) -> None:
        """Note an identifier of the file."""
        self._spellings.setdefault(normal_form(text))

    def add_from_customer(self, text: str) -> None:
        """Note an identifier of a customer; all of the file must have been noted before."""
        key = normal_form(text)
        if key not in self._spellings:
            backwards = reversed_form(text)
            if backwards in self._spellings:
                self._reversed_forms.add(backwards)
        elif self._spellings[key] is None:
            self._spellings[key] = "" if text == key else text
            self._matches += 1
        else:
            self._further.setdefault(key, []).append(text)

    def spellings(self, text: str) -> list[str]:
        """Return how customers spell an identifier; empty where no customer has it."""
        key = normal_form(text)
        spelling = self._spellings.get(key)
        return [] if spelling is None else [spelling or key, *self._further.get(key, ())]

    def is_reversed(self, text: str) -> bool:
        """Return whether the file has the octets of this and other cards in the other order."""
        count = len(self._reversed_forms)
        likely = count >= _REVERSED_MIN and count > self._matches
        return likely and normal_form(text) in self._reversed_forms


def describe_difference(text: str, existing: str) -> str:
    """Return in words how an existing identifier's spelling differs from the file's."""
    bare, existing_bare = _without_marks(text), _without_marks(existing)
    differences = []
    if mark_of(text) != mark_of(existing):
        differences.append("other marks between" if mark_of(existing) else "no marks between")
    if len(bare) != len(existing_bare):
        differences.append(
            "fewer leading zeros" if len(existing_bare) < len(bare) else "leading zeros"
        )
    if bare.lstrip("0") != existing_bare.lstrip("0"):
        differences.append(CASES[case_of(existing_bare)])
    return f"with {' and '.join(differences)}" if differences else "otherwise"


def respell(text: str, mark: str, case: str, width: int) -> str:
    """Return an identifier with these separators, letters and digits."""
    if is_number(text):
        return text.zfill(width)
    match = _MARKED_OCTETS.fullmatch(text)
    bare = _without_marks(text)
    if (match or mark) and _HEX.fullmatch(bare) and len(bare) % 2 == 0:
        text = mark.join(bare[start : start + 2] for start in range(0, len(bare), 2))
    return text.upper() if case == "upper" else text.lower() if case == "lower" else text


def mark_of(text: str) -> str | None:
    """Return the separator between octets, maybe empty; None for a text that is not octets."""
    match = _MARKED_OCTETS.fullmatch(text)
    return match["mark"] if match else "" if _HEX.fullmatch(text) else None


def case_of(text: str) -> str:
    """Return "upper", "lower" or "mixed"."""
    return "upper" if text == text.upper() else "lower" if text == text.lower() else "mixed"


def most_frequent(counts: Iterable[Counter[str]]) -> str | None:
    """Return the most frequent text of the first counter that is not empty."""
    first_counts = next((counter for counter in counts if counter), None)
    return None if first_counts is None else max(sorted(first_counts), key=first_counts.__getitem__)


def new_styles() -> dict[str, SpellingStyle]:
    """Return an empty style for each identifier column."""
    return {name: SpellingStyle() for name in IDENTIFIERS}


def _without_marks(text: str) -> str:
    match = _MARKED_OCTETS.fullmatch(text)
    return text.replace(match["mark"], "") if match else text
