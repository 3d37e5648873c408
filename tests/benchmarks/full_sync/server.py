"""A backend that answers with pages from a file, at as little cost as a server can have.

`python -m tests.benchmarks.full_sync.server FILE SIZE` says where it listens. A page is a line of
JSON; line n holds the SIZE customers behind the id n * SIZE.
"""

import asyncio
import json
import re
import sys
from pathlib import Path

ASKED_BEHIND = re.compile(rb'"comparator":\s*">",\s*"value":\s*(\d+)')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class PrewrittenPages:
    """Where each line of a file begins."""

    def __init__(self, path: Path, size: int) -> None:
        self.size = size
        self._file = path.open("rb")
        self._begins = [0]
        for line in self._file:
            self._begins.append(self._begins[-1] + len(line))

    def behind(self, number: int) -> bytes:
        """Return the page behind an id; an empty one at the end."""
        page = number // self.size
        if page + 1 >= len(self._begins):
            return b"[]"
        self._file.seek(self._begins[page])
        page_bytes = self._file.read(self._begins[page + 1] - self._begins[page])
        if number % self.size == 0:
            return page_bytes
        return json.dumps(json.loads(page_bytes)[number % self.size :]).encode()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""  # they hung up


async def serve(pages: PrewrittenPages) -> None:
    """Answer for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = re.search(rb"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            match = ASKED_BEHIND.search(body)
            answer = pages.behind(int(match[1]) if match else 0)
            writer.write(HEAD % len(answer) + answer)
            await writer.drain()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(PrewrittenPages(Path(sys.argv[1]), int(sys.argv[2]))))
