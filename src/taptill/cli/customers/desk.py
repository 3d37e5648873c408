"""A wish of staff in, done with the office's token out; and a customer in, a line out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from taptill import config as configs
from taptill.backend.capabilities import ServiceCapabilities
from taptill.backend.rows import StaffCustomer
from taptill.backend.staff.client import StaffClient
from taptill.cli.customers import record
from taptill.cli.customers.record import BOOKINGS, Deed
from taptill.cli.output import login, plain
from taptill.config import Config
from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.currencies.writing import amount
from taptill.domain.errors import RightsError, TaptillError, UnauthorisedError, UsageError
from taptill.domain.money import Currency, Money
from taptill.wiring import office

CUSTOMER = click.argument("customer", type=click.IntRange(min=1))
CUSTOMERS = click.argument("customer", type=click.IntRange(min=1), nargs=-1, required=True)
DEBT_DATA_MAX = 2_000
_KEPT_HERE = (
    "this backend does not keep who did it: that is kept on this machine (taptill customers log)"
)

_T = TypeVar("_T")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


def config_of(option: Path | None) -> Config:
    """Read the config, of which an office needs [backend] alone."""
    return configs.load(configs.find_config(option), for_office=True)


def run(
    config: Config,
    wish: Callable[[StaffClient], Awaitable[_T]],
    deed: Deed | None = None,
    staff: str | None = None,
) -> _T:
    """Do one thing with the office's token; RightsError says what to do where it may not.

    It is done as the person `staff`, else as this account. A deed is kept on this machine where the
    service does not keep who did it, and that is said.
    """
    person = staff or login()

    async def connected() -> _T:
        work = office(config, configs.read_office_token(config), person)
        try:
            # Asked first: once something is done, no question that fails may hide it.
            kept_there = deed is None or _is_kept(deed, await work.capabilities())
            result = await wish(work)
            if deed is not None and not kept_there:
                made = [result.customer.id] if isinstance(result, StaffCustomer) else []
                _keep_here(replace(deed, customers=deed.customers or made), person)
            return result
        finally:
            await work.close()

    try:
        return asyncio.run(connected())
    except UnauthorisedError as fault:
        path = config.backend.office_token_file
        advice = (
            f"Ask the office what rights the token in {path} has"
            if path
            else "Name a file with an office token as [backend] office_token_file"
        )
        raise RightsError(status=fault.fields["status"], advice=advice) from fault


def _keep_here(deed: Deed, person: str) -> None:
    """Keep on this machine who did it; it is done, so trouble with that is no failure of it."""
    try:
        record.keep(deed, person)
    except TaptillError as fault:
        words = f"it is done, and who did it could not be kept on this machine: {fault}"
        click.echo(words, err=True)
        return
    click.echo(_KEPT_HERE, err=True)


def _is_kept(deed: Deed, offers: ServiceCapabilities) -> bool:
    """Tell whether the service keeps who did this."""
    return offers.request if deed.act in BOOKINGS else offers.leaving


def card_of(text: str) -> CardId:
    """Read a card id; UsageError for what none can be."""
    if len(text) > CARD_ID_LENGTH_MAX or not text.isprintable():
        raise UsageError(problem=f"a card id has at most {CARD_ID_LENGTH_MAX} printable characters")
    return CardId(text)


def money_of(config: Config, money: Money) -> str:
    """Write an amount with the currency's sign, as the config's language does, else the shell's."""
    language = config.till.language
    spoken = configs.shell_language() if language == "en" else language
    return amount(money, config.till.currency, spoken)


def standing(config: Config, debt: Money) -> str:
    """Say what a customer has or owes."""
    return f"{money_of(config, abs(debt))} {'in advance' if debt.minor < 0 else 'owed'}"


def print_one(one: StaffCustomer, config: Config, *, as_json: bool, whole: bool = False) -> None:
    """Print a customer in a line, or with all that the backend tells."""
    if as_json:
        click.echo(json.dumps(columns(one, config.till.currency)))
        return
    click.echo(line(one, config))
    if whole:
        for name, value in columns(one, config.till.currency).items():
            shown = json.dumps(value) if name == "debt_data" else str(value)
            click.echo(f"  {name:14} {plain(shown, DEBT_DATA_MAX)}".rstrip())


def line(one: StaffCustomer, config: Config) -> str:
    """Give a customer in one line."""
    customer = one.customer
    parts = [
        plain(customer.name),
        f"({plain(customer.company)})" if customer.company else "",
        f"card {plain(customer.card_id)}," if customer.card_id else "no card,",
        standing(config, one.snapshot.debt),
        "BLOCKED" if customer.blocked else "",
        "may owe" if customer.credit_allowed else "",
        "a default customer, never charged" if customer.is_default else "",
    ]
    return f"customer {customer.id}: {' '.join(part for part in parts if part)}"


def columns(one: StaffCustomer, currency: Currency) -> dict[str, Any]:
    """Give all that is known of a customer, for a script."""
    customer, snapshot = one.customer, one.snapshot
    return {
        "id": customer.id,
        "name": customer.name,
        "card_id": customer.card_id,
        "company": customer.company,
        "company_id": one.company_id,
        "external_id": customer.external_id,
        "email": one.email,
        "payment_card": one.payment_card,
        "blocked": customer.blocked,
        "credit_allowed": customer.credit_allowed,
        "default": customer.is_default,
        "total_debt": currency.text(snapshot.debt),
        "debt_data": json.loads(json.dumps(dict(snapshot.marks.document), default=str)),
        "created_at": one.created_at,
        "updated_at": snapshot.updated_at,
        "version": snapshot.version,
    }
