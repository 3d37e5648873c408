"""`taptill customers pay | pay-out | history | log` in, money booked or told of out."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from taptill.backend.rows import StaffCustomer
from taptill.backend.staff.client import StaffClient
from taptill.backend.staff.ledger import AuditRecord, LedgerClient, LedgerEntry
from taptill.cli.customers import record
from taptill.cli.customers.desk import (
    CUSTOMER,
    config_of,
    line,
    money_of,
    print_one,
    run,
    standing,
)
from taptill.cli.customers.record import BOOKINGS, Deed
from taptill.cli.options import CONFIG, JSON, STAFF_NAMED, Words
from taptill.cli.output import by_whom, company_act, plain, when
from taptill.config import Config
from taptill.domain.errors import UsageError
from taptill.domain.money import ZERO, Currency, Money

OPENING = frozenset({"import", "sample", "upgrade"})
"""Who books a balance that customers bring along."""
ACTS_SHOWN = 50
ACTS_MAX = 1000
REASON = click.option(
    "--reason", required=True, type=Words(), help="Why, in a few words for the ledger."
)
REQUEST = click.option(
    "--request",
    type=Words(),
    help="Repeats a booking that was not heard of, under the name that its error gave: it is "
    "booked once.",
)
_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)?")


@click.command()
@CONFIG
@JSON
@REASON
@STAFF_NAMED
@REQUEST
@CUSTOMER
@click.argument("amount")
def pay(option: Path | None, customer: int, amount: str, **asked: Any) -> None:
    """Book what a customer brings: the debt goes down by AMOUNT, or the money in advance up.

    An increment, never a balance: what tills charge at the same moment is not lost.

    \b
    Examples:
      taptill customers pay 7 20.00 --reason "cash at the desk"
      taptill customers pay 7 12,50 --reason "transfer of 2 November" --staff Jo
    """
    _book(option, customer, amount, asked, sign=-1)


@click.command(name="pay-out")
@CONFIG
@JSON
@REASON
@STAFF_NAMED
@REQUEST
@CUSTOMER
@click.argument("amount")
def pay_out(option: Path | None, customer: int, amount: str, **asked: Any) -> None:
    """Book what a customer gets: the debt goes up by AMOUNT, or the money in advance down.

    \b
    Example:
      taptill customers pay-out 7 12.30 --reason "leaves, paid back in cash"
    """
    _book(option, customer, amount, asked, sign=1)


def _book(
    option: Path | None, customer: int, amount: str, asked: Mapping[str, Any], *, sign: int
) -> None:
    config = config_of(option)
    by = read_amount(amount, config.till.currency) * sign

    async def book(work: StaffClient) -> StaffCustomer | None:
        return await LedgerClient(work).book(customer, by, asked["reason"], asked["request"] or "")

    deed = Deed("pay" if sign < 0 else "pay-out", [customer], ["totalDebt"])
    found = run(config, book, deed, asked["staff"])
    done = f"{money_of(config, abs(by))} {'paid in' if sign < 0 else 'paid out'}"
    if found is None:
        look = f"taptill customers history {customer}"
        told = f"{done}: it is booked, and the customer could not be read since: {look}"
        click.echo(told, err=True)
        if asked["as_json"]:
            click.echo(json.dumps({"id": customer, "total_debt": None}))
        return
    if not asked["as_json"]:
        click.echo(f"{done}, now {standing(config, found.snapshot.debt)}")
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
    """Tell a customer's ledger in words, the oldest entry first, each with who booked it.

    That is the person and, in brackets, the token; a till has its token's name alone.

    \b
    Examples:
      taptill customers history 7
      taptill customers history 7 --json
    """
    config = config_of(option)
    found = run(config, lambda work: LedgerClient(work).history(customer))
    for one in found:
        if as_json:
            text = config.till.currency.text
            told = {name: getattr(one, name) for name in ("id", "at", "who", "staff", "reason")}
            click.echo(json.dumps({**told, "by": text(one.by), "total_debt": text(one.debt)}))
        else:
            click.echo(_told(one, config))
    if not found and not as_json:
        click.echo("nothing was ever booked")


def _told(one: LedgerEntry, config: Config) -> str:
    now = standing(config, one.debt)
    return f"{when(one.at)}  {money_of(config, abs(one.by))} {_did(one)}, then {now}"


def _did(one: LedgerEntry) -> str:
    """Say what became of the amount, and who did that."""
    if one.who in OPENING and not one.reason:
        did = "brought along" if one.by < ZERO else "owed at the beginning"
    elif one.by < ZERO:
        did = "paid in" if one.reason else "given back"
    else:
        did = "paid out" if one.reason else "charged"
    why = f": {plain(one.reason)}" if one.reason else ""
    return f"{did} by {by_whom(one.staff, one.who)}{why}"


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
@click.option("--companies", is_flag=True, help="What was done to companies instead.")
def log(
    option: Path | None, customer: int | None, last: int, *, as_json: bool, companies: bool
) -> None:
    """Tell who did what, the newest first: changes of customers, and what people booked.

    The service keeps it. Of a backend that does not, this machine keeps what was done from here.
    What tills charged stands in `history`.

    \b
    Examples:
      taptill customers log
      taptill customers log --customer 7
      taptill customers log --companies
    """
    if companies and customer is not None:
        raise UsageError(problem="say one of --customer and --companies")
    config = config_of(option)
    if companies:
        for act in run(config, lambda work: LedgerClient(work).company_audit_records(last)):
            click.echo(json.dumps(asdict(act)) if as_json else company_act(asdict(act)))
        return

    async def look(work: StaffClient) -> list[AuditRecord | LedgerEntry]:
        offers, accounts, here = (
            await work.capabilities(),
            LedgerClient(work),
            record.read(customer, last),
        )
        if not offers.leaving:
            return [*here]
        done: list[AuditRecord | LedgerEntry] = [*await accounts.audit_records(customer, last)]
        if offers.request:
            done += await accounts.entries_by_staff(customer, last)
        else:
            done += [one for one in here if one.act in BOOKINGS]
        return sorted(done, key=lambda one: one.at, reverse=True)[:last]

    for one in run(config, look):
        click.echo(_for_a_script(one, config) if as_json else _act(one, config))


def _for_a_script(one: AuditRecord | LedgerEntry, config: Config) -> str:
    if isinstance(one, AuditRecord):
        return json.dumps(asdict(one))
    act = "pay" if one.by < ZERO else "pay-out"
    done = AuditRecord(one.at, one.customer, act, one.who, one.staff, ["totalDebt"])
    by = config.till.currency.text(one.by)
    return json.dumps({**asdict(done), "by": by, "reason": one.reason})


def _act(one: AuditRecord | LedgerEntry, config: Config) -> str:
    head = f"{when(one.at)}  customer {one.customer}: "
    if isinstance(one, LedgerEntry):
        return f"{head}{money_of(config, abs(one.by))} {_did(one)}"
    what = f" of {', '.join(map(plain, one.fields))}" if one.fields else ""
    return f"{head}{one.act}{what} by {by_whom(one.staff, one.who)}"


COMMANDS = (pay, pay_out, history, log)
