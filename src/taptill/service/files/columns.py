"""The columns of CSV files, and how a JSON value becomes a cell."""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from taptill.domain.technical.exact_json import Json
from taptill.service.fields import CUSTOMERS, FieldKind

COMPANY = "company"
COLUMNS = tuple(
    name
    for name, field in CUSTOMERS.fields.items()
    if field.writable and field.kind is not FieldKind.JSON
)
"""The columns that an import reads and an export writes; `company` is the company's name."""
IGNORED_COLUMNS = tuple(name for name, field in CUSTOMERS.fields.items() if name not in COLUMNS)
"""Columns that an import ignores: the service or a till sets them."""
IDENTIFIERS = ("cardId", "externalId")
"""Columns whose cells are text even where they look like numbers."""

SPREADSHEET_DIGITS = 15
"""How many digits of a number a spreadsheet keeps (IEEE 754 double precision)."""

# Source: the characters that OWASP's page on CSV injection names.
_FORMULA_BEGINS = r"[=+\-@\t\r]"
FORMULA_START = re.compile(rf"'*{_FORMULA_BEGINS}")
"""Matches what a spreadsheet takes for a formula; an apostrophe before it makes it text."""
_APOSTROPHE_STRIPPED = re.compile(rf"'+{_FORMULA_BEGINS}|=\"")
"""Matches text that an import strips of apostrophes; an export puts one more before it."""
_FRAGILE = re.compile(r"0\d+|\d{16,}|\d+[Ee]\d+")
"""Matches identifiers that a spreadsheet would change: leading zeros, many digits, an exponent."""


class ExportFormat(StrEnum):
    """The format of an export: for programs, or for spreadsheets with commas or semicolons."""

    PLAIN = "plain"
    COMMA = "comma"
    SEMICOLON = "semicolon"

    @property
    def delimiter(self) -> str:
        """The character between cells."""
        return ";" if self is ExportFormat.SEMICOLON else ","

    @property
    def for_spreadsheet(self) -> bool:
        """Whether cells are written so that a spreadsheet shows them unchanged."""
        return self is not ExportFormat.PLAIN


def to_cells(row: Mapping[str, Json], form: ExportFormat = ExportFormat.PLAIN) -> list[str]:
    """Return the cells of a row in the order of COLUMNS; null becomes an empty cell."""
    return [_cell(name, row[name], form) for name in COLUMNS]


def changes_in_spreadsheet(identifier: str) -> bool:
    """Return whether a spreadsheet would take an identifier for a number and change it."""
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
