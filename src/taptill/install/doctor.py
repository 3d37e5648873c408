"""The checks of `taptill doctor`: a diagnosis of each thing that a till depends on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from taptill import config as configs
from taptill.backend.probe import probe
from taptill.clock import SystemClock
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import ConfigError
from taptill.install.checks.disk import check_disk
from taptill.install.checks.journal import check_journal
from taptill.install.checks.machine import check_machine
from taptill.install.checks.readers import check_readers
from taptill.install.checks.settings import check_settings
from taptill.install.checks.site import CheckedSite
from taptill.lookup.backend_health import BackendHealth
from taptill.wiring.backend import customers_api

Check = Callable[[CheckedSite], Awaitable[list[Diagnosis]]]


async def check_backend(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the Customers API, from the requests that a till will send."""
    config = site.config
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


CHECKS: Mapping[str, Check] = {
    "settings": check_settings,
    "machine": check_machine,
    "disk": check_disk,
    "journal": check_journal,
    "readers": check_readers,
    "backend": check_backend,
}
"""The checks by the room that each is about; a new check is a new line here."""


async def diagnose(site: CheckedSite) -> AsyncIterator[Diagnosis]:
    """Yield the diagnoses of every check, one after the other; never raise."""
    for check in CHECKS.values():
        for diagnosis in await check(site):
            yield diagnosis
