from collections.abc import Iterator

import pytest
from tests.fakes.clock import FakeClock
from tests.settlement.bench import Bench
from tests.settlement.stage import Stage


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def stage(bench: Bench) -> Stage:
    return Stage(FakeClock(), bench)
