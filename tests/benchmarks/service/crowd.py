"""An address and what each client does in, how many did it in a second out: no client library."""

import json
import re
import selectors
import socket
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

Doing = Generator[bytes, bytes, bool]
"""One deed of one client: yields requests, is sent whole answers, tells whether it was done."""

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Result:
    """What a crowd did."""

    completed_count: int = 0
    failure_count: int = 0
    took_s: float = 0.0

    @property
    def rate(self) -> float:
        """How many deeds a second."""
        return self.completed_count / self.took_s


def request(path: str, body: Any, token: str = "") -> bytes:
    """Write a request."""
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{head}\r\n".encode() + content


class Client:
    """One connection that does one deed after the other."""

    def __init__(self, port: int, begin: Callable[[], Doing]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._begin = begin
        self._got = b""
        self._doing = begin()

    def start(self) -> None:
        """Send the first request."""
        self._doing = self._begin()
        self.socket.sendall(next(self._doing))

    def read(self) -> bool | None:
        """Take bytes; tell how a deed ended, or None while it goes on."""
        self._got += self.socket.recv(65536)
        head, mark, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if mark else None
        if length is None or len(body) < int(length[1]):
            return None
        answer, self._got = self._got, b""
        try:
            self.socket.sendall(self._doing.send(answer))
        except StopIteration as end:
            return bool(end.value)
        return None


def crowd(port: int, begins: Sequence[Callable[[], Doing]], seconds: float) -> Result:
    """Let as many clients do their deeds at once, each again and again for so long."""
    result, chooser = Result(), selectors.DefaultSelector()
    clients = [Client(port, begin) for begin in begins]
    for client in clients:
        chooser.register(client.socket, selectors.EVENT_READ, client)
    began_s = time.perf_counter()
    for client in clients:
        client.start()
    busy = len(clients)
    while busy:
        for key, _ in chooser.select(10):
            outcome = key.data.read()
            if outcome is None:
                continue
            result.completed_count += outcome
            result.failure_count += not outcome
            result.took_s = time.perf_counter() - began_s
            if result.took_s < seconds:
                key.data.start()
            else:
                busy -= 1
    for client in clients:
        client.socket.close()
    chooser.close()
    return result
