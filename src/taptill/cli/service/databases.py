"""The words that name a database in, the open database and the service's rooms out."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import click

from taptill.domain.errors import MissingExtraError
from taptill.domain.money import Currency

DATABASE = click.argument("database", metavar="DB")


def import_service(*names: str) -> list[ModuleType]:
    """Import parts of the service: late, so that the other commands start without SQLAlchemy."""
    try:
        return [import_module(f"taptill.service.{name}") for name in names]
    except ModuleNotFoundError as fault:
        raise MissingExtraError(what="the Customers service", extra="service") from fault


def display_currency(money: Any) -> Currency:
    """Give the currency that a database's amounts are shown in."""
    return Currency(money.code or "", money.digits)


@contextmanager
def open_engine(database: str) -> Iterator[Any]:
    """Open a database for a command."""
    (databases,) = import_service("database")
    engine = databases.open_database(database)
    try:
        yield engine
    finally:
        engine.dispose()
