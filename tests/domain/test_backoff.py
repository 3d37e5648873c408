"""Attempts in, the delays between them out."""

from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.technical.backoff import Backoff


def test_delays_double_up_to_their_bound_and_stay_there() -> None:
    backoff = Backoff.doubling(5.0, 60.0)
    assert [backoff.delay_s(attempt) for attempt in range(7)] == [5, 10, 20, 40, 60, 60, 60]
    assert backoff.delay_s(10**9) == 60


def test_a_bound_below_the_first_delay_leaves_that_alone() -> None:
    assert Backoff.doubling(5.0, 1.0).delays_s == (5.0,)


def test_a_table_of_delays_is_kept_as_it_is() -> None:
    backoff = Backoff((0.5, 1.0, 2.0, 5.0))
    assert [backoff.delay_s(attempt) for attempt in range(5)] == [0.5, 1, 2, 5, 5]


@given(st.integers(0, 100), st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_its_factors(attempt: int, chance: float) -> None:
    backoff = Backoff.doubling(1.0, 60.0, factor_min=0.5, factor_span=0.5)
    whole_s = Backoff.doubling(1.0, 60.0).delay_s(attempt)
    assert whole_s / 2 <= backoff.delay_s(attempt, chance) <= whole_s


def test_a_negative_span_takes_away() -> None:
    backoff = Backoff((2.0,), factor_span=-0.2)
    assert backoff.delay_s(0) == 2.0
    assert backoff.delay_s(0, 0.5) == 2.0 * (1 - 0.2 * 0.5)
    assert backoff.jittered(30.0, 0.5) == 30.0 * (1 - 0.2 * 0.5)
