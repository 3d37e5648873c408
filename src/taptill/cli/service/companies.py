"""`taptill service company ...` in, a company listed, made, renamed or removed out."""

import json
from typing import Any

import click

from taptill.cli.options import JSON
from taptill.cli.output import many, plain
from taptill.cli.service.opening import DATABASE, opened, rooms
from taptill.domain.errors import UsageError

NUMBER = click.argument("number", type=click.IntRange(1))
LISTED_AT_ONCE = 1000


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
    with opened(database) as engine:
        (stores,) = rooms("store")
        store = stores.Store(engine)
        for one in _companies(store):
            members = store.count(store.entities["Customers"], _of("company.id", one["id"]))
            told = {**one, "customers": members}
            line = f"{one['id']:>6}  {plain(one['name'])}: {many(members, 'customer')}"
            click.echo(json.dumps(told) if as_json else line)


@company.command()
@DATABASE
@click.argument("name")
@click.option("--id", "number", type=click.IntRange(1), help="The id that it shall have.")
@click.option("--external-id", help="The office's own key.")
def add(database: str, name: str, number: int | None, external_id: str | None) -> None:
    """Make a company, with an id of one's own where tills or contracts name one.

    \b
    Examples:
      taptill service company add customers.db "Analytical Society"
      taptill service company add customers.db "Analytical Society" --id 42
    """
    wished = {"id": number, "name": name, "externalId": external_id}
    fields = {key: value for key, value in wished.items() if value is not None}
    made = _changed(database, "insert", None, {"fields": [fields]})
    click.echo(f"company {made[0]['id']} is made")


@company.command()
@DATABASE
@NUMBER
@click.argument("name")
def rename(database: str, number: int, name: str) -> None:
    """Give a company another name.

    \b
    Example:
      taptill service company rename customers.db 42 "Difference Engines"
    """
    if not _changed(database, "update", number, {"fields": {"name": name}}):
        raise UsageError(problem=f"there is no company {number}")
    click.echo(f"company {number} is renamed")


@company.command()
@DATABASE
@NUMBER
def remove(database: str, number: int) -> None:
    """Remove a company that nobody belongs to any more.

    \b
    Example:
      taptill service company remove customers.db 42
    """
    if not _changed(database, "remove", None, _of("id", number)):
        raise UsageError(problem=f"there is no company {number}")
    click.echo(f"company {number} is removed")


def _of(field: str, number: int) -> dict[str, Any]:
    return {"conditions": {"filters": [{"field": field, "comparator": "=", "value": number}]}}


def _companies(store: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        body = {"limit": LISTED_AT_ONCE, "offset": len(found)}
        rows = store.select(store.entities["Companies"], body)
        found += rows
        if len(rows) < LISTED_AT_ONCE:
            return found


def _changed(database: str, verb: str, number: int | None, body: Any) -> list[dict[str, Any]]:
    """Carry a change out; UsageError where it is refused."""
    with opened(database) as engine:
        stores, wire = rooms("store", "wire")
        store = stores.Store(engine)
        try:
            rows: list[dict[str, Any]] = store.submit(
                store.company_change(verb, number, body)
            ).result()
        except wire.Refusal as refusal:
            raise UsageError(problem=refusal.body["error"]["message"]) from refusal
    return rows
