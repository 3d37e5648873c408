"""The command `taptill settle`, for a till that is stopped."""

import asyncio
import sys
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, STATE, journal_at
from taptill.clock import SystemClock
from taptill.domain.technical.counting import many
from taptill.journal.identity import refuse_while_open
from taptill.operations.progress import (
    Comparing,
    LateRequestLanded,
    Progress,
    Unsent,
    WaitingForLate,
)
from taptill.operations.sending import lift_halt, send_open
from taptill.wiring.readers import check_reader
from taptill.wiring.sending import sender


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
        lift_halt(path, SystemClock())
        click.echo("the halt is lifted: start the till")
        return
    config = configs.load(configs.find_config(option), check_reader)
    state = configs.state_dir(state_dir)

    async def work() -> None:
        async with sender(config, state, configs.read_token(config)) as connection:
            await send_open(connection, report)
            refuse_while_open(connection.journal.queries, "it was not possible to send everything")

    asyncio.run(work())
    click.echo("nothing is open: all money entries are in the backend's books")


def report(progress: Progress) -> None:
    """Show progress on one line of a terminal; print nothing where there is none."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{_words(progress)} ", nl=False, err=True)


def _words(progress: Progress) -> str:
    match progress:
        case Unsent(customers):
            return f"{many(customers, 'customer')} to send"
        case WaitingForLate(left_s):
            return f"waiting {left_s:.0f} s for requests that may land late"
        case Comparing(customer, customers):
            return f"looking at customer {customer} of {customers}"
        case LateRequestLanded():
            return "a late request has changed rows: once more"
