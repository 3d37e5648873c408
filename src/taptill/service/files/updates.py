"""A newer list in, what it changes out: a preview, then all of it or nothing.

A row is about the customer with its externalId, else about the one with its card. An empty cell
changes nothing, a balance only where whoever imports says so, and who is missing is only listed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

import sqlalchemy as sa

from taptill.domain.errors import ServiceError
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import MONEY, Act, Author, Transaction, alteration, insertion
from taptill.service.database import snapshot, writing
from taptill.service.fields import stamp_text
from taptill.service.files.columns import COLUMNS, COMPANY
from taptill.service.files.imports import (
    WHO,
    Import,
    Row,
    Source,
    add_companies,
    begin,
    with_company,
)
from taptill.service.files.report import TOLD_MAX, Advance, Report, quiet
from taptill.service.grammar import shape
from taptill.service.wire import Refusal

CARD, KEY = "cardId", "externalId"


@dataclass(frozen=True, slots=True)
class Altered:
    """A customer whom the list changes: each field with its old and its new value."""

    line: int
    id: int
    name: str
    fields: dict[str, tuple[Json, Json]]


@dataclass(frozen=True, slots=True)
class Person:
    """A customer by name, and by id or by line of the file."""

    id: int | None
    line: int | None
    name: str


@dataclass(slots=True)
class Preview(Report):
    """What a newer list would do; at most TOLD_MAX of each are named, all are counted."""

    new: list[Person] = field(default_factory=list)
    changed: list[Altered] = field(default_factory=list)
    missing: list[Person] = field(default_factory=list)
    new_count: int = 0
    changed_count: int = 0
    missing_count: int = 0
    unchanged: int = 0


class Update:
    """A newer list: `preview` it, then `apply` exactly what was seen."""

    def __init__(self, engine: sa.Engine, source: Source, *, money: bool) -> None:
        self._preview = Preview()
        self._work = Import(engine, source, self._preview)
        self._engine = engine
        self._money = money
        self._every = shape(self._work.customers, {"id": True, **dict.fromkeys(COLUMNS, True)}, "")
        self._digest = ""

    def preview(self, advance: Advance = quiet) -> Preview:
        """Look at file, twice, and database; ServiceError where the file cannot be read."""
        self._work.advance = advance
        self._work.look()
        seen: dict[int, int] = {}
        digest = sha256()
        with snapshot(self._engine) as connection:
            for chunk in self._work.check():
                for line, row, present in self._matched(connection, chunk, seen):
                    self._tell(line, row, present)
                    digest.update(repr((line, self._edit(row, present))).encode())
            if not self._preview.bad_count:  # else somebody whose row was refused would be missing
                self._tell_missing(connection, seen)
        self._digest = digest.hexdigest()
        return self._preview

    def apply(self, advance: Advance = quiet) -> Preview:
        """Change all that the preview showed; ServiceError if that is not what would be changed."""
        self._work.advance = advance
        digest = sha256()
        with writing(self._engine) as connection:
            transaction = begin(connection)
            known = add_companies(transaction, self._work)
            reason = f"import {transaction.import_id}"
            for chunk in self._work.chunks():
                new = []
                for line, row, present in self._matched(connection, chunk, {}):
                    edit = self._edit(row, present)
                    digest.update(repr((line, edit)).encode())
                    if present is None:
                        new.append(with_company(self._without_money(row), known))
                    elif edit:
                        body = {"fields": self._fields(edit, row, known), "reason": reason}
                        self._carry_out(transaction, int(present["id"]), body)
                        self._note_money(transaction, int(present["id"]), edit.get(MONEY))
                if new:
                    insertion(self._work.customers, {"fields": new}, WHO)(transaction)
                transaction.finish()
            if digest.hexdigest() != self._digest:
                detail = (
                    "the customers have changed since the preview: nothing was done, look again"
                )
                raise ServiceError(detail=detail)
            counts = {"added": self._preview.new_count, "changed": self._preview.changed_count}
            this = schema.imports.c.id == transaction.import_id
            connection.execute(schema.imports.update().where(this).values(counts))
        self._preview.import_id = transaction.import_id
        return self._preview

    def _matched(
        self, connection: sa.Connection, chunk: list[Row], seen: dict[int, int]
    ) -> Iterator[tuple[int, dict[str, Json], dict[str, Json] | None]]:
        """Give each row with the customer that it is about, None for a new one."""
        kept = schema.customers.c
        keys = [row[KEY] for _, row in chunk if KEY in row]
        cards = [row[CARD] for _, row in chunk if CARD in row]
        query = self._every.query.where(kept.external_id.in_(keys) | kept.card_id.in_(cards))
        by_key: dict[str, list[dict[str, Json]]] = {}
        by_card: dict[str, dict[str, Json]] = {}
        for one in self._every.rows(connection.execute(query)):
            by_key.setdefault(one[KEY], []).append(one)
            by_card[one[CARD]] = one
        for line, row in chunk:
            of_key = by_key.get(row.get(KEY, ""), [])
            of_card = by_card.get(row.get(CARD, ""))
            present = of_key[0] if of_key else of_card
            problem = _problem(row, of_key, of_card)
            if present is not None and seen.setdefault(present["id"], line) != line:
                problem = f"line {seen[present['id']]} is about customer {present['id']} already"
            if problem:
                if line not in self._work.doubtful:  # else it was told why nobody is named
                    self._preview.tell(line, "", problem)
            else:
                yield line, row, present

    def _edit(
        self, row: Mapping[str, Json], present: Mapping[str, Json] | None
    ) -> dict[str, tuple[Json, Json]]:
        """Give the fields that differ, with the old and the new value; a company is its name."""
        edit: dict[str, tuple[Json, Json]] = {}
        for name, new in row.items():
            if name == MONEY and not self._money:
                continue
            old = None if present is None else present[name]
            old = old["name"] if name == COMPANY and old is not None else old
            if old != new:
                edit[name] = (old, new)
        return edit

    def _fields(
        self, edit: Mapping[str, tuple[Json, Json]], row: dict[str, Json], known: Mapping[str, int]
    ) -> dict[str, Json]:
        fields = {name: new for name, (_, new) in edit.items()}
        if MONEY in edit:
            old, new = edit[MONEY]
            fields[MONEY] = {"increment": Decimal(new) - Decimal(old)}
        if COMPANY in edit:
            fields[COMPANY] = with_company(row, known)[COMPANY]
        return fields

    def _carry_out(self, transaction: Transaction, number: int, body: Json) -> None:
        change = alteration(self._work.customers, number, body, WHO, strict_money=False)
        try:
            change(transaction)
        except Refusal as refusal:  # another process was quicker than we
            words = f"{refusal.body['error']['message']}: nothing was changed"
            raise ServiceError(detail=words) from refusal

    @staticmethod
    def _note_money(transaction: Transaction, number: int, edit: tuple[Json, Json] | None) -> None:
        """Have it kept beside the ledger that this import booked it, so that it can be undone."""
        if edit is not None:
            change = {MONEY: edit[0]}, {MONEY: edit[1]}
            at = stamp_text(transaction.now())
            transaction.note(number, at, Act.UPDATE, Author(WHO), change)

    def _without_money(self, row: dict[str, Json]) -> dict[str, Json]:
        return row if self._money else {name: one for name, one in row.items() if name != MONEY}

    def _tell(self, line: int, row: dict[str, Json], present: dict[str, Json] | None) -> None:
        told, name = self._preview, row.get("name", "")
        edit = self._edit(row, present)
        if present is None:
            told.new_count += 1
            if len(told.new) < TOLD_MAX:
                told.new.append(Person(None, line, name))
        elif edit:
            told.changed_count += 1
            if len(told.changed) < TOLD_MAX:
                told.changed.append(Altered(line, present["id"], present["name"], edit))
        else:
            told.unchanged += 1
        if MONEY in row and not self._money and _MONEY_LEFT not in told.notes:
            told.notes.append(_MONEY_LEFT)

    def _tell_missing(self, connection: sa.Connection, seen: Mapping[int, int]) -> None:
        kept, told = schema.customers.c, self._preview
        live = kept.removed_at.is_(None) & kept.is_default.is_(False)
        query = sa.select(kept.id, kept.name).where(live).order_by(kept.id)
        for number, name in connection.execute(query):
            if number not in seen:
                told.missing_count += 1
                if len(told.missing) < TOLD_MAX:
                    told.missing.append(Person(number, None, name))


_MONEY_LEFT = "totalDebt: not taken, no balance is changed; --money takes it"


def _problem(
    row: Mapping[str, Json], of_key: list[dict[str, Json]], of_card: dict[str, Json] | None
) -> str:
    """Say why it is not clear whom a row is about, or why it cannot be done; empty if it is."""
    if KEY not in row and CARD not in row:
        return "an update needs externalId or cardId, to know whom the row is about"
    if len(of_key) > 1:
        names = " and ".join(f"customer {one['id']}" for one in of_key)
        return f"{names} have this externalId: one of them must lose it first"
    if of_card is None:
        return ""
    holder = f"customer {of_card['id']}"
    if of_key and of_key[0]["id"] != of_card["id"]:
        return f"{holder} has this card: take it away there first"
    if not of_key and row.get(KEY) and of_card[KEY]:
        return f"{holder} has this card, and another externalId: is this another person?"
    return ""
