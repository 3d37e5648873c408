"""Exports all customers of a database as CSV, as of one moment."""

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from typing import Any

import sqlalchemy as sa

from taptill.service.database import currency_of, read_snapshot
from taptill.service.fields import CUSTOMERS, entities
from taptill.service.files.columns import (
    COLUMNS,
    IDENTIFIERS,
    ExportFormat,
    changes_in_spreadsheet,
    to_cells,
)
from taptill.service.selection import read_shape

PAGE = 1000
BYTE_ORDER_MARK = "\ufeff"
_ID = CUSTOMERS.fields["id"].column


def export_csv(
    engine: sa.Engine,
    form: ExportFormat = ExportFormat.PLAIN,
    fragile_cells: Counter[str] | None = None,
) -> Iterator[str]:
    """Yield the header line, then one line per customer in order of id, as an import reads them.

    The file begins with a byte order mark, without which spreadsheets misread UTF-8.

    `fragile_cells` counts by column the cells that a spreadsheet would change.
    """
    customers = entities(currency_of(engine).digits)["Customers"]
    all_fields_shape = read_shape(customers, {"id": True, **dict.fromkeys(COLUMNS, True)}, "")
    last_id = 0
    yield BYTE_ORDER_MARK + _line(["id", *COLUMNS], form)
    with read_snapshot(engine) as connection:
        while True:
            query = all_fields_shape.query.where(last_id < _ID).order_by(_ID).limit(PAGE)
            rows = all_fields_shape.rows(connection.execute(query))
            for row in rows:
                if fragile_cells is not None:
                    fragile_cells.update(
                        name
                        for name in IDENTIFIERS
                        if row[name] and changes_in_spreadsheet(row[name])
                    )
                yield _line([row["id"], *to_cells(row, form)], form)
            if not rows:
                return
            last_id = rows[-1]["id"]


def _line(cells: list[Any], form: ExportFormat) -> str:
    text = StringIO()
    csv.writer(text, delimiter=form.delimiter).writerow(cells)
    return text.getvalue()
