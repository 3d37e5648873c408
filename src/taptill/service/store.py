"""A verb's body in, the answer's rows out: what each verb of the API does in one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from taptill.domain.customer import stamp
from taptill.domain.mark import KEY, epoch_of, read_marks, with_mark
from taptill.service import schema
from taptill.service.conditions import condition
from taptill.service.fields import CUSTOMERS, INTEGER_MAX, Entity, stamp_text, written
from taptill.service.grammar import Projection, every_field, order, projection
from taptill.service.wire import Json, Refusal, a_list, a_number, an_object, bad, write

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
INSERT_MAX = 1000

_ROW = schema.customers.c


def utc_now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


class Store:
    """The four verbs over one database; safe to use from several threads.

    `strict_money` refuses an update of `totalDebt` that says nothing about the row it changes.
    """

    def __init__(
        self, engine: sa.Engine, *, now: Callable[[], datetime] = utc_now, strict_money: bool = True
    ) -> None:
        self.engine = engine
        self._now = now
        self._strict_money = strict_money
        self._one_writer = Lock()  # SQLite's own waiting sleeps in steps; a lock hands over at once

    def select(self, entity: Entity, body: Json) -> list[Json]:
        """Answer rows that are not removed, in the shape that `fields` asks for."""
        an_object(body, "", "fields", "conditions", "orderBy", "limit", "offset")
        shape = projection(entity, body["fields"], "fields") if "fields" in body else None
        limit = a_number(body.get("limit", LIMIT_DEFAULT), "limit", least=1, most=LIMIT_MAX)
        offset = a_number(body.get("offset", 0), "offset", least=0, most=INTEGER_MAX)
        wanted = _conditions(entity, body)
        orders = order(entity, body.get("orderBy", []))
        query = _rows_of(entity, *wanted).order_by(*orders).limit(limit).offset(offset)
        with self.engine.begin() as connection:
            return _shaped(connection, query, shape or every_field(entity))

    def insert(self, entity: Entity, body: Json) -> list[Json]:
        """Insert all rows or none and answer them in the shape of `returning`."""
        an_object(body, "", "fields", "returning")
        shape = _returning(entity, body)
        rows = a_list(body.get("fields"), "fields", longest=INSERT_MAX)
        if not rows:
            raise bad("required", "at least one row is expected", "fields")
        with self._writing() as connection:
            ids = [
                self._insert_one(connection, entity, row, f"fields[{index}]")
                for index, row in enumerate(rows)
            ]
            key = entity.table.c.id
            return _shaped(connection, _rows_of(entity, key.in_(ids)).order_by(key), shape)

    def update(self, row_id: int, body: Json) -> list[Json]:
        """Change one customer where its conditions hold; `[]` for an id that there is not.

        Raises Refusal: 409 with the present row where the conditions do not hold, 428 where
        `totalDebt` would be overwritten blindly.
        """
        an_object(body, "", "fields", "conditions", "returning")
        shape = _returning(CUSTOMERS, body)
        wanted = _conditions(CUSTOMERS, body)
        values = written(CUSTOMERS, body.get("fields"), "fields")
        this = _rows_of(CUSTOMERS, _ROW.id == row_id)
        with self._writing() as connection:
            if not _shaped(connection, this, shape):
                return []
            if self._strict_money and not wanted and _ROW.total_debt_minor.name in values:
                raise _blind()
            if not _shaped(connection, this.where(*wanted), shape):
                shown = shape if "returning" in body else every_field(CUSTOMERS)
                raise _not_met(*_shaped(connection, this, shown))
            self._update_one(connection, row_id, values)
            return _shaped(connection, this, shape)

    def remove(self, body: Json) -> list[Json]:
        """Mark the customers that meet the conditions as removed and answer their ids."""
        an_object(body, "", "conditions", "returning")
        shape = _returning(CUSTOMERS, body)
        wanted = _conditions(CUSTOMERS, body)
        if not wanted:
            raise bad("required", "a removal needs conditions with a filter", "conditions")
        doomed = _rows_of(CUSTOMERS, *wanted).order_by(_ROW.id)
        with self._writing() as connection:
            rows = _shaped(connection, doomed, shape)
            at = self._next_stamp(connection)
            changes = {"removed_at": at, "updated_at": at, "version": _ROW.version + 1}
            where = _ROW.id.in_(doomed.with_only_columns(_ROW.id))
            connection.execute(sa.update(schema.customers).where(where).values(changes))
            return rows

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._one_writer, schema.writing(self.engine) as connection:
            yield connection

    def _insert_one(self, connection: sa.Connection, entity: Entity, row: Json, path: str) -> int:
        values = written(entity, row, path)
        for name, field in entity.fields.items():
            needed = field.writable and not field.column.nullable and not field.column.default
            if needed and name not in row:
                raise bad("required", "a new row needs this field", f"{path}.{name}")
        if entity is CUSTOMERS:
            _check_company(connection, values, path)
            at = self._next_stamp(connection)
            values |= {"created_at": at, "updated_at": at, "version": 1}
            values |= _enrolled(row.get("debtData"), at, values.get("total_debt_minor", 0))
        try:
            key = connection.execute(sa.insert(entity.table).values(values)).inserted_primary_key
        except IntegrityError as fault:
            raise _card_taken(path) from fault
        return int(key[0]) if key else 0

    def _update_one(self, connection: sa.Connection, row_id: int, values: dict[str, Any]) -> None:
        _check_company(connection, values, "fields")
        values |= {"updated_at": self._next_stamp(connection), "version": _ROW.version + 1}
        this = sa.update(schema.customers).where(_ROW.id == row_id)
        try:
            connection.execute(this.values(values))
        except IntegrityError as fault:
            raise _card_taken("fields") from fault

    def _next_stamp(self, connection: sa.Connection) -> str:
        # Later than every stamp in the table, not only the row's: a client that asks for what
        # is newer than the newest it knows must see a row written after the clock went back.
        now = stamp_text(self._now())
        newest = connection.execute(sa.select(sa.func.max(_ROW.updated_at))).scalar()
        known = stamp(newest) if newest and newest >= now else None
        return stamp_text(known + timedelta(microseconds=1)) if known else now


def _returning(entity: Entity, body: Json) -> Projection:
    return projection(entity, body.get("returning", {"id": True}), "returning")


def _conditions(entity: Entity, body: Json) -> list[sa.ColumnElement[bool]]:
    wanted = condition(entity, body["conditions"]) if "conditions" in body else None
    return [] if wanted is None else [wanted]


def _rows_of(entity: Entity, *wanted: sa.ColumnElement[bool]) -> sa.Select[Any]:
    removed = entity.table.c.get("removed_at")
    live = [] if removed is None else [removed.is_(None)]
    return sa.select(entity.table.c.id).select_from(entity.source).where(*live, *wanted)


def _shaped(connection: sa.Connection, query: sa.Select[Any], shape: Projection) -> list[Json]:
    rows = connection.execute(query.with_only_columns(*shape.columns()))
    return [shape.shape(iter(row)) for row in rows]


def _enrolled(given: Json, at: str, total_minor: int) -> dict[str, str]:
    """Give debtData with the epoch beside what was given; nothing where there is no place."""
    if not (given is None or isinstance(given, dict)) or KEY in (given or {}):
        return {}
    return {"debt_data": write(with_mark(read_marks(given), epoch_of(at, Decimal(total_minor))))}


def _check_company(connection: sa.Connection, values: dict[str, Any], path: str) -> None:
    company = values.get("company_id")
    known = sa.select(schema.companies.c.id).where(schema.companies.c.id == company)
    if company is not None and connection.execute(known).first() is None:
        raise bad("unknown-company", "there is no company with this id", f"{path}.company.id")


def _card_taken(path: str) -> Refusal:
    return Refusal(409, "card-taken", "another customer has this cardId", f"{path}.cardId")


def _not_met(row: Json) -> Refusal:
    message = "the row does not meet the conditions; nothing was changed"
    return Refusal(409, "condition-not-met", message, "conditions", row=row)


def _blind() -> Refusal:
    message = (
        "totalDebt is not overwritten blindly: send conditions with the version as read, "
        "or with updatedAt and totalDebt as read"
    )
    return Refusal(428, "condition-required", message, "fields.totalDebt")
