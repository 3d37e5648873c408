"""The way to the Customers API in `taptill doctor`, beside servers on loopback."""

import os
import pwd
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest
from tests.backend.conftest import row
from tests.fakes.backend import PREFIX, Canned, FakeBackend
from tests.fakes.certificates import NO_OPENSSL, Authority, authority, openssl_is_there
from tests.install.machine import INSTALLED, MachineFolder, diagnosed, without_powers

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.backend import (
    BackendAddress,
    check_backend,
    doubled_path,
    name_diagnosis,
)

needs_openssl = pytest.mark.skipif(not openssl_is_there(), reason=NO_OPENSSL)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


async def way(
    place: MachineFolder, url: str, ca_file: str = "", wait_s: float = 2
) -> dict[str, Diagnosis]:
    """Return the diagnoses of a backend at a URL."""
    site = place.site(url=url)
    backend = replace(
        site.config.backend,
        ca_file=Path(ca_file) if ca_file else None,
        path_prefix=PREFIX,
        connect_timeout_s=wait_s,
        read_timeout_s=wait_s,
    )
    return await diagnosed(
        check_backend, replace(site, config=replace(site.config, backend=backend))
    )


@contextmanager
def talking(certificate: tuple[str, str], date: str = "") -> Iterator[str]:
    """Serve TLS that answers every request with a date, or hangs up; yield its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with closing(line):
                line.settimeout(5)
                try:
                    with context.wrap_socket(line, server_side=True) as secured:
                        if secured.recv(1000) and date:
                            secured.sendall(f"HTTP/1.1 404 No\r\nDate: {date}\r\n\r\n".encode())
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@needs_openssl
async def test_a_backend_in_order_passes(place: MachineFolder, office: Authority) -> None:
    async with FakeBackend([row(7)], tls=office.server()) as backend:
        told = await way(place, backend.url, office.ca_file)
    assert told["backend.tls"].verdict is Verdict.PASS
    assert told["backend.answer"].verdict is Verdict.PASS
    assert told["backend.certificate"].verdict is Verdict.PASS


@needs_openssl
async def test_an_unknown_authority_is_told_which_key_names_it(
    place: MachineFolder, office: Authority
) -> None:
    with talking(office.issue("server")) as url:
        told = await way(place, url)
    assert set(told) == {"backend.token", "backend.tls"}
    assert (told["backend.tls"].verdict, "ca_file" in told["backend.tls"].advice) == (
        Verdict.FAIL,
        True,
    )


@needs_openssl
async def test_another_hosts_certificate_is_told(place: MachineFolder, office: Authority) -> None:
    with talking(office.issue("server", subject="DNS:elsewhere.example")) as url:
        told = (await way(place, url, office.ca_file))["backend.tls"]
    assert "base_url must have the name" in told.advice


@needs_openssl
async def test_a_certificate_that_ends_soon_is_told(
    place: MachineFolder, office: Authority
) -> None:
    async with FakeBackend([row(7)], tls=office.server(days=5)) as backend:
        told = await way(place, backend.url, office.ca_file)
    assert told["backend.certificate"].verdict is Verdict.WARN


def certificate(office: Authority, begins: timedelta, ends: timedelta) -> tuple[str, str]:
    now = datetime.now(UTC)
    return office.issue_for("late", now + begins, now + ends)


@needs_openssl
@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [(DAY, YEAR, "is not valid yet"), (-YEAR, -DAY, "has expired")],
)
async def test_the_clock_is_named_where_the_server_says_another_time(
    place: MachineFolder, office: Authority, begins: timedelta, ends: timedelta, state: str
) -> None:
    """The server's own time is within the certificate's, so that this machine's is wrong."""
    place.has("run/systemd/timesync/synchronized")
    its_time = datetime.now(UTC) + (begins + ends) / 2
    with talking(
        certificate(office, begins, ends), formatdate(its_time.timestamp(), usegmt=True)
    ) as url:
        told = (await way(place, url, office.ca_file))["backend.tls"]
    assert (told.verdict, told.words.startswith(f"the server's certificate {state}")) == (
        Verdict.FAIL,
        True,
    )
    assert "the clock is the cause" in told.words
    assert f"the server {its_time:%Y-%m-%d}" in told.words
    assert "timedatectl" in told.advice


