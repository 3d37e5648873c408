"""`taptill customers pay | pay-out | history | log` in, money booked or told of out."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import click

from taptill.backend.staff.accounts import Accounts, Done, Movement
from taptill.backend.staff.office import Office
from taptill.cli.customers import record
from taptill.cli.customers.desk import CUSTOMER, config_of, line, money_of, print_one, run, standing
from taptill.cli.options import CONFIG, JSON, Words
from taptill.cli.output import plain
from taptill.config import Config
from taptill.domain.customer import stamp
from taptill.domain.errors import UsageError
from taptill.domain.money import ZERO, Currency, Money

OPENING = frozenset({"import", "upgrade"})
"""Who books a balance that customers bring along."""
ACTS_SHOWN = 50
ACTS_MAX = 1000
REASON = click.option(
    "--reason", required=True, type=Words(), help="Why, in a few words for the ledger."
)
_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)?")


@click.command()
@CONFIG
@JSON
@REASON
@CUSTOMER
@click.argument("amount")
def pay(option: Path | None, customer: int, amount: str, reason: str, *, as_json: bool) -> None:
    """Book what a customer brings: the debt goes down by AMOUNT, or the money in advance up.

    An increment, never a balance: what tills charge at the same moment is not lost.

    \b
    Examples:
      taptill customers pay 7 20.00 --reason "cash at the desk"
      taptill customers pay 7 12,50 --reason "transfer of 2 November"
    """
    _book(option, customer, amount, reason, as_json=as_json, sign=-1)


@click.command(name="pay-out")
@CONFIG
@JSON
@REASON
@CUSTOMER
@click.argument("amount")
def pay_out(option: Path | None, customer: int, amount: str, reason: str, *, as_json: bool) -> None:
    """Book what a customer gets: the debt goes up by AMOUNT, or the money in advance down.

    \b
    Example:
      taptill customers pay-out 7 12.30 --reason "leaves, paid back in cash"
    """
    _book(option, customer, amount, reason, as_json=as_json, sign=1)


def _book(
    option: Path | None, customer: int, amount: str, reason: str, *, as_json: bool, sign: int
) -> None:
    config = config_of(option)
    by = read_amount(amount, config.till.currency) * sign
    found = run(config, lambda work: Accounts(work).book(customer, by, reason))
    if not as_json:
        done = "paid in" if sign < 0 else "paid out"
        click.echo(
            f"{money_of(config, abs(by))} {done}, now {standing(config, found.snapshot.debt)}"
        )
        click.echo(line(found, config))
        return
    print_one(found, config, as_json=True)


def read_amount(text: str, currency: Currency) -> Money:
    """Read an amount that somebody types; UsageError for what may be two amounts, or none.

    One mark before as many digits as the currency has, or fewer, is decimal; no thousands marks.
    """
    figure = text.strip().replace(",", ".")
    fits = _FIGURE.fullmatch(text.strip()) is not None
    if fits and len(figure.partition(".")[2]) <= currency.digits:
        try:
            read = currency.parse(figure)
        except ValueError:  # more than any balance may be
            read = ZERO
        if read > ZERO:
            return read
    example = currency.text(Money(1250 * 10**currency.digits // 100))
    problem = f"an amount is more than nothing and written like {example}, without thousands marks"
    raise UsageError(problem=problem)


@click.command()
@CONFIG
@JSON
@CUSTOMER
def history(option: Path | None, customer: int, *, as_json: bool) -> None:
    """Tell a customer's ledger in words, the oldest entry first.

    \b
    Example:
      taptill customers history 7
    """
    config = config_of(option)
    found = run(config, lambda work: Accounts(work).history(customer))
    for one in found:
        if as_json:
            text = config.till.currency.text
            told = {"id": one.id, "at": one.at, "who": one.who, "reason": one.reason}
            click.echo(json.dumps({**told, "by": text(one.by), "total_debt": text(one.debt)}))
        else:
            click.echo(_told(one, config))
    if not found and not as_json:
        click.echo("nothing was ever booked")


def _told(one: Movement, config: Config) -> str:
    if one.who in OPENING and not one.reason:
        did = "brought along" if one.by < ZERO else "owed at the beginning"
    elif one.by < ZERO:
        did = "paid in" if one.reason else "given back"
    else:
        did = "paid out" if one.reason else "charged"
    who = f"{plain(one.who)}: {plain(one.reason)}" if one.reason else plain(one.who)
    now = standing(config, one.debt)
    return f"{_when(one.at)}  {money_of(config, abs(one.by))} {did} ({who}), then {now}"


@click.command()
@CONFIG
@JSON
@click.option("--customer", type=click.IntRange(min=1), help="Of this customer alone.")
@click.option(
    "--last",
    type=click.IntRange(1, ACTS_MAX),
    default=ACTS_SHOWN,
    show_default=True,
    help="So many of the newest.",
)
def log(option: Path | None, customer: int | None, last: int, *, as_json: bool) -> None:
    """Tell who did what to customers, the newest first; money stands in `history`.

    The service keeps it. Of a backend that does not, this machine keeps what was done from here.

    \b
    Examples:
      taptill customers log
      taptill customers log --customer 7
    """
    config = config_of(option)

    async def look(work: Office) -> list[Done]:
        if (await work.offers()).leaving:
            return await Accounts(work).acts(customer, last)
        return record.read(customer, last)

    for one in run(config, look):
        click.echo(json.dumps(asdict(one)) if as_json else _act(one))


def _act(one: Done) -> str:
    names = [plain(name) for name in (one.staff, one.who) if name]
    who = f"{names[0]} ({names[1]})" if len(names) > 1 else "".join(names)
    what = f" of {', '.join(map(plain, one.fields))}" if one.fields else ""
    return f"{_when(one.at)}  customer {one.customer}: {one.act}{what} by {who}"


def _when(at: str) -> str:
    moment = stamp(at)
    return plain(at) if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


COMMANDS = (pay, pay_out, history, log)
