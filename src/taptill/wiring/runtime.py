"""The running till: every object is built here, once, from the config."""

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
from taptill.wiring.factories import (
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
"""Reader messages that wait for the till, at most; a full queue drops the oldest."""

RESTORED_SALES = 6
HOUR_S = 3600.0


@dataclass(slots=True)
class TillRuntime:
    """All objects of a running till. `run` works until it is cancelled; then call `close`."""

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
    supervisors: list[Supervisor]

    async def run(self) -> None:
        """Start the readers and work until cancelled."""
        loop = asyncio.get_running_loop()

        def deliver(message: ReaderMessage) -> None:
            with suppress(RuntimeError):  # the event loop has closed: the till has ended
                loop.call_soon_threadsafe(self._put, message)

        watch = ClockWatch(self.clock, self.journal.newest_found)
        self.supervisors += [
            open_reader(settings, deliver, self.clock) for settings in self.readers
        ]
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
        """Write what is pending, then release the lock and close the files."""
        self.journal.close()
        self.cache.close()

    def present(self, card_id: str) -> None:
        """Show a card to the simulated reader, as the demo's keys do."""
        for reader in self.supervisors:
            if isinstance(reader.device, SimulatedReader):
                reader.device.present(card_id)

    def key_taker(self, cards: Mapping[str, Callable[[], None]]) -> KeyTaker:
        """Return the handler of one terminal's keys; `cards` maps a capital letter to a tap."""
        return KeyTaker(self.till, cards, self.typed)

    def typed(self, text: str) -> bool:
        """Pass a typed line to the readers of driver `typed`; return whether there are any."""
        readers = [
            supervisor.device
            for supervisor in self.supervisors
            if isinstance(supervisor.device, TypedReader)
        ]
        for reader in readers:
            reader.type_line(text)
        return bool(readers)

    def _put(self, message: ReaderMessage) -> None:
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(message)

    def _stop_readers(self) -> None:
        for reader in self.supervisors:
            reader.stop()


def build(config: Config, state: Path, token: str) -> TillRuntime:
    """Open journal and cache and connect every room, before the event loop's first task.

    Errors: ConfigError for what this version cannot do, JournalError and its subclasses.
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
        runtime = _connect(config, token, clock, journal, cache)
        undo.pop_all()
    return runtime


def _connect(
    config: Config, token: str, clock: SystemClock, journal: Journal, cache: CustomerCache
) -> TillRuntime:
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
    times = config.cache
    pages = SyncPolicy(config.backend.page_size, times.sync_s, times.full_sync_h * HOUR_S)
    sync = Sync(api, cache, clock, pages, strategy.observe)
    ports = Ports(
        finder=Lookup(cache, api, cache, strategy.observe, sync.give_way),
        journal=journal,
        clock=clock,
        new_id=lambda: secrets.token_hex(8),
        status=status.draw,
        settle=strategy.nudge,
    )
    queue: asyncio.Queue[ReaderMessage] = asyncio.Queue(MESSAGES_MAX)
    till = Till(ports, till_settings(config, strategy.balance), queue)
    till.restore(journal.queries.last_sales(RESTORED_SALES))
    for on_recovery in (till.refresh, strategy.returned, sync.returned):
        backend_health.on_recovery(on_recovery)
    return TillRuntime(
        till=till,
        journal=journal,
        cache=cache,
        api=api,
        strategy=strategy,
        sync=sync,
        health_check=HealthCheck(backend_health, api.ping, random.random),
        queue=queue,
        readers=tuple(reader_settings(reader, n) for n, reader in enumerate(config.readers, 1)),
        clock=clock,
        supervisors=[],
    )
