"""The health of the backend by the results of calls."""

import pytest
from tests.fakes.clock import FakeClock

from taptill.lookup.backend_health import RECENT, SLOW_S, BackendHealth, HealthReport


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def health(clock: FakeClock) -> BackendHealth:
    return BackendHealth(clock)


def test_before_the_first_call_nothing_is_known(health: BackendHealth) -> None:
    assert health.health == HealthReport(None, None, "", "")
    assert not health.health.slow


def test_a_good_answer_is_online_with_its_latency(health: BackendHealth) -> None:
    health.lookup_succeeded(0.08)
    assert health.health == HealthReport(online=True, latency_s=0.08, since="", error_code="")


def test_the_first_error_of_a_row_tells_since_when(health: BackendHealth, clock: FakeClock) -> None:
    health.lookup_succeeded(0.08)
    since = clock.now()
    health.lookup_failed("backend-unreachable")
    clock.pass_time(60)
    health.lookup_failed("backend-token")
    assert health.health == HealthReport(
        online=False, latency_s=None, since=since, error_code="backend-token"
    )


def test_an_error_before_any_answer_is_offline_too(health: BackendHealth, clock: FakeClock) -> None:
    health.lookup_failed("backend-unreachable")
    assert health.health == HealthReport(
        online=False, latency_s=None, since=clock.now(), error_code="backend-unreachable"
    )


def test_one_good_answer_ends_it(health: BackendHealth, clock: FakeClock) -> None:
    health.lookup_failed("backend-unreachable")
    health.lookup_succeeded(0.1)
    assert health.health == HealthReport(online=True, latency_s=0.1, since="", error_code="")
    clock.pass_time(5)
    health.lookup_failed("backend-unreachable")
    assert health.health.since == clock.now()


def test_one_slow_call_is_no_slow_backend(health: BackendHealth) -> None:
    for latency_s in (0.1, 0.1, 9.0, 0.1):
        health.lookup_succeeded(latency_s)
    assert health.health.latency_s == 0.1
    assert not health.health.slow


def test_the_last_few_calls_count(health: BackendHealth) -> None:
    for _ in range(100):
        health.lookup_succeeded(0.1)
    for _ in range(RECENT // 2 + 1):
        health.lookup_succeeded(2 * SLOW_S)
    assert health.health.slow


def test_a_backend_that_is_down_is_not_slow(health: BackendHealth) -> None:
    health.lookup_succeeded(9.0)
    health.lookup_failed("backend-unreachable")
    assert not health.health.slow


def test_who_wants_to_know_is_told_of_the_first_good_answer_after_an_error(
    health: BackendHealth,
) -> None:
    calls: list[bool | None] = []
    health.on_recovery(lambda: calls.append(health.health.online))
    health.lookup_succeeded(0.1)
    health.lookup_failed("backend-unreachable")
    health.lookup_failed("backend-token")
    assert calls == []
    health.lookup_succeeded(0.1)
    health.lookup_succeeded(0.1)
    assert calls == [True]


def test_an_update_that_fails_takes_nobody_offline_and_has_words_of_its_own(
    health: BackendHealth, clock: FakeClock
) -> None:
    calls: list[bool | None] = []
    health.on_recovery(lambda: calls.append(health.health.online))
    health.lookup_succeeded(0.1)
    since = clock.now()
    for _ in range(3):
        health.update_failed("backend-unknown")
        needs_check = health.needs_check
        assert health.health == HealthReport(
            online=True,
            latency_s=0.1,
            since="",
            error_code="",
            update_error="backend-unknown",
            update_error_since=since,
        )
        health.lookup_succeeded(0.1)
        assert (needs_check, health.needs_check) == (True, False)
        clock.pass_time(60)
    assert calls == []  # a look-up that succeeds does not wake settlement
    health.update_answered()
    assert health.health == HealthReport(online=True, latency_s=0.1, since="", error_code="")


def test_an_update_that_is_answered_brings_nobody_back(health: BackendHealth) -> None:
    health.lookup_failed("backend-unreachable")
    health.update_answered()
    assert health.health.online is False
    assert health.needs_check


def test_before_any_trouble_no_look_is_wanted(health: BackendHealth) -> None:
    before = health.needs_check
    health.lookup_succeeded(0.1)
    assert (before, health.needs_check) == (False, False)
