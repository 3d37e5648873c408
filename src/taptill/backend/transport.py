"""One POST or GET in, status and JSON out: the only module that imports httpx."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from taptill.backend.numbers import read_json
from taptill.domain.errors import BackendError, UnknownOutcomeError, UnreachableError

if TYPE_CHECKING:
    import httpx

BODY_MAX = 8 * 1024 * 1024
"""A longer answer is cut off and refused: no page of customers is that long."""

WHOLE_ANSWER = 3
"""A whole answer takes at most so many read time-outs, however it drips."""

NO_JSON = object()
"""The body of an answer that is no JSON, HTML of a captive portal for example."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `body` is parsed JSON, None for an empty body, or NO_JSON."""

    status: int
    body: Any
    latency_s: float
    retry_after_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP success


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API is and how to get in; paths begin with a slash, times are seconds."""

    base_url: str
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 5.0
    ca_file: str | None = None
    certificate: tuple[str, str] | None = None


class Transport:
    """A warm keep-alive connection to one base URL; redirects are not followed.

    `dated` is told the server's wall time, seconds since 1970, of every answer. httpx takes a
    tenth of a second to import: the first request does that, in a thread.
    """

    def __init__(self, access: Access, dated: Callable[[float], None]) -> None:
        self._access = access
        self._dated = dated
        self._client: asyncio.Future[httpx.AsyncClient] | None = None

    async def send(self, method: str, path: str, body: str | None, *, read: bool) -> Reply:
        """Send one request; a read that a dying keep-alive connection swallowed goes once more.

        Errors: UnreachableError where surely nothing was done, UnknownOutcomeError where
        something may have been, BackendError where the TLS files cannot be used.
        """
        client = await self._connected()
        try:
            return await self._once(client, method, path, body)
        except UnknownOutcomeError:
            if not read:
                raise
        try:
            return await self._once(client, method, path, body)
        except UnknownOutcomeError as fault:
            raise self._unreachable(str(fault.fields["detail"])) from fault

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await (await self._client).aclose()

    async def _connected(self) -> "httpx.AsyncClient":
        if self._client is None:
            self._client = asyncio.ensure_future(asyncio.to_thread(_client, self._access))
        try:
            return await asyncio.shield(self._client)
        except BackendError:
            self._client = None  # the file may come, on another medium for example
            raise

    async def _once(
        self, client: "httpx.AsyncClient", method: str, path: str, body: str | None
    ) -> Reply:
        import httpx  # noqa: PLC0415 - loaded already, with the client

        began = time.perf_counter()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with asyncio.timeout(WHOLE_ANSWER * self._access.read_timeout_s):
                async with client.stream(method, path, content=body, headers=headers) as answer:
                    raw = await _bounded(answer)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
            raise self._unreachable(_words(fault)) from fault
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise UnknownOutcomeError(detail=_words(fault)) from fault
        latency_s = time.perf_counter() - began
        date_s = _instant(answer.headers.get("Date", ""))
        if date_s is not None:
            self._dated(date_s)
        return Reply(answer.status_code, _json(raw), latency_s, _retry_after(answer.headers))

    def _unreachable(self, detail: str) -> UnreachableError:
        return UnreachableError(place=self._access.base_url, detail=detail)


def _client(access: Access) -> "httpx.AsyncClient":
    import httpx  # noqa: PLC0415 - the first frame does not wait for it

    return httpx.AsyncClient(
        base_url=access.base_url,
        headers={"Accept": "application/json", **access.headers},
        timeout=httpx.Timeout(access.read_timeout_s, connect=access.connect_timeout_s),
        limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
        follow_redirects=False,
        verify=_tls(access),
        trust_env=False,
    )


def _tls(access: Access) -> Any:
    if access.base_url.startswith("http://"):
        return False
    try:
        context = ssl.create_default_context(cafile=access.ca_file)
        if access.certificate:
            context.load_cert_chain(*access.certificate)
    except OSError as fault:  # an ssl.SSLError is one, too
        detail = f"[backend] ca_file, client_cert or client_key: {fault.strerror or fault}"
        raise BackendError(detail=detail) from fault
    return context


async def _bounded(answer: "httpx.Response") -> bytes | None:
    """Read at most BODY_MAX bytes; None: it was longer."""
    parts, size = [], 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > BODY_MAX:
            return None
        parts.append(part)
    return b"".join(parts)


def _json(raw: bytes | None) -> Any:
    if raw is not None and not raw.strip():
        return None
    try:
        return NO_JSON if raw is None else read_json(raw)
    except (ValueError, RecursionError):
        return NO_JSON


def _words(fault: Exception) -> str:
    """Name a fault without the URL or the headers that its text may hold."""
    return type(fault).__name__


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    if value.isascii() and value.isdecimal():
        return float(value)
    at_s = _instant(value)
    return None if at_s is None else max(0.0, at_s - time.time())


def _instant(date: str) -> float | None:
    """Read an HTTP date as seconds since 1970."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
