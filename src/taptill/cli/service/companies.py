"""The commands `taptill service company ...`."""

import json
from typing import Any

import click

from taptill.cli.options import JSON, STAFF_NAMED
from taptill.cli.output import company_act, login, sanitised
from taptill.cli.service.databases import DATABASE, import_service, open_engine
from taptill.domain.errors import UsageError
from taptill.domain.technical.counting import many

WHO = "command"
"""The actor of changes made by these commands; the user's account is recorded as staff."""
NUMBER = click.argument("number", type=click.IntRange(1))
LISTED_AT_ONCE = 1000
ACTS_SHOWN = 50


@click.group()
def company() -> None:
    """Look after the companies that customers belong to."""


@company.command("list")
@DATABASE
@JSON
def list_(database: str, *, as_json: bool) -> None:
    """List the companies with their ids, and how many customers belong to each.

    \b
    Example:
      taptill service company list customers.db
    """
    with open_engine(database) as engine:
        (stores,) = import_service("store")
        store = stores.Store(engine)
        for company_row in _all_companies(store):
            members = store.selections.count(
                store.entities["Customers"], _conditions("company.id", company_row["id"])
            )
            row = {**company_row, "customers": members}
            name = sanitised(company_row["name"])
            line = f"{company_row['id']:>6}  {name}: {many(members, 'customer')}"
            click.echo(json.dumps(row) if as_json else line)


@company.command()
@DATABASE
@click.argument("name")
@click.option("--id", "number", type=click.IntRange(1), help="The id that it shall have.")
@click.option("--external-id", help="The office's own key.")
@STAFF_NAMED
@JSON
def add(database: str, name: str, number: int | None, *, as_json: bool, **options: Any) -> None:
    """Make a company, with an id of one's own where tills or contracts name one.

    \b
    Examples:
      taptill service company add customers.db "Analytical Society"
      taptill service company add customers.db "Analytical Society" --id 42
    """
    values = {"id": number, "name": name, "externalId": options["external_id"]}
    fields = {key: value for key, value in values.items() if value is not None}
    body = {"fields": [fields], "staff": options["staff"] or login()}
    company_id = _execute(database, "insert", None, body)[0]["id"]
    _print_result(company_id, "made", as_json=as_json)


@company.command()
@DATABASE
@NUMBER
@click.argument("name")
@STAFF_NAMED
@JSON
def rename(database: str, number: int, name: str, staff: str | None, *, as_json: bool) -> None:
    """Give a company another name.

    \b
    Example:
      taptill service company rename customers.db 42 "Difference Engines"
    """
    body = {"fields": {"name": name}, "staff": staff or login()}
    if not _execute(database, "update", number, body):
        raise UsageError(problem=f"there is no company {number}")
    _print_result(number, "renamed", as_json=as_json)


@company.command()
@DATABASE
@NUMBER
@STAFF_NAMED
@JSON
def remove(database: str, number: int, staff: str | None, *, as_json: bool) -> None:
    """Remove a company that nobody belongs to any more.

    \b
    Example:
      taptill service company remove customers.db 42
    """
    body = {**_conditions("id", number), "staff": staff or login()}
    if not _execute(database, "remove", None, body):
        raise UsageError(problem=f"there is no company {number}")
    _print_result(number, "removed", as_json=as_json)


@company.command()
@DATABASE
@click.option(
    "--last",
    type=click.IntRange(1, LISTED_AT_ONCE),
    default=ACTS_SHOWN,
    show_default=True,
    help="So many of the newest.",
)
@JSON
def log(database: str, last: int, *, as_json: bool) -> None:
    """Tell who did what to companies, the newest first, those that are removed included.

    \b
    Example:
      taptill service company log customers.db
    """
    with open_engine(database) as engine:
        store = import_service("store")[0].Store(engine)
        body = {"orderBy": [{"field": "id", "order": "desc"}], "limit": last}
        rows = store.select(store.entities["CompanyChanges"], body)
    for row in rows:
        click.echo(json.dumps(row) if as_json else company_act(row))


def _print_result(number: int, participle: str, *, as_json: bool) -> None:
    click.echo(json.dumps({participle: number}) if as_json else f"company {number} is {participle}")


def _conditions(field: str, number: int) -> dict[str, Any]:
    return {"conditions": {"filters": [{"field": field, "comparator": "=", "value": number}]}}


def _all_companies(store: Any) -> list[dict[str, Any]]:
    companies: list[dict[str, Any]] = []
    while True:
        body = {"limit": LISTED_AT_ONCE, "offset": len(companies)}
        rows = store.select(store.entities["Companies"], body)
        companies += rows
        if len(rows) < LISTED_AT_ONCE:
            return companies


def _execute(database: str, verb: str, number: int | None, body: Any) -> list[dict[str, Any]]:
    """Execute a change; raises UsageError where the service rejects it."""
    with open_engine(database) as engine:
        stores, wire = import_service("store", "wire")
        store = stores.Store(engine)
        try:
            rows: list[dict[str, Any]] = store.submit(
                store.company_change(verb, number, body, WHO)
            ).result()
        except wire.ApiError as refusal:
            raise UsageError(problem=refusal.body["error"]["message"]) from refusal
    return rows
