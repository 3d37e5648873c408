"""The commands `taptill journal open | adopt | fork | close-year | retire`."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, JSON, STATE, journal_at, journal_queries
from taptill.cli.output import confirm, sanitised, shown
from taptill.cli.settle import report
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.entry import Position
from taptill.domain.errors import ConfigError, JournalOpenError, UsageError
from taptill.domain.money import Currency, Money
from taptill.domain.technical.counting import many
from taptill.journal import identity
from taptill.journal.back_office.close_year import close_year
from taptill.journal.file import mapping_errors, positions
from taptill.journal.queries import JournalQueries, archives_beside
from taptill.operations import lifecycle as operations
from taptill.operations.cases import initials_of
from taptill.wiring.readers import check_reader
from taptill.wiring.sending import sender

LATE_MAX_S = 120
LATE = click.option(
    "--late-max-s",
    type=click.IntRange(0),
    help="So long a request that was sent may still land; else as the config says.",
)


@click.command(name="open")
@STATE
@JSON
def open_(state_dir: Path | None, *, as_json: bool) -> None:
    """Say what is not in the backend's books yet; exit status 75 while anything is.

    What removes or replaces this program asks here first.

    \b
    Example:
      taptill journal open && apt remove taptill
    """
    with journal_queries(state_dir) as queries:
        count, total = queries.open_sum(with_desk=True)
        currency = identity.currency(queries)
        if as_json:
            desk, is_halted = queries.in_question()[0], bool(queries.halted())
            totals = {"customers": count, "sum": currency.text(total), "currency": currency.code}
            rows = [_open_row(queries, position, currency) for position in _open_positions(queries)]
            click.echo(json.dumps({**totals, "on_desk": desk, "halted": is_halted, "list": rows}))
        else:
            for position in _open_positions(queries):
                click.echo(_open_line(queries, position, currency))
    if count:
        have = many(count, "customer has", "customers have")
        click.echo(
            f"{have} entries on the way, net {shown(total, currency)}. {_NEXT_STEPS}", err=True
        )
        raise click.exceptions.Exit(JournalOpenError.exit_status)
    if not as_json:
        click.echo("nothing is open: all money entries are in the backend's books")


_NEXT_STEPS = (
    "A running till sends them by itself, else: taptill settle. What waits for a decision: "
    "taptill conflicts list; with strategy 'export': taptill export write"
)


def _open_positions(queries: JournalQueries) -> list[Position]:
    with mapping_errors(""):
        return [
            position
            for position in positions(queries.connection)
            if position.open or position.conflict
        ]


def _open_row(queries: JournalQueries, position: Position, currency: Currency) -> dict[str, Any]:
    amount = currency.text(Money(position.in_question))
    return {
        "customer": position.customer_id,
        "initials": initials_of(queries, position.customer_id),
        "amount": amount,
        "on_desk": position.conflict is not None,
    }


def _open_line(queries: JournalQueries, position: Position, currency: Currency) -> str:
    initials = initials_of(queries, position.customer_id)
    customer = f"customer {position.customer_id}" + (
        f" ({sanitised(initials)})" if initials else ""
    )
    desk = ", waits on the conflict desk" if position.conflict else ""
    return f"{customer}: {shown(Money(position.in_question), currency)}{desk}"


@click.command()
@STATE
@click.option("--yes", is_flag=True, help="Do not ask.")
def adopt(state_dir: Path | None, *, yes: bool) -> None:
    """Say that this board replaces the old one, which is gone.

    A journal that was written on another machine is not opened: if both were to sell, they would
    charge under one name.

    \b
    Example:
      taptill journal adopt --state-dir /var/lib/taptill
    """
    path = journal_at(state_dir)
    if not yes:
        confirm("Is the old board gone for good, or its card erased?")
    operations.adopt(path, SystemClock())
    click.echo("the journal belongs to this machine now: start the till")


@click.command()
@CONFIG
@STATE
@LATE
@click.option("--yes", is_flag=True, help="Do not ask.")
def fork(option: Path | None, state_dir: Path | None, late_max_s: int | None, *, yes: bool) -> None:
    """Go on under a new journal id, after a cloned card or a restored backup.

    What was not known to be sent then is a case for the conflict desk: the twin, or the journal
    before the backup was restored, may have sent it.

    \b
    Example:
      taptill journal fork --state-dir /var/lib/taptill
    """
    path, late_s = journal_at(state_dir), _late_max_s(option, late_max_s)
    if not yes:
        confirm("Go on under a new journal id?")
    journal_id, cases = operations.fork(path, SystemClock(), late_s)
    click.echo(
        f"journal id {journal_id} from here on; {many(cases, 'case')}: taptill conflicts list"
    )


@click.command(name="close-year")
@CONFIG
@STATE
@JSON
@LATE
def close(
    option: Path | None, state_dir: Path | None, late_max_s: int | None, *, as_json: bool
) -> None:
    """Put the journal into an archive beside it and begin the one that follows (till stopped).

    It goes on with numbers, chain and marks, and nothing may be open. Keep the archive: the
    entries are nowhere else. The numbers of shifts go on, too; the running one may be closed before
    or after, and its Z reads the archive then.

    \b
    Examples:
      taptill journal close-year --state-dir /var/lib/taptill
      taptill journal verify --file /var/lib/taptill/journal-from-1.db
    """
    closed_year = close_year(journal_at(state_dir), SystemClock(), _late_max_s(option, late_max_s))
    if as_json:
        click.echo(json.dumps({**asdict(closed_year), "archive": str(closed_year.archive)}))
        return
    click.echo(f"{closed_year.archive}: entries {closed_year.first_seq} to {closed_year.last_seq}")
    customers = many(closed_year.customers, "customer")
    click.echo(f"the journal goes on behind them with {customers}: start the till")


def _late_max_s(option: Path | None, late_max_s: int | None) -> int:
    """Return how many seconds a request may still land.

    The option is taken first, then the config, then LATE_MAX_S where there is no config.
    """
    if late_max_s is not None:
        return late_max_s
    try:
        path = configs.find_config(option)
    except ConfigError:
        if option:
            raise
        return LATE_MAX_S
    return configs.load(path, check_reader).settlement.late_max_s


@click.command()
@CONFIG
@STATE
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(option: Path | None, state_dir: Path | None, *, yes: bool) -> None:
    """Settle everything, look once more at every customer, and close the journal for good.

    Close the running shift before: the next journal begins with shift 1.

    \b
    Example:
      taptill journal retire --state-dir /var/lib/taptill
    """
    config = configs.load(configs.find_config(option), check_reader)
    path, strategy = journal_at(state_dir), config.settlement.strategy
    with journal_queries(state_dir) as queries:
        journal_strategy = (queries.last_opened() or {}).get("strategy", strategy)
    if journal_strategy != strategy:
        difference = f"the config says {strategy!r}, the journal is of {journal_strategy!r}"
        raise UsageError(problem=f"{difference}: start the till once")
    if not yes:
        confirm("Close this journal for good? The till then begins a new one")
    if strategy == "export":
        operations.retire_booked(path, SystemClock())
    else:
        asyncio.run(_retire_settled(config, configs.state_dir(state_dir)))
    files = ", ".join(map(str, [path, *archives_beside(path)]))
    click.echo(f"retired: move {files} to your archive")


async def _retire_settled(config: Config, state: Path) -> None:
    async with sender(config, state, configs.read_token(config)) as connection:
        await operations.retire_settled(connection, config.settlement.late_max_s, report)


COMMANDS = (open_, adopt, fork, close, retire)
