"""Translate a request's `conditions` into one SQL condition with bound values."""

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
from taptill.service.fields import Entity, Field, FieldKind, column_value
from taptill.service.schema import fold
from taptill.service.wire import bad_request, cache_key, count_values, require_list, require_object

FILTERS_MAX = 100
GROUP_DEPTH_MAX = 4
"""How deep groups of filters may be nested."""
VALUES_MAX = 10_000
"""How many values a request's conditions may have; SQLite binds at most 32,766."""
TEMPLATE_CACHE_SIZE = 128
"""How many templates are cached: clients send the same conditions with other values."""

LIKE_ESCAPE = "\\"

_COMPARABLE = frozenset(FieldKind) - {FieldKind.JSON}
_ORDERED = frozenset({FieldKind.INTEGER, FieldKind.TEXT, FieldKind.MONEY, FieldKind.TIMESTAMP})
_COMPARATORS: Mapping[str, tuple[Callable[[Any, Any], Any], frozenset[FieldKind]]] = {
    "=": (operator.eq, _COMPARABLE),
    "!=": (operator.ne, _COMPARABLE),
    "<": (operator.lt, _ORDERED),
    "<=": (operator.le, _ORDERED),
    ">": (operator.gt, _ORDERED),
    ">=": (operator.ge, _ORDERED),
    "in": (ColumnOperators.in_, _COMPARABLE),
    "not in": (ColumnOperators.not_in, _COMPARABLE),
    "like": (partial(ColumnOperators.like, escape=LIKE_ESCAPE), frozenset({FieldKind.TEXT})),
    "ilike": (partial(ColumnOperators.like, escape=LIKE_ESCAPE), frozenset({FieldKind.TEXT})),
    "is null": (ColumnOperators.is_, frozenset(FieldKind)),
    "is not null": (ColumnOperators.is_not, frozenset(FieldKind)),
}
_VERSION_FIELDS = frozenset({"version", "updatedAt", "totalDebt"})
_LIST_COMPARATORS = frozenset({"in", "not in"})
_PATTERN_COMPARATORS = frozenset({"like", "ilike"})
_ASCII_TO_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_WITHOUT_VALUE = frozenset({"is null", "is not null"})
_OPERATORS: Mapping[str, Callable[..., sa.ColumnElement[bool]]] = {"and": sa.and_, "or": sa.or_}


_Placeholder = tuple[str, str, Field, str]


@dataclass(frozen=True, slots=True, eq=False)
class ConditionTemplate:
    """Conditions without their values, and where each value goes.

    A placeholder is the bound parameter's name, its comparator, its field and its path.
    """

    sql: sa.ColumnElement[bool]
    placeholders: tuple[_Placeholder, ...]

    def bind(self, values: list[Json]) -> dict[str, Any]:
        """Return the values of the parameters; raise ApiError (400) where one is invalid."""
        return {
            name: _value(comparator, field, value, path)
            for (name, comparator, field, path), value in zip(
                self.placeholders, values, strict=True
            )
        }


@dataclass(frozen=True, slots=True)
class BoundConditions:
    """A template, and the values of its parameters."""

    template: ConditionTemplate
    values: Mapping[str, Any]


def read_conditions(entity: Entity, body: Json, path: str = "conditions") -> BoundConditions | None:
    """Return the conditions of `{operator, filters}`; None where there is no filter."""
    refuse_too_many_values(body, path)
    if body in (None, {}, {"filters": []}, {"operator": "and", "filters": []}):
        return None
    values: list[Json] = []
    template = _template(entity, cache_key(without_values(body, values)), path)
    return BoundConditions(template, template.bind(values))


def refuse_too_many_values(body: Json, path: str = "conditions") -> None:
    """Raise ApiError (400) if conditions have more values than a statement can take."""
    if count_values(body) > VALUES_MAX:
        raise bad_request("range", f"at most {VALUES_MAX} values", path)


def pins_row_version(body: Json) -> bool:
    """Return whether valid conditions name one version of the row, and not just the row."""
    if not body or body.get("operator", "and") != "and":
        return False
    return any(
        item.get("comparator") == "=" and item.get("field") in _VERSION_FIELDS
        for item in body["filters"]
    )


