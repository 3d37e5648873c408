"""A journal and a period in, the report out."""

from taptill.domain.errors import UsageError
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.period import Period
from taptill.domain.reports.report import Report
from taptill.journal.back_office.report_entries import report_entries
from taptill.journal.queries import JournalQueries


def report_of(queries: JournalQueries, period: Period) -> Report:
    """Return the report of a period, all of one committed state; a till may run meanwhile.

    Archives of closed years are read where the period reaches back into them. Errors:
    JournalError, JournalArchiveError, and UsageError for a period with sales in two currencies,
    which have no sum.
    """
    with report_entries(queries, period) as source:
        counter = ReportCounter(period, source.positions(), source.voided_charges())
        for entry in source.needed():
            counter.add(entry)
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
