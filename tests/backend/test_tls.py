"""TLS on loopback: which certificates are trusted, what a tap costs, what a failure says."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.backend.conftest import RecordedHealth, row
from tests.fakes.backend import PREFIX, FakeBackend
from tests.fakes.certificates import NO_OPENSSL, Authority, authority, openssl_is_there
from tests.fakes.until import until

from taptill.backend.customers import CustomersApi
from taptill.backend.rows import MoneyFormat
from taptill.backend.select import Dialect
from taptill.backend.tls import describe_fault
from taptill.backend.transport import ConnectionSettings, Transport
from taptill.domain.card_id import CardId
from taptill.domain.decision import Found, Unreachable
from taptill.domain.errors import UnreachableError

needs_openssl = pytest.mark.skipif(not openssl_is_there(), reason=NO_OPENSSL)
ADA = CardId("04A7")


def localhost_is_known() -> bool:
    """A machine without /etc/hosts, a container for example, may not know the name."""
    try:
        return bool(socket.getaddrinfo("localhost", 1))
    except OSError:
        return False


Pair = tuple[FakeBackend, CustomersApi]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@asynccontextmanager
async def dialled(
    tls: ssl.SSLContext | None, ca_file: str | None, certificate: tuple[str, str] | None = None
) -> AsyncIterator[Pair]:
    async with FakeBackend([row(7)], tls=tls) as backend:
        access = ConnectionSettings(backend.url, ca_file=ca_file, certificate=certificate)
        health = RecordedHealth()
        dialect = Dialect(PREFIX, MoneyFormat(2))
        api = CustomersApi(Transport(access, health.dated), dialect, health)
        try:
            yield backend, api
        finally:
            await api.close()


@asynccontextmanager
async def under_way(work: Coroutine[Any, Any, object]) -> AsyncIterator[asyncio.Task[object]]:
    """Run something beside the block, then cancel it and wait for its end."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def why(api: CustomersApi) -> str:
    with pytest.raises(UnreachableError) as fault:
        await api.page(0, 1)
    return str(fault.value.fields["detail"])


@needs_openssl
async def test_a_private_authority_is_trusted_where_its_file_is_named(office: Authority) -> None:
    async with dialled(office.server(), office.ca_file) as (_, api):
        assert isinstance(await api.find(ADA), Found)
    async with dialled(office.server(), None) as (_, stranger):
        assert await why(stranger) == "TLS: unable to get local issuer certificate"


@needs_openssl
@pytest.mark.skipif(not localhost_is_known(), reason="localhost does not resolve here")
async def test_a_server_that_is_named_must_show_that_name(office: Authority) -> None:
    async with dialled(office.server(), office.ca_file) as (backend, _):
        url_by_name = backend.url.replace("127.0.0.1", "localhost")
        access = ConnectionSettings(url_by_name, ca_file=office.ca_file)
        wrong = Transport(access, lambda _: None)
        with pytest.raises(UnreachableError, match="TLS: Hostname mismatch"):
            await wrong.send("GET", "/", None, read=True)
        await wrong.close()


@needs_openssl
async def test_another_hosts_certificate_is_refused(office: Authority) -> None:
    """The test looks no name up: a machine without /etc/hosts does not know even `localhost`."""
    for subject in ("DNS:elsewhere.example", "IP:127.0.0.2"):
        async with dialled(office.server(subject=subject), office.ca_file) as (_, api):
            assert (await why(api)).startswith("TLS: IP address mismatch")


@needs_openssl
async def test_a_client_certificate_is_shown_where_one_is_wanted(office: Authority) -> None:
    server, ours = office.server(wants_client=True), office.issue("till")
    async with dialled(server, office.ca_file, ours) as (_, api):
        assert isinstance(await api.find(ADA), Found)
    async with dialled(server, office.ca_file) as (_, without):
        # the server may close the connection before its alert is read
        assert await why(without) in {"TLS: tlsv13 alert certificate required", "connection reset"}


