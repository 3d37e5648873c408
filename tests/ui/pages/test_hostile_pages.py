"""Names of staff, goods, groups and customers that nobody meant well, on every list and form."""

from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.ui.drawing import characters
from tests.ui.pages.states import PAGES
from tests.ui.states import ADA, READY, SETTINGS, STATUS

from taptill.checkout.pages.page import Bar, Cell, PageRow, PageView, PersonName, Phrase
from taptill.checkout.view import TillView
from taptill.domain.money import Money
from taptill.ui.layout import lay_out, with_page
from taptill.ui.rows import Row
from taptill.ui.screen_settings import ScreenPrivacy, ShowName
from taptill.ui.views import draw_screen

SIZES = ((50, 15), (80, 24))
TEXTS = {
    "right to left": "مريم جابر נועה גרשון",
    "overridden direction": "\u202eEve\u2066 \u2067Bob\u200f\u061c",
    "accents in a heap": "Z\u0336\u0337\u0489a\u0300\u0301\u0302lgo" * 5,
    "an accent alone": "\u0301",
    "control characters": "\x1b[31mred\x1b]0;title\x07\x9b2J\x00\r\n\t\x7f",
    "very long": "Wolfeschlegelsteinhausenbergerdorff" * 9,
    "long and wide": "王小明" * 60,
    "a wide letter after many": "a" * 21 + "王" * 30,
    "blanks": " \u00a0\u2003\u3000\u200b ",
    "empty": "",
    "markup": "[bold red]x[/] [link=x] {name} %s &lt; \\[",
    "block letters": "█▀▄│┌╮▶…",
    "emoji": "👩‍👩‍👧‍👦🇩🇪1️⃣",
    "lone surrogate": "\ud800\udfff",
    "newest planes": "\U0001f6d8\U000e0041\ufdd0\uffff",
}
FORBIDDEN = {"\x1b", "\x00", "\x07", "\x9b", "\x7f", "\n", "\r", "\t", "\ud800", "\ufffe"} | {
    *map(chr, (0x200B, 0x200D, 0x200E, 0x200F, 0x061C)),
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
}


def hostile_page(page: PageView, text: str) -> PageView:
    """Return a page on which each text from outside is this one."""
    return replace(
        page,
        head=tuple(_row(row, text) for row in page.head),
        rows=tuple(_row(row, text) for row in page.rows),
        values=tuple((name, _value(value, text)) for name, value in page.values),
        notice=_phrase(page.notice, text) if page.notice else None,
        typed=None if page.typed is None else text,
    )


def _row(row: PageRow, text: str) -> PageRow:
    return replace(row, cells=tuple(_cell(cell, text) for cell in row.cells))


def _cell(cell: Cell, text: str) -> Cell:
    match cell:
        case Phrase():
            return _phrase(cell, text)
        case PersonName():
            return PersonName(text)
        case Money() | Bar():
            return cell
        case _:
            return text


def _phrase(said: Phrase, text: str) -> Phrase:
    values = tuple((name, _value(value, text)) for name, value in said.values)
    return Phrase(said.key, values)


def _value(value: str | int | Money, text: str) -> str | int | Money:
    return text if isinstance(value, str) else value


def roles(row: Row) -> list[str]:
    """Return the role of each cell of a row."""
    return [run.role for run in row for _ in range(cell_len(run.text))]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_from_outside_breaks_a_page(text: str, size: tuple[int, int]) -> None:
    status = replace(STATUS, staff=text, till=text)
    area = with_page(lay_out(*size)).sale
    has_frames = with_page(lay_out(*size)).has_frames
    for name, page in PAGES.items():
        view = replace(READY, status=status, page=hostile_page(page, text))
        tame = draw_screen(replace(READY, page=page), SETTINGS, size)
        for console in (False, True):
            screen = draw_screen(view, replace(SETTINGS, console=console), size)
            assert len(screen.lines) == size[1], name
            assert {sum(cell_len(run.text) for run in row) for row in screen.lines} == {size[0]}, (
                name
            )
            seen = "".join(map(characters, screen.lines))
            assert not FORBIDDEN & {*seen}, (name, FORBIDDEN & {*seen})
            assert len(screen.sale) == area.height
            for row, tame_row in zip(screen.sale, tame.sale, strict=True):
                if has_frames:
                    edges, tame_edges = characters(row), characters(tame_row)
                    assert (edges[0], edges[-1]) == (tame_edges[0], tame_edges[-1]), name
                assert roles(row)[0] == roles(tame_row)[0], name
                assert roles(row)[-1] == roles(tame_row)[-1], name


TYPED = {
    "narrow": ("0123456789" * 4 + "Z", "789Z_"),
    "wide": ("王小明" * 20 + "Z", "明Z_"),
    "accents": ("é" * 50 + "Z", "éZ_"),
    "a blank at the end": ("x" * 50 + "Z ", "xZ _"),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("typed", "end"), TYPED.values(), ids=TYPED)
def test_the_end_of_what_is_typed_is_always_seen(
    typed: str, end: str, size: tuple[int, int]
) -> None:
    page = replace(PAGES["history"], typed=typed)
    screen = draw_screen(replace(READY, page=page), SETTINGS, size)
    assert end in "".join(map(characters, screen.sale))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_customer_breaks_the_screen_however_much_of_the_name_is_shown(
    text: str, size: tuple[int, int]
) -> None:
    customer = replace(ADA, name=text, company=text)
    for shown in ShowName:
        settings = replace(SETTINGS, privacy=ScreenPrivacy(show_name=shown))
        screen = draw_screen(_with_goods(text, replace(READY, customer=customer)), settings, size)
        assert {sum(cell_len(run.text) for run in row) for row in screen.lines} == {size[0]}
        assert not FORBIDDEN & {*"".join(map(characters, screen.lines))}


def _with_goods(text: str, view: TillView) -> TillView:
    goods = tuple(replace(good, name=text, group=text) for good in view.goods)
    return replace(view, goods=goods * 5)
