"""ASGI messages in, requests and answers out: the little of HTTP that the API needs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from taptill.domain.technical.exact_json import Json
from taptill.service.wire import ApiError, write

BODY_MAX = 1024 * 1024
OK = 200

_CLOSE = (b"connection", b"close")
_HEADERS = {401: [(b"www-authenticate", b"Bearer")], 408: [_CLOSE], 413: [_CLOSE]}
_JSON = (b"content-type", b"application/json")

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class DisconnectedError(Exception):
    """The client went away before its request was complete."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, JSON text, and the methods that the address takes where the method was wrong."""

    status: int
    text: str
    allow: str | None = None

    async def send(self, send: Send) -> None:
        """Send it."""
        body = self.text.encode()
        headers = [
            *_HEADERS.get(self.status, ()),
            (b"content-length", b"%d" % len(body)),
            _JSON,
        ]
        if self.allow is not None:
            headers.append((b"allow", self.allow.encode()))
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def refusal_answer(refusal: ApiError, allow: str | None = None) -> Answer:
    """Return the answer that tells an error."""
    return Answer(refusal.status, write(refusal.body), allow)


def json_answer(value: Json) -> Answer:
    """Return the answer that shows a value."""
    return Answer(OK, write(value))


def header(scope: Scope, name: bytes) -> str:
    """Return a header's value; an empty text where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


async def read_body(receive: Receive, timeout_s: float) -> bytes:
    """Return a request's body; raise ApiError where it is too large (413) or too slow (408)."""
    chunks = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise DisconnectedError
                chunks += message["body"]
                if len(chunks) > BODY_MAX:
                    raise ApiError(413, "too-large", f"the body is longer than {BODY_MAX} bytes")
                if not message["more_body"]:
                    return bytes(chunks)
    except TimeoutError as fault:
        raise ApiError(408, "slow", f"the body took longer than {timeout_s:g} s") from fault
