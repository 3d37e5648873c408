"""A config in, a till at work out: every object is built here, once."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from taptill.backend.customers import CustomersApi
from taptill.backend.office import Office
from taptill.backend.probe import look_when_it_answers
from taptill.backend.rows import MoneyForm
from taptill.backend.select import Dialect
from taptill.backend.transport import Access, Transport
from taptill.checkout.counter import TillSettings
from taptill.checkout.keypad import Keypad
from taptill.checkout.ports import Ports
from taptill.checkout.strip import local_time
from taptill.checkout.till import Till
from taptill.checkout.view import Alarm, Link, StatusView
from taptill.clock import ClockWatch, SystemClock, watch_clock
from taptill.config import Config, Reader
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.basket import Good
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Policy
from taptill.domain.errors import ConfigError, MalformedError, UnauthorisedError, UsageError
from taptill.domain.pending import ByBooking, ByMarks, Reckoning
from taptill.domain.tap import ReaderMessage
from taptill.journal.identity import UNKNOWN_MACHINE
from taptill.journal.journal import Journal
from taptill.lookup.connection import Connection
from taptill.lookup.find import Lookup
from taptill.lookup.sync import Sync, SyncPolicy
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.simulated import SimulatedReader
from taptill.readers.registry import complaints, open_reader
from taptill.readers.supervisor import Supervisor
from taptill.settlement.schedule import (
    Settlement,
    SettlementEvents,
    SettlePolicy,
)
from taptill.settlement.state import State
from taptill.settlement.strategy import FileExport, Strategy

MESSAGES_MAX = 16
"""Reader messages waiting for the till; the newest wins."""

RESTORED_SALES = 6
HOUR_S = 3600.0

_STOPPED = {State.HALTED: Alarm.HALTED, State.CLONED: Alarm.CLONED, State.DENIED: Alarm.TOKEN}
_TROUBLES = {UnauthorisedError.code: Alarm.TOKEN, MalformedError.code: Alarm.NOT_OURS}


@dataclass(slots=True)
class House:
    """Everything of a running till; `run` is its life, `close` its end."""

    till: Till
    journal: Journal
    cache: CustomerCache
    api: CustomersApi
    strategy: Strategy
    sync: Sync
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
                group.create_task(self.api.keep_warm())
                group.create_task(look_when_it_answers(self.api))
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
    journal = _journal(config, state, clock)
    journal.open(identity(config))
    with ExitStack() as undo:
        undo.callback(journal.close)
        cache = CustomerCache(state / "cache.db", clock, frozenset(config.cache.fields))
        house = _connect(config, token, clock, journal, cache)
        undo.pop_all()
    return house


def _journal(config: Config, state: Path, clock: SystemClock) -> Journal:
    keeping = config.journal
    path = state / "journal.db"
    return Journal(path, clock, min_free_mb=keeping.min_free_mb, mirror=keeping.mirror)


def _connect(
    config: Config, token: str, clock: SystemClock, journal: Journal, cache: CustomerCache
) -> House:
    connection = Connection(clock)
    api = customers_api(config, token, clock, connection)

    def changed() -> None:
        till.refresh()

    def seen(snapshot: Snapshot) -> None:
        cache.keep([snapshot])
        till.sighted(snapshot)

    events = SettlementEvents(changed, seen, cache.stamp_of)
    by_marks = config.settlement.strategy == "debt"
    strategy = settlement_of(config, journal, api, clock, events) if by_marks else FileExport()
    status = _Status(config, clock, connection, api, journal, cache, strategy)
    ports = Ports(
        finder=Lookup(cache, api, cache, strategy.sighted),
        books=journal,
        clock=clock,
        new_id=lambda: secrets.token_hex(8),
        status=status.draw,
        settle=strategy.nudge,
    )
    queue: asyncio.Queue[ReaderMessage] = asyncio.Queue(MESSAGES_MAX)
    till = Till(
        ports,
        _till_settings(config, ByMarks(journal.journal_id) if by_marks else ByBooking()),
        queue,
    )
    till.restore(journal.reads.last_sales(RESTORED_SALES))
    times = config.cache
    pages = SyncPolicy(config.backend.page_size, times.sync_s, times.full_sync_h * HOUR_S)
    return House(
        till=till,
        journal=journal,
        cache=cache,
        api=api,
        strategy=strategy,
        sync=Sync(api, cache, clock, pages, strategy.sighted),
        queue=queue,
        readers=tuple(reader_settings(one, n) for n, one in enumerate(config.readers, 1)),
        clock=clock,
        started=[],
    )


@dataclass(frozen=True, slots=True)
class Sender:
    """What a command needs to settle without a till."""

    journal: Journal
    api: CustomersApi
    settlement: Settlement


@asynccontextmanager
async def sender(config: Config, state: Path, token: str) -> AsyncIterator[Sender]:
    """Hold the journal of a stopped till and connect the backend; the cache learns what is seen.

    Else the till would count from rows of before, offline, what is in the backend's books by now.
    Errors: UsageError under a strategy that sends nothing, JournalError and its kin.
    """
    if config.settlement.strategy != "debt":
        raise UsageError(problem="with strategy 'export' nothing is sent: see taptill export")
    clock = SystemClock()
    journal = _journal(config, state, clock)
    journal.open(identity(config))
    with ExitStack() as undo:
        undo.callback(journal.close)
        cache = CustomerCache(state / "cache.db", clock, frozenset(config.cache.fields))
        undo.callback(cache.close)
        api = customers_api(config, token, clock, Connection(clock))
        quiet = SettlementEvents(lambda: None, lambda row: cache.keep([row]), cache.stamp_of)
        try:
            yield Sender(journal, api, settlement_of(config, journal, api, clock, quiet))
        finally:
            await api.close()


@dataclass(frozen=True, slots=True)
class _Status:
    """Draws the status line from the facts that several rooms own."""

    config: Config
    clock: SystemClock
    connection: Connection
    api: CustomersApi
    journal: Journal
    cache: CustomerCache
    strategy: Strategy

    def draw(self) -> StatusView:
        """Give the facts as they are now."""
        health = self.connection.health
        link = {None: Link.UNKNOWN, False: Link.OFFLINE, True: Link.ONLINE}[health.up]
        count, total = self.journal.reads.open_sum()
        age_s = self.cache.age_s()
        latency_s = health.latency_s
        return StatusView(
            till=self.config.till.name,
            link=Link.SLOW if health.slow else link,
            latency_ms=None if latency_s is None else round(latency_s * 1000),
            offline_since=local_time(health.since) if health.since else "",
            to_send=count,
            to_send_sum=total,
            conflicts=self.journal.reads.conflicts(),
            cache_age_s=None if age_s is None else int(age_s),
            time=local_time(self.clock.now()),
            alarms=self._alarms(health.trouble),
            warnings=(
                *self.config.warnings,
                *unbuilt(self.config),
                *self.journal.warnings(),
                *self.api.warnings(),
            ),
        )

    def _alarms(self, trouble: str) -> tuple[Alarm, ...]:
        found = [_STOPPED.get(self.strategy.state), _TROUBLES.get(trouble)]
        if self.api.sees_nothing:
            found.append(Alarm.NOTHING_VISIBLE)
        if not self.clock.trusted():
            found.append(Alarm.CLOCK)
        return tuple(dict.fromkeys(alarm for alarm in found if alarm))


def check_reader(reader: Reader) -> list[str]:
    """Say what is wrong with a reader of the config."""
    return complaints(reader_settings(reader, 1))


def reader_settings(reader: Reader, number: int) -> ReaderSettings:
    """Turn a reader of the config into what its driver is given."""
    return ReaderSettings(
        name=f"reader {number}",
        driver=reader.driver,
        port=reader.port,
        family=reader.family,
        steps=reader.card_id,
        baud=reader.baud,
        dtr=reader.dtr,
        rts=reader.rts,
        hold_ms=reader.hold_ms,
        same_card_delay_ms=reader.same_card_delay_ms,
        options=reader.options,
    )


def _till_settings(config: Config, reckoning: Reckoning) -> TillSettings:
    goods = tuple(Good(one.key, one.name, one.price) for one in config.goods)
    offline = config.offline
    policy = Policy(
        max_charge=config.till.max_charge,
        credit_ceiling=config.limits.credit_ceiling,
        fresh_s=float(config.lookup.fresh_s),
        max_age_s=config.cache.max_age_h * HOUR_S,
        per_charge=offline.per_charge,
        per_customer=offline.per_customer,
        per_terminal=offline.per_terminal,
        override_max=config.limits.override_max,
    )
    return TillSettings(
        keypad=Keypad(goods, config.till.currency, config.till.implied_decimals),
        policy=policy,
        reckoning=reckoning,
        live_deadline_s=config.lookup.live_deadline_ms / 1000,
        void_window_s=float(config.till.void_window_s),
        clear_after_s=float(config.privacy.clear_after_s),
    )


def customers_api(
    config: Config, token: str, clock: SystemClock, connection: Connection
) -> CustomersApi:
    """Connect the backend."""
    return CustomersApi(_transport(config, token, clock), _dialect(config), connection)


def office(config: Config, token: str) -> Office:
    """Connect the staff functions, with the token of those who may use them."""
    clock = SystemClock()
    return Office(_transport(config, token, clock), _dialect(config), Connection(clock))


def _transport(config: Config, token: str, clock: SystemClock) -> Transport:
    backend = config.backend
    certificate = None
    if backend.client_cert:  # the key may lie in the same file
        certificate = (str(backend.client_cert), str(backend.client_key or backend.client_cert))
    access = Access(
        base_url=backend.base_url,
        headers={
            **dict(backend.headers),
            backend.auth_header: backend.auth_value.replace("{token}", token),
        },
        connect_timeout_s=backend.connect_timeout_s,
        read_timeout_s=backend.read_timeout_s,
        ca_file=str(backend.ca_file) if backend.ca_file else None,
        certificate=certificate,
    )
    return Transport(access, clock.heard)


def _dialect(config: Config) -> Dialect:
    backend = config.backend
    digits = config.till.currency.digits if backend.money == "major" else 0
    form = MoneyForm(digits, owed_positive=backend.owed_is == "positive")
    return Dialect(backend.path_prefix, form, backend.company_id, frozenset(backend.fields))


def refuse_unbuilt(config: Config) -> None:
    """Refuse what would change who acts or what is promised, if it were silently left out."""
    found = []
    if config.till.mode != "attended":
        found.append(f"[till] mode = {config.till.mode!r} is not built yet; use 'attended'")
    if found:
        raise ConfigError(complaints="\n".join(found), list=found)


def unbuilt(config: Config) -> list[str]:
    """Name what the config asks for and this version does not do."""
    asked = {
        "[cache] fields": set(config.cache.fields) - {"name", "company"},
        "[ui] sound": config.ui.sound != "auto",
        "[[staff]]": config.staff,
        "[receipt] printer": config.receipt.printer,
        "[metrics] textfile": config.metrics.textfile,
    }
    return [f"{key} does nothing yet" for key, value in asked.items() if value]


def identity(config: Config) -> dict[str, str]:
    """Name what the journal's open entries depend on."""
    backend = config.backend
    return {
        "backend": f"{backend.base_url}{backend.path_prefix}",
        "strategy": config.settlement.strategy,
        "money": f"{config.till.currency.code}, {backend.money}, {backend.owed_is}",
        "machine": machine(),
        "till": config.till.name,
    }


def settlement_of(
    config: Config,
    journal: Journal,
    api: CustomersApi,
    clock: SystemClock,
    events: SettlementEvents,
) -> Settlement:
    """Connect the strategy `debt`."""
    settling = config.settlement
    policy = SettlePolicy(journal.journal_id, settling.share_debt_data, float(settling.retry_max_s))
    return Settlement(journal, api, clock, policy, random.random, events)


def machine() -> str:
    """Name this machine, so that a journal can tell the board it was written on."""
    for path in ("/sys/firmware/devicetree/base/serial-number", "/etc/machine-id"):
        with suppress(OSError):
            return Path(path).read_text("ascii", "replace").strip("\0\n ")
    return UNKNOWN_MACHINE
