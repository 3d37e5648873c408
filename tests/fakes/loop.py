"""An event loop that never waits: where it would, the fake clock moves on."""

import asyncio
import selectors
from typing import Any

from tests.fakes.clock import FakeClock


class FakeTimeLoop(asyncio.SelectorEventLoop):
    """Its time is the clock's; a loop with nothing to wait for fails instead of hanging."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        super().__init__(_MovingSelector(clock))

    def time(self) -> float:
        """Return the fake clock's monotonic time."""
        return self._clock.monotonic()


class _MovingSelector(selectors.SelectSelector):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(0)
        if not events and timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        if not events and timeout:
            self._clock.pass_time(timeout)
        return events
