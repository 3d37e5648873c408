"""The HTTP application: routes, authentication, size and time limits, and error responses."""

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
from taptill.service.database import read_connection
from taptill.service.fields import ENTITIES, Entity
from taptill.service.store import Store
from taptill.service.tokens import Token, TokenCache, TokenRole, check_permission
from taptill.service.wire import ApiError, bad_request, parse, write

BODY_MAX = 1024 * 1024
SMALL_BODY_MAX = 4096
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
WORKER_THREADS = 4
"""How many threads parse large bodies and run selections; changes run in the store's own thread."""

log = logging.getLogger(__name__)

_LOGGABLE = frozenset(ENTITIES) | {"select", "insert", "update", "remove", "restore", "erase"}
_CLOSE = {"Connection": "close"}
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 408: _CLOSE, 413: _CLOSE}


def build_app(
    store: Store, *, prefix: str = PREFIX, body_timeout_s: float = BODY_TIMEOUT_S
) -> "AccessLogMiddleware":
    """Return the ASGI application that serves a store."""
    endpoints, prefix = _Endpoints(store, body_timeout_s), f"/{prefix.strip('/')}"
    api = Starlette(
        routes=[
            Route(f"{prefix}/{{entity}}/{{verb}}", endpoints.dispatch, methods=["POST"]),
            Route(f"{prefix}/{{entity}}/{{verb}}/{{id}}", endpoints.dispatch, methods=["POST"]),
            Route(f"{prefix.rpartition('/')[0]}/capabilities", endpoints.capabilities),
            Route("/healthz", endpoints.health),
        ],
        exception_handlers={
            ApiError: _on_api_error,
            HTTPException: _on_http_exception,
            OperationalError: _on_database_error,
            ClientDisconnect: _on_disconnect,
            Exception: _on_unexpected_error,
        },
    )
    return AccessLogMiddleware(api)


class AccessLogMiddleware:
    """ASGI middleware that logs one line per request: entity, verb, status, never personal data."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        start_s, status = monotonic(), 0

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_status)
        except Exception as fault:  # noqa: BLE001 - task top: the client has its answer; the next request goes on
            # The error's text is left out: that of a database may contain a card id.
            last = extract_tb(fault.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            log.error("service.fault", extra={"type": type(fault).__name__, "where": where})  # noqa: TRY400
        if log.isEnabledFor(logging.INFO):
            path_params = scope.get("path_params", {})
            target = {
                key: path_params[key]
                for key in ("entity", "verb")
                if path_params.get(key) in _LOGGABLE
            }
            duration_ms = round(1000 * (monotonic() - start_s))
            fields = {"status": status, "took_ms": duration_ms, **target, **scope.get("state", {})}
            log.info("request.answered", extra=fields)


class _Endpoints:
    """The request handlers. Selections and large bodies are processed in worker threads."""

    def __init__(self, store: Store, body_timeout_s: float) -> None:
        self._store = store
        self._body_timeout_s = body_timeout_s
        self._token_cache = TokenCache(store.engine)
        self._workers = ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="customers")

    async def dispatch(self, request: Request) -> Response:
        token = await self._authenticate(request)
        path_params = request.path_params
        verb, row_id = path_params["verb"], path_params.get("id")
        entities = (
            self._store.till_entities if token.role is TokenRole.TILL else self._store.entities
        )
        entity = entities.get(path_params["entity"])
        if entity is None or verb not in entity.verbs or (verb == "update") != bool(row_id):
            raise _not_found()
        body = await _read_body(request, self._body_timeout_s)
        arguments = (token, entity, verb, row_id, body)
        # Parsing a small change takes less time than handing it to a thread and back.
        is_small = verb != "select" and len(body) <= SMALL_BODY_MAX
        answer = (
            self._execute(*arguments)
            if is_small
            else await self._run_in_thread(self._execute, *arguments)
        )
        if isinstance(answer, Future):
            answer = write(await asyncio.wrap_future(answer))
        return _json_response(HTTPStatus.CREATED if verb == "insert" else HTTPStatus.OK, answer)

    async def capabilities(self, request: Request) -> Response:
        await self._authenticate(request)
        currency = self._store.currency
        answer = {**CAPABILITIES, "currency": currency.code, "digits": currency.digits}
        return _json_response(HTTPStatus.OK, write(answer))

    async def health(self, _request: Request) -> Response:
        await self._run_in_thread(self._ping_database)
        return _json_response(HTTPStatus.OK, write({"ok": True}))

    async def _run_in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._workers, function, *arguments)

    async def _authenticate(self, request: Request) -> Token:
        if self._token_cache.is_stale:
            await self._run_in_thread(self._token_cache.refresh)
        token = self._token_cache.authenticate(request.headers.get("authorization", ""))
        request.state.token = token.id
        return token

    def _execute(
        self, token: Token, entity: Entity, verb: str, row_id: str | None, body: bytes
    ) -> str | Future[list[Json]]:
        """Return the answer of a selection, or the future of a change's answer."""
        query = parse(body)
        check_permission(token.role, verb, query)
        if verb == "select":
            return self._select(entity, query)
        customer_id = _parse_id(row_id)
        if entity.table is schema.companies:
            change = self._store.company_change(verb, customer_id, query, token.actor)
        else:
            change = self._store.customer_change(entity, verb, customer_id, query, token.actor)
        return self._store.submit(change)

    def _select(self, entity: Entity, query: Json) -> str:
        """Return the selected rows, with the number of all matching rows if asked for."""
        only_removed, with_count = _optional_flag(query, "removed"), _optional_flag(query, "count")
        if only_removed and entity.table is not schema.customers:
            raise bad_request("unknown-key", "only customers are asked for so", "removed")
        entity = self._store.removed if only_removed else entity
        rows = self._store.select(entity, query)
        return write(
            {"data": rows, "count": self._store.count(entity, query)} if with_count else rows
        )

    def _ping_database(self) -> None:
        with read_connection(self._store.engine) as connection:
            connection.execute(sa.select(sa.literal(1)))


