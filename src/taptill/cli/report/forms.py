"""The options that all reports have, and a printout in, the form that they ask for out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import time
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.journal.export import JOURNALS
from taptill.cli.options import CONFIG, FILE, JSON, STATE, journal_at
from taptill.cli.report.page import html_page
from taptill.cli.report.plain import csv_text, json_text, slip_lines, text_lines
from taptill.cli.report.printout import Printout
from taptill.domain.errors import UsageError
from taptill.domain.technical.wall_time import parse_wall_time
from taptill.durable_files import atomic_write
from taptill.journal.back_office.shifts import SiteDays
from taptill.wiring.late_books import site_days


class WallTime(click.ParamType[time]):
    """A time of the day as `04:00`."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> time:
        """Return the time; fail where it is none in hours and minutes."""
        try:
            return parse_wall_time(value)
        except ValueError:
            self.fail("write a time as 04:00", param, ctx)


FORMS: Sequence[Callable[[Any], Any]] = (
    STATE,
    FILE,
    CONFIG,
    click.option(
        "--day-ends-at",
        "ends_at",
        type=WallTime(),
        help="When a business day ends; else as [till] day_ends_at says.",
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
"""The options that each report has; a Form is made of them."""


def with_options(
    options: Sequence[Callable[[Any], Any]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds options in their order."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Which journal a report is of, when its days end, and how it is shown."""

    state_dir: Path | None
    archive: Path | None
    option: Path | None
    ends_at: time | None
    as_json: bool
    as_csv: bool
    page: Path | None

    def journal(self) -> Path:
        """Return the path of the journal or the archive; UsageError where the forms do not fit."""
        if self.as_json + self.as_csv + (self.page is not None) > 1:
            raise UsageError(problem="say one of --json, --csv and --html")
        path = self.archive or journal_at(self.state_dir)
        page = self.page
        if page and (fnmatch(page.name, JOURNALS) or page.resolve() == path.resolve()):
            raise UsageError(problem=f"{page} is a journal itself: choose another name")
        return path

    def days(self) -> SiteDays:
        """Return when business days end: as said, else as the config has it, else at midnight."""
        ends_at = configs.day_ends_at(self.option) if self.ends_at is None else self.ends_at
        return site_days(ends_at, configs.time_zone())

    def show(self, printout: Printout, *, slip: bool = False) -> None:
        """Print a report as it was asked for; `slip`: as narrow text, where nothing was."""
        if self.as_json:
            click.echo(json_text(printout))
        elif self.as_csv:
            click.echo(csv_text(printout), nl=False)
        elif self.page:
            with atomic_write(self.page) as target:
                target.write(html_page(printout))
            click.echo(f"{self.page}: {printout.heading}")
        else:
            for line in slip_lines(printout) if slip else text_lines(printout):
                click.echo(line)
