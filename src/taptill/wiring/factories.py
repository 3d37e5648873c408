"""Functions that build a till's parts and settings from the tables of the config."""

import asyncio
import random
from functools import partial
from pathlib import Path

from taptill.backend.customers import CustomersApi
from taptill.backend.rows import MoneyFormat
from taptill.backend.select import Dialect
from taptill.backend.staff.client import StaffClient
from taptill.backend.transport import ConnectionSettings, Transport
from taptill.checkout.keypad import Keypad
from taptill.checkout.till_state import TillSettings
from taptill.clock import SystemClock
from taptill.config import Config, ReaderConfig, journal_path
from taptill.domain.basket import Good
from taptill.domain.decision import Policy
from taptill.domain.errors import BackendError, ConfigError, CurrencyError
from taptill.domain.pending import PendingBalance
from taptill.journal.journal import Journal
from taptill.journal.queries import known_customers
from taptill.lookup.backend_health import BackendHealth
from taptill.readers.device import ReaderSettings
from taptill.readers.registry import settings_problems
from taptill.settlement.schedule import (
    Settlement,
    SettlementCallbacks,
    SettlePolicy,
)
from taptill.settlement.strategy import OfficeFiles, Strategy
from taptill.wiring.machine import machine

HOUR_S = 3600.0


def journal_of(config: Config, state: Path, clock: SystemClock) -> Journal:
    """Return the journal of a state directory, not opened yet."""
    keeping = config.journal
    path = journal_path(state)
    return Journal(path, clock, min_free_mb=keeping.min_free_mb, mirror=keeping.mirror)


def check_reader(reader: ReaderConfig) -> list[str]:
    """Return what is wrong with a reader of the config, a sentence each."""
    return settings_problems(reader_settings(reader, 1))


def reader_settings(reader: ReaderConfig, number: int) -> ReaderSettings:
    """Return the settings that a reader's driver needs, from its table in the config."""
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
        equal_frames=reader.equal_frames,
        options=reader.options,
    )


def till_settings(config: Config, balance: PendingBalance) -> TillSettings:
    """Return the till's settings from the tables of the config."""
    goods = tuple(Good(good.key, good.name, good.price) for good in config.goods)
    offline = config.offline
    policy = Policy(
        max_charge=config.till.max_charge,
        credit_ceiling=config.limits.credit_ceiling,
        fresh_s=float(config.lookup.fresh_s),
        max_age_s=config.cache.max_age_h * HOUR_S,
        floor_limit=offline.per_charge,
        offline_per_customer=offline.per_customer,
        offline_per_terminal=offline.per_terminal,
        override_max=config.limits.override_max,
    )
    return TillSettings(
        keypad=Keypad(goods, config.till.currency, config.till.implied_decimals),
        policy=policy,
        balance=balance,
        live_deadline_s=config.lookup.live_deadline_ms / 1000,
        void_window_s=float(config.till.void_window_s),
        clear_after_s=float(config.privacy.clear_after_s),
        let_go_after_s=float(config.privacy.let_go_after_s),
    )


def customers_api(
    config: Config, token: str, clock: SystemClock, backend_health: BackendHealth
) -> CustomersApi:
    """Return a client of the Customers API; no request is sent yet."""
    return CustomersApi(_transport(config, token, clock), _dialect(config), backend_health)


async def refuse_misfit(config: Config, token: str, patience_s: float) -> None:
    """Raise CurrencyError where the service says that it cannot keep this till's currency.

    A service that does not answer within `patience_s` is no error: a till sells offline, too.
    """
    clock = SystemClock()
    api = customers_api(config, token, clock, BackendHealth(clock))
    try:
        async with asyncio.timeout(patience_s):
            await api.select.capabilities()
    except CurrencyError:
        raise
    except (BackendError, TimeoutError):
        pass
    finally:
        await api.close()


def office(config: Config, token: str, staff: str | None = None) -> StaffClient:
    """Return a client of the staff functions, which uses the office's token."""
    clock = SystemClock()
    transport = _transport(config, token, clock)
    return StaffClient(transport, _dialect(config, ask_first=True), BackendHealth(clock), staff)


def _transport(config: Config, token: str, clock: SystemClock) -> Transport:
    backend = config.backend
    certificate = None
    if backend.client_cert:  # the key may be in the same file
        certificate = (str(backend.client_cert), str(backend.client_key or backend.client_cert))
    access = ConnectionSettings(
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


def _dialect(config: Config, *, ask_first: bool = False) -> Dialect:
    backend = config.backend
    digits = config.till.currency.digits if backend.money == "major" else 0
    form = MoneyFormat(digits, owed_positive=backend.owed_is == "positive")
    fields, currency = frozenset(backend.fields), config.till.currency
    return Dialect(backend.path_prefix, form, backend.company_id, fields, currency, ask_first)


def refuse_unbuilt(config: Config) -> None:
    """Raise ConfigError for a setting that is not built yet and must not be silently ignored."""
    problems = []
    if config.till.mode != "attended":
        problems.append(f"[till] mode = {config.till.mode!r} is not built yet; use 'attended'")
    if problems:
        raise ConfigError(complaints="\n".join(problems), list=problems)


def unbuilt(config: Config) -> list[str]:
    """Return a warning for each setting of the config that this version ignores."""
    unbuilt_settings = {
        "[cache] fields": set(config.cache.fields) - {"name", "company"},
        "[ui] sound": config.ui.sound != "auto",
        "[[staff]]": config.staff,
        "[receipt] printer": config.receipt.printer,
        "[metrics] textfile": config.metrics.textfile,
    }
    return [f"{key} does nothing yet" for key, value in unbuilt_settings.items() if value]


def identity(config: Config) -> dict[str, str]:
    """Return what the journal's open entries depend on: backend, strategy, money, machine, till."""
    backend = config.backend
    return {
        "backend": f"{backend.base_url}{backend.path_prefix}",
        "strategy": config.settlement.strategy,
        "money": f"{config.till.currency.code}, {backend.money}, {backend.owed_is}",
        "machine": machine(),
        "till": config.till.name,
    }


def strategy_of(
    config: Config,
    journal: Journal,
    api: CustomersApi,
    clock: SystemClock,
    events: SettlementCallbacks,
) -> Strategy:
    """Return the config's settlement strategy, with its way to count what is pending."""
    if config.settlement.strategy == "debt":
        return settlement_of(config, journal, api, clock, events)
    return OfficeFiles()


def settlement_of(
    config: Config,
    journal: Journal,
    api: CustomersApi,
    clock: SystemClock,
    events: SettlementCallbacks,
) -> Settlement:
    """Return the settlement of the strategy `debt`."""
    settling = config.settlement
    policy = SettlePolicy(
        journal_id=journal.journal_id,
        share_debt_data=settling.share_debt_data,
        retry_max_s=float(settling.retry_max_s),
        entry_at_mark=journal.queries.entry_at_mark,
        known_customers=partial(known_customers, journal.queries),
    )
    return Settlement(journal, api, clock, policy, random.random, events)