@needs_openssl
@pytest.mark.parametrize(("days", "left"), [(30, 29), (14, 13), (2, 1)])
async def test_the_days_that_a_certificate_has_left_are_known_and_few_are_said(
    office: Authority, days: int, left: int
) -> None:
    async with dialled(office.server(days), office.ca_file) as (_, api):
        assert (api.certificate_days(), api.warnings()) == (None, ())
        await api.find(ADA)
        assert api.certificate_days() == left
        time = "1 day" if left == 1 else f"{left} days"
        warnings = (f"the backend's certificate expires in {time}",)
        assert tuple(map(str, api.warnings())) == (warnings if left < 14 else ())


async def test_without_tls_no_certificate_is_spoken_of() -> None:
    async with dialled(None, None) as (_, api):
        await api.find(ADA)
        assert (api.certificate_days(), api.warnings()) == (None, ())


@needs_openssl
async def test_a_tap_pays_no_handshake(office: Authority) -> None:
    """One connection is made in the background, and all taps one after the other use it."""
    async with dialled(office.server(), office.ca_file) as (backend, api):
        async with under_way(api.keep_warm(0.01)):
            await until(lambda: backend.lines_seen == 1 and api._transport.warm)
        for _ in range(5):
            assert isinstance(await api.find(ADA), Found)
        assert backend.lines_seen == 1


@needs_openssl
async def test_a_connection_that_the_server_closed_is_made_anew_beside_the_sales(
    office: Authority,
) -> None:
    async with dialled(office.server(), office.ca_file) as (backend, api):
        async with under_way(api.keep_warm(0.01)):
            await until(lambda: api._transport.warm)
            await backend.hang_up()
            await until(lambda: backend.lines_seen == 2 and api._transport.warm)
        assert isinstance(await api.find(ADA), Found)
        assert backend.lines_seen == 2


async def test_a_tap_that_meets_a_connection_just_closed_is_answered_all_the_same() -> None:
    async with dialled(None, None) as (backend, api):
        for lines in (1, 2, 3):
            assert isinstance(await api.find(ADA), Found)
            assert backend.lines_seen == lines
            await backend.hang_up()


async def test_a_sync_under_way_leaves_a_connection_for_a_tap() -> None:
    async with dialled(None, None) as (backend, api):
        backend.faults = ["silence"]
        async with under_way(api.page(0, 1)) as syncing:
            await until(lambda: backend.requests)
            async with under_way(api.keep_warm(0.01)):
                await until(lambda: api._transport.warm)
                assert (syncing.done(), backend.lines_seen) == (False, 2)
                assert isinstance(await api.find(ADA), Found)
                assert backend.lines_seen == 2


async def test_a_server_that_keeps_no_connection_is_not_asked_for_ever() -> None:
    """The pauses between the checks double."""
    async with dialled(None, None) as (backend, api):
        backend.rule = lambda _: "lost reply"
        began_s = time.monotonic()
        async with under_way(api.keep_warm(0.01)):
            await until(lambda: len(backend.requests) >= 10)  # each read is sent twice: five checks
        assert time.monotonic() - began_s > 0.01 * (1 + 2 + 4 + 8 + 16)


@pytest.mark.slow
async def test_a_server_that_speaks_no_tls_is_said_to_be_so() -> None:
    async with dialled(None, None) as (backend, _):
        access = ConnectionSettings(backend.url.replace("http:", "https:"), connect_timeout_s=1.0)
        wrong = Transport(access, lambda _: None)
        with pytest.raises(UnreachableError, match=r"TLS|ConnectTimeout"):
            await wrong.send("GET", "/", None, read=True)
        await wrong.close()


def test_a_fault_is_named_without_its_own_text() -> None:
    """A fault's own text may hold addresses, and with some libraries headers."""
    causes = {
        "the host's name is not known (DNS)": socket.gaierror("s3cret"),
        "connection refused": ConnectionRefusedError("s3cret"),
        "connection reset": ConnectionResetError("s3cret"),
        "TLS: broken": ssl.SSLError("s3cret"),
        "OSError": OSError("s3cret"),
    }
    for words, cause in causes.items():
        group = OSError("x")
        group.__cause__ = ExceptionGroup("s3cret", [cause])
        assert (describe_fault(cause), describe_fault(group)) == (words, words)


async def test_a_till_that_cannot_reach_its_server_sells_on_the_cache() -> None:
    async with dialled(None, None) as (backend, api):
        await backend.stop()
        assert isinstance(await api.find(ADA), Unreachable)
