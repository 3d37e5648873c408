"""`taptill journal verify | list | show`: what the journal holds; reads beside a running till."""

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

import click

from taptill.cli.journal.export import COPY, SEQ_MAX
from taptill.cli.options import FILE, JSON, STATE, journal_at
from taptill.cli.output import many, plain
from taptill.clock import SystemClock
from taptill.domain.entry import Entry
from taptill.domain.errors import JournalArchiveError, JournalBrokenError, JournalError, UsageError
from taptill.journal.file import connect, entries
from taptill.journal.lock import alone
from taptill.journal.queries import JournalQueries, check_archives, holding
from taptill.journal.verify import UNREADABLE, VerifyResult, verify_copy
from taptill.journal.verify import verify as verify_journal

SQLITE = b"SQLite format 3\0"
WHOLE = 1_000_000
"""An entry is shown to its end."""


@click.command()
@STATE
@JSON
@click.option("--rebuild", is_flag=True, help="Compute the sums per customer anew (till stopped).")
@click.option(
    "--file", "copy", type=COPY, help="Check this export, mirror or archive instead; - is input."
)
def verify(state_dir: Path | None, copy: Path | None, *, as_json: bool, rebuild: bool) -> None:
    """Walk the chain of every entry; exit status 74 names the first broken one.

    \b
    Examples:
      taptill journal verify --state-dir /var/lib/taptill
      taptill journal verify --file /media/stick/taptill.jsonl
    """
    if copy and rebuild:
        raise UsageError(problem="--rebuild is for the journal itself, not for a copy")
    path = copy or journal_at(state_dir)
    whole = copy is None or _is_journal(copy)
    verdict = _walk(path, rebuild=rebuild) if whole else _walk_copy(path)
    missed = _missed_archive(path) if whole and verdict.sound else None
    if as_json:
        shown = {"entries": verdict.entries, "first_seq": verdict.first_seq}
        broken = {"broken_seq": verdict.broken_seq, "detail": verdict.detail}
        ends = {"cut_short": verdict.cut_short, "sound": verdict.sound}
        stale = {"stale_customers": list(verdict.stale_positions)}
        archives = {"archives": str(missed.fields["detail"]) if missed else ""}
        click.echo(json.dumps({**shown, **broken, **stale, **ends, **archives}))
    if verdict.broken_seq is not None:
        raise JournalBrokenError(path=path, seq=verdict.broken_seq, detail=verdict.detail)
    if verdict.stale_positions:
        detail = (
            f"sums of {many(len(verdict.stale_positions), 'customer')} are wrong; use --rebuild"
        )
        raise JournalError(path=path, detail=detail)
    if not as_json:
        since = f" from {verdict.first_seq} on" if verdict.first_seq > 1 else ""
        cut = ", an incomplete last line left out" if verdict.cut_short else ""
        click.echo(
            f"{many(verdict.entries, 'entry', 'entries')}{since}, the chain holds{cut}: {path}"
        )
    if missed:
        raise missed


@click.command(name="list")
@STATE
@FILE
@JSON
@click.option(
    "--last",
    type=click.IntRange(1, SEQ_MAX),
    default=20,
    show_default=True,
    help="So many of the newest entries.",
)
def list_(state_dir: Path | None, archive: Path | None, *, as_json: bool, last: int) -> None:
    """List the newest entries, oldest first.

    \b
    Examples:
      taptill journal list --last 5
      taptill journal list --json --state-dir /var/lib/taptill
      taptill journal list --file /var/lib/taptill/journal-from-1.db
    """
    where = "seq > (SELECT coalesce(max(seq), 0) FROM entries) - ?"
    with closing(connect(archive or journal_at(state_dir), read_only=True)) as connection:
        _print(entries(connection, where, [last]), as_json=as_json)


@click.command()
@STATE
@FILE
@JSON
@click.argument("seq", type=click.IntRange(1, SEQ_MAX))
def show(state_dir: Path | None, archive: Path | None, seq: int, *, as_json: bool) -> None:
    """Show one entry whole.

    \b
    Examples:
      taptill journal show 4711
      taptill journal show 4711 --json
    """
    with closing(JournalQueries(archive or journal_at(state_dir))) as reads:
        found = list(entries(reads.connection, "seq = ?", [seq]))
        if not found:
            raise JournalError(path=reads.path, detail=_where_else(reads, seq))
    if as_json:
        _print(found, as_json=True)
        return
    for name, value in _columns(found[0]).items():
        click.echo(f"{name:14} {plain(json.dumps(value, ensure_ascii=False), WHOLE)}")


def _where_else(reads: JournalQueries, seq: int) -> str:
    """Say where an entry is that is not in this file. Errors: JournalArchiveError."""
    with holding(reads, seq) as holder:
        if holder is reads:
            return f"there is no entry {seq}"
        return f"entry {seq} is in an archive: show it with --file {holder.path}"


def _walk(path: Path, *, rebuild: bool) -> VerifyResult:
    with closing(connect(path, read_only=True)) as connection:
        verdict = verify_journal(connection, path)
    if rebuild and verdict.broken_seq is None:  # sums of a broken chain would hide the break
        _rebuild(path)
        return _walk(path, rebuild=False)
    return verdict


def _is_journal(path: Path) -> bool:
    """Tell an archive from an export; standard input is never one."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def _missed_archive(path: Path) -> JournalArchiveError | None:
    """Give what is wrong with the first archive that this journal follows; None: nothing is."""
    try:
        with closing(JournalQueries(path)) as reads:
            check_archives(reads)
    except JournalArchiveError as fault:
        return fault
    return None


def _walk_copy(path: Path) -> VerifyResult:
    try:
        with click.open_file(str(path), "rb") as file:
            verdict = verify_copy(cast("BinaryIO", file))
    except OSError as fault:
        raise JournalError(path=path, detail=fault.strerror) from fault
    if not verdict.entries and verdict.detail in ("", UNREADABLE):
        raise JournalError(path=path, detail="this file holds no entries of a journal")
    return verdict


def _rebuild(path: Path) -> None:
    with alone(path, SystemClock()) as journal:
        journal.file.rebuild_projection()


def _print(found: Iterable[Entry], *, as_json: bool) -> None:
    for entry in found:
        if as_json:
            click.echo(json.dumps(_columns(entry)))
        else:
            amount = "" if entry.amount_minor is None else entry.amount_minor
            who = "" if entry.customer_id is None else f"customer {entry.customer_id}"
            click.echo(f"{entry.seq:8} {entry.at} {entry.kind:12} {amount:>9} {who}".rstrip())


def _columns(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


COMMANDS = (verify, list_, show)
