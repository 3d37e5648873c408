"""A request's fields tree, order and bounds in, the columns and order of a statement out.

Nothing of a request is ever built into SQL as text: names are looked up, values are bound.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service.conditions import Template
from taptill.service.fields import Entity, Field, Kind, on_the_wire
from taptill.service.wire import a_list, an_object, bad, joined, key_of

ORDERS_MAX = 16
SHAPES_MAX = 128
"""So many trees and orders are remembered: a site's clients ask for few, again and again."""


Orders = tuple[sa.ColumnElement[Any], ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """What to select and how the answer's rows are shaped, one part a requested field."""

    parts: tuple[tuple[str, Field, "Projection | None"], ...]

    @property
    def flat(self) -> bool:
        """Whether all of it stands in one table."""
        return all(tree is None for _, _, tree in self.parts)

    def columns(self) -> Iterator[sa.ColumnElement[Any]]:
        """Give the columns to select, a relation's own column before those of its tree."""
        for _, field, tree in self.parts:
            yield field.column
            if tree is not None:
                yield from tree.columns()

    def shape(self, values: Iterator[Any]) -> dict[str, Json]:
        """Make one row of the answer from the values of `columns`, in their order."""
        row: dict[str, Json] = {}
        for name, field, tree in self.parts:
            value = next(values)
            if tree is None:
                row[name] = on_the_wire(field, value)
            else:
                related = tree.shape(values)
                row[name] = None if value is None else related
        return row


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A projection, and the selection of all rows that are not removed in that shape."""

    projection: Projection
    query: sa.Select[Any]

    def rows(self, found: Iterable[Sequence[Any]]) -> list[Json]:
        """Make the answer of what the selection, narrowed or not, has found."""
        return [self.projection.shape(iter(row)) for row in found]


def shape(entity: Entity, tree: Json, path: str) -> Shape:
    """Read a fields tree and make its selection; the same tree is read once."""
    return _shape(entity, key_of(tree), path)


@lru_cache(SHAPES_MAX)
def _shape(entity: Entity, tree: str, path: str) -> Shape:
    found = projection(entity, json.loads(tree), path)
    return Shape(found, rows_of(entity).with_only_columns(*found.columns()))


def projection(entity: Entity, tree: Json, path: str) -> Projection:
    """Read a fields tree; `true` in place of a relation's tree means all its fields."""
    if not isinstance(tree, dict) or not tree:
        raise bad("type", "an object with at least one field is expected", path)
    parts: list[tuple[str, Field, Projection | None]] = []
    for name, wanted in tree.items():
        place = joined(path, name)
        field = entity.field(name, place)
        if field.target is not None:
            parts.append((name, field, _related(field.target, wanted, place)))
        elif wanted is True:
            parts.append((name, field, None))
        else:
            raise bad("type", "true is expected", place)
    return Projection(tuple(parts))


def every_field(entity: Entity) -> Shape:
    """Give the shape of all fields, relations with all of theirs."""
    return shape(entity, dict.fromkeys(entity.fields, True), "")


def rows_of(entity: Entity) -> sa.Select[Any]:
    """Select the ids of all rows that the entity shows, with the relations at hand."""
    return sa.select(entity.table.c.id).select_from(entity.source).where(*entity.live)


@lru_cache(SHAPES_MAX)
def listing(answer: Shape, wanted: Template | None, orders: Orders) -> sa.Select[Any]:
    """Give the statement of a selection; `limit`, `offset` and the conditions' values are bound."""
    query = answer.query if wanted is None else answer.query.where(wanted.sql)
    limit, offset = (sa.bindparam(name, type_=sa.BigInteger) for name in ("limit", "offset"))
    return query.order_by(*orders).limit(limit).offset(offset)


def order(entity: Entity, body: Json, path: str = "orderBy") -> Orders:
    """Read `[{field, order}]`; the id comes last, so that pages never overlap.

    Upwards null comes first, then false before true, and text by its code points.
    """
    return _order(entity, key_of(body), path)


@lru_cache(SHAPES_MAX)
def _order(entity: Entity, text: str, path: str) -> Orders:
    body = json.loads(text)
    orders: list[sa.ColumnElement[Any]] = []
    for index, item in enumerate(a_list(body, path, longest=ORDERS_MAX)):
        place = f"{path}[{index}]"
        an_object(item, place, "field", "order")
        field = entity.dotted(item.get("field"), f"{place}.field")
        if field.kind is Kind.JSON:
            raise bad("type", "this field has no order", f"{place}.field")
        match item.get("order", "asc"):
            case "asc":
                orders.append(field.column.asc().nulls_first())
            case "desc":
                orders.append(field.column.desc().nulls_last())
            case _:
                raise bad("unknown-order", "asc or desc is expected", f"{place}.order")
    return (*orders, entity.table.c.id.asc())


def _related(target: Entity, wanted: Json, path: str) -> Projection:
    every = dict.fromkeys(target.fields, True)
    return projection(target, every if wanted is True else wanted, path)
