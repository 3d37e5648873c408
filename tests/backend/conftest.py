import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.fakes.backend import PREFIX, Canned, FakeBackend

from taptill.backend.customers import CustomersApi
from taptill.backend.rows import MoneyFormat
from taptill.backend.select import Dialect, HealthRecorder
from taptill.backend.transport import ConnectionSettings, Transport
from taptill.domain.money import Currency

TOKEN = "s3cret"
READ_TIMEOUT_S = 0.3


class RecordedHealth:
    """Records what the client reported of its calls, and the server's time."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.date_s = math.nan

    def lookup_succeeded(self, latency_s: float) -> None:
        assert latency_s >= 0
        self.results.append("ok")

    def lookup_failed(self, code: str) -> None:
        self.results.append(code)

    def update_answered(self) -> None:
        self.results.append("ok")

    def update_failed(self, code: str) -> None:
        self.results.append(code)

    def dated(self, date_s: float) -> None:
        self.date_s = date_s


def row(customer: int = 7, **fields: Any) -> dict[str, Any]:
    """Return a row as the API sends it."""
    return {
        "id": customer,
        "name": "Ada Byron",
        "cardId": f"04A{customer}",
        "company": {"id": 3, "name": "Engines"},
        "isBlocked": False,
        "isCreditAllowed": True,
        "totalDebt": 10,
        "debtData": None,
        "default": False,
        "updatedAt": "2026-03-02T09:00:00.000Z",
        **fields,
    }


class ClientHarness:
    """A client, and the fake server that it talks to."""

    def __init__(self, backend: FakeBackend, api: CustomersApi, health: RecordedHealth) -> None:
        self.backend = backend
        self.api = api
        self.health = health


Connect = Callable[..., Any]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Return a function that starts a server with these rows and faults, and a client of it."""
    async with AsyncExitStack() as stack:

        async def start(
            *rows_and_faults: dict[str, Any] | str | Canned,
            company_id: int | None = None,
            fields: frozenset[str] = frozenset(),
            currency: Currency | None = None,
            backend_health: HealthRecorder | None = None,
            read_timeout_s: float = READ_TIMEOUT_S,
        ) -> ClientHarness:
            rows = [item for item in rows_and_faults if isinstance(item, dict)]
            faults = [item for item in rows_and_faults if not isinstance(item, dict)]
            backend = await stack.enter_async_context(FakeBackend(rows, *faults))
            health = RecordedHealth()
            access = ConnectionSettings(
                backend.url,
                {"Authorization": f"Bearer {TOKEN}"},
                connect_timeout_s=1,
                read_timeout_s=read_timeout_s,
            )
            transport = Transport(access, health.dated)
            dialect = Dialect(
                PREFIX, MoneyFormat(2), company_id=company_id, fields=fields, currency=currency
            )
            api = CustomersApi(transport, dialect, backend_health or health)
            stack.push_async_callback(api.close)
            return ClientHarness(backend, api, health)

        yield start
