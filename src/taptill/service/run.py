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
from pathlib import Path
from typing import Any, ClassVar

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from taptill.domain.errors import ServiceError
from taptill.service.app import PREFIX, build_app
from taptill.service.store import Store

CONNECTIONS_MAX = 200
KEEP_ALIVE_S = 30
HEAD_TIMEOUT_S = 10
"""How long a request's head may take, from its first byte or from the connection's begin."""
UNREAD_TIMEOUT_S = 20
"""How long a client may leave an answer unread."""
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
    server = _Server(
        build_app(store, prefix=config.prefix), config.tls, announce=lambda: announce(line)
    )
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn installs its own handlers while it runs, and raises the signals that it caught
        # again afterwards; these handlers then make that an exit with status 0.
        signal.signal(signal_number, lambda *_: server.stop())
    if config.stop_with_stdin:
        threading.Thread(target=_watch_stdin, args=(server.stop,), daemon=True).start()
    asyncio.run(server.serve(sockets=[listener]))


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


class TimeoutProtocol(H11Protocol):
    """An HTTP connection with time-outs for slow clients: for request heads and for unread answers.

    It uses private parts of uvicorn's class: pyproject.toml pins the version, a test names them.
    """

    head_timeout_s: ClassVar[float] = HEAD_TIMEOUT_S
    unread_timeout_s: ClassVar[float] = UNREAD_TIMEOUT_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the first request's head."""
        super().connection_made(transport)
        self._head_deadline_s: float | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._start_head_timer()

    def data_received(self, data: bytes) -> None:
        """Handle bytes; the head's timer goes on until the head is complete."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._start_head_timer()
        else:
            self._head_deadline_s = None

    def pause_writing(self) -> None:
        """Start the timer of a client that leaves its answer unread."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.unread_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that timer when the client has read."""
        super().resume_writing()
        self._stop_unread_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._stop_unread_timer()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def _start_head_timer(self) -> None:
        if self._head_deadline_s is None:
            self._head_deadline_s = self.loop.time() + self.head_timeout_s
        # uvicorn's keep-alive timer is reused: uvicorn stops it when the next byte comes.
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_at(
            self._head_deadline_s, self.timeout_keep_alive_handler
        )

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


class _Server(uvicorn.Server):
    """uvicorn's server, which also announces that it listens."""

    def __init__(self, app: object, tls: Certificate | None, announce: Callable[[], None]) -> None:
        files: dict[str, Any] = {"ssl_certfile": tls.chain, "ssl_keyfile": tls.key} if tls else {}
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]  # an ASGI application
                http=TimeoutProtocol,
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
