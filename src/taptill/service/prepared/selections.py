"""Queries in, JSON text out: each is checked and compiled once, and bound anew for each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service.changes import optional_conditions
from taptill.service.conditions import refuse_too_many_values
from taptill.service.database import is_sqlite, read_connection
from taptill.service.fields import INTEGER_MAX, Entity
from taptill.service.prepared.connections import DriverConnections, LoopReader
from taptill.service.prepared.statements import prepare
from taptill.service.selection import (
    PreparedPage,
    all_fields,
    is_by_key,
    page_key,
    page_statement,
    read_order,
    read_shape,
    select_ids,
)
from taptill.service.wire import member_or, require_integer, require_object

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
ROWS_AT_ONCE_MAX = 2
"""How many rows a selection may have that is answered on the event loop."""
PAGE_CACHE_SIZE = 128
"""How many selections are kept prepared: clients send the same ones with other values."""


@dataclass(frozen=True, slots=True)
class BoundPage:
    """A selection and the values with which it is run."""

    page: PreparedPage
    parameters: Mapping[str, Any]


class Selections:
    """The selections of one database; safe to use from several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._pages: dict[tuple[Entity, str], PreparedPage] = {}
        self._pages_lock = Lock()
        self._readers = DriverConnections(engine)
        self._loop_reader = LoopReader(engine) if is_sqlite(engine) else None

    def bind(self, entity: Entity, body: Json) -> BoundPage:
        """Return a query with its values; raise ApiError (400) where it is invalid."""
        require_object(
            body, "", "fields", "conditions", "orderBy", "limit", "offset", "count", "removed"
        )
        shape = read_shape(entity, body["fields"], "fields") if "fields" in body else None
        parameters = _page_bounds(body)
        conditions = optional_conditions(entity, body)
        orders = read_order(entity, member_or(body, "orderBy", []))
        shape = shape or all_fields(entity)
        template = conditions.template if conditions else None
        query = page_statement(shape, template, orders)
        by_key = is_by_key(entity, body.get("conditions"))
        page = PreparedPage(
            shape, template, query=query, prepared=prepare(self._engine, query), is_by_key=by_key
        )
        self._keep_page((entity, page_key(body, [])), page)
        return BoundPage(page, {**parameters, **(conditions.values if conditions else {})})

    def bind_known(self, entity: Entity, body: Json) -> BoundPage | None:
        """Return a query as `bind` does if one with other values was seen; else None."""
        values: list[Json] = []
        page = self._pages.get((entity, page_key(body, values))) if isinstance(body, dict) else None
        if page is None:
            return None
        parameters = _page_bounds(body)
        if page.template is not None:
            if any(isinstance(value, list | dict) for value in values):
                refuse_too_many_values(body["conditions"])
            parameters.update(page.template.bind(values))
        return BoundPage(page, parameters)

    def text(self, bound: BoundPage) -> str:
        """Return the matching rows as JSON."""
        page = bound.page
        if page.prepared is not None:
            rows = self._readers.rows(page.prepared, bound.parameters)
            return page.shape.row_format.list_text(rows)
        with read_connection(self._engine) as connection:
            result = connection.execute(page.query, bound.parameters)
            return page.shape.row_format.list_text(result)

    def at_once(self, bound: BoundPage) -> str | None:
        """Return the rows of a query that blocks nobody; None where a thread is to select them."""
        page = bound.page
        if not (page.is_by_key and bound.parameters["limit"] <= ROWS_AT_ONCE_MAX):
            return None
        if self._loop_reader is None or page.prepared is None:
            return None
        rows = self._loop_reader.rows(page.prepared, bound.parameters)
        return None if rows is None else page.shape.row_format.list_text(rows)

    def _keep_page(self, key: tuple[Entity, str], page: PreparedPage) -> None:
        with self._pages_lock:
            while len(self._pages) >= PAGE_CACHE_SIZE:
                del self._pages[next(iter(self._pages))]
            self._pages[key] = page

    def count(self, entity: Entity, body: Json) -> int:
        """Return the number of all rows that meet a query's conditions, whatever its limit."""
        conditions = optional_conditions(entity, body)
        matching = (
            select_ids(entity)
            if conditions is None
            else select_ids(entity).where(conditions.template.sql)
        )
        query = sa.select(sa.func.count()).select_from(matching.subquery())
        with read_connection(self._engine) as connection:
            return int(
                connection.execute(query, conditions.values if conditions else {}).scalar_one()
            )


def _page_bounds(body: Mapping[str, Json]) -> dict[str, Any]:
    limit = require_integer(
        member_or(body, "limit", LIMIT_DEFAULT), "limit", minimum=1, maximum=LIMIT_MAX
    )
    offset = require_integer(member_or(body, "offset", 0), "offset", minimum=0, maximum=INTEGER_MAX)
    return {"limit": limit, "offset": offset}
