"""The marks in a row's debtData: which entries of which journal the row holds.

The form of a mark, and why it is in the row: docs/charging.md, "The mark".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from taptill.domain.technical.exact_json import Json, read_json

KEY = "taptill"
HASH_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """The row holds this journal's money entries of this customer up to `seq`.

    `total` is their sum in minor units, `hash` the first eight digits of entry `seq`'s hash.
    """

    seq: int
    total: int
    hash: str


class Place(StrEnum):
    """Whether a row's debtData can hold a mark."""

    EMPTY = "empty"  # no taptill key yet: enrol first
    TABLE = "table"
    UNUSABLE = "unusable"  # neither empty nor an object


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Which journal enrolled whose row, and what it had read: `updatedAt`, total in minor units."""

    journal_id: str
    customer_id: int
    updated_at: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Marks:
    """The content of one row's debtData: epoch, every journal's mark, and other people's keys.

    `table` maps a journal id to its mark, or to None where its value is no mark. `document` is the
    whole parsed object, which is written back unchanged but for our key; `as_text`: as a text.
    """

    place: Place
    epoch: str | None = None
    table: Mapping[str, Mark | None] = field(default_factory=dict)
    document: Mapping[str, Json] = field(default_factory=dict)
    as_text: bool = False

    @property
    def enrolment(self) -> Enrolment | None:
        """Who enrolled the row, from which version; None where that does not give its epoch."""
        ours = self.document.get(KEY) if self.place is Place.TABLE else None
        return _enrolment(ours) if isinstance(ours, dict) else None

    @property
    def foreign(self) -> bool:
        """Whether debtData holds other people's keys."""
        return any(key != KEY for key in self.document)

    def sum_of_others(self, journal_id: str) -> int | None:
        """Return the sum of all other journals' marks, minor units; None if one is unreadable."""
        other_marks = [mark for key, mark in self.table.items() if key != journal_id]
        if any(mark is None for mark in other_marks):
            return None
        return sum(mark.total for mark in other_marks if mark is not None)


def read_marks(debt_data: Json) -> Marks:
    """Read debtData, an object, a text or null; never raises."""
    as_text = isinstance(debt_data, str) and bool(debt_data.strip())
    document = _parsed(debt_data) if isinstance(debt_data, str) else debt_data
    if document is None or (not document and isinstance(document, dict | list)):
        return Marks(Place.EMPTY, as_text=as_text)
    if not isinstance(document, dict):
        return Marks(Place.UNUSABLE)
    if KEY not in document:
        return Marks(Place.EMPTY, document=document, as_text=as_text)
    ours = document[KEY]
    if not (isinstance(ours, dict) and isinstance(ours.get("e"), str)):
        return Marks(Place.UNUSABLE, document=document, as_text=as_text)
    table = ours.get("t", {})
    if not isinstance(table, dict):
        return Marks(Place.UNUSABLE, document=document, as_text=as_text)
    read = {str(key): _mark(value) for key, value in table.items()}
    return Marks(Place.TABLE, ours["e"], table=read, document=document, as_text=as_text)


def enrolled(marks: Marks, enrolment: Enrolment) -> Json:
    """Return the debtData that enrols a row: all keys as read, the epoch and its origin."""
    figure = format(enrolment.total, "f")
    by = [enrolment.journal_id, enrolment.customer_id, enrolment.updated_at, figure]
    epoch = epoch_of(enrolment.updated_at, enrolment.total)
    return {**marks.document, KEY: {"e": epoch, "by": by, "t": {}}}


def with_mark(marks: Marks, epoch: str, journal_id: str = "", mark: Mark | None = None) -> Json:
    """Return the debtData to write: all keys as read, the epoch, and this mark if there is one."""
    ours = marks.document.get(KEY)
    own_object = dict(ours) if isinstance(ours, dict) else {}
    table = dict(own_object.get("t", {}))
    if mark is not None:
        table[journal_id] = [mark.seq, mark.total, mark.hash]
    return {**marks.document, KEY: {**own_object, "e": epoch, "t": table}}


def epoch_of(updated_at: str, total_minor: Decimal) -> str:
    """Return a row version's epoch: two tills that read the same version derive the same."""
    figure = format((total_minor + 0).normalize(), "f")  # + 0 makes -0 plain 0
    octets = f"{updated_at}|{figure}".encode("utf-8", "surrogatepass")
    return sha256(octets).hexdigest()[:HASH_DIGITS]


_FIGURE = re.compile(r"-?\d{1,20}(\.\d{1,20})?")
_JOURNAL = re.compile(r"[0-9A-Za-z]{1,16}")
_STAMP = re.compile(r"[ -~]{0,40}")


def _enrolment(ours: Mapping[str, Json]) -> Enrolment | None:
    """Read who enrolled the row; None for anything that a till would not have written."""
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
        return read_json(text)
    except (ValueError, RecursionError):
        return text


def _mark(value: Json) -> Mark | None:
    if type(value) is not list or list(map(type, value)) != [int, int, str]:
        return None  # `type`, because isinstance(True, int) holds
    return Mark(*value)
