"""The way to the Customers API, step by step: name, connection, TLS; then what it answers."""

import os
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from taptill import config as configs
from taptill.backend.probe import probe
from taptill.backend.tls import Certificate, tls_context
from taptill.clock import NEAR_S, SystemClock
from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import BackendError, ConfigError
from taptill.install.checks.bounded import bounded
from taptill.install.checks.machine.clock import SET_CLOCK, day_of, is_before_release
from taptill.install.checks.site import RELEASE, CheckedSite
from taptill.lookup.backend_health import BackendHealth
from taptill.wiring.backend import customers_api

ANSWER_BYTES_MAX = 8192
HTTP_PORTS = {"http": 80, "https": 443}

_AS_ROOT = f"sudo {RELEASE}/bin/taptill doctor --only backend"

NOT_YET_VALID, EXPIRED = 9, 10
UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
WRONG_NAME = frozenset({62, 64})
"""Verification results of OpenSSL (x509_vfy.h)."""


@dataclass(frozen=True, slots=True)
class BackendAddress:
    """Where the config says that the Customers API is."""

    host: str
    port: int
    secure: bool
    base_path: str
    limit_s: float
    """A step on the way there takes no longer than a request of the till."""

    @classmethod
    def of(cls, config: Config) -> "BackendAddress":
        """Return the address in `[backend] base_url`."""
        url = urlsplit(config.backend.base_url)
        port = url.port or HTTP_PORTS[url.scheme]
        limit_s = config.backend.connect_timeout_s + config.backend.read_timeout_s
        return cls(
            url.hostname or "",
            port,
            secure=url.scheme == "https",
            base_path=url.path,
            limit_s=limit_s,
        )


