"""`taptill service company ...` in, a company listed, made, renamed or removed out."""

import json
from typing import Any

import click

from taptill.cli.options import JSON, STAFF_NAMED
from taptill.cli.output import company_act, login, many, plain
from taptill.cli.service.opening import DATABASE, opened, rooms
from taptill.domain.errors import UsageError

WHO = "command"
"""Who changes a company here, beside the account that the command was called from."""
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
@STAFF_NAMED
@JSON
def add(database: str, name: str, number: int | None, *, as_json: bool, **asked: Any) -> None:
    """Make a company, with an id of one's own where tills or contracts name one.

    \b
    Examples:
      taptill service company add customers.db "Analytical Society"
      taptill service company add customers.db "Analytical Society" --id 42
    """
    wished = {"id": number, "name": name, "externalId": asked["external_id"]}
    fields = {key: value for key, value in wished.items() if value is not None}
    body = {"fields": [fields], "staff": asked["staff"] or login()}
    made = _changed(database, "insert", None, body)[0]["id"]
    _tell(made, "made", as_json=as_json)


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
    if not _changed(database, "update", number, body):
        raise UsageError(problem=f"there is no company {number}")
    _tell(number, "renamed", as_json=as_json)


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
    body = {**_of("id", number), "staff": staff or login()}
    if not _changed(database, "remove", None, body):
        raise UsageError(problem=f"there is no company {number}")
    _tell(number, "removed", as_json=as_json)


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
    with opened(database) as engine:
        store = rooms("store")[0].Store(engine)
        body = {"orderBy": [{"field": "id", "order": "desc"}], "limit": last}
        rows = store.select(store.entities["CompanyChanges"], body)
    for row in rows:
        read = {name: json.loads(row[name].text) for name in ("before", "after")}
        told = {**row, **read}
        click.echo(json.dumps(told) if as_json else company_act(told))


def _tell(number: int, done: str, *, as_json: bool) -> None:
    click.echo(json.dumps({done: number}) if as_json else f"company {number} is {done}")


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
                store.company_change(verb, number, body, WHO)
            ).result()
        except wire.Refusal as refusal:
            raise UsageError(problem=refusal.body["error"]["message"]) from refusal
    return rows
