from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from tests.fakes.postgres import Cluster, running_cluster
from tests.fakes.service import RunningService, running_service

from taptill.service.database import create_database
from taptill.service.store import Store
from taptill.service.wire import parse

CUSTOMERS = "/core/data/Customers"


class Api:
    """An API client with one token; takes Python values or raw text, returns exact numbers."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False
        )

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        arguments = {"content": body} if isinstance(body, str | bytes) else {"json": body}
        answer = self.http.post(path, **arguments)
        return answer.status_code, parse(answer.content)

    def select(self, **body: Any) -> Any:
        status, rows = self.post(f"{CUSTOMERS}/select", body)
        assert status == 200, rows
        return rows

    def insert(self, **row: Any) -> int:
        status, rows = self.post(f"{CUSTOMERS}/insert", {"fields": [{"name": "N. N.", **row}]})
        assert status == 201, rows
        return int(rows[0]["id"])

    def update(self, row_id: int, body: Any) -> tuple[int, Any]:
        return self.post(f"{CUSTOMERS}/update/{row_id}", body)

    def row(self, row_id: int) -> dict[str, Any]:
        (row,) = self.select(conditions={"filters": [equals("id", row_id)]})
        assert isinstance(row, dict)
        return row


def equals(field: str, value: Any) -> dict[str, Any]:
    return {"field": field, "comparator": "=", "value": value}


def where(*filters: dict[str, Any], operator: str = "and") -> dict[str, Any]:
    return {"operator": operator, "filters": list(filters)}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]


@pytest.fixture(scope="session", params=KINDS)
def new_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Return a function that names a new database, first for SQLite and then for PostgreSQL."""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster.new_database
    return lambda: str(tmp_path_factory.mktemp("service") / "customers.db")


@pytest.fixture(scope="session")
def service(new_place: Callable[[], str]) -> Iterator[RunningService]:
    with running_service(new_place()) as running:
        yield running


@pytest.fixture(scope="session")
def office(service: RunningService) -> Iterator[Api]:
    api = Api(service.url, service.office_token)
    with api.http:
        yield api


@pytest.fixture(scope="session")
def cards(service: RunningService) -> Iterator[Api]:
    api = Api(service.url, service.cards_token)
    with api.http:
        yield api


@pytest.fixture(scope="session")
def till(service: RunningService) -> Iterator[Api]:
    api = Api(service.url, service.token)
    with api.http:
        yield api


@pytest.fixture(scope="session")
def new_card() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"C{next(numbers):09d}"


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(new_place: Callable[[], str], clock: ManualClock) -> Iterator[Store]:
    engine = create_database(new_place())
    yield Store(engine, now=clock)
    engine.dispose()
