"""HTTP connections with time-outs and bounds for slow and hostile clients, over two parsers.

h11 is pure Python; httptools is compiled and belongs to the extra `fast`. uvicorn has a class for
each, and what is added here is the same for both. It uses private parts of uvicorn's classes:
pyproject.toml pins the version, a test names them.
"""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIMEOUT_S = 10
"""How long a request's head may take, from its first byte or from the connection's begin."""
UNREAD_TIMEOUT_S = 20
"""How long a client may leave an answer unread."""

if TYPE_CHECKING:
    _Protocol = H11Protocol  # httptools' class has the same parts
else:
    _Protocol = object


class TimeoutMixin(_Protocol):
    """Time-outs for request heads and for unread answers, for either of uvicorn's classes."""

    head_timeout_s: ClassVar[float] = HEAD_TIMEOUT_S
    unread_timeout_s: ClassVar[float] = UNREAD_TIMEOUT_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the first request's head."""
        super().connection_made(transport)
        self._head_deadline_s: float | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._start_head_timer()

    def data_received(self, data: bytes) -> None:
        """Handle bytes; the head's timer goes on until a request is being answered.

        What comes after an answer is the next head, or the rest of a body that was answered early:
        both have the time of a head.
        """
        if self._head_deadline_s is not None and self.loop.time() > self._head_deadline_s:
            self.timeout_keep_alive_handler()  # the timer itself is set anew with each data
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._head_deadline_s = None
        elif not self.transport.is_closing():
            self._start_head_timer()

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


class PurePythonConnection(TimeoutMixin, H11Protocol):
    """A connection whose requests h11 parses, which bounds heads and pipelined requests itself."""
