"""The HTTP application: addresses, authentication, who runs what, and error responses."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from traceback import extract_tb
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from taptill.domain.technical.exact_json import Json, RawJson
from taptill.service import schema
from taptill.service.changes import Change
from taptill.service.database import read_connection
from taptill.service.fields import ENTITIES, Entity
from taptill.service.http.requests import (
    Answer,
    DisconnectedError,
    Receive,
    Scope,
    Send,
    header,
    json_answer,
    read_body,
    refusal_answer,
)
from taptill.service.store import Store
from taptill.service.tokens import Token, TokenCache, TokenRole, check_permission
from taptill.service.wire import ApiError, bad_request, parse, write

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
_READ_METHODS = ("GET", "HEAD")

_Result = TypeVar("_Result")


def build_app(
    store: Store, *, prefix: str = PREFIX, body_timeout_s: float = BODY_TIMEOUT_S
) -> "Application":
    """Return the ASGI application that serves a store."""
    return Application(store, f"/{prefix.strip('/')}", body_timeout_s)


class Application:
    """The ASGI application, which logs one line per request and never personal data.

    Selections of one customer by key and small changes are parsed on the event loop, as handing
    them to a thread and back takes longer; all else is parsed and selected in worker threads.
    """

    def __init__(self, store: Store, prefix: str, body_timeout_s: float) -> None:
        self._store, self._selections = store, store.selections
        self._body_timeout_s = body_timeout_s
        self._data_path = f"{prefix}/"
        self._pages = {
            f"{prefix.rpartition('/')[0]}/capabilities": self._capabilities,
            "/healthz": self._health,
        }
        self._token_cache = TokenCache(store.engine)
        self._workers = ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="customers")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        start_s = monotonic()
        answer = await self._answer(scope, receive)
        await answer.send(send)
        if log.isEnabledFor(logging.INFO):
            names = scope["path"].removeprefix(self._data_path).split("/")
            target = {
                key: name
                for key, name in zip(("entity", "verb"), names, strict=False)
                if name in _LOGGABLE
            }
            duration_ms = round(1000 * (monotonic() - start_s))
            fields = {"status": answer.status, "took_ms": duration_ms, **target, **scope["state"]}
            log.info("request.answered", extra=fields)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        try:
            return await self._dispatch(scope, receive)
        except ApiError as refusal:
            return refusal_answer(refusal)
        except OperationalError:
            return refusal_answer(ApiError(503, "database", "the database does not answer now"))
        except DisconnectedError:
            return refusal_answer(ApiError(400, "disconnected", "the client went away"))
        except Exception as fault:  # noqa: BLE001 - task top: the client has its answer; the next request goes on
            # The error's text is left out: that of a database may contain a card id.
            last = extract_tb(fault.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            log.error("service.fault", extra={"type": type(fault).__name__, "where": where})  # noqa: TRY400
            return refusal_answer(ApiError(500, "fault", "an unexpected fault of the service"))

    async def _dispatch(self, scope: Scope, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        names = path.removeprefix(self._data_path).split("/")
        if path.startswith(self._data_path) and 2 <= len(names) <= 3 and all(names):  # noqa: PLR2004
            if method != "POST":
                return _wrong_method(("POST",))
            return await self._data(scope, receive, names)
        page = self._pages.get(path)
        if page is None:
            raise _not_found()
        return await page(scope) if method in _READ_METHODS else _wrong_method(_READ_METHODS)

    async def _data(self, scope: Scope, receive: Receive, names: list[str]) -> Answer:
        token = await self._authenticate(scope)
        verb, row_id = names[1], names[2] if len(names) > 2 else None  # noqa: PLR2004
        is_office = token.role is TokenRole.OFFICE
        entities = self._store.entities if is_office else self._store.till_entities
        entity = entities.get(names[0])
        if entity is None or verb not in entity.verbs or (verb == "update") != bool(row_id):
            raise _not_found()
        body = await read_body(receive, self._body_timeout_s)
        if verb == "select":
            return Answer(HTTPStatus.OK, await self._select(token, entity, body))
        arguments = (token, entity, verb, row_id, body)
        # Parsing a small change takes less time than handing it to a thread and back.
        change = (
            self._read_change(*arguments)
            if len(body) <= SMALL_BODY_MAX
            else await self._run_in_thread(self._read_change, *arguments)
        )
        rows = write(await self._store.execute(change))
        return Answer(HTTPStatus.CREATED if verb == "insert" else HTTPStatus.OK, rows)

    async def _capabilities(self, scope: Scope) -> Answer:
        await self._authenticate(scope)
        currency = self._store.currency
        return json_answer({**CAPABILITIES, "currency": currency.code, "digits": currency.digits})

    async def _health(self, _scope: Scope) -> Answer:
        await self._run_in_thread(self._ping_database)
        return json_answer({"ok": True})

    async def _run_in_thread(self, function: Callable[..., _Result], *arguments: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._workers, function, *arguments)

    async def _authenticate(self, scope: Scope) -> Token:
        if self._token_cache.is_stale:
            await self._run_in_thread(self._token_cache.refresh)
        token = self._token_cache.authenticate(header(scope, b"authorization"))
        scope["state"]["token"] = token.id
        return token

    async def _select(self, token: Token, entity: Entity, body: bytes) -> str:
        """Return the selected rows, with the number of all matching rows if asked for."""
        if len(body) > SMALL_BODY_MAX:
            return await self._run_in_thread(self._select_in_thread, token, entity, body)
        query = parse(body)
        entity, with_count = self._visible(token, entity, query)
        bound = None if with_count else self._selections.bind_known(entity, query)
        if bound is None:
            return await self._run_in_thread(self._rows, entity, with_count, query)
        at_once = self._selections.at_once(bound)
        if at_once is None:
            return await self._run_in_thread(self._selections.text, bound)
        return at_once

    def _select_in_thread(self, token: Token, entity: Entity, body: bytes) -> str:
        query = parse(body)
        return self._rows(*self._visible(token, entity, query), query)

    def _visible(self, token: Token, entity: Entity, query: Json) -> tuple[Entity, bool]:
        """Return the entity with the rows that are asked for, and whether to count them."""
        check_permission(token.role, "select", query)
        only_removed, with_count = _optional_flag(query, "removed"), _optional_flag(query, "count")
        if only_removed and entity.table is not schema.customers:
            raise bad_request("unknown-key", "only customers are asked for so", "removed")
        return self._store.removed if only_removed else entity, with_count

    def _rows(self, entity: Entity, with_count: bool, query: Json) -> str:  # noqa: FBT001
        text = self._selections.text(self._selections.bind(entity, query))
        if not with_count:
            return text
        return write({"data": RawJson(text), "count": self._selections.count(entity, query)})

    def _read_change(
        self, token: Token, entity: Entity, verb: str, row_id: str | None, body: bytes
    ) -> Change:
        query = parse(body)
        check_permission(token.role, verb, query)
        customer_id = _parse_id(row_id)
        if entity.table is schema.companies:
            return self._store.company_change(verb, customer_id, query, token.actor)
        return self._store.customer_change(entity, verb, customer_id, query, token.actor)

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


def _not_found() -> ApiError:
    return ApiError(404, "not-found", "there is nothing at this address")


def _wrong_method(methods: tuple[str, ...]) -> Answer:
    allowed = ", ".join(methods)
    return refusal_answer(ApiError(405, "method", f"this address takes {allowed}"), allowed)
