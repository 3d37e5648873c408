"""The commands `taptill service ...`: create, set up and serve a database."""

import logging
from pathlib import Path
from typing import Any

import click

from taptill.cli.service.companies import company
from taptill.cli.service.databases import DATABASE, import_service, open_engine
from taptill.cli.service.files import backup, export
from taptill.cli.service.lists import import_, imports
from taptill.cli.service.tokens import token
from taptill.cli.technical.log import FieldsFormatter
from taptill.cli.technical.systemd import notify
from taptill.domain.currencies.iso4217 import complaint_about, digits_of
from taptill.domain.errors import UsageError

SAMPLE_DIGITS = 2

_PEM = click.Path(path_type=Path, exists=True, dir_okay=False)


class CurrencyCode(click.ParamType[str]):
    """The code of ISO 4217 of a currency in which people pay."""

    name = "code"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code in capital letters."""
        code = value.strip().upper()
        if complaint := complaint_about(code):
            self.fail(complaint, param, ctx)
        return code


@click.group()
def service() -> None:
    """Run the embedded Customers service: the Customers API over SQLite or PostgreSQL.

    DB is the path of an SQLite file or postgresql://USER@HOST:PORT/NAME. A password belongs into
    ~/.pgpass and not into the URL, which every user of the machine can see among its processes.

    \b
    Example:
      taptill service init customers.db --sample
      taptill service token add customers.db --role till --out token
      taptill service run customers.db --port 8080
    """


for one in (token, company, import_, imports, export, backup):
    service.add_command(one)


@service.command()
@DATABASE
@click.option(
    "--currency",
    type=CurrencyCode(),
    default="EUR",
    show_default=True,
    help="What its money is (ISO 4217): it keeps as many digits as that has, and for good.",
)
@click.option("--sample", is_flag=True, help="Fill it with 200 invented customers.")
def init(database: str, currency: str, *, sample: bool) -> None:
    """Make a new database, or the tables in an empty one; what exists is left as it is.

    \b
    Examples:
      taptill service init customers.db --sample
      taptill service init customers.db --currency KWD
      taptill service init postgresql://taptill@db.example.org/customers
    """
    databases, store, samples = import_service("database", "store", "sample")
    if sample and digits_of(currency) < SAMPLE_DIGITS:
        raise UsageError(problem=f"the sample's amounts have cents, and {currency} has none")
    engine = databases.create_database(database, currency)
    target = store.Store(engine)
    for entity, rows in samples.rows().items() if sample else ():
        target.insert(target.entities[entity], {"fields": rows}, "sample")
    display_name = databases.display_name(engine)
    engine.dispose()
    click.echo(f"made {display_name}{' with sample data' if sample else ''}")


@service.command()
@DATABASE
@click.argument("code", type=CurrencyCode(), required=False)
def currency(database: str, code: str | None) -> None:
    """Say what money a database keeps; with CODE, name the currency of one with as many digits.

    Amounts are never changed by it. A database of before this was asked knows no currency and
    keeps two digits.

    \b
    Examples:
      taptill service currency customers.db
      taptill service currency customers.db USD
    """
    with open_engine(database) as engine:
        (databases,) = import_service("database")
        if code is not None:
            databases.set_currency(engine, code)
        money = databases.currency_of(engine)
    click.echo(f"{money.code or 'a currency it was never told'}, {money.digits} decimals")


@service.command()
@DATABASE
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--prefix", default="/core/data", show_default=True, help="The API's path prefix.")
@click.option("--tls-cert", type=_PEM, help="Serve https with this certificate chain (PEM).")
@click.option("--tls-key", type=_PEM, help="The certificate's key, without a password (PEM).")
@click.option(
    "--strict-money/--no-strict-money",
    default=True,
    show_default=True,
    help="Refuse an update of totalDebt without conditions.",
)
@click.option("--access-log", is_flag=True, help="A line a request on standard error.")
@click.option(
    "--pure-python", is_flag=True, help="Leave the compiled parts of the extra fast unused."
)
@click.option("--stop-with-stdin", is_flag=True, help="Stop when standard input is closed.")
def run(
    database: str,
    *,
    strict_money: bool,
    access_log: bool,
    tls_cert: Path | None,
    tls_key: Path | None,
    **options: Any,
) -> None:
    """Serve a database until SIGTERM or Ctrl-C.

    \b
    Examples:
      taptill service run customers.db --host 0.0.0.0 --port 8080
      taptill service run customers.db --tls-cert chain.pem --tls-key key.pem --port 8443
    """
    if (tls_cert is None) != (tls_key is None):
        raise UsageError(problem="--tls-cert and --tls-key go together")
    _log_to_standard_error(logging.INFO if access_log else logging.WARNING)
    with open_engine(database) as engine:
        store, server = import_service("store", "http.run")
        tls = server.load_certificate(tls_cert, tls_key) if tls_cert and tls_key else None
        customer_store = store.Store(engine, strict_money=strict_money)
        server.serve(customer_store, server.ServerConfig(tls=tls, **options), announce=_announce)


def _announce(line: str) -> None:
    """Say where the service listens, on standard output and to systemd."""
    click.echo(line)
    notify(f"READY=1\nSTATUS={line}")


def _log_to_standard_error(level: int) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(FieldsFormatter("%(levelname)s %(message)s"))
    log = logging.getLogger("taptill.service")
    log.setLevel(level)
    log.addHandler(handler)
