"""Transient errors over HTTP: a read is repeated, until patience ends with a clear error."""

import asyncio
import email.utils
import time
from typing import Any, get_args

import pytest
from tests.backend.conftest import Connect, row
from tests.backend.test_updates import ENROLLED, read, sale
from tests.fakes.backend import CUT_SHORT, HTML, LOST_REPLY, LOST_REQUEST, SILENCE, Canned
from tests.fakes.until import DEADLINE_S

from taptill.backend import select
from taptill.config.tables import AskedField
from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, Unreachable
from taptill.domain.errors import BackendError, UnreachableError
from taptill.settlement.requests import NoAnswer, OutcomeUnknown

ABORTED = Canned('{"message": "current transaction is aborted", "code": "25P02"}', 400)
PASSING: dict[str, str | Canned] = {
    "too much at once": Canned("{}", 429),
    "a bad gateway": Canned("<html>", 502),
    "down": Canned("", 503),
    "a gateway's time-out": Canned("<html>", 504),
    "a transaction that failed before ours": ABORTED,
    "no answer in time": SILENCE,
    "a request that was lost": LOST_REQUEST,
    "a reply that was lost": LOST_REPLY,
    "an answer cut in the middle": Canned("[1, 2]", cut=True),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_read_goes_again_after(connect: Connect, fault: str | Canned) -> None:
    harness = await connect(row(7), fault)
    assert isinstance(await harness.api.read_row(7), Snapshot)
    assert len(harness.backend.requests) == 2
    assert harness.health.results == ["ok"]


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_an_update_does_not_go_again_after(connect: Connect, fault: str | Canned) -> None:
    harness = await connect(ENROLLED)
    update = sale(await read(harness))
    before = len(harness.backend.requests)
    harness.backend.always = fault
    assert isinstance(await harness.api.update_row(update), OutcomeUnknown)
    assert len(harness.backend.requests) == before + 1


LASTING: dict[str, Canned] = {
    "a broken server": Canned("{}", 500),
    "a wrong token": Canned("{}", 401),
    "no rights": Canned("{}", 403),
    "a final no": Canned('{"error": {"code": "range"}}', 400),
    "a web page": HTML,
    "JSON cut short": CUT_SHORT,
    "a redirect": Canned("", 302),
}


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
async def test_a_read_does_not_go_again_after(connect: Connect, fault: Canned) -> None:
    harness = await connect(row(7))
    harness.backend.always = fault
    assert isinstance(await harness.api.read_row(7), NoAnswer)
    assert len(harness.backend.requests) == 1


@pytest.mark.slow
async def test_retry_after_is_obeyed_as_seconds_and_as_a_date(connect: Connect) -> None:
    soon = email.utils.formatdate(time.time() + 1, usegmt=True)
    for value in ("1", soon):
        harness = await connect(row(7), Canned("{}", 429, {"Retry-After": value}))
        began_s = time.monotonic()
        assert isinstance(await harness.api.read_row(7), Snapshot)
        # An HTTP date has whole seconds: up to one of them has passed when it is made.
        assert time.monotonic() - began_s > 0.9 * (value == "1")
        assert len(harness.backend.requests) == 2


@pytest.mark.slow
async def test_nobody_waits_longer_than_patience_lasts(connect: Connect) -> None:
    harness = await connect(row(7))
    harness.backend.always = Canned("{}", 429, {"Retry-After": "30"})
    assert await harness.api.read_row(7) == NoAnswer("backend-unreachable", 30.0)
    assert len(harness.backend.requests) == 1
    harness.backend.always = Canned("{}", 503)
    with pytest.raises(UnreachableError, match="HTTP 503"):
        await harness.api.page(0, 10)
    assert 3 < len(harness.backend.requests) < 10  # the delays grow


async def test_a_try_under_way_is_cut_off_when_patience_ends(connect: Connect) -> None:
    harness = await connect(row(7), Canned("{}", 503), SILENCE, read_timeout_s=3600)
    with pytest.raises(UnreachableError):
        async with asyncio.timeout(DEADLINE_S):
            await harness.api.select.rows([], 1, patience_s=0.25)


async def test_a_tap_waits_less_long_than_the_schedules(connect: Connect) -> None:
    harness = await connect(row(7), Canned("{}", 503))
    assert isinstance(await harness.api.find(CardId("04A7")), Found)
    harness.backend.always = Canned("{}", 503)
    before = len(harness.backend.requests)
    assert isinstance(await harness.api.find(CardId("04A7")), Unreachable)
    assert len(harness.backend.requests) - before <= 4  # their delays are 0.05, 0.1, 0.2 s or more


async def test_a_till_without_a_network_knows_so_at_once(connect: Connect) -> None:
    """It does not try again for as long as its patience lasts."""
    harness = await connect(row(7))
    await harness.backend.stop()
    with pytest.raises(UnreachableError):
        async with asyncio.timeout(DEADLINE_S):
            await harness.api.select.rows([], 1, patience_s=3600)
    assert isinstance(await harness.api.find(CardId("04A7")), Unreachable)


# --- fields that a server does not have ----------------------------------------------------------


def without(*names: str) -> Any:
    """Refuse a select of a field that is not there, as such servers do."""

    def rule(request: Any) -> Canned | None:
        fields = request.body["fields"]
        inner = fields.get("company")
        for name in names:
            if name in fields or (isinstance(inner, dict) and name.partition(".")[2] in inner):
                return Canned(f'{{"message": "Field \\"{name}\\" not found"}}', 400)
        return None

    return rule


async def test_an_unknown_field_is_dropped_named_and_not_asked_for_again(connect: Connect) -> None:
    harness = await connect(row(7))
    harness.backend.rule = without("default", "externalId", "company.name")
    assert isinstance(await harness.api.find(CardId("04A7")), Found)
    assert len(harness.backend.requests) == 4
    assert harness.api.select.missing_fields == ["default", "externalId", "company.name"]
    assert harness.health.results == ["ok"]
    await harness.api.read_row(7)
    assert len(harness.backend.requests) == 5
    fields = harness.backend.requests[-1].body["fields"]
    assert fields["company"] == {"id": True}
    assert "default" not in fields


@pytest.mark.parametrize("name", sorted(select.NEEDED))
async def test_a_field_that_charging_needs_is_never_dropped(connect: Connect, name: str) -> None:
    harness = await connect(row(7))
    harness.backend.rule = without(name)
    with pytest.raises(BackendError):
        await harness.api.page(0, 10)
    assert (len(harness.backend.requests), harness.api.select.missing_fields) == (2, [])


async def test_a_site_may_choose_what_is_asked_for_beside_what_is_needed(connect: Connect) -> None:
    harness = await connect(row(7), fields=frozenset({"id", "name"}))
    await harness.api.read_row(7)
    assert set(harness.backend.requests[-1].body["fields"]) == {*select.NEEDED, "name"}
    harness.backend.capabilities = {"version": True}
    await harness.api.capabilities()
    await harness.api.read_row(7)
    assert "version" in harness.backend.requests[-1].body["fields"]


def test_the_config_takes_every_field_that_is_asked_for() -> None:
    assert get_args(AskedField) == tuple(select.FIELDS)
