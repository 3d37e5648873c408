"""The command `taptill journal export`: every entry, to a file or to standard output."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

import click

from taptill.cli.options import FILE, JSON, STATE, journal_at
from taptill.domain.errors import OutputError, UsageError
from taptill.domain.technical.counting import many
from taptill.durable_files import atomic_write
from taptill.journal.background.row_formats import Row, rows, to_csv, to_line
from taptill.journal.file import connect, mapping_errors

SEQ_MAX = 2**63 - 1
JOURNALS = "journal*.db*"
"""File names of a journal, of its archives and of SQLite's files beside them."""

PROGRESS_ROWS = 100_000

COPY = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
OUTPUT = Path("-")


@click.command()
@STATE
@FILE
@JSON
@click.option("--to", "target", type=COPY, default=OUTPUT, help="A file; - is output, the default.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json")
@click.option("--since", type=click.IntRange(1, SEQ_MAX), default=1, help="From this entry on.")
def export(
    state_dir: Path | None,
    archive: Path | None,
    target: Path,
    form: str,
    since: int,
    *,
    as_json: bool,
) -> None:
    """Write every entry with its chain: a line of JSON for each, or CSV.

    A file is complete or not there at all. What was written is told on standard output, or where
    that takes the entries on standard error.

    \b
    Examples:
      taptill journal export --to /media/stick/2026.jsonl
      taptill journal export --since 4712 --format csv --to new.csv --json
      taptill journal export --file journal-from-1.db --to 2025.jsonl
      taptill journal export | gzip > journal.jsonl.gz
    """
    path = archive or journal_at(state_dir)
    beside = target.resolve().parent == path.resolve().parent and target.name.startswith(path.name)
    if beside or fnmatch(target.name, JOURNALS):
        raise UsageError(problem=f"{target} is a journal itself: choose another name")
    with closing(connect(path, read_only=True)) as connection, mapping_errors(path):
        until = connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0]
        exported = CountedRows(rows(connection, since, until), max(0, until - since + 1))
        lines = map(to_line, exported) if form == "json" else to_csv(exported)
        _write(target, lines)
    if as_json:
        summary = {"entries": exported.count, "last_seq": exported.last_seq, "file": str(target)}
        words = json.dumps({**summary, "last_hash": exported.last_hash})
    else:
        entries = many(exported.count, "entry", "entries")
        words = f"{entries}, the last is number {exported.last_seq}: {target}"
    click.echo(words, err=target == OUTPUT)


class CountedRows:
    """Counts the rows that pass through it, and reports progress on standard error."""

    def __init__(self, source: Iterator[Row], total: int) -> None:
        self.count = 0
        self.last_seq: int | None = None
        self.last_hash: str | None = None
        self._source = source
        self._total = total

    def __iter__(self) -> Iterator[Row]:
        for row in self._source:
            self.count += 1
            self.last_seq, self.last_hash = row[0], row[-1]
            if self.count % PROGRESS_ROWS == 0:
                click.echo(f"{self.count} of {self._total} entries", err=True)
            yield row


def _write(target: Path, lines: Iterable[bytes]) -> None:
    if target == OUTPUT:
        _write_output(lines)
    else:
        with atomic_write(target) as file:
            for line in lines:
                file.buffer.write(line)


def _write_output(lines: Iterable[bytes]) -> None:
    output = sys.stdout.buffer
    try:
        output.writelines(lines)
        output.flush()
    except BrokenPipeError:  # the reader, for example `head`, has closed its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
    except OSError as fault:
        raise OutputError(path="standard output", detail=fault.strerror) from fault
