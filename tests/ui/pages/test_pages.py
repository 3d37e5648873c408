"""Every list and form at five sizes and in four languages: nothing is cut, nothing is missing."""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.ui.drawing import characters, drawn, fills, text_of
from tests.ui.pages.states import PAGES, SCREENS
from tests.ui.test_fit import SETTINGS_BY_LANGUAGE, SIZES
from tests.ui.test_snapshots import compare

from taptill.checkout.pages.page import PageRow, PageView, Phrase, TimeCell, phrase
from taptill.domain.money import Money
from taptill.ui.layout import lay_out, with_page
from taptill.ui.modes.help import Overlay, help_lines, next_help
from taptill.ui.pages import HEAD_LINES_MAX, page_runs, say
from taptill.ui.rows import wrap
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
def test_the_help_on_a_page_is_whole_and_about_its_own_keys(
    language: str, size: tuple[int, int]
) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    for name, view in SCREENS.items():
        assert view.page, name
        lines = help_lines(view, settings)
        named = {line.split()[0].strip(":") for line in lines}
        keys = {settings.texts.say(f"key.{key}").split()[0] for key in view.page.keys}
        assert keys - {"↑↓"} <= named, name
        assert settings.texts.say("help.digits") not in lines, name
        helping, overlay = "", Overlay.HELP
        while overlay is not Overlay.NONE:
            helping += text_of(draw_screen(view, settings, size, overlay).sale) + " "
            overlay = next_help(lines, size, overlay)
        assert "…" not in helping, name
        assert all(line in helping for line in (" ".join(line.split()) for line in lines)), name


@pytest.mark.parametrize(("language", "colon"), [("en", ":"), ("fr", " :")])
def test_the_name_of_a_field_has_the_colon_of_its_language(language: str, colon: str) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    for view in SCREENS.values():
        if view.page and view.page.field and view.page.typed is not None:
            label = f"{say(view.page.field, settings)}{colon} "
            assert label in text_of(draw_screen(view, settings, (80, 24)).sale)


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
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figures_of_sending_stand_below_one_another(
    language: str, size: tuple[int, int]
) -> None:
    """Each count begins where the one above it does, whatever the label is called."""
    screen = draw_screen(SCREENS["technician-sending"], SETTINGS_BY_LANGUAGE[language], size)
    counts = [re.search(r"  (\d+)(?=\s)", characters(row)) for row in screen.sale]
    columns = {count.start(1) for count in counts if count}
    assert len([count for count in counts if count]) >= 5
    assert len(columns) == 1


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_scale_of_bars_is_whole_or_left_out(language: str, size: tuple[int, int]) -> None:
    """A duration of the longest kind leaves the bars less room than their scale needs."""
    view = SCREENS["technician-times"]
    assert view
    assert view.page
    head, first, *rows = view.page.rows
    longest = replace(first, cells=(first.cells[0], *(["1234 ms"] * 3), first.cells[-1]))
    page = replace(view.page, rows=(head, longest, *rows))
    screen = draw_screen(replace(view, page=page), SETTINGS_BY_LANGUAGE[language], size)
    (heading,) = (text for row in screen.sale if "p95" in (text := characters(row)))
    assert re.fullmatch(r"\W*p50 +p95 +p99 +(1ms-10s)?\W*", heading)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_time_is_not_cut_where_a_reason_can_be(language: str, size: tuple[int, int]) -> None:
    at, reasons = TimeCell("11-30 08:16"), ("no-credit", "unknown-offline", "ambiguous-card")
    void = PageRow((at, Money(-123450), "A. B.", phrase("entry.void")))
    rows = tuple(
        PageRow((at, Money(150), phrase(f"reason.{reason}.short"), phrase("entry.declined")))
        for reason in reasons
    )
    page = replace(PAGES["history"], rows=(void, *rows), chosen=0)
    view = replace(SCREENS["history"], page=page)
    screen = draw_screen(view, SETTINGS_BY_LANGUAGE[language], size)
    assert text_of(screen.sale).count(at) == len(page.rows)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_of_a_head_is_cut(language: str, size: tuple[int, int]) -> None:
    """A text that stands alone takes so many lines as a head gives it, at every size."""
    settings = SETTINGS_BY_LANGUAGE[language]
    width = with_page(lay_out(*size)).sale.width - 4
    for name, page in PAGES.items():
        for row in page.head:
            if len(row.cells) == 1 and isinstance(row.cells[0], Phrase):
                lines = wrap(say(row.cells[0], settings), width)
                assert len(lines) <= HEAD_LINES_MAX, (name, lines)


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
    settings = replace(SETTINGS_BY_LANGUAGE[language], staff_legend="Jo 1111, Kim 2222")
    words = settings.texts.say("panel.pins", pins=settings.staff_legend)
    for name, view in {**SCREENS, "sale": replace(SCREENS["log-in"], page=None)}.items():
        rows = draw_screen(view, settings, size)
        assert "Jo 1111" not in text_of(rows.recent_sales)
        shown = [at for at, row in enumerate(rows.sale) if words in text_of((row,))]
        assert bool(shown) == name.startswith(("log-in", "approve")), name
        fields = [at for at, row in enumerate(rows.sale) if text_of((row,)).endswith("_")]
        if shown and fields:  # right above where it is typed
            assert shown[0] + 1 == fields[0]
        assert fills(rows, *size)


def test_many_staff_leave_their_row_to_the_pins_of_a_demo() -> None:
    settings = replace(ENGLISH, staff_legend="0000 (Jo)")
    rows = tuple(PageRow((str(number), f"row-{number:03}")) for number in range(1, 30))
    for height in range(3, 20):
        for count in range(1, 30):
            page = PageView(name="log-in", rows=rows[:count], chosen=0)
            texts = [run.text for run in page_runs(page, settings, 46, height)]
            assert len(texts) == height
            assert sum("try a PIN: 0000 (Jo)" in text for text in texts) == 1
            assert any("row-001" in text for text in texts)


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
