"""A till with an unusual currency asks once whether the service keeps it, in one patience."""

import time

import pytest
from tests.backend.conftest import ClientHarness, Connect, row
from tests.fakes.backend import Canned

from taptill.backend.select import TAP_PATIENCE_S
from taptill.domain.card_id import CardId
from taptill.domain.decision import Found, Unreachable
from taptill.domain.errors import BackendError, CurrencyError
from taptill.domain.money import Currency

KWD = Currency.named("KWD")
KEEPS_KWD = {"currency": "KWD", "digits": 3}
DOWN = Canned("", 503)


def questions(harness: ClientHarness) -> int:
    """Return how often the server was asked for its capabilities."""
    return sum(request.path.endswith("/capabilities") for request in harness.backend.requests)


async def test_it_is_asked_once_before_the_first_customer(connect: Connect) -> None:
    harness = await connect(row(7), currency=KWD)
    harness.backend.capabilities = KEEPS_KWD
    for _ in range(3):
        assert isinstance(await harness.api.find(CardId("04A7")), Found)
    await harness.api.page(0, 10)
    await harness.api.select.capabilities()
    assert questions(harness) == 1
    assert harness.backend.requests[0].path.endswith("/capabilities")


@pytest.mark.parametrize("code", ["EUR", "KWD", "JPY"])
async def test_a_backend_that_is_away_is_asked_as_seldom_in_every_currency(
    connect: Connect, code: str
) -> None:
    harness = await connect(currency=Currency.named(code))
    harness.backend.always = DOWN
    for _ in range(3):
        with pytest.raises(BackendError):
            await harness.api.ping()
    assert len(harness.backend.requests) == 3
    assert harness.health.results == ["backend-unreachable"] * 3


async def test_who_waits_at_the_till_waits_no_longer_for_it(connect: Connect) -> None:
    """The capabilities and the select share the patience of a tap."""
    harness = await connect(row(7), currency=KWD)
    harness.backend.always = DOWN
    began_s = time.monotonic()
    assert await harness.api.find(CardId("04A7")) == Unreachable()
    tries = len(harness.backend.requests)
    # The delays between the attempts are 0.05, 0.1 and 0.2 s at least
    assert tries == questions(harness) <= 4
    assert time.monotonic() - began_s >= 0.05
    assert TAP_PATIENCE_S < 0.05 + 0.1 + 0.2 + 0.4


async def test_after_a_time_without_an_answer_it_is_asked_again(connect: Connect) -> None:
    """The backend at this address may be another service with another database by now."""
    harness = await connect(row(7), currency=KWD)
    harness.backend.capabilities = KEEPS_KWD
    assert isinstance(await harness.api.find(CardId("04A7")), Found)
    harness.backend.always = DOWN
    with pytest.raises(BackendError):
        await harness.api.ping()
    harness.backend.always = "ok"
    harness.backend.capabilities = {"currency": "EUR", "digits": 2}
    with pytest.raises(CurrencyError):
        await harness.api.ping()
    assert harness.health.results[-1] == "backend-currency"
    harness.backend.capabilities = KEEPS_KWD
    assert isinstance(await harness.api.find(CardId("04A7")), Found)
    assert questions(harness) == 3
