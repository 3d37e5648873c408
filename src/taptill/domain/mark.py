"""debtData in, marks out: which entries of which journal a backend row holds.

The form of a mark, and why it is in the row: docs/charging.md, "The mark".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

KEY = "taptill"
HASH_DIGITS = 8

Json = Any
"""Parsed JSON with every fraction a Decimal."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The row holds this journal's money entries of this customer up to `seq`.

    `total` is their sum in minor units, `hash` the first eight digits of entry `seq`'s hash.
    """

    seq: int
    total: int
    hash: str


class Place(StrEnum):
    """What a row's debtData offers a mark."""

    EMPTY = "empty"  # no taptill key yet: enrol first
    TABLE = "table"
    UNUSABLE = "unusable"  # neither empty nor an object: there is no place for a mark


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Which journal enrolled whose row, and what it had read: `updatedAt`, total in minor units."""

    journal_id: str
    customer_id: int
    updated_at: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Marks:
    """All that one row's debtData says: epoch, every journal's mark, and what is not ours.

    `table` maps a journal id to its mark, or to None where its value is no mark.
    `found` is the whole parsed object, which goes back untouched but for our key.
    """

    place: Place
    epoch: str | None = None
    table: Mapping[str, Mark | None] = field(default_factory=dict)
    found: Mapping[str, Json] = field(default_factory=dict)
    as_text: bool = False

    @property
    def enrolment(self) -> Enrolment | None:
        """Who enrolled the row, and from what; None where it says nothing that gives its epoch."""
        ours = self.found.get(KEY) if self.place is Place.TABLE else None
        return _enrolment(ours) if isinstance(ours, dict) else None

    @property
    def foreign(self) -> bool:
        """Whether debtData holds anything of somebody else."""
        return any(key != KEY for key in self.found)

    def sum_of_others(self, journal_id: str) -> int | None:
        """Sum the totals of all other journals' marks; None where one is unreadable."""
        others = [mark for key, mark in self.table.items() if key != journal_id]
        if any(mark is None for mark in others):
            return None
        return sum(mark.total for mark in others if mark is not None)


def read_marks(debt_data: Json) -> Marks:
    """Read debtData as object, text or null; never raises, `UNUSABLE` says there is no place."""
    as_text = isinstance(debt_data, str) and bool(debt_data.strip())
    found = _parsed(debt_data) if isinstance(debt_data, str) else debt_data
    if found is None or (not found and isinstance(found, dict | list)):
        return Marks(Place.EMPTY, as_text=as_text)
    if not isinstance(found, dict):
        return Marks(Place.UNUSABLE)
    if KEY not in found:
        return Marks(Place.EMPTY, found=found, as_text=as_text)
    ours = found[KEY]
    if not (isinstance(ours, dict) and isinstance(ours.get("e"), str)):
        return Marks(Place.UNUSABLE, found=found, as_text=as_text)
    table = ours.get("t", {})
    if not isinstance(table, dict):
        return Marks(Place.UNUSABLE, found=found, as_text=as_text)
    read = {str(key): _mark(value) for key, value in table.items()}
    return Marks(Place.TABLE, ours["e"], read, found, as_text)


def enrolled(marks: Marks, enrolment: Enrolment) -> Json:
    """Return the debtData that enrols a row: all that was found, the epoch and its origin."""
    figure = format(enrolment.total, "f")
    by = [enrolment.journal_id, enrolment.customer_id, enrolment.updated_at, figure]
    epoch = epoch_of(enrolment.updated_at, enrolment.total)
    return {**marks.found, KEY: {"e": epoch, "by": by, "t": {}}}


def with_mark(marks: Marks, epoch: str, journal_id: str = "", mark: Mark | None = None) -> Json:
    """Give the debtData to write: everything found, the epoch, and one mark set anew."""
    ours = marks.found.get(KEY)
    kept = dict(ours) if isinstance(ours, dict) else {}
    table = dict(kept.get("t", {}))
    if mark is not None:
        table[journal_id] = [mark.seq, mark.total, mark.hash]
    return {**marks.found, KEY: {**kept, "e": epoch, "t": table}}


def epoch_of(updated_at: str, total_minor: Decimal) -> str:
    """Derive a row version's epoch, so that two tills on the same untouched row agree."""
    figure = format((total_minor + 0).normalize(), "f")  # + 0 makes -0 plain 0
    octets = f"{updated_at}|{figure}".encode("utf-8", "surrogatepass")
    return sha256(octets).hexdigest()[:HASH_DIGITS]


_FIGURE = re.compile(r"-?\d{1,20}(\.\d{1,20})?")
_JOURNAL = re.compile(r"[0-9A-Za-z]{1,16}")
_STAMP = re.compile(r"[ -~]{0,40}")


def _enrolment(ours: Mapping[str, Json]) -> Enrolment | None:
    """Read who enrolled the row; what a till would not have written is nothing."""
    match ours.get("by"):
        case [str(journal_id), int(customer_id), str(updated_at), str(figure)]:
            spelt = (_JOURNAL, journal_id), (_STAMP, updated_at), (_FIGURE, figure)
            if not all(form.fullmatch(text) for form, text in spelt):
                return None
            by = Enrolment(journal_id, customer_id, updated_at, Decimal(figure))
            return by if epoch_of(by.updated_at, by.total) == ours["e"] else None
        case _:
            return None


def _parsed(text: str) -> Json:
    if not text.strip():
        return None
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(constant: str) -> Json:
    raise ValueError(constant)


def _mark(value: Json) -> Mark | None:
    if type(value) is not list or list(map(type, value)) != [int, int, str]:
        return None  # a bool is no number here, though Python says so
    return Mark(*value)
