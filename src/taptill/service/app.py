"""HTTP requests in, JSON answers out: the API's addresses, its door and its limits."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from traceback import extract_tb
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.database import reading
from taptill.service.fields import ENTITIES, Entity
from taptill.service.store import Store
from taptill.service.tokens import Door, Role, Token, check_right
from taptill.service.wire import Refusal, bad, parse, write

BODY_MAX = 1024 * 1024
SMALL = 4096
BODY_TIMEOUT_S = 10
ID_DIGITS_MAX = 19
PREFIX = "/core/data"
CAPABILITIES = dict.fromkeys(
    (
        "conditional_update",
        "version",
        "increment",
        "ilike",
        "count",
        "leaving",
        "request",
        "totals",
    ),
    True,
)
WORKERS = 4
"""Threads that read bodies and select; changes have the store's own."""

log = logging.getLogger(__name__)

_LOGGED = frozenset(ENTITIES) | {"select", "insert", "update", "remove", "restore", "erase"}
_CLOSE = {"Connection": "close"}
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 408: _CLOSE, 413: _CLOSE}


def build_app(store: Store, *, prefix: str = PREFIX, body_s: float = BODY_TIMEOUT_S) -> "Watched":
    """Make the ASGI application over a store."""
    service, prefix = _Service(store, body_s), f"/{prefix.strip('/')}"
    api = Starlette(
        routes=[
            Route(f"{prefix}/{{entity}}/{{verb}}", service.ask, methods=["POST"]),
            Route(f"{prefix}/{{entity}}/{{verb}}/{{id}}", service.ask, methods=["POST"]),
            Route(f"{prefix.rpartition('/')[0]}/capabilities", service.capabilities),
            Route("/healthz", service.health),
        ],
        exception_handlers={
            Refusal: _refused,
            HTTPException: _no_such_address,
            OperationalError: _database_trouble,
            ClientDisconnect: _gone,
            Exception: _fault,
        },
    )
    return Watched(api)


class Watched:
    """An application with a log line a request: what was asked for, never about whom."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began_s, status = monotonic(), 0

        async def watching(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as fault:  # noqa: BLE001 - task top: the client has its answer; the next request goes on
            # Not its text: a database's may repeat a card id.
            last = extract_tb(fault.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            log.error("service.fault", extra={"type": type(fault).__name__, "where": where})  # noqa: TRY400
        if log.isEnabledFor(logging.INFO):
            known = scope.get("path_params", {})
            asked = {key: known[key] for key in ("entity", "verb") if known.get(key) in _LOGGED}
            took_ms = round(1000 * (monotonic() - began_s))
            told = {"status": status, "took_ms": took_ms, **asked, **scope.get("state", {})}
            log.info("request.answered", extra=told)


class _Service:
    """The endpoints; what touches the database or reads a body runs in a worker thread."""

    def __init__(self, store: Store, body_s: float) -> None:
        self._store = store
        self._body_s = body_s
        self._door = Door(store.engine)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="customers")

    async def ask(self, request: Request) -> Response:
        token = await self._token(request)
        place = request.path_params
        verb, row_id = place["verb"], place.get("id")
        known = self._store.least if token.role is Role.TILL else self._store.entities
        entity = known.get(place["entity"])
        if entity is None or verb not in entity.verbs or (verb == "update") != bool(row_id):
            raise _not_found()
        body = await _body(request, self._body_s)
        given = (token, entity, verb, row_id, body)
        # To read a small change takes less than to hand it to a thread and back.
        quick = verb != "select" and len(body) <= SMALL
        answer = self._answer(*given) if quick else await self._work(self._answer, *given)
        if isinstance(answer, Future):
            answer = write(await asyncio.wrap_future(answer))
        return _json(HTTPStatus.CREATED if verb == "insert" else HTTPStatus.OK, answer)

    async def capabilities(self, request: Request) -> Response:
        await self._token(request)
        site = self._store.site
        told = {**CAPABILITIES, "currency": site.currency, "digits": site.digits}
        return _json(HTTPStatus.OK, write(told))

    async def health(self, _request: Request) -> Response:
        await self._work(self._look_at_the_database)
        return _json(HTTPStatus.OK, write({"ok": True}))

    async def _work(self, work: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._workers, work, *given)

    async def _token(self, request: Request) -> Token:
        if self._door.stale:
            await self._work(self._door.look)
        token = self._door.holder(request.headers.get("authorization", ""))
        request.state.token = token.id
        return token

    def _answer(
        self, token: Token, entity: Entity, verb: str, row_id: str | None, body: bytes
    ) -> str | Future[list[Json]]:
        """Give the answer, or the change's future."""
        asked = parse(body)
        check_right(token.role, verb, asked)
        if verb == "select":
            return self._selection(entity, asked)
        number = _number(row_id)
        if entity.table is schema.companies:
            change = self._store.company_change(verb, number, asked, token.who)
        else:
            change = self._store.customer_change(entity, verb, number, asked, token.who)
        return self._store.submit(change)

    def _selection(self, entity: Entity, asked: Json) -> str:
        """Give the rows, and beside them how many there are in all where that was asked."""
        removed, counted = _wish(asked, "removed"), _wish(asked, "count")
        if removed and entity.table is not schema.customers:
            raise bad("unknown-key", "only customers are asked for so", "removed")
        entity = self._store.removed if removed else entity
        rows = self._store.select(entity, asked)
        return write({"data": rows, "count": self._store.count(entity, asked)} if counted else rows)

    def _look_at_the_database(self) -> None:
        with reading(self._store.engine) as connection:
            connection.execute(sa.select(sa.literal(1)))


def _wish(asked: Json, key: str) -> bool:
    """Read a flag of a request that may be absent."""
    value = asked.get(key) if isinstance(asked, dict) else None
    if value is not None and not isinstance(value, bool):
        raise bad("type", "true or false is expected", key)
    return bool(value)


def _number(text: str | None) -> int | None:
    # Longer ones are no id; int() itself refuses some thousand digits with another error.
    return int(text) if text and text.isdecimal() and len(text) <= ID_DIGITS_MAX else None


async def _body(request: Request, body_s: float) -> bytes:
    chunks = bytearray()
    try:
        async with asyncio.timeout(body_s):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > BODY_MAX:
                    raise Refusal(413, "too-large", f"the body is longer than {BODY_MAX} bytes")
    except TimeoutError as fault:
        raise Refusal(408, "slow", f"the body took longer than {body_s:g} s") from fault
    return bytes(chunks)


def _json(status: int, text: str) -> Response:
    return Response(text, status, _HEADERS.get(status), media_type="application/json")


def _not_found() -> Refusal:
    return Refusal(404, "not-found", "there is nothing at this address")


def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return _json(refusal.status, write(refusal.body))


def _no_such_address(request: Request, fault: Exception) -> Response:
    if isinstance(fault, HTTPException) and fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (fault.headers or {}).get("Allow", "POST")
        words = f"this address takes {allowed}"
        response = _refused(request, Refusal(405, "method", words))
        response.headers["Allow"] = allowed
        return response
    return _refused(request, _not_found())


def _database_trouble(request: Request, _fault: Exception) -> Response:
    return _refused(request, Refusal(503, "database", "the database does not answer now"))


def _gone(request: Request, _fault: Exception) -> Response:
    return _refused(request, Refusal(400, "disconnected", "the client went away"))


def _fault(request: Request, _fault: Exception) -> Response:
    return _refused(request, Refusal(500, "fault", "an unexpected fault of the service"))
