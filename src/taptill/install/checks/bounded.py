"""Runs what may hang, such as a dead medium or a name server, for a limited time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def bounded(function: Callable[[], T], limit_s: float) -> T:
    """Return what a function returns, in a thread that nobody waits for after `limit_s`.

    Errors: TimeoutError, and whatever the function raises.
    """
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()

    def work() -> None:
        try:
            outcome.set_result(function())
        except BaseException as fault:  # thread top: whoever waits gets it  # noqa: BLE001
            outcome.set_exception(fault)

    # A daemon: a thread that hangs in the kernel must not keep the program from ending.
    Thread(target=work, daemon=True).start()
    async with asyncio.timeout(limit_s):
        return await asyncio.wrap_future(outcome)
