"""The one way in which a test waits: for a condition, up to a deadline."""

import asyncio
from collections.abc import Callable

LOOK_AGAIN_S = 0.002


async def until(condition: Callable[[], object], deadline_s: float = 20.0) -> None:
    """Wait until a condition holds; TimeoutError where it does not in time."""
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 - whatever a test looks at, nobody tells it
            await asyncio.sleep(LOOK_AGAIN_S)
