"""A cell of a CSV file in, a field's JSON value out, and back."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from taptill.service.fields import CUSTOMERS, Kind
from taptill.service.wire import Json

COMPANY = "company"
COLUMNS = tuple(
    name
    for name, field in CUSTOMERS.fields.items()
    if field.writable and field.kind is not Kind.JSON
)
"""The columns that an import takes and an export writes; `company` holds the company's name."""
NOT_TAKEN = tuple(name for name, field in CUSTOMERS.fields.items() if name not in COLUMNS)
"""Columns that an import leaves out: the service sets them itself, or a till does."""

_FLAGS = {"true": True, "false": False}


def value_of(name: str, cell: str) -> Json:
    """Read a cell that is not empty; what does not fit stays text, which the field refuses."""
    match CUSTOMERS.fields[name].kind:
        case Kind.FLAG:
            return _FLAGS.get(cell.strip().lower(), cell)
        case Kind.MONEY:
            try:
                figure = Decimal(cell.strip())
            except InvalidOperation:
                return cell
            return figure if figure.is_finite() else cell
        case _:
            return cell


def cells_of(row: Mapping[str, Json]) -> list[str]:
    """Write a row of an answer as cells, in the order of COLUMNS; nothing is an empty cell."""
    return [_cell(row[name]) for name in COLUMNS]


def _cell(value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            return str(value["name"])
        case _:
            return str(value)
