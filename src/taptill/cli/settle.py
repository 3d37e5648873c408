"""`taptill settle` in, what is open sent or a halt lifted out: a till that is stopped."""

import asyncio
import sys
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, STATE, journal_at
from taptill.cli.output import many
from taptill.clock import SystemClock
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalError, UsageError
from taptill.journal.identity import refuse_while_open
from taptill.journal.lock import alone
from taptill.settlement.state import SettlementState
from taptill.wiring import Sender, check_reader, sender

POLL_S = 1.0
PATIENCE_S = 120.0
"""So long may pass without any customer being settled before the command gives up."""


@click.command()
@CONFIG
@STATE
@click.option("--resume", is_flag=True, help="Lift a halt, once its reason is mended.")
def settle(option: Path | None, state_dir: Path | None, *, resume: bool) -> None:
    """Send what is open, without a till; exit status 75 if something stays.

    Settlement halts when the backend keeps only one of money and mark. Mend the backend, then
    --resume: the rows that halted it are believed as they are then, and a difference is journaled
    as office-moved.

    \b
    Examples:
      taptill settle --state-dir /var/lib/taptill
      taptill settle --resume --state-dir /var/lib/taptill
    """
    path = journal_at(state_dir)
    if resume:
        _resume(path)
        return
    config = configs.load(configs.find_config(option), check_reader)
    state = configs.state_dir(state_dir)

    async def work() -> None:
        async with sender(config, state, configs.read_token(config)) as connected:
            await send_open(connected)
            refuse_while_open(connected.journal.queries, "it was not possible to send everything")

    asyncio.run(work())
    click.echo("nothing is open: all money entries are in the backend's books")


async def send_open(connected: Sender) -> None:
    """Settle until nothing is open but the conflict desk, or nothing moves any more.

    JournalError where settlement is stopped.
    """
    settlement, reads = connected.settlement, connected.journal.queries
    before, patience_s = None, PATIENCE_S
    while patience_s > 0:
        delay_s = await settlement.settle_open()
        count, _ = reads.open_sum()
        say(f"{many(count, 'customer')} to send")
        refuse_stopped(connected)
        if delay_s is None:
            return
        patience_s = patience_s - POLL_S if count == before else PATIENCE_S
        before = count
        await asyncio.sleep(min(delay_s, POLL_S))


def refuse_stopped(connected: Sender) -> None:
    """Raise JournalError while settlement as a whole is stopped."""
    state = connected.settlement.state
    if state is not SettlementState.RUNNING:
        detail = f"settlement is {state}: see docs/charging.md"
        raise JournalError(path=connected.journal.path, detail=detail)


def say(text: str) -> None:
    """Show progress on a terminal, in place; a script gets none of it."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text} ", nl=False, err=True)


def _resume(path: Path) -> None:
    with alone(path, SystemClock()) as journal:
        halted = journal.queries.halted()
        if not halted:
            raise UsageError(problem="settlement is not halted")
        journal.append(*(Draft(EntryKind.RESUMED, one) for one in halted))
    click.echo("the halt is lifted: start the till")
