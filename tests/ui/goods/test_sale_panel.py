"""The goods in pages and the lines of the basket at five sizes: nothing is out of reach."""

from dataclasses import replace

import pytest
from tests.ui.drawing import characters, drawn, fills, text_of
from tests.ui.goods.goods_states import GROUPED, GROUPS, LONG_BASKET, MANY, RINGING_GROUPED, STATES
from tests.ui.states import READY, RINGING
from tests.ui.test_fit import HOSTILE, SETTINGS_BY_LANGUAGE, SIZES
from tests.ui.test_snapshots import compare

from taptill.checkout.view import TillView
from taptill.domain.basket import Basket, Good, Line
from taptill.domain.money import Money
from taptill.ui.sale_panel.goods import HEADINGS_MIN, goods_pages, page_of
from taptill.ui.sale_panel.panel import FIRST_GOODS, GoodsPlace, turn_goods
from taptill.ui.texts import LANGUAGES
from taptill.ui.views import draw_screen

ENGLISH = SETTINGS_BY_LANGUAGE["en"]


@pytest.mark.parametrize("name", STATES)
def test_a_sale_looks_as_drawn(name: str) -> None:
    view, place = STATES[name]
    screens = [draw_screen(view, ENGLISH, size, place=place) for size in SIZES]
    compare(f"goods-{name}", "\n".join(map(drawn, screens)))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_fills_its_place_and_cuts_no_words_of_ours(
    language: str, size: tuple[int, int]
) -> None:
    for name, (view, place) in STATES.items():
        plain = replace(view, goods=tuple(replace(good, name="Tea") for good in view.goods))
        plain = replace(plain, goods=tuple(replace(good, group="G") for good in plain.goods))
        screen = draw_screen(plain, SETTINGS_BY_LANGUAGE[language], size, place=place)
        assert fills(screen, *size), name
        assert "…" not in text_of(screen.sale), (name, text_of(screen.sale))
        assert "…" not in text_of(screen.banner), name


def turned(view: TillView, size: tuple[int, int], place: GoodsPlace, by: int = 1) -> GoodsPlace:
    """Turn a page that there must be."""
    turned_place = turn_goods(view, ENGLISH, size, place, by)
    assert turned_place is not None
    return turned_place


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("view", [READY, RINGING], ids=["no lines", "lines"])
def test_every_good_can_be_turned_to(view: TillView, size: tuple[int, int], by: int) -> None:
    """Turning on comes back to the start, and on the way every good was on the screen."""
    view, seen, place, count = replace(view, goods=MANY), "", FIRST_GOODS, 0
    while count == 0 or place != FIRST_GOODS:
        seen += " " + text_of(draw_screen(view, ENGLISH, size, place=place).sale)
        place = turned(view, size, place, by)
        count += 1
        assert count <= len(MANY)
    assert [good.name for good in MANY if f"{good.name} " not in seen] == []
    assert [number for number in range(1, 201) if f"/{number} " not in seen] == []
    assert {f"Group {number // 9}" for number in range(1, 201)} == {
        f"Group {number // 9}" for number in range(1, 201) if f"Group {number // 9} " in seen
    }


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_lines_come_back_behind_the_last_page(size: tuple[int, int]) -> None:
    place = FIRST_GOODS
    for _ in range(100):
        place = turned(RINGING_GROUPED, size, place)
        if place == FIRST_GOODS:
            return
    pytest.fail("the lines never came back")


@pytest.mark.parametrize("size", SIZES[2:], ids=str)
def test_goods_that_are_all_on_the_screen_have_no_page_to_turn(size: tuple[int, int]) -> None:
    assert turn_goods(READY, ENGLISH, size, FIRST_GOODS, 1) is None
    assert turn_goods(replace(READY, goods=()), ENGLISH, size, FIRST_GOODS, 1) is None


def test_a_screen_that_is_too_small_has_no_page_to_turn() -> None:
    assert turn_goods(replace(READY, goods=MANY), ENGLISH, (40, 10), FIRST_GOODS, 1) is None


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("chosen", range(12))
def test_the_chosen_line_is_on_the_screen(size: tuple[int, int], chosen: int) -> None:
    for goods in ((), GROUPED, MANY):
        view = replace(
            RINGING, goods=goods, basket=LONG_BASKET, total=LONG_BASKET.total, chosen=chosen
        )
        sale = text_of(draw_screen(view, ENGLISH, size).sale)
        assert f"▶ 1 × Good {chosen + 1} " in sale


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_is_being_typed_is_on_the_screen(size: tuple[int, int]) -> None:
    for basket in (Basket(), LONG_BASKET):
        view = replace(RINGING_GROUPED, basket=basket, total=basket.total, keystrokes="12*/1")
        assert "> 12 × /1" in text_of(draw_screen(view, ENGLISH, size).sale)


