"""Percentiles of the newest, a histogram of all."""

from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.figures.durations import BOUNDS_S, RECENT, Durations, DurationSummary

SECONDS = st.floats(0, 20, allow_nan=False)


def measured(*seconds: float) -> DurationSummary:
    durations = Durations()
    for one in seconds:
        durations.record(one)
    return durations.summary()


def test_nothing_is_known_before_the_first_one() -> None:
    assert measured() == DurationSummary()
    assert measured().p99_s is None


def test_percentiles_are_values_that_were_measured() -> None:
    hundred = measured(*(number / 100 for number in range(1, 101)))
    assert (hundred.p50_s, hundred.p95_s, hundred.p99_s) == (0.5, 0.95, 0.99)
    assert measured(0.3).p99_s == measured(0.3).p50_s == 0.3


def test_an_old_one_is_forgotten_by_the_percentiles_and_kept_by_the_histogram() -> None:
    summary = measured(9.0, *[0.001] * RECENT)
    assert summary.p99_s == 0.001
    assert (summary.count, summary.recent) == (RECENT + 1, RECENT)
    assert summary.classes[-1] == 1
    assert summary.recent_classes[-1] == 0


def test_a_clock_that_goes_back_counts_as_at_once() -> None:
    assert measured(-3.0).p50_s == 0.0


def test_a_bound_belongs_to_its_class() -> None:
    for at, bound_s in enumerate(BOUNDS_S):
        assert measured(bound_s).classes[at] == 1


@given(st.lists(SECONDS, max_size=60))
def test_every_one_is_counted_once_and_percentiles_ascend(seconds: list[float]) -> None:
    summary = measured(*seconds)
    assert summary.count == summary.recent == len(seconds)
    assert abs(summary.sum_s - sum(seconds)) < 1e-6
    if seconds:
        assert summary.p50_s is not None
        assert summary.p95_s is not None
        assert summary.p99_s is not None
        assert min(seconds) <= summary.p50_s <= summary.p95_s <= summary.p99_s <= max(seconds)
