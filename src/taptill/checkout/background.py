"""Coroutines in, tasks beside the sale out: a fault in one closes the till, never unseen."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from taptill.domain.errors import TaptillError

log = logging.getLogger("taptill.till")


class BackgroundTasks:
    """What is under way beside keys and taps; `failed` is told a fault's name, `done` each end."""

    def __init__(self, failed: Callable[[str], None], done: Callable[[], None]) -> None:
        self._failed = failed
        self._done = done
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do something beside."""
        task = asyncio.get_running_loop().create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop(self) -> None:
        """Let go of everything that was started."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as fault:  # task top: the till closes, as nobody foresaw this
            log.exception("till.fault")
            self._failed(fault.code if isinstance(fault, TaptillError) else type(fault).__name__)
        self._done()