def refuse_empty_not_in(body: Json, path: str) -> None:
    """Raise ApiError (400) if valid conditions contain an empty `not in`, which every row meets."""
    for index, item in enumerate(body["filters"]):
        item_path = f"{path}.filters[{index}]"
        if "filters" in item:
            refuse_empty_not_in(item, item_path)
        elif item["comparator"] == "not in" and not item["value"]:
            message = (
                "everybody meets an empty list: name whom to leave out, or leave this filter out"
            )
            raise bad_request("range", message, f"{item_path}.value")


def without_values(body: Json, values: list[Json]) -> Json:
    """Return conditions without their values, which are appended to the list in their order."""
    if not isinstance(body, dict):
        return body
    filters = body.get("filters")
    if isinstance(filters, list):
        return {**body, "filters": [without_values(item, values) for item in filters]}
    if "filters" not in body:
        values.append(body.get("value"))
        return {name: value for name, value in body.items() if name != "value"}
    return body


@lru_cache(TEMPLATE_CACHE_SIZE)
def _template(entity: Entity, text: str, path: str) -> ConditionTemplate:
    placeholders: list[_Placeholder] = []
    sql = _group(entity, json.loads(text), path, placeholders, depth=1)
    return ConditionTemplate(sql, tuple(placeholders))


def _group(
    entity: Entity, body: Json, path: str, placeholders: list[_Placeholder], *, depth: int
) -> sa.ColumnElement[bool]:
    require_object(body, path, "operator", "filters")
    if depth > GROUP_DEPTH_MAX:
        raise bad_request("too-deep", f"groups nest at most {GROUP_DEPTH_MAX} deep", path)
    name = body.get("operator", "and")
    if not isinstance(name, str) or name not in _OPERATORS:
        raise bad_request("unknown-operator", "and or or is expected", f"{path}.operator")
    filters = require_list(body.get("filters"), f"{path}.filters", max_length=FILTERS_MAX)
    if not filters:
        raise bad_request("range", "at least one filter is expected", f"{path}.filters")
    parts = []
    for index, item in enumerate(filters):
        item_path = f"{path}.filters[{index}]"
        if isinstance(item, dict) and "filters" in item:
            parts.append(_group(entity, item, item_path, placeholders, depth=depth + 1))
        else:
            parts.append(_filter(entity, item, item_path, placeholders))
    return _OPERATORS[name](*parts)


def _filter(
    entity: Entity, body: Json, path: str, placeholders: list[_Placeholder]
) -> sa.ColumnElement[bool]:
    require_object(body, path, "field", "comparator", "value")
    field = entity.resolve(body.get("field"), f"{path}.field")
    comparators = [name for name, (_, kinds) in _COMPARATORS.items() if field.kind in kinds]
    name = body.get("comparator")
    if name not in comparators:
        raise bad_request(
            "unknown-comparator", f"this field knows {', '.join(comparators)}", f"{path}.comparator"
        )
    parameter = f"value{len(placeholders)}"
    placeholders.append((parameter, name, field, f"{path}.value"))
    if name in _WITHOUT_VALUE:
        value = None
    else:
        value = sa.bindparam(
            parameter, type_=field.column.type, expanding=name in _LIST_COMPARATORS
        )
    column: sa.ColumnElement[Any] = field.column
    if name == "ilike":
        # Both databases fold only ASCII; a name has a folded column of its own.
        column = sa.func.lower(column) if field.folded_column is None else field.folded_column
    comparison: sa.ColumnElement[bool] = _COMPARATORS[name][0](column, value)
    return comparison


def _value(name: str, field: Field, value: Json, path: str) -> Any:
    if name in _WITHOUT_VALUE:
        if value is not None:
            raise bad_request("type", "this comparator takes no value", path)
        return None
    if name in _LIST_COMPARATORS:
        values = require_list(value, path, max_length=VALUES_MAX)
        return [column_value(field, item, f"{path}[{index}]") for index, item in enumerate(values)]
    operand = column_value(field, value, path)
    if name == "ilike":
        operand = (
            operand.translate(_ASCII_TO_LOWER) if field.folded_column is None else fold(operand)
        )
    if name in _PATTERN_COMPARATORS and operand.replace(LIKE_ESCAPE * 2, "").endswith(LIKE_ESCAPE):
        raise bad_request("type", "a pattern whose last backslash stands before something", path)
    return operand
