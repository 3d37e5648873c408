"""A backend that is away in, one cheap question after another out, until it answers again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from taptill.domain.errors import CurrencyError, TaptillError, UnauthorisedError
from taptill.domain.technical.backoff import Backoff
from taptill.lookup.backend_health import BackendHealth

log = logging.getLogger("taptill.lookup")

PAUSE_S = 2.0
"""From one question to the next, less up to a fifth, so that many tills do not ask in step."""

TIMEOUT_S = 2.0
"""With the pause before it: whatever became of the last question, one is answered within 5 s."""

REFUSED_PAUSE_S = 30.0
"""The same where the backend answers, and does not want us: nothing returns by itself."""

RETRY_AFTER_MAX_S = 60.0
"""A backend that says when to come back is not asked before that, but for no longer than this."""

JITTER = 0.2
BACKOFF = Backoff((PAUSE_S,), factor_span=-JITTER)


class HealthCheck:
    """Asks only while the backend is away, or may be as an update failed: one good answer ends it.

    `look` asks one question, once; it tells the connection how that went, and raises TaptillError.
    `chance` gives a number from 0 up to 1.
    """

    def __init__(
        self,
        health: BackendHealth,
        ping: Callable[[], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        self._health = health
        self._ping = ping
        self._chance = chance

    async def run(self) -> None:
        """Look while the backend is away or in doubt, until cancelled."""
        pause_s = PAUSE_S
        while True:
            await asyncio.sleep(BACKOFF.jittered(pause_s, self._chance()))
            pause_s = await self._check_once() if self._health.needs_check else PAUSE_S

    async def _check_once(self) -> float:
        """Ask once, and give how long to wait before the next time."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._ping()
        except TimeoutError:
            return PAUSE_S
        except TaptillError as fault:
            return _pause_after_error(fault)
        log.info("backend.there")
        return PAUSE_S


def _pause_after_error(fault: TaptillError) -> float:
    if isinstance(fault, UnauthorisedError | CurrencyError):
        return REFUSED_PAUSE_S
    server_s = fault.fields.get("retry_after_s")
    retry_after_s = min(server_s, RETRY_AFTER_MAX_S) if isinstance(server_s, float) else 0.0
    return max(PAUSE_S, retry_after_s / (1 - JITTER))
