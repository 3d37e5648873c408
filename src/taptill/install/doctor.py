"""The checks of `taptill doctor`: a diagnosis of each thing that a till depends on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from taptill import config as configs
from taptill.backend.probe import probe
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import ConfigError
from taptill.lookup.backend_health import BackendHealth
from taptill.wiring.backend import customers_api

Check = Callable[[Config], Awaitable[list[Diagnosis]]]


async def check_backend(config: Config) -> list[Diagnosis]:
    """Return diagnoses of the Customers API, from the requests that a till will send."""
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
"""The checks by the room that each is about; a new check is a new line here."""


async def diagnose(config: Config) -> AsyncIterator[Diagnosis]:
    """Yield the diagnoses of every check, one after the other; never raise."""
    for check in CHECKS.values():
        for diagnosis in await check(config):
            yield diagnosis
