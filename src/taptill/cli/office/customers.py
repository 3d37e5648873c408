"""`taptill customers ...` in, customers of the backend shown, made or changed out."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from taptill import config as configs
from taptill.backend.rows import Details
from taptill.backend.staff.office import Found, Newcomer, Office
from taptill.cli.options import CONFIG, JSON
from taptill.cli.output import plain
from taptill.config import Config
from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.errors import RightsError, UnauthorisedError, UsageError
from taptill.domain.money import Currency
from taptill.wiring import check_reader, office

CUSTOMER = click.argument("customer", type=click.IntRange(min=1))
DEBT_DATA_MAX = 2_000

_T = TypeVar("_T")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group()
def customers() -> None:
    """Look after the backend's customers: the token of [backend] office_token_file is used.

    Without one the till's own token is, whose rights seldom go so far.

    \b
    Examples:
      taptill customers find --name byron
      taptill customers add "Ada Byron" --card 62E3086CED
      taptill customers block 7
    """


@customers.command()
@CONFIG
@JSON
@click.option("--card", default="", help="The card id as the backend spells it.")
@click.option("--name", default="", help="A part of the name; % stands for anything.")
@click.option("--external-id", default="", help="The office's own key.")
def find(option: Path | None, *, as_json: bool, **asked: str) -> None:
    """Find customers by card, by name or by the office's key; exit status 1 if there is none.

    \b
    Examples:
      taptill customers find --card 62E3086CED
      taptill customers find --name "ada%"
      taptill customers find --external-id X-4711 --json
    """
    wished = [(name, value) for name, value in asked.items() if value]
    if len(wished) != 1:
        raise UsageError(problem="say one of --card, --name and --external-id")
    ((by, value),) = wished

    async def look(work: Office) -> Found:
        if by == "card":
            return await work.by_card(_card(value))
        return await (work.by_name(value) if by == "name" else work.by_external_id(value))

    config = _config(option)
    _print_found(_run(config, look), config, as_json=as_json)


@customers.command()
@CONFIG
@JSON
@CUSTOMER
def show(option: Path | None, customer: int, *, as_json: bool) -> None:
    """Show all that the backend tells of one customer.

    \b
    Example:
      taptill customers show 7
    """
    config = _config(option)
    _print(_run(config, lambda work: work.by_id(customer)), config, as_json=as_json, whole=True)


@customers.command()
@CONFIG
@JSON
@click.argument("name")
@click.option("--card", default="", help="The card id as the backend spells it.")
@click.option("--email", default="", help="The e-mail address.")
@click.option("--external-id", default="", help="The office's own key.")
@click.option("--company", type=click.IntRange(min=1), help="The id of the company.")
@click.option("--credit/--no-credit", default=None, help="May the balance be negative?")
def add(option: Path | None, *, as_json: bool, **asked: Any) -> None:
    """Make a customer. Say --card or --external-id: by these one is found if the answer is lost.

    \b
    Example:
      taptill customers add "Ada Byron" --card 62E3086CED --external-id X-4711
    """
    if not asked["name"].strip():
        raise UsageError(problem="a customer needs a name")
    new = Newcomer(
        name=asked["name"],
        card_id=_card(asked["card"]),
        email=asked["email"],
        external_id=asked["external_id"],
        company_id=asked["company"],
        credit_allowed=asked["credit"],
    )
    config = _config(option)
    _print(_run(config, lambda work: work.insert(new)), config, as_json=as_json)


@customers.command(name="bind-card")
@CONFIG
@JSON
@CUSTOMER
@click.argument("card")
def bind_card(option: Path | None, customer: int, card: str, *, as_json: bool) -> None:
    """Give a customer a card that nobody has; with an empty CARD take it away.

    \b
    Examples:
      taptill customers bind-card 7 62E3086CED
      taptill customers bind-card 7 ""
    """
    config = _config(option)
    bound = _run(config, lambda work: work.bind_card(customer, _card(card)))
    _print(bound, config, as_json=as_json)


@customers.command()
@CONFIG
@JSON
@CUSTOMER
def block(option: Path | None, customer: int, *, as_json: bool) -> None:
    """Block a customer: tills that are online refuse the card at once, others at their next sync.

    \b
    Example:
      taptill customers block 7
    """
    config = _config(option)
    changed = _run(config, lambda work: work.block(customer, blocked=True))
    _print(changed, config, as_json=as_json)


@customers.command()
@CONFIG
@JSON
@CUSTOMER
def unblock(option: Path | None, customer: int, *, as_json: bool) -> None:
    """Let a customer pay again.

    \b
    Example:
      taptill customers unblock 7
    """
    config = _config(option)
    changed = _run(config, lambda work: work.block(customer, blocked=False))
    _print(changed, config, as_json=as_json)


@customers.command()
@CONFIG
@JSON
@YES
@click.argument("customer", type=click.IntRange(min=1), nargs=-1, required=True)
def remove(option: Path | None, customer: Sequence[int], *, as_json: bool, yes: bool) -> None:
    """Remove exactly the customers with these ids, after a look at who they are and a question.

    \b
    Examples:
      taptill customers remove 123 124
      taptill customers remove 123 --yes
    """
    config, doomed = _config(option), sorted(set(customer))

    async def look(work: Office) -> list[Details]:
        return [await work.by_id(one) for one in doomed]

    if not yes:
        for one in _run(config, look):
            click.echo(_line(one, config.till.currency), err=True)
        click.confirm(f"Remove {len(doomed)} customers?", abort=True, err=True)
    _run(config, lambda work: work.remove(doomed))
    names = ", ".join(map(str, doomed))
    click.echo(json.dumps({"removed": doomed}) if as_json else f"removed: {names}")


def _config(option: Path | None) -> Config:
    return configs.load(configs.find_config(option), check_reader)


def _run(config: Config, wish: Callable[[Office], Awaitable[_T]]) -> _T:
    """Do one thing with the office's token; RightsError says what to do where it may not."""

    async def connected() -> _T:
        work = office(config, configs.read_office_token(config))
        try:
            return await wish(work)
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


