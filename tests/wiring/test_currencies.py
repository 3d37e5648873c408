"""A till and a service of one currency settle to the last digit; of two the till does not start."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.fakes.service import RunningService, running_service
from tests.scenarios.program import Program
from tests.service.conftest import Api

from taptill.cli import taptill
from taptill.clock import SystemClock
from taptill.config import load
from taptill.domain.card_id import CardId
from taptill.domain.decision import Unreachable
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import ConfigError, CurrencyError
from taptill.lookup.backend_health import BackendHealth
from taptill.settlement.requests import NoAnswer
from taptill.wiring.backend import customers_api
from taptill.wiring.opening import open_journal
from taptill.wiring.readers import check_reader
from taptill.wiring.sending import Sender, sender

pytestmark = pytest.mark.slow

CONFIG = """
[till]
name = "bar"
currency = "{currency}"
[backend]
base_url = "{url}"
token_file = "{folder}/token"
[[reader]]
driver = "simulated"
card_id = ["text"]
[settlement]
strategy = "debt"
"""


def till_of(folder: Path, service: RunningService, currency: str) -> Path:
    """Write a till's config and token, and give the config's path."""
    config = folder / "config.toml"
    config.write_text(CONFIG.format(currency=currency, url=service.url, folder=folder))
    (folder / "token").write_text(service.token)
    (folder / "token").chmod(0o600)
    return config


@pytest.fixture(scope="module", params=["EUR", "KWD"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    folder, currency = tmp_path_factory.mktemp("service"), request.param
    with running_service(folder, sample=False, currency=currency) as running:
        with Api(running.url, running.office_token).http as http:
            capabilities = http.get("/core/capabilities").json()
        assert (capabilities["currency"], capabilities["digits"]) == (
            currency,
            2 if currency == "EUR" else 3,
        )
        yield running


def misfit(service: RunningService) -> tuple[str, str]:
    """Name a currency that this service cannot keep, and what is said of it."""
    with Api(service.url, service.office_token).http as http:
        keeps = http.get("/core/capabilities").json()["currency"]
    if keeps == "EUR":
        return "KWD", "the service keeps EUR with 2 decimals, [till] currency is KWD with 3"
    return "EUR", "the service keeps KWD with 3 decimals, [till] currency is EUR with 2"


def test_c14_a_till_of_another_currency_is_refused_by_config_check(
    tmp_path: Path, service: RunningService
) -> None:
    currency, words = misfit(service)
    path = till_of(tmp_path, service, currency)
    fault = CliRunner().invoke(taptill, ["config", "check", "--config", str(path)]).exception
    assert isinstance(fault, ConfigError)
    assert words in str(fault)
    result = CliRunner().invoke(taptill, ["config", "check", "--json", "--config", str(path)])
    assert words in json.loads(result.stdout)["complaints"][0]


def test_c14_a_till_of_another_currency_is_refused_by_doctor(
    tmp_path: Path, service: RunningService
) -> None:
    currency, words = misfit(service)
    path = till_of(tmp_path, service, currency)
    result = CliRunner().invoke(taptill, ["doctor", "--config", str(path)])
    assert result.exit_code == 1
    assert f"fail  backend.currency: {words}" in result.stdout
    assert f"taptill service init DB --currency {currency}" in result.stdout


def test_c14_a_till_of_another_currency_does_not_start(
    tmp_path: Path, service: RunningService
) -> None:
    currency, words = misfit(service)
    path, (master, slave) = till_of(tmp_path, service, currency), pty.openpty()
    command = ["-m", "taptill", "run", "--config", str(path), "--state-dir", str(tmp_path / "s")]
    (tmp_path / "s").mkdir(mode=0o700)
    try:
        result = subprocess.run(
            [sys.executable, *command], stdin=slave, stderr=slave, timeout=60, check=False
        )
        output = os.read(master, 4096).decode()
    finally:
        os.close(slave)
        os.close(master)
    assert result.returncode == 78
    assert words in " ".join(output.split())
    assert not (tmp_path / "s" / "journal.db").exists()


def test_c14_a_till_whose_service_was_given_another_currency_ends_with_the_same_words(
    tmp_path: Path, service: RunningService
) -> None:
    """It has run for this backend before, so it draws its screen first, and asks behind it."""
    currency, words = misfit(service)
    path, state = till_of(tmp_path, service, currency), tmp_path / "s"
    state.mkdir(mode=0o700)
    open_journal(load(path, check_reader), state).journal.close()
    till = Program(
        [sys.executable, "-m", "taptill", "run", "--config", str(path), "--state-dir", str(state)]
    )
    assert till.ended() == 78
    behind_the_screen = till.drawn.decode().rpartition("\x1b[?1049l")[2]
    assert words in " ".join(behind_the_screen.split())


def test_c14_three_digits_settle_where_the_service_keeps_three(
    tmp_path: Path, service: RunningService
) -> None:
    """0.375 is sold and settled, and the next charge of that customer, too; nothing is refused."""
    if misfit(service)[0] == "KWD":
        pytest.skip("this service keeps euros")
    path, state = till_of(tmp_path, service, "KWD"), tmp_path / "state"
    state.mkdir(mode=0o700)
    api = Api(service.url, service.office_token)
    number = api.insert(cardId=f"C{tmp_path.name}", totalDebt=-5)
    config = load(path)

    async def sell(connection: Sender) -> None:
        for minor in (375, 1255):
            body = {"currency": "KWD", "offline": False, "initials": "A. B."}
            await connection.journal.append([Draft(EntryKind.CHARGE, number, minor, body)])
            while await connection.settlement.settle_open():
                pass

    async def both() -> None:
        async with sender(config, state, service.token) as connection:
            await sell(connection)

    asyncio.run(both())
    assert api.row(number)["totalDebt"] == Decimal("-3.370")
    api.http.close()
    result = CliRunner().invoke(taptill, ["conflicts", "list", "--state-dir", str(state)])
    assert result.output == "nothing waits on the conflict desk\n"


def test_c14_a_till_that_could_not_ask_at_its_start_shows_nobody_of_such_a_service(
    tmp_path: Path, service: RunningService
) -> None:
    """The first question asks what money is kept: no customer is seen, so nothing is sold."""
    if misfit(service)[0] == "EUR":
        pytest.skip("two digits are asked at the start, and before anything is settled")
    config, clock = load(till_of(tmp_path, service, "KWD")), SystemClock()

    async def work() -> None:
        api = customers_api(config, service.token, clock, BackendHealth(clock))
        try:
            assert await api.find(CardId("62E3086CED")) == Unreachable()
            with pytest.raises(CurrencyError):
                await api.page(0, 10)
            assert await api.capabilities() == NoAnswer("backend-currency")
            assert "the service keeps EUR with 2 decimals" in " ".join(map(str, api.warnings()))
        finally:
            await api.close()

    asyncio.run(work())
