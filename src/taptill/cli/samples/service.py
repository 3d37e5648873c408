"""The embedded service with sample customers, beside a till that is none of a site's books."""

import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from taptill import config as configs
from taptill.domain.currencies.writing import amount
from taptill.domain.errors import MissingExtraError, ServiceError

START_S_MAX = 30
STOP_S_MAX = 5
LISTENING = "listening on "

SAMPLE_READERS = """
[[reader]]
driver = "simulated"
card_id = ["text"]
[[reader]]
driver = "typed"
card_id = ["text"]
"""
"""The readers of a till for invented cards: capital letters tap one, digits are typed as a card."""


def with_signs(text: str, config: configs.Config) -> str:
    """Return the text with each `12.30` in it as the till's language writes that amount."""
    currency, language = config.till.currency, config.till.language
    return re.sub(
        r"\d+\.\d\d", lambda match: amount(currency.parse(match[0]), currency, language), text
    )


@contextmanager
def sample_service(folder: Path, currency: str = "EUR") -> Iterator[str]:
    """Run a service with sample customers as a child process; return its address.

    It also ends when this process is killed. The till's token is in the file `token` of the folder.
    """
    database = folder / "customers.db"
    click.echo("starting the Customers service with 200 sample customers ...", err=True)
    _add_samples(database, folder / "token", currency)
    words = [sys.executable, "-m", "taptill", "service", "run", str(database), "--port", "0"]
    with (folder / "service.log").open("w") as log:
        child = subprocess.Popen(  # noqa: S603 - our own program
            [*words, "--stop-with-stdin"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # ctrl+c at the till must not end the service
        )
    try:
        yield _service_address(child)
    finally:
        child.terminate()
        try:
            child.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _add_samples(database: Path, token: Path, currency: str) -> None:
    try:
        from taptill.service import database as databases  # noqa: PLC0415
        from taptill.service import fields, sample, store, tokens  # noqa: PLC0415
    except ModuleNotFoundError as fault:
        raise MissingExtraError(what="a till with sample customers", extra="service") from fault
    engine = databases.create_database(database, currency)
    for entity, rows in sample.rows().items():
        store.Store(engine).insert(fields.ENTITIES[entity], {"fields": rows})
    token.touch(mode=0o600)
    token.write_text(tokens.add_token(engine, tokens.TokenRole.TILL, "demo"), "ascii")
    engine.dispose()


def _service_address(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], START_S_MAX)
    line = child.stdout.readline().strip() if ready else ""
    if not line.startswith(LISTENING):
        raise ServiceError(detail="it did not start")
    return line.removeprefix(LISTENING)
