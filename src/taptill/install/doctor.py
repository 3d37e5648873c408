"""A config in, a diagnosis of each thing that a till depends on out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from taptill import config as configs
from taptill.backend.probe import probe
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import ConfigError
from taptill.lookup.backend_health import BackendHealth
from taptill.wiring import customers_api

Check = Callable[[Config], Awaitable[list[Diagnosis]]]


async def check_backend(config: Config) -> list[Diagnosis]:
    """Ask the Customers API all that a till will ask it."""
    try:
        token = configs.read_token(config)
    except ConfigError as fault:
        return [Diagnosis("backend.token", Verdict.FAIL, str(fault), "see docs/configuration.md")]
    clock = SystemClock()
    api = customers_api(config, token, clock, BackendHealth(clock))
    try:
        return await probe(api, deep=True)
    finally:
        await api.close()


CHECKS: Mapping[str, Check] = {"backend": check_backend}
"""What is looked at, by the room it is about; a new check is a new line."""


async def diagnose(config: Config) -> AsyncIterator[Diagnosis]:
    """Look at everything, one after the other; never raises."""
    for check in CHECKS.values():
        for one in await check(config):
            yield one
