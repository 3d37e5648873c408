"""Measures requests and settled charges a second, beside the same requests sent bare."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.benchmarks.books.journal import fill
from tests.benchmarks.figures import Bench, Figure, Goal, at_most
from tests.fakes.service import RunningService, running_service

from taptill.backend.customers import CustomersApi
from taptill.backend.rows import MoneyFormat
from taptill.backend.select import Dialect
from taptill.backend.transport import ConnectionSettings, Reply, Transport
from taptill.clock import SystemClock
from taptill.domain.entry import Draft, EntryKind
from taptill.journal.journal import Journal
from taptill.lookup.backend_health import BackendHealth
from taptill.service.database import open_database
from taptill.service.fields import ENTITIES
from taptill.service.store import Store
from taptill.settlement.schedule import Settlement, SettlementCallbacks, SettlePolicy

PREFIX = "/core/data"
IDENTITY = {"backend": "bench", "strategy": "debt", "machine": "bench"}
CUSTOMERS, CHARGES = 500, 5000
IN_FLIGHT = 4
BEYOND = 1_000_000
"""Customers of the entries that were there before: nobody whom this backlog is about."""


class Counting(Transport):
    """Counts what it sends."""

    def __init__(self, access: ConnectionSettings) -> None:
        super().__init__(access, lambda _: None)
        self.update_answered = 0

    async def send(self, method: str, path: str, body: str | None, *, read: bool) -> Reply:
        self.update_answered += 1
        return await super().send(method, path, body, read=read)


def measure(bench: Bench) -> list[Figure]:
    """Measure how 5,000 offline charges of 500 customers are settled, with two journals."""
    figures = []
    for name, count in (("1,000", 1_000), ("1,000,000", 50_000 if bench.quick else 1_000_000)):
        folder = bench.folder / str(count)
        folder.mkdir(mode=0o700)
        bench.say(f"settling {CHARGES:,} charges beside {name} entries")
        fill(folder / "journal.db", count, first=BEYOND)
        with running_service(folder, sample=False, is_forked=False) as service:
            ids = _customers(service)
            took_s, requests = asyncio.run(_settle(folder / "journal.db", service, ids))
            bare_s = asyncio.run(_bare(service, ids))
        budget = at_most("requests a customer", requests / CUSTOMERS, 2.02)
        remark = f"floor: a select and an update a customer, {IN_FLIGHT} at once"
        figures.append(
            Figure(
                f"settled charges a second, {name} entries",
                "1/s",
                samples=[CHARGES / took_s],
                floor=[CHARGES / bare_s],
                goals=(
                    budget,
                    Goal("times the bare requests", bare_s / took_s, 0.5, at_least=True),
                ),
                remark=f"{requests} requests; {remark}",
            )
        )
    return figures


def _customers(service: RunningService) -> list[int]:
    engine = open_database(service.database)
    rows = [{"name": f"Customer {number}"} for number in range(CUSTOMERS)]
    ids = Store(engine).insert(ENTITIES["Customers"], {"fields": rows})
    engine.dispose()
    return [int(row["id"]) for row in ids]


@contextmanager
def _journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path, SystemClock())
    journal.open(IDENTITY)
    try:
        yield journal
    finally:
        journal.close()


async def _settle(path: Path, service: RunningService, ids: list[int]) -> tuple[float, int]:
    """Return seconds and requests until nothing is open."""
    clock = SystemClock()
    headers = {"Authorization": f"Bearer {service.token}"}
    transport = Counting(ConnectionSettings(service.url, headers))
    api = CustomersApi(transport, Dialect(PREFIX, MoneyFormat(2)), BackendHealth(clock))
    with _journal(path) as journal:
        body = {"currency": "EUR", "offline": True, "initials": "A. B."}
        sales = [
            Draft(
                EntryKind.CHARGE,
                ids[number % CUSTOMERS],
                amount_minor=10,
                body=body,
                charge_id=f"open-{number}",
            )
            for number in range(CHARGES)
        ]
        await journal.append(sales)
        policy = SettlePolicy(journal.journal_id, share_debt_data=False, retry_max_s=60.0)
        quiet = SettlementCallbacks(lambda: None, lambda _: None, lambda _: "")
        settlement = Settlement(
            journal, api, clock=clock, policy=policy, jitter=lambda: 0.0, callbacks=quiet
        )
        began_s = time.perf_counter()
        assert await settlement.settle_open() is None
        took_s = time.perf_counter() - began_s
        assert journal.queries.open_sum()[0] == 0
        await api.close()
    return took_s, transport.update_answered


async def _bare(service: RunningService, ids: list[int]) -> float:
    """Return the seconds that reading and writing each row takes a client without any thought."""
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    queue = iter(ids)
    async with httpx.AsyncClient(
        base_url=service.url, headers=headers, limits=limits, trust_env=False
    ) as client:

        async def worker() -> None:
            for item in queue:
                await _read_and_write(client, item)

        began_s = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
        return time.perf_counter() - began_s


async def _read_and_write(client: httpx.AsyncClient, customer: int) -> None:
    equals: dict[str, Any] = {"comparator": "=", "field": "id", "value": customer}
    fields = {"id": True, "totalDebt": True, "debtData": True, "version": True}
    select = {"fields": fields, "conditions": {"filters": [equals]}}
    answer = await client.post(f"{PREFIX}/Customers/select", content=json.dumps(select))
    row = answer.json()[0]
    condition = {"field": "version", "comparator": "=", "value": row["version"]}
    write = {
        "fields": {"totalDebt": row["totalDebt"] + 1, "debtData": row["debtData"]},
        "conditions": {"filters": [condition]},
    }
    path = f"{PREFIX}/Customers/update/{customer}"
    (await client.post(path, content=json.dumps(write))).raise_for_status()