def _optional_flag(query: Json, key: str) -> bool:
    """Return an optional boolean of a request; False where it is absent or null."""
    value = query.get(key) if isinstance(query, dict) else None
    if value is not None and not isinstance(value, bool):
        raise bad_request("type", "true or false is expected", key)
    return bool(value)


def _parse_id(text: str | None) -> int | None:
    # A longer text is no id; int() would raise another error for thousands of digits.
    return int(text) if text and text.isdecimal() and len(text) <= ID_DIGITS_MAX else None


async def _read_body(request: Request, body_timeout_s: float) -> bytes:
    chunks = bytearray()
    try:
        async with asyncio.timeout(body_timeout_s):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > BODY_MAX:
                    raise ApiError(413, "too-large", f"the body is longer than {BODY_MAX} bytes")
    except TimeoutError as fault:
        raise ApiError(408, "slow", f"the body took longer than {body_timeout_s:g} s") from fault
    return bytes(chunks)


def _json_response(status: int, text: str) -> Response:
    return Response(text, status, _HEADERS.get(status), media_type="application/json")


def _not_found() -> ApiError:
    return ApiError(404, "not-found", "there is nothing at this address")


def _on_api_error(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, ApiError)
    return _json_response(refusal.status, write(refusal.body))


def _on_http_exception(request: Request, fault: Exception) -> Response:
    if isinstance(fault, HTTPException) and fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = (fault.headers or {}).get("Allow", "POST")
        message = f"this address takes {methods}"
        response = _on_api_error(request, ApiError(405, "method", message))
        response.headers["Allow"] = methods
        return response
    return _on_api_error(request, _not_found())


def _on_database_error(request: Request, _on_unexpected_error: Exception) -> Response:
    return _on_api_error(request, ApiError(503, "database", "the database does not answer now"))


def _on_disconnect(request: Request, _on_unexpected_error: Exception) -> Response:
    return _on_api_error(request, ApiError(400, "disconnected", "the client went away"))


def _on_unexpected_error(request: Request, _on_unexpected_error: Exception) -> Response:
    return _on_api_error(request, ApiError(500, "fault", "an unexpected fault of the service"))
