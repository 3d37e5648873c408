"""Seeds in, days with every fault of 3.8 out: after each of them the books are right."""

import pytest
from tests.simulation.plan import KINS, MIXES, Plan, live

SEEDS = 2000
SEEDS_AT_ONCE = len(KINS) * len(MIXES)  # each kind of backend with each mix of faults, once


def test_every_kind_of_backend_and_of_fault_leaves_the_books_right() -> None:
    for seed in range(SEEDS_AT_ONCE):
        live(Plan.of(seed))


@pytest.mark.slow
def test_thousands_of_days_leave_the_books_right() -> None:
    for seed in range(SEEDS_AT_ONCE, SEEDS):
        live(Plan.of(seed))
