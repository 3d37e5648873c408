"""A lying network before the real service: forwards every request, but for the faults asked for."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Reply = tuple[int, str, bytes]
"""Status, content type, body."""

Fault = Callable[[str, Callable[[], Reply]], Reply | None]
"""Given the path and what forwards the request; None: hang up without a word."""


def lose_reply(_: str, forward: Callable[[], Reply]) -> Reply | None:
    """Let the request through and lose the answer."""
    forward()
    return None


def lose_request(_: str, __: Callable[[], Reply]) -> Reply | None:
    """Lose the request."""
    return None


def fail(_: str, __: Callable[[], Reply]) -> Reply | None:
    """Answer 500 without doing anything."""
    return 500, "application/json", b'{"error": "boom"}'


def portal(_: str, __: Callable[[], Reply]) -> Reply | None:
    """Answer with a captive portal's page."""
    return 200, "text/html", b"<html><body>Please log in to the hotel's network</body></html>"


def answer(rows: list[dict[str, Any]]) -> Fault:
    """Answer every select with these rows."""
    return lambda _, __: (200, "application/json", json.dumps(rows).encode())


@dataclass
class LyingNetwork:
    """Where the proxy listens, what it does wrong (`verb` -> faults, `*` for all), what came by."""

    target: str
    url: str = ""
    once: dict[str, list[Fault]] = field(default_factory=dict)
    always: dict[str, Fault] = field(default_factory=dict)
    verbs: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_for(self, path: str) -> Fault | None:
        """Return the fault that this request meets, if any; faults of `once` are used up."""
        verb = path.partition("/Customers/")[2].partition("/")[0] or path
        with self.lock:
            self.verbs.append(verb)
            if self.once.get(verb):
                return self.once[verb].pop(0)
            return self.always.get(verb) or self.always.get("*")

    def count(self, verb: str) -> int:
        """Count the requests of that verb so far."""
        with self.lock:
            return self.verbs.count(verb)


@contextmanager
def lying_network(target: str) -> Iterator[LyingNetwork]:
    """Run the proxy in threads until the block ends."""
    network = LyingNetwork(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.relay("GET")

        def do_POST(self) -> None:
            self.relay("POST")

        def relay(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))

            def forward() -> Reply:
                return _forward(network.target, method, self, body)

            fault = network.fault_for(self.path)
            reply = fault(self.path, forward) if fault else forward()
            if reply is None:
                self.close_connection = True
                return
            status, kind, content = reply
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    network.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield network
    finally:
        server.shutdown()
        server.server_close()


def _forward(target: str, method: str, request: BaseHTTPRequestHandler, body: bytes) -> Reply:
    place = urlsplit(target)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=5)
    names = ("Authorization", "Content-Type")
    headers = {name: request.headers[name] for name in names if request.headers[name]}
    try:
        line.request(method, request.path, body, headers)
        response = line.getresponse()
        return response.status, response.headers["Content-Type"] or "", response.read()
    except OSError:
        return 502, "text/html", b"<html>bad gateway</html>"
    finally:
        line.close()
