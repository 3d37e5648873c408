"""Results of real calls in, a word for the connection out."""

import pytest
from tests.fakes.clock import FakeClock

from taptill.lookup.backend_health import RECENT, SLOW_S, BackendHealth, HealthReport


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def connection(clock: FakeClock) -> BackendHealth:
    return BackendHealth(clock)


def test_before_the_first_call_nothing_is_known(connection: BackendHealth) -> None:
    assert connection.health == HealthReport(None, None, "", "")
    assert not connection.health.slow


def test_a_good_answer_is_online_with_its_latency(connection: BackendHealth) -> None:
    connection.lookup_succeeded(0.08)
    assert connection.health == HealthReport(online=True, latency_s=0.08, since="", error_code="")


def test_the_first_error_of_a_row_tells_since_when(
    connection: BackendHealth, clock: FakeClock
) -> None:
    connection.lookup_succeeded(0.08)
    since = clock.now()
    connection.lookup_failed("backend-unreachable")
    clock.pass_time(60)
    connection.lookup_failed("backend-token")
    assert connection.health == HealthReport(
        online=False, latency_s=None, since=since, error_code="backend-token"
    )


def test_an_error_before_any_answer_is_offline_too(
    connection: BackendHealth, clock: FakeClock
) -> None:
    connection.lookup_failed("backend-unreachable")
    assert connection.health == HealthReport(
        online=False, latency_s=None, since=clock.now(), error_code="backend-unreachable"
    )


def test_one_good_answer_ends_it(connection: BackendHealth, clock: FakeClock) -> None:
    connection.lookup_failed("backend-unreachable")
    connection.lookup_succeeded(0.1)
    assert connection.health == HealthReport(online=True, latency_s=0.1, since="", error_code="")
    clock.pass_time(5)
    connection.lookup_failed("backend-unreachable")
    assert connection.health.since == clock.now()


def test_one_slow_call_is_no_slow_backend(connection: BackendHealth) -> None:
    for latency_s in (0.1, 0.1, 9.0, 0.1):
        connection.lookup_succeeded(latency_s)
    assert connection.health.latency_s == 0.1
    assert not connection.health.slow


def test_the_last_few_calls_count(connection: BackendHealth) -> None:
    for _ in range(100):
        connection.lookup_succeeded(0.1)
    for _ in range(RECENT // 2 + 1):
        connection.lookup_succeeded(2 * SLOW_S)
    assert connection.health.slow


def test_a_backend_that_is_down_is_not_slow(connection: BackendHealth) -> None:
    connection.lookup_succeeded(9.0)
    connection.lookup_failed("backend-unreachable")
    assert not connection.health.slow


def test_who_wants_to_know_is_told_of_the_first_good_answer_after_an_error(
    connection: BackendHealth,
) -> None:
    told: list[bool | None] = []
    connection.on_recovery(lambda: told.append(connection.health.online))
    connection.lookup_succeeded(0.1)
    connection.lookup_failed("backend-unreachable")
    connection.lookup_failed("backend-token")
    assert told == []
    connection.lookup_succeeded(0.1)
    connection.lookup_succeeded(0.1)
    assert told == [True]


def test_an_update_that_fails_takes_nobody_offline_and_has_words_of_its_own(
    connection: BackendHealth, clock: FakeClock
) -> None:
    told: list[bool | None] = []
    connection.on_recovery(lambda: told.append(connection.health.online))
    connection.lookup_succeeded(0.1)
    since = clock.now()
    for _ in range(3):
        connection.update_failed("backend-unknown")
        wanted = connection.needs_check
        assert connection.health == HealthReport(True, 0.1, "", "", "backend-unknown", since)  # noqa: FBT003
        connection.lookup_succeeded(0.1)
        assert (wanted, connection.needs_check) == (True, False)
        clock.pass_time(60)
    assert told == []  # nobody is sent to try again because a look-up was answered
    connection.update_answered()
    assert connection.health == HealthReport(online=True, latency_s=0.1, since="", error_code="")


def test_an_update_that_is_answered_brings_nobody_back(connection: BackendHealth) -> None:
    connection.lookup_failed("backend-unreachable")
    connection.update_answered()
    assert connection.health.online is False
    assert connection.needs_check


def test_before_any_trouble_no_look_is_wanted(connection: BackendHealth) -> None:
    before = connection.needs_check
    connection.lookup_succeeded(0.1)
    assert (before, connection.needs_check) == (False, False)
