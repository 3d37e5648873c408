"""Two bare Starlette endpoints over a database, with which the service is compared.

They look up by card and update under a version, over plain SQL: no tokens, no queries, no ledger.
`own` has the service's own costs: an HTTP parser in Python, a worker thread for each statement.
`thin` has none that can be left out: a compiled parser and event loop, SQLite on the loop.
"""

import asyncio
import json
import sqlite3
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from taptill.service.http.run import listen

THREADS = 4
SELECT = (
    "SELECT id, name, card_id, is_blocked, is_credit_allowed, total_debt_minor, debt_data, "
    "updated_at, version FROM customers WHERE card_id = ? AND removed_at IS NULL"
)
UPDATE = (
    "UPDATE customers SET total_debt_minor = ?, debt_data = ?, updated_at = ?, "
    "version = version + 1 WHERE id = ? AND version = ? RETURNING total_debt_minor, version"
)
PRAGMAS = ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL")
KINDS = {"own": ("h11", "asyncio"), "thin": ("httptools", "uvloop")}
"""The HTTP parser and the event loop of each kind."""


class BareEndpoints:
    """A connection a thread, and one transaction a request."""

    def __init__(self, database: str, *, on_loop: bool) -> None:
        self._database = database
        self._on_loop = on_loop
        self._select, self._update = (self._with_placeholders(text) for text in (SELECT, UPDATE))
        self._local = threading.local()
        self._threads = ThreadPoolExecutor(THREADS)

    async def select(self, request: Request) -> Response:
        """Look up by card."""
        query = json.loads(await request.body())
        rows = await self._run(self._select, query["cardId"])
        return Response(json.dumps(rows), media_type="application/json")

    async def update(self, request: Request) -> Response:
        """Update where the version is as read."""
        query = json.loads(await request.body())
        parameters = (query[key] for key in ("total", "debtData", "at", "id", "version"))
        rows = await self._run(self._update, *parameters)
        return Response(json.dumps(rows), 200 if rows else 409, media_type="application/json")

    async def _run(self, statement: str, *parameters: Any) -> list[list[Any]]:
        if self._on_loop:
            return self._rows(statement, parameters)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._rows, statement, parameters)

    def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[list[Any]]:
        if not hasattr(self._local, "execute"):
            self._local.execute = self._connect()
        rows: list[list[Any]] = self._local.execute(statement, parameters).fetchall()
        return rows

    def _with_placeholders(self, statement: str) -> str:
        return statement.replace("?", "%s") if "://" in self._database else statement

    def _connect(self) -> Callable[..., Any]:
        """Return what executes a statement; both drivers keep it prepared."""
        if "://" in self._database:
            connection = psycopg.connect(self._database, autocommit=True, prepare_threshold=0)
            return connection.execute
        file = sqlite3.connect(self._database, isolation_level=None)
        for pragma in PRAGMAS:
            file.execute(f"PRAGMA {pragma}")
        return file.execute


def main(database: str, kind: str) -> None:
    """Serve until standard input ends, as the service does with --stop-with-stdin."""
    parser, loop = KINDS[kind]
    # PostgreSQL may be slow to answer, so that no server asks it on the loop.
    bare = BareEndpoints(database, on_loop=kind == "thin" and "://" not in database)
    routes = [Route("/select", bare.select, methods=["POST"])]
    routes.append(Route("/update", bare.update, methods=["POST"]))
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        Starlette(routes=routes),
        http=parser,
        loop=loop,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
    server = uvicorn.Server(config)

    def watch() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    sys.stdout.write(f"listening on http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
