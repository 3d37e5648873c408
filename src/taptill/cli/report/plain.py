"""Tables in, text for a terminal, CSV for a spreadsheet and JSON for a script out."""

import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from textwrap import wrap

from taptill.cli.output import (
    sanitised,
    shown,
    spreadsheet_identifier,
    spreadsheet_text,
    when,
)
from taptill.cli.report.printout import Printout
from taptill.cli.report.summary import SummaryRow
from taptill.cli.report.tables import Cell, Table
from taptill.domain.money import Currency, Money

NAME_MAX = 40
"""Longest text of a cell on a terminal."""
SLIP_WIDTH = 42
"""Columns of a receipt printer with paper of 80 mm; one of 58 mm has 32."""
SLIP_NAME_MIN = 12
_COUNTS = (("sales", "sold"), ("voids", "taken_back"))
_IDENTIFIERS = frozenset({"customer", "external_id"})


def text_lines(printout: Printout) -> Iterator[str]:
    """Return the lines of a report for a terminal."""
    yield f"{printout.heading}, as of {when(printout.made_at)}"
    if printout.summary:
        yield from ("", *_aligned(printout.summary, (False, True, True)))
    for table in printout.tables:
        yield from ("", f"{table.title}: {table.sentence}")
        if table.rows:
            yield from _table_lines(table, printout.currency)
    for number, remark in enumerate(printout.remarks):
        yield from ([""] if number == 0 else [])
        yield remark


def slip_lines(printout: Printout) -> Iterator[str]:
    """Return the lines of a report for a narrow printer: SLIP_WIDTH columns, as far as figures fit.

    Of each table it has the name, the pieces or entries less those taken back, and the net.
    """
    for part in (*printout.heading.split(", "), f"printed {when(printout.made_at)}"):
        yield from _wrapped(part)
    yield ""
    yield from _slip_rows(printout.summary)
    for table in printout.tables:
        yield from ("", *_wrapped(f"{table.title}: {table.sentence}"))
        if any(column.name == "net" for column in table.columns):
            yield from _slip_rows([_slip_row(table, row, printout.currency) for row in table.rows])
    for words in (*printout.remarks, printout.footer):
        yield from ("", *_wrapped(words))


def _wrapped(words: str) -> list[str]:
    return wrap(words, SLIP_WIDTH, break_on_hyphens=False)


def _slip_row(table: Table, row: tuple[Cell, ...], currency: Currency) -> SummaryRow:
    cells = dict(zip((column.name for column in table.columns), row, strict=True))
    name = next(row[index] for index in shown_columns(table))
    counts = [cells.get(one, cells.get(other)) for one, other in _COUNTS]
    sold, taken_back = (count if isinstance(count, int) else 0 for count in counts)
    return sanitised(str(name)), str(sold - taken_back), cell_text(cells["net"], currency)


def _slip_rows(rows: Sequence[SummaryRow]) -> Iterator[str]:
    """Align counts and amounts to the right edge, and cut what is before them short."""
    counts = max((len(count) for _, count, _ in rows), default=0)
    amounts = max((len(amount) for _, _, amount in rows), default=0)
    width = max(SLIP_NAME_MIN, SLIP_WIDTH - counts - amounts - 2)
    for words, count, amount in rows:
        name = sanitised(words, width - 1) if len(words) > width else words
        yield f"{name:{width}} {count:>{counts}} {amount:>{amounts}}".rstrip()


def cell_text(cell: Cell, currency: Currency) -> str:
    """Return a cell as people read it."""
    return shown(cell, currency) if isinstance(cell, Money) else sanitised(str(cell), NAME_MAX)


def shown_columns(table: Table) -> list[int]:
    """Return the indexes of the columns that people see."""
    return [index for index, column in enumerate(table.columns) if column.heading]


def is_figure(table: Table, index: int) -> bool:
    """Return whether a column has figures, which stand to the right."""
    return any(row and not isinstance(row[index], str) for row in (*table.rows, table.total))


def _table_lines(table: Table, currency: Currency) -> Iterator[str]:
    indexes = shown_columns(table)
    lines = [[table.columns[index].heading for index in indexes]]
    lines += [
        [cell_text(row[index], currency) for index in indexes]
        for row in (*table.rows, table.total)
        if row
    ]
    return _aligned(lines, [is_figure(table, index) for index in indexes])


def _aligned(lines: Sequence[Sequence[str]], to_right: Sequence[bool]) -> Iterator[str]:
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        columns = zip(line, widths, to_right, strict=True)
        cells = [
            cell.rjust(width) if right else cell.ljust(width) for cell, width, right in columns
        ]
        yield "  ".join(cells).rstrip()


def csv_text(printout: Printout) -> str:
    """Return the rows of the report's first table for a spreadsheet, and no total row."""
    table, target = printout.tables[0], StringIO()
    writer = csv.writer(target)
    writer.writerow([*(column.name for column in table.columns), "currency"])
    for row in table.rows:
        named_cells = zip(table.columns, row, strict=True)
        cells = [_csv_cell(column.name, cell, printout.currency) for column, cell in named_cells]
        writer.writerow([*cells, printout.currency.code])
    return f"\ufeff{target.getvalue()}"


def _csv_cell(name: str, cell: Cell, currency: Currency) -> str:
    if isinstance(cell, Money):
        return currency.text(cell)
    text = sanitised(str(cell))
    return spreadsheet_identifier(text) if name in _IDENTIFIERS else spreadsheet_text(text)


def json_text(printout: Printout) -> str:
    """Return the report in one line of JSON; `rows` are those of the first table.

    `tables` has the rows of each by the name of its first column; a table without a total is a part
    of the document.
    """
    rows = {
        _first_name(table): [_json_row(table, row, printout.currency) for row in table.rows]
        for table in printout.tables
        if table.total
    }
    first = next(iter(rows.values()), [])
    return json.dumps({**printout.document, "rows": first, "tables": rows})


def _first_name(table: Table) -> str:
    return next(column.name for column in table.columns if column.heading)


def _json_row(table: Table, row: tuple[Cell, ...], currency: Currency) -> dict[str, str | int]:
    return {
        column.name: currency.text(cell) if isinstance(cell, Money) else cell
        for column, cell in zip(table.columns, row, strict=True)
    }
