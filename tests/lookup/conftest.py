from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.customer_cache.conftest import FIELDS, snapshot
from tests.fakes.clock import FakeClock
from tests.lookup.sync_harness import Server, SyncHarness

from taptill.customer_cache.cache import CustomerCache


@pytest.fixture
def harness() -> Iterator[SyncHarness]:
    clock = FakeClock()
    cache = CustomerCache(Path(":memory:"), clock, FIELDS)
    yield SyncHarness(clock, cache, Server(clock, *(snapshot(n, at=n) for n in range(1, 9))))
    cache.close()
