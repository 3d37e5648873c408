"""`taptill customers find | show | list` in, who they are and what they owe out."""

import csv
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import click

from taptill.backend.rows import StaffCustomer
from taptill.backend.select import Filter, where
from taptill.backend.staff.changes import SearchResult
from taptill.backend.staff.client import StaffClient
from taptill.backend.staff.listing import all_customers
from taptill.backend.staff.removal import RemovalClient
from taptill.cli.customers.desk import (
    CUSTOMER,
    card_of,
    columns,
    config_of,
    line,
    money_of,
    print_one,
    run,
)
from taptill.cli.options import CONFIG, JSON
from taptill.cli.output import many
from taptill.config import Config
from taptill.domain.errors import UsageError
from taptill.domain.money import ZERO, Money

LISTED = (
    *("id", "name", "company", "external_id", "card_id", "email"),
    *("blocked", "credit_allowed", "total_debt"),
)
_IDENTIFIERS = frozenset({"external_id", "card_id"})
_TEXTS = _IDENTIFIERS | {"name", "company", "email"}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet takes for a formula. Source: OWASP's page on CSV injection."""
_LIKE_A_NUMBER = re.compile(r"0\d+|\d{16,}|\d+[Ee]\d+")
"""An identifier that a spreadsheet would change: leading zeros, many digits, an exponent."""


@click.command()
@CONFIG
@JSON
@click.option("--card", default="", help="The card id as the backend spells it.")
@click.option("--name", default="", help="A part of the name; % stands for anything.")
@click.option("--external-id", default="", help="The office's own key.")
def find(option: Path | None, *, as_json: bool, **asked: str) -> None:
    """Find customers by card, by name or by the office's key; exit status 1 if there is none.

    A name is found whatever its capitals.

    \b
    Examples:
      taptill customers find --card 62E3086CED
      taptill customers find --name byron
      taptill customers find --external-id X-4711 --json
    """
    wished = [(name, value) for name, value in asked.items() if value]
    if len(wished) != 1:
        raise UsageError(problem="say one of --card, --name and --external-id")
    ((by, value),) = wished

    async def look(work: StaffClient) -> SearchResult:
        if by == "card":
            return await work.by_card(card_of(value))
        return await (work.by_name(value) if by == "name" else work.by_external_id(value))

    config = config_of(option)
    _print_found(run(config, look), config, as_json=as_json)


@click.command()
@CONFIG
@JSON
@CUSTOMER
def show(option: Path | None, customer: int, *, as_json: bool) -> None:
    """Show all that the backend tells of one customer.

    \b
    Example:
      taptill customers show 7
    """
    config = config_of(option)
    found = run(config, lambda work: work.by_id(customer))
    print_one(found, config, as_json=as_json, whole=True)


@dataclass(slots=True)
class Sums:
    """How many customers are listed, and their money by its sign."""

    customers: int = 0
    owing: int = 0
    owed: Money = ZERO
    ahead: int = 0
    in_advance: Money = ZERO
    blocked: int = 0

    def add(self, one: StaffCustomer) -> None:
        """Count one customer."""
        debt = one.snapshot.debt
        self.customers += 1
        self.blocked += one.customer.blocked
        if debt > ZERO:
            self.owing, self.owed = self.owing + 1, self.owed + debt
        elif debt < ZERO:
            self.ahead, self.in_advance = self.ahead + 1, self.in_advance - debt


@click.command(name="list")
@CONFIG
@JSON
@click.option("--csv", "as_csv", is_flag=True, help="As a table for a spreadsheet.")
@click.option("--owing", is_flag=True, help="Those who owe something.")
@click.option("--blocked", is_flag=True, help="Those who are blocked.")
@click.option("--company", type=click.IntRange(min=1), help="Those of the company with this id.")
@click.option("--removed", is_flag=True, help="Those who were removed, and not erased.")
def list_(option: Path | None, *, as_json: bool, as_csv: bool, **asked: Any) -> None:
    """List customers with the sums of what they owe and have in advance.

    The sums are on standard error where the list is for a script or a spreadsheet.

    \b
    Examples:
      taptill customers list --owing
      taptill customers list --company 42 --csv > members.csv
      taptill customers list --blocked --json
    """
    if as_json and as_csv:
        raise UsageError(problem="say one of --json and --csv")
    config, sums = config_of(option), Sums()
    if as_csv:
        click.echo("\ufeff" + _csv(LISTED), nl=False)

    async def look(work: StaffClient) -> None:
        async for one in _listed(work, asked):
            sums.add(one)
            _tell(one, config, as_json=as_json, as_csv=as_csv)

    run(config, look)
    click.echo(_summed(sums, config), err=as_json or as_csv)


async def _listed(work: StaffClient, asked: dict[str, Any]) -> AsyncIterator[StaffCustomer]:
    if asked["removed"]:
        for one in await RemovalClient(work).list_removed():
            if _is_asked(one, asked):
                yield one
        return
    async for one in all_customers(work, _filters(work, asked)):
        if _is_asked(one, asked):
            yield one


def _tell(one: StaffCustomer, config: Config, *, as_json: bool, as_csv: bool) -> None:
    told = columns(one, config.till.currency)
    if as_csv:
        click.echo(_csv([_cell(name, told[name]) for name in LISTED]), nl=False)
    else:
        click.echo(json.dumps(told) if as_json else line(one, config))


def _filters(work: StaffClient, asked: dict[str, Any]) -> list[Filter]:
    owed = ">" if work.money.owed_positive else "<"
    return [
        *([where("totalDebt", owed, 0)] if asked["owing"] else []),
        *([where("isBlocked", "=", True)] if asked["blocked"] else []),  # noqa: FBT003 - the value
        *([where("company.id", "=", asked["company"])] if asked["company"] else []),
    ]


def _is_asked(one: StaffCustomer, asked: dict[str, Any]) -> bool:
    """Look again: a server that ignores conditions sends everybody."""
    owing = not asked["owing"] or one.snapshot.debt > ZERO
    blocked = not asked["blocked"] or one.customer.blocked
    return owing and blocked and asked["company"] in (None, one.company_id)


def _summed(sums: Sums, config: Config) -> str:
    owed = f"{money_of(config, sums.owed)} owed by {sums.owing}"
    ahead = f"{money_of(config, sums.in_advance)} in advance of {sums.ahead}"
    return f"{many(sums.customers, 'customer')}: {owed}, {ahead}, {sums.blocked} blocked"


def _cell(name: str, value: Any) -> Any:
    """Write a cell that a spreadsheet shows as it is, as `service export` does for people."""
    if isinstance(value, bool):
        return str(value).lower()
    if name in _IDENTIFIERS and _LIKE_A_NUMBER.fullmatch(value or ""):
        return f'="{value}"'
    return f"'{value}" if name in _TEXTS and _FORMULA.match(value or "") else value


def _csv(cells: Sequence[Any]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _print_found(found: SearchResult, config: Config, *, as_json: bool) -> None:
    for one in found.customers:
        print_one(one, config, as_json=as_json)
    for customer_id in found.unreadable:
        click.echo(f"customer {customer_id}: the row makes no sense, look at it there", err=True)
    if found.has_more:
        click.echo("there are more: say more of the name", err=True)
    if not found.customers:
        click.echo("nobody", err=True)
        raise click.exceptions.Exit(1)


COMMANDS = (find, show, list_)
