"""Background tasks of the till: an unexpected exception in one closes the till."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from taptill.domain.errors import TaptillError

log = logging.getLogger("taptill.till")


class BackgroundTasks:
    """Runs coroutines as tasks.

    `on_failure` is called with the code or the type of an unexpected exception, `on_done` at the
    end of each task.
    """

    def __init__(self, on_failure: Callable[[str], None], on_done: Callable[[], None]) -> None:
        self._on_failure = on_failure
        self._on_done = on_done
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Start a task in the running event loop, and return it."""
        task = asyncio.get_running_loop().create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Where the task is cancelled before its first step, nobody has begun the work.
        task.add_done_callback(lambda _: work.close())
        return task

    def stop(self) -> None:
        """Cancel all tasks."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as fault:  # task top: nobody else would see what was not foreseen
            log.exception("till.fault")
            code = fault.code if isinstance(fault, TaptillError) else type(fault).__name__
            self._on_failure(code)
        self._on_done()
