"""The print desk of a till, from `[receipt]`; imported only where a printer is named."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from taptill.config import Config, journal_path
from taptill.domain.money import Currency
from taptill.domain.sales.past import HistoryRow
from taptill.domain.slips.slip import slip_of
from taptill.journal.queries import JournalQueries
from taptill.journal.sales.past_sales import PastSales
from taptill.slips.code_pages import code_page
from taptill.slips.desk import PrintDesk, SlipMakers
from taptill.slips.escpos import encode_rows
from taptill.slips.layout import Paper, SlipWords, lay_out_slip
from taptill.slips.printers.connection import OpenPrinter
from taptill.slips.printers.opening import open_printer
from taptill.slips.spool import Spool

if TYPE_CHECKING:  # a report is made where somebody asks for it
    from taptill.domain.reports.shift_report import ShiftReport

SPOOL = "slips.json"


def print_desk(config: Config, state: Path, words: SlipWords) -> PrintDesk | None:
    """Return the print desk, not started; None where the site prints nothing."""
    receipt = config.receipt
    if not receipt.printer or receipt.when == "never":
        return None
    printed = _printed(partial(_row_of, journal_path(state)), config, words)
    makers = SlipMakers(printed, late_report_printer(config, words))
    return PrintDesk(opener(config), makers, Spool(state / SPOOL), when=receipt.when)


def late_report_printer(config: Config, words: SlipWords) -> Callable[["ShiftReport"], bytes]:
    """Return what makes the bytes of a report; it is imported for the first of them."""

    def printed(report: "ShiftReport") -> bytes:
        from taptill.wiring.devices.report_printing import report_printer  # noqa: PLC0415

        return report_printer(config, paper_of(config), words)(report)

    return printed


def opener(config: Config) -> OpenPrinter:
    """Return what opens the site's printer."""
    return partial(open_printer, config.receipt.printer, config.receipt.baud)


def paper_of(config: Config) -> Paper:
    """Return how the site prints."""
    receipt = config.receipt
    return Paper(
        columns=receipt.columns,
        page=code_page(receipt.code_page, receipt.code_page_number),
        cut=receipt.cut,
        header=tuple(receipt.header.splitlines()),
        footer=tuple(receipt.footer.splitlines()),
    )


def _printed(
    row_of: Callable[[int], HistoryRow | None], config: Config, words: SlipWords
) -> Callable[[int, int], bytes | None]:
    """Return what makes the bytes of an entry's slip, of which so many were printed before."""
    paper, till = paper_of(config), config.till.name
    currency: Currency = config.till.currency

    def printed(seq: int, printed_before: int) -> bytes | None:
        row = row_of(seq)
        slip = slip_of(row, till, currency, printed_before) if row else None
        return encode_rows(lay_out_slip(slip, paper, words), paper) if slip else None

    return printed


def _row_of(journal: Path, seq: int) -> HistoryRow | None:
    """Return a sale by its entry, by a connection of this thread. Errors: JournalError."""
    with closing(JournalQueries(journal)) as queries:
        return PastSales(queries).row(seq)
