"""HTTP requests in, JSON answers out: the API's addresses, its door and its limits."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from taptill.service.fields import ENTITIES, INTEGER_MAX, Entity
from taptill.service.schema import WORKERS
from taptill.service.store import Store
from taptill.service.tokens import Role, check_right, role_of
from taptill.service.wire import Json, Refusal, a_number, parse, write

BODY_MAX = 1024 * 1024
BODY_TIMEOUT_S = 10
PREFIX = "/core/data"
CAPABILITIES = {"conditional_update": True, "version": True}

_CLOSE = {"Connection": "close"}
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 408: _CLOSE, 413: _CLOSE}


def build_app(store: Store, *, prefix: str = PREFIX) -> Starlette:
    """Make the ASGI application over a store."""
    service, prefix = _Service(store), f"/{prefix.strip('/')}"
    return Starlette(
        routes=[
            Route(f"{prefix}/{{entity}}/{{verb}}", service.ask, methods=["POST"]),
            Route(f"{prefix}/{{entity}}/{{verb}}/{{id}}", service.ask, methods=["POST"]),
            Route(f"{prefix.rpartition('/')[0]}/capabilities", service.capabilities),
            Route("/healthz", _health),
        ],
        exception_handlers={
            Refusal: _refused,
            HTTPException: _no_such_address,
            OperationalError: _database_trouble,
            ClientDisconnect: _gone,
            Exception: _fault,
        },
    )


class _Service:
    """The endpoints; what touches the database or parses a body runs in a worker thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="customers")

    async def ask(self, request: Request) -> Response:
        role = await self._role(request)
        place = request.path_params
        entity, verb, row_id = ENTITIES.get(place["entity"]), place["verb"], place.get("id")
        if entity is None or verb not in entity.verbs or (verb == "update") != bool(row_id):
            raise _not_found()
        body = await _body(request)
        answer = await asyncio.get_running_loop().run_in_executor(
            self._workers, self._answer, role, entity, verb, row_id, body
        )
        return _json(HTTPStatus.CREATED if verb == "insert" else HTTPStatus.OK, answer)

    async def capabilities(self, request: Request) -> Response:
        await self._role(request)
        return _json(HTTPStatus.OK, write(CAPABILITIES))

    async def _role(self, request: Request) -> Role:
        header = request.headers.get("authorization", "")
        return await asyncio.get_running_loop().run_in_executor(
            self._workers, role_of, self._store.engine, header
        )

    def _answer(
        self, role: Role, entity: Entity, verb: str, row_id: str | None, body: bytes
    ) -> str:
        asked = parse(body)
        check_right(role, verb, asked)
        return write(self._rows(entity, verb, row_id, asked))

    def _rows(self, entity: Entity, verb: str, row_id: str | None, asked: Json) -> list[Json]:
        match verb:
            case "insert":
                return self._store.insert(entity, asked)
            case "update":
                number = int(row_id) if row_id and row_id.isdecimal() else None
                return self._store.update(a_number(number, "id", least=0, most=INTEGER_MAX), asked)
            case "remove":
                return self._store.remove(asked)
            case _:
                return self._store.select(entity, asked)


async def _body(request: Request) -> bytes:
    chunks = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > BODY_MAX:
                    raise Refusal(413, "too-large", f"the body is longer than {BODY_MAX} bytes")
    except TimeoutError as fault:
        raise Refusal(408, "slow", f"the body took longer than {BODY_TIMEOUT_S} s") from fault
    return bytes(chunks)


async def _health(_request: Request) -> Response:
    return _json(HTTPStatus.OK, write({"ok": True}))


def _json(status: int, text: str) -> Response:
    return Response(text, status, _HEADERS.get(status), media_type="application/json")


def _not_found() -> Refusal:
    return Refusal(404, "not-found", "there is nothing at this address")


def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return _json(refusal.status, write(refusal.body))


def _no_such_address(request: Request, fault: Exception) -> Response:
    if isinstance(fault, HTTPException) and fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _refused(request, Refusal(405, "method", "this address takes another method"))
    return _refused(request, _not_found())


def _database_trouble(request: Request, _fault: Exception) -> Response:
    return _refused(request, Refusal(503, "database", "the database does not answer now"))


def _gone(request: Request, _fault: Exception) -> Response:
    return _refused(request, Refusal(400, "disconnected", "the client went away"))


def _fault(request: Request, _fault: Exception) -> Response:
    return _refused(request, Refusal(500, "fault", "an unexpected fault of the service"))
