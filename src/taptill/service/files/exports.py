"""A database in, its customers as lines of CSV out, all as of one moment."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

import sqlalchemy as sa

from taptill.service.database import snapshot
from taptill.service.fields import CUSTOMERS
from taptill.service.files.columns import COLUMNS, cells_of
from taptill.service.grammar import shape

PAGE = 1000
_ID = CUSTOMERS.fields["id"].column


def export_csv(engine: sa.Engine) -> Iterator[str]:
    """Give the head, then a line a customer in order of id, as an import takes them."""
    every = shape(CUSTOMERS, {"id": True, **dict.fromkeys(COLUMNS, True)}, "")
    last = 0
    yield _line(["id", *COLUMNS])
    with snapshot(engine) as connection:
        while True:
            query = every.query.where(last < _ID).order_by(_ID).limit(PAGE)
            rows = every.rows(connection.execute(query))
            for row in rows:
                yield _line([row["id"], *cells_of(row)])
            if not rows:
                return
            last = rows[-1]["id"]


def _line(cells: list[Any]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
