"""A health check that runs while the backend is offline, until it answers again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from taptill.domain.errors import CurrencyError, TaptillError, UnauthorisedError
from taptill.domain.technical.backoff import Backoff
from taptill.lookup.backend_health import BackendHealth

log = logging.getLogger("taptill.lookup")

PAUSE_S = 2.0
"""The pause between two checks, less up to a fifth, so that many tills do not ask in step."""

TIMEOUT_S = 2.0
"""The longest wait for one answer. With the pause, each check ends within 5 s of the last one."""

REFUSED_PAUSE_S = 30.0
"""The pause where the backend answers but refuses us: no retry can help soon."""

RETRY_AFTER_MAX_S = 60.0
"""The longest `Retry-After` that is obeyed."""

JITTER = 0.2
BACKOFF = Backoff((PAUSE_S,), factor_span=-JITTER)


class HealthCheck:
    """Pings the backend while it is offline, or while an update has failed, until a ping succeeds.

    `ping` sends one request, records the result in `health`, and raises TaptillError. `chance`
    returns a random number from 0 up to 1.
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
        """Check while the backend is offline or in doubt, until cancelled."""
        pause_s = PAUSE_S
        while True:
            await asyncio.sleep(BACKOFF.jittered(pause_s, self._chance()))
            pause_s = await self._check_once() if self._health.needs_check else PAUSE_S

    async def _check_once(self) -> float:
        """Ping once, and return the seconds until the next ping."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._ping()
        except TimeoutError:
            return PAUSE_S
        except TaptillError as fault:
            return _pause_after_error(fault)
        log.info("backend.back")
        return PAUSE_S


def _pause_after_error(fault: TaptillError) -> float:
    if isinstance(fault, UnauthorisedError | CurrencyError):
        return REFUSED_PAUSE_S
    server_s = fault.fields.get("retry_after_s")
    retry_after_s = min(server_s, RETRY_AFTER_MAX_S) if isinstance(server_s, float) else 0.0
    return max(PAUSE_S, retry_after_s / (1 - JITTER))
