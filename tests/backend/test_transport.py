"""A real socket that behaves badly, and the reply or error that the transport makes of it."""

import asyncio
import email.utils
import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.backend.conftest import TOKEN, Connect
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

from taptill.backend.body import BODY_MAX, NOT_JSON, read_body
from taptill.backend.transport import ConnectionSettings, Reply, Transport
from taptill.domain.errors import BackendError, UnknownOutcomeError, UnreachableError
from taptill.domain.technical.exact_json import PART_LENGTH

PATH = "/api/core/data/Customers/select"
BODY = '{"limit": 1}'
SLOW = {"silence": SILENCE, "a drip": DRIP}
BROKEN: dict[str, str | Canned] = {
    "a lost request": LOST_REQUEST,
    "a lost reply": LOST_REPLY,
    "an answer cut in the middle": Canned("[1, 2, 3]", cut=True),
}
SUDDEN = {**BROKEN, **SLOW}


class Wire:
    """A transport and its server."""

    def __init__(self, backend: FakeBackend, read_timeout_s: float = 0.1) -> None:
        self.dates: list[float] = []
        access = ConnectionSettings(
            backend.url,
            {"Authorization": f"Bearer {TOKEN}"},
            connect_timeout_s=1.0,
            read_timeout_s=read_timeout_s,
        )
        self.transport = Transport(access, self.dates.append)

    async def post(self, *, read: bool = True) -> Reply:
        return await self.transport.send("POST", PATH, BODY, read=read)


async def ask(*faults: str | Canned, read: bool = True) -> tuple[Reply, FakeBackend]:
    # where no time-out is awaited, a busy machine may take its time
    slow = any(fault in SLOW.values() for fault in faults)
    async with FakeBackend([], *faults) as backend:
        wire = Wire(backend, 0.1 if slow else 5.0)
        try:
            return await wire.post(read=read), backend
        finally:
            await wire.transport.close()


async def test_a_request_goes_out_whole_and_its_answer_comes_back_exactly() -> None:
    reply, backend = await ask(Canned('[{"totalDebt": 12.300000000000001}]'))
    (request,) = backend.requests
    assert (request.method, request.path, request.body) == ("POST", PATH, {"limit": 1})
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert (reply.ok, str(reply.body[0]["totalDebt"])) == (True, "12.300000000000001")
    assert reply.latency_s > 0


async def test_a_connection_is_kept_and_the_servers_clock_is_heard() -> None:
    async with FakeBackend() as backend:
        wire = Wire(backend)
        for _ in range(3):
            await wire.transport.send("GET", "/x/capabilities", None, read=True)
        await wire.transport.close()
    assert wire.dates == [1772442000.0] * 3
    assert "content-type" not in backend.requests[0].headers


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN)
async def test_a_read_goes_once_more_and_then_says_unreachable(fault: str | Canned) -> None:
    reply, backend = await ask(fault)
    assert (reply.ok, len(backend.requests)) == (True, 2)
    with pytest.raises(UnreachableError):
        await ask(fault, fault)


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
async def test_a_read_that_is_too_slow_may_pass_and_is_not_repeated_here(fault: str) -> None:
    with pytest.raises(UnreachableError) as slow:
        await ask(fault)
    assert slow.value.fields["passing"]


@pytest.mark.parametrize("fault", SUDDEN.values(), ids=SUDDEN)
async def test_an_update_is_never_sent_again_blindly(fault: str | Canned) -> None:
    async with FakeBackend([], fault) as backend:
        wire = Wire(backend)
        with pytest.raises(UnknownOutcomeError) as unknown:
            await wire.post(read=False)
        await wire.transport.close()
    assert len(backend.requests) == 1
    assert not unknown.value.outcome_known


async def test_nobody_there_is_unreachable_and_nothing_was_done() -> None:
    async with FakeBackend() as backend:
        wire = Wire(backend)
    for read in (True, False):
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1"):
            await wire.post(read=read)
    await wire.transport.close()


GZIP = {"Content-Encoding": "gzip"}
NO_JSON_AT_ALL = {
    "a captive portal's page": (HTML, "a web page, a captive portal's?"),
    "an answer cut short": (CUT_SHORT, "no JSON"),
    "not a number": (Canned('[{"totalDebt": NaN}]'), "no JSON"),
    "a figure beyond all bounds": (Canned("[1e99999999999999999999]"), "no JSON"),
    "nested too deep": (Canned("[" * 100_000), "no JSON"),
    "longer than any page": (Canned(f'["{"x" * BODY_MAX}"]'), "longer than 8 MB"),
    "packed and broken": (Canned("[1]", headers=GZIP), "packed badly"),
    "packed in another way": (
        Canned("[1]", headers={"Content-Encoding": "br"}),
        "packed in a way that nobody asked for",
    ),
    "packed twice": (
        Canned(gzip.compress(gzip.compress(b"[1]")), headers=GZIP),
        "no JSON",
    ),
}


