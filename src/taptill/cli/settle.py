"""`taptill settle --resume` in, a `resumed` entry out: a halt is lifted by a person."""

from pathlib import Path

import click

from taptill.cli.options import STATE, journal_at
from taptill.clock import SystemClock
from taptill.domain.entry import Draft, Kind
from taptill.domain.errors import UsageError
from taptill.journal.lock import alone


@click.command()
@STATE
@click.option("--resume", is_flag=True, help="Lift the halt; the till settles at its next start.")
def settle(state_dir: Path | None, *, resume: bool) -> None:
    """Lift a halt of settlement, once the reason is mended.

    Settlement halts when the backend keeps only one of money and mark. Mend the backend first:
    afterwards the rows that halted it are believed, and a difference is journaled as office-moved.

    \b
    Example:
      taptill settle --resume --state-dir /var/lib/taptill
    """
    if not resume:
        raise UsageError(problem="the till settles by itself; --resume lifts a halt")
    with alone(journal_at(state_dir), SystemClock()) as journal:
        halted = journal.reads.halted()
        if not halted:
            raise UsageError(problem="settlement is not halted")
        journal.append(*(Draft(Kind.RESUMED, one) for one in halted))
    click.echo("the halt is lifted: start the till")
