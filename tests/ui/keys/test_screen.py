"""What the screen reports to the till: what is painted, what is not, and its own faults."""

import logging
from dataclasses import replace

import pytest
from tests.fakes.till import FakeTill
from tests.ui.states import CONFIRM, READY, SETTINGS
from tests.ui.test_app import SIZE, expected, made, painted, until

from taptill.checkout.keys.key import NO_KEY, Key
from taptill.checkout.session import Step
from taptill.ui.app import TillApp
from taptill.ui.keys.driver import PictureLost, TerminalGone, Typed
from taptill.ui.layout import HEIGHT_MIN, WIDTH_MIN
from taptill.ui.modes.help import Overlay


def key(name: str) -> Key:
    return Key(name, 1.0, 1.0)


async def test_a_prompt_number_is_reported_once_it_is_painted_and_once() -> None:
    till = FakeTill(replace(READY, prompt_number=1))
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: till.prompt_numbers == [1], pilot)
        prompt = replace(CONFIRM, prompt_number=2)
        till.show(prompt)
        assert till.prompt_numbers == [1]
        await until(lambda: till.prompt_numbers == [1, 2], pilot)
        assert painted(app) == expected(prompt)
        till.show(replace(prompt, prompt_number=3))  # the same picture
        await until(lambda: till.prompt_numbers == [1, 2, 3], pilot)


async def test_what_is_not_drawn_is_not_reported() -> None:
    """A charge being saved changes nothing on the screen; a screen too small shows nothing."""
    till = FakeTill(replace(CONFIRM, prompt_number=1))
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: till.prompt_numbers == [1], pilot)
        till.show(replace(CONFIRM, step=Step.SAVING, prompt_number=2))
        await pilot.pause()
        assert till.prompt_numbers == [1]
    small = FakeTill(replace(CONFIRM, prompt_number=1))
    async with made(small).run_test(size=(WIDTH_MIN, HEIGHT_MIN - 1)) as pilot:
        await pilot.pause()
        assert small.prompt_numbers == []
        await pilot.resize_terminal(*SIZE)
        await until(lambda: small.prompt_numbers == [1], pilot)
        assert "" in small.own_keys


async def test_the_screens_own_keys_are_reported_and_the_order_stays() -> None:
    till = FakeTill(READY)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        app.post_message(Typed(tuple(map(key, ["4", "f1", NO_KEY, "escape", "5", "f5", "ctrl+q"]))))
        await until(lambda: painted(app) == expected(READY, overlay=Overlay.LEAVE), pilot)
        assert till.calls == ["4", "5"]
        assert till.own_keys[-4:] == ["f1", "escape", "f5", "ctrl+q"]


async def test_what_is_no_key_closes_no_help() -> None:
    till = FakeTill(READY)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        app.post_message(Typed((key("f1"), key(NO_KEY))))
        await until(lambda: painted(app) == expected(READY, overlay=Overlay.HELP), pilot)


async def test_a_terminal_that_is_gone_ends_the_screen() -> None:
    app = made(FakeTill(READY))
    async with app.run_test(size=SIZE) as pilot:
        app.post_message(TerminalGone())
        await until(lambda: not app.is_running, pilot)
    assert (app.return_code, app.fault) == (0, None)


async def test_a_picture_that_was_lost_is_drawn_anew_and_enter_must_see_it() -> None:
    till = FakeTill(replace(CONFIRM, prompt_number=1))
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: till.prompt_numbers == [1], pilot)
        count = len(till.own_keys)
        app.post_message(PictureLost())
        await until(lambda: len(till.own_keys) > count, pilot)


async def test_a_fault_of_the_screen_is_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    till = FakeTill(READY)
    fault = LookupError("no such region")

    class BrokenApp(TillApp):
        def _draw(self, *, every_line: bool = False) -> None:
            if till.ran:
                raise fault
            super()._draw(every_line=every_line)

    app = BrokenApp(till, till.run, SETTINGS)

    async def run() -> None:
        async with app.run_test(size=SIZE) as pilot:
            await until(lambda: till.ran, pilot)
            till.show(CONFIRM)
            await until(lambda: not app.is_running, pilot)

    with caplog.at_level(logging.ERROR), pytest.raises(LookupError):
        await run()
    assert app.fault is fault
    assert "screen.fault" in caplog.text
