"""A journal and a period in, the report out."""

from collections.abc import Callable

from taptill.domain.errors import UsageError
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import Report
from taptill.domain.reports.scopes import Period
from taptill.journal.back_office.report_entries import report_entries
from taptill.journal.queries import JournalQueries

COUNTED_EVERY = 50_000
"""After so many entries, some seconds of work, it is told how many are counted."""


def _tell_nobody(_: int) -> None: ...


def report_of(
    queries: JournalQueries, period: Period, on_counted: Callable[[int], None] = _tell_nobody
) -> Report:
    """Return the report of a period, all of one committed state; a till may run meanwhile.

    Archives of closed years are read where the period reaches back into them. `on_counted` is
    called with the number of entries so far, every COUNTED_EVERY. Errors:
    JournalError, JournalArchiveError, and UsageError for a period with sales in two currencies,
    which have no sum.
    """
    with report_entries(queries, period) as source:
        counter = ReportCounter(period, source.positions(), source.voided_charges())
        for number, entry in enumerate(source.needed(), start=1):
            counter.add(entry)
            if number % COUNTED_EVERY == 0:
                on_counted(number)
        if (after_seq := counter.awaits_receipts_after) is not None:
            for entry in source.receipts(after_seq):
                counter.take_receipt(entry)
                if counter.awaits_receipts_after is None:
                    break
    report = counter.report()
    if len(report.currencies) > 1:
        codes = " and ".join(code or "no currency" for code in report.currencies)
        raise UsageError(
            problem=f"these days have sales in {codes}, which have no sum: ask for fewer days"
        )
    return report
