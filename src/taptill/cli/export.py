"""The commands `taptill export ...`: files for the office, for the strategy that sends nothing."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from taptill.cli.options import JSON, STAFF, STATE, journal_at, journal_queries
from taptill.cli.output import shown
from taptill.clock import SystemClock
from taptill.domain.errors import OutputError, UsageError
from taptill.domain.money import Money
from taptill.domain.technical.counting import many
from taptill.journal.back_office.export_files import (
    FORMS,
    ExportFile,
    book,
    export_files,
    next_file,
    write_file,
)
from taptill.journal.identity import currency
from taptill.journal.lock import alone
from taptill.journal.queries import JournalQueries

_FORM = click.option("--format", "form", type=click.Choice(FORMS), default="csv", show_default=True)


@click.group()
def export() -> None:
    """Hand charges to the office in files: for [settlement] strategy = "export".

    Nothing is written to the backend. Each file has a number; once the office has booked it, say
    so, and its entries are no longer pending at this till.

    \b
    Examples:
      taptill export write --to /media/stick
      taptill export list
      taptill export booked 3 --staff Jo
    """


@export.command()
@STATE
@_FORM
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="A folder."
)
@click.option("--again", type=int, metavar="N", help="Write file N once more, as it was.")
def write(state_dir: Path | None, form: str, to: Path, again: int | None) -> None:
    """Write all money entries since the last file into the next one (till stopped).

    \b
    Examples:
      taptill export write --to /media/stick
      taptill export write --again 3 --format json
    """
    path = journal_at(state_dir)
    if not to.is_dir():
        raise UsageError(problem=f"there is no folder {to}")
    if again is None:
        with alone(path, SystemClock()) as journal:
            number = next_file(journal).number
    else:
        number = again
    with journal_queries(state_dir) as queries:
        file = _file_by_number(queries, number)
        target = to / f"taptill-{file.journal_id}-{number:04d}.{form}"
        try:
            write_file(queries, file, target, form)
        except OutputError as fault:  # its entries belong to file N from now on
            again_words = f"mend that, then: taptill export write --again {number}"
            detail = f"{fault.fields['detail']}; {again_words}"
            raise OutputError(path=target, detail=detail) from fault
        click.echo(
            f"{target}: {many(file.count, 'entry', 'entries')}, sum {_amount(queries, file)}"
        )


@export.command(name="list")
@STATE
@JSON
def list_(state_dir: Path | None, *, as_json: bool) -> None:
    """List the files so far, and which of them the office has booked."""
    with journal_queries(state_dir) as queries:
        for file in export_files(queries):
            if as_json:
                click.echo(json.dumps(asdict(file)))
            else:
                state = "booked" if file.booked else "not booked yet"
                sums = f"{many(file.count, 'entry', 'entries')}, sum {_amount(queries, file)}"
                click.echo(f"{file.number:4} {file.at} {sums}, {state}")


@export.command()
@STATE
@STAFF
@click.argument("number", type=int)
def booked(state_dir: Path | None, staff: str, number: int) -> None:
    """Say that the office has booked a file (till stopped).

    \b
    Example:
      taptill export booked 3 --staff Jo
    """
    with alone(journal_at(state_dir), SystemClock()) as journal:
        file = book(journal, number, staff)
    click.echo(
        f"file {file.number} is booked: "
        f"{many(file.count, 'entry is', 'entries are')} no longer pending"
    )


def _file_by_number(queries: JournalQueries, number: int) -> ExportFile:
    matches = [file for file in export_files(queries) if file.number == number]
    if not matches:
        raise UsageError(problem=f"there is no file {number}: see taptill export list")
    return matches[0]


def _amount(queries: JournalQueries, file: ExportFile) -> str:
    return shown(Money(file.sum_minor), currency(queries))
