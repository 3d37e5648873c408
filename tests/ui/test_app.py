"""Keys reach the till, views reach the screen, and nothing else moves."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from random import Random

import pyte
import pytest
from tests.fakes.till import FakeTill
from tests.ui.drawing import characters, rows_of
from tests.ui.states import (
    CONFIRM,
    LEGEND,
    OFFLINE,
    PAID,
    READY,
    RINGING,
    SETTINGS,
    STATES,
    declined,
)
from textual.color import Color
from textual.geometry import Region
from textual.pilot import Pilot

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import TillView
from taptill.domain.decision import Reason
from taptill.ui.app import TillApp
from taptill.ui.layout import HEIGHT_MIN, WIDTH_MIN, lay_out
from taptill.ui.modes.help import Overlay
from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt
from taptill.ui.themes import THEME_NAMES
from taptill.ui.views import draw_screen

DEADLINE_S = 30.0
SIZE = (80, 24)


def made(till: FakeTill, settings: ScreenSettings = SETTINGS, theme: str = "dark") -> TillApp:
    """Return the app of a fake till."""
    return TillApp(till, till.run, settings, theme)


def painted(app: TillApp) -> list[str]:
    """Return the rows that the terminal shows."""
    strips = app.screen._compositor.render_strips()
    return [recent_sales.text.rstrip() for recent_sales in strips]


def expected(
    view: TillView | None, settings: ScreenSettings = SETTINGS, overlay: Overlay = Overlay.NONE
) -> list[str]:
    """Return the rows that a view must be painted as; block letters are blanks."""
    rows = rows_of(draw_screen(view, settings, SIZE, overlay))
    return ["".join(run.text for run in row).rstrip() for row in rows]


async def until(claim: Callable[[], bool], pilot: Pilot[Exception | None]) -> None:
    """Wait until a claim is true."""
    async with asyncio.timeout(DEADLINE_S):
        while not claim():
            await pilot.pause()


async def test_the_first_frame_says_starting_and_the_till_runs_after_it() -> None:
    till = FakeTill()
    async with made(till).run_test(size=SIZE) as pilot:
        await until(lambda: till.ran, pilot)
        assert painted(pilot.app) == expected(None)  # type: ignore[arg-type]


async def test_every_view_is_painted_cell_by_cell_as_computed() -> None:
    till = FakeTill(READY)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        for view in (READY, RINGING, CONFIRM, PAID, STATES["voiding"], STATES["closed"]):
            assert view is not None
            till.show(view)
            await until(lambda view=view: painted(app) == expected(view), pilot)  # type: ignore[misc]


def test_a_region_is_computed_anew_only_when_what_it_shows_has_changed() -> None:
    before = draw_screen(CONFIRM, SETTINGS, SIZE)
    after = draw_screen(replace(CONFIRM, notice=Notice.SAME_CARD), SETTINGS, SIZE)
    regions = ("status", "sale", "customer", "banner", "recent_sales", "keys")
    changed = {name for name in regions if getattr(before, name) is not getattr(after, name)}
    assert changed == {"banner"}


def test_what_was_drawn_before_changes_no_picture() -> None:
    """Each state and overlay behind many others, as a region keeps the rows of its last call."""
    pictures = list(product(STATES.values(), Overlay))
    first = [draw_screen(view, SETTINGS, SIZE, overlay).lines for view, overlay in pictures]
    order = Random(1).choices(range(len(pictures)), k=4 * len(pictures))
    for number in order:
        view, overlay = pictures[number]
        assert draw_screen(view, SETTINGS, SIZE, overlay).lines == first[number]


class RecordingApp(TillApp):
    """An app that remembers what it has written to its terminal."""

    written = ""

    def _write(self, text: str) -> None:
        self.written += text

    def take_written(self) -> str:
        """Return what was written since the last call."""
        written, self.written = self.written, ""
        return written

    def lines_written(self) -> set[int]:
        """Return the numbers of the lines written since the last call, the first one being 0."""
        return {int(line) - 1 for line in re.findall(r"\x1b\[(\d+)H", self.take_written())}


@pytest.mark.parametrize("theme", THEME_NAMES)
async def test_what_is_written_is_what_textual_would_paint(theme: str) -> None:
    """Characters and colours of each cell, whichever of the two has painted last."""
    till = FakeTill(READY)
    app = RecordingApp(till, till.run, SETTINGS, theme)
    ours, theirs = pyte.Screen(*SIZE), pyte.Screen(*SIZE)
    stream = pyte.Stream(ours)
    async with app.run_test(size=SIZE) as pilot:
        for view in (READY, RINGING, CONFIRM, PAID, STATES["voiding"], STATES["closed"]):
            assert view
            till.show(view)
            await until(lambda view=view: painted(app) == expected(view), pilot)  # type: ignore[misc]
            stream.feed(app.take_written())
            strips = app.screen._compositor.render_strips()
            for number, strip in enumerate(strips, 1):
                pyte.Stream(theirs).feed(f"\x1b[{number}H{strip.render(app.console)}")
            assert ours.buffer == theirs.buffer


async def test_textual_gets_whole_lines_for_a_size_that_the_screen_has_not_yet() -> None:
    """After a change of size it paints before the screen has the new size."""
    app = made(FakeTill(READY))
    async with app.run_test(size=(50, 15)):
        strips = app.screen.render_lines(Region(0, 0, 80, 24))
        assert [strip.cell_length for strip in strips] == [80] * 24


KEYS = {
    "digits and signs are rung up": ("4 2 0 full_stop comma plus slash asterisk", "420.,+/*"),
    "a small letter is a good": ("c z", "cz"),
    "backspace takes back": ("backspace", ["backspace"]),
    "enter confirms": ("enter", ["confirm"]),
    "escape cancels": ("escape", ["cancel"]),
    "minus cancels too": ("minus", ["cancel"]),
    "F8 voids": ("f8", ["void"]),
    "a capital letter is no good": ("Q", []),
    "tab, arrows and other keys do nothing": ("tab up f3 ctrl+c ctrl+p space", []),
}


@pytest.mark.parametrize(("keys", "calls"), KEYS.values(), ids=KEYS)
async def test_keys(keys: str, calls: str | list[str]) -> None:
    till = FakeTill(READY)
    async with made(till).run_test(size=SIZE) as pilot:
        await pilot.press(*keys.split())
        assert till.calls == list(calls)


async def test_a_capital_letter_taps_a_sample_card() -> None:
    taps: list[str] = []
    till = FakeTill(READY, {"A": lambda: taps.append("A")})
    app = TillApp(till, till.run, replace(SETTINGS, legend=LEGEND), "dark")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("A", "a", "B")
        assert taps == ["A"]
        assert till.calls == ["a"]
        assert "A Ada, in advance" in "\n".join(painted(app))


async def test_help_opens_and_closes_in_place_and_the_next_key_counts() -> None:
    till = FakeTill(READY)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f1")
        await until(lambda: painted(app) == expected(READY, overlay=Overlay.HELP), pilot)
        await pilot.press("escape")
        await until(lambda: painted(app) == expected(READY), pilot)
        assert till.calls == []
        await pilot.press("f1", "7")
        await until(lambda: painted(app) == expected(READY), pilot)
        assert till.calls == ["7"]


async def test_ctrl_q_asks_first_and_leaves_at_the_second() -> None:
    till = FakeTill(replace(READY, status=OFFLINE))
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+q")
        await until(lambda: "3 customers to send (net" in "\n".join(painted(app)), pilot)
        assert app.is_running
        await pilot.press("ctrl+q")
        await until(lambda: not app.is_running, pilot)
    assert app.return_code == 0


async def test_a_screen_too_small_to_read_sells_nothing() -> None:
    """Only Esc, minus and leaving count: nobody charges whom nobody sees."""
    taps: list[str] = []
    till = FakeTill(CONFIRM, {"A": lambda: taps.append("A")})
    app = TillApp(till, till.run, SETTINGS, "dark")
    async with app.run_test(size=(WIDTH_MIN, HEIGHT_MIN - 1)) as pilot:
        await pilot.press("4", "c", "plus", "enter", "f8", "backspace", "A", "f1", "f5")
        assert (till.calls, taps) == ([], [])
        await pilot.press("escape", "minus")
        assert till.calls == ["cancel", "cancel"]
        await pilot.resize_terminal(WIDTH_MIN, HEIGHT_MIN)
        await until(lambda: "Enter confirms" in "\n".join(painted(app)), pilot)
        await pilot.press("enter")
        assert till.calls == ["cancel", "cancel", "confirm"]
        await pilot.resize_terminal(WIDTH_MIN - 1, HEIGHT_MIN)
        await until(lambda: "too small" in "\n".join(painted(app)), pilot)
        await pilot.press("enter", "ctrl+q", "ctrl+q")
        await until(lambda: not app.is_running, pilot)
    assert till.calls == ["cancel", "cancel", "confirm"]


class HastyApp(TillApp):
    """An app that asks before leaving for a short time only."""

    leave_s = 0.05


async def test_leaving_is_forgotten_after_a_while() -> None:
    till = FakeTill(READY)
    app = HastyApp(till, till.run, SETTINGS)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+q")
        await until(lambda: painted(app) == expected(READY), pilot)
        await pilot.press("ctrl+q")
        assert app.is_running


class CalmApp(TillApp):
    """An app that never says that something takes time."""

    patience_s = 3600.0


async def test_a_quick_save_never_shows_that_it_saves() -> None:
    till = FakeTill(CONFIRM)
    app = CalmApp(till, till.run, SETTINGS)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: painted(app) == expected(CONFIRM), pilot)
        till.show(replace(CONFIRM, step=Step.SAVING))
        await pilot.pause()
        assert painted(app) == expected(CONFIRM)
        till.show(PAID)
        await until(lambda: painted(app) == expected(PAID), pilot)


async def test_a_slow_save_says_so_after_a_moment() -> None:
    till = FakeTill(CONFIRM)
    app = made(till)
    saving = replace(CONFIRM, step=Step.SAVING)
    async with app.run_test(size=SIZE) as pilot:
        till.show(saving)
        await until(lambda: painted(app) == expected(saving), pilot)


async def test_a_notice_repaints_lines_of_the_banner_only() -> None:
    till = FakeTill(CONFIRM)
    app = RecordingApp(till, till.run, SETTINGS)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: painted(app) == expected(CONFIRM), pilot)
        assert app.lines_written() == {*range(SIZE[1])}
        next_view = replace(CONFIRM, notice=Notice.SAME_CARD)
        till.show(next_view)
        await until(lambda: painted(app) == expected(next_view), pilot)
        banner = lay_out(*SIZE).banner
        changed_lines = app.lines_written()
        assert changed_lines
        assert changed_lines < {*range(banner.y, banner.y + banner.height)}


async def test_the_balance_shows_on_request_for_this_customer_only() -> None:
    till = FakeTill(CONFIRM)
    settings = replace(SETTINGS, privacy=ScreenPrivacy(show_debt=ShowDebt.ON_REQUEST))
    app = made(till, settings)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "F5" in "\n".join(painted(app)), pilot)
        await pilot.press("f5")
        await until(lambda: "12.30" in "\n".join(painted(app)), pilot)
        till.show(declined(Reason.NO_CREDIT))
        await until(lambda: "Charles" in "\n".join(painted(app)), pilot)
        assert "1.80" not in "\n".join(painted(app))
        till.show(READY)
        await until(lambda: "no card yet" in "\n".join(painted(app)), pilot)
        await pilot.press("f5")
        till.show(CONFIRM)
        await until(lambda: "Ada Byron" in "\n".join(painted(app)), pilot)
        assert "12.30" not in "\n".join(painted(app))


async def test_a_new_size_is_drawn_anew_and_a_tiny_one_says_so() -> None:
    till = FakeTill(CONFIRM)
    app = made(till)
    async with app.run_test(size=(120, 33)) as pilot:
        await pilot.resize_terminal(40, 10)
        await until(lambda: "too small" in "\n".join(painted(app)), pilot)
        await pilot.resize_terminal(*SIZE)
        await until(lambda: painted(app) == expected(CONFIRM), pilot)


async def test_textual_gets_whole_lines_at_a_size_that_was_not_drawn_yet() -> None:
    """It may paint between a change of size and our drawing for it."""
    till = FakeTill(CONFIRM)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: painted(app) == expected(CONFIRM), pilot)
        for area in (Region(0, 0, 120, 40), Region(0, 0, 40, 10), Region(30, 20, 90, 20)):
            strips = app.screen.render_lines(area)
            assert [strip.cell_length for strip in strips] == [area.width] * area.height


async def test_a_fault_of_the_till_ends_the_program_and_is_handed_back() -> None:
    fault = OSError("no disk")

    async def broken() -> None:
        raise fault

    app = TillApp(FakeTill(READY), broken, SETTINGS)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: not app.is_running, pilot)
    assert app.return_value is fault
    assert app.return_code == 70


@pytest.mark.parametrize("theme", THEME_NAMES)
async def test_the_banner_has_its_roles_colours_in_every_theme(theme: str) -> None:
    till = FakeTill(PAID)
    app = made(till, theme=theme)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "Thank you" in "\n".join(painted(app)), pilot)
        row = app.screen._compositor.render_strips()[12]
        backgrounds = {segment.style.bgcolor for segment in row if segment.style}
        roles = (app.theme_variables["ok"], app.theme_variables["on-ok"])
        assert backgrounds == {Color.parse(role).rich_color for role in roles}


def test_characters_of_hostile_names_reach_the_screen_as_letters_only() -> None:
    view = replace(CONFIRM, customer=replace(CONFIRM.customer, name="[red]Eve[/]"))  # type: ignore[type-var]
    assert "[red]Eve[/] pays" in "\n".join(
        map(characters, rows_of(draw_screen(view, SETTINGS, SIZE)))
    )
