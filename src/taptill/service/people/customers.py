"""Changes of customers: insert new ones, and update one under conditions.

See `changes` for what a change is, and when it may refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from taptill.domain.mark import KEY, epoch_of, read_marks, with_mark
from taptill.domain.money import MINOR_MAX
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import (
    MONEY,
    Author,
    Change,
    ChangeType,
    FieldChange,
    Transaction,
    optional_conditions,
    read_new_rows,
    read_reason,
    read_staff,
    returning_shape,
)
from taptill.service.conditions import (
    TEMPLATE_CACHE_SIZE,
    ConditionTemplate,
    pins_row_version,
)
from taptill.service.database import is_sqlite
from taptill.service.fields import (
    CUSTOMERS,
    DEBT_CHANGES,
    INTEGER_MAX,
    Entity,
    Field,
    FieldKind,
    column_value,
    column_values,
    json_value,
)
from taptill.service.people.uniqueness import check_rows
from taptill.service.prepared.connections import run
from taptill.service.selection import Shape, all_fields, select_ids
from taptill.service.wire import ApiError, bad_request, require_integer, require_object, write

INCREMENT = "increment"

_CUSTOMER = schema.customers.c
_BY_ID = _CUSTOMER.id == sa.bindparam("row_id")
_CURRENT_ROW = (
    select_ids(CUSTOMERS)
    .where(_BY_ID)
    .with_only_columns(
        _CUSTOMER.total_debt_minor,
        sa.select(sa.func.max(schema.customers.alias().c.updated_at)).scalar_subquery(),
    )
)
_TOTAL = _CUSTOMER.total_debt_minor.name
_TILL_COLUMNS = frozenset({_TOTAL, _CUSTOMER.debt_data.name})
"""The columns that tills write; ledger and marks record these changes, the audit log does not."""
_NEXT_VERSION = _CUSTOMER.version + 1
_ENTRY_TEXTS = ("who", "staff", "reason")


def insert_customers(entity: Entity, body: Json, actor: str) -> Change:
    """Return the change that inserts customers, all or none, and answers in the body's shape."""
    require_object(body, "", "fields", "returning", "staff")
    answer, author = returning_shape(entity, body), Author(actor, read_staff(body))
    rows, sources = read_new_rows(entity, body), body["fields"]

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        check_rows(connection, {f"fields[{index}]": row for index, row in enumerate(rows)})
        for row, source in zip(rows, sources, strict=True):
            at = transaction.stamp()
            row.update({"created_at": at, "updated_at": at, "version": 1, "removed_at": None})
            row.update(_enrolment(source.get("debtData"), at, row[_TOTAL]))
        statement = sa.insert(schema.customers).returning(
            _CUSTOMER.id, sort_by_parameter_order=True
        )
        ids = list(connection.execute(statement, rows).scalars())
        for customer_id, row in zip(ids, rows, strict=True):
            transaction.record_debt_change(customer_id, 0, row, author)
            transaction.record_change(customer_id, row["updated_at"], ChangeType.INSERT, author)
        has_new_id = answer.query.where(_CUSTOMER.id.in_(ids)).order_by(_CUSTOMER.id)
        return answer.rows(connection.execute(has_new_id))

    return change


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """An update as it was read from a request."""

    row_id: int
    values: Mapping[str, Any]
    increment: int | None
    template: ConditionTemplate | None
    parameters: Mapping[str, Any]
    """The id, and the values of the conditions."""
    answer: Shape
    refusal: Shape
    """The shape of the present row where it does not meet the conditions."""
    author: Author
    reason: str | None
    audited_fields: Sequence[Field]
    is_unconditional: bool

    @property
    def is_settlement(self) -> bool:
        """Whether it writes money and mark and nothing else, as tills do when they settle."""
        return (
            self.values.keys() == _TILL_COLUMNS
            and self.answer.projection.is_flat
            and not (self.is_unconditional or self.author.request)
        )


def update_customer(
    entity: Entity, row_id: Json, body: Json, actor: str, *, strict_money: bool
) -> Change:
    """Return the change that updates one customer under conditions; `[]` for an unknown id.

    The change raises ApiError: 409 with the present row where the row does not meet them, 428
    where `totalDebt` would be overwritten without a condition on what was read.
    """
    update = _read_update(entity, row_id, body, actor, strict_money=strict_money)
    is_settlement = update.is_settlement

    def change(transaction: Transaction) -> list[Json]:
        if is_settlement and not is_sqlite(transaction.connection.engine):
            return _settle(update, transaction)
        return _apply(update, transaction)

    return change


