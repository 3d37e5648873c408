"""A store in, a listening server out: sockets, signals, and how it stops."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from taptill.domain.errors import ServiceError
from taptill.service.app import PREFIX, build_app
from taptill.service.store import Store

CONNECTIONS_MAX = 200
KEEP_ALIVE_S = 30
GRACE_S = 1
"""How long requests under way may take after the server was told to stop."""


def serve(
    store: Store,
    host: str,
    port: int,
    *,
    prefix: str = PREFIX,
    stop_with_stdin: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until SIGTERM, SIGINT or, if asked for, the end of standard input."""
    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    line = f"listening on http://{shown}:{listener.getsockname()[1]}"
    server = _Server(build_app(store, prefix=prefix), announce=lambda: say(line))
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn puts its own in place while it runs and raises what it caught again
        # afterwards; these make that a clean end with exit status 0.
        signal.signal(number, lambda *_: server.stop())
    if stop_with_stdin:
        threading.Thread(target=_watch_stdin, args=(server.stop,), daemon=True).start()
    asyncio.run(server.serve(sockets=[listener]))


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; ServiceError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
    except OSError as fault:
        raise ServiceError(detail=f"cannot listen on {host}:{port}: {fault.strerror}") from fault
    # Made anew from its number it knows that it is TCP: asyncio leaves Nagle's algorithm on for
    # sockets that do not say so, and that costs 40 ms a request.
    return socket.socket(fileno=made.detach())


class _Server(uvicorn.Server):
    """uvicorn's server that says when it listens."""

    def __init__(self, app: object, announce: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]  # Starlette is an ASGI application
                http="h11",
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    def stop(self) -> None:
        """End serving soon; may be called from any thread and from a signal's handler."""
        self.should_exit = True


def _watch_stdin(stop: Callable[[], None]) -> None:
    with suppress(OSError):
        while sys.stdin and os.read(sys.stdin.fileno(), 4096):
            pass
    stop()
