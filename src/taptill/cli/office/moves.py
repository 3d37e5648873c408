"""The commands that tell a journal where it belongs in, a journal that knows out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from taptill import config as configs
from taptill.cli.office.persons import initials_of
from taptill.cli.options import CONFIG, JSON, STATE, journal_at, journal_reads
from taptill.cli.output import many, plain, shown
from taptill.cli.settle import refuse_stopped, say, send_open
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.customer import Snapshot
from taptill.domain.entry import Position
from taptill.domain.errors import BackendError, ConfigError, JournalOpenError, UsageError
from taptill.domain.money import Currency, Money
from taptill.journal import identity
from taptill.journal.back_office.close_year import close_year
from taptill.journal.file import mapping_errors, positions
from taptill.journal.lock import alone
from taptill.journal.queries import JournalQueries, archives_beside
from taptill.settlement.requests import NoAnswer, RowAnswer, RowUnreadable
from taptill.settlement.settle import STALE_MAX
from taptill.wiring import Sender, check_reader, machine, sender

_A = TypeVar("_A")
LATE_MAX_S = 120
ROUNDS = 3
"""So often a journal that is to be retired is settled and looked at anew."""

LOOKED_AT_ONCE = 100
TICK_S = 1.0
PAUSES_S = (1.0, 2.0, 4.0)
PAUSE_S_MAX = 60.0
RETIRING = "it is to be retired"
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
    with journal_reads(state_dir) as reads:
        count, total = reads.open_sum(with_desk=True)
        currency = identity.currency(reads)
        if as_json:
            desk, halted = reads.in_question()[0], bool(reads.halted())
            told = {"customers": count, "sum": currency.text(total), "currency": currency.code}
            each = [_open_one(reads, one, currency) for one in _open(reads)]
            click.echo(json.dumps({**told, "on_desk": desk, "halted": halted, "list": each}))
        else:
            for one in _open(reads):
                click.echo(_open_line(reads, one, currency))
    if count:
        have = many(count, "customer has", "customers have")
        click.echo(f"{have} charges on the way, sum {shown(total, currency)}. {_WAYS}", err=True)
        raise click.exceptions.Exit(JournalOpenError.exit_status)
    if not as_json:
        click.echo("nothing is open: all money entries are in the backend's books")


_WAYS = (
    "A running till sends them by itself, else: taptill settle. What waits for a decision: "
    "taptill conflicts list; with strategy 'export': taptill export write"
)


def _open(reads: JournalQueries) -> list[Position]:
    with mapping_errors(""):
        return [one for one in positions(reads.connection) if one.open or one.conflict]


def _open_one(reads: JournalQueries, one: Position, currency: Currency) -> dict[str, Any]:
    amount = currency.text(Money(one.in_question))
    who = {"customer": one.customer_id, "initials": initials_of(reads, one.customer_id)}
    return {**who, "amount": amount, "on_desk": one.conflict is not None}


def _open_line(reads: JournalQueries, one: Position, currency: Currency) -> str:
    initials = initials_of(reads, one.customer_id)
    who = f"customer {one.customer_id}" + (f" ({plain(initials)})" if initials else "")
    desk = ", waits on the conflict desk" if one.conflict else ""
    return f"{who}: {shown(Money(one.in_question), currency)}{desk}"


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
        click.confirm("Is the old board gone for good, or its card erased?", abort=True)
    with alone(path, SystemClock()) as journal:
        identity.adopt(journal, machine())
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
    path, late_s = journal_at(state_dir), _late_s(option, late_max_s)
    if not yes:
        click.confirm("Go on under a new journal id?", abort=True)
    clock = SystemClock()
    with alone(path, clock) as journal:
        journal_id, cases = identity.fork(journal, clock, late_s)
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
    entries are nowhere else.

    \b
    Examples:
      taptill journal close-year --state-dir /var/lib/taptill
      taptill journal verify --file /var/lib/taptill/journal-from-1.db
    """
    closed = close_year(journal_at(state_dir), SystemClock(), _late_s(option, late_max_s))
    if as_json:
        click.echo(json.dumps({**asdict(closed), "archive": str(closed.archive)}))
        return
    click.echo(f"{closed.archive}: entries {closed.first_seq} to {closed.last_seq}")
    click.echo(
        f"the journal goes on behind them with {many(closed.customers, 'customer')}: start the till"
    )


