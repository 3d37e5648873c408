"""Touches of the app: they reach the till as keys of the field that was there."""

from dataclasses import replace

import pytest
from tests.fakes.till import FakeTill
from tests.ui.modes.states import COUNTING, SELF_SERVICE
from tests.ui.states import SETTINGS
from tests.ui.test_app import SIZE, made, painted, until
from tests.ui.touch.test_fields import TOUCH_SCREEN, VIEWS, middle

from taptill.checkout.goods.ring_up import good_key
from taptill.checkout.keys.key import Key, key_at
from taptill.checkout.view import TillView
from taptill.ui.keys.driver import Typed
from taptill.ui.screen_settings import ScreenSettings
from taptill.ui.touch.fields import TOUCH, Control, TouchSettings, touch_layout


class TouchTill(FakeTill):
    """A till that records the names of all keys."""

    def __init__(self, first: TillView) -> None:
        super().__init__(first)
        self.names: list[str] = []

    def take(self, keys: tuple[Key, ...]) -> None:  # type: ignore[override]
        """Record the names."""
        self.names += [key.name for key in keys]

    @property
    def own_names(self) -> list[str]:
        """Return the screen's own keys; a new size has none."""
        return [name for name in self.own_keys if name]


def place_of(
    view: TillView, name: Control | int, first: int = 0, settings: ScreenSettings = TOUCH_SCREEN
) -> tuple[int, int]:
    """Return the middle of a field: of a control, or of the good of a number."""
    layout = touch_layout(view, TouchSettings(settings, SIZE, first))
    assert layout
    fields = (field for field in layout.fields if name in {field.control, field.number})
    return middle(next(fields).area)


async def test_goods_and_controls_are_touched() -> None:
    view = VIEWS["self-ringing"]
    till = TouchTill(view)
    app = made(till, TOUCH_SCREEN)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: any("Coffee" in line for line in painted(app)), pilot)
        await pilot.click(offset=place_of(view, 1))
        await pilot.click(offset=place_of(view, Control.LESS))
        await pilot.click(offset=place_of(view, Control.REMOVE))
        await pilot.click(offset=place_of(view, Control.CLEAR))
        await until(lambda: len(till.names) == 5, pilot)
        assert till.names == [good_key(1), "backspace", "up", "delete", "escape"]


@pytest.mark.parametrize("size", [SIZE, (50, 15)], ids=str)
async def test_the_receipt_is_touched(size: tuple[int, int]) -> None:
    view = VIEWS["self-paid-receipt"]
    till = TouchTill(view)
    app = made(till, TOUCH_SCREEN)
    layout = touch_layout(view, TouchSettings(TOUCH_SCREEN, size))
    assert layout
    [field] = [one for one in layout.fields if one.control is Control.SLIP]
    async with app.run_test(size=size) as pilot:
        await until(lambda: any("F4 receipt" in line for line in painted(app)), pilot)
        await pilot.click(offset=middle(field.area))
        await until(lambda: till.names == ["f4"], pilot)


async def test_other_goods_are_turned_to_and_touched() -> None:
    view = VIEWS["self-ready"]
    till = TouchTill(view)
    app = made(till, TOUCH_SCREEN)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: any("Coffee" in line for line in painted(app)), pilot)
        await pilot.click(offset=place_of(view, Control.GOODS))
        await until(lambda: any("2/3" in line for line in painted(app)), pilot)
        await pilot.click(offset=(5, 3))
        await until(lambda: bool(till.names), pilot)
        assert till.own_names == ["page_down"]
        assert till.names[0] not in {good_key(number) for number in range(1, 10)}
        app.post_message(Typed((key_at("page_up", 0.0),)))
        await until(lambda: any("1/3" in line for line in painted(app)), pilot)


async def test_a_touch_anywhere_stops_a_countdown() -> None:
    till = TouchTill(COUNTING)
    app = made(till, TOUCH_SCREEN)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: any("Ada B." in line for line in painted(app)), pilot)
        await pilot.click(offset=(70, 20))
        await until(lambda: till.names == [TOUCH], pilot)


async def test_a_touch_closes_the_help_and_does_nothing_else() -> None:
    till = TouchTill(VIEWS["self-ready"])
    app = made(till, TOUCH_SCREEN)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f1")
        await pilot.click(offset=(5, 3))
        await until(lambda: any("Coffee" in line for line in painted(app)), pilot)
        assert till.names == []
        assert till.own_names == ["f1", "escape"]


@pytest.mark.parametrize("settings", [SETTINGS, SELF_SERVICE, replace(SETTINGS, touch=True)])
async def test_where_it_is_not_switched_on_a_click_is_nothing(settings: ScreenSettings) -> None:
    till = TouchTill(VIEWS["self-ringing"])
    app = made(till, settings)
    async with app.run_test(size=SIZE) as pilot:
        for at in ((3, 3), (40, 20), (70, 5), (5, 22)):
            await pilot.click(offset=at)
        await pilot.pause()
        assert (till.names, till.own_names) == ([], [])
