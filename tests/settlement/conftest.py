from collections.abc import Iterator

import pytest
from tests.fakes.clock import FakeClock
from tests.settlement.harness import SettlementHarness
from tests.settlement.schedule_harness import ScheduleHarness


@pytest.fixture
def harness() -> Iterator[SettlementHarness]:
    settlement_harness = SettlementHarness()
    yield settlement_harness
    settlement_harness.close()


@pytest.fixture
def schedule(harness: SettlementHarness) -> ScheduleHarness:
    return ScheduleHarness(FakeClock(), harness)
