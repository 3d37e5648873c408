"""`taptill journal ...` in, what the journal holds out; reads beside a running till."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.office.moves import COMMANDS as MOVES
from taptill.clock import SystemClock
from taptill.domain.entry import Entry
from taptill.domain.errors import JournalBrokenError, JournalError
from taptill.journal.file import JournalFile, connect, entries
from taptill.journal.lock import JournalLock
from taptill.journal.verify import verify as walk

SEQ_MAX = 2**63 - 1

_STATE = click.option("--state-dir", type=click.Path(path_type=Path), help="Where it lies.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer for a script.")


@click.group()
def journal() -> None:
    """Read, verify and move the journal; what only reads may run beside the till."""


for _command in MOVES:
    journal.add_command(_command)


@journal.command()
@_STATE
@_JSON
@click.option("--rebuild", is_flag=True, help="Compute the sums per customer anew (till stopped).")
def verify(state_dir: Path | None, *, as_json: bool, rebuild: bool) -> None:
    """Walk the chain of every entry; exit status 74 names the first broken one.

    \b
    Example:
      taptill journal verify --state-dir /var/lib/taptill
    """
    path = _path(state_dir)
    verdict = walk(connect(path, read_only=True), path)
    if rebuild and verdict.broken_seq is None:  # sums of a broken chain would hide the break
        _rebuild(path)
        verdict = walk(connect(path, read_only=True), path)
    if as_json:
        shown = {"entries": verdict.entries, "broken_seq": verdict.broken_seq}
        stale = {"detail": verdict.detail, "stale_customers": list(verdict.stale_positions)}
        click.echo(json.dumps({**shown, **stale, "sound": verdict.sound}))
    if verdict.broken_seq is not None:
        raise JournalBrokenError(path=path, seq=verdict.broken_seq, detail=verdict.detail)
    if verdict.stale_positions:
        detail = f"sums of {len(verdict.stale_positions)} customers are wrong; use --rebuild"
        raise JournalError(path=path, detail=detail)
    if not as_json:
        click.echo(f"{verdict.entries} entries, the chain holds: {path}")


@journal.command(name="list")
@_STATE
@_JSON
@click.option(
    "--last",
    type=click.IntRange(1, SEQ_MAX),
    default=20,
    show_default=True,
    help="So many of the newest entries.",
)
def list_(state_dir: Path | None, *, as_json: bool, last: int) -> None:
    """List the newest entries, oldest first."""
    where = "seq > (SELECT coalesce(max(seq), 0) FROM entries) - ?"
    _print(entries(connect(_path(state_dir), read_only=True), where, [last]), as_json=as_json)


@journal.command()
@_STATE
@_JSON
@click.argument("seq", type=click.IntRange(1, SEQ_MAX))
def show(state_dir: Path | None, seq: int, *, as_json: bool) -> None:
    """Show one entry whole."""
    path = _path(state_dir)
    found = list(entries(connect(path, read_only=True), "seq = ?", [seq]))
    if not found:
        raise JournalError(path=path, detail=f"there is no entry {seq}")
    if as_json:
        _print(found, as_json=True)
        return
    for name, value in _columns(found[0]).items():
        click.echo(f"{name:14} {json.dumps(value, ensure_ascii=False)}")


def _path(state_dir: Path | None) -> Path:
    path = configs.state_dir(state_dir) / "journal.db"
    if not path.exists():
        raise JournalError(path=path, detail="there is none; name its folder with --state-dir")
    return path


def _rebuild(path: Path) -> None:
    clock = SystemClock()
    lock = JournalLock(path)
    lock.take(clock.now())
    try:
        file = JournalFile(path, clock)
        file.rebuild_projection()
        file.close()
    finally:
        lock.release()


def _print(found: Iterable[Entry], *, as_json: bool) -> None:
    for entry in found:
        if as_json:
            click.echo(json.dumps(_columns(entry), ensure_ascii=False))
        else:
            amount = "" if entry.amount_minor is None else entry.amount_minor
            who = "" if entry.customer_id is None else f"customer {entry.customer_id}"
            click.echo(f"{entry.seq:8} {entry.at} {entry.kind:12} {amount:>9} {who}".rstrip())


def _columns(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}
