"""The connection whose requests httptools parses; to be imported where that is installed.

httptools itself bounds nothing: h11's bounds of heads and of requests in advance are added here.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from taptill.service.http.connections import TimeoutMixin

HEAD_BYTES_MAX = 65_536
"""How many bytes a head may have while it is incomplete, and all trailers together; h11's bound."""
REQUEST_BYTES_MAX = 16 * 1024 * 1024
"""How many bytes a request may have as sent, in however small chunks."""
PIPELINED_MAX = 1_000
"""How many requests a client may send before it has the first one's answer."""


class CompiledConnection(TimeoutMixin, HttpToolsProtocol):  # type: ignore[misc]  # one signature differs
    """A connection whose requests httptools parses."""

    _request_bytes = 0
    _trailer_bytes = 0
    _in_head = False
    _answering: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Handle bytes, and refuse a request that is larger than any bound."""
        self._request_bytes += len(data)
        super().data_received(data)
        limit = HEAD_BYTES_MAX if self._in_head else REQUEST_BYTES_MAX
        is_too_large = self._request_bytes > limit or self._trailer_bytes > HEAD_BYTES_MAX
        if is_too_large or len(self.pipeline) > PIPELINED_MAX:
            self._refuse()

    def on_message_begin(self) -> None:
        """Count the new request's bytes."""
        self._request_bytes, self._trailer_bytes, self._in_head = 0, 0, True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a head's field; a trailer's is only counted, as nobody reads it."""
        if self._in_head:
            super().on_header(name, value)
        else:
            self._trailer_bytes += len(name) + len(value) + len(b":\r\n")

    def on_headers_complete(self) -> None:
        """Answer the request, whose body may follow."""
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed; the answer to a request before it is not sent any more."""
        if self._answering is not None:
            self._answering.disconnected = True  # uvloop refuses to write to a closed connection
        super().send_400_response(msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.pipeline.clear()
            self.send_400_response("Invalid HTTP request received.")
