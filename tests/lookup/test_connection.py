"""Results of real calls in, a word for the connection out."""

import pytest
from tests.fakes.clock import FakeClock

from taptill.lookup.connection import RECENT, SLOW_S, Connection, Health


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def connection(clock: FakeClock) -> Connection:
    return Connection(clock)


def test_before_the_first_call_nothing_is_known(connection: Connection) -> None:
    assert connection.health == Health(None, None, "", "")
    assert not connection.health.slow


def test_a_good_answer_is_online_with_its_latency(connection: Connection) -> None:
    connection.answered(0.08)
    assert connection.health == Health(up=True, latency_s=0.08, since="", trouble="")


def test_the_first_error_of_a_row_tells_since_when(
    connection: Connection, clock: FakeClock
) -> None:
    connection.answered(0.08)
    since = clock.now()
    connection.failed("backend-unreachable")
    clock.pass_time(60)
    connection.failed("backend-token")
    assert connection.health == Health(
        up=False, latency_s=None, since=since, trouble="backend-token"
    )


def test_an_error_before_any_answer_is_offline_too(
    connection: Connection, clock: FakeClock
) -> None:
    connection.failed("backend-unreachable")
    assert connection.health == Health(
        up=False, latency_s=None, since=clock.now(), trouble="backend-unreachable"
    )


def test_one_good_answer_ends_it(connection: Connection, clock: FakeClock) -> None:
    connection.failed("backend-unreachable")
    connection.answered(0.1)
    assert connection.health == Health(up=True, latency_s=0.1, since="", trouble="")
    clock.pass_time(5)
    connection.failed("backend-unreachable")
    assert connection.health.since == clock.now()


def test_one_slow_call_is_no_slow_backend(connection: Connection) -> None:
    for latency_s in (0.1, 0.1, 9.0, 0.1):
        connection.answered(latency_s)
    assert connection.health.latency_s == 0.1
    assert not connection.health.slow


def test_the_last_few_calls_count(connection: Connection) -> None:
    for _ in range(100):
        connection.answered(0.1)
    for _ in range(RECENT // 2 + 1):
        connection.answered(2 * SLOW_S)
    assert connection.health.slow


def test_a_backend_that_is_down_is_not_slow(connection: Connection) -> None:
    connection.answered(9.0)
    connection.failed("backend-unreachable")
    assert not connection.health.slow


def test_who_wants_to_know_is_told_of_the_first_good_answer_after_an_error(
    connection: Connection,
) -> None:
    told: list[bool | None] = []
    connection.watch(lambda: told.append(connection.health.up))
    connection.answered(0.1)
    connection.failed("backend-unreachable")
    connection.failed("backend-token")
    assert told == []
    connection.answered(0.1)
    connection.answered(0.1)
    assert told == [True]


def test_an_update_that_fails_takes_nobody_offline_and_has_words_of_its_own(
    connection: Connection, clock: FakeClock
) -> None:
    told: list[bool | None] = []
    connection.watch(lambda: told.append(connection.health.up))
    connection.answered(0.1)
    since = clock.now()
    for _ in range(3):
        connection.unsent("backend-unknown")
        wanted = connection.wants_look
        assert connection.health == Health(True, 0.1, "", "", "backend-unknown", since)  # noqa: FBT003
        connection.answered(0.1)
        assert (wanted, connection.wants_look) == (True, False)
        clock.pass_time(60)
    assert told == []  # nobody is sent to try again because a look-up was answered
    connection.sent()
    assert connection.health == Health(up=True, latency_s=0.1, since="", trouble="")


def test_an_update_that_is_answered_brings_nobody_back(connection: Connection) -> None:
    connection.failed("backend-unreachable")
    connection.sent()
    assert connection.health.up is False
    assert connection.wants_look


def test_before_any_trouble_no_look_is_wanted(connection: Connection) -> None:
    before = connection.wants_look
    connection.answered(0.1)
    assert (before, connection.wants_look) == (False, False)
