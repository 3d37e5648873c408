"""Sends HTTP requests on warm connections; it and `keep_alive` alone import httpx."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from taptill.backend.body import ACCEPT_ENCODING, read_body
from taptill.backend.tls import Certificate, certificate_expiry, describe_fault, tls_context
from taptill.domain.errors import BackendError, UnknownOutcomeError, UnreachableError
from taptill.domain.technical.backoff import Backoff

if TYPE_CHECKING:
    import httpx

TOTAL_TIMEOUT_READS = 3
"""A whole answer takes at most so many read time-outs, however slowly it arrives."""

KEEP_ALIVE_S = 60.0
"""An idle connection is used for so long: a router may have forgotten an older one silently."""

CONNECTIONS_MAX = 8

WARM_S, WARM_MAX_S = 1.0, 60.0
"""The pause between two checks for an idle connection, and the longest where none can be kept."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `body` is parsed JSON, None for an empty body, or NOT_JSON.

    `detail` says why it is not JSON.
    """

    status: int
    body: Any
    latency_s: float
    retry_after_s: float | None = None
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP success

    @property
    def is_redirect(self) -> bool:
        """Whether this is a redirect, which must not be followed with the token."""
        return 300 <= self.status < 400  # noqa: PLR2004 - the range of HTTP redirects


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """The API's address and the access to it; times are seconds."""

    base_url: str
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 5.0
    ca_file: str | None = None
    certificate: Certificate | None = None

    @property
    def place(self) -> str:
        """Return the address for errors, without the name and password that it may have."""
        url = urlsplit(self.base_url)
        return urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2]))


class Transport:
    """Warm keep-alive connections to one base URL; redirects are not followed.

    `on_server_time` gets the server's wall time of every answer, in seconds since 1970. httpx takes
    a tenth of a second to import: the first request does that, in a thread.
    """

    def __init__(
        self, settings: ConnectionSettings, on_server_time: Callable[[float], None]
    ) -> None:
        self._settings = settings
        self._on_server_time = on_server_time
        self._client: asyncio.Future[httpx.AsyncClient] | None = None
        self._has_idle: Callable[[], bool] = lambda: False
        self.certificate_expires_at: float | None = None
        """When the certificate expires, in seconds since 1970; None without TLS or a request."""

    @property
    def warm(self) -> bool:
        """Whether a connection is open and idle, so that a request needs no handshake."""
        return self._has_idle()

    async def send(self, method: str, path: str, body: str | None, *, read: bool) -> Reply:
        """Send one request; a read that a closed keep-alive connection lost is sent once more.

        Raise UnreachableError where nothing can have been changed: no connection, or a read without
        an answer (`passing`: it was too slow). Raise UnknownOutcomeError where a write has no
        answer: it may have been carried out, and is never sent again here. Raise BackendError where
        the TLS files cannot be used.
        """
        client = await self._http_client()
        try:
            return await self._send_once(client, method, path, body)
        except UnknownOutcomeError as fault:
            if not read:
                raise
            if fault.fields["slow"]:
                raise self._unreachable(fault) from fault
        try:
            return await self._send_once(client, method, path, body)
        except UnknownOutcomeError as fault:
            raise self._unreachable(fault) from fault

    async def keep_warm(self, path: str, check_s: float = WARM_S) -> None:
        """Open a connection whenever none is idle, until cancelled.

        A GET of `path` opens it; its answer is ignored.
        """
        backoff, attempt = Backoff.doubling(check_s, WARM_MAX_S), 0
        while True:
            await asyncio.sleep(backoff.delay_s(attempt))
            if not self.warm:
                with suppress(BackendError):
                    await self.send("GET", path, None, read=True)
            attempt = 0 if self.warm else attempt + 1

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await (await self._client).aclose()

    async def _http_client(self) -> "httpx.AsyncClient":
        if self._client is None:
            self._client = asyncio.ensure_future(asyncio.to_thread(self._open))
        try:
            return await asyncio.shield(self._client)
        except BackendError:
            self._client = None  # the file may come later, on another medium for example
            raise

    def _open(self) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415 - the first frame does not wait for it

        from taptill.backend.keep_alive import KeepAliveTransport  # noqa: PLC0415 - it imports httpx, too

        settings = self._settings
        secure = not settings.base_url.startswith("http://")
        tls = tls_context(settings.ca_file, settings.certificate) if secure else None
        transport = KeepAliveTransport(tls, CONNECTIONS_MAX, KEEP_ALIVE_S)
        self._has_idle = transport.has_idle
        return httpx.AsyncClient(
            base_url=settings.base_url,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
                **settings.headers,
            },
            timeout=httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s),
            transport=transport,
            follow_redirects=False,
            trust_env=False,
        )

    async def _send_once(
        self, client: "httpx.AsyncClient", method: str, path: str, body: str | None
    ) -> Reply:
        import httpx  # noqa: PLC0415 - loaded already, with the client

        began = time.perf_counter()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with asyncio.timeout(TOTAL_TIMEOUT_READS * self._settings.read_timeout_s):
                async with client.stream(method, path, content=body, headers=headers) as answer:
                    read = await read_body(answer.aiter_raw(), answer.headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
            place = self._settings.place
            raise UnreachableError(place=place, detail=describe_fault(fault)) from fault
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            slow = isinstance(fault, httpx.TimeoutException | TimeoutError)
            raise UnknownOutcomeError(detail=describe_fault(fault), slow=slow) from fault
        latency_s = time.perf_counter() - began
        self._record_metadata(answer)
        after_s = _retry_after(answer.headers)
        return Reply(
            answer.status_code,
            read.value,
            latency_s=latency_s,
            retry_after_s=after_s,
            detail=read.detail,
        )

    def _record_metadata(self, answer: "httpx.Response") -> None:
        """Record the server's time and the certificate's expiry of an answer."""
        date_s = _http_date(answer.headers.get("Date", ""))
        if date_s is not None:
            self._on_server_time(date_s)
        stream = answer.extensions.get("network_stream")
        ends_s = certificate_expiry(stream.get_extra_info("ssl_object")) if stream else None
        self.certificate_expires_at = ends_s or self.certificate_expires_at

    def _unreachable(self, fault: UnknownOutcomeError) -> UnreachableError:
        """Return the error of a read without an answer: whatever happened, it changed nothing."""
        place, detail = self._settings.place, str(fault.fields["detail"])
        return UnreachableError(place=place, detail=detail, passing=bool(fault.fields["slow"]))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    if value.isascii() and value.isdecimal():
        return float(value)
    at_s = _http_date(value)
    return None if at_s is None else max(0.0, at_s - time.time())


def _http_date(date: str) -> float | None:
    """Return an HTTP date in seconds since 1970; None where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
