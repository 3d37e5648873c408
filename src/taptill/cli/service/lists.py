"""The commands `taptill service import` and `taptill service imports`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from taptill.cli.options import JSON
from taptill.cli.output import confirm, sanitised, shown
from taptill.cli.service.databases import DATABASE, display_currency, import_service, open_engine
from taptill.cli.service.progress import progress_bar, size_of
from taptill.cli.service.undo import format_value, undo
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency, Money
from taptill.domain.technical.counting import many

BAD_ROWS = 65


@click.command("import")
@DATABASE
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
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
@click.option("--respell", is_flag=True, help="Spell card ids and keys as the database does.")
@click.option(
    "--update", is_flag=True, help="Bring customers up to date: by externalId, else by cardId."
)
@click.option("--money", is_flag=True, help="With --update: book what totalDebt differs by.")
@click.option("--undo", type=click.IntRange(1), help="Take back the import of this number.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON
def import_(
    database: str, file: Path | None, *, dry_run: bool, yes: bool, as_json: bool, **options: Any
) -> int:
    """Add customers from a CSV file: all of them or, if one row is bad, none.

    The first line names the columns: name is needed; email, cardId, company (its name),
    externalId, isBlocked, isCreditAllowed, totalDebt, paymentCard and default may follow. Every
    bad row is told, and the exit status is then 65.

    With --update the file is a newer list: it is shown who is new, who is changed and how, and who
    is missing from the file; then all of it is done or, if one row is bad, nothing. Nobody is
    removed, an empty cell changes nothing, and no balance is touched without --money.

    \b
    Examples:
      taptill service import customers.db members.csv --dry-run
      taptill service import customers.db members.csv --new-companies
      taptill service import customers.db members-february.csv --update --dry-run
      taptill service import customers.db --undo 3
    """
    undo_id, update, money = options["undo"], options["update"], options["money"]
    if (file is None) != (undo_id is not None):
        raise UsageError(problem="name a file to import, or say --undo with an import's number")
    if money and not update:
        raise UsageError(problem="--money goes with --update: a plain import takes totalDebt")
    with open_engine(database) as engine:
        currency = display_currency(import_service("database")[0].currency_of(engine))
        if undo_id is not None:
            work = import_service("files.undo")[0].Undo(engine, undo_id)
            return undo(work, currency, dry_run=dry_run, yes=yes, as_json=as_json)
        assert file is not None
        source = _source(file, options)
        if update:
            work = import_service("files.updates")[0].ListUpdate(engine, source, money=money)
            return _update(work, file, currency, dry_run=dry_run, yes=yes, as_json=as_json)
        read = import_service("files.imports")[0].import_csv
        with progress_bar("importing", size_of(file) * (2 if dry_run else 3)) as advance:
            report = read(engine, source, dry_run=dry_run, advance=advance)
    is_done = not (dry_run or report.bad_count)
    if as_json:
        click.echo(json.dumps({**asdict(report), "done": is_done}))
    else:
        _print_report(report, currency, is_done=is_done)
        summary = f"imported {many(report.rows, 'customer')}" if is_done else "nothing was imported"
        _print_summary(report, summary, is_done=is_done)
    return BAD_ROWS if report.bad_count else 0


def _update(
    work: Any, file: Path, currency: Currency, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    with progress_bar("looking", size_of(file) * 2) as advance:
        report = work.preview(advance)
    is_empty = not (report.new_count or report.changed_count)
    is_done = not (dry_run or report.bad_count or is_empty)
    if not as_json:
        _print_report(report, currency, is_done=False)
        print_preview(report, currency)
        if is_done and not yes and sys.stdin.isatty():
            confirm("Do this?")
    if is_done:
        with progress_bar("updating", size_of(file)) as advance:
            report = work.apply(advance)
    if as_json:
        click.echo(json.dumps({**asdict(report), "done": is_done}, default=str))
    else:
        new_customers, change_count = many(report.new_count, "new customer"), report.changed_count
        summary = f"{new_customers}, {change_count} changed" if is_done else "nothing was changed"
        _print_summary(report, summary, is_done=is_done)
    return BAD_ROWS if report.bad_count else 0


@click.command("imports")
@DATABASE
@JSON
def imports(database: str, *, as_json: bool) -> None:
    """List the imports, newest first, with the number that --undo takes.

    \b
    Example:
      taptill service imports customers.db
    """
    with open_engine(database) as engine:
        rows = import_service("files.undo")[0].list_imports(engine)
    for row in rows:
        end = f", undone at {row['undone_at']}" if row["undone_at"] else ""
        if row["undone_in_part_at"]:
            end = f", undone in part at {row['undone_in_part_at']}"
        line = f"import {row['id']} at {row['at']}: {row['added']} new, {row['changed']} changed"
        click.echo(json.dumps(row) if as_json else f"{line}{end}")


def _source(file: Path, options: dict[str, Any]) -> Any:
    """Return the import's source for the command's options."""
    imports, survey, amounts = import_service("files.imports", "files.survey", "files.amounts")
    mark = options["decimal_mark"]
    as_written, respell = options["cards_as_written"], options["respell"]
    if as_written and respell:
        raise UsageError(problem="--respell and --cards-as-written: say one of them")
    reading = survey.ReadingOptions(
        amounts.DecimalMark(mark) if mark else None, as_written, respell
    )
    return imports.ImportSource(file, options["encoding"], reading, options["new_companies"])


def _print_report(report: Any, currency: Currency, *, is_done: bool) -> None:
    for bad in report.bad:
        position = f"line {bad.line}, {bad.column}" if bad.column else f"line {bad.line}"
        click.echo(f"{position}: {bad.problem}", err=True)
    if report.bad_count > len(report.bad):
        click.echo(f"... and {report.bad_count - len(report.bad)} more", err=True)
    if report.not_taken:
        click.echo(f"not taken: {', '.join(report.not_taken)}")
    for note in report.notes:
        click.echo(note)
    if report.new_companies:
        companies = many(len(report.new_companies), "company", "companies")
        click.echo(f"{'made' if is_done else 'to be made'}: {companies}")
    _print_totals(report.sums, currency)


def _print_summary(report: Any, summary: str, *, is_done: bool) -> None:
    mistakes = f"{many(report.bad_count, 'mistake')} in " if report.bad_count else ""
    click.echo(summary if is_done else f"{mistakes}{many(report.rows, 'row')}: {summary}")
    if is_done:
        click.echo(f"this was import {report.import_id}")


def _print_totals(sums: Any, currency: Currency) -> None:
    debt = f"{shown(Money(sums.owed_minor), currency)} owed by {sums.owing}"
    ahead = f"{shown(Money(sums.in_advance_minor), currency)} in advance of {sums.ahead}"
    click.echo(f"{many(sums.customers, 'customer')}, {sums.with_card} with card; {debt}, {ahead}")


def print_preview(report: Any, currency: Currency) -> None:
    """Print what a newer list would do, customer by customer."""
    for customer in report.new:
        click.echo(f"new: {sanitised(customer.name)} (line {customer.line})")
    for customer in report.changed:
        edits = [
            f"{name} {format_value(old, currency)} -> {format_value(new, currency)}"
            for name, (old, new) in customer.fields.items()
        ]
        click.echo(
            f"changed: customer {customer.id} {sanitised(customer.name)}: {', '.join(edits)}"
        )
    for customer in report.missing:
        click.echo(f"missing from the file: customer {customer.id} {sanitised(customer.name)}")
    missing = f"{report.missing_count} missing from the file, who stay as they are"
    if report.bad_count:
        missing = "who is missing from the file shows once the mistakes are mended"
    counts = f"{report.new_count} new, {report.changed_count} changed, {report.unchanged} unchanged"
    click.echo(f"{counts}, {missing}")
