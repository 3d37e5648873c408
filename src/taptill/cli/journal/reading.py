"""The commands `taptill journal verify | list | show`, which may run beside the till."""

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

import click

from taptill.cli.journal.export import SEQ_MAX
from taptill.cli.options import FILE, JSON, STATE, ReadPath, journal_at
from taptill.cli.output import sanitised
from taptill.clock import SystemClock, named_zone
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.errors import JournalArchiveError, JournalBrokenError, JournalError, UsageError
from taptill.domain.technical.command_line import command_line
from taptill.domain.technical.counting import many
from taptill.journal.back_office.shift_check import ShiftFault, shift_faults
from taptill.journal.file import connect, entries
from taptill.journal.lock import alone
from taptill.journal.queries import JournalQueries, check_archives, holding
from taptill.journal.verify import UNREADABLE, VerifyResult, verify_copy
from taptill.journal.verify import verify as verify_journal

SQLITE = b"SQLite format 3\0"
TEXT_MAX = 1_000_000
"""Longest text that `show` prints of one column, in characters: more than any entry has."""


@click.command()
@STATE
@JSON
@click.option("--rebuild", is_flag=True, help="Compute the sums per customer anew (till stopped).")
@click.option(
    "--file",
    "copy",
    type=ReadPath(dir_okay=False, allow_dash=True),
    help="Check this export, mirror or archive instead; - is input.",
)
def verify(state_dir: Path | None, copy: Path | None, *, as_json: bool, rebuild: bool) -> None:
    """Walk the chain of every entry; exit status 74 names the first broken one.

    The Z of each closed shift is counted anew, too, and must be the one that is stored.

    \b
    Examples:
      taptill journal verify --state-dir /var/lib/taptill
      taptill journal verify --file /media/stick/taptill.jsonl
    """
    if copy and rebuild:
        raise UsageError(problem="--rebuild is for the journal itself, not for a copy")
    path = copy or journal_at(state_dir)
    is_journal = copy is None or _is_journal(copy)
    verdict = _walk(path, rebuild=rebuild) if is_journal else _walk_copy(path)
    archive_error = _missed_archive(path) if is_journal and verdict.sound else None
    faults = _shift_faults(path) if is_journal and verdict.sound and not archive_error else []
    if as_json:
        click.echo(json.dumps(_document(verdict, archive_error, faults)))
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
    if archive_error:
        raise archive_error
    if faults:
        fault = faults[0]
        detail = f"the Z of shift {fault.number}: {fault.detail}"
        raise JournalBrokenError(path=path, seq=fault.seq, detail=sanitised(detail))


def _document(
    verdict: VerifyResult, archive_error: JournalArchiveError | None, faults: list[ShiftFault]
) -> dict[str, Any]:
    return {
        "entries": verdict.entries,
        "first_seq": verdict.first_seq,
        "broken_seq": verdict.broken_seq,
        "detail": verdict.detail,
        "stale_customers": list(verdict.stale_positions),
        "cut_short": verdict.cut_short,
        "sound": verdict.sound,
        "archives": str(archive_error.fields["detail"]) if archive_error else "",
        "shift_faults": [asdict(fault) for fault in faults],
    }


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
    with closing(JournalQueries(archive or journal_at(state_dir))) as queries:
        matches = list(entries(queries.connection, "seq = ?", [seq]))
        if not matches:
            raise JournalError(path=queries.path, detail=_where_else(queries, seq))
    if as_json:
        _print(matches, as_json=True)
        return
    for name, value in _columns(matches[0]).items():
        click.echo(f"{name:14} {sanitised(json.dumps(value, ensure_ascii=False), TEXT_MAX)}")


def _where_else(queries: JournalQueries, seq: int) -> str:
    """Return a sentence about where an entry is that is not in this file.

    Errors: JournalArchiveError.
    """
    with holding(queries, seq) as holder:
        if holder is queries:
            return f"there is no entry {seq}"
        return f"entry {seq} is in an archive: show it with {command_line('--file', holder.path)}"


def _walk(path: Path, *, rebuild: bool) -> VerifyResult:
    with closing(connect(path, read_only=True)) as connection:
        verdict = verify_journal(connection, path)
    if (
        rebuild and verdict.broken_seq is None
    ):  # sums computed from a broken chain would hide the break
        _rebuild(path)
        return _walk(path, rebuild=False)
    return verdict


def _is_journal(path: Path) -> bool:
    """Return whether the file is a SQLite journal and not an export; standard input never is."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def _missed_archive(path: Path) -> JournalArchiveError | None:
    """Return what is wrong with an archive that this journal follows, or None."""
    try:
        with closing(JournalQueries(path)) as queries:
            check_archives(queries)
    except JournalArchiveError as fault:
        return fault
    return None


def _shift_faults(path: Path) -> list[ShiftFault]:
    """Return what of the closed shifts' Zs is another when it is counted anew."""
    with closing(JournalQueries(path)) as queries:
        return list(shift_faults(queries, named_zone))


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


def _print(listing: Iterable[Entry], *, as_json: bool) -> None:
    for entry in listing:
        if as_json:
            click.echo(json.dumps(_columns(entry)))
        else:
            amount = "" if entry.amount_minor is None else entry.amount_minor
            customer = "" if entry.customer_id is None else f"customer {entry.customer_id}"
            line = f"{entry.seq:8} {entry.at} {entry.kind:12} {amount:>9} {customer}"
            click.echo(f"{line}{_taken_back(entry)}".rstrip())


def _taken_back(entry: Entry) -> str:
    """Return what a void takes back, with the words before; empty for another entry."""
    charge_seq = entry.body.get("voids")
    if entry.kind is not EntryKind.VOID or not isinstance(charge_seq, int):
        return ""
    part = "a part of entry" if entry.body.get("lines") else "entry"
    return f", takes back {part} {charge_seq}"


def _columns(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


COMMANDS = (verify, list_, show)
