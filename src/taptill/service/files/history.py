"""The history of customers since an import: whether its changes can still be undone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from taptill.domain.mark import read_marks
from taptill.domain.technical.exact_json import Json, read_json
from taptill.service import schema
from taptill.service.changes import MONEY, ChangeType
from taptill.service.fields import Entity, FieldKind, json_value
from taptill.service.files.columns import COLUMNS
from taptill.service.files.imports import IMPORT_ACTOR

UNDO_ACTOR = f"{IMPORT_ACTOR} undone"
"""The actor of an undo in the ledger and in the audit log."""

_CUSTOMER = schema.customers.c
_CHANGE = schema.customer_changes.c
_DEBT_CHANGE = schema.debt_changes.c


@dataclass(frozen=True, slots=True)
class SkippedCustomer:
    """A customer that an undo leaves unchanged, wholly or in part, and the reason."""

    id: int
    name: str
    why: str
    for_good: bool = False
    """Whether no later undo can change that."""


@dataclass(slots=True)
class CustomerHistory:
    """A customer's present state, and all changes of it with their actors."""

    row: Any
    """All columns."""
    values: dict[str, Json]
    """The fields that an import writes, without money; a relation as `{"id": ...}`."""
    changes: list[Any] = field(default_factory=list)
    """The oldest first."""
    opening_minor: int = 0
    """The total debt with which the customer was created."""
    bookings: int = 0
    """How many ledger entries were not made by imports or undos."""

    def as_skipped(self, why: str, *, for_good: bool = False) -> SkippedCustomer:
        """Return the customer as skipped, for this reason."""
        return SkippedCustomer(int(self.row.id), self.row.name, why, for_good)

    def fields_put_back(self, import_id: int) -> set[str]:
        """Return the fields that undos of this import reverted; REMOVE if the customer."""
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
        """Return a text that says whether a later import or somebody else changed fields last."""
        sorted_names = sorted(names)
        matching_changes = (
            change
            for change in reversed(self.changes)
            if _json(change.after).keys() & set(sorted_names)
        )
        latest = next(matching_changes, None)
        fields = ", ".join(sorted_names)
        if latest is not None and latest.import_id and latest.who == IMPORT_ACTOR:
            return f"changed by import {latest.import_id} ({fields}): undo that first"
        return f"changed since: {fields}"


def load_histories(
    connection: sa.Connection, customers: Entity, ids: Sequence[int]
) -> dict[int, CustomerHistory]:
    """Return the histories of customers by their ids, removed customers included."""
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
    """Return why an undo does not remove a customer that the import made; None where it does."""
    if history.row.removed_at is not None:
        return history.as_skipped(
            "erased since" if history.row.erased_at else "removed since", for_good=True
        )
    if ChangeType.REMOVE in history.fields_put_back(import_id):
        return history.as_skipped("removed by an undo and brought back", for_good=True)
    if history.bookings or read_marks(history.row.debt_data).table:
        return history.as_skipped("has purchases or payments", for_good=True)
    names = [name for name, value in _original_values(history) if history.values[name] != value]
    if names:
        return history.as_skipped(history.last_change(names))
    if history.row.total_debt_minor != history.opening_minor:
        return history.as_skipped(history.last_change([MONEY]))
    return None


def before_and_after(change: Any) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the fields of a change with their old and new values; empty where they were erased."""
    return _json(change.before), _json(change.after)


def _original_values(history: CustomerHistory) -> Iterator[tuple[str, Json]]:
    """Yield the fields that changed since a customer was created, with their original values."""
    seen_names = {MONEY}
    for change in history.changes:
        for name, old_value in _json(change.before).items():
            if name not in seen_names and name in history.values:
                seen_names.add(name)
                yield name, old_value


def _json(text: str | None) -> dict[str, Json]:
    return read_json(text) if text else {}


def _money_of(ids: Sequence[int]) -> sa.Select[Any]:
    """Select the opening debt of customers, and the number of entries that no import made.

    Timestamps are unique: the entry with the row's creation time is the opening one.
    """
    is_opening = _DEBT_CHANGE.at == _CUSTOMER.created_at
    opening = sa.case((is_opening, _DEBT_CHANGE.to_minor - _DEBT_CHANGE.from_minor), else_=0)
    foreign = sa.case((is_opening | _DEBT_CHANGE.who.in_((IMPORT_ACTOR, UNDO_ACTOR)), 0), else_=1)
    tables = schema.debt_changes.join(schema.customers)
    sums = (_DEBT_CHANGE.customer_id, sa.func.sum(opening), sa.func.sum(foreign))
    query = sa.select(*sums).select_from(tables).where(_DEBT_CHANGE.customer_id.in_(ids))
    return query.group_by(_DEBT_CHANGE.customer_id)