@pytest.mark.parametrize("width", [20, 26, 42, 65])
@pytest.mark.parametrize("rows", range(1, 12))
def test_pages_hold_each_good_once_under_its_heading(width: int, rows: int) -> None:
    pages = goods_pages(GROUPED, ENGLISH, width, rows)
    assert all(len(page.rows) <= rows for page in pages)
    assert not [page for page in pages if page.rows[-1].startswith("─")]
    text = " ".join(row for page in pages for row in page.rows)
    assert [text.count(f"{good.key or f'/{number}'} ") for number, good in enumerate(GROUPED, 1)]
    firsts = [page.first for page in pages]
    assert firsts == sorted(set(firsts))
    assert [page_of(pages, first) for first in firsts] == list(range(len(pages)))
    if rows >= HEADINGS_MIN:
        assert all(page.rows[0].startswith("─") for page in pages)
        assert all(f"─ {group} " in text for group in GROUPS)


def test_small_groups_share_a_page_that_has_no_room_for_headings() -> None:
    groups = ("Hot drinks", "Cold drinks", "Snacks", "Snacks", "Deposits")
    goods = tuple(
        Good("", f"Good {at}", Money(100), group=group) for at, group in enumerate(groups)
    )
    for rows in range(1, HEADINGS_MIN):
        pages = goods_pages(goods, ENGLISH, 26, rows)
        assert max(len(page.rows) for page in pages) <= rows
        whole = [page.group for page in pages]
        if rows == 3:
            assert whole == ["Hot drinks, Cold drinks", "Snacks, Deposits"]
        if rows == 4:
            assert whole == ["Hot drinks, Cold drinks, Snacks", "Deposits"]
    view = replace(READY, goods=goods[:3])
    drawn = text_of(draw_screen(view, ENGLISH, (50, 15)).sale)
    assert all(f"Good {at}" in drawn for at in range(3))


@pytest.mark.parametrize(
    ("name", "columns"), [("Tea", 3), ("Apple juice with water", 2), ("A" * 40, 2)]
)
def test_a_third_column_is_given_up_for_a_name_that_it_would_cut(name: str, columns: int) -> None:
    goods = (*(Good("", "Tea", Money(150)) for _ in range(9)), Good("a", name, Money(150)))
    (page,) = goods_pages(goods, ENGLISH, 65, 10)
    assert page.rows[0].count("Tea") == columns
    assert ("…" in "".join(page.rows)) == (len(name) == 40)


def test_goods_of_a_group_stand_together_in_the_order_of_the_config() -> None:
    goods = (
        Good("a", "A", Money(1), group="One"),
        Good("", "B", Money(2)),
        Good("", "C", Money(3), group="One"),
    )
    [page] = goods_pages(goods, ENGLISH, 26, 9)
    assert [row.split()[0:2] for row in page.rows] == [["─", "One"], ["a", "A"], ["/3", "C"],
                                                       ["/2", "B"]]  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_hostile_names_of_goods_and_groups_break_no_box(size: tuple[int, int]) -> None:
    hostile = tuple(replace(good, name=HOSTILE, group=HOSTILE[:24]) for good in GROUPED)
    for basket in (Basket(), Basket((Line(HOSTILE, Money(-5), 99),))):
        view = replace(RINGING, goods=hostile, basket=basket, keystrokes="", total=basket.total)
        for place in (FIRST_GOODS, GoodsPlace(4, asked=True)):
            for chosen in (None, 0) if basket.lines else (None,):
                shown = replace(view, chosen=chosen)
                for console in (False, True):
                    settings = replace(ENGLISH, console=console)
                    rows = draw_screen(shown, settings, size, place=place)
                    assert fills(rows, *size)
                    text = "".join(map(characters, rows.sale))
                    assert not set(text) & {"\x1b", "\x00", "\u202e", "\u0337"}


def test_a_price_below_zero_has_its_minus_everywhere() -> None:
    basket = Basket((Line("Bottle back", Money(-25), 3),))
    view = replace(RINGING_GROUPED, basket=basket, total=basket.total)
    sale = draw_screen(view, ENGLISH, (80, 24)).sale
    assert "3 × Bottle back -€0.75" in text_of(sale)
    assert any("╶─╴" in characters(row) for row in sale)
    goods = draw_screen(replace(READY, goods=GROUPED), ENGLISH, (80, 24), place=GoodsPlace(17))
    assert "-€0.25" in text_of(goods.sale)
