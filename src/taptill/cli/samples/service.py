"""The embedded service with sample customers, beside a till that is none of a site's books."""

import re
import select
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import click

from taptill import config as configs
from taptill.domain.currencies.writing import amount
from taptill.domain.errors import MissingExtraError, ServiceError
from taptill.domain.money import Currency

START_S_MAX = 30
STOP_S_MAX = 5
LISTENING = "listening on "
EURO = Currency.named("EUR")
_CENT_DIGITS = 2
OFFICE_TOKEN = "office-token"  # noqa: S105 - the name of a file

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
    """Return the text with each `12.30` in it as the till's language writes that amount.

    Where the currency has no cents it is 1230.
    """
    currency, language = config.till.currency, config.till.language

    def written(match: re.Match[str]) -> str:
        value = Decimal(match[0]) * sample_scale(currency)
        return amount(currency.parse(str(value)), currency, language)

    return re.sub(r"\d+\.\d\d", written, text)


def sample_scale(currency: Currency) -> int:
    """Return by how much the invented amounts, which have cents, are larger in a currency."""
    scale: int = 10 ** max(0, _CENT_DIGITS - currency.digits)
    return scale


def legend_of(keys: Iterable[str], config: configs.Config) -> tuple[tuple[str, str], ...]:
    """Return for each key of a sample card what stands beside it, in the till's language."""
    from taptill.ui.texts import load  # noqa: PLC0415 - most commands need none

    texts = load(config.till.language)
    return tuple((key, with_signs(texts.say(f"sample.{key.lower()}"), config)) for key in keys)


@contextmanager
def sample_service(folder: Path, currency: Currency = EURO) -> Iterator[str]:
    """Run a service with sample customers as a child process; return its address.

    It also ends when this process is killed. The till's token is in the file `token` of the folder,
    that for cards in the file OFFICE_TOKEN.
    """
    database = folder / "customers.db"
    click.echo("starting the Customers service with 200 sample customers ...", err=True)
    add_samples(database, folder, currency)
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


def add_samples(database: Path, folder: Path, currency: Currency) -> None:
    """Make a database with the sample customers, and the tokens of `sample_service` beside it."""
    try:
        from taptill.service import database as databases  # noqa: PLC0415
        from taptill.service import sample, store, tokens  # noqa: PLC0415
    except ModuleNotFoundError as fault:
        raise MissingExtraError(what="a till with sample customers", extra="service") from fault
    engine = databases.create_database(database, currency.code)
    samples = store.Store(engine)
    for name, rows in sample.rows(sample_scale(currency)).items():
        samples.insert(samples.entities[name], {"fields": rows})
    roles = {"token": tokens.TokenRole.TILL, OFFICE_TOKEN: tokens.TokenRole.CARDS}
    for file, role in roles.items():
        (folder / file).touch(mode=0o600)
        (folder / file).write_text(tokens.add_token(engine, role, f"demo {role}"), "ascii")
    engine.dispose()


def _service_address(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], START_S_MAX)
    line = child.stdout.readline().strip() if ready else ""
    if not line.startswith(LISTENING):
        raise ServiceError(detail="it did not start")
    return line.removeprefix(LISTENING)
