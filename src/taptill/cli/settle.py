"""`taptill settle --resume` in, a `resumed` entry out: a halt is lifted by a person."""

from pathlib import Path

import click

from taptill import config as configs
from taptill.clock import SystemClock
from taptill.domain.entry import Draft, Kind
from taptill.domain.errors import JournalError, UsageError
from taptill.journal.file import JournalFile
from taptill.journal.lock import JournalLock
from taptill.journal.reads import Reads


@click.command()
@click.option("--state-dir", type=click.Path(path_type=Path), help="Where the journal lies.")
@click.option("--resume", is_flag=True, help="Lift the halt; the till settles at its next start.")
def settle(state_dir: Path | None, *, resume: bool) -> None:
    """Lift a halt of settlement, once the reason is mended.

    Settlement halts when the backend keeps only one of money and mark. Mend the backend first.

    \b
    Example:
      taptill settle --resume --state-dir /var/lib/taptill
    """
    if not resume:
        raise UsageError(problem="the till settles by itself; --resume lifts a halt")
    path = configs.state_dir(state_dir) / "journal.db"
    if not path.exists():
        raise JournalError(path=path, detail="there is none; name its folder with --state-dir")
    clock = SystemClock()
    lock = JournalLock(path)
    lock.take(clock.now())
    try:
        if not Reads(path).halted():
            raise UsageError(problem="settlement is not halted")
        file = JournalFile(path, clock)
        file.append([[Draft(Kind.RESUMED)]])
        file.close()
    finally:
        lock.release()
    click.echo("the halt is lifted: start the till")
