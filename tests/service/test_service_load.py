"""Sums stay exact with many clients, and while the service or its database is restarted."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.fakes.postgres import running_cluster
from tests.fakes.service import RunningService, running_service
from tests.service.conftest import Api, equals, where

CLIENTS = 32
pytestmark = pytest.mark.slow


def ledger(office: Api, row_id: int) -> list[dict[str, Any]]:
    """Return all ledger entries of a customer in their order, read page by page."""
    entries: list[dict[str, Any]] = []
    while True:
        body = {
            "fields": {"id": True, "from": True, "to": True},
            "conditions": where(equals("customer", {"id": row_id})),
            "orderBy": [{"field": "id"}],
            "limit": 1000,
            "offset": len(entries),
        }
        status, rows = office.post("/core/data/CustomerDebtChanges/select", body)
        assert status == 200
        entries += rows
        if not rows:
            return entries


def check_books(office: Api, row_id: int, total_debt: Decimal) -> None:
    """Assert that the total is as expected, and that the ledger leads to it without a gap."""
    assert office.row(row_id)["totalDebt"] == total_debt
    total = Decimal(0)
    for change in ledger(office, row_id):
        assert change["from"] == total
        total = change["to"]
    assert total == total_debt


@dataclass
class Client:
    """A client that changes balances and counts what the service confirmed."""

    service: RunningService
    seed: int
    confirmed_cents: Counter[int] = field(default_factory=Counter)
    unconfirmed_cents: Counter[int] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.office = Api(self.service.url, self.service.office_token)
        self.till = Api(self.service.url, self.service.token)

    def increment(self, row_id: int) -> None:
        cents = self.dice.randrange(-500, 500)
        body = {"fields": {"totalDebt": {"increment": cents / 100}}}
        self._note(row_id, cents, self.office.update(row_id, body)[0])

    def sell(self, row_id: int) -> None:
        """Read and write under a condition until it is met, as a till does."""
        cents = self.dice.randrange(1, 500)
        status = 409
        while status == 409:
            row = self.till.row(row_id)
            body = {
                "fields": {"totalDebt": float(row["totalDebt"] + Decimal(cents).scaleb(-2))},
                "conditions": where(equals("version", row["version"])),
            }
            status = self.till.update(row_id, body)[0]
            self._note(row_id, cents, status)

    def increment_until(self, row_id: int, stop: threading.Event) -> None:
        """Add a cent again and again, also while the service is down."""
        while not stop.is_set():
            body = {"fields": {"totalDebt": {"increment": 0.01}}}
            try:
                self._note(row_id, 1, self.office.update(row_id, body)[0])
            except httpx.ConnectError:
                stop.wait(0.05)  # never sent; the machine is for the one who starts
            except httpx.TransportError:
                self.unconfirmed_cents[row_id] += 1

    def _note(self, row_id: int, cents: int, status: int) -> None:
        self.statuses[status] += 1
        if status == 200:
            self.confirmed_cents[row_id] += cents
        elif status >= 500:
            self.unconfirmed_cents[row_id] += 1

    def close(self) -> None:
        self.office.http.close()
        self.till.http.close()


@pytest.fixture
def clients(service: RunningService) -> Iterator[list[Client]]:
    clients_ = [Client(service, seed) for seed in range(CLIENTS)]
    yield clients_
    for client in clients_:
        client.close()


def test_32_clients_on_the_same_rows_lose_nothing_and_see_no_fault(
    office: Api, clients: list[Client]
) -> None:
    row_ids = [office.insert() for _ in range(3)]

    def work(client: Client) -> None:
        for turn in range(10):
            act = client.sell if (turn + client.seed) % 2 else client.increment
            act(client.dice.choice(row_ids))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, clients))
    statuses = sum((client.statuses for client in clients), Counter[int]())
    assert set(statuses) == {200, 409}
    assert statuses[200] == CLIENTS * 10
    for row_id in row_ids:
        cents = sum(client.confirmed_cents[row_id] for client in clients)
        check_books(office, row_id, Decimal(cents).scaleb(-2))


def hammer(running: RunningService, disturb: Callable[[], None], rounds: int) -> None:
    """Add cents from 8 clients during disturbances; no confirmed one may be lost."""
    office = Api(running.url, running.office_token)
    row_id = office.insert()
    clients_ = [Client(running, seed) for seed in range(8)]
    stop = threading.Event()
    with ThreadPoolExecutor(len(clients_)) as pool:
        work = [pool.submit(client.increment_until, row_id, stop) for client in clients_]
        try:
            for _ in range(rounds):
                before = sum(client.confirmed_cents[row_id] for client in clients_)
                while sum(client.confirmed_cents[row_id] for client in clients_) < before + 50:
                    assert not any(future.done() for future in work)
                    stop.wait(0.005)
                disturb()
        finally:
            stop.set()
        for future in work:
            future.result()
    confirmed_cents = sum(client.confirmed_cents[row_id] for client in clients_)
    unconfirmed_cents = sum(client.unconfirmed_cents[row_id] for client in clients_)
    total = office.row(row_id)["totalDebt"] * 100
    assert confirmed_cents <= total <= confirmed_cents + unconfirmed_cents
    check_books(office, row_id, total / 100)
    for client in clients_:
        client.close()
    office.http.close()


def test_a_service_killed_under_load_has_lost_no_answered_write(
    new_place: Callable[[], str],
) -> None:
    with running_service(new_place(), sample=False) as running:

        def kill_and_start() -> None:
            running.kill()
            running.start_again()

        hammer(running, kill_and_start, rounds=2)


def test_a_postgresql_restarted_under_load_has_lost_nothing_and_the_service_goes_on() -> None:
    with (
        running_cluster() as cluster,
        running_service(cluster.new_database(), sample=False) as running,
    ):

        def restart() -> None:
            cluster.stop()
            cluster.start()

        hammer(running, restart, rounds=2)
        assert running.child is not None
        assert running.child.poll() is None
