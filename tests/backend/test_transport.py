"""A real socket that behaves badly in, a reply or one of our errors out."""

import email.utils
import time
from pathlib import Path

import pytest
from tests.backend.conftest import TOKEN, Dial
from tests.fakes.backend import (
    CUT_SHORT,
    DRIP,
    HTML,
    LOST_REPLY,
    LOST_REQUEST,
    SILENCE,
    Canned,
    FakeBackend,
)

from taptill.backend.transport import BODY_MAX, NO_JSON, Access, Reply, Transport
from taptill.domain.errors import BackendError, UnknownOutcomeError, UnreachableError

PATH = "/api/core/data/Customers/select"
BODY = '{"limit": 1}'
SUDDEN = [LOST_REQUEST, LOST_REPLY, SILENCE, DRIP, Canned("[1, 2, 3]", cut=True)]
IDS = ["lost request", "lost reply", "silence", "a drip", "cut in the middle"]


class Wire:
    """A transport and its server."""

    def __init__(self, backend: FakeBackend) -> None:
        self.dates: list[float] = []
        access = Access(
            backend.url,
            {"Authorization": f"Bearer {TOKEN}"},
            connect_timeout_s=1.0,
            read_timeout_s=0.1,
        )
        self.transport = Transport(access, self.dates.append)

    async def post(self, *, read: bool = True) -> Reply:
        return await self.transport.send("POST", PATH, BODY, read=read)


async def ask(*faults: str | Canned, read: bool = True) -> tuple[Reply, FakeBackend]:
    async with FakeBackend([], *faults) as backend:
        wire = Wire(backend)
        try:
            return await wire.post(read=read), backend
        finally:
            await wire.transport.close()


async def test_a_request_goes_out_whole_and_its_answer_comes_back_exactly() -> None:
    reply, backend = await ask(Canned('[{"totalDebt": 12.300000000000001}]'))
    (asked,) = backend.asked
    assert (asked.method, asked.path, asked.body) == ("POST", PATH, {"limit": 1})
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["content-type"] == "application/json"
    assert (reply.ok, str(reply.body[0]["totalDebt"])) == (True, "12.300000000000001")
    assert 0 < reply.latency_s < 5


async def test_a_connection_is_kept_and_the_servers_clock_is_heard() -> None:
    async with FakeBackend() as backend:
        wire = Wire(backend)
        for _ in range(3):
            await wire.transport.send("GET", "/x/capabilities", None, read=True)
        await wire.transport.close()
    assert wire.dates == [1772442000.0] * 3
    assert "content-type" not in backend.asked[0].headers


@pytest.mark.parametrize("fault", SUDDEN, ids=IDS)
async def test_a_read_goes_once_more_and_then_says_unreachable(fault: str | Canned) -> None:
    reply, backend = await ask(fault)
    assert (reply.ok, len(backend.asked)) == (True, 2)
    with pytest.raises(UnreachableError):
        await ask(fault, fault)


@pytest.mark.parametrize("fault", SUDDEN, ids=IDS)
async def test_an_update_is_never_sent_again_blindly(fault: str | Canned) -> None:
    async with FakeBackend([], fault) as backend:
        wire = Wire(backend)
        with pytest.raises(UnknownOutcomeError) as unknown:
            await wire.post(read=False)
        await wire.transport.close()
    assert len(backend.asked) == 1
    assert not unknown.value.outcome_known


async def test_nobody_there_is_unreachable_and_nothing_was_done() -> None:
    async with FakeBackend() as backend:
        wire = Wire(backend)
    for read in (True, False):
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1"):
            await wire.post(read=read)
    await wire.transport.close()


NO_JSON_AT_ALL = {
    "a captive portal's page": HTML,
    "an answer cut short": CUT_SHORT,
    "not a number": Canned('[{"totalDebt": NaN}]'),
    "a figure beyond all bounds": Canned("[1e99999999999999999999]"),
    "nested too deep": Canned("[" * 100_000),
    "longer than any page": Canned(f'["{"x" * BODY_MAX}"]'),
}


@pytest.mark.parametrize("fault", NO_JSON_AT_ALL.values(), ids=NO_JSON_AT_ALL)
async def test_it_is_no_json(fault: Canned) -> None:
    reply, _ = await ask(fault)
    assert (reply.status, reply.body) == (200, NO_JSON)


@pytest.mark.parametrize("text", ["", " \n"], ids=["empty", "blank"])
async def test_an_empty_body_is_none(text: str) -> None:
    reply, _ = await ask(Canned(text, 204 if not text else 200))
    assert reply.body is None


async def test_a_redirect_is_not_followed() -> None:
    reply, backend = await ask(Canned("", 302, {"Location": "http://127.0.0.1:1/elsewhere"}))
    assert (reply.status, reply.ok, len(backend.asked)) == (302, False, 1)


LATER: dict[str, tuple[str, float | None, float | None]] = {
    "seconds": ("30", 30, 30),
    "a date that has passed": ("Mon, 02 Mar 2020 09:00:00 GMT", 0, 0),
    "a word": ("soon", None, None),
    "a negative number": ("-5", None, None),
    "a strange digit": ("²", None, None),
    "a date beyond all calendars": ("Mon, 99 Mar 99999 09:00:00 GMT", None, None),
}


@pytest.mark.parametrize(("value", "least", "most"), LATER.values(), ids=LATER)
async def test_retry_after_is(value: str, least: float | None, most: float | None) -> None:
    reply, _ = await ask(Canned("{}", 429, {"Retry-After": value}))
    if least is None or most is None:
        assert reply.retry_after_s is None
    else:
        assert reply.retry_after_s is not None
        assert least <= reply.retry_after_s <= most


async def test_retry_after_may_be_a_date_to_come() -> None:
    soon = email.utils.formatdate(time.time() + 100, usegmt=True)
    reply, _ = await ask(Canned("{}", 503, {"Retry-After": soon}))
    assert reply.retry_after_s is not None
    assert 50 < reply.retry_after_s <= 100


async def test_a_date_that_is_none_says_nothing_of_the_time() -> None:
    async with FakeBackend([], Canned("[]", headers={"Date": "today"})) as backend:
        wire = Wire(backend)
        assert (await wire.post()).ok
        await wire.transport.close()
    assert wire.dates == []


@pytest.mark.parametrize("missing", ["ca_file", "certificate"])
async def test_a_certificate_that_is_not_there_is_named_and_looked_for_again(
    tmp_path: Path, missing: str
) -> None:
    path = str(tmp_path / "none.pem")
    access = Access(
        "https://127.0.0.1:1",
        ca_file=path if missing == "ca_file" else None,
        certificate=(path, path) if missing == "certificate" else None,
    )
    transport = Transport(access, lambda _: None)
    for _ in range(2):
        with pytest.raises(BackendError, match="ca_file, client_cert"):
            await transport.send("GET", "/", None, read=True)
    await transport.close()


async def test_a_server_without_our_certificate_is_unreachable(dial: Dial) -> None:
    line = await dial()
    access = Access(line.backend.url.replace("http:", "https:"), connect_timeout_s=1.0)
    transport = Transport(access, lambda _: None)
    with pytest.raises(UnreachableError):
        await transport.send("GET", "/", None, read=True)
    await transport.close()


async def test_a_client_that_never_asked_has_nothing_to_close() -> None:
    await Transport(Access("http://127.0.0.1:1"), lambda _: None).close()


def test_a_token_is_in_no_text_of_an_access() -> None:
    access = Access("http://127.0.0.1:1", {"Authorization": f"Bearer {TOKEN}"})
    assert TOKEN not in repr(access)