@needs_openssl
async def test_an_expired_certificate_is_the_servers_where_the_clock_is_right(
    place: MachineFolder, office: Authority
) -> None:
    with talking(certificate(office, -YEAR, -DAY), formatdate(usegmt=True)) as url:
        told = (await way(place, url, office.ca_file))["backend.tls"]
    assert told.words == "the server's certificate has expired"
    assert "renew the certificate" in told.advice


@needs_openssl
async def test_a_server_that_says_no_time_leaves_the_clocks_own_evidence(
    place: MachineFolder, office: Authority
) -> None:
    with talking(certificate(office, DAY, YEAR)) as url:
        told = (await way(place, url, office.ca_file))["backend.tls"]
        assert "nobody has set it since the start" in told.words
        place.has("run/systemd/timesync/synchronized")
        told = (await way(place, url, office.ca_file))["backend.tls"]
        assert "renew the certificate" in told.advice
        unit = place.has("opt/taptill/current/systemd/taptill.service")
        os.utime(unit, (0, time.time() + DAY.total_seconds()))
        told = (await way(place, url, office.ca_file))["backend.tls"]
        assert "before this release was made" in told.words


@needs_openssl
async def test_a_file_of_the_config_that_cannot_be_used_is_told(
    place: MachineFolder, office: Authority
) -> None:
    with talking(office.issue("server")) as url:
        told = (await way(place, url, "/not/there.pem"))["backend.tls"]
    assert (told.verdict, "ca_file" in told.words) == (Verdict.FAIL, True)


async def test_a_server_without_tls_is_told(place: MachineFolder) -> None:
    async with FakeBackend([row(7)]) as backend:
        told = (await way(place, backend.url.replace("http:", "https:"), wait_s=0.2))["backend.tls"]
    assert told.verdict is Verdict.FAIL


async def test_a_name_that_nobody_knows_is_told_as_such(place: MachineFolder) -> None:
    told = await way(place, "http://there-is-none.invalid:8080")
    assert set(told) == {"backend.token", "backend.name"}
    assert (told["backend.name"].verdict, "(DNS)" in told["backend.name"].words) == (
        Verdict.FAIL,
        True,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="systemd's credentials are root's alone")
async def test_the_credential_of_the_till_is_used_by_root(
    place: MachineFolder,
) -> None:
    (place.folder / "token").unlink()
    assert (await diagnosed(check_backend, place.site()))["backend.token"].verdict is Verdict.FAIL
    place.has("etc/credstore/api-token", "stored")
    told = await diagnosed(check_backend, place.site())
    assert set(told) == {"backend.token", "backend.connection"}
    assert "etc/credstore/api-token" in told["backend.token"].words


@pytest.mark.skipif(os.geteuid() != 0, reason="systemd's credentials are root's alone")
@pytest.mark.parametrize("config", [INSTALLED, "config.toml"])
async def test_the_token_that_systemd_passes_is_tried_before_the_file_that_the_config_names(
    place: MachineFolder, config: str
) -> None:
    """As the installed till takes it; one that is started by hand never has that token."""
    stored = place.has("etc/credstore/api-token", "stored")
    async with FakeBackend([row(7)]) as backend:
        site = place.site(url=backend.url, path=config)
        told = (await diagnosed(check_backend, site))["backend.token"]
    of_the_unit, by_hand = (stored, "stored"), (place.folder / "token", "secret")
    path, token = of_the_unit if config == INSTALLED else by_hand
    words = f"the token of {path} is the one that is tried"
    assert {sent.headers["authorization"] for sent in backend.requests} == {f"Bearer {token}"}
    assert (told.verdict, told.words.partition(":")[0]) == (Verdict.PASS, words)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another account")
