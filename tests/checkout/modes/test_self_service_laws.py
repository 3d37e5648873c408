"""Whatever is read in any order, nothing is charged without a countdown that ran out."""

import random
from collections import Counter

import pytest
from tests.checkout.keys.test_any_keys import BURSTS, SHARDS
from tests.checkout.modes.kiosk import KIOSK, STAFFED, Kiosk, open_kiosk
from tests.domain.samples import POLICY
from tests.fakes.shop import TOTALS

from taptill.checkout.session import Step
from taptill.domain.entry import EntryKind
from taptill.domain.tap import ReaderState

SEQUENCES = 4_000
PER_SHOP = 100
STEPS = 14
GAPS_S = (0.0, 0.01, 0.04, 0.12, 0.3, 0.9, 1.05, 2.5, 5.5, 5.5, 5.5, 12.0)
ACTS = (
    *("pick", "pick", "pick", "pick", "pick"),
    *("type", "tap", "tap", "halt", "stall", "resize", "burst", "scan", "blind", "sees", "sees"),
    *("gone", "back", "back", "disk", "mended", "mended", "net"),
)


def act(kiosk: Kiosk, dice: random.Random, action: str) -> None:  # noqa: C901 - a table
    """Perform one action."""
    shop = kiosk.shop
    match action:
        case "pick":
            kiosk.keys(dice.choice(("c", "w", "cw", "/3", "3c")), 0.05)
            kiosk.tap(dice.choice("AAAABCDX"))
        case "type":
            kiosk.type(dice.choice(SHARDS))
        case "tap":
            kiosk.tap(dice.choice("AABCDX"))
        case "halt":
            kiosk.halt(dice.choice((0.2, 0.5, 1.0, 3.0)))
        case "stall":
            kiosk.stall(dice.uniform(0.25, 3.0), dice.choice(SHARDS))
        case "resize":
            kiosk.resize()
        case "burst":
            kiosk.keys(dice.choice(BURSTS), dice.choice((0.0, 0.008, 0.03)))
        case "scan":
            kiosk.scan(dice.choice(("4006381333931", "1", "")))
        case "blind" | "sees":
            kiosk.is_blind = action == "blind"
        case "gone" | "back":
            kiosk.reader(ReaderState.LOST if action == "gone" else ReaderState.OK)
        case "disk" | "mended":
            shop.books.full = "full" if action == "disk" else ""
            shop.books.takes_s = dice.choice((0.0, 0.0, 0.5, 3.0))
        case _:
            shop.finder.offline = dice.choice((True, False))
            shop.finder.takes_s = dice.choice((0.0, 0.5, 3.0))


@pytest.mark.parametrize(
    "first",
    [
        0,
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in range(PER_SHOP, SEQUENCES, PER_SHOP)
        ),
    ],
)
def test_no_charge_without_a_countdown_that_ran_out_and_no_dead_end(first: int) -> None:
    """`open_kiosk` holds every charge against what was painted; enough of them must be made."""
    counts: Counter[str] = Counter()
    for seed in range(first, first + PER_SHOP):
        dice = random.Random(seed)
        with open_kiosk(STAFFED if seed % 3 == 0 else KIOSK) as kiosk:
            for _ in range(STEPS):
                act(kiosk, dice, dice.choice(ACTS))
                kiosk.wait(dice.choice(GAPS_S))
            assert kiosk.wrong == [], f"seed {seed}"
            act(kiosk, dice, "sees")
            kiosk.shop.books.full, kiosk.shop.books.takes_s = "", 0.0
            kiosk.wait(150.0)
            view = kiosk.shop.view
            assert (view.step, view.page) == (Step.READY, None), f"seed {seed}"
            assert not view.basket.lines, f"seed {seed}"
            assert not view.customer, f"seed {seed}"
            charges = kiosk.shop.books.of_kind(EntryKind.CHARGE)
            assert len(charges) <= kiosk.begun, f"seed {seed}"
            assert all(entry.body["self_service"] for entry in charges), f"seed {seed}"
            spends = [kiosk.shop.books.offline_exposure(one.id, 0) for one in TOTALS]
            assert all(spend.customer <= POLICY.offline_per_customer for spend in spends)
            counts["charged"] += len(charges)
    assert counts["charged"] > PER_SHOP / 5


def test_a_charge_too_early_would_be_noticed() -> None:
    """The law is looked at: a till that does not wait for its countdown breaks it."""
    with open_kiosk() as kiosk:
        kiosk.pick_and_tap()
        kiosk.wait(2.0)
        till = kiosk.shop.till
        kiosk.shop.at_once(till._charging.confirm_by_countdown, till.refresh)
        assert kiosk.wrong != []
        kiosk.wrong.clear()
