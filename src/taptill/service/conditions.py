"""A request's `conditions` in, one SQL condition with bound values out."""

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.operators import ColumnOperators

from taptill.domain.technical.exact_json import Json
from taptill.service.fields import Entity, Field, Kind, value_for
from taptill.service.schema import fold
from taptill.service.wire import a_list, an_object, bad, key_of, size

FILTERS_MAX = 100
GROUPS_MAX = 4
"""How deep groups of filters nest."""
SIZE_MAX = 10_000
"""How many values a request's conditions hold; SQLite binds at most 32,766."""
TEMPLATES_MAX = 128
"""So many conditions are remembered without their values: clients ask alike again and again."""

LIKE_ESCAPE = "\\"

_ANY = frozenset(Kind) - {Kind.JSON}
_ORDERED = frozenset({Kind.INTEGER, Kind.TEXT, Kind.MONEY, Kind.STAMP})
_COMPARATORS: Mapping[str, tuple[Callable[[Any, Any], Any], frozenset[Kind]]] = {
    "=": (operator.eq, _ANY),
    "!=": (operator.ne, _ANY),
    "<": (operator.lt, _ORDERED),
    "<=": (operator.le, _ORDERED),
    ">": (operator.gt, _ORDERED),
    ">=": (operator.ge, _ORDERED),
    "in": (ColumnOperators.in_, _ANY),
    "not in": (ColumnOperators.not_in, _ANY),
    "like": (partial(ColumnOperators.like, escape=LIKE_ESCAPE), frozenset({Kind.TEXT})),
    "ilike": (partial(ColumnOperators.like, escape=LIKE_ESCAPE), frozenset({Kind.TEXT})),
    "is null": (ColumnOperators.is_, frozenset(Kind)),
    "is not null": (ColumnOperators.is_not, frozenset(Kind)),
}
_PINS = frozenset({"version", "updatedAt", "totalDebt"})
_OF_LISTS = frozenset({"in", "not in"})
_PATTERNS = frozenset({"like", "ilike"})
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
_WITHOUT_VALUE = frozenset({"is null", "is not null"})
_OPERATORS: Mapping[str, Callable[..., sa.ColumnElement[bool]]] = {"and": sa.and_, "or": sa.or_}


_Place = tuple[str, str, Field, str]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """Conditions without their values, and where each value goes.

    A place is the name that the value is bound to, its comparator, field and path.
    """

    sql: sa.ColumnElement[bool]
    places: tuple[_Place, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A template, and the values that are bound to it."""

    template: Template
    values: Mapping[str, Any]


def condition(entity: Entity, body: Json, path: str = "conditions") -> Condition | None:
    """Read `{operator, filters}`; None where there is no filter, which is no condition."""
    if size(body) > SIZE_MAX:
        raise bad("range", f"at most {SIZE_MAX} values", path)
    if body in (None, {}, {"filters": []}, {"operator": "and", "filters": []}):
        return None
    values: list[Json] = []
    template = _template(entity, key_of(_taken_out(body, values)), path)
    read = {
        name: _value(comparator, field, value, place)
        for (name, comparator, field, place), value in zip(template.places, values, strict=True)
    }
    return Condition(template, read)


def pins(body: Json) -> bool:
    """Tell whether conditions that were read name the row as it was seen, not just any row."""
    if not body or body.get("operator", "and") != "and":
        return False
    return any(
        one.get("comparator") == "=" and one.get("field") in _PINS for one in body["filters"]
    )


def refuse_empty(body: Json, path: str) -> None:
    """Refuse an empty `not in` among conditions that were read: everybody meets it."""
    for index, one in enumerate(body["filters"]):
        place = f"{path}.filters[{index}]"
        if "filters" in one:
            refuse_empty(one, place)
        elif one["comparator"] == "not in" and not one["value"]:
            words = (
                "everybody meets an empty list: name whom to leave out, or leave this filter out"
            )
            raise bad("range", words, f"{place}.value")


def _taken_out(body: Json, values: list[Json]) -> Json:
    """Give conditions without the filters' values, which go to the list in their order."""
    if not isinstance(body, dict):
        return body
    filters = body.get("filters")
    if isinstance(filters, list):
        return {**body, "filters": [_taken_out(one, values) for one in filters]}
    if "filters" not in body:
        values.append(body.get("value"))
        return {name: value for name, value in body.items() if name != "value"}
    return body


@lru_cache(TEMPLATES_MAX)
def _template(entity: Entity, text: str, path: str) -> Template:
    places: list[_Place] = []
    sql = _group(entity, json.loads(text), path, places, nested=1)
    return Template(sql, tuple(places))


def _group(
    entity: Entity, body: Json, path: str, places: list[_Place], *, nested: int
) -> sa.ColumnElement[bool]:
    an_object(body, path, "operator", "filters")
    if nested > GROUPS_MAX:
        raise bad("too-deep", f"groups nest at most {GROUPS_MAX} deep", path)
    name = body.get("operator", "and")
    if not isinstance(name, str) or name not in _OPERATORS:
        raise bad("unknown-operator", "and or or is expected", f"{path}.operator")
    filters = a_list(body.get("filters"), f"{path}.filters", longest=FILTERS_MAX)
    if not filters:
        raise bad("range", "at least one filter is expected", f"{path}.filters")
    parts = []
    for index, item in enumerate(filters):
        place = f"{path}.filters[{index}]"
        if isinstance(item, dict) and "filters" in item:
            parts.append(_group(entity, item, place, places, nested=nested + 1))
        else:
            parts.append(_filter(entity, item, place, places))
    return _OPERATORS[name](*parts)


def _filter(entity: Entity, body: Json, path: str, places: list[_Place]) -> sa.ColumnElement[bool]:
    an_object(body, path, "field", "comparator", "value")
    field = entity.dotted(body.get("field"), f"{path}.field")
    fitting = [name for name, (_, kinds) in _COMPARATORS.items() if field.kind in kinds]
    name = body.get("comparator")
    if name not in fitting:
        raise bad(
            "unknown-comparator", f"this field knows {', '.join(fitting)}", f"{path}.comparator"
        )
    bound = f"value{len(places)}"
    places.append((bound, name, field, f"{path}.value"))
    if name in _WITHOUT_VALUE:
        value = None
    else:
        value = sa.bindparam(bound, type_=field.column.type, expanding=name in _OF_LISTS)
    column: sa.ColumnElement[Any] = field.column
    if name == "ilike":
        # Both databases know capitals of ASCII only; a name is kept without any beside itself.
        column = sa.func.lower(column) if field.folded is None else field.folded
    compared: sa.ColumnElement[bool] = _COMPARATORS[name][0](column, value)
    return compared


def _value(name: str, field: Field, value: Json, path: str) -> Any:
    if name in _WITHOUT_VALUE:
        if value is not None:
            raise bad("type", "this comparator takes no value", path)
        return None
    if name in _OF_LISTS:
        values = a_list(value, path, longest=SIZE_MAX)
        return [value_for(field, one, f"{path}[{index}]") for index, one in enumerate(values)]
    read = value_for(field, value, path)
    if name == "ilike":
        read = read.translate(_SMALL) if field.folded is None else fold(read)
    if name in _PATTERNS and read.replace(LIKE_ESCAPE * 2, "").endswith(LIKE_ESCAPE):
        raise bad("type", "a pattern whose last backslash stands before something", path)
    return read
