"""The screen where customers are alone with it: leaving, help, and the countdown's pictures."""

from dataclasses import replace

from tests.fakes.till import FakeTill
from tests.ui.modes.states import COUNTING, SELF_SERVICE, alone
from tests.ui.states import READY
from tests.ui.test_app import SIZE, expected, made, painted, until

from taptill.checkout.view import CountdownView
from taptill.ui.modes.help import Overlay

GUARDED = replace(SELF_SERVICE, guards_leaving=True)
CUSTOMERS = replace(alone(READY), may_leave=False)


async def test_a_customer_does_not_leave_the_program() -> None:
    till = FakeTill(CUSTOMERS)
    app = made(till, GUARDED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+q")
        await until(lambda: painted(app) == expected(CUSTOMERS, GUARDED, Overlay.LEAVE), pilot)
        await pilot.press("ctrl+q", "ctrl+q", "ctrl+c", "ctrl+z")
        await pilot.pause()
        assert app.is_running
        till.show(replace(CUSTOMERS, may_leave=True))
        await pilot.press("escape", "ctrl+q", "ctrl+q")
    assert app.return_code == 0


async def test_nobody_leaves_a_guarded_till_before_it_is_there() -> None:
    till = FakeTill()
    app = made(till, GUARDED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+q", "ctrl+q", "ctrl+q")
        await pilot.pause()
        assert app.is_running


async def test_a_countdown_closes_the_help_as_what_is_paid_must_be_seen() -> None:
    till = FakeTill(CUSTOMERS)
    app = made(till, SELF_SERVICE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f1")
        await until(lambda: painted(app) == expected(CUSTOMERS, SELF_SERVICE, Overlay.HELP), pilot)
        till.show(COUNTING)
        await until(lambda: painted(app) == expected(COUNTING, SELF_SERVICE), pilot)


async def test_each_second_is_painted_and_its_number_told_to_the_till() -> None:
    till = FakeTill(CUSTOMERS)
    app = made(till, SELF_SERVICE)
    async with app.run_test(size=SIZE) as pilot:
        for number, seconds in enumerate((5, 4, 3, 2, 1), 1):
            countdown = CountdownView(seconds, of=5)
            view = replace(COUNTING, countdown=countdown, prompt_number=number)
            till.show(view)
            await until(lambda view=view: painted(app) == expected(view, SELF_SERVICE), pilot)  # type: ignore[misc]
            await until(lambda number=number: number in till.prompt_numbers, pilot)  # type: ignore[misc]
