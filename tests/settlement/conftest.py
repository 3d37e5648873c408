from collections.abc import Iterator

import pytest
from tests.fakes.clock import FakeClock
from tests.settlement.harness import SettlementHarness
from tests.settlement.schedule_harness import ScheduleHarness


@pytest.fixture
def bench() -> Iterator[SettlementHarness]:
    made = SettlementHarness()
    yield made
    made.close()


@pytest.fixture
def stage(bench: SettlementHarness) -> ScheduleHarness:
    return ScheduleHarness(FakeClock(), bench)
