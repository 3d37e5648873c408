"""Opens the database that a command names, and imports the service's modules late."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import click

from taptill.cli.late_import import late_import
from taptill.domain.errors import MissingExtraError
from taptill.domain.money import Currency

DATABASE = click.argument("database", metavar="DB")


def import_service(*names: str) -> list[ModuleType]:
    """Import modules of the service; late, so that other commands start without SQLAlchemy."""
    try:
        return [late_import(f"taptill.service.{name}") for name in names]
    except ModuleNotFoundError as fault:
        raise MissingExtraError(what="the Customers service", extra="service") from fault


def display_currency(money: Any) -> Currency:
    """Return the currency in which a database's amounts are displayed."""
    return Currency(money.code or "", money.digits)


@contextmanager
def open_engine(database: str) -> Iterator[Any]:
    """Open a database, and close it when the command ends."""
    (databases,) = import_service("database")
    engine = databases.open_database(database)
    try:
        yield engine
    finally:
        engine.dispose()
