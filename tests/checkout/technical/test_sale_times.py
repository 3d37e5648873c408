"""From a tap to its verdict on the screen, from Enter to the disk."""

from collections.abc import Iterator

import pytest
from tests.fakes.shop import Shop, open_shop

from taptill.checkout.session import Step
from taptill.domain.figures.durations import DurationSummary


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


def paint(shop: Shop) -> None:
    """Let the screen have taken all that the till shows now."""
    shop.till.times.painted(shop.till.prompt_number, shop.clock.monotonic())


def verdicts(shop: Shop) -> DurationSummary:
    return shop.till.times.verdicts.summary()


def test_a_tap_is_measured_once_when_its_verdict_is_painted(shop: Shop) -> None:
    shop.press("420")
    paint(shop)
    assert verdicts(shop).count == 0
    shop.tap("A", ago_s=0.03)
    assert verdicts(shop).count == 0
    paint(shop)
    first = verdicts(shop)
    assert first.count == 1
    assert first.p50_s == pytest.approx(0.031, abs=0.005)
    shop.later(2.0)  # the backend has answered as well
    paint(shop)
    assert verdicts(shop).count == 1


def test_a_picture_from_before_the_verdict_does_not_count(shop: Shop) -> None:
    shop.press("420")
    before = shop.till.prompt_number
    shop.tap("A")
    shop.till.times.painted(before, shop.clock.monotonic())
    assert verdicts(shop).count == 0


def test_a_decline_is_a_verdict(shop: Shop) -> None:
    shop.press("420")
    shop.tap("B")
    assert shop.step() is Step.DECLINED
    paint(shop)
    assert verdicts(shop).count == 1


def test_a_charge_is_measured_from_enter_on(shop: Shop) -> None:
    shop.sell("420", "A")
    confirms = shop.till.times.confirms.summary()
    assert confirms.count == len(shop.charges) == 1
    assert confirms.p50_s is not None
    assert confirms.p50_s < 1.0


def test_what_is_not_charged_is_not_measured(shop: Shop) -> None:
    shop.sell("420", "B")
    assert shop.charges == []
    assert shop.till.times.confirms.summary().count == 0
