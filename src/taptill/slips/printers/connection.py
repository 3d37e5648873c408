"""What all ways to a printer share: bytes within a time, and a word for what went wrong.

Nothing here may be relied upon to return in time: a driver may hang in `open` or `close`. The desk
(`slips/desk.py`) therefore gives each slip a thread of its own, and goes on without it.
"""

import os
import select
import time
from collections.abc import Callable
from typing import Protocol

from taptill.domain.slips.printer import PrinterState

OPEN_S = 2.0
WRITE_S = 5.0
STATUS_S = 0.5
PIECE = 1024
"""At most so many bytes are written at once, so that a stop is noticed between two pieces."""


class PrinterError(Exception):
    """The printer cannot print now; `state` is the word for it."""

    def __init__(self, state: PrinterState) -> None:
        super().__init__(state.value)
        self.state = state


class PrinterConnection(Protocol):
    """An open printer. Each call raises PrinterError or OSError."""

    def check(self) -> None:
        """Raise PrinterError if the printer says that it cannot print; not all of them answer."""

    def write(self, printed: bytes) -> None:
        """Write a slip, and wait until the printer has taken all of it."""

    def close(self) -> None:
        """Close it; what was not taken is thrown away."""


OpenPrinter = Callable[[], PrinterConnection]
"""Opens the printer. Errors: PrinterError, OSError."""


def write_within(descriptor: int, printed: bytes, within_s: float) -> None:
    """Write all bytes to a descriptor that does not block. Errors: PrinterError (slow), OSError."""
    end_s = time.monotonic() + within_s
    left = memoryview(printed)
    while left:
        wait_ready(descriptor, select.POLLOUT, end_s)
        try:
            left = left[os.write(descriptor, left[:PIECE]) :]
        except BlockingIOError:  # a printer without paper says that it is ready, and takes nothing
            time.sleep(0.02)


def read_within(descriptor: int, within_s: float = STATUS_S) -> bytes:
    """Return what the printer answers within a time; empty where it says nothing."""
    try:
        wait_ready(descriptor, select.POLLIN, time.monotonic() + within_s)
        return os.read(descriptor, 64)
    except (PrinterError, BlockingIOError):
        return b""


def wait_taken(left_over: Callable[[], int], within_s: float) -> None:
    """Wait until a buffer of the kernel is empty. Errors: PrinterError (slow), OSError."""
    end_s = time.monotonic() + within_s
    while left_over() > 0:
        if time.monotonic() > end_s:
            raise PrinterError(PrinterState.SLOW)
        time.sleep(0.02)


def wait_ready(descriptor: int, event: int, end_s: float) -> None:
    """Wait until a descriptor can be read or written. Errors: PrinterError (slow), OSError."""
    poll = select.poll()
    poll.register(descriptor, event)
    found = poll.poll(max(0.0, end_s - time.monotonic()) * 1000)
    if not found or time.monotonic() > end_s:
        raise PrinterError(PrinterState.SLOW)
    if found[0][1] & (select.POLLERR | select.POLLHUP) and not found[0][1] & select.POLLIN:
        raise PrinterError(PrinterState.NOT_THERE)
