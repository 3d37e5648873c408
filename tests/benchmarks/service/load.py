"""Generates load for a server with plain sockets, and measures how many exchanges it answers."""

import json
import re
import selectors
import socket
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

Exchange = Generator[bytes, bytes, bool]
"""One exchange of a client: yields requests, is sent answers, returns whether it succeeded."""

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Result:
    """The numbers of exchanges that succeeded and failed, and their duration in seconds."""

    completed_count: int = 0
    failure_count: int = 0
    duration_s: float = 0.0

    @property
    def rate(self) -> float:
        """The successful exchanges per second."""
        return self.completed_count / self.duration_s


def request(path: str, body: Any, token: str = "") -> bytes:
    """Return the bytes of a request."""
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{head}\r\n".encode() + content


class LoadClient:
    """A connection on which one exchange follows the other."""

    def __init__(self, port: int, new_exchange: Callable[[], Exchange]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._new_exchange = new_exchange
        self._received_bytes = b""
        self._exchange = new_exchange()

    def start(self) -> None:
        """Send the first request."""
        self._exchange = self._new_exchange()
        self.socket.sendall(next(self._exchange))

    def read(self) -> bool | None:
        """Receive bytes; return the outcome of an exchange, or None while it goes on."""
        self._received_bytes += self.socket.recv(65536)
        head, mark, body = self._received_bytes.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if mark else None
        if length is None or len(body) < int(length[1]):
            return None
        answer, self._received_bytes = self._received_bytes, b""
        try:
            self.socket.sendall(self._exchange.send(answer))
        except StopIteration as end:
            return bool(end.value)
        return None


def generate_load(port: int, factories: Sequence[Callable[[], Exchange]], seconds: float) -> Result:
    """Run one client per factory at once, each with exchange after exchange for so long."""
    result, selector = Result(), selectors.DefaultSelector()
    clients = [LoadClient(port, new_exchange) for new_exchange in factories]
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    start_s = time.perf_counter()
    for client in clients:
        client.start()
    busy = len(clients)
    while busy:
        for key, _ in selector.select(10):
            outcome = key.data.read()
            if outcome is None:
                continue
            result.completed_count += outcome
            result.failure_count += not outcome
            result.duration_s = time.perf_counter() - start_s
            if result.duration_s < seconds:
                key.data.start()
            else:
                busy -= 1
    for client in clients:
        client.socket.close()
    selector.close()
    return result
