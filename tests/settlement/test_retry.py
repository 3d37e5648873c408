"""Failures and signs of life in, who has to wait how long out."""

import pytest
from tests.fakes.clock import FakeClock
from tests.settlement.harness import ADA, BEN

from taptill.settlement.retry import FUTILE_MAX, RETRY_AFTER_MAX_S, BackoffPolicy, RetrySchedule

LONGEST_S = 60.0


class LoadedDice:
    """Jitter that a test sets; 1 gives the longest wait."""

    def __init__(self) -> None:
        self.shows = 1.0

    def __call__(self) -> float:
        return self.shows


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def dice() -> LoadedDice:
    return LoadedDice()


@pytest.fixture
def waits(clock: FakeClock, dice: LoadedDice) -> RetrySchedule:
    return RetrySchedule(BackoffPolicy(clock.monotonic, dice, LONGEST_S))


def test_at_first_nobody_waits(waits: RetrySchedule) -> None:
    assert waits.remaining_s() <= 0
    assert waits.due([BEN, ADA]) == [BEN, ADA]


def test_an_outage_is_asked_about_ever_more_seldom(waits: RetrySchedule, clock: FakeClock) -> None:
    delays_s = []
    for _ in range(8):
        waits.failed(ADA)
        delays_s.append(waits.remaining_s())
        clock.pass_time(delays_s[-1])
    assert delays_s == [1, 2, 4, 8, 16, 32, LONGEST_S, LONGEST_S]


def test_jitter_takes_up_to_half_of_a_wait_away(waits: RetrySchedule, dice: LoadedDice) -> None:
    dice.shows = 0.0
    waits.failed(ADA)
    assert waits.remaining_s() == 0.5


def test_a_sign_of_life_ends_an_outage_for_all(waits: RetrySchedule) -> None:
    assert not waits.backend_answered()
    waits.failed(ADA)
    waits.failed(BEN)
    assert waits.backend_answered()
    assert waits.remaining_s() <= 0
    assert waits.due([ADA, BEN]) == [ADA, BEN]
    waits.failed(9)
    assert waits.remaining_s() == 1


def test_one_bad_customer_waits_alone(waits: RetrySchedule, clock: FakeClock) -> None:
    """It fails again although the backend has answered others: that is its own trouble."""
    waits.failed(ADA)
    waits.backend_answered()
    for wait_s in (1.0, 2.0, 4.0):
        waits.failed(ADA)
        assert waits.remaining_s() <= 0
        assert waits.due([ADA, BEN]) == [BEN]
        assert waits.next_due_s([ADA]) == wait_s
        clock.pass_time(wait_s)
        assert waits.due([ADA, BEN]) == [ADA, BEN]
        waits.backend_answered()


def test_a_sign_of_life_does_not_shorten_a_customers_own_wait(waits: RetrySchedule) -> None:
    waits.delay(ADA)
    waits.backend_answered()
    assert waits.due([ADA]) == []
    assert len(waits) == 1


def test_who_is_settled_waits_no_more(waits: RetrySchedule) -> None:
    waits.delay(ADA)
    waits.delay(ADA)
    waits.succeeded(ADA)
    assert waits.due([ADA]) == [ADA]
    assert len(waits) == 0
    waits.delay(ADA)
    assert waits.next_due_s([ADA, BEN]) == 0
    assert waits.next_due_s([ADA]) == 1


def test_retry_after_is_obeyed_whatever_answers_meanwhile(
    waits: RetrySchedule, clock: FakeClock
) -> None:
    waits.failed(ADA, 30.0)
    waits.backend_answered()
    waits.succeeded(BEN)
    assert waits.remaining_s() == 30
    clock.pass_time(30)
    assert waits.remaining_s() <= 0


def test_a_retry_after_beyond_an_hour_is_not_believed(waits: RetrySchedule) -> None:
    waits.failed(ADA, 10.0**9)
    assert waits.remaining_s() == RETRY_AFTER_MAX_S


def test_a_denial_is_asked_about_ever_more_seldom_until_something_is_settled(
    waits: RetrySchedule, clock: FakeClock
) -> None:
    delays_s = []
    for _ in range(3):
        waits.retry_after()
        waits.backend_answered()
        delays_s.append(waits.remaining_s())
        clock.pass_time(delays_s[-1])
    waits.succeeded(ADA)
    waits.retry_after()
    assert [*delays_s, waits.remaining_s()] == [1, 2, 4, 1]


def test_a_backend_that_shows_rows_and_fails_all_else_is_asked_ever_more_seldom(
    waits: RetrySchedule, clock: FakeClock
) -> None:
    """Each time another customer fails, and a look-up has answered since."""
    delays_s = []
    for customer in range(FUTILE_MAX + 5):
        waits.failed(customer)
        waits.backend_answered()
        delays_s.append(max(0.0, waits.remaining_s()))
        clock.pass_time(delays_s[-1])
    assert delays_s == [0.0] * (FUTILE_MAX + 1) + [1, 2, 4, 8]
    waits.succeeded(0)
    waits.failed(99)
    waits.backend_answered()
    assert waits.remaining_s() <= 0