def _late_s(option: Path | None, given: int | None) -> int:
    """Give how long a request may still land: as said, by the config, or where there is none."""
    if given is not None:
        return given
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

    \b
    Example:
      taptill journal retire --state-dir /var/lib/taptill
    """
    config = configs.load(configs.find_config(option), check_reader)
    path, strategy = journal_at(state_dir), config.settlement.strategy
    with journal_reads(state_dir) as reads:
        kept = (reads.last_opened() or {}).get("strategy", strategy)
    if kept != strategy:
        problem = f"the config says {strategy!r}, the journal is of {kept!r}: start the till once"
        raise UsageError(problem=problem)
    if not yes:
        click.confirm("Close this journal for good? The till then begins a new one", abort=True)
    if strategy == "export":
        _retire_booked(path)
    else:
        asyncio.run(_retire_settled(config, configs.state_dir(state_dir)))
    files = ", ".join(map(str, [path, *archives_beside(path)]))
    click.echo(f"retired: move {files} to your archive")


def _retire_booked(path: Path) -> None:
    """Close the journal of a till that sends nothing, once the office has booked all files."""
    with alone(path, SystemClock()) as journal:
        identity.refuse_while_open(journal.queries, RETIRING)
        journal.retire()


async def _retire_settled(config: Config, state: Path) -> None:
    async with sender(config, state, configs.read_token(config)) as connected:
        await _retire(connected, config.settlement.late_max_s)


async def _retire(connected: Sender, late_max_s: float) -> None:
    reads = connected.journal.queries
    for _ in range(ROUNDS):
        await send_open(connected)
        identity.refuse_while_open(reads, RETIRING)
        await _wait(late_max_s)
        await _look_at_all(connected)
        refuse_stopped(connected)
        if not reads.open_sum(with_desk=True)[0]:
            await connected.journal.retire()
            return
        say("a late request has changed rows: once more")
    identity.refuse_while_open(reads, RETIRING)


async def _wait(seconds: float) -> None:
    left_s = seconds
    while left_s > 0:
        say(f"waiting {left_s:.0f} s for requests that may land late")
        await asyncio.sleep(min(TICK_S, left_s))
        left_s -= TICK_S


async def _look_at_all(connected: Sender) -> None:
    charged = positions(connected.journal.queries.connection)
    customers = [one.customer_id for one in charged if one.last]
    for first in range(0, len(customers), LOOKED_AT_ONCE):
        some = customers[first : first + LOOKED_AT_ONCE]
        say(f"looking at customer {first + len(some)} of {len(customers)}")
        answer = await _answered(partial(connected.api.read_rows, some))
        rows = {} if isinstance(answer, NoAnswer) else answer
        for customer in some:
            await _look_at(connected, customer, rows.get(customer))


async def _look_at(connected: Sender, customer: int, row: RowAnswer | None) -> None:
    """Compare the mark of one customer; one that was removed has nothing to look at.

    An old copy is asked for anew; one that stays is the row of a backend that was restored.
    """
    for copies in range(1, STALE_MAX + 1):
        seen = row or await _answered(partial(connected.api.read_row, customer))
        if isinstance(seen, NoAnswer | RowUnreadable):
            raise BackendError(detail=f"{seen.reason}; nothing was retired, try again")
        if not isinstance(seen, Snapshot):
            return
        if await connected.settlement.compare(seen, is_current=copies == STALE_MAX):
            return
        row = None


async def _answered(ask: Callable[[], Awaitable[_A | NoAnswer]]) -> _A | NoAnswer:
    """Ask again after a while where the backend does not answer: it may ask for patience."""
    answer = await ask()
    for pause_s in PAUSES_S:
        if not isinstance(answer, NoAnswer) or answer.access_denied:
            break
        await asyncio.sleep(min(answer.retry_after_s or pause_s, PAUSE_S_MAX))
        answer = await ask()
    return answer


COMMANDS = (open_, adopt, fork, close, retire)
