"""The figures of a shift's report as rows of a page."""

from collections.abc import Iterable, Iterator

from taptill.checkout.pages.page import Cell, PageRow, Phrase, Tone, phrase, why_declined
from taptill.domain.money import Money
from taptill.domain.reports.report import LineKind, Report, Tally
from taptill.domain.reports.shift_report import ShiftReport, identities

_HASH_SHOWN = 8


def report_rows(report: ShiftReport) -> tuple[PageRow, ...]:
    """Return all figures of a report, one a row: label, count, amount."""
    return (
        *_totals(report.figures),
        *_cash(report),
        *_staff(report.figures),
        *_goods(report.figures),
        *_hours(report.figures),
        *_declined(report.figures),
        *_ends(report),
    )


def _row(label: Cell, count: int | None, minor: int | None, tone: Tone = Tone.PLAIN) -> PageRow:
    number = "" if count is None else str(count)
    amount: Cell = "" if minor is None else Money(minor)
    return PageRow((label, number, amount), tone)


def _totals(figures: Report) -> Iterator[PageRow]:
    total = figures.total
    yield _row(phrase("row.gross"), total.sales, total.gross_minor)
    yield _row(phrase("row.voided"), total.voids, -total.voided_minor)
    yield _row(phrase("row.net"), None, total.net_minor)
    yield _row(phrase("row.in-books"), None, total.in_books_minor)
    yield _row(phrase("row.to-send"), None, total.to_send_minor)
    if total.in_question_minor:
        yield _row(phrase("row.in-question"), None, total.in_question_minor, Tone.CAREFUL)
    yield from _repayments(figures)
    if figures.written_off.count:
        written_off = figures.written_off
        yield _row(phrase("row.written-off"), written_off.count, -written_off.sum_minor)
    yield _row(phrase("row.offline"), figures.offline.count, figures.offline.sum_minor)
    parts = {"row.without-card": figures.without_card, "row.self-service": figures.self_service}
    for key, part in parts.items():
        if part.count:
            yield _row(phrase(key), part.count, part.sum_minor)
    if figures.untrusted.count:
        untrusted = figures.untrusted
        yield _row(phrase("row.untrusted"), untrusted.count, untrusted.sum_minor, Tone.CAREFUL)


def _repayments(figures: Report) -> Iterator[PageRow]:
    """Yield what was paid in and out in cash, and apart from each what was taken back of it."""
    parts = (
        ("row.paid-in", figures.pay_ins, 1),
        ("row.paid-in-taken-back", figures.pay_ins_taken_back, -1),
        ("row.paid-out", figures.pay_outs, -1),
        ("row.paid-out-taken-back", figures.pay_outs_taken_back, 1),
    )
    for key, part, sign in parts:
        if part.count:
            yield _row(phrase(key), part.count, sign * part.sum_minor)


def _cash(report: ShiftReport) -> Iterator[PageRow]:
    cash = report.cash
    if cash.opening_minor is not None:
        yield _row(phrase("row.opening"), None, cash.opening_minor)
    if cash.expected_minor is not None:
        yield _row(phrase("row.expected"), None, cash.expected_minor)
    if cash.counted_minor is not None:
        yield _row(phrase("row.counted"), None, cash.counted_minor)
    if cash.difference_minor is not None:
        tone = Tone.CAREFUL if cash.difference_minor else Tone.PLAIN
        yield _row(phrase("row.difference"), None, cash.difference_minor, tone)


def _staff(figures: Report) -> Iterator[PageRow]:
    rows = (
        _row(row.staff or phrase("row.nobody"), row.tally.sales, row.tally.net_minor)
        for row in figures.staff
    )
    return _table(phrase("row.by-staff"), rows)


def _goods(figures: Report) -> Iterator[PageRow]:
    def label(kind: LineKind, name: str) -> Cell:
        return name or phrase("line.amount" if kind is LineKind.TYPED else "row.no-goods")

    def pieces(tally: Tally) -> int:
        return tally.sales - tally.voids

    rows = (
        _row(label(row.kind, row.name), pieces(row.tally), row.tally.net_minor)
        for row in figures.goods
    )
    return _table(phrase("row.by-good"), rows)


def _hours(figures: Report) -> Iterator[PageRow]:
    rows = (
        _row(f"{row.hour:02}:00", row.tally.sales, row.tally.net_minor) for row in figures.hours
    )
    return _table(phrase("row.by-hour"), rows)


def _table(title: Phrase, rows: Iterable[PageRow]) -> Iterator[PageRow]:
    shown = [*rows]
    if shown:
        yield PageRow(("",))
        yield PageRow((title,))
        yield from shown


def _declined(figures: Report) -> Iterator[PageRow]:
    rows = (_row(why_declined(reason), count, None) for reason, count in figures.declined)
    yield from _table(phrase("entry.declined"), rows)
    if figures.overrides:
        yield PageRow(("",))
    for override in figures.overrides:
        names = phrase("row.override", staff=override.staff, cashier=override.cashier)
        yield _row(names, None, override.amount_minor)


def _ends(report: ShiftReport) -> Iterator[PageRow]:
    yield PageRow(("",))
    yield _row(phrase("row.unsent", count=report.unsent.count), None, report.unsent.sum_minor)
    if report.cases.count:
        cases = phrase("row.cases", count=report.cases.count)
        yield _row(cases, None, report.cases.sum_minor, Tone.CAREFUL)
    shift = report.shift
    yield PageRow((phrase("row.range", first=shift.from_seq, last=shift.to_seq),))
    yield PageRow((phrase("row.hash", hash=report.last_hash[:_HASH_SHOWN]),))
    broken = [identity.name for identity in identities(report) if not identity.holds]
    for name in broken:
        yield PageRow((phrase("row.identity", name=name),), Tone.BAD)
    if not broken:
        yield PageRow((phrase("row.agrees"),))