def _card(text: str) -> CardId:
    if len(text) > CARD_ID_LENGTH_MAX or not text.isprintable():
        raise UsageError(problem=f"a card id has at most {CARD_ID_LENGTH_MAX} printable characters")
    return CardId(text)


def _print_found(found: Found, config: Config, *, as_json: bool) -> None:
    for one in found.customers:
        _print(one, config, as_json=as_json)
    for customer_id in found.unreadable:
        click.echo(f"customer {customer_id}: the row makes no sense, look at it there", err=True)
    if found.more:
        click.echo("there are more: say more of the name", err=True)
    if not found.customers:
        click.echo("nobody", err=True)
        raise click.exceptions.Exit(1)


def _print(one: Details, config: Config, *, as_json: bool, whole: bool = False) -> None:
    currency = config.till.currency
    if as_json:
        click.echo(json.dumps(_columns(one, currency)))
        return
    click.echo(_line(one, currency))
    if whole:
        for name, value in _columns(one, currency).items():
            shown = json.dumps(value) if name == "debt_data" else str(value)
            click.echo(f"  {name:14} {plain(shown, DEBT_DATA_MAX)}".rstrip())


def _line(one: Details, currency: Currency) -> str:
    customer, debt = one.customer, one.snapshot.debt
    money = f"{currency.text(abs(debt))} {'in advance' if debt.minor < 0 else 'owed'}"
    parts = [
        plain(customer.name),
        f"({plain(customer.company)})" if customer.company else "",
        f"card {plain(customer.card_id)}," if customer.card_id else "no card,",
        money,
        "BLOCKED" if customer.blocked else "",
        "may owe" if customer.credit_allowed else "",
        "a default customer, never charged" if customer.is_default else "",
    ]
    return f"customer {customer.id}: {' '.join(part for part in parts if part)}"


def _columns(one: Details, currency: Currency) -> dict[str, Any]:
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
        "debt_data": json.loads(json.dumps(dict(snapshot.marks.found), default=str)),
        "created_at": one.created_at,
        "updated_at": snapshot.updated_at,
        "version": snapshot.version,
    }
