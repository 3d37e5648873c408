from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import FakeClock

from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.decision import Found, LookupResult
from taptill.domain.mark import read_marks
from taptill.lookup.sync import Page

ADA = CardId("04A7")
FIELDS = frozenset({"name", "company"})


def snapshot(
    customer: int = 7,
    *,
    total: str = "1000",
    at: int = 1,
    card: str = "",
    debt_data: Any = None,
    updated_at: str | None = None,
) -> Snapshot:
    """Return a snapshot; `at` counts its versions, as `updatedAt` does."""
    person = Customer(
        customer,
        "Ada Byron",
        "Engines",
        CardId(card or f"04A{customer}"),
        blocked=False,
        credit_allowed=True,
        is_default=False,
    )
    stamp = f"2026-03-02T08:{at // 60:02d}:{at % 60:02d}.000Z" if updated_at is None else updated_at
    return Snapshot(
        person, Decimal(total), updated_at=stamp, version=at, marks=read_marks(debt_data)
    )


def page(*snapshots: Snapshot) -> Page:
    return Page(tuple(snapshot.customer.id for snapshot in snapshots), snapshots)


async def known(cache: CustomerCache, card: str = ADA) -> Found:
    finding = await cache.find(CardId(card))
    assert isinstance(finding, Found), finding
    return finding


def look_up(cache: CustomerCache, card: str) -> LookupResult:
    """Run a look-up without an event loop, as it never waits."""
    looking = cache.find(CardId(card))
    try:
        looking.send(None)
    except StopIteration as end:
        finding: LookupResult = end.value
        return finding
    raise AssertionError("a cache that waits")


def found(cache: CustomerCache) -> Snapshot:
    finding = look_up(cache, ADA)
    assert isinstance(finding, Found), finding
    return finding.snapshot


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def cache(path: Path, clock: FakeClock) -> Iterator[CustomerCache]:
    customer_cache = CustomerCache(path, clock, FIELDS)
    yield customer_cache
    customer_cache.close()
