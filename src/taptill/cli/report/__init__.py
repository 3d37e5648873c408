"""`taptill report ...`: what was sold, by day, good, customer, hour, staff or shift."""

import sys
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from taptill.cli.output import sanitised
from taptill.cli.report.documents import figures_document
from taptill.cli.report.forms import FORMS, Form, with_options
from taptill.cli.report.printout import Printout
from taptill.cli.report.shift import shift
from taptill.cli.report.summary import remarks, summary_rows
from taptill.cli.report.tables import ReportKind, tables_of
from taptill.clock import SystemClock
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.scopes import Period
from taptill.domain.technical.counting import many
from taptill.journal.identity import currency as newest_currency
from taptill.journal.queries import JournalQueries
from taptill.operations.reporting import report_of

DAYS_MAX = 3660
_NAMED_DAYS = {"today": 0, "yesterday": 1}


NamedDay = date | str
"""A date, or a key of _NAMED_DAYS: which date that is depends on when the site's days end."""


class Day(click.ParamType[NamedDay]):
    """A day as `2026-03-02`, or `today` or `yesterday`."""

    name = "day"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> NamedDay:
        """Return the day; fail where it is none, or outside the years 1971 to 2999."""
        if value in _NAMED_DAYS:
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail("write a day as 2026-03-02, or today or yesterday", param, ctx)
        if not 1971 <= day.year <= 2999:  # noqa: PLR2004 - the time zones' tables reach so far
            self.fail("name a year from 1971 to 2999", param, ctx)
        return day


@click.group()
def report() -> None:
    """Say what was sold, from this till's own journal; the till may go on meanwhile.

    Without days: today. A day ends as [till] day_ends_at says, by this machine's time, or at
    midnight where there is no config. Every report has the same summary, and the rows of each add
    up to its net. Archives of closed years are read where the days reach back into them.

    \b
    Examples:
      taptill report day
      taptill report goods --last 7
      taptill report customer --from 2026-03-01 --to 2026-03-31 --csv > march.csv
      taptill report hours --last 28 --html hours.html
      taptill report shift
    """


TITLES = {
    ReportKind.DAY: "Sales report",
    ReportKind.GOODS: "Sales by good",
    ReportKind.CUSTOMER: "Sales by customer",
    ReportKind.HOURS: "Sales by hour",
    ReportKind.STAFF: "Sales by staff",
}
_OPTIONS = (
    click.option("--from", "first", type=Day(), help="The first day; else the last one."),
    click.option("--to", "last", type=Day(), help="The last day; else today."),
    click.option(
        "--last", "count", type=click.IntRange(1, DAYS_MAX), help="So many days up to the last one."
    ),
)
_options = with_options((*FORMS[:2], *_OPTIONS, *FORMS[2:]))


@report.command()
@_options
def day(**options: Any) -> None:
    """Sum up the days: gross, voids, net and where it stands, by day, by hour and by good.

    \b
    Examples:
      taptill report day
      taptill report day --from yesterday --to yesterday --html yesterday.html
      taptill report day --last 31 --csv > days.csv
    """
    _print(ReportKind.DAY, **options)


@report.command()
@_options
def goods(**options: Any) -> None:
    """Say how many of each good were sold, and for how much.

    Typed amounts, and what names no goods, have a row each, so that the rows add up to the total.

    \b
    Examples:
      taptill report goods --last 7
      taptill report goods --from 2026-03-01 --to 2026-03-31 --html march.html
    """
    _print(ReportKind.GOODS, **options)


@report.command()
@_options
def customer(**options: Any) -> None:
    """Say what each customer bought: by id, initials and the office's key, as the journal has them.

    \b
    Examples:
      taptill report customer
      taptill report customer --from 2026-03-01 --to 2026-03-31 --csv > march.csv
    """
    _print(ReportKind.CUSTOMER, **options)


@report.command()
@_options
def hours(**options: Any) -> None:
    """Say what was sold in which hour of the day, over all the days.

    \b
    Examples:
      taptill report hours
      taptill report hours --last 28 --html hours.html
    """
    _print(ReportKind.HOURS, **options)


@report.command()
@_options
def staff(**options: Any) -> None:
    """Say what each member of the staff sold and voided, and what was done with nobody logged in.

    \b
    Examples:
      taptill report staff
      taptill report staff --last 7 --html week.html
    """
    _print(ReportKind.STAFF, **options)


report.add_command(shift)


def _print(
    kind: ReportKind,
    *,
    first: NamedDay | None,
    last: NamedDay | None,
    count: int | None,
    **options: Any,
) -> None:
    form = Form(**options)
    path, days = form.journal(), form.days().business_days
    form.show(_printout(kind, path, _period(days, first, last, count)))


def _printout(kind: ReportKind, path: Path, period: Period) -> Printout:
    with closing(JournalQueries(path)) as queries:
        figures, identity = report_of(queries, period, _show_counted), queries.last_opened() or {}
        codes = figures.currencies
        currency = Currency.named(codes[0]) if codes else newest_currency(queries)
    till, journal_id = identity.get("till", ""), identity.get("journal_id", "")
    made_at = SystemClock().now()
    entries = f"{figures.first_seq} to {figures.last_seq}" if figures.first_seq else "none"
    ends = period.days.ends_at.isoformat("minutes")
    return Printout(
        title=TITLES[kind],
        heading=f"till {sanitised(till) or '?'}, {_in_words(period)}",
        made_at=made_at,
        currency=currency,
        summary=tuple(summary_rows(figures, currency)),
        tables=tables_of(kind, figures, currency),
        remarks=tuple(remarks(figures, currency)),
        footer=f"Entries {entries} of the journal {sanitised(journal_id)}. Days and hours are "
        f"local time; a day ends at {ends}. Not a tax receipt.",
        document={
            "report": kind.value,
            "till": till,
            "journal_id": journal_id,
            "from": str(period.first),
            "to": str(period.last),
            "day_ends_at": ends,
            "as_of": made_at,
            **figures_document(figures, currency),
        },
    )


def _in_words(period: Period) -> str:
    first, last = period.first, period.last
    return str(first) if first == last else f"{first} to {last}"


def _show_counted(entries: int) -> None:
    """Show how far the count is, on one line of a terminal; print nothing where there is none."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{many(entries, 'entry', 'entries')} counted\r", nl=False, err=True)


def _period(
    days: BusinessDays, first: NamedDay | None, last: NamedDay | None, count: int | None
) -> Period:
    """Return the business days that the options name; today without any."""
    if first and count:
        raise UsageError(problem="say one of --from and --last")
    today = days.day_of(datetime.fromisoformat(SystemClock().now()))
    begin, end = _date(first, today), _date(last, today) or today
    if count:
        begin = end - timedelta(days=count - 1)
    begin = begin or end
    if begin > end:
        raise UsageError(problem=f"--from {begin} is after --to {end}")
    return Period(begin, end, days)


def _date(day: NamedDay | None, today: date) -> date | None:
    return today - timedelta(days=_NAMED_DAYS[day]) if isinstance(day, str) else day
