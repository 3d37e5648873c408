"""A till of an unusual currency asks first what money is kept: once, and within one patience."""

import time

import pytest
from tests.backend.conftest import Connected, Dial, row
from tests.fakes.backend import Canned

from taptill.backend.select import TAP_PATIENCE_S
from taptill.domain.card_id import CardId
from taptill.domain.decision import Found, Unreachable
from taptill.domain.errors import BackendError, CurrencyError
from taptill.domain.money import Currency

KWD = Currency.named("KWD")
KEEPS_KWD = {"currency": "KWD", "digits": 3}
DOWN = Canned("", 503)


def questions(line: Connected) -> int:
    """Count how often it was asked what it offers."""
    return sum(request.path.endswith("/capabilities") for request in line.backend.asked)


async def test_it_is_asked_once_before_the_first_customer(dial: Dial) -> None:
    line = await dial(row(7), currency=KWD)
    line.backend.capabilities = KEEPS_KWD
    for _ in range(3):
        assert isinstance(await line.api.find(CardId("04A7")), Found)
    await line.api.page(0, 10)
    await line.api.select.capabilities()
    assert questions(line) == 1
    assert line.backend.asked[0].path.endswith("/capabilities")


@pytest.mark.parametrize("code", ["EUR", "KWD", "JPY"])
async def test_a_backend_that_is_away_is_asked_as_seldom_in_every_currency(
    dial: Dial, code: str
) -> None:
    line = await dial(currency=Currency.named(code))
    line.backend.always = DOWN
    for _ in range(3):
        with pytest.raises(BackendError):
            await line.api.ping()
    assert len(line.backend.asked) == 3
    assert line.health.results == ["backend-unreachable"] * 3


async def test_who_waits_at_the_till_waits_no_longer_for_it(dial: Dial) -> None:
    """Both questions share the patience of a tap."""
    line = await dial(row(7), currency=KWD)
    line.backend.always = DOWN
    began_s = time.monotonic()
    assert await line.api.find(CardId("04A7")) == Unreachable()
    tries = len(line.backend.asked)
    assert tries == questions(line) <= 4  # 0.05, 0.1, 0.2 s at least between them
    assert time.monotonic() - began_s >= 0.05
    assert TAP_PATIENCE_S < 0.05 + 0.1 + 0.2 + 0.4


async def test_after_a_time_without_an_answer_it_is_asked_again(dial: Dial) -> None:
    """Another service may have come, with another database."""
    line = await dial(row(7), currency=KWD)
    line.backend.capabilities = KEEPS_KWD
    assert isinstance(await line.api.find(CardId("04A7")), Found)
    line.backend.always = DOWN
    with pytest.raises(BackendError):
        await line.api.ping()
    line.backend.always = "ok"
    line.backend.capabilities = {"currency": "EUR", "digits": 2}
    with pytest.raises(CurrencyError):
        await line.api.ping()
    assert line.health.results[-1] == "backend-currency"
    line.backend.capabilities = KEEPS_KWD
    assert isinstance(await line.api.find(CardId("04A7")), Found)
    assert questions(line) == 3
