"""A Customers API on a loopback port that answers well, or as badly as it is told to."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from taptill.service.wire import parse, write

PREFIX = "/api/core/data"
DATE = "Mon, 02 Mar 2026 09:00:00 GMT"
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, operand: bool(value == operand),
    ">": lambda value, operand: bool(value > operand),
    "in": lambda value, operand: value in operand,
    "like": lambda value, operand: operand.strip("%").lower() in str(value).lower(),
}


def _like(value: Any, pattern: str) -> bool:
    return pattern.strip("%") in str(value)


@dataclass(frozen=True)
class Canned:
    """One answer as it goes over the wire; applied to nothing. `cut` ends it in the middle."""

    text: str | bytes = "[]"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


OK, LOST_REQUEST, LOST_REPLY, SILENCE, DRIP = "ok", "lost request", "lost reply", "silence", "drip"
"""Faults: the connection is reset before or after the request takes effect; it takes effect and no
answer comes; an answer that comes byte by byte and never ends."""

HTML = Canned("<html>Welcome to our network</html>", headers={"Content-Type": "text/html"})
CUT_SHORT = Canned('[{"id": 1, "name": "Ad')


@dataclass(frozen=True)
class SentRequest:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class FakeBackend:
    """Rows behind a real socket; `faults` are used up one a request, then all goes well.

    `wrap` puts the list of rows into an envelope; `capabilities` is that answer, None: 404.
    `rule` may give a request's fault, by what it asks; `ignored` parts of a select are not
    looked at; `spelling` makes texts alike before they are compared. `always` is the fault of each
    request that has none of its own. `lines_seen` counts connections, with TLS those whose
    handshake went well.
    """

    def __init__(
        self,
        rows: Sequence[dict[str, Any]] = (),
        *faults: str | Canned,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.rows = {row["id"]: dict(row) for row in rows}
        self.faults = list(faults)
        self.wrap: Callable[[list[Any]], Any] = lambda found: found
        self.capabilities: Any = None
        self.rule: Callable[[SentRequest], str | Canned | None] = lambda _: None
        self.ignored: frozenset[str] = frozenset()
        self.like_minds_case = False
        self.spelling: Callable[[str], str] = lambda text: text
        self.always: str | Canned = OK
        self.requests: list[SentRequest] = []
        self.lines_seen = 0
        self.url = ""
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._over = asyncio.Event()
        self._lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"{'https' if self._tls else 'http'}://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def hang_up(self) -> None:
        """Close every line, as a server does with those that were idle for long."""
        for writer in self._lines.values():
            writer.close()
        if self._lines:
            await asyncio.wait(list(self._lines))

    async def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        assert self._server is not None
        self._over.set()
        self._server.close()
        await self.hang_up()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer
        self.lines_seen += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except ConnectionError:
            pass
        finally:
            writer.close()
            del self._lines[task]

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _read(reader)
        if request is None:
            return False
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else self.rule(request) or self.always
        if isinstance(fault, Canned):
            return await _send(writer, fault)
        if fault == LOST_REQUEST:
            writer.transport.abort()
            return False
        answer = self._answer(request)
        if fault == LOST_REPLY:
            writer.transport.abort()
            return False
        if fault == SILENCE:
            await self._over.wait()
            return False
        if fault == DRIP:
            return await self._drip(writer)
        return await _send(writer, answer)

    async def _drip(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        while not self._over.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)
        return False

    def _answer(self, request: SentRequest) -> Canned:
        if request.path.endswith("/capabilities"):
            return (
                Canned(write(self.capabilities))
                if self.capabilities is not None
                else Canned("{}", 404)
            )
        if request.path.endswith("/select"):
            return Canned(write(self.wrap(self._select(request.body))))
        if request.path.endswith("/insert"):
            return Canned(write(self.wrap(self._insert(request.body))), 201)
        if request.path.endswith("/remove"):
            return Canned(write(self.wrap(self._remove(request.body))))
        row = self.rows.get(int(request.path.rpartition("/")[2]))
        if row is None:
            return Canned(write(self.wrap([])))
        if not _meets(row, request.body.get("conditions", {})):
            return Canned(write({"error": {"code": "condition-not-met"}, "row": row}), 409)
        fields = dict(request.body["fields"])
        if isinstance(fields.get("totalDebt"), dict):
            fields["totalDebt"] = row["totalDebt"] + fields["totalDebt"]["increment"]
        row.update(fields)
        row["version"] = row.get("version", 0) + 1
        row["updatedAt"] = f"2026-03-02T10:00:{row['version']:02d}.000Z"
        return Canned(write(self.wrap([row] if "returning" in request.body else [])))

    def _select(self, body: Any) -> list[Any]:
        options = {key: value for key, value in body.items() if key not in self.ignored}
        conditions = options.get("conditions", {})
        like = _like if self.like_minds_case else _COMPARED["like"]
        comparators = {**_COMPARED, "like": like}
        matching_rows = [
            row for row in self.rows.values() if _meets(row, conditions, self.spelling, comparators)
        ]
        if "orderBy" in options:
            matching_rows.sort(key=lambda row: int(row["id"]))
        first = options.get("offset", 0)
        return matching_rows[first : first + options.get("limit", len(matching_rows))]

    def _insert(self, body: Any) -> list[Any]:
        new_rows = []
        for fields in body["fields"]:
            number = max(self.rows, default=0) + 1
            self.rows[number] = {"isBlocked": False, "totalDebt": 0, **fields, "id": number}
            new_rows.append(self.rows[number])
        return new_rows if "returning" in body else []

    def _remove(self, body: Any) -> list[Any]:
        matching_rows = [
            row for row in self.rows.values() if _meets(row, body.get("conditions", {}))
        ]
        for row in matching_rows:
            del self.rows[row["id"]]
        return matching_rows


def _meets(
    row: Mapping[str, Any],
    conditions: Mapping[str, Any],
    spelling: Callable[[str], str] = lambda text: text,
    comparators: Mapping[str, Callable[[Any, Any], bool]] = _COMPARED,
) -> bool:
    def spelled(value: Any) -> Any:
        return spelling(value) if isinstance(value, str) else value

    return all(
        comparators[condition["comparator"]](
            spelled(_held(row, condition["field"])), spelled(condition["value"])
        )
        for condition in conditions.get("filters", [])
    )


def _held(row: Mapping[str, Any], field: str) -> Any:
    first, _, rest = field.partition(".")
    return row[first].get(rest) if rest and isinstance(row.get(first), dict) else row.get(first)


async def _read(reader: asyncio.StreamReader) -> SentRequest | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    request, *lines = head.strip().split("\r\n")
    method, path, _ = request.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return SentRequest(method, path, headers, parse(raw) if raw else None)


async def _send(writer: asyncio.StreamWriter, answer: Canned) -> bool:
    raw = answer.text.encode() if isinstance(answer.text, str) else answer.text
    headers = {"Content-Type": "application/json", "Date": DATE, **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(raw)}", "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    writer.write(raw[: len(raw) // 2] if answer.cut else raw)
    await writer.drain()  # a client that has read enough hangs up: that is a ConnectionError
    return not answer.cut