async def check_backend(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the Customers API, from the requests that a till will send.

    The way there is tried first; where it ends, nothing is asked.
    """
    config = site.config
    system = site.machine_path(str(configs.SYSTEM_CONFIG))
    try:
        path, token = configs.find_token(config, _store(site), system)
    except ConfigError as fault:
        return [_no_token(site, str(fault))]
    found = [_whose_token(site, path), *await _way(site, BackendAddress.of(config))]
    if any(diagnosis.verdict is Verdict.FAIL for diagnosis in found):
        return found
    clock = SystemClock()
    api = customers_api(config, token, clock, BackendHealth(clock))
    try:
        answers = await probe(api, deep=True)
    finally:
        await api.close()
    return [*found, *_with_path_advice(config, answers)]


def _store(site: CheckedSite) -> Path:
    return site.machine_path(str(configs.CREDENTIAL_STORE))


def _whose_token(site: CheckedSite, path: Path) -> Diagnosis:
    """Say which token the backend is asked with, and whether the installed till takes that one."""
    name, words = "backend.token", f"the token of {path} is the one that is tried"
    if path == _store(site) / configs.CREDENTIAL_NAME:
        return Diagnosis(name, Verdict.PASS, f"{words}: systemd gives it to the till")
    is_installed = site.machine_path(str(configs.SYSTEM_CONFIG)) in site.config.files
    if is_installed and _is_closed(_store(site)):
        words += ": whether systemd gives the till another one first, this account may not see"
        return Diagnosis(name, Verdict.SKIP, words, _AS_ROOT)
    return Diagnosis(name, Verdict.PASS, words)


def _no_token(site: CheckedSite, words: str) -> Diagnosis:
    """Say that there is none, or that it is kept from this account, as it should be."""
    if site.config.backend.token_file is None and _is_closed(_store(site)):
        words = "this account may not see the token, which systemd gives to the till alone"
        return Diagnosis("backend.token", Verdict.WARN, words, _AS_ROOT)
    return Diagnosis("backend.token", Verdict.FAIL, words, "see docs/configuration.md")


def _is_closed(store: Path) -> bool:
    """Return whether the till's credential may be there for others than this account."""
    if not store.is_dir():
        return False
    stored = store / configs.CREDENTIAL_NAME
    if not os.access(store, os.X_OK, effective_ids=True):
        return True
    return stored.exists() and not os.access(stored, os.R_OK, effective_ids=True)


async def _way(site: CheckedSite, address: BackendAddress) -> list[Diagnosis]:
    found = [] if _is_number(address.host) else [await name_diagnosis(address)]
    if any(diagnosis.verdict is Verdict.FAIL for diagnosis in found):
        return found
    connection = await _connection(address)
    if connection is not None:
        return [*found, connection]
    return [*found, await _tls(site, address)] if address.secure else found


def _is_number(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


async def name_diagnosis(
    address: BackendAddress, look_up: Callable[[str, int], object] = socket.getaddrinfo
) -> Diagnosis:
    """Look the host's name up, as long as a request of the till may take."""
    name, host = "backend.name", address.host
    try:
        await bounded(lambda: look_up(host, address.port), address.limit_s)
    except socket.gaierror as fault:
        if fault.errno == socket.EAI_AGAIN:
            words = f"no name server answers, so nobody knows where {host} is (DNS)"
            advice = "is the network up? ip address; cat /etc/resolv.conf"
        else:
            words = f"no name server knows the name {host} (DNS)"
            advice = f"is [backend] base_url right? getent hosts {host}"
        return Diagnosis(name, Verdict.FAIL, words, advice)
    except (TimeoutError, UnicodeError) as fault:
        words = f"the name {host} cannot be looked up ({type(fault).__name__})"
        advice = "is the network up? ip address; cat /etc/resolv.conf"
        return Diagnosis(name, Verdict.FAIL, words, advice)
    return Diagnosis(name, Verdict.PASS, f"the name {host} is known")


async def _connection(address: BackendAddress) -> Diagnosis | None:
    """Open a connection and close it; None where that goes well."""
    try:
        await bounded(lambda: _dial(address).close(), address.limit_s)
    except (TimeoutError, OSError) as fault:
        why = "no answer" if isinstance(fault, TimeoutError) else (fault.strerror or str(fault))
        words = f"{address.host} port {address.port}: {why.lower()}"
        advice = "does the service run there, is [backend] base_url right, is there a firewall?"
        return Diagnosis("backend.connection", Verdict.FAIL, words, advice)
    return None


def _dial(address: BackendAddress) -> socket.socket:
    return socket.create_connection((address.host, address.port), address.limit_s)


async def _tls(site: CheckedSite, address: BackendAddress) -> Diagnosis:
    """Shake hands with the certificates of the config."""
    name = "backend.tls"
    try:
        context = tls_context(*_tls_files(site.config))
        await bounded(lambda: _shake_hands(address, context), address.limit_s)
    except BackendError as fault:  # a file of the config
        advice = "name files that are there, PEM, and readable for the till's account"
        return Diagnosis(name, Verdict.FAIL, str(fault.fields["detail"]), advice)
    except ssl.SSLCertVerificationError as fault:
        return await _untrusted(site, address, fault)
    except ssl.SSLError as fault:
        reason = (fault.reason or "broken").replace("_", " ").lower()
        advice = "does it speak TLS on this port (else http://), or want a [backend] client_cert?"
        return Diagnosis(name, Verdict.FAIL, f"TLS: {reason}", advice)
    except (TimeoutError, OSError) as fault:
        words = f"it takes connections and shakes no hands: {type(fault).__name__}"
        return Diagnosis(name, Verdict.FAIL, words, "does it speak TLS on this port?")
    return Diagnosis(name, Verdict.PASS, "the server's certificate is trusted")


def _tls_files(config: Config) -> tuple[str | None, Certificate | None]:
    backend = config.backend
    certificate = None
    if backend.client_cert:
        certificate = (str(backend.client_cert), str(backend.client_key or backend.client_cert))
    return str(backend.ca_file) if backend.ca_file else None, certificate


def _shake_hands(address: BackendAddress, context: ssl.SSLContext) -> None:
    with closing(_dial(address)) as line:
        context.wrap_socket(line, server_hostname=address.host).close()


async def _untrusted(
    site: CheckedSite, address: BackendAddress, fault: ssl.SSLCertVerificationError
) -> Diagnosis:
    """Say why a certificate is not trusted; of its times, whether the clock is the cause."""
    name, code, why = "backend.tls", fault.verify_code, f"TLS: {fault.verify_message}"
    if code in (NOT_YET_VALID, EXPIRED):
        return await _out_of_time(site, address, code)
    if code in UNKNOWN_AUTHORITY:
        advice = (
            "of a private authority: name its certificate (PEM) as [backend] ca_file; of a public "
            "one: sudo apt install --reinstall ca-certificates"
        )
    elif code in WRONG_NAME:
        advice = "[backend] base_url must have the name that the certificate is for"
    else:
        advice = "ask whoever runs the server for a certificate that others trust"
    return Diagnosis(name, Verdict.FAIL, why, advice)


async def _out_of_time(site: CheckedSite, address: BackendAddress, code: int) -> Diagnosis:
    state = "has expired" if code == EXPIRED else "is not valid yet"
    words = f"the server's certificate {state}"
    evidence = await _clock_fault(site, address)
    if evidence:
        words += f" by this machine's clock, and the clock is the cause: {evidence}"
        return Diagnosis("backend.tls", Verdict.FAIL, words, SET_CLOCK)
    advice = "the clock is right: have whoever runs the server renew the certificate"
    return Diagnosis("backend.tls", Verdict.FAIL, words, advice)


async def _clock_fault(site: CheckedSite, address: BackendAddress) -> str:
    """Return why the clock is wrong; empty where it is right, or confirmed by somebody."""
    try:
        server_s = await bounded(lambda: _server_time(address), address.limit_s)
    except (TimeoutError, OSError):
        server_s = None
    here = f"it says {day_of(time.time())}"
    if server_s is not None:
        is_near = abs(server_s - time.time()) <= NEAR_S
        return "" if is_near else f"{here}, the server {day_of(server_s)}"
    if is_before_release(site):
        return f"{here}, which was before this release was made"
    return "" if site.clock().trusted() else f"{here}, and nobody has set it since the start"


def _server_time(address: BackendAddress) -> float | None:
    """Return the time that a server says it is, in seconds since 1970; None where it says none.

    The server is not verified, as its certificate is what is wrong: no token is sent.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    request = f"HEAD / HTTP/1.1\r\nHost: {address.host}\r\nConnection: close\r\n\r\n"
    with closing(_dial(address)) as line, context.wrap_socket(line) as secured:
        secured.sendall(request.encode("ascii", "replace"))
        answer = b""
        while b"\r\n\r\n" not in answer and len(answer) < ANSWER_BYTES_MAX:
            received = secured.recv(ANSWER_BYTES_MAX)
            if not received:
                break
            answer += received
    for header in answer.decode("latin-1").split("\r\n"):
        field, _, value = header.partition(":")
        if field.lower() == "date":
            return _instant_s(value)
    return None


def _instant_s(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _with_path_advice(config: Config, answers: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Say that the path is doubled, where it is and the server does not know it."""
    twice = doubled_path(BackendAddress.of(config).base_path, config.backend.path_prefix)
    first, *others = answers
    if first.verdict is not Verdict.FAIL or not twice or "404" not in first.words:
        return list(answers)
    words = f"{first.words}; the path has {twice} twice"
    kept = config.backend.path_prefix.removeprefix(twice)
    advice = f'[backend] base_url ends with {twice} already: path_prefix = "{kept}"'
    return [replace(first, words=words, advice=advice), *others]


def doubled_path(base_path: str, prefix: str) -> str:
    """Return what `base_url` ends with and `path_prefix` begins with; empty if there is nothing."""
    parts = prefix.strip("/").split("/")
    for length in range(len(parts), 0, -1):
        beginning = "/" + "/".join(parts[:length])
        if prefix and base_path.rstrip("/").endswith(beginning):
            return beginning
    return ""
