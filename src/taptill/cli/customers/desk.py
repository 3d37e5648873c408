"""What the customers commands share: a request with the office's token, and printing a customer."""

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
from taptill.cli.customers.record import BOOKINGS, StaffAction
from taptill.cli.output import login, sanitised
from taptill.config import Config
from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.currencies.writing import amount
from taptill.domain.errors import RightsError, TaptillError, UnauthorisedError, UsageError
from taptill.domain.money import Currency, Money
from taptill.wiring.backend import office

CUSTOMER = click.argument("customer", type=click.IntRange(min=1))
CUSTOMERS = click.argument("customer", type=click.IntRange(min=1), nargs=-1, required=True)
DEBT_DATA_MAX = 2_000
_LOGGED_HERE = (
    "this backend does not keep who did it: that is kept on this machine (taptill customers log)"
)

_T = TypeVar("_T")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


def config_of(option: Path | None) -> Config:
    """Return the config; an office needs only its table [backend]."""
    return configs.load(configs.find_config(option), for_office=True)


def run(
    config: Config,
    wish: Callable[[StaffClient], Awaitable[_T]],
    action: StaffAction | None = None,
    staff: str | None = None,
) -> _T:
    """Return the result of a request with the office's token; raise RightsError where it may not.

    The request names the person `staff`, else the account that runs this program. Where the service
    does not keep who did it, the action is logged on this machine, and a line says so.
    """
    person = staff or login()

    async def connected() -> _T:
        work = office(config, configs.read_office_token(config), person)
        try:
            # Asked first: once something is done, no question that fails may hide it.
            kept_there = action is None or _is_recorded_by_service(
                action, await work.capabilities()
            )
            result = await wish(work)
            if action is not None and not kept_there:
                new_ids = [result.customer.id] if isinstance(result, StaffCustomer) else []
                _log_here(replace(action, customers=action.customers or new_ids), person)
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


def _log_here(action: StaffAction, person: str) -> None:
    """Log on this machine who did it; as it is done, a fault of the log is only reported."""
    try:
        record.keep(action, person)
    except TaptillError as fault:
        words = f"it is done, and who did it could not be kept on this machine: {fault}"
        click.echo(words, err=True)
        return
    click.echo(_LOGGED_HERE, err=True)


def _is_recorded_by_service(action: StaffAction, offers: ServiceCapabilities) -> bool:
    """Return whether the service keeps who did this."""
    return offers.request if action.act in BOOKINGS else offers.leaving


def card_of(text: str) -> CardId:
    """Return a text as a card id; raise UsageError where it is too long or unprintable."""
    if len(text) > CARD_ID_LENGTH_MAX or not text.isprintable():
        raise UsageError(problem=f"a card id has at most {CARD_ID_LENGTH_MAX} printable characters")
    return CardId(text)


def money_of(config: Config, money: Money) -> str:
    """Return an amount with the currency's sign in the config's language, or else the shell's."""
    language = config.till.language
    spoken = configs.shell_language() if language == "en" else language
    return amount(money, config.till.currency, spoken)


def standing(config: Config, debt: Money) -> str:
    """Return a phrase for a balance: an amount that is owed, or paid in advance."""
    return f"{money_of(config, abs(debt))} {'in advance' if debt.minor < 0 else 'owed'}"


def print_one(
    details: StaffCustomer, config: Config, *, as_json: bool, in_full: bool = False
) -> None:
    """Print a customer on one line; `in_full` adds a line for each value that the backend has."""
    if as_json:
        click.echo(json.dumps(columns(details, config.till.currency)))
        return
    click.echo(line(details, config))
    if in_full:
        for name, value in columns(details, config.till.currency).items():
            text = json.dumps(value) if name == "debt_data" else str(value)
            click.echo(f"  {name:14} {sanitised(text, DEBT_DATA_MAX)}".rstrip())


def line(details: StaffCustomer, config: Config) -> str:
    """Return one line about a customer."""
    customer = details.customer
    parts = [
        sanitised(customer.name),
        f"({sanitised(customer.company)})" if customer.company else "",
        f"card {sanitised(customer.card_id)}," if customer.card_id else "no card,",
        standing(config, details.snapshot.debt),
        "BLOCKED" if customer.blocked else "",
        "may owe" if customer.credit_allowed else "",
        "a default customer, never charged" if customer.is_default else "",
    ]
    return f"customer {customer.id}: {' '.join(part for part in parts if part)}"


def columns(details: StaffCustomer, currency: Currency) -> dict[str, Any]:
    """Return all that is known of a customer, as `--json` prints it."""
    customer, snapshot = details.customer, details.snapshot
    return {
        "id": customer.id,
        "name": customer.name,
        "card_id": customer.card_id,
        "company": customer.company,
        "company_id": details.company_id,
        "external_id": customer.external_id,
        "email": details.email,
        "payment_card": details.payment_card,
        "blocked": customer.blocked,
        "credit_allowed": customer.credit_allowed,
        "default": customer.is_default,
        "total_debt": currency.text(snapshot.debt),
        "debt_data": json.loads(json.dumps(dict(snapshot.marks.document), default=str)),
        "created_at": details.created_at,
        "updated_at": snapshot.updated_at,
        "version": snapshot.version,
    }
