"""Translates a request's `fields` and `orderBy` into the columns and order of a statement.

No text of a request becomes SQL: names are looked up, values are bound.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.conditions import ConditionTemplate, without_values
from taptill.service.fields import Entity, Field, FieldKind, json_value
from taptill.service.prepared.statements import Prepared
from taptill.service.row_format import RowFormat
from taptill.service.wire import bad_request, cache_key, child_path, require_list, require_object

ORDERS_MAX = 16
SHAPE_CACHE_SIZE = 128
"""How many shapes and orders are cached: the clients of a site use few."""


_BOUND_ANEW = ("limit", "offset")
_CUSTOMER_KEYS = frozenset({"id", "cardId", "externalId"})
"""The fields of customers by which the database finds a row without looking at others."""

Orders = tuple[sa.ColumnElement[Any], ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """What to select and how to build the answer's rows; one part per requested field."""

    parts: tuple[tuple[str, Field, "Projection | None"], ...]

    @property
    def is_flat(self) -> bool:
        """Whether all columns are of one table."""
        return all(tree is None for _, _, tree in self.parts)

    def columns(self) -> Iterator[sa.ColumnElement[Any]]:
        """Yield the columns to select, a relation's own column before those of its target."""
        for _, field, tree in self.parts:
            yield field.column
            if tree is not None:
                yield from tree.columns()

    def build_row(self, values: Iterator[Any]) -> dict[str, Json]:
        """Return one row of the answer, built from the values of `columns` in their order."""
        row: dict[str, Json] = {}
        for name, field, tree in self.parts:
            value = next(values)
            if tree is None:
                row[name] = json_value(field, value)
            else:
                relation = tree.build_row(values)
                row[name] = None if value is None else relation
        return row


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A projection, and the statement that selects all visible rows with it."""

    projection: Projection
    query: sa.Select[Any]
    row_format: RowFormat

    def rows(self, result: Iterable[Sequence[Any]]) -> list[Json]:
        """Return the answer's rows for the rows that the statement returned."""
        return [self.projection.build_row(iter(row)) for row in result]


def read_shape(entity: Entity, tree: Json, path: str) -> Shape:
    """Return the shape of a `fields` object; shapes are cached."""
    return _read_shape(entity, cache_key(tree), path)


@lru_cache(SHAPE_CACHE_SIZE)
def _read_shape(entity: Entity, tree: str, path: str) -> Shape:
    tree_projection = read_projection(entity, json.loads(tree), path)
    query = select_ids(entity).with_only_columns(*tree_projection.columns())
    return Shape(tree_projection, query, RowFormat(tree_projection))


def read_projection(entity: Entity, tree: Json, path: str) -> Projection:
    """Return the projection of a `fields` object; `true` for a relation means all its fields."""
    if not isinstance(tree, dict) or not tree:
        raise bad_request("type", "an object with at least one field is expected", path)
    parts: list[tuple[str, Field, Projection | None]] = []
    for name, subtree in tree.items():
        item_path = child_path(path, name)
        field = entity.field(name, item_path)
        if field.target is not None:
            parts.append((name, field, _read_relation(field.target, subtree, item_path)))
        elif subtree is True:
            parts.append((name, field, None))
        else:
            raise bad_request("type", "true is expected", item_path)
    return Projection(tuple(parts))


def all_fields(entity: Entity) -> Shape:
    """Return the shape of all fields, including those of relations."""
    return read_shape(entity, dict.fromkeys(entity.fields, True), "")


def select_ids(entity: Entity) -> sa.Select[Any]:
    """Select the ids of all visible rows; the tables of relations are joined."""
    return sa.select(entity.table.c.id).select_from(entity.from_clause).where(*entity.row_filter)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPage:
    """A selection whose structure was checked, with the statement that is run for any values."""

    shape: Shape
    template: ConditionTemplate | None
    query: sa.Select[Any]
    prepared: Prepared | None
    is_by_key: bool
    """Whether its conditions name one customer: by id, card or key."""


def page_key(body: Mapping[str, Json], values: list[Json]) -> str:
    """Return the structure of a selection as a cache key; appends the values of its conditions."""
    structure = {name: body[name] for name in body if name not in _BOUND_ANEW}
    if "conditions" in structure:
        structure["conditions"] = without_values(structure["conditions"], values)
    return repr(structure)  # three times as fast as JSON, and nobody reads it back


def is_by_key(entity: Entity, conditions: Json) -> bool:
    """Return whether valid conditions, joined by `and`, name a customer by id, card or key."""
    if entity.table is not schema.customers or not conditions:
        return False
    if conditions.get("operator", "and") != "and":
        return False
    filters = conditions["filters"]
    return all(item.get("comparator") == "=" for item in filters) and any(
        item["field"] in _CUSTOMER_KEYS for item in filters
    )


@lru_cache(SHAPE_CACHE_SIZE)
def page_statement(
    shape: Shape, template: ConditionTemplate | None, orders: Orders
) -> sa.Select[Any]:
    """Return a selection's statement; `limit`, `offset` and the values of conditions are bound."""
    query = shape.query if template is None else shape.query.where(template.sql)
    limit, offset = (sa.bindparam(name, type_=sa.BigInteger) for name in ("limit", "offset"))
    return query.order_by(*orders).limit(limit).offset(offset)


def read_order(entity: Entity, body: Json, path: str = "orderBy") -> Orders:
    """Return the order of `[{field, order}]`; the id comes last, so that pages never overlap.

    Ascending, null comes first, false precedes true, and text is sorted by code point.
    """
    return _read_order(entity, cache_key(body), path)


@lru_cache(SHAPE_CACHE_SIZE)
def _read_order(entity: Entity, text: str, path: str) -> Orders:
    body = json.loads(text)
    orders: list[sa.ColumnElement[Any]] = []
    for index, item in enumerate(require_list(body, path, max_length=ORDERS_MAX)):
        item_path = f"{path}[{index}]"
        require_object(item, item_path, "field", "order")
        field = entity.resolve(item.get("field"), f"{item_path}.field")
        if field.kind is FieldKind.JSON:
            raise bad_request("type", "this field has no order", f"{item_path}.field")
        match item.get("order", "asc"):
            case "asc":
                orders.append(field.column.asc().nulls_first())
            case "desc":
                orders.append(field.column.desc().nulls_last())
            case _:
                raise bad_request("unknown-order", "asc or desc is expected", f"{item_path}.order")
    return (*orders, entity.table.c.id.asc())


def _read_relation(target: Entity, subtree: Json, path: str) -> Projection:
    all_fields = dict.fromkeys(target.fields, True)
    return read_projection(target, all_fields if subtree is True else subtree, path)