def _read_update(
    entity: Entity, row_id: Json, body: Json, actor: str, *, strict_money: bool
) -> _Update:
    number = require_integer(row_id, "id", minimum=0, maximum=INTEGER_MAX)
    require_object(body, "", "fields", "conditions", "returning", "reason", "staff", "request")
    answer, conditions = returning_shape(entity, body), optional_conditions(entity, body)
    values, increment = _new_values(entity, body.get("fields"))
    reason, author = read_reason(body), Author(actor, read_staff(body), _read_request_id(body))
    audited = values.keys() - _TILL_COLUMNS
    is_pinned = _TOTAL not in values or pins_row_version(body.get("conditions"))
    return _Update(
        row_id=number,
        values=values,
        increment=increment,
        template=conditions.template if conditions else None,
        parameters={"row_id": number, **(conditions.values if conditions else {})},
        answer=answer,
        refusal=answer if "returning" in body else all_fields(entity),
        author=author,
        reason=reason,
        audited_fields=[
            field for field in entity.fields.values() if audited and field.column.name in audited
        ],
        is_unconditional=strict_money and not is_pinned,
    )


def _apply(update: _Update, transaction: Transaction) -> list[Json]:
    connection, row_id, values = transaction.connection, update.row_id, update.values
    rows = run(connection, _current_row(update.template), update.parameters)
    if not rows:
        return []
    old_total, newest, is_met = rows[0]
    transaction.refuse_repeated_request(update.author.request)
    if update.is_unconditional:
        raise _condition_required()
    if not is_met:
        raise _condition_not_met(update, connection)
    new_total = (
        values.get(_TOTAL, old_total)
        if update.increment is None
        else _incremented(old_total, update.increment)
    )
    check_rows(connection, {"fields": values}, except_id=row_id)
    at = transaction.stamp(newest)
    new_values = {**values, _TOTAL: new_total, "updated_at": at}
    transaction.record_debt_change(row_id, old_total, new_values, update.author, update.reason)
    if update.audited_fields:
        before_and_after = _before_and_after(connection, row_id, update.audited_fields, values)
        transaction.record_change(row_id, at, ChangeType.UPDATE, update.author, before_and_after)
    return _write_row(connection, update.answer, row_id, new_values)


def _settle(update: _Update, transaction: Transaction) -> list[Json]:
    """Update money and mark of a row that meets the conditions, and book it, in one statement.

    It spares PostgreSQL two requests. SQLite knows no such statement, and its answers cost little.
    """
    transaction.flush()  # the ledger keeps the order of the changes
    entry = {"who": update.author.actor, "staff": update.author.staff, "reason": update.reason}
    values = {**update.parameters, **update.values, **entry, "at": transaction.stamp()}
    rows = run(transaction.connection, _settlement(update.answer, update.template), values)
    if rows and not rows[0][0]:
        raise _condition_not_met(update, transaction.connection)
    return update.answer.rows([row[1:] for row in rows])


@lru_cache(TEMPLATE_CACHE_SIZE)
def _current_row(template: ConditionTemplate | None) -> sa.Select[Any]:
    """Select a row's total debt, the latest timestamp of all rows, and whether the row matches."""
    return _CURRENT_ROW.add_columns(sa.true() if template is None else template.sql)


@lru_cache(TEMPLATE_CACHE_SIZE)
def _settlement(answer: Shape, template: ConditionTemplate | None) -> sa.Select[Any]:
    """Select whether a row meets the conditions, and the answer's columns of the row as updated."""
    is_met = sa.true() if template is None else template.sql
    present = (
        _CURRENT_ROW.with_only_columns(
            _CUSTOMER.id, _CUSTOMER.total_debt_minor.label("total"), is_met.label("is_met")
        )
    ).cte("present")
    total, debt_data = (
        sa.bindparam(column.name, type_=column.type)
        for column in (_CUSTOMER.total_debt_minor, _CUSTOMER.debt_data)
    )
    at = sa.bindparam("at", type_=_CUSTOMER.updated_at.type)
    changed = (
        sa.update(schema.customers)
        .where(_CUSTOMER.id == present.c.id, present.c.is_met)
        .values({_TOTAL: total, "debt_data": debt_data, "updated_at": at, "version": _NEXT_VERSION})
        .returning(*answer.projection.columns())
        .cte("changed")
    )
    ledger = schema.debt_changes.c
    texts = {name: sa.bindparam(name, type_=ledger[name].type) for name in _ENTRY_TEXTS}
    entry = sa.select(present.c.id, at, present.c.total, total, *texts.values()).where(
        present.c.is_met, present.c.total != total
    )
    columns = ["customer_id", "at", "from_minor", "to_minor", *texts]
    booked = sa.insert(schema.debt_changes).from_select(columns, entry).cte("booked")
    rows = sa.select(present.c.is_met, *changed.c).select_from(
        present.outerjoin(changed, sa.true())
    )
    return rows.add_cte(booked)


