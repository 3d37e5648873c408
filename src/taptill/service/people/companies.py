"""Requests about companies in, changes out: made with an id of one's own, renamed, removed."""

from typing import Any

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import (
    Act,
    Author,
    Change,
    Transaction,
    chosen_by,
    new_rows,
    returning,
    staff_of,
)
from taptill.service.database import is_sqlite
from taptill.service.fields import COMPANIES, INTEGER_MAX, written
from taptill.service.wire import Refusal, a_number, an_object

ID_MAX = 10**12
"""No larger id can be named in a till's config."""

_ROW = schema.companies.c


def company_insertion(body: Json, who: str) -> Change:
    """Insert companies, all or none, with ids of their own where they are given.

    Raises Refusal: 409 where an id is taken.
    """
    an_object(body, "", "fields", "returning", "staff")
    author = Author(who, staff_of(body))
    answer, rows = returning(COMPANIES, body), new_rows(COMPANIES, body)
    for index, row in enumerate(rows):
        if "id" in row:
            a_number(row["id"], f"fields[{index}].id", least=1, most=ID_MAX)

    def change(transaction: Transaction) -> list[Json]:
        these = _ROW.id.in_(_make(transaction, rows))
        connection = transaction.connection
        for number, kept in _kept(connection, these).items():
            transaction.note_company(number, Act.INSERT, author, ({}, kept))
        return answer.rows(connection.execute(answer.query.where(these).order_by(_ROW.id)))

    return change


def _make(transaction: Transaction, rows: list[dict[str, Any]]) -> list[int]:
    connection, ids = transaction.connection, [row.get("id") for row in rows]
    chosen = [row for row in rows if row.get("id") is not None]
    if chosen:
        named = [row["id"] for row in chosen]
        held = set(connection.execute(sa.select(_ROW.id).where(_ROW.id.in_(named))).scalars())
        if held or len(set(named)) < len(named):
            raise Refusal(409, "id-taken", "another company has this id", "fields")
        connection.execute(sa.insert(schema.companies), chosen)
        if not is_sqlite(connection.engine):
            # Else the next one that is made without an id would get this one again.
            last = (
                "SELECT setval(pg_get_serial_sequence('companies', 'id'), max(id)) FROM companies"
            )
            connection.exec_driver_sql(last)
    others = [row for row in rows if row.get("id") is None]
    made = sa.insert(schema.companies).returning(_ROW.id, sort_by_parameter_order=True)
    new = iter(connection.execute(made, others).scalars().all() if others else ())
    return [next(new) if number is None else number for number in ids]


def _kept(connection: sa.Connection, these: sa.ColumnElement[bool]) -> dict[int, dict[str, Json]]:
    """Give what is kept of some companies, by their ids."""
    query = sa.select(_ROW.id, _ROW.name, _ROW.external_id).where(these).order_by(_ROW.id)
    found = connection.execute(query)
    return {number: {"name": name, "externalId": key} for number, name, key in found}


def company_alteration(row_id: Json, body: Json, who: str) -> Change:
    """Rename a company, or give it another externalId; `[]` for an id that there is not."""
    a_number(row_id, "id", least=0, most=INTEGER_MAX)
    an_object(body, "", "fields", "returning", "staff")
    author = Author(who, staff_of(body))
    answer, values = returning(COMPANIES, body), written(COMPANIES, body.get("fields"), "fields")

    def change(transaction: Transaction) -> list[Json]:
        connection, this = transaction.connection, _ROW.id == row_id
        before = _kept(connection, this)
        connection.execute(sa.update(schema.companies).where(this).values(values))
        for number, after in _kept(connection, this).items():
            transaction.note_company(number, Act.UPDATE, author, (before[number], after))
        return answer.rows(connection.execute(answer.query.where(this)))

    return change


def company_removal(body: Json, who: str) -> Change:
    """Remove companies that nobody belongs to any more, and answer them.

    Raises Refusal: 409 where somebody does. Removed customers lose their company with it.
    """
    an_object(body, "", "conditions", "returning", "staff")
    author = Author(who, staff_of(body))
    answer, wanted = returning(COMPANIES, body), chosen_by(COMPANIES, body)

    def change(transaction: Transaction) -> list[Json]:
        connection, kept = transaction.connection, schema.customers
        found = answer.query.with_only_columns(_ROW.id).where(wanted.template.sql)
        ids = list(connection.execute(found, wanted.values).scalars())
        theirs = kept.c.company_id.in_(ids)
        live = sa.select(sa.func.count()).where(theirs, kept.c.removed_at.is_(None))
        count = connection.execute(live).scalar_one()
        if count:
            members = "1 customer belongs" if count == 1 else f"{count} customers belong"
            words = f"{members} to it: give them another company first"
            raise Refusal(409, "not-empty", words, "conditions", more={"count": count})
        these = _ROW.id.in_(ids)
        rows = answer.rows(connection.execute(answer.query.where(these).order_by(_ROW.id)))
        for number, before in _kept(connection, these).items():
            transaction.note_company(number, Act.REMOVE, author, (before, {}))
        connection.execute(sa.update(kept).where(theirs).values(company_id=None))
        connection.execute(sa.delete(schema.companies).where(these))
        return rows

    return change
