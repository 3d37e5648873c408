"""The one way in which a test waits: for a condition, up to a deadline that decides no test."""

import asyncio
import time
from collections.abc import Callable

LOOK_AGAIN_S = 0.002

DEADLINE_S = 30.0
"""A busy machine needs seconds for what takes milliseconds; what never comes is still found."""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds that another thread or program brings about."""
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s, "in vain"
        time.sleep(LOOK_AGAIN_S)


async def until(condition: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    """Wait until a condition holds; TimeoutError where it does not in time."""
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 - whatever a test looks at, nobody tells it
            await asyncio.sleep(LOOK_AGAIN_S)
