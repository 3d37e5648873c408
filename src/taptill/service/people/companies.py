"""Changes of companies: create them, with chosen ids if need be, rename and remove them."""

from typing import Any

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import (
    Author,
    Change,
    ChangeType,
    Transaction,
    read_new_rows,
    read_staff,
    required_conditions,
    returning_shape,
)
from taptill.service.database import is_sqlite
from taptill.service.fields import COMPANIES, INTEGER_MAX, column_values
from taptill.service.wire import ApiError, require_integer, require_object

ID_MAX = 10**12
"""The largest id that a till's configuration accepts."""

_COMPANY = schema.companies.c


def insert_companies(body: Json, actor: str) -> Change:
    """Return the change that inserts companies, all or none, with the ids that the body gives.

    The change raises ApiError (409) where an id is taken.
    """
    require_object(body, "", "fields", "returning", "staff")
    author = Author(actor, read_staff(body))
    answer, rows = returning_shape(COMPANIES, body), read_new_rows(COMPANIES, body)
    for index, row in enumerate(rows):
        if "id" in row:
            require_integer(row["id"], f"fields[{index}].id", minimum=1, maximum=ID_MAX)

    def change(transaction: Transaction) -> list[Json]:
        has_new_id = _COMPANY.id.in_(_insert(transaction, rows))
        connection = transaction.connection
        for company_id, fields in _stored_fields(connection, has_new_id).items():
            transaction.record_company_change(company_id, ChangeType.INSERT, author, ({}, fields))
        return answer.rows(connection.execute(answer.query.where(has_new_id).order_by(_COMPANY.id)))

    return change


def _insert(transaction: Transaction, rows: list[dict[str, Any]]) -> list[int]:
    connection, ids = transaction.connection, [row.get("id") for row in rows]
    rows_with_id = [row for row in rows if row.get("id") is not None]
    if rows_with_id:
        chosen_ids = [row["id"] for row in rows_with_id]
        taken_ids = set(
            connection.execute(sa.select(_COMPANY.id).where(_COMPANY.id.in_(chosen_ids))).scalars()
        )
        if taken_ids or len(set(chosen_ids)) < len(chosen_ids):
            raise ApiError(409, "id-taken", "another company has this id", "fields")
        connection.execute(sa.insert(schema.companies), rows_with_id)
        if not is_sqlite(connection.engine):
            # Without this, the next company without an id would get one of these ids again.
            set_sequence = (
                "SELECT setval(pg_get_serial_sequence('companies', 'id'), max(id)) FROM companies"
            )
            connection.exec_driver_sql(set_sequence)
    rows_without_id = [row for row in rows if row.get("id") is None]
    statement = sa.insert(schema.companies).returning(_COMPANY.id, sort_by_parameter_order=True)
    new_ids = iter(
        connection.execute(statement, rows_without_id).scalars().all() if rows_without_id else ()
    )
    return [next(new_ids) if company_id is None else company_id for company_id in ids]


def _stored_fields(
    connection: sa.Connection, condition: sa.ColumnElement[bool]
) -> dict[int, dict[str, Json]]:
    """Return the stored fields of companies by their ids."""
    query = (
        sa.select(_COMPANY.id, _COMPANY.name, _COMPANY.external_id)
        .where(condition)
        .order_by(_COMPANY.id)
    )
    rows = connection.execute(query)
    return {number: {"name": name, "externalId": key} for number, name, key in rows}


def update_company(row_id: Json, body: Json, actor: str) -> Change:
    """Return the change that updates a company's name or externalId; `[]` for an unknown id."""
    require_integer(row_id, "id", minimum=0, maximum=INTEGER_MAX)
    require_object(body, "", "fields", "returning", "staff")
    author = Author(actor, read_staff(body))
    answer, values = (
        returning_shape(COMPANIES, body),
        column_values(COMPANIES, body.get("fields"), "fields"),
    )

    def change(transaction: Transaction) -> list[Json]:
        connection, by_id = transaction.connection, _COMPANY.id == row_id
        before = _stored_fields(connection, by_id)
        connection.execute(sa.update(schema.companies).where(by_id).values(values))
        for number, after in _stored_fields(connection, by_id).items():
            transaction.record_company_change(
                number, ChangeType.UPDATE, author, (before[number], after)
            )
        return answer.rows(connection.execute(answer.query.where(by_id)))

    return change


def remove_companies(body: Json, actor: str) -> Change:
    """Return the change that removes companies without members, and answers with them.

    The change raises ApiError (409) where a company has members. Removed customers lose theirs.
    """
    require_object(body, "", "conditions", "returning", "staff")
    author = Author(actor, read_staff(body))
    answer, conditions = returning_shape(COMPANIES, body), required_conditions(COMPANIES, body)

    def change(transaction: Transaction) -> list[Json]:
        connection, customers = transaction.connection, schema.customers
        ids_query = answer.query.with_only_columns(_COMPANY.id).where(conditions.template.sql)
        ids = list(connection.execute(ids_query, conditions.values).scalars())
        is_member = customers.c.company_id.in_(ids)
        member_count = sa.select(sa.func.count()).where(is_member, customers.c.removed_at.is_(None))
        count = connection.execute(member_count).scalar_one()
        if count:
            members = "1 customer belongs" if count == 1 else f"{count} customers belong"
            message = f"{members} to it: give them another company first"
            raise ApiError(409, "not-empty", message, "conditions", details={"count": count})
        has_id = _COMPANY.id.in_(ids)
        rows = answer.rows(connection.execute(answer.query.where(has_id).order_by(_COMPANY.id)))
        for company_id, before in _stored_fields(connection, has_id).items():
            transaction.record_company_change(company_id, ChangeType.REMOVE, author, (before, {}))
        connection.execute(sa.update(customers).where(is_member).values(company_id=None))
        connection.execute(sa.delete(schema.companies).where(has_id))
        return rows

    return change
