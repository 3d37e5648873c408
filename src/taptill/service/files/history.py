"""Customers of an import in, what has become of them since out: why one is no more to be undone."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from taptill.domain.mark import read_marks
from taptill.service import schema
from taptill.service.changes import MONEY, ChangeType
from taptill.service.fields import Entity, FieldKind, json_value
from taptill.service.files.columns import COLUMNS
from taptill.service.files.imports import IMPORT_ACTOR
from taptill.service.wire import Json

UNDO_ACTOR = f"{IMPORT_ACTOR} undone"
"""Who takes an import back, in the ledger and among who did what."""

_CUSTOMER = schema.customers.c
_CHANGE = schema.customer_changes.c
_DEBT_CHANGE = schema.debt_changes.c


@dataclass(frozen=True, slots=True)
class SkippedCustomer:
    """A customer whom an undo leaves as it is, or a part of whom, and why."""

    id: int
    name: str
    why: str
    for_good: bool = False
    """Whether a later undo could do no more."""


@dataclass(slots=True)
class CustomerHistory:
    """A customer as it is now, and what was done to it by whom."""

    row: Any
    """All columns."""
    values: dict[str, Json]
    """The fields that an import writes, but money; a relation by its id."""
    changes: list[Any] = field(default_factory=list)
    """The oldest first."""
    opening_minor: int = 0
    """What it had when it was made."""
    bookings: int = 0
    """How many were not by imports."""

    def skipped(self, why: str, *, for_good: bool = False) -> SkippedCustomer:
        """Say why it stays as it is."""
        return SkippedCustomer(int(self.row.id), self.row.name, why, for_good)

    def fields_put_back(self, import_id: int) -> set[str]:
        """Give the fields that an undo of this import has put back, and REMOVE if it removed it."""
        names: set[str] = set()
        for change in self.changes:
            if change.import_id == import_id and change.who == UNDO_ACTOR:
                names |= (
                    {ChangeType.REMOVE}
                    if change.act == ChangeType.REMOVE
                    else _json(change.after).keys()
                )
        return names

    def last_change(self, names: Iterable[str]) -> str:
        """Say by which later import or by whom else fields were changed last."""
        sorted_names = sorted(names)
        touching = (
            change
            for change in reversed(self.changes)
            if _json(change.after).keys() & set(sorted_names)
        )
        latest = next(touching, None)
        fields = ", ".join(sorted_names)
        if latest is not None and latest.import_id and latest.who == IMPORT_ACTOR:
            return f"changed by import {latest.import_id} ({fields}): undo that first"
        return f"changed since: {fields}"


def load_histories(
    connection: sa.Connection, customers: Entity, ids: Sequence[int]
) -> dict[int, CustomerHistory]:
    """Read customers by their ids, the removed ones too."""
    customer_fields = [
        customer_field
        for name, customer_field in customers.fields.items()
        if name in COLUMNS and name != MONEY
    ]
    histories: dict[int, CustomerHistory] = {}
    for row in connection.execute(sa.select(schema.customers).where(_CUSTOMER.id.in_(ids))):
        values: dict[str, Json] = {}
        for customer_field in customer_fields:
            value = row._mapping[customer_field.column.name]  # noqa: SLF001 - how SQLAlchemy names columns
            is_relation = customer_field.kind is FieldKind.RELATION and value is not None
            values[customer_field.name] = (
                {"id": value} if is_relation else json_value(customer_field, value)
            )
        histories[row.id] = CustomerHistory(row, values)
    changes = (
        sa.select(schema.customer_changes).where(_CHANGE.customer_id.in_(ids)).order_by(_CHANGE.id)
    )
    for change in connection.execute(changes):
        histories[change.customer_id].changes.append(change)
    for customer_id, opening, bookings in connection.execute(_money_of(ids)):
        histories[customer_id].opening_minor, histories[customer_id].bookings = (
            int(opening),
            int(bookings),
        )
    return histories


def reason_to_keep(history: CustomerHistory, import_id: int) -> SkippedCustomer | None:
    """Say why a customer whom an import made is not removed again; None where it is as made."""
    if history.row.removed_at is not None:
        return history.skipped(
            "erased since" if history.row.erased_at else "removed since", for_good=True
        )
    if ChangeType.REMOVE in history.fields_put_back(import_id):
        return history.skipped("removed by an undo and brought back", for_good=True)
    if history.bookings or read_marks(history.row.debt_data).table:
        return history.skipped("has purchases or payments", for_good=True)
    names = [name for name, value in _original_values(history) if history.values[name] != value]
    if names:
        return history.skipped(history.last_change(names))
    if history.row.total_debt_minor != history.opening_minor:
        return history.skipped(history.last_change([MONEY]))
    return None


def before_and_after(change: Any) -> tuple[dict[str, Json], dict[str, Json]]:
    """Give the fields that an act changed, as they were and as it made them; erased: nothing."""
    return _json(change.before), _json(change.after)


def _original_values(history: CustomerHistory) -> Iterator[tuple[str, Json]]:
    """Give the fields that were changed since a customer was made, as they were then."""
    seen_names = {MONEY}
    for change in history.changes:
        for name, old_value in _json(change.before).items():
            if name not in seen_names and name in history.values:
                seen_names.add(name)
                yield name, old_value


def _json(text: str | None) -> dict[str, Json]:
    return json.loads(text, parse_float=Decimal) if text else {}


def _money_of(ids: Sequence[int]) -> sa.Select[Any]:
    """Sum up the ledger: what a customer was made with, and entries that no import made.

    Stamps are unique: the entry that bears the row's own is the one that it was made with.
    """
    is_opening = _DEBT_CHANGE.at == _CUSTOMER.created_at
    opening = sa.case((is_opening, _DEBT_CHANGE.to_minor - _DEBT_CHANGE.from_minor), else_=0)
    foreign = sa.case((is_opening | _DEBT_CHANGE.who.in_((IMPORT_ACTOR, UNDO_ACTOR)), 0), else_=1)
    tables = schema.debt_changes.join(schema.customers)
    sums = (_DEBT_CHANGE.customer_id, sa.func.sum(opening), sa.func.sum(foreign))
    query = sa.select(*sums).select_from(tables).where(_DEBT_CHANGE.customer_id.in_(ids))
    return query.group_by(_DEBT_CHANGE.customer_id)
