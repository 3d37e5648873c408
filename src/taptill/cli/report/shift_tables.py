"""Shifts in, the tables of a single one and of many out."""

from collections.abc import Sequence

from taptill.cli.output import sanitised, shown, when
from taptill.cli.report.tables import TALLY_COLUMNS, Cell, Column, Table, tally_cells
from taptill.domain.money import Currency, Money
from taptill.domain.reports.report import Tally
from taptill.domain.reports.shift_report import ShiftReport, identities
from taptill.domain.technical.counting import many

_CASH_COLUMNS = (
    Column("expected", "cash expected"),
    Column("counted", "counted"),
    Column("difference", "difference"),
)


def overrides_table(report: ShiftReport) -> Table:
    """Return what was overridden in a shift: who sold, who allowed it, and why."""
    overrides = report.figures.overrides
    sentence = "Nothing was overridden."
    if overrides:
        names = sorted({row.staff for row in overrides})
        several = many(len(overrides), "decline was", "declines were")
        sentence = f"{several} overridden, by {', '.join(map(sanitised, names))}."
    return Table(
        title="Overrides",
        sentence=sentence,
        columns=(
            Column("override", "entry"),
            Column("at", "time"),
            Column("reason", "declined for"),
            Column("amount", "sale"),
            Column("cashier", "sold by"),
            Column("allowed_by", "allowed by"),
            Column("why", "because"),
        ),
        rows=tuple(
            (
                *(
                    row.seq,
                    when(row.at, report.shift.days.zone),
                    row.reason,
                    Money(row.amount_minor),
                ),
                *(row.cashier, row.staff, row.why),
            )
            for row in overrides
        ),
        total=(),
    )


def identities_table(report: ShiftReport, currency: Currency) -> Table:
    """Return the ways in which the figures were added up, and whether all come to the same."""
    checks = identities(report)
    broken = [
        f"{one.name.value} ({shown(Money(one.left_minor), currency)} against "
        f"{shown(Money(one.right_minor), currency)})"
        for one in checks
        if not one.holds
    ]
    sentence = f"In {len(checks)} ways, and all agree."
    if broken:
        sentence = f"THIS DOES NOT AGREE: {'; '.join(broken)}. Keep the journal, call help."
    return Table(
        title="Added up",
        sentence=sentence,
        columns=(Column("identity", "what"), Column("left", "one way"), Column("right", "other")),
        rows=tuple(
            (one.name.value, Money(one.left_minor), Money(one.right_minor)) for one in checks
        ),
        total=(),
    )


def shifts_table(reports: Sequence[ShiftReport], currency: Currency) -> Table:
    """Return a row a closed shift, with its cash."""
    total = sum((report.figures.total for report in reports), Tally())
    beyond = sum(report.cash.difference_minor or 0 for report in reports)
    sentence = "No shift was closed so far."
    if reports:
        net = shown(Money(total.net_minor), currency)
        sentence = f"{many(len(reports), 'shift')}, {net} net"
        sentence += f"; cash beyond what was expected: {shown(Money(beyond), currency)}."
    return Table(
        title="Closed shifts",
        sentence=sentence,
        columns=(
            Column("shift", "shift"),
            Column("business_day", "day"),
            Column("opened_at"),
            Column("closed_at"),
            Column("closed", "closed"),
            Column("closed_by", "by"),
            Column("from_seq"),
            Column("to_seq"),
            *TALLY_COLUMNS,
            *_CASH_COLUMNS,
        ),
        rows=tuple(map(_row, reports)),
        total=("total", "", "", "", "", "", 0, 0, *tally_cells(total), "", "", Money(beyond)),
        bars=tuple(
            (str(report.shift.number), Money(report.figures.total.net_minor)) for report in reports
        ),
        upright=True,
    )


def _row(report: ShiftReport) -> tuple[Cell, ...]:
    shift, cash = report.shift, report.cash
    amounts = (cash.expected_minor, cash.counted_minor, cash.difference_minor)
    return (
        *(shift.number, str(report.business_day), report.opened_at, report.closed_at),
        *(when(report.closed_at, shift.days.zone), report.closed_by, shift.from_seq, shift.to_seq),
        *tally_cells(report.figures.total),
        *("" if amount is None else Money(amount) for amount in amounts),
    )
