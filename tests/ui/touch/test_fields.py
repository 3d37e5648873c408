"""Fields to touch: where they are, which keys they press, and that the screen draws them there."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ui.drawing import characters, fills, text_of
from tests.ui.modes.states import BALANCE, COUNTING, SELF_SERVICE, STATES
from tests.ui.states import READY, RINGING, SETTINGS
from tests.ui.test_fit import SIZES
from tests.ui.test_snapshots import compare

from taptill.checkout.goods.ring_up import good_key
from taptill.checkout.session import Notice, Step
from taptill.checkout.view import TillAlarm, TillView
from taptill.domain.basket import Basket, Good
from taptill.domain.money import ZERO, Money
from taptill.ui.layout import Area
from taptill.ui.sale_panel.panel import GoodsPlace
from taptill.ui.screen_settings import ScreenSettings
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.touch.fields import (
    FIELD_CELLS,
    FIELD_ROWS,
    TOUCH,
    Control,
    TouchField,
    TouchSettings,
    keys_of_touch,
    touch_layout,
)
from taptill.ui.views import draw_screen

TOUCH_SCREEN = replace(SELF_SERVICE, touch=True)
NAMES = (
    ("Coffee", 150, "Hot drinks"),
    ("Espresso", 120, "Hot drinks"),
    ("Water", 120, "Cold drinks"),
    ("Bottle back", -25, "Cold drinks"),
    ("Sandwich with cheese", 380, "To eat"),
    ("Tea", 110, "Hot drinks"),
    *((f"Good {number}", 100 + number, "To eat") for number in range(20)),
)
GOODS = tuple(Good("", name, Money(price), group) for name, price, group in NAMES)
VIEWS: dict[str, TillView] = {
    name: replace(view, goods=GOODS)
    for name, (view, settings) in STATES.items()
    if view and settings is SELF_SERVICE
}
CHOSEN = replace(VIEWS["self-ringing"], chosen=0)
SIZES_BESIDE = ((80, 20), (78, 18))
DRAWN = (
    "self-ready", "self-ringing", "self-card", "self-declined", "self-paid", "self-paid-receipt",
    "self-counting",
)  # fmt: skip


def fields_of(view: TillView, size: tuple[int, int], first: int = 0) -> tuple[TouchField, ...]:
    """Return the fields of a screen; none where there are none."""
    layout = touch_layout(view, TouchSettings(TOUCH_SCREEN, size, first))
    return layout.fields if layout else ()


def touched(
    view: TillView,
    at: tuple[int, int],
    size: tuple[int, int] = (80, 24),
    first: int = 0,
    settings: ScreenSettings = TOUCH_SCREEN,
) -> tuple[str, ...]:
    """Return the keys of a touch."""
    return keys_of_touch(view, TouchSettings(settings, size, first), at)


def middle(area: Area) -> tuple[int, int]:
    """Return the cell in the middle of an area."""
    return area.x + area.width // 2, area.y + area.height // 2


def control(view: TillView, name: Control, size: tuple[int, int] = (80, 24)) -> tuple[str, ...]:
    """Return the keys of a control; none where it is not there."""
    return next((one.keys for one in fields_of(view, size) if one.control is name), ())


@pytest.mark.parametrize("size", [*SIZES, *SIZES_BESIDE], ids=str)
@pytest.mark.parametrize("name", VIEWS)
def test_fields_are_large_inside_the_screen_and_apart(name: str, size: tuple[int, int]) -> None:
    areas = [field.area for field in fields_of(VIEWS[name], size)]
    for area in areas:
        assert area.height >= FIELD_ROWS
        assert area.width >= FIELD_CELLS
        assert 0 <= area.x < area.x + area.width <= size[0]
        assert 0 < area.y < area.y + area.height < size[1]
    for one, two in combinations(areas, 2):
        is_beside = one.x + one.width <= two.x or two.x + two.width <= one.x
        assert is_beside or one.y + one.height <= two.y or two.y + two.height <= one.y


@pytest.mark.parametrize("size", [*SIZES, *SIZES_BESIDE], ids=str)
def test_a_field_stays_in_its_place_whatever_was_picked(size: tuple[int, int]) -> None:
    places: dict[object, Area] = {}
    for view in (VIEWS["self-ready"], VIEWS["self-ringing"], CHOSEN, VIEWS["self-card"]):
        for field in fields_of(view, size):
            key = field.control or field.number
            assert places.setdefault(key, field.area) == field.area


@pytest.mark.parametrize("size", [*SIZES, *SIZES_BESIDE], ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", VIEWS)
def test_each_field_is_drawn_where_it_is(name: str, language: str, size: tuple[int, int]) -> None:
    settings = replace(TOUCH_SCREEN, texts=load(language))
    rows = draw_screen(VIEWS[name], settings, size)
    assert fills(rows, *size)
    lines = [characters(row) for row in rows.lines]
    for field in fields_of(VIEWS[name], size):
        area = field.area
        last = area.x + area.width - 1
        top, bottom = lines[area.y], lines[area.y + area.height - 1]
        assert top[area.x] + top[last] + bottom[area.x] + bottom[last] == "┌┐└┘"
        inside = " ".join(
            line[area.x + 1 : last].strip() for line in lines[area.y + 1 : area.y + area.height - 1]
        )
        assert inside.strip()
        if field.control:
            assert "…" not in inside, (field.control, inside)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_good_is_drawn_with_its_whole_name_and_its_price(
    language: str, size: tuple[int, int]
) -> None:
    settings = replace(TOUCH_SCREEN, texts=load(language))
    names = ("Espresso", "Bottle back", "Carrot cake", "Apple juice")
    goods = tuple(Good("", name, Money(-25)) for name in names)
    view = replace(VIEWS["self-ready"], goods=goods)
    lines = [characters(row) for row in draw_screen(view, settings, size).lines]
    for field in [field for field in fields_of(view, size) if field.good]:
        area = field.area
        drawn = "".join(line[area.x : area.x + area.width] for line in lines[area.y : area.y + 3])
        assert names[field.number - 1] in drawn
        assert f" {settings.price(Money(-25))} " in drawn


@pytest.mark.parametrize("name", DRAWN)
def test_a_screen_to_touch_looks_as_drawn(name: str) -> None:
    drawings = [
        "\n".join(map(characters, draw_screen(VIEWS[name], TOUCH_SCREEN, size).lines))
        for size in (*SIZES, *SIZES_BESIDE)
    ]
    compare(f"touch-{name}", "\n\n".join(drawings) + "\n")


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_a_screen_to_touch_reads_as_drawn_in_every_language(language: str) -> None:
    settings = replace(TOUCH_SCREEN, texts=load(language))
    drawings = [
        "\n".join(map(characters, draw_screen(VIEWS[name], settings, size).lines))
        for name in DRAWN
        for size in ((80, 24), (50, 15))
    ]
    compare(f"touch-{language}", "\n\n".join(drawings) + "\n")


def test_every_good_is_on_one_page_and_presses_itself() -> None:
    for size in SIZES:
        numbers, first = [], 0
        while True:
            layout = touch_layout(VIEWS["self-ready"], TouchSettings(TOUCH_SCREEN, size, first))
            assert layout
            goods = [field for field in layout.fields if field.good]
            numbers += [field.number for field in goods]
            for field in goods:
                assert field.good == GOODS[field.number - 1]
                at = middle(field.area)
                assert touched(VIEWS["self-ready"], at, size, first) == (good_key(field.number),)
            first = layout.turned(1)
            if first == 0:
                break
        assert sorted(numbers) == [*range(1, len(GOODS) + 1)]
        groups = [GOODS[number - 1].group for number in numbers]
        assert groups == sorted(groups, key=["Hot drinks", "Cold drinks", "To eat"].index)


def test_controls_press_the_keys_of_a_keyboard() -> None:
    ready, ringing = VIEWS["self-ready"], VIEWS["self-ringing"]
    assert [control(ready, name) for name in Control] == [
        (), (), (), (), (), ("page_down",), (),
    ]  # fmt: skip
    assert [control(ringing, name) for name in Control] == [
        ("up",), ("backspace",), ("*",), ("up", "delete"), ("escape",), ("page_down",), (),
    ]  # fmt: skip
    assert [control(CHOSEN, name) for name in Control] == [
        ("up",), ("backspace",), ("+",), ("delete",), ("escape", "escape"), ("page_down",), (),
    ]  # fmt: skip
    assert control(VIEWS["self-card"], Control.CLEAR) == ("escape",)
    assert control(replace(ready, goods=GOODS[:3]), Control.GOODS) == ()


@given(column=st.integers(0, 79), row=st.integers(0, 23))
def test_a_touch_anywhere_stops_a_countdown_and_none_confirms(column: int, row: int) -> None:
    assert touched(COUNTING, (column, row)) == (TOUCH,)
    for view in VIEWS.values():
        assert "enter" not in touched(view, (column, row))


def test_a_result_that_fills_a_small_screen_is_taken_away_by_a_touch() -> None:
    paid = VIEWS["self-paid"]
    assert touched(paid, (3, 8), (50, 15)) == ("escape",)
    assert touched(paid, (3, 3), (80, 24)) == (good_key(1),)


@pytest.mark.parametrize("size", [*SIZES, *SIZES_BESIDE], ids=str)
def test_the_receipt_is_a_field_while_f4_prints_it(size: tuple[int, int]) -> None:
    paid = VIEWS["self-paid-receipt"]
    assert control(paid, Control.SLIP, size) == ("f4",)
    [field] = [one for one in fields_of(paid, size) if one.control is Control.SLIP]
    assert touched(paid, middle(field.area), size) == ("f4",)
    for notice in (Notice.SLIP_PRINTS, Notice.SLIP_PRINTED, Notice.SLIP_WAITS):
        assert not control(replace(paid, notice=notice), Control.SLIP, size)
    voided = replace(paid, step=Step.VOIDED)
    for view in (VIEWS["self-paid"], voided, replace(VIEWS["self-ready"], status=paid.status)):
        assert not control(view, Control.SLIP, size)
    always = replace(TOUCH_SCREEN, prints_each_sale=True)
    layout = touch_layout(paid, TouchSettings(always, size))
    assert not layout or Control.SLIP not in {one.control for one in layout.fields}
    for view in (paid, voided):
        by_staff = replace(view, status=replace(view.status, staff="Kim"), notice=Notice.SLIP_COPY)
        assert control(by_staff, Control.SLIP, size) == ("f4",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [*SIZES, *SIZES_BESIDE], ids=str)
def test_the_field_of_the_receipt_says_so_and_hides_nothing(
    language: str, size: tuple[int, int]
) -> None:
    settings = replace(TOUCH_SCREEN, texts=load(language))
    paid = draw_screen(VIEWS["self-paid-receipt"], settings, size)
    without = draw_screen(VIEWS["self-paid"], settings, size)
    assert f"F4 {settings.texts.say('touch.slip')}" in text_of(paid.lines)
    assert (paid.banner, paid.customer) == (without.banner, without.customer) or size[1] < 24


def test_beside_the_field_of_the_receipt_a_touch_takes_a_small_result_away() -> None:
    for size in ((50, 15), (66, 20)):
        paid = VIEWS["self-paid-receipt"]
        [field] = fields_of(paid, size)
        beside = (field.area.x + field.area.width, field.area.y)
        assert touched(paid, beside, size) == ("escape",)
        assert touched(paid, (3, size[1] - 4), size) == ("escape",)


def test_a_balance_is_taken_away_by_a_touch() -> None:
    settings = replace(BALANCE, touch=True)
    card = STATES["balance-card"][0]
    assert card
    assert touched(card, (3, 3), settings=settings) == ("escape",)
    assert touched(STATES["balance-ready"][0] or READY, (3, 3), settings=settings) == ()


def test_where_the_site_has_not_switched_it_on_a_touch_is_nothing() -> None:
    for settings in (SELF_SERVICE, SETTINGS, replace(SETTINGS, touch=True)):
        for view in (READY, RINGING, COUNTING):
            is_counting = view is COUNTING and settings.touch
            assert touched(view, (3, 3), settings=settings) == ((TOUCH,) if is_counting else ())
    for step in (Step.ASKING, Step.SAVING, Step.SLOW_DISK, Step.CLOSED):
        assert touched(replace(VIEWS["self-ringing"], step=step), (3, 3)) == ()
    assert touched(VIEWS["self-ready"], (3, 3), (40, 10)) == ()


def test_an_alarm_has_its_row_above_the_controls() -> None:
    view = VIEWS["self-ringing"]
    status = replace(view.status, staff="Kim", alarms=(TillAlarm.HALTED,))
    alarmed = replace(view, status=status)
    for size in ((80, 24), (50, 15)):
        text = "\n".join(map(characters, draw_screen(alarmed, TOUCH_SCREEN, size).lines))
        assert "SENDING STOPPED" in text
        assert fields_of(alarmed, size) == fields_of(view, size)


def test_no_basket_is_too_long_or_name_too_wild() -> None:
    hostile = tuple(
        replace(good, name="\x1b[2J\u202e王小明" * 9, group="\x07" * 9) for good in GOODS
    )
    view = replace(VIEWS["self-ringing"], goods=hostile)
    many = Basket(tuple(replace(view.basket.lines[0], name=f"G{at}") for at in range(50)))
    for basket in (Basket(), many):
        for size in SIZES:
            shown = replace(view, basket=basket, total=basket.total or ZERO)
            assert fills(draw_screen(shown, TOUCH_SCREEN, size, place=GoodsPlace(99)), *size)


def test_who_practises_sees_the_sample_cards_until_something_is_picked() -> None:
    settings = replace(TOUCH_SCREEN, legend=(("A", "in advance"), ("B", "blocked")))
    shown = {
        name: "\n".join(map(characters, draw_screen(VIEWS[name], settings, (80, 24)).lines))
        for name in ("self-ready", "self-ringing")
    }
    assert "A in advance" in shown["self-ready"]
    assert "in advance" not in shown["self-ringing"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_field_that_clears_says_so_on_the_smallest_screen(language: str) -> None:
    settings = replace(TOUCH_SCREEN, texts=load(language))
    word = load(language).say("touch.clear")
    shown = draw_screen(VIEWS["self-ringing"], settings, (50, 15))
    assert any(f"│{word}" in characters(row) for row in shown.lines)
