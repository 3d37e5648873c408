"""Every list and form at five sizes and in four languages: nothing is cut, nothing is missing."""

from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.ui.drawing import characters, drawn, text_of
from tests.ui.pages.states import PAGES, SCREENS
from tests.ui.test_fit import SETTINGS_BY_LANGUAGE, SIZES
from tests.ui.test_snapshots import compare

from taptill.checkout.pages.page import PageRow, PageView, phrase
from taptill.domain.money import Money
from taptill.ui.layout import lay_out, with_page
from taptill.ui.pages import page_runs
from taptill.ui.texts import LANGUAGES
from taptill.ui.views import draw_screen

ENGLISH = SETTINGS_BY_LANGUAGE["en"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_drawn(name: str) -> None:
    sizes = ((80, 24), (50, 15))
    compare(
        f"page-{name}",
        "\n".join(drawn(draw_screen(SCREENS[name], ENGLISH, size)) for size in sizes),
    )


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fills_its_place_and_cuts_no_sentence(
    language: str, size: tuple[int, int]
) -> None:
    layout = with_page(lay_out(*size))
    for name, view in SCREENS.items():
        screen = draw_screen(view, SETTINGS_BY_LANGUAGE[language], size)
        assert len(screen.sale) == layout.sale.height, name
        cells = {sum(cell_len(run.text) for run in row) for row in screen.lines}
        assert cells == {size[0]}, name
        assert len(screen.lines) == size[1], name
        assert "…" not in text_of(screen.banner), name
        for word in screen.banner_text.cashier.split():
            assert word in text_of(screen.banner), (name, word)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_chosen_row_is_always_to_be_seen_and_every_row_can_be(size: tuple[int, int]) -> None:
    rows = tuple(PageRow((f"row-{number:03}", Money(number))) for number in range(200))
    for chosen in range(200):
        page = PageView(name="log-in", rows=rows, chosen=chosen)
        layout = with_page(lay_out(*size))
        runs = page_runs(page, ENGLISH, size[0] - 4, layout.sale.height - 2)
        assert sum(f"row-{chosen:03}" in run.text for run in runs) == 1
        assert any(run.text.startswith("▶ ") for run in runs)
        assert any("of 200" in run.text for run in runs)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pins_of_a_demo_are_shown_where_one_is_asked_for_and_nowhere_else(
    language: str, size: tuple[int, int]
) -> None:
    settings = replace(SETTINGS_BY_LANGUAGE[language], staff_legend="Jo: PIN 1111")
    for name, view in {**SCREENS, "sale": replace(SCREENS["log-in"], page=None)}.items():
        shown = "Jo: PIN 1111" in text_of(draw_screen(view, settings, size).recent_sales)
        assert shown == (name.startswith("log-in") or name == "approve"), name


@pytest.mark.parametrize("width", [20, 46, 76, 116])
def test_amounts_stand_in_one_column_and_texts_give_way(width: int) -> None:
    rows = tuple(
        PageRow(
            (
                "14:02",
                Money(10**minor),
                "A very long name of a good" * minor,
                phrase("role.cashier"),
            )
        )
        for minor in range(1, 6)
    )
    runs = page_runs(PageView(name="log-in", rows=rows), ENGLISH, width, 6)
    assert all(cell_len(run.text) <= width for run in runs)
    if width > 40:
        assert (
            len(
                {
                    run.text.index("€") + len(run.text.split("€")[1].split(" ")[0])
                    for run in runs
                    if "€" in run.text
                }
            )
            == 1
        )


def test_a_page_says_which_keys_count() -> None:
    for name, view in SCREENS.items():
        screen = draw_screen(view, ENGLISH, (80, 24))
        for key in view.page.keys if view.page else ():
            assert ENGLISH.texts.say(f"key.{key}") in characters(screen.keys[0]), name
