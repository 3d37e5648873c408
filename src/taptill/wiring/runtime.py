"""The running till: every object is built here, once, from the config."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from taptill import config as configs
from taptill.backend.customers import CustomersApi
from taptill.backend.probe import probe_when_online
from taptill.checkout.keys.taker import KeyTaker
from taptill.checkout.ports import CardOffice, ConflictDesk, FiguresPort, Ports
from taptill.checkout.till import Till
from taptill.clock import ClockWatch, SystemClock, watch_clock
from taptill.config import Config
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.customer import Snapshot
from taptill.journal.journal import Journal
from taptill.journal.sales.purchases import last_purchases
from taptill.lookup.backend_health import BackendHealth
from taptill.lookup.find import Lookup
from taptill.lookup.health_check import HealthCheck
from taptill.lookup.sync import Sync, SyncPolicy
from taptill.settlement.schedule import Settlement, SettlementCallbacks
from taptill.settlement.strategy import Strategy
from taptill.wiring.backend import customers_api
from taptill.wiring.card_readers import CardReaders
from taptill.wiring.config_watch import ConfigWatch
from taptill.wiring.devices.devices import NO_DEVICES, Devices
from taptill.wiring.factories import goods_of, staff_of, strategy_of, till_settings
from taptill.wiring.fleet.late import late_figures, late_reporter
from taptill.wiring.fleet.outputs import FleetOutputs
from taptill.wiring.fleet.runs import Runs
from taptill.wiring.late_books import (
    import_late,
    late_people,
    late_sales_book,
    late_shift_book,
    pin_matches_in_thread,
)
from taptill.wiring.opening import OpenJournal
from taptill.wiring.sending import Sender
from taptill.wiring.status import Status

if TYPE_CHECKING:
    from taptill.slips.desk import PrintDesk
    from taptill.sounds.listener import Sounds
    from taptill.ui.texts import Texts
    from taptill.wiring.cards.parts import CardParts
    from taptill.wiring.fleet.figures import FiguresSource

RESTORED_SALES = 6
HOUR_S = 3600.0
CACHE = "cache.db"


@dataclass(frozen=True, slots=True)
class TillRuntime:
    """All objects of a running till. `run` works until it is cancelled; then call `close`."""

    till: Till
    journal: Journal
    cache: CustomerCache
    api: CustomersApi
    strategy: Strategy
    sync: Sync
    health_check: HealthCheck
    readers: CardReaders
    clock: SystemClock
    figures: Callable[[], FiguresPort]
    report: Callable[[], Awaitable[None]]
    config_watch: ConfigWatch | None = None
    devices: Devices = NO_DEVICES

    async def run(self) -> None:
        """Work until cancelled, for readers that were started before."""
        watch = ClockWatch(self.clock, self.journal.newest_found)
        self.devices.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.till.run())
                group.create_task(self.sync.run())
                group.create_task(self.health_check.run())
                group.create_task(self.api.keep_warm())
                group.create_task(probe_when_online(self.api))
                group.create_task(self.strategy.run())
                group.create_task(watch_clock(watch, self.journal.append))
                group.create_task(import_late())
                group.create_task(self._report())
                if self.config_watch:
                    group.create_task(self.config_watch.run())
        finally:
            await self.api.close()

    async def _report(self) -> None:
        await self.report()

    def close(self) -> None:
        """Write what is pending, then release the lock and close the files."""
        self.devices.close()
        self.journal.close()
        self.cache.close()

    def key_taker(self, cards: Mapping[str, Callable[[], None]]) -> KeyTaker:
        """Return the handler of one terminal's keys; `cards` maps a capital letter to a tap."""
        return KeyTaker(self.till, cards, self.readers.typed)


DeskMaker = Callable[[Sender], ConflictDesk]
"""Makes the conflict desk of a till from what it settles with, once its page is asked for."""


CardDeskMaker = Callable[["CardParts"], CardOffice]
"""Makes what changes customers' cards, once its page is asked for."""


@dataclass(frozen=True, slots=True)
class TillSetup:
    """What a till is built from.

    `path` is the config's file, which is watched for changes; None: it is not. Without `desk_of`
    the till has no page about the conflict desk, without `card_desk_of` none about cards. `runs`
    counts this run, `status_file` and `notify` are where its figures go beside `[metrics]
    textfile`. `texts` are the screen's, for slips; None: they are read where slips are printed.
    `ring` rings the terminal's bell.
    """

    config: Config
    state: Path
    token: str
    path: Path | None = None
    desk_of: DeskMaker | None = None
    card_desk_of: CardDeskMaker | None = None
    runs: Runs | None = None
    status_file: Path | None = None
    notify: Callable[[str], None] = lambda _: None
    texts: "Texts | None" = None
    ring: Callable[[], None] | None = None


def build(setup: TillSetup, opened: OpenJournal, readers: CardReaders) -> TillRuntime:
    """Open the cache and connect every room; `TillRuntime.close` closes the journal, too."""
    fields = frozenset(setup.config.cache.fields)
    cache = CustomerCache(setup.state / CACHE, opened.clock, fields)
    with ExitStack() as undo:
        undo.callback(cache.close)
        runtime = _connect(setup, opened, cache, readers)
        readers.on_message = runtime.sync.give_way
        runtime.devices.listen(runtime.till)
        undo.pop_all()
    return runtime


