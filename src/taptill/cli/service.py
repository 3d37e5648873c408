"""`taptill service ...` in, a database, a token or a running Customers service out."""

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from taptill.domain.errors import MissingExtraError, ServiceError

_DATABASE = click.argument("database", metavar="DB", type=str)


@click.group()
def service() -> None:
    """Run the embedded Customers service: one SQLite file behind the Customers API.

    \b
    Example:
      taptill service init customers.db --sample
      taptill service token add customers.db --role till --out token
      taptill service run customers.db --port 8080
    """


@service.command()
@_DATABASE
@click.option("--sample", is_flag=True, help="Fill it with 200 invented customers.")
def init(database: str, *, sample: bool) -> None:
    """Make a new database; one that exists is left as it is.

    \b
    Example:
      taptill service init customers.db --sample
    """
    databases, store, fields, samples = _parts("database", "store", "fields", "sample")
    engine = databases.create_database(database)
    for entity, rows in samples.rows().items() if sample else ():
        store.Store(engine).insert(fields.ENTITIES[entity], {"fields": rows})
    made = databases.shown(engine)
    engine.dispose()
    click.echo(f"made {made}{' with sample data' if sample else ''}")


@service.group()
def token() -> None:
    """Let a till or the office in."""


@token.command()
@_DATABASE
@click.option(
    "--role",
    type=click.Choice(["till", "office"]),
    required=True,
    help="till: select, and update totalDebt and debtData; office: everything.",
)
@click.option("--name", default="", help="Whose token this is.")
@click.option("--out", type=click.Path(path_type=Path), help="A new file for it, mode 0600.")
def add(database: str, role: str, name: str, out: Path | None) -> None:
    """Make a token and show it once; the database keeps its hash only.

    \b
    Example:
      taptill service token add customers.db --role till --name bar --out token
    """
    databases, tokens = _parts("database", "tokens")
    engine = databases.open_database(database)
    try:
        target = _new_file(out) if out else None
        made = tokens.add_token(engine, tokens.Role(role), name)
    finally:
        engine.dispose()
    if target is None:
        click.echo(made)
    else:
        with os.fdopen(target, "w") as file:
            file.write(f"{made}\n")
        click.echo(f"the token is in {out}")


@service.command()
@_DATABASE
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--prefix", default="/core/data", show_default=True, help="The API's path prefix.")
@click.option(
    "--strict-money/--no-strict-money",
    default=True,
    show_default=True,
    help="Refuse an update of totalDebt without conditions.",
)
@click.option("--stop-with-stdin", is_flag=True, help="Stop when standard input is closed.")
def run(database: str, *, strict_money: bool, **options: Any) -> None:
    """Serve a database until SIGTERM or Ctrl-C.

    \b
    Example:
      taptill service run customers.db --host 0.0.0.0 --port 8080
    """
    databases, store, server = _parts("database", "store", "run")
    engine = databases.open_database(database)
    try:
        server.serve(store.Store(engine, strict_money=strict_money), say=click.echo, **options)
    finally:
        engine.dispose()


def _parts(*names: str) -> list[ModuleType]:
    # Imported late, so that the other commands start without SQLAlchemy and work without it.
    try:
        return [import_module(f"taptill.service.{name}") for name in names]
    except ModuleNotFoundError as fault:
        raise MissingExtraError(what="the Customers service", extra="service") from fault


def _new_file(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as fault:
        raise ServiceError(detail=f"{path} cannot be made: {fault.strerror}") from fault
