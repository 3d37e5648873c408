"""A database in, its customers as lines of CSV out, all as of one moment."""

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from typing import Any

import sqlalchemy as sa

from taptill.service.database import site_of, snapshot
from taptill.service.fields import CUSTOMERS, entities
from taptill.service.files.columns import (
    COLUMNS,
    IDENTIFIERS,
    Form,
    cells_of,
    is_spoilt_by_spreadsheets,
)
from taptill.service.grammar import shape

PAGE = 1000
UTF8_MARK = "\ufeff"
_ID = CUSTOMERS.fields["id"].column


def export_csv(
    engine: sa.Engine, form: Form = Form.PLAIN, spoilt: Counter[str] | None = None
) -> Iterator[str]:
    """Give the head, then a line a customer in order of id, as an import takes them.

    All begins with the mark of UTF-8, without which a spreadsheet shows other letters. `spoilt`
    counts by column the cells that a spreadsheet would change if it took them for numbers.
    """
    customers = entities(site_of(engine).digits)["Customers"]
    every = shape(customers, {"id": True, **dict.fromkeys(COLUMNS, True)}, "")
    last = 0
    yield UTF8_MARK + _line(["id", *COLUMNS], form)
    with snapshot(engine) as connection:
        while True:
            query = every.query.where(last < _ID).order_by(_ID).limit(PAGE)
            rows = every.rows(connection.execute(query))
            for row in rows:
                if spoilt is not None:
                    spoilt.update(
                        name
                        for name in IDENTIFIERS
                        if row[name] and is_spoilt_by_spreadsheets(row[name])
                    )
                yield _line([row["id"], *cells_of(row, form)], form)
            if not rows:
                return
            last = rows[-1]["id"]


def _line(cells: list[Any], form: Form) -> str:
    text = StringIO()
    csv.writer(text, delimiter=form.delimiter).writerow(cells)
    return text.getvalue()
