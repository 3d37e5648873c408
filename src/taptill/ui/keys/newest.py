"""The newest view of the till, for a terminal that may be slower than the till."""

import asyncio

from taptill.checkout.view import TillView


class NewestView:
    """Holds the newest view until it is shown; a newer one takes the place of one that waits."""

    def __init__(self) -> None:
        self._came = asyncio.Event()
        self._view: TillView | None = None

    def put(self, view: TillView) -> None:
        """Take a view that the till has published."""
        self._view = view
        self._came.set()

    async def wait(self) -> None:
        """Wait until a view is there that was not taken out yet."""
        await self._came.wait()

    def take(self) -> TillView:
        """Return the newest view, after `wait`."""
        assert self._view
        self._came.clear()
        return self._view
