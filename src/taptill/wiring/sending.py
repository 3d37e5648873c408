"""Settlement without a running till, for commands."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from taptill.backend.customers import CustomersApi
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.errors import UsageError
from taptill.journal.journal import Journal
from taptill.lookup.backend_health import BackendHealth
from taptill.settlement.schedule import (
    Settlement,
    SettlementCallbacks,
)
from taptill.wiring.backend import customers_api
from taptill.wiring.factories import settlement_of
from taptill.wiring.opening import identity, journal_of


@dataclass(frozen=True, slots=True)
class Sender:
    """What a command needs to settle without a till."""

    journal: Journal
    api: CustomersApi
    settlement: Settlement


@asynccontextmanager
async def sender(config: Config, state: Path, token: str) -> AsyncIterator[Sender]:
    """Open the journal of a stopped till and connect the backend, until the block ends.

    The cache must learn of these updates, or the till would count settled charges again offline.
    Errors: UsageError under a strategy that sends nothing, JournalError and its subclasses.
    """
    if config.settlement.strategy != "debt":
        raise UsageError(problem="with strategy 'export' nothing is sent: see taptill export")
    clock = SystemClock()
    journal = journal_of(config, state, clock)
    journal.open(identity(config))
    with ExitStack() as undo:
        undo.callback(journal.close)
        cache = CustomerCache(state / "cache.db", clock, frozenset(config.cache.fields))
        undo.callback(cache.close)
        api = customers_api(config, token, clock, BackendHealth(clock))
        quiet = SettlementCallbacks(
            lambda: None, lambda row: cache.store([row]), cache.newest_stamp
        )
        try:
            yield Sender(journal, api, settlement_of(config, journal, api, clock, quiet))
        finally:
            await api.close()
