"""Wherever a finger goes: nothing is charged without a countdown that ran out, and no dead end."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from tests.checkout.modes import test_self_service_laws as keyed
from tests.checkout.modes.kiosk import KIOSK, STAFFED, Kiosk, open_kiosk
from tests.ui.modes.states import SELF_SERVICE

from taptill.checkout.keys.key import key_at
from taptill.checkout.session import Step
from taptill.domain.entry import EntryKind
from taptill.ui.touch.fields import Control, TouchSettings, keys_of_touch, touch_layout

SCREEN = replace(SELF_SERVICE, touch=True)
SIZES = ((80, 24), (50, 15), (80, 20), (120, 33))
ACTS = (*("good",) * 8, *("finger",) * 6, *("control",) * 4, *("tap",) * 6, *keyed.ACTS)
PER_SHOP = 60


def touch(kiosk: Kiosk, size: tuple[int, int], at: tuple[int, int]) -> None:
    """Touch a cell; keys of the screen's own are nothing to the till."""
    shown = TouchSettings(SCREEN, size)
    names = keys_of_touch(kiosk.shop.view, shown, at)
    press(kiosk, *(name for name in names if name != "page_down"))


def press(kiosk: Kiosk, *names: str) -> None:
    """Let the screen pass keys on."""
    now_s = kiosk.shop.clock.monotonic()
    if names:
        kiosk.shop.do(kiosk._take, [key_at(name, now_s) for name in names])


def act(kiosk: Kiosk, dice: random.Random, action: str, size: tuple[int, int]) -> None:
    """Perform one action."""
    layout = touch_layout(kiosk.shop.view, TouchSettings(SCREEN, size))
    fields = layout.fields if layout else ()
    match action:
        case "finger":
            touch(kiosk, size, (dice.randrange(size[0]), dice.randrange(size[1])))
        case "good" | "control":
            wanted = [field for field in fields if bool(field.good) is (action == "good")]
            if wanted:
                area = dice.choice(wanted).area
                touch(kiosk, size, (area.x, area.y))
        case _:
            keyed.act(kiosk, dice, action)


@pytest.mark.parametrize(
    "first",
    [0, *(pytest.param(one, marks=pytest.mark.slow) for one in range(PER_SHOP, 1800, PER_SHOP))],
)
def test_no_charge_without_a_countdown_that_ran_out_and_no_dead_end(first: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + PER_SHOP):
        dice = random.Random(seed)
        size = dice.choice(SIZES)
        with open_kiosk(STAFFED if seed % 3 == 0 else KIOSK) as kiosk:
            for _ in range(keyed.STEPS):
                act(kiosk, dice, dice.choice(ACTS), size)
                kiosk.wait(dice.choice(keyed.GAPS_S))
            assert kiosk.wrong == [], f"seed {seed}"
            keyed.act(kiosk, dice, "sees")
            kiosk.shop.books.full, kiosk.shop.books.takes_s = "", 0.0
            kiosk.wait(150.0)
            view = kiosk.shop.view
            assert (view.step, view.page, view.basket.lines) == (Step.READY, None, ())
            counts["charged"] += len(kiosk.shop.books.of_kind(EntryKind.CHARGE))
    assert counts["charged"] > PER_SHOP / 20


def test_goods_are_touched_changed_and_taken_away() -> None:
    with open_kiosk() as kiosk:

        def use(name: Control | int) -> list[tuple[str, int]]:
            layout = touch_layout(kiosk.shop.view, TouchSettings(SCREEN, (80, 24)))
            assert layout
            field = next(one for one in layout.fields if name in {one.control, one.number})
            touch(kiosk, (80, 24), (field.area.x, field.area.y))
            kiosk.wait(0.3)
            return [(line.name, line.quantity) for line in kiosk.shop.view.basket.lines]

        assert use(1) == [("Coffee", 1)]
        assert use(1) == [("Coffee", 2)]
        assert use(3) == [("Coffee", 2), ("Cola", 1)]
        assert use(Control.MORE) == [("Coffee", 2), ("Cola", 2)]
        assert use(Control.LESS) == [("Coffee", 2), ("Cola", 1)]
        assert use(Control.CHOOSE)
        assert use(Control.CHOOSE)
        assert use(Control.MORE) == [("Coffee", 3), ("Cola", 1)]
        assert use(Control.REMOVE) == [("Cola", 1)]
        assert use(Control.CLEAR) == []
        assert use(2) == [("Water", 1)]
        assert use(Control.REMOVE) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_who_has_paid_touches_one_receipt(size: tuple[int, int]) -> None:
    with open_kiosk() as kiosk:
        kiosk.pick_and_tap()
        kiosk.wait(8.0)
        assert kiosk.shop.step() is Step.PAID
        layout = touch_layout(kiosk.shop.view, TouchSettings(SCREEN, size))
        assert layout
        [area] = [one.area for one in layout.fields if one.control is Control.SLIP]
        for _ in range(3):
            touch(kiosk, size, (area.x + 1, area.y + 1))
            kiosk.wait(0.5)
        assert len(kiosk.shop.slip_desk.asked) == 1
        assert len(kiosk.shop.charges) == 1


def test_quick_touches_are_no_machines_line() -> None:
    with open_kiosk() as kiosk:
        for _ in range(9):
            press(kiosk, "good 1")
            kiosk.wait(0.06)
        kiosk.wait(0.3)
        assert [line.quantity for line in kiosk.shop.view.basket.lines] == [9]


def test_a_touch_stops_a_countdown_and_keeps_the_basket() -> None:
    with open_kiosk() as kiosk:
        kiosk.pick_and_tap()
        kiosk.wait(2.0)
        touch(kiosk, (80, 24), (40, 12))
        kiosk.wait(10.0)
        assert kiosk.shop.charges == []
        assert [line.name for line in kiosk.shop.view.basket.lines] == ["Coffee"]
