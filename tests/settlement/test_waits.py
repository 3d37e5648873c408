"""Failures and signs of life in, who has to wait how long out."""

import pytest
from tests.fakes.clock import FakeClock
from tests.settlement.bench import ADA, BEN

from taptill.settlement.waits import IN_VAIN_MAX, RETRY_AFTER_MAX_S, Rhythm, Waits

LONGEST_S = 60.0


class Dice:
    """Jitter that a test sets; 1 gives the longest wait."""

    def __init__(self) -> None:
        self.shows = 1.0

    def __call__(self) -> float:
        return self.shows


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def dice() -> Dice:
    return Dice()


@pytest.fixture
def waits(clock: FakeClock, dice: Dice) -> Waits:
    return Waits(Rhythm(clock.monotonic, dice, LONGEST_S))


def test_at_first_nobody_waits(waits: Waits) -> None:
    assert waits.left_s() <= 0
    assert waits.due([BEN, ADA]) == [BEN, ADA]


def test_an_outage_is_asked_about_ever_more_seldom(waits: Waits, clock: FakeClock) -> None:
    seen = []
    for _ in range(8):
        waits.failed(ADA)
        seen.append(waits.left_s())
        clock.pass_time(seen[-1])
    assert seen == [1, 2, 4, 8, 16, 32, LONGEST_S, LONGEST_S]


def test_jitter_takes_up_to_half_of_a_wait_away(waits: Waits, dice: Dice) -> None:
    dice.shows = 0.0
    waits.failed(ADA)
    assert waits.left_s() == 0.5


def test_a_sign_of_life_ends_an_outage_for_all(waits: Waits) -> None:
    assert not waits.answered()
    waits.failed(ADA)
    waits.failed(BEN)
    assert waits.answered()
    assert waits.left_s() <= 0
    assert waits.due([ADA, BEN]) == [ADA, BEN]
    waits.failed(9)
    assert waits.left_s() == 1


def test_one_bad_customer_waits_alone(waits: Waits, clock: FakeClock) -> None:
    """It fails again although the backend has answered others: that is its own trouble."""
    waits.failed(ADA)
    waits.answered()
    for wait_s in (1.0, 2.0, 4.0):
        waits.failed(ADA)
        assert waits.left_s() <= 0
        assert waits.due([ADA, BEN]) == [BEN]
        assert waits.soonest_s([ADA]) == wait_s
        clock.pass_time(wait_s)
        assert waits.due([ADA, BEN]) == [ADA, BEN]
        waits.answered()


def test_a_sign_of_life_does_not_shorten_a_customers_own_wait(waits: Waits) -> None:
    waits.put_off(ADA)
    waits.answered()
    assert waits.due([ADA]) == []
    assert len(waits) == 1


def test_who_is_settled_waits_no_more(waits: Waits) -> None:
    waits.put_off(ADA)
    waits.put_off(ADA)
    waits.done(ADA)
    assert waits.due([ADA]) == [ADA]
    assert len(waits) == 0
    waits.put_off(ADA)
    assert waits.soonest_s([ADA, BEN]) == 0
    assert waits.soonest_s([ADA]) == 1


def test_retry_after_is_obeyed_whatever_answers_meanwhile(waits: Waits, clock: FakeClock) -> None:
    waits.failed(ADA, 30.0)
    waits.answered()
    waits.done(BEN)
    assert waits.left_s() == 30
    clock.pass_time(30)
    assert waits.left_s() <= 0


def test_a_retry_after_beyond_an_hour_is_not_believed(waits: Waits) -> None:
    waits.failed(ADA, 10.0**9)
    assert waits.left_s() == RETRY_AFTER_MAX_S


def test_a_denial_is_asked_about_ever_more_seldom_until_something_is_settled(
    waits: Waits, clock: FakeClock
) -> None:
    seen = []
    for _ in range(3):
        waits.told()
        waits.answered()
        seen.append(waits.left_s())
        clock.pass_time(seen[-1])
    waits.done(ADA)
    waits.told()
    assert [*seen, waits.left_s()] == [1, 2, 4, 1]


def test_a_backend_that_shows_rows_and_fails_all_else_is_asked_ever_more_seldom(
    waits: Waits, clock: FakeClock
) -> None:
    """Each time another customer fails, and a look-up has answered since."""
    seen = []
    for customer in range(IN_VAIN_MAX + 5):
        waits.failed(customer)
        waits.answered()
        seen.append(max(0.0, waits.left_s()))
        clock.pass_time(seen[-1])
    assert seen == [0.0] * (IN_VAIN_MAX + 1) + [1, 2, 4, 8]
    waits.done(0)
    waits.failed(99)
    waits.answered()
    assert waits.left_s() <= 0
