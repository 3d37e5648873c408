"""A config in, a till at work out: every object is built here, once."""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from taptill.backend.customers import CustomersApi
from taptill.backend.probe import probe_when_online
from taptill.checkout.keys.taker import KeyTaker
from taptill.checkout.ports import Ports
from taptill.checkout.till import Till
from taptill.clock import ClockWatch, SystemClock, watch_clock
from taptill.config import Config
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.customer import Snapshot
from taptill.domain.tap import ReaderMessage
from taptill.journal.identity import UNKNOWN_MACHINE
from taptill.journal.journal import Journal
from taptill.lookup.backend_health import BackendHealth
from taptill.lookup.find import Lookup
from taptill.lookup.health_check import HealthCheck
from taptill.lookup.sync import Sync, SyncPolicy
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.simulated import SimulatedReader
from taptill.readers.drivers.typed import TypedReader
from taptill.readers.opening import open_reader
from taptill.readers.supervisor import Supervisor
from taptill.settlement.schedule import (
    SettlementCallbacks,
)
from taptill.settlement.strategy import Strategy
from taptill.wiring.parts import (
    customers_api,
    identity,
    journal_of,
    reader_settings,
    refuse_unbuilt,
    strategy_of,
    till_settings,
)
from taptill.wiring.status import Status

log = logging.getLogger("taptill.wiring")

MESSAGES_MAX = 16
"""Reader messages waiting for the till; the newest wins."""

RESTORED_SALES = 6
HOUR_S = 3600.0


@dataclass(slots=True)
class House:
    """Everything of a running till; `run` is its life, `close` its end."""

    till: Till
    journal: Journal
    cache: CustomerCache
    api: CustomersApi
    strategy: Strategy
    sync: Sync
    health_check: HealthCheck
    queue: asyncio.Queue[ReaderMessage]
    readers: tuple[ReaderSettings, ...]
    clock: SystemClock
    started: list[Supervisor]

    async def run(self) -> None:
        """Start the readers and work until cancelled."""
        loop = asyncio.get_running_loop()

        def deliver(message: ReaderMessage) -> None:
            with suppress(RuntimeError):  # the loop has closed: nobody is there to serve
                loop.call_soon_threadsafe(self._put, message)

        watch = ClockWatch(self.clock, self.journal.newest_found)
        self.started += [open_reader(one, deliver, self.clock) for one in self.readers]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.till.run())
                group.create_task(self.sync.run())
                group.create_task(self.health_check.run())
                group.create_task(self.api.keep_warm())
                group.create_task(probe_when_online(self.api))
                group.create_task(self.strategy.run())
                group.create_task(watch_clock(watch, self.journal.append))
        finally:
            await asyncio.to_thread(self._stop_readers)
            await self.api.close()

    def close(self) -> None:
        """Write what waits and give back lock and files; what is kept stays kept."""
        self.journal.close()
        self.cache.close()

    def present(self, card_id: str) -> None:
        """Show a card to the simulated reader, as the demo's keys do."""
        for reader in self.started:
            if isinstance(reader.device, SimulatedReader):
                reader.device.present(card_id)

    def key_taker(self, cards: Mapping[str, Callable[[], None]]) -> KeyTaker:
        """Make what takes the keys of one terminal; `cards`: capital letter -> show that card."""
        return KeyTaker(self.till, cards, self.typed)

    def typed(self, text: str) -> bool:
        """Hand a line that a machine typed to the readers for it; tell whether there are any."""
        readers = [one.device for one in self.started if isinstance(one.device, TypedReader)]
        for reader in readers:
            reader.type_line(text)
        return bool(readers)

    def _put(self, message: ReaderMessage) -> None:
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(message)

    def _stop_readers(self) -> None:
        for reader in self.started:
            reader.stop()


def build(config: Config, state: Path, token: str) -> House:
    """Open journal and cache and connect every room; call it before the event loop's first task.

    Errors: ConfigError for what this version cannot do, JournalError and its kin.
    """
    refuse_unbuilt(config)
    clock = SystemClock()
    journal = journal_of(config, state, clock)
    belongs = identity(config)
    if belongs["machine"] == UNKNOWN_MACHINE:
        log.warning("machine.unknown", extra={"advice": "sudo systemd-machine-id-setup"})
    journal.open(belongs)
    clock.remember(journal.newest_found)
    with ExitStack() as undo:
        undo.callback(journal.close)
        cache = CustomerCache(state / "cache.db", clock, frozenset(config.cache.fields))
        house = _connect(config, token, clock, journal, cache)
        undo.pop_all()
    return house


def _connect(
    config: Config, token: str, clock: SystemClock, journal: Journal, cache: CustomerCache
) -> House:
    backend_health = BackendHealth(clock)
    api = customers_api(config, token, clock, backend_health)

    def changed() -> None:
        till.refresh()

    def seen(snapshot: Snapshot) -> None:
        cache.store([snapshot])
        till.apply_row(snapshot)

    events = SettlementCallbacks(changed, seen, cache.newest_stamp)
    strategy = strategy_of(config, journal, api, clock, events)
    status = Status(config, clock, backend_health, api, journal, cache, strategy)
    ports = Ports(
        finder=Lookup(cache, api, cache, strategy.observe),
        journal=journal,
        clock=clock,
        new_id=lambda: secrets.token_hex(8),
        status=status.draw,
        settle=strategy.nudge,
    )
    queue: asyncio.Queue[ReaderMessage] = asyncio.Queue(MESSAGES_MAX)
    till = Till(ports, till_settings(config, strategy.balance), queue)
    till.restore(journal.queries.last_sales(RESTORED_SALES))
    times = config.cache
    pages = SyncPolicy(config.backend.page_size, times.sync_s, times.full_sync_h * HOUR_S)
    sync = Sync(api, cache, clock, pages, strategy.observe)
    for learns in (till.refresh, strategy.returned, sync.returned):
        backend_health.on_recovery(learns)
    return House(
        till=till,
        journal=journal,
        cache=cache,
        api=api,
        strategy=strategy,
        sync=sync,
        health_check=HealthCheck(backend_health, api.ping, random.random),
        queue=queue,
        readers=tuple(reader_settings(one, n) for n, one in enumerate(config.readers, 1)),
        clock=clock,
        started=[],
    )
