"""`taptill service import | export | backup` in, customers or a whole copy moved as a file out."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from taptill.cli.options import JSON
from taptill.cli.output import written
from taptill.cli.service.opening import DATABASE, money_of, opened, rooms
from taptill.domain.currencies.writing import amount
from taptill.domain.money import Currency, Money

BAD_ROWS = 65
OUTPUT = Path("-")

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@DATABASE
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--new-companies", is_flag=True, help="Make companies that there are not yet.")
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "windows-1252", "utf-16"]),
    default="utf-8",
    show_default=True,
    help="What the file was saved in.",
)
@click.option(
    "--decimal-mark",
    type=click.Choice(["point", "comma"]),
    help="Where the columns of amounts do not tell it.",
)
@click.option("--cards-as-written", is_flag=True, help="Take odd card ids and keys as they are.")
@JSON
def import_(database: str, file: Path, *, dry_run: bool, as_json: bool, **options: Any) -> int:
    """Add customers from a CSV file: all of them or, if one row is bad, none.

    The first line names the columns: name is needed; email, cardId, company (its name),
    externalId, isBlocked, isCreditAllowed, totalDebt, paymentCard and default may follow. Every
    bad row is told, and the exit status is then 65.

    \b
    Examples:
      taptill service import customers.db members.csv --dry-run
      taptill service import customers.db members.csv --new-companies
    """
    with opened(database) as engine:
        (imports, databases) = rooms("files.imports", "database")
        source = _source(file, options)
        report = imports.import_csv(engine, source, dry_run=dry_run)
        site = databases.site_of(engine)
    done = not (dry_run or report.bad_count)
    if as_json:
        click.echo(json.dumps({**asdict(report), "done": done}))
    else:
        _tell(report, money_of(site), done=done)
    return BAD_ROWS if report.bad_count else 0


def _source(file: Path, options: dict[str, Any]) -> Any:
    """Make an import's source of the command's options."""
    imports, survey, figures = rooms("files.imports", "files.survey", "files.figures")
    mark = options["decimal_mark"]
    wishes = survey.Wishes(figures.Mark(mark) if mark else None, options["cards_as_written"])
    return imports.Source(file, options["encoding"], wishes, options["new_companies"])


@click.command()
@DATABASE
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option(
    "--for-spreadsheet",
    "form",
    type=click.Choice(["comma", "semicolon"]),
    help="Write it for people: with semicolons also a comma before the decimals.",
)
def export(database: str, file: Path, form: str | None) -> None:
    """Write all customers to a CSV file as of one moment; - is standard output.

    --for-spreadsheet keeps leading zeros and long numbers of card ids and keys, and names that
    look like a formula; an import reads it back to the same.

    \b
    Examples:
      taptill service export customers.db members.csv
      taptill service export customers.db members.csv --for-spreadsheet semicolon
      taptill service export customers.db - | wc -l
    """
    spoilt: Counter[str] = Counter()
    with opened(database) as engine:
        (exports, columns) = rooms("files.exports", "files.columns")
        lines = exports.export_csv(engine, columns.Form(form or "plain"), spoilt)
        if file == OUTPUT:
            sys.stdout.buffer.writelines(line.encode() for line in lines)
            return
        with written(file) as target:
            target.writelines(lines)
    click.echo(f"the customers are in {file}")
    for name, count in spoilt.items() if form is None else ():
        cells = "1 cell" if count == 1 else f"{count} cells"
        words = f"a spreadsheet would change {cells} of {name} (leading zeros, many digits)"
        click.echo(f"{words}: for one say --for-spreadsheet comma or semicolon")


@click.command()
@DATABASE
@click.argument("file", type=_FILE)
@JSON
def backup(database: str, file: Path, *, as_json: bool) -> None:
    """Copy the whole database to a new file while the service runs; PostgreSQL has pg_dump.

    \b
    Example:
      taptill service backup customers.db /media/stick/customers-2026-11-02.db
    """
    with opened(database) as engine:
        (backups,) = rooms("files.backup")
        size = backups.back_up(engine, file)
    words = f"{file}: {size} bytes, complete"
    click.echo(json.dumps({"file": str(file), "bytes": size}) if as_json else words)


def _tell(report: Any, currency: Currency, *, done: bool) -> None:
    (reports,) = rooms("files.report")
    many = reports.many
    for bad in report.bad:
        place = f"line {bad.line}, {bad.column}" if bad.column else f"line {bad.line}"
        click.echo(f"{place}: {bad.problem}", err=True)
    if report.bad_count > len(report.bad):
        click.echo(f"... and {report.bad_count - len(report.bad)} more", err=True)
    if report.not_taken:
        click.echo(f"not taken: {', '.join(report.not_taken)}")
    for note in report.notes:
        click.echo(note)
    if report.new_companies:
        companies = many(len(report.new_companies), "company", "companies")
        click.echo(f"{'made' if done else 'to be made'}: {companies}")
    _tell_sums(report.sums, currency)
    verdict = f"imported {many(report.rows, 'customer')}" if done else "nothing was imported"
    found = f"{many(report.bad_count, 'mistake')} in " if report.bad_count else ""
    click.echo(verdict if done else f"{found}{many(report.rows, 'row')}: {verdict}")
    if done:
        click.echo(f"this was import {report.import_id}")


def _tell_sums(sums: Any, currency: Currency) -> None:
    (reports,) = rooms("files.report")
    owed = f"{amount(Money(sums.owed_minor), currency, 'en')} owed by {sums.owing}"
    ahead = f"{amount(Money(sums.in_advance_minor), currency, 'en')} in advance of {sums.ahead}"
    customers = reports.many(sums.customers, "customer")
    click.echo(f"{customers}, {sums.with_card} with card; {owed}, {ahead}")
