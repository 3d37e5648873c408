"""The commands `taptill customers find | show | list`."""

import csv
import json
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
from taptill.cli.output import spreadsheet_identifier, spreadsheet_text
from taptill.config import Config
from taptill.domain.errors import UsageError
from taptill.domain.money import ZERO, Money
from taptill.domain.technical.counting import many

LISTED = (
    *("id", "name", "company", "external_id", "card_id", "email"),
    *("blocked", "credit_allowed", "total_debt"),
)
_IDENTIFIERS = frozenset({"external_id", "card_id"})
_TEXTS = _IDENTIFIERS | {"name", "company", "email"}


@click.command()
@CONFIG
@JSON
@click.option("--card", default="", help="The card id as the backend spells it.")
@click.option("--name", default="", help="A part of the name; % stands for anything.")
@click.option("--external-id", default="", help="The office's own key.")
def find(option: Path | None, *, as_json: bool, **criteria: str) -> None:
    """Find customers by card, by name or by the office's key; exit status 1 if there is none.

    A name is found whatever its capitals.

    \b
    Examples:
      taptill customers find --card 62E3086CED
      taptill customers find --name byron
      taptill customers find --external-id X-4711 --json
    """
    named_criteria = [(name, value) for name, value in criteria.items() if value]
    if len(named_criteria) != 1:
        raise UsageError(problem="say one of --card, --name and --external-id")
    ((by, value),) = named_criteria

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
    details = run(config, lambda work: work.by_id(customer))
    print_one(details, config, as_json=as_json, in_full=True)


@dataclass(slots=True)
class ListTotals:
    """How many customers are listed, and their money by its sign."""

    customers: int = 0
    owing: int = 0
    debt_total: Money = ZERO
    ahead: int = 0
    in_advance: Money = ZERO
    blocked_count: int = 0

    def add(self, details: StaffCustomer) -> None:
        """Add one customer to the totals."""
        debt = details.snapshot.debt
        self.customers += 1
        self.blocked_count += details.customer.blocked
        if debt > ZERO:
            self.owing, self.debt_total = self.owing + 1, self.debt_total + debt
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
def list_(option: Path | None, *, as_json: bool, as_csv: bool, **options: Any) -> None:
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
    config, totals = config_of(option), ListTotals()
    if as_csv:
        click.echo("\ufeff" + _csv(LISTED), nl=False)

    async def look(work: StaffClient) -> None:
        async for details in _matching_customers(work, options):
            totals.add(details)
            _print_listed(details, config, as_json=as_json, as_csv=as_csv)

    run(config, look)
    click.echo(_totals_line(totals, config), err=as_json or as_csv)


async def _matching_customers(
    work: StaffClient, options: dict[str, Any]
) -> AsyncIterator[StaffCustomer]:
    if options["removed"]:
        for details in await RemovalClient(work).list_removed():
            if _fits(details, options):
                yield details
        return
    async for details in all_customers(work, _filters(work, options)):
        if _fits(details, options):
            yield details


def _print_listed(details: StaffCustomer, config: Config, *, as_json: bool, as_csv: bool) -> None:
    values = columns(details, config.till.currency)
    if as_csv:
        click.echo(_csv([_cell(name, values[name]) for name in LISTED]), nl=False)
    else:
        click.echo(json.dumps(values) if as_json else line(details, config))


def _filters(work: StaffClient, options: dict[str, Any]) -> list[Filter]:
    debt_sign = ">" if work.money.owed_positive else "<"
    return [
        *([where("totalDebt", debt_sign, 0)] if options["owing"] else []),
        *([where("isBlocked", "=", True)] if options["blocked"] else []),  # noqa: FBT003 - the value
        *([where("company.id", "=", options["company"])] if options["company"] else []),
    ]


def _fits(details: StaffCustomer, options: dict[str, Any]) -> bool:
    """Return whether a customer fits the options, as a server may ignore conditions."""
    owing = not options["owing"] or details.snapshot.debt > ZERO
    fits_blocked = not options["blocked"] or details.customer.blocked
    return owing and fits_blocked and options["company"] in (None, details.company_id)


def _totals_line(totals: ListTotals, config: Config) -> str:
    parts = (
        f"{money_of(config, totals.debt_total)} owed by {totals.owing}",
        f"{money_of(config, totals.in_advance)} in advance of {totals.ahead}",
        f"{totals.blocked_count} blocked",
    )
    return f"{many(totals.customers, 'customer')}: {', '.join(parts)}"


def _cell(name: str, value: Any) -> Any:
    """Write a cell that a spreadsheet shows as it is, as `service export` does for people."""
    if isinstance(value, bool):
        return str(value).lower()
    if not value or name not in _TEXTS:
        return value
    return spreadsheet_identifier(value) if name in _IDENTIFIERS else spreadsheet_text(value)


def _csv(cells: Sequence[Any]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _print_found(found_customers: SearchResult, config: Config, *, as_json: bool) -> None:
    for details in found_customers.customers:
        print_one(details, config, as_json=as_json)
    for customer_id in found_customers.unreadable:
        click.echo(f"customer {customer_id}: the row makes no sense, look at it there", err=True)
    if found_customers.has_more:
        click.echo("there are more: say more of the name", err=True)
    if not found_customers.customers:
        click.echo("nobody", err=True)
        raise click.exceptions.Exit(1)


COMMANDS = (find, show, list_)
