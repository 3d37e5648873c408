"""A report in, its summary and what is doubtful about it out, in words."""

from collections.abc import Iterator

from taptill.cli.output import many, sanitised, shown, when
from taptill.domain.money import Currency, Money
from taptill.domain.reports.report import ClockChange, CountAndSum, Report

CLOCK_CHANGES_MAX = 5
"""So many jumps of the clock are told one by one."""

SummaryRow = tuple[str, str, str]
"""What it is, how many, and the sum; either may be empty."""


def summary_rows(report: Report, currency: Currency) -> list[SummaryRow]:
    """Return the rows of the summary: sales, where their money stands, what else there was."""

    def row(words: str, amount_minor: int, count: int | str = "") -> SummaryRow:
        return words, str(count), shown(Money(amount_minor), currency)

    total = report.total
    rows = [
        row("sales (gross)", total.gross_minor, total.sales),
        row("voids", -total.voided_minor, total.voids),
        row("net", total.net_minor),
        row("  in the books", total.in_books_minor),
        row("  not sent yet", total.to_send_minor),
        row("  in question", total.in_question_minor),
    ]
    if report.repaid.count:
        rows.append(row("repayments", -report.repaid.sum_minor, report.repaid.count))
    if report.written_off.count:
        rows.append(row("written off", -report.written_off.sum_minor, report.written_off.count))
    if report.repaid.count or report.written_off.count:
        rows.append(row("change of all debts", report.change_minor))
    if total.sales:
        rows.append(row("average sale", report.average_minor))
    declines = sum(count for _, count in report.declined)
    rows.append(("declined", str(declines), ""))
    rows += [(f"  {sanitised(reason)}", str(count), "") for reason, count in report.declined]
    return rows


def remarks(report: Report, currency: Currency) -> Iterator[str]:
    """Return what else to know: offline and late sales, voids across days, and doubtful times."""

    def told(tally: CountAndSum, noun: str, several: str = "") -> str:
        return f"{many(tally.count, noun, several)}, {shown(Money(tally.sum_minor), currency)}"

    if report.offline.count:
        yield f"Sold offline: {told(report.offline, 'sale')}."
    if report.sent_later.count:
        yield f"In the books on a later day only: {told(report.sent_later, 'entry', 'entries')}."
    if report.voids_of_outside.count:
        yield f"Voids of sales of other days: {told(report.voids_of_outside, 'void')}."
    if report.voided_outside.count:
        yield (
            f"Voided on other days: {told(report.voided_outside, 'sale')}; "
            "the reports of those days take them back."
        )
    if report.untrusted.count:
        entries = told(report.untrusted, "entry", "entries")
        yield f"The clock was not known to be set ({entries}): day and hour of these are doubtful."
    yield from _clock_remarks(report.clock_changes)


def _clock_remarks(changes: tuple[ClockChange, ...]) -> Iterator[str]:
    for change in changes[:CLOCK_CHANGES_MAX]:
        seconds = abs(change.jumped_ms) // 1000
        direction = "forward" if change.jumped_ms > 0 else "back"
        yield (
            f"The clock jumped {direction} by {seconds} s at {when(change.at)}: days and hours "
            "before it are doubtful."
        )
    rest = len(changes) - CLOCK_CHANGES_MAX
    if rest > 0:
        yield f"It jumped {many(rest, 'more time')}."