def _connect(
    setup: TillSetup, opened: OpenJournal, cache: CustomerCache, readers: CardReaders
) -> TillRuntime:
    config, clock, journal = setup.config, opened.clock, opened.journal
    backend_health = BackendHealth(clock)
    api = customers_api(config, setup.token, clock, backend_health)
    devices = _devices(setup, readers)
    till: Till  # what needs it is made before

    def seen(snapshot: Snapshot) -> None:
        cache.store([snapshot])
        till.apply_row(snapshot)

    def take_over(changed_config: Config) -> bool:
        return till.changes.take(goods_of(changed_config), staff_of(changed_config))

    watch = ConfigWatch(setup.path, config, take_over) if setup.path else None
    events = SettlementCallbacks(lambda: till.refresh(), seen, cache.newest_stamp)  # noqa: PLW0108
    strategy = strategy_of(config, journal, api, clock, events)
    rooms = (config, clock, backend_health, api, journal, cache, strategy)
    status = Status(*rooms, config_warnings=watch.warnings if watch else None, devices=devices)
    figures = late_figures(status, readers, lambda: till.times, _runs(setup))
    ports = Ports(
        finder=Lookup(cache, api, cache, strategy.observe),
        journal=devices.observed(journal),
        clock=clock,
        new_id=lambda: secrets.token_hex(8),
        status=status.draw,
        settle=strategy.nudge,
        pin_matches=pin_matches_in_thread,
        past_sales=partial(late_sales_book, journal.queries),
        shifts=late_shift_book(opened, config.till.day_ends_at, configs.time_zone()),
        conflicts=_conflict_desk(setup, journal, api, strategy),
        people=partial(late_people, cache, api, strategy.observe),
        cards=_card_desk(setup, journal, cache, _seen_by(strategy, lambda: till)),
        purchases=partial(last_purchases, journal.queries),
        technician=figures,
        slips=devices.slips,
        report_printer=devices.print_desk,
    )
    till = Till(ports, till_settings(config, strategy.balance), readers.queue)
    till.restore(journal.queries.last_sales(RESTORED_SALES))
    sync = Sync(api, cache, clock=clock, policy=_sync_policy(config), on_snapshots=strategy.observe)
    _at_recovery(backend_health, till.refresh, strategy.returned, sync.returned)
    return TillRuntime(
        till=till,
        journal=journal,
        cache=cache,
        api=api,
        strategy=strategy,
        sync=sync,
        health_check=HealthCheck(backend_health, api.ping, random.random),
        readers=readers,
        clock=clock,
        figures=figures,
        report=_reporter(setup, figures, status),
        config_watch=watch,
        devices=devices,
    )


def _at_recovery(health: BackendHealth, *callbacks: Callable[[], None]) -> None:
    for callback in callbacks:
        health.on_recovery(callback)


def _devices(setup: TillSetup, readers: CardReaders) -> Devices:
    """Return printer and sounds; what the site has not is not imported."""
    return Devices(_print_desk(setup), _sounds(setup, readers))


def _sounds(setup: TillSetup, readers: CardReaders) -> "Sounds | None":
    if setup.config.ui.sound == "off":
        return None
    from taptill.wiring.devices.sounding import sounds_of  # noqa: PLC0415 - see above

    return sounds_of(setup.config, setup.state, setup.ring, readers)


def _print_desk(setup: TillSetup) -> "PrintDesk | None":
    if not setup.config.receipt.printer:
        return None
    from taptill.ui import texts  # noqa: PLC0415 - see above
    from taptill.wiring.devices.printing import print_desk  # noqa: PLC0415

    words = setup.texts or texts.load(setup.config.till.language)
    return print_desk(setup.config, setup.state, words)


def _runs(setup: TillSetup) -> Runs:
    return setup.runs or Runs(setup.state)


def _reporter(
    setup: TillSetup, figures: "Callable[[], FiguresSource]", status: Status
) -> Callable[[], Awaitable[None]]:
    outputs = FleetOutputs(setup.status_file, setup.config.metrics.textfile, setup.notify)
    return late_reporter(figures, outputs, status, setup.state / CACHE)


def _sync_policy(config: Config) -> SyncPolicy:
    times = config.cache
    return SyncPolicy(config.backend.page_size, times.sync_s, times.full_sync_h * HOUR_S)


def _conflict_desk(
    setup: TillSetup, journal: Journal, api: CustomersApi, strategy: Strategy
) -> Callable[[], ConflictDesk] | None:
    if setup.desk_of and isinstance(strategy, Settlement):
        return partial(setup.desk_of, Sender(journal, api, strategy))
    return None


def _seen_by(strategy: Strategy, till: Callable[[], Till]) -> Callable[[Snapshot], Awaitable[None]]:
    """Return what is told of each row that was read for a change of a card."""

    async def seen(snapshot: Snapshot) -> None:
        await strategy.observe([snapshot])
        till().apply_row(snapshot)

    return seen


def _card_desk(
    setup: TillSetup,
    journal: Journal,
    cache: CustomerCache,
    seen: Callable[[Snapshot], Awaitable[None]],
) -> Callable[[], CardOffice] | None:
    """Return what changes customers' cards; None where the config names no office's token."""
    make, config = setup.card_desk_of, setup.config
    if make is None or config.backend.office_token_file is None:
        return None

    def desk() -> CardOffice:
        from taptill.wiring.cards.parts import card_parts  # noqa: PLC0415 - for its page

        return make(card_parts(config, journal.append, cache, seen))

    return desk