def _write_row(
    connection: sa.Connection, answer: Shape, customer_id: int, values: Mapping[str, Any]
) -> list[Json]:
    """Update a row's columns and return the row in a shape."""
    parameters, row_key = (
        {f"new_{name}": value for name, value in values.items()},
        {"row_id": customer_id},
    )
    rows = run(connection, _update_statement(answer, tuple(values)), {**parameters, **row_key})
    if answer.projection.is_flat:
        return answer.rows(rows)
    return answer.rows(connection.execute(answer.query.where(_BY_ID), row_key))


@lru_cache(TEMPLATE_CACHE_SIZE)
def _update_statement(answer: Shape, names: tuple[str, ...]) -> sa.Update:
    """Return the update of a row; it returns the row where its shape needs no other table."""
    parameters = {name: sa.bindparam(f"new_{name}", type_=_CUSTOMER[name].type) for name in names}
    statement = (
        sa.update(schema.customers).where(_BY_ID).values({**parameters, "version": _NEXT_VERSION})
    )
    return (
        statement.returning(*answer.projection.columns())
        if answer.projection.is_flat
        else statement
    )


def _new_values(entity: Entity, fields: Json) -> tuple[dict[str, Any], int | None]:
    """Return the column values to write, and the increment of `totalDebt` in minor units."""
    total_debt = fields.get(MONEY) if isinstance(fields, dict) else None
    if not isinstance(total_debt, dict):
        return column_values(entity, fields, "fields"), None
    path = f"fields.{MONEY}"
    amount = require_object(total_debt, path, INCREMENT).get(INCREMENT)
    increment = column_value(entity.fields[MONEY], amount, f"{path}.{INCREMENT}")
    other_fields = {name: value for name, value in fields.items() if name != MONEY}
    return column_values(entity, other_fields, "fields") if other_fields else {}, increment


def _incremented(before: int, by: int) -> int:
    if abs(before + by) > MINOR_MAX:
        message = "the total would be larger than a till believes"
        raise bad_request("range", message, f"fields.{MONEY}.{INCREMENT}")
    return before + by


def _before_and_after(
    connection: sa.Connection, customer_id: int, fields: Sequence[Field], values: Mapping[str, Any]
) -> FieldChange:
    """Return the old and the new values of the fields that an update writes."""
    columns = [field.column for field in fields]
    old = connection.execute(sa.select(*columns).where(_BY_ID), {"row_id": customer_id}).one()
    return _to_json(fields, old), _to_json(fields, [values[field.name] for field in columns])


def _to_json(fields: Sequence[Field], values: Sequence[Any]) -> dict[str, Json]:
    """Return column values by JSON name, a relation as `{"id": ...}`; inverts `column_values`."""
    row: dict[str, Json] = {}
    for entity_field, value in zip(fields, values, strict=True):
        is_relation = entity_field.kind is FieldKind.RELATION and value is not None
        row[entity_field.name] = {"id": value} if is_relation else json_value(entity_field, value)
    return row


def _read_request_id(body: Json) -> str | None:
    """Return the id that the sender chose for a change of money, if any."""
    if body.get("request") is None:
        return None
    request_id = str(column_value(DEBT_CHANGES.fields["request"], body["request"], "request"))
    if not request_id:
        raise bad_request("type", "this cannot be left blank", "request")
    return request_id


def _enrolment(debt_data: Json, at: str, total_minor: int) -> dict[str, str]:
    """Return the debtData column with the epoch added; empty where debtData has no place for it."""
    if not (debt_data is None or isinstance(debt_data, dict)) or KEY in (debt_data or {}):
        return {}
    return {
        "debt_data": write(with_mark(read_marks(debt_data), epoch_of(at, Decimal(total_minor))))
    }


def _condition_not_met(update: _Update, connection: sa.Connection) -> ApiError:
    """Return the error of an update whose conditions are not met, with the present row."""
    query = update.refusal.query.where(_BY_ID)
    (row,) = update.refusal.rows(connection.execute(query, {"row_id": update.row_id}))
    message = "the row does not meet the conditions; nothing was changed"
    return ApiError(409, "condition-not-met", message, "conditions", row=row)


def _condition_required() -> ApiError:
    message = (
        "totalDebt is not overwritten blindly: send conditions with the version as read, "
        "or with updatedAt and totalDebt as read"
    )
    return ApiError(428, "condition-required", message, "fields.totalDebt")
