"""Clients of the Customers API, from the tables of the config."""

import asyncio
from collections.abc import Mapping
from typing import Any

from taptill.backend.customers import CustomersApi
from taptill.backend.rows import MoneyFormat
from taptill.backend.select import Dialect
from taptill.backend.staff.client import STAFF_FIELDS, StaffClient
from taptill.backend.transport import ConnectionSettings, Transport
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.errors import BackendError, CurrencyError
from taptill.lookup.backend_health import BackendHealth


def customers_api(
    config: Config, token: str, clock: SystemClock, backend_health: BackendHealth
) -> CustomersApi:
    """Return a client of the Customers API; no request is sent yet."""
    return CustomersApi(_transport(config, token, clock), _dialect(config), backend_health)


async def refuse_misfit(api: CustomersApi, patience_s: float) -> None:
    """Raise CurrencyError where the service says that it cannot keep this till's currency.

    A service that does not answer within `patience_s` is no error: a till sells offline, too.
    """
    try:
        async with asyncio.timeout(patience_s):
            await api.select.capabilities()
    except CurrencyError:
        raise
    except (BackendError, TimeoutError):
        pass


async def ask_for_misfit(config: Config, token: str, patience_s: float) -> None:
    """Do the same for a command, which has no client of its own."""
    clock = SystemClock()
    api = customers_api(config, token, clock, BackendHealth(clock))
    try:
        await refuse_misfit(api, patience_s)
    finally:
        await api.close()


def office(
    config: Config,
    token: str,
    staff: str | None = None,
    more_fields: Mapping[str, Any] = STAFF_FIELDS,
) -> StaffClient:
    """Return a client of the staff functions, which uses the office's token."""
    clock = SystemClock()
    transport = _transport(config, token, clock)
    dialect, health = _dialect(config, ask_first=True), BackendHealth(clock)
    return StaffClient(transport, dialect, health, staff, more_fields=more_fields)


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
    return Dialect(
        backend.path_prefix,
        form,
        company_id=backend.company_id,
        fields=fields,
        currency=currency,
        ask_first=ask_first,
    )
