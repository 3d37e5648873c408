"""The commands `taptill customers remove | restore | erase`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from taptill.backend.rows import StaffCustomer
from taptill.backend.staff.client import StaffClient
from taptill.backend.staff.removal import RemovalClient
from taptill.cli.customers.desk import (
    CUSTOMERS,
    YES,
    config_of,
    line,
    money_of,
    run,
    standing,
)
from taptill.cli.customers.record import StaffAction
from taptill.cli.options import CONFIG, JSON, STAFF_NAMED, Words
from taptill.cli.output import confirm
from taptill.config import Config
from taptill.domain.errors import MoneyMovedError, UsageError
from taptill.domain.money import ZERO, Money
from taptill.domain.technical.counting import many

KEEP, CLEAR = "keep", "clear"
_MONEY_PHRASES = {KEEP: ", with the money on the removed row", CLEAR: " and book the money away"}


@click.command()
@CONFIG
@JSON
@YES
@STAFF_NAMED
@CUSTOMERS
@click.option(
    "--money",
    type=click.Choice([KEEP, CLEAR]),
    help="What becomes of money: kept on the removed row, or booked away.",
)
@click.option("--reason", type=Words(), help="Why it is booked away, for the ledger.")
def remove(
    option: Path | None, customer: Sequence[int], *, as_json: bool, yes: bool, **options: Any
) -> None:
    """Remove exactly the customers with these ids, after a look at who they are and a question.

    Where one of them has or owes money it asks what becomes of it; a script says --money.

    \b
    Examples:
      taptill customers remove 123 124
      taptill customers remove 123 --yes --money clear --reason "paid back in cash"
    """
    config, ids = config_of(option), sorted(set(customer))

    async def look(work: StaffClient) -> list[StaffCustomer]:
        return [await work.by_id(customer_id) for customer_id in ids]

    customers, money = run(config, look), options["money"]
    if not yes:
        for details in customers:
            click.echo(line(details, config), err=True)
    if money is None:
        money = _money_choice(customers, config, ask=not yes)
    if not yes:
        money_phrase = (
            _MONEY_PHRASES[money] if any(details.snapshot.debt for details in customers) else ""
        )
        question = f"Remove {many(len(ids), 'customer')}{money_phrase}?"
        confirm(question, err=True)
    debts = {details.customer.id: details.snapshot.debt for details in customers}

    async def go(work: StaffClient) -> None:
        await RemovalClient(work).remove(ids, money, options["reason"], debts)

    try:
        run(config, go, StaffAction("remove", ids), options["staff"])
    except MoneyMovedError as fault:
        debt = fault.fields["debt"]
        assert isinstance(debt, Money)
        now = standing(config, debt)
        raise MoneyMovedError(customer=fault.fields["customer"], now=now) from fault
    names = ", ".join(map(str, ids))
    click.echo(json.dumps({"removed": ids}) if as_json else f"removed: {names}")


def _money_choice(customers: Sequence[StaffCustomer], config: Config, *, ask: bool) -> str | None:
    """Return what becomes of the customers' money; None where they have none.

    Raise UsageError where there is money and nobody can be asked (`ask` is false).
    """
    debts = [details.snapshot.debt for details in customers if details.snapshot.debt]
    if not debts:
        return None
    debt_total = sum((debt for debt in debts if debt > ZERO), ZERO)
    ahead = sum((-debt for debt in debts if debt < ZERO), ZERO)
    sums = f"{money_of(config, debt_total)} owed, {money_of(config, ahead)} in advance"
    words = f"{many(len(debts), 'of them has', 'of them have')} money: {sums}"
    if not ask:
        advice = "say --money keep (it stays on the removed row) or --money clear (booked away)"
        raise UsageError(problem=f"{words}; {advice}, or pay it in or out first")
    click.echo(words, err=True)
    choice = click.Choice([KEEP, CLEAR])
    return str(click.prompt("Keep it on the removed row, or clear it away?", type=choice, err=True))


@click.command()
@CONFIG
@JSON
@STAFF_NAMED
@CUSTOMERS
def restore(
    option: Path | None, customer: Sequence[int], staff: str | None, *, as_json: bool
) -> None:
    """Bring back customers who were removed, with card and money as they were.

    \b
    Example:
      taptill customers restore 123
    """
    config, ids = config_of(option), sorted(set(customer))
    run(config, lambda work: RemovalClient(work).restore(ids), staff=staff)
    names = ", ".join(map(str, ids))
    click.echo(json.dumps({"restored": ids}) if as_json else f"restored: {names}")


@click.command()
@CONFIG
@JSON
@YES
@STAFF_NAMED
@CUSTOMERS
def erase(
    option: Path | None, customer: Sequence[int], staff: str | None, *, as_json: bool, yes: bool
) -> None:
    """Forget who removed customers were, for good; amounts and dates of the ledger stay.

    \b
    Example:
      taptill customers erase 123
    """
    config, ids = config_of(option), sorted(set(customer))
    if not yes:
        question = f"Erase the data of {many(len(ids), 'removed customer')} for good?"
        confirm(question, err=True)
    run(config, lambda work: RemovalClient(work).erase(ids), staff=staff)
    names = ", ".join(map(str, ids))
    click.echo(json.dumps({"erased": ids}) if as_json else f"erased: {names}")


COMMANDS = (remove, restore, erase)