@pytest.mark.parametrize(("fault", "detail"), NO_JSON_AT_ALL.values(), ids=NO_JSON_AT_ALL)
async def test_it_is_no_json(fault: Canned, detail: str) -> None:
    reply, _ = await ask(fault)
    assert (reply.status, reply.body, reply.detail) == (200, NOT_JSON, detail)


PACKED = {
    "gzip": (gzip.compress(b"[1]"), "gzip"),
    "deflate": (zlib.compress(b"[1]"), "deflate"),
    "nothing": (b"[1]", "identity"),
}


@pytest.mark.parametrize(("raw", "packing"), PACKED.values(), ids=PACKED)
async def test_an_answer_may_be_packed_with(raw: bytes, packing: str) -> None:
    reply, _ = await ask(Canned(raw, headers={"Content-Encoding": packing}))
    assert reply.body == [1]


@pytest.mark.slow
async def test_a_bomb_of_gzip_is_refused_before_it_is_unpacked() -> None:
    """200 MB compressed to 200 kB: memory never holds more than the bound of a body."""
    bomb = gzip.compress(bytes(200 * 1024 * 1024), 9)
    tracemalloc.start()
    reply, _ = await ask(Canned(bomb, headers=GZIP))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (reply.body, reply.detail) == (NOT_JSON, "longer than 8 MB")
    assert peak < 5 * BODY_MAX


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "image/png", ""])
async def test_json_is_json_whatever_its_content_type_says(kind: str) -> None:
    reply, _ = await ask(Canned('[{"id": 7}]', headers={"Content-Type": kind}))
    assert reply.body == [{"id": 7}]


@pytest.mark.parametrize("text", ["", " \n"], ids=["empty", "blank"])
async def test_an_empty_body_is_none(text: str) -> None:
    reply, _ = await ask(Canned(text, 204 if not text else 200))
    assert reply.body is None


async def test_a_redirect_is_not_followed() -> None:
    reply, backend = await ask(Canned("", 302, {"Location": "http://127.0.0.1:1/elsewhere"}))
    assert (reply.status, reply.ok, len(backend.requests)) == (302, False, 1)


LATER: dict[str, tuple[str, float | None, float | None]] = {
    "seconds": ("30", 30, 30),
    "a date that has passed": ("Mon, 02 Mar 2020 09:00:00 GMT", 0, 0),
    "a word": ("soon", None, None),
    "a negative number": ("-5", None, None),
    "a strange digit": ("²", None, None),
    "a date beyond all calendars": ("Mon, 99 Mar 99999 09:00:00 GMT", None, None),
}


@pytest.mark.parametrize(("value", "least_s", "most_s"), LATER.values(), ids=LATER)
async def test_retry_after_is(value: str, least_s: float | None, most_s: float | None) -> None:
    reply, _ = await ask(Canned("{}", 429, {"Retry-After": value}))
    if least_s is None or most_s is None:
        assert reply.retry_after_s is None
    else:
        assert reply.retry_after_s is not None
        assert least_s <= reply.retry_after_s <= most_s


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
    access = ConnectionSettings(
        "https://127.0.0.1:1",
        ca_file=path if missing == "ca_file" else None,
        certificate=(path, path) if missing == "certificate" else None,
    )
    transport = Transport(access, lambda _: None)
    for _ in range(2):
        with pytest.raises(BackendError, match="ca_file, client_cert"):
            await transport.send("GET", "/", None, read=True)
    await transport.close()


@pytest.mark.slow
async def test_a_server_without_our_certificate_is_unreachable(connect: Connect) -> None:
    harness = await connect()
    access = ConnectionSettings(
        harness.backend.url.replace("http:", "https:"), connect_timeout_s=1.0
    )
    transport = Transport(access, lambda _: None)
    with pytest.raises(UnreachableError):
        await transport.send("GET", "/", None, read=True)
    await transport.close()


async def test_a_client_that_never_asked_has_nothing_to_close() -> None:
    await Transport(ConnectionSettings("http://127.0.0.1:1"), lambda _: None).close()


def test_a_token_is_in_no_text_of_an_access() -> None:
    access = ConnectionSettings("http://127.0.0.1:1", {"Authorization": f"Bearer {TOKEN}"})
    assert TOKEN not in repr(access)


async def test_other_work_goes_on_while_a_page_is_parsed() -> None:
    rows = [{"id": number, "name": f"Guest {number}"} for number in range(5_000)]
    turns = 0

    async def raw() -> AsyncIterator[bytes]:
        yield json.dumps(rows).encode()

    async def other_work() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(other_work())
    body = await read_body(raw(), {})
    other.cancel()
    assert body.value == rows
    assert turns > len(json.dumps(rows)) / PART_LENGTH / 2


async def test_no_error_says_the_password_of_an_address() -> None:
    access = ConnectionSettings("http://ada:s3cret@127.0.0.1:9/core", connect_timeout_s=1.0)
    transport = Transport(access, lambda _: None)
    with pytest.raises(UnreachableError) as fault:
        await transport.send("GET", "/", None, read=True)
    await transport.close()
    assert fault.value.fields["place"] == "http://127.0.0.1:9/core"
