"""`taptill report ...`: what was sold, by day, good, customer or hour."""

import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click

from taptill.cli.journal.export import JOURNALS
from taptill.cli.options import FILE, JSON, STATE, journal_at
from taptill.cli.report.page import html_page
from taptill.cli.report.plain import Printout, csv_text, heading, json_text, text_lines
from taptill.cli.report.tables import ReportKind, tables_of
from taptill.clock import SystemClock
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency
from taptill.domain.reports.scopes import Period
from taptill.durable_files import atomic_write
from taptill.journal.identity import currency as newest_currency
from taptill.journal.queries import JournalQueries
from taptill.operations.reporting import report_of

DAYS_MAX = 3660
_NAMED_DAYS = {"today": 0, "yesterday": 1}


class Day(click.ParamType[date]):
    """A day as `2026-03-02`, or `today` or `yesterday`."""

    name = "day"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day; fail where it is none, or outside the years 1971 to 2999."""
        if value in _NAMED_DAYS:
            return _today() - timedelta(days=_NAMED_DAYS[value])
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

    Without days: today. A day begins at midnight, by this machine's time. Every report has the
    same summary, and the rows of each add up to its net. Archives of closed years are read where
    the days reach back into them.

    \b
    Examples:
      taptill report day
      taptill report goods --last 7
      taptill report customer --from 2026-03-01 --to 2026-03-31 --csv > march.csv
      taptill report hours --last 28 --html hours.html
    """


_OPTIONS = (
    STATE,
    FILE,
    click.option("--from", "first", type=Day(), help="The first day; else the last one."),
    click.option("--to", "last", type=Day(), help="The last day; else today."),
    click.option(
        "--last", "count", type=click.IntRange(1, DAYS_MAX), help="So many days up to the last one."
    ),
    JSON,
    click.option("--csv", "as_csv", is_flag=True, help="The rows as a table for a spreadsheet."),
    click.option(
        "--html",
        "page",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write a page with charts to this file, to look at or to print.",
    ),
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all reports have."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


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


def _print(  # noqa: PLR0913 - the options of the command
    kind: ReportKind,
    *,
    state_dir: Path | None,
    archive: Path | None,
    first: date | None,
    last: date | None,
    count: int | None,
    as_json: bool,
    as_csv: bool,
    page: Path | None,
) -> None:
    if as_json + as_csv + (page is not None) > 1:
        raise UsageError(problem="say one of --json, --csv and --html")
    period, path = _period(first, last, count), archive or journal_at(state_dir)
    if page and (fnmatch(page.name, JOURNALS) or page.resolve() == path.resolve()):
        raise UsageError(problem=f"{page} is a journal itself: choose another name")
    printout = _printout(kind, path, period)
    if as_json:
        click.echo(json_text(printout))
    elif as_csv:
        click.echo(csv_text(printout), nl=False)
    elif page:
        with atomic_write(page) as target:
            target.write(html_page(printout))
        click.echo(f"{page}: {heading(printout)}")
    else:
        for line in text_lines(printout):
            click.echo(line)


def _printout(kind: ReportKind, path: Path, period: Period) -> Printout:
    with closing(JournalQueries(path)) as queries:
        figures, identity = report_of(queries, period, _show_counted), queries.last_opened() or {}
        codes = figures.currencies
        currency = Currency.named(codes[0]) if codes else newest_currency(queries)
    return Printout(
        kind=kind,
        till=identity.get("till", ""),
        journal_id=identity.get("journal_id", ""),
        made_at=SystemClock().now(),
        report=figures,
        currency=currency,
        tables=tables_of(kind, figures, currency),
    )


def _show_counted(entries: int) -> None:
    """Show how far the count is, on one line of a terminal; print nothing where there is none."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{entries} entries counted\r", nl=False, err=True)


def _period(first: date | None, last: date | None, count: int | None) -> Period:
    """Return the days that the options name; today without any."""
    if first and count:
        raise UsageError(problem="say one of --from and --last")
    last = last or _today()
    if count:
        first = last - timedelta(days=count - 1)
    first = first or last
    if first > last:
        raise UsageError(problem=f"--from {first} is after --to {last}")
    return Period(first, last)


def _today() -> date:
    """Return the day that the clock of the till's entries shows, in this machine's zone."""
    return datetime.fromisoformat(SystemClock().now()).astimezone().date()
