"""`taptill service export | backup` in, customers or a whole copy moved as a file out."""

import json
import sys
from collections import Counter
from pathlib import Path

import click

from taptill.cli.options import JSON
from taptill.cli.output import many
from taptill.cli.service.opening import DATABASE, opened, rooms
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
    spoilt: Counter[str] = Counter()
    with opened(database) as engine:
        (exports, columns) = rooms("files.exports", "files.columns")
        lines = exports.export_csv(engine, columns.Form(form or "plain"), spoilt)
        if file == OUTPUT:
            sys.stdout.buffer.writelines(line.encode() for line in lines)
            return
        with atomic_write(file) as target:
            target.writelines(lines)
    click.echo(f"the customers are in {file}")
    for name, count in spoilt.items() if form is None else ():
        cells = many(count, "cell")
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
