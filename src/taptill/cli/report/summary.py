"""A report in, its summary and what is doubtful about it out, in words."""

from collections.abc import Iterator
from datetime import tzinfo

from taptill.cli.output import sanitised, shown, when
from taptill.domain.money import Currency, Money
from taptill.domain.reports.report import ClockChange, CountAndSum, Report
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.shift_report import ShiftReport
from taptill.domain.technical.counting import many

CLOCK_CHANGES_MAX = 5
"""So many jumps of the clock are told one by one."""


def percent(permille: int) -> str:
    """Return parts of a thousand as percent with one digit after the point."""
    return f"{permille // 10}.{permille % 10}"


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
    pay_ins, pay_outs = report.pay_ins, report.pay_outs
    back_in, back_out = report.pay_ins_taken_back, report.pay_outs_taken_back
    beside = (
        ("repayments", pay_outs.sum_minor - pay_ins.sum_minor, pay_ins.count + pay_outs.count),
        ("  of them paid out", pay_outs.sum_minor, pay_outs.count),
        (
            "repayments taken back",
            back_in.sum_minor - back_out.sum_minor,
            back_in.count + back_out.count,
        ),
        ("written off", -report.written_off.sum_minor, report.written_off.count),
    )
    rows += [row(*one) for one in beside if one[-1]]
    if report.repaid.count or report.written_off.count:
        rows.append(row("change of all debts", report.change_minor))
    parts = (
        ("charged without a card", report.without_card),
        ("charged by customers alone", report.self_service),
    )
    rows += [row(words, part.sum_minor, part.count) for words, part in parts if part.count]
    if total.sales:
        rows.append(row("average sale", report.average_minor))
    if report.overrides:
        rows.append(("overrides", str(len(report.overrides)), ""))
    declines = sum(count for _, count in report.declined)
    rows.append(("declined", str(declines), ""))
    rows += [(f"  {sanitised(reason)}", str(count), "") for reason, count in report.declined]
    return rows


def shift_rows(report: ShiftReport, currency: Currency) -> list[SummaryRow]:
    """Return what the summary of a shift has beyond that of days: the drawer, what is not sent."""

    def row(words: str, amount_minor: int | None, count: int | str = "") -> SummaryRow:
        amount = "not counted" if amount_minor is None else shown(Money(amount_minor), currency)
        return words, str(count), amount

    figures, cash = report.figures, report.cash
    rows = []
    if figures.void_rate_permille:
        rows.append(("voided of the gross", "", f"{percent(figures.void_rate_permille)} %"))
    if figures.office_moved:
        rows.append(("seen changes by the office", str(figures.office_moved), ""))
    rows += [
        row("customers to send, all shifts", report.unsent.sum_minor, report.unsent.count),
        row("open cases, all shifts", report.cases.sum_minor, report.cases.count),
        row("cash at the opening", cash.opening_minor),
    ]
    if cash.opening_minor is not None:
        rows += [
            row("  repayments in cash", cash.repaid_minor),
            row("  paid out", -cash.paid_out_minor),
            row("cash expected", cash.expected_minor),
        ]
    if report.is_closed:
        rows.append(row("cash counted", cash.counted_minor))
    if cash.difference_minor is not None:
        rows.append(row("difference", cash.difference_minor))
    return rows


def shift_remarks(report: ShiftReport, currency: Currency) -> Iterator[str]:
    """Return what else to know of a shift: overrides, the comment on the cash."""
    figures, zone = report.figures, report.shift.days.zone
    for row in figures.voids_of_shifts:
        whose = f"shift {row.shift}" if row.shift else "before the first closed shift"
        yield f"Voided of {whose}: {_told(row.voids, currency, 'void')}."
    for override in figures.overrides:
        yield (
            f"Override {when(override.at, zone)}, {shown(Money(override.amount_minor), currency)}, "
            f"{sanitised(override.reason)}: sold by "
            f"{sanitised(override.cashier) or 'nobody logged in'}, allowed by "
            f"{sanitised(override.staff)}: {sanitised(override.why)}."
        )
    if report.cash.comment:
        yield f"Comment on the cash: {sanitised(report.cash.comment)}"
    if len(figures.currencies) > 1:
        yield f"Sums mix {' and '.join(map(sanitised, figures.currencies))}: do not trust them."


def since_remarks(now: Report, currency: Currency) -> Iterator[str]:
    """Return what has become of a closed shift's money since, and of its sales."""
    total = now.total
    parts = [
        f"{shown(Money(amount), currency)} {words}"
        for amount, words in (
            (total.in_books_minor, "in the books"),
            (total.to_send_minor, "not sent"),
            (total.in_question_minor, "in question"),
        )
        if amount or words == "in the books"
    ]
    yield f"As of now: {', '.join(parts)}."
    if now.sent_later.count:
        yield f"Arrived after the close: {_told(now.sent_later, currency, 'entry', 'entries')}."
    if now.voided_outside.count:
        yield f"Voided in later shifts: {_told(now.voided_outside, currency, 'void')}."


def _told(tally: CountAndSum, currency: Currency, noun: str, several: str = "") -> str:
    return f"{many(tally.count, noun, several)}, {shown(Money(tally.sum_minor), currency)}"


def remarks(report: Report, currency: Currency) -> Iterator[str]:
    """Return what else to know: offline and late sales, voids across days, and doubtful times."""

    def told(tally: CountAndSum, noun: str, several: str = "") -> str:
        return _told(tally, currency, noun, several)

    is_shift = isinstance(report.scope, ShiftRange)
    if report.offline.count:
        span = _span(report) * is_shift
        yield f"Sold offline: {told(report.offline, 'sale')}{span}."
    if report.sent_later.count and not is_shift:
        yield f"In the books on a later day only: {told(report.sent_later, 'entry', 'entries')}."
    if report.voids_of_outside.count and not is_shift:
        yield f"Voids of sales of other days: {told(report.voids_of_outside, 'void')}."
    if report.voided_outside.count and not is_shift:
        yield (
            f"Voided on other days: {told(report.voided_outside, 'sale')}; "
            "the reports of those days take them back."
        )
    if report.untrusted.count:
        entries = told(report.untrusted, "entry", "entries")
        yield f"The clock was not known to be set ({entries}): day and hour of these are doubtful."
    yield from _clock_remarks(report.clock_changes, report.scope.days.zone)


def _span(report: Report) -> str:
    first, last = (
        when(at, report.scope.days.zone) for at in (report.offline_from, report.offline_to)
    )
    return f", from {first} to {last}"


def _clock_remarks(changes: tuple[ClockChange, ...], zone: tzinfo | None) -> Iterator[str]:
    for change in changes[:CLOCK_CHANGES_MAX]:
        seconds = abs(change.jumped_ms) // 1000
        direction = "forward" if change.jumped_ms > 0 else "back"
        yield (
            f"The clock jumped {direction} by {seconds} s at {when(change.at, zone)}: "
            "days and hours before it are doubtful."
        )
    rest = len(changes) - CLOCK_CHANGES_MAX
    if rest > 0:
        yield f"It jumped {many(rest, 'more time')}."
