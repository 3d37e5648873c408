"""`taptill service import | export | backup` in, customers or a whole copy moved as a file out."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from taptill.cli.options import JSON
from taptill.cli.output import written
from taptill.cli.service.opening import DATABASE, opened, rooms

BAD_ROWS = 65
OUTPUT = Path("-")

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@DATABASE
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--new-companies", is_flag=True, help="Make companies that there are not yet.")
@JSON
def import_(database: str, file: Path, *, dry_run: bool, new_companies: bool, as_json: bool) -> int:
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
        (imports,) = rooms("files.imports")
        report = imports.import_csv(engine, file, dry_run=dry_run, make_companies=new_companies)
    done = not (dry_run or report.bad_count)
    if as_json:
        click.echo(json.dumps({**asdict(report), "done": done}))
    else:
        _tell(report, done=done)
    return BAD_ROWS if report.bad_count else 0


@click.command()
@DATABASE
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
def export(database: str, file: Path) -> None:
    """Write all customers to a CSV file as of one moment; - is standard output.

    \b
    Examples:
      taptill service export customers.db members.csv
      taptill service export customers.db - | wc -l
    """
    with opened(database) as engine:
        (exports,) = rooms("files.exports")
        lines = exports.export_csv(engine)
        if file == OUTPUT:
            sys.stdout.buffer.writelines(line.encode() for line in lines)
            return
        with written(file) as target:
            target.writelines(lines)
    click.echo(f"the customers are in {file}")


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


def _tell(report: Any, *, done: bool) -> None:
    for bad in report.bad:
        place = f"line {bad.line}, {bad.column}" if bad.column else f"line {bad.line}"
        click.echo(f"{place}: {bad.problem}", err=True)
    if report.bad_count > len(report.bad):
        click.echo(f"... and {report.bad_count - len(report.bad)} more", err=True)
    if report.not_taken:
        click.echo(f"not taken: {', '.join(report.not_taken)}")
    if report.new_companies:
        click.echo(f"{'made' if done else 'to be made'}: {len(report.new_companies)} companies")
    verdict = f"imported {report.rows} customers" if done else "nothing was imported"
    found = f"{report.bad_count} mistakes in " if report.bad_count else ""
    click.echo(verdict if done else f"{found}{report.rows} rows: {verdict}")
