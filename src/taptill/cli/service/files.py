"""The commands `taptill service export` and `taptill service backup`."""

import json
import sys
from collections import Counter
from pathlib import Path

import click

from taptill.cli.options import JSON
from taptill.cli.service.databases import DATABASE, import_service, open_engine
from taptill.domain.technical.counting import many
from taptill.durable_files import atomic_write

OUTPUT = Path("-")

_FILE = click.Path(path_type=Path, dir_okay=False)


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
    fragile_cells: Counter[str] = Counter()
    with open_engine(database) as engine:
        (exports, columns) = import_service("files.exports", "files.columns")
        lines = exports.export_csv(engine, columns.ExportFormat(form or "plain"), fragile_cells)
        if file == OUTPUT:
            sys.stdout.buffer.writelines(line.encode() for line in lines)
            return
        with atomic_write(file) as target:
            target.writelines(lines)
    click.echo(f"the customers are in {file}")
    for name, count in fragile_cells.items() if form is None else ():
        cells = many(count, "cell")
        message = (
            f"a spreadsheet would change {cells} of {name} (leading zeros, many digits, 62E30)"
        )
        click.echo(f"{message}: for one say --for-spreadsheet comma or semicolon")


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
    with open_engine(database) as engine:
        (backups,) = import_service("files.backup")
        size = backups.back_up(engine, file)
    message = f"{file}: {size} bytes, complete"
    click.echo(json.dumps({"file": str(file), "bytes": size}) if as_json else message)
