"""A request's fields tree, order and bounds in, the columns and order of a statement out.

Nothing of a request is ever built into SQL as text: names are looked up, values are bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from taptill.service.fields import Entity, Field, Kind, on_the_wire
from taptill.service.wire import Json, a_list, an_object, bad, joined

ORDERS_MAX = 16


@dataclass(frozen=True, slots=True)
class Projection:
    """What to select and how the answer's rows are shaped, one part a requested field."""

    parts: tuple[tuple[str, Field, "Projection | None"], ...]

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
                row[name] = on_the_wire(field.kind, value)
            else:
                related = tree.shape(values)
                row[name] = None if value is None else related
        return row


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


def every_field(entity: Entity) -> Projection:
    """Give the projection of all fields, relations with all of theirs."""
    return projection(entity, dict.fromkeys(entity.fields, True), "")


def order(entity: Entity, body: Json, path: str = "orderBy") -> list[sa.ColumnElement[Any]]:
    """Read `[{field, order}]`; the id comes last, so that pages never overlap.

    Upwards null comes first, then false before true, and text by its code points.
    """
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
    return [*orders, entity.table.c.id.asc()]


def _related(target: Entity, wanted: Json, path: str) -> Projection:
    return every_field(target) if wanted is True else projection(target, wanted, path)
