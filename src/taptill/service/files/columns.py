"""A field's JSON value in, a cell of a CSV file out; and which columns there are."""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from taptill.service.fields import CUSTOMERS, FieldKind
from taptill.service.wire import Json

COMPANY = "company"
COLUMNS = tuple(
    name
    for name, field in CUSTOMERS.fields.items()
    if field.writable and field.kind is not FieldKind.JSON
)
"""The columns that an import takes and an export writes; `company` holds the company's name."""
IGNORED_COLUMNS = tuple(name for name, field in CUSTOMERS.fields.items() if name not in COLUMNS)
"""Columns that an import leaves out: the service sets them itself, or a till does."""
IDENTIFIERS = ("cardId", "externalId")
"""Columns whose cells are text, however much like a number they look."""

SPREADSHEET_DIGITS = 15
"""A spreadsheet keeps so many digits of a number (IEEE 754 double precision)."""

# Source: the characters that OWASP's page on CSV injection names.
_FORMULA_BEGINS = r"[=+\-@\t\r]"
FORMULA_START = re.compile(rf"'*{_FORMULA_BEGINS}")
"""What a spreadsheet takes for a formula: an apostrophe before it makes it text."""
_APOSTROPHE_STRIPPED = re.compile(rf"'+{_FORMULA_BEGINS}|=\"")
"""What an import takes an apostrophe or more from: it gets another one before it."""
_FRAGILE = re.compile(r"0\d+|\d{16,}|\d+[Ee]\d+")
"""An identifier that a spreadsheet would change: leading zeros, many digits, an exponent."""


class ExportFormat(StrEnum):
    """For whom an export is: for a program, or for people's spreadsheets."""

    PLAIN = "plain"
    COMMA = "comma"
    SEMICOLON = "semicolon"

    @property
    def delimiter(self) -> str:
        """What stands between cells."""
        return ";" if self is ExportFormat.SEMICOLON else ","

    @property
    def for_spreadsheet(self) -> bool:
        """Whether a spreadsheet shall show it as it is."""
        return self is not ExportFormat.PLAIN


def to_cells(row: Mapping[str, Json], form: ExportFormat = ExportFormat.PLAIN) -> list[str]:
    """Write a row of an answer as cells, in the order of COLUMNS; nothing is an empty cell."""
    return [_cell(name, row[name], form) for name in COLUMNS]


def changes_in_spreadsheet(identifier: str) -> bool:
    """Tell whether a spreadsheet that takes it for a number would change it."""
    return _FRAGILE.fullmatch(identifier) is not None


def _cell(name: str, value: Json, form: ExportFormat) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return str(value).replace(".", "," if form is ExportFormat.SEMICOLON else ".")
        case dict():
            return _text(name, str(value["name"]), form)
        case _:
            return _text(name, str(value), form)


def _text(name: str, text: str, form: ExportFormat) -> str:
    if not form.for_spreadsheet:
        return f"'{text}" if name not in IDENTIFIERS and _APOSTROPHE_STRIPPED.match(text) else text
    if name in IDENTIFIERS and changes_in_spreadsheet(text):
        return f'="{text}"'
    return f"'{text}" if FORMULA_START.match(text) else text
