"""The report of a shift, an X or a Z, as bytes for the receipt printer: the page's own rows."""

from collections.abc import Callable, Iterator
from datetime import datetime

from taptill.checkout.pages.page import Cell, Phrase
from taptill.checkout.pages.shift_rows import report_rows
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.currencies.writing import figure
from taptill.domain.money import Currency, Money
from taptill.domain.reports.shift_report import ShiftReport
from taptill.domain.slips.report_slip import ReportRow, ReportSlip
from taptill.slips.escpos import encode_rows
from taptill.slips.layout import Paper, SlipWords, lay_out_report


def report_printer(
    config: Config, paper: Paper, words: SlipWords
) -> Callable[[ShiftReport], bytes]:
    """Return what makes the bytes of a report's slip."""

    def printed(report: ShiftReport) -> bytes:
        slip = report_slip(report, config.till.name, words, SystemClock().now())
        return encode_rows(lay_out_report(slip, paper, words), paper)

    return printed


def report_slip(report: ShiftReport, till: str, words: SlipWords, at: str) -> ReportSlip:
    """Return a report in the words of a language, with the rows that the page of F10 shows."""
    currency = Currency.named(report.currency)
    title = words.say("slip.z" if report.is_closed else "slip.x", number=str(report.shift.number))

    def text(cell: Cell) -> str:
        match cell:
            case Phrase():
                return words.say(cell.key, **{name: value_text(of) for name, of in cell.values})
            case Money() | str():
                return value_text(cell)
            case _:
                raise AssertionError(f"no cell of a report: {cell}")

    def value_text(value: str | int | Money) -> str:
        return figure(value, currency, words.language) if isinstance(value, Money) else str(value)

    figures = [tuple(map(text, row.cells)) for row in report_rows(report)]
    heading = [*_heading(report, words)]
    return ReportSlip(till=till, title=title, at=at, rows=(*heading, ("",), *figures))


def _heading(report: ShiftReport, words: SlipWords) -> Iterator[ReportRow]:
    """Return when it began and ended, and by whom."""
    zone = report.shift.days.zone
    yield words.say("slip.day"), "", report.business_day.isoformat()
    moments = (
        ("slip.opened", report.opened_at, report.opened_by),
        ("slip.closed", report.closed_at, report.closed_by),
    )
    for key, at, staff in moments:
        if at:
            yield (
                words.say(key),
                "",
                f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}",
            )
        if staff:
            yield words.say("slip.by"), "", staff
