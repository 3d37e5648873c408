"""Asks a backend what `taptill setup` has to know of it, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from taptill.backend.customers import CustomersApi
from taptill.backend.probe import probe
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import BackendError
from taptill.lookup.backend_health import BackendHealth
from taptill.wiring.backend import customers_api

CUSTOMERS_MAX = 20_000
"""So many customers' cards are enough to recognise how cards are spelled."""


@dataclass(frozen=True, slots=True)
class BackendTrial:
    """What a backend says: the diagnoses of a doctor, and card ids of customers."""

    diagnoses: Sequence[Diagnosis]
    card_ids: frozenset[str]

    @property
    def has_failed(self) -> bool:
        """Return whether a till could not work with it as it is."""
        return any(diagnosis.verdict is Verdict.FAIL for diagnosis in self.diagnoses)

    def finds(self, name: str, verdict: Verdict) -> bool:
        """Return whether a diagnosis of this name has this verdict."""
        return any((found.name, found.verdict) == (name, verdict) for found in self.diagnoses)


async def try_backend(config: Config, token: str) -> BackendTrial:
    """Probe the backend of a config, and read cards if it answers; never raises for its faults."""
    clock = SystemClock()
    api = customers_api(config, token, clock, BackendHealth(clock))
    try:
        diagnoses = await probe(api, deep=True)
        answers = diagnoses[0].verdict is Verdict.PASS
        return BackendTrial(diagnoses, await _card_ids(api, config) if answers else frozenset())
    finally:
        await api.close()


async def _card_ids(api: CustomersApi, config: Config) -> frozenset[str]:
    found: set[str] = set()
    after_id, count = 0, 0
    try:
        while count < CUSTOMERS_MAX:
            page = await api.page(after_id, config.backend.page_size)
            if not page.ids or page.ids[-1] <= after_id:
                break
            found.update(str(snapshot.customer.card_id) for snapshot in page.snapshots)
            after_id, count = page.ids[-1], count + len(page.ids)
    except BackendError:
        pass  # those that came are enough, or none is: the diagnoses say what is wrong
    return frozenset(found) - {""}
