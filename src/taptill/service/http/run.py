"""Runs the HTTP server: socket, TLS, time-outs, signals and shutdown."""

import asyncio
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import uvicorn

from taptill.domain.errors import ServiceError
from taptill.service.http.app import PREFIX, build_app
from taptill.service.http.connections import PurePythonConnection
from taptill.service.store import Store

CONNECTIONS_MAX = 200
KEEP_ALIVE_S = 30
SHUTDOWN_GRACE_S = 1
"""How long running requests may take after the server was told to stop."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate chain and its matching key."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """The address, path prefix, certificate and stop condition of the server."""

    host: str
    port: int
    prefix: str = PREFIX
    tls: Certificate | None = None
    stop_with_stdin: bool = False
    pure_python: bool = False
    """Whether to leave the compiled parts of the extra `fast` unused where they are installed."""


def load_certificate(chain: Path, key: Path) -> Certificate:
    """Return a certificate that was checked; raises ServiceError if it cannot be served."""
    try:
        # Without a password argument OpenSSL would ask for an encrypted key's on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password="")
    except (OSError, ValueError) as fault:
        detail = f"{chain} and {key} are no certificate and its key without a password"
        raise ServiceError(detail=detail) from fault
    return Certificate(chain, key)


def serve(store: Store, config: ServerConfig, announce: Callable[[str], None] = print) -> None:
    """Serve until SIGTERM, SIGINT or, if asked for, the end of standard input."""
    listener = listen(config.host, config.port)
    scheme = "https" if config.tls else "http"
    display_host = f"[{config.host}]" if ":" in config.host else config.host
    line = f"listening on {scheme}://{display_host}:{listener.getsockname()[1]}"
    compiled = not config.pure_python
    server = _Server(
        build_app(store, prefix=config.prefix),
        connection_class(compiled=compiled),
        config.tls,
        announce=lambda: announce(line),
    )
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn installs its own handlers while it runs, and raises the signals that it caught
        # again afterwards; these handlers then make that an exit with status 0.
        signal.signal(signal_number, lambda *_: server.stop())
    if config.stop_with_stdin:
        threading.Thread(target=_watch_stdin, args=(server.stop,), daemon=True).start()
    with asyncio.Runner(loop_factory=loop_factory(compiled=compiled)) as runner:
        runner.run(server.serve(sockets=[listener]))


def connection_class(*, compiled: bool) -> type[asyncio.Protocol]:
    """Return the class of connections, with the compiled parser where that is installed."""
    if compiled and find_spec("httptools") is not None:
        module = import_module("taptill.service.http.compiled")
        found: type[asyncio.Protocol] = module.CompiledConnection
        return found
    return PurePythonConnection


def loop_factory(*, compiled: bool) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop; None for Python's own."""
    if compiled and find_spec("uvloop") is not None:
        factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
        return factory
    return None


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; raises ServiceError if that fails."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as fault:
        raise ServiceError(detail=f"cannot listen on {host}:{port}: {fault.strerror}") from fault
    # A socket made from the descriptor knows that its protocol is TCP. For other sockets asyncio
    # leaves Nagle's algorithm on, which costs 40 ms per request.
    return socket.socket(fileno=listener.detach())


class _Server(uvicorn.Server):
    """uvicorn's server, which also announces that it listens."""

    def __init__(
        self,
        app: object,
        connection: type[asyncio.Protocol],
        tls: Certificate | None,
        announce: Callable[[], None],
    ) -> None:
        files: dict[str, Any] = {"ssl_certfile": tls.chain, "ssl_keyfile": tls.key} if tls else {}
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]  # an ASGI application
                http=connection,
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=SHUTDOWN_GRACE_S,
                **files,
            )
        )
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    def stop(self) -> None:
        """Stop serving soon; may be called from any thread and from a signal handler."""
        self.should_exit = True


def _watch_stdin(stop: Callable[[], None]) -> None:
    with suppress(OSError):
        while sys.stdin and os.read(sys.stdin.fileno(), 4096):
            pass
    stop()
