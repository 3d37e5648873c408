"""A report in, the tables with their sentences that text, CSV, JSON and HTML all show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from taptill.cli.output import sanitised, shown
from taptill.domain.money import Currency, Money
from taptill.domain.reports.report import CustomerRow, GoodRow, LineKind, Report, Tally
from taptill.domain.reports.scopes import Period
from taptill.domain.technical.counting import many

Cell = str | int | Money

GAPS_MAX = 366
"""Days without a sale have a row where a report is about so many days or fewer."""


class ReportKind(StrEnum):
    """The reports that `taptill report` offers."""

    DAY = "day"
    GOODS = "goods"
    CUSTOMER = "customer"
    HOURS = "hours"
    STAFF = "staff"
    SHIFT = "shift"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs, and its heading for people; empty: not shown to them."""

    name: str
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with the sentence above it and the bars of its chart.

    Texts in cells and labels are as the journal has them: who shows them makes them harmless.
    `total` is empty where a sum over the rows says nothing. `bars` has a label and the net of each
    bar, none where nothing is compared; `upright` bars stand in the order of time.
    """

    title: str
    sentence: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]
    bars: tuple[tuple[str, Money], ...] = ()
    upright: bool = False


TALLY_COLUMNS = (
    Column("sales", "sales"),
    Column("gross", "gross"),
    Column("voids", "voids"),
    Column("voided", "voided"),
    Column("net", "net"),
    Column("in_books"),
    Column("to_send"),
    Column("in_question"),
)
_PIECES = {"sales": Column("sold", "sold"), "voids": Column("taken_back", "taken back")}
NOBODY = "(nobody logged in)"
NO_TAX = "(tax not recorded)"
_REST_NAMES = {
    LineKind.TYPED: "(typed amounts)",
    LineKind.UNNAMED: "(no goods named)",
}


def tables_of(kind: ReportKind, report: Report, currency: Currency) -> tuple[Table, ...]:
    """Return the tables of a report; the first has its rows for programs."""
    match kind:
        case ReportKind.DAY:
            days, hours, goods = (make(report, currency) for make in (_days, _hours, _goods))
            return (days, hours, goods) if report.days else (days,)
        case ReportKind.GOODS:
            return (_goods(report, currency),)
        case ReportKind.CUSTOMER:
            return (_customers(report, currency),)
        case ReportKind.HOURS:
            return (_hours(report, currency),)
        case ReportKind.STAFF:
            return (_staff(report, currency),)
        case ReportKind.SHIFT:
            makes = (_goods, _hours, _staff, _taxes)
            tables = tuple(make(report, currency) for make in makes)
            return tables if report.days else tables[:1]


def _days(report: Report, currency: Currency) -> Table:
    rows, tallies = report.days, {row.day: row.tally for row in report.days}
    shown_days = _without_gaps([*tallies])
    sentence = _nothing(report, currency)
    if report.total.sales:
        best = max(rows, key=lambda row: row.tally.net_minor)
        days = many(sum(row.tally.sales > 0 for row in rows), "day")
        net = _net(report.total, currency)
        sentence = f"{net} net on {days} with sales"
        sentence += f"; most on {best.day}, {_net(best.tally, currency)}." if rows[1:] else "."
    return Table(
        title="By day",
        sentence=sentence,
        columns=(Column("day", "day"), *TALLY_COLUMNS),
        rows=tuple((str(day), *tally_cells(tallies.get(day, Tally()))) for day in shown_days),
        total=("total", *tally_cells(report.total)),
        bars=tuple((f"{day:%m-%d}", _net_of(tallies.get(day))) for day in shown_days),
        upright=True,
    )


def _without_gaps(days: Sequence[date]) -> Sequence[date]:
    """Return the days with those between them that had no sale, unless that is a long time."""
    length = (days[-1] - days[0]).days + 1 if days else 0
    if not 0 < length <= GAPS_MAX:
        return days
    return [days[0] + timedelta(days=number) for number in range(length)]


def _hours(report: Report, currency: Currency) -> Table:
    tallies = {row.hour: row.tally for row in report.hours}
    hours = _hours_without_gaps([*tallies])
    sentence = _nothing(report, currency)
    if report.total.sales:
        best = max(tallies, key=lambda hour: tallies[hour].net_minor)
        sales = many(tallies[best].sales, "sale")
        span = _span(best)
        sentence = f"Most was sold from {span}: {_net(tallies[best], currency)} net, {sales}."
    return Table(
        title="By hour of the day",
        sentence=sentence,
        columns=(Column("hour", "hour"), *TALLY_COLUMNS),
        rows=tuple((_clock(hour), *tally_cells(tallies.get(hour, Tally()))) for hour in hours),
        total=("total", *tally_cells(report.total)),
        bars=tuple((f"{hour}", _net_of(tallies.get(hour))) for hour in hours),
        upright=True,
    )


def _hours_without_gaps(hours: Sequence[int]) -> Sequence[int]:
    """Return the hours with those between them that had no sale, in the order of a business day."""
    length = (hours[-1] - hours[0]) % 24 + 1 if hours else 0
    return [(hours[0] + number) % 24 for number in range(length)]


def _goods(report: Report, currency: Currency) -> Table:
    pieces = tuple(_PIECES.get(column.name, column) for column in TALLY_COLUMNS)
    goods = [row for row in report.goods if row.kind is LineKind.GOOD]
    sentence = _nothing(report, currency)
    if report.total.sales:
        sentence = "No good brought anything." if goods else "No sale names a good."
    if report.total.sales and goods and goods[0].tally.net_minor > 0:
        best = goods[0]
        sold = best.tally.sales - best.tally.voids
        sentence = (
            f"{sanitised(best.name)} brought most: {_net(best.tally, currency)} net for {sold}"
        )
        sentence += _share(best.tally, report.total) + "."
    summed = sum((row.tally for row in report.goods), Tally())
    return Table(
        title="By good",
        sentence=sentence,
        columns=(Column("kind"), Column("good", "good"), *pieces),
        rows=tuple(
            (row.kind.value, _good_name(row), *tally_cells(row.tally)) for row in report.goods
        ),
        total=("total", "total", *tally_cells(summed)),
        bars=tuple((_good_name(row), Money(row.tally.net_minor)) for row in report.goods),
    )


def _staff(report: Report, currency: Currency) -> Table:
    sentence = _nothing(report, currency)
    sellers = [row for row in report.staff if row.staff and row.tally.sales]
    if report.total.sales:
        sentence = "Nobody was logged in."
    if report.total.sales and sellers:
        best, staff = sellers[0], many(len(sellers), "member of the staff", "members of the staff")
        sentence = f"{staff} sold, most {sanitised(best.staff)}: {_net(best.tally, currency)} net"
        sentence += f"{_share(best.tally, report.total)}."
    return Table(
        title="By staff",
        sentence=sentence,
        columns=(Column("staff", "staff"), *TALLY_COLUMNS),
        rows=tuple((row.staff or NOBODY, *tally_cells(row.tally)) for row in report.staff),
        total=("total", *tally_cells(report.total)),
        bars=tuple((row.staff or NOBODY, Money(row.tally.net_minor)) for row in report.staff),
    )


def _taxes(report: Report, currency: Currency) -> Table:
    pieces = tuple(_PIECES.get(column.name, column) for column in TALLY_COLUMNS)
    codes = [row for row in report.taxes if row.code]
    rest = sum(row.tally.net_minor for row in report.taxes if not row.code)
    sentence = "Tax was not recorded."
    if codes:
        sentence = f"{many(len(codes), 'tax code')}; amounts are with the tax in them."
        if rest:
            sentence = f"{sentence[:-1]}; of {shown(Money(rest), currency)} none was recorded."
    return Table(
        title="By tax code",
        sentence=sentence,
        columns=(Column("tax", "tax"), *pieces),
        rows=tuple((row.code or NO_TAX, *tally_cells(row.tally)) for row in report.taxes),
        total=("total", *tally_cells(sum((row.tally for row in report.taxes), Tally()))),
        bars=tuple((row.code or NO_TAX, Money(row.tally.net_minor)) for row in report.taxes),
    )


def _customers(report: Report, currency: Currency) -> Table:
    rows = report.customers
    buyers = [row for row in rows if row.tally.sales]
    other_change = report.repaid.count or report.written_off.count
    sentence = _nothing(report, currency)
    if buyers:
        net, customers = _net(report.total, currency), many(len(buyers), "customer")
        sentence = f"{customers} bought; {net} net in all, most by "
        sentence += sanitised(_customer_name(buyers[0]))
        sentence += f" with {_net(buyers[0].tally, currency)}."
    return Table(
        title="By customer",
        sentence=sentence,
        columns=(
            Column("customer", "customer"),
            Column("initials", "initials"),
            Column("external_id", "external id"),
            *TALLY_COLUMNS,
            Column("repaid", "repaid" if report.repaid.count else ""),
            Column("written_off", "written off" if report.written_off.count else ""),
            Column("change", "change of debt" if other_change else ""),
        ),
        rows=tuple((*_customer_cells(row),) for row in rows),
        total=(
            *("total", "", "", *tally_cells(report.total)),
            *_moneys(report.repaid.sum_minor, report.written_off.sum_minor, report.change_minor),
        ),
        bars=tuple((_customer_name(row), Money(row.tally.net_minor)) for row in rows),
    )


def _nothing(report: Report, currency: Currency) -> str:
    """Return the sentence of a report without a sale."""
    where, others = "in this shift", "earlier shifts'"
    if isinstance(report.scope, Period):
        one_day = report.scope.first == report.scope.last
        where, others = "on this day" if one_day else "in these days", "other days'"
    sentence = f"Nothing was sold {where}"
    if report.total.voids:
        voided = shown(Money(report.total.voided_minor), currency)
        sentence += f", and {voided} of {others} sales taken back"
    return f"{sentence}."


def _customer_cells(row: CustomerRow) -> Iterable[Cell]:
    yield from (row.customer_id, row.initials, row.external_id)
    yield from tally_cells(row.tally)
    yield from _moneys(row.repaid_minor, row.written_off_minor, row.change_minor)


def _customer_name(row: CustomerRow) -> str:
    initials = f" ({row.initials})" if row.initials else ""
    return f"customer {row.customer_id}{initials}"


def _good_name(row: GoodRow) -> str:
    return _REST_NAMES.get(row.kind) or row.name


def tally_cells(tally: Tally) -> Sequence[Cell]:
    """Return the cells below TALLY_COLUMNS."""
    gross, voided, net = _moneys(tally.gross_minor, tally.voided_minor, tally.net_minor)
    standings = _moneys(tally.in_books_minor, tally.to_send_minor, tally.in_question_minor)
    return (tally.sales, gross, tally.voids, voided, net, *standings)


def _moneys(*amounts_minor: int) -> tuple[Money, ...]:
    return tuple(map(Money, amounts_minor))


def _net_of(tally: Tally | None) -> Money:
    return Money(tally.net_minor if tally else 0)


def _net(tally: Tally, currency: Currency) -> str:
    return shown(Money(tally.net_minor), currency)


def _share(tally: Tally, total: Tally) -> str:
    """Return the whole percent that a tally has of the total; empty where that says nothing."""
    part, whole = tally.net_minor, total.net_minor
    if whole <= 0 or not 0 <= part <= whole:
        return ""
    return f", {(200 * part + whole) // (2 * whole)} % of all"


def _clock(hour: int) -> str:
    return f"{hour:02}:00"


def _span(hour: int) -> str:
    return f"{_clock(hour)} to {_clock((hour + 1) % 24)}"