async def test_that_systemd_may_give_the_till_another_token_is_no_pass(
    open_place: MachineFolder,
) -> None:
    """A store is root's alone, while the file that the config names is not."""
    (open_place.folder / "token").write_text("secret")
    open_place.has("etc/credstore/api-token", "stored").parent.chmod(0o700)
    site = open_place.site(path=INSTALLED)
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        told = (await diagnosed(check_backend, site))["backend.token"]
    finally:
        os.seteuid(0)
    assert (told.verdict, "sudo" in told.advice) == (Verdict.SKIP, True)


def test_no_token_anywhere_is_a_failure(place: MachineFolder) -> None:
    """Neither in a file nor in a store that is open, nor where there is none."""
    told = without_powers(place, "backend", token_file="")["backend.token"]
    assert (told.verdict, bool(told.advice)) == (Verdict.FAIL, True)
    place.has("etc/credstore/another-token", "stored")
    assert without_powers(place, "backend", token_file="")["backend.token"] == told


UNKNOWN_NAMES = {
    "no name server": (socket.gaierror(socket.EAI_AGAIN, "try again"), "no name server answers"),
    "no such name": (socket.gaierror(socket.EAI_NONAME, "unknown"), "no name server knows"),
    "a name that cannot be": (UnicodeError(), "cannot be looked up (UnicodeError)"),
}


@pytest.mark.parametrize(("fault", "words"), UNKNOWN_NAMES.values(), ids=UNKNOWN_NAMES)
async def test_a_name_that_is_not_found_is_told(fault: Exception, words: str) -> None:
    def look_up(host: str, port: int) -> object:
        del host, port
        raise fault

    address = BackendAddress("office", 80, secure=False, base_path="", limit_s=1.0)
    told = await name_diagnosis(address, look_up)
    assert (told.verdict, bool(told.advice), words in told.words) == (Verdict.FAIL, True, True)


async def test_a_name_server_that_does_not_answer_is_waited_for_as_a_request_is() -> None:
    released = threading.Event()
    address = BackendAddress("office", 80, secure=False, base_path="", limit_s=0.1)
    told = await name_diagnosis(address, lambda *_: released.wait(10))
    released.set()
    assert told.verdict is Verdict.FAIL
    assert "cannot be looked up (TimeoutError)" in told.words


async def test_nobody_at_the_port_is_told(place: MachineFolder) -> None:
    told = await way(place, "http://127.0.0.1:9")
    assert told["backend.connection"].words == "127.0.0.1 port 9: connection refused"


async def test_a_doubled_path_is_told_with_what_to_write(place: MachineFolder) -> None:
    async with FakeBackend([row(7)]) as backend:
        backend.rule = lambda request: (
            Canned('{"error": "no such path"}', status=404)
            if not request.path.startswith(f"{PREFIX}/Customers")
            else None
        )
        told = await way(place, f"{backend.url}/api/core")
        assert (await way(place, backend.url))["backend.answer"].verdict is Verdict.PASS
    first = told["backend.answer"]
    assert (first.verdict, first.advice) == (
        Verdict.FAIL,
        '[backend] base_url ends with /api/core already: path_prefix = "/data"',
    )


@pytest.mark.parametrize(
    ("base_path", "prefix", "twice"),
    [
        ("", "/core/data", ""),
        ("/core/data", "/core/data", "/core/data"),
        ("/core/data/", "/core/data", "/core/data"),
        ("/x/core", "/core/data", "/core"),
        ("/score", "/core/data", ""),
        ("/x", "", ""),
        ("/data", "/core/data", ""),
    ],
)
def test_a_path_is_doubled_where_one_ends_as_the_other_begins(
    base_path: str, prefix: str, twice: str
) -> None:
    assert doubled_path(base_path, prefix) == twice
