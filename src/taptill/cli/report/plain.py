"""Tables in, text for a terminal, CSV for a spreadsheet and JSON for a script out."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any

from taptill.cli.output import (
    sanitised,
    shown,
    spreadsheet_identifier,
    spreadsheet_text,
    when,
)
from taptill.cli.report.summary import remarks, summary_rows
from taptill.cli.report.tables import Cell, ReportKind, Table
from taptill.domain.money import Currency, Money
from taptill.domain.reports.report import CountAndSum, Report, Tally
from taptill.domain.reports.scopes import Period

NAME_MAX = 40
"""Longest text of a cell on a terminal."""
_IDENTIFIERS = frozenset({"customer", "external_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Printout:
    """A report with what every form of it needs: whose it is, and its tables."""

    kind: ReportKind
    till: str
    journal_id: str
    made_at: str
    report: Report
    currency: Currency
    tables: tuple[Table, ...]

    @property
    def days(self) -> str:
        """The period in words."""
        period = self.period
        first, last = period.first, period.last
        return str(first) if first == last else f"{first} to {last}"

    @property
    def period(self) -> Period:
        """The days of the report."""
        assert isinstance(self.report.scope, Period)
        return self.report.scope


def heading(printout: Printout) -> str:
    """Return one line that says which till and which days a report is of."""
    return f"till {sanitised(printout.till) or '?'}, {printout.days}"


def text_lines(printout: Printout) -> Iterator[str]:
    """Return the lines of a report for a terminal."""
    yield f"{heading(printout)}, as of {when(printout.made_at)}"
    yield ""
    yield from _aligned(summary_rows(printout.report, printout.currency), (False, True, True))
    for table in printout.tables:
        yield from ("", f"{table.title}: {table.sentence}")
        if table.rows:
            yield from _table_lines(table, printout.currency)
    for number, remark in enumerate(remarks(printout.report, printout.currency)):
        yield from ([""] if number == 0 else [])
        yield remark


def cell_text(cell: Cell, currency: Currency) -> str:
    """Return a cell as people read it."""
    return shown(cell, currency) if isinstance(cell, Money) else sanitised(str(cell), NAME_MAX)


def shown_columns(table: Table) -> list[int]:
    """Return the indexes of the columns that people see."""
    return [index for index, column in enumerate(table.columns) if column.heading]


def is_figure(table: Table, index: int) -> bool:
    """Return whether a column has figures, which stand to the right."""
    return not isinstance(table.total[index], str)


def _table_lines(table: Table, currency: Currency) -> Iterator[str]:
    indexes = shown_columns(table)
    lines = [[table.columns[index].heading for index in indexes]]
    lines += [
        [cell_text(row[index], currency) for index in indexes] for row in (*table.rows, table.total)
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
    """Return the report in one line of JSON; amounts are text, in the currency's own digits."""
    report, currency, table = printout.report, printout.currency, printout.tables[0]
    names = [column.name for column in table.columns]
    document = {
        "report": printout.kind.value,
        "till": printout.till,
        "journal_id": printout.journal_id,
        "from": str(printout.period.first),
        "to": str(printout.period.last),
        "as_of": printout.made_at,
        "currency": currency.code,
        "total": tally_columns(report.total, currency),
        **_sums(report, currency),
        "change": currency.text(Money(report.change_minor)),
        "declined": dict(report.declined),
        "clock_changes": [asdict(change) for change in report.clock_changes],
        "first_sale_at": report.first_at,
        "last_sale_at": report.last_at,
        "first_seq": report.first_seq,
        "last_seq": report.last_seq,
        "rows": [
            dict(zip(names, (_json_cell(cell, currency) for cell in row), strict=True))
            for row in table.rows
        ],
    }
    return json.dumps(document)


def tally_columns(tally: Tally, currency: Currency) -> dict[str, Any]:
    """Return a tally for a script."""
    amounts = {
        "gross": tally.gross_minor,
        "voided": tally.voided_minor,
        "net": tally.net_minor,
        "in_books": tally.in_books_minor,
        "to_send": tally.to_send_minor,
        "in_question": tally.in_question_minor,
    }
    texts = {name: currency.text(Money(amount)) for name, amount in amounts.items()}
    return {"sales": tally.sales, "voids": tally.voids, **texts}


def _sums(report: Report, currency: Currency) -> dict[str, Any]:
    sums: dict[str, CountAndSum] = {
        "repaid": report.repaid,
        "written_off": report.written_off,
        "offline": report.offline,
        "sent_later": report.sent_later,
        "voids_of_outside": report.voids_of_outside,
        "voided_outside": report.voided_outside,
        "clock_untrusted": report.untrusted,
    }
    return {
        name: {"count": value.count, "sum": currency.text(Money(value.sum_minor))}
        for name, value in sums.items()
    }


def _json_cell(cell: Cell, currency: Currency) -> str | int:
    return currency.text(cell) if isinstance(cell, Money) else cell
