"""Goods in, pages of them out: under the headings of their groups, as many as fit."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from taptill.domain.basket import Good
from taptill.ui.rows import clip, justify, pad
from taptill.ui.screen_settings import ScreenSettings

HEADINGS_MIN = 5
"""Pages of fewer rows have no headings; the name of the group is below them then."""

_CELL_WIDTH = 20
_GAP_CELLS = 2
_MADE_MAX = 4
_COLUMNS_ALWAYS = 2
"""More columns are given up for names that would be cut; with fewer, too few goods are seen."""


class GoodsPage(NamedTuple):
    """A page; `first` is the place of its first good in the order of the screen.

    `group` names its groups, with commas.
    """

    rows: tuple[str, ...]
    first: int
    group: str


class _Row(NamedTuple):
    text: str
    first: int
    group: str


_made: deque[tuple[object, tuple[GoodsPage, ...]]] = deque(maxlen=_MADE_MAX)


def goods_pages(
    goods: tuple[Good, ...], settings: ScreenSettings, width: int, rows: int
) -> tuple[GoodsPage, ...]:
    """Return the pages of all goods, each of at most `rows` rows; at least one page.

    The goods stand in the config's order, those of one group together. The last pages made are
    kept, as the goods hardly ever change and a key changes only what is above them.
    """
    shown = (goods, settings, width, rows)
    for made_for, pages in _made:
        if made_for == shown:
            return pages
    pages = tuple(_pages(goods, settings, width, max(1, rows)))
    _made.append((shown, pages))
    return pages


def page_of(pages: tuple[GoodsPage, ...], first: int) -> int:
    """Return the number of the page, from 0, that holds the good at a place."""
    return max(number for number, page in enumerate(pages) if page.first <= first or not number)


def _pages(
    goods: tuple[Good, ...], settings: ScreenSettings, width: int, rows: int
) -> Iterator[GoodsPage]:
    """Fill pages row by row; a heading is never the last row, and is repeated on a new page.

    Without room for headings groups share a page where each of them is whole on it.
    """
    rows_of = list(_rows(goods, settings, width))
    sizes = Counter(row.group for row in rows_of)
    has_headings = rows >= HEADINGS_MIN
    texts: list[str] = []
    first, shown, group = 0, [""], ""
    for row in rows_of:
        begins = row.group != group
        needs_heading = row.group and has_headings and (not texts or begins)
        is_full = len(texts) + 1 + bool(needs_heading) > rows
        is_cut = not has_headings and begins and len(texts) + sizes[row.group] > rows
        if texts and (is_full or is_cut):
            yield GoodsPage(tuple(texts), first, _names(shown))
            texts = []
            needs_heading = row.group and has_headings
        if not texts:
            first, shown = row.first, []
        if needs_heading:
            texts.append(_heading(row.group, settings, width))
        texts.append(row.text)
        shown.append(row.group)
        group = row.group
    yield GoodsPage(tuple(texts), first, _names(shown))


def _names(groups: Sequence[str]) -> str:
    """Return the names of the groups of a page."""
    return ", ".join(dict.fromkeys(filter(None, groups)))


def _rows(goods: tuple[Good, ...], settings: ScreenSettings, width: int) -> Iterator[_Row]:
    """Return the rows of cells in order, each of goods of one group."""
    cells_of = [_label_and_price(good, number, settings) for number, good in enumerate(goods, 1)]
    columns = max(1, width // _CELL_WIDTH)
    longest = max((cell_len(label) + cell_len(price) + 1 for label, price in cells_of), default=0)
    if columns > _COLUMNS_ALWAYS and longest > _room(width, columns):
        columns -= 1
    room = _room(width, columns)
    groups: dict[str, list[str]] = {}
    for good, (label, price) in zip(goods, cells_of, strict=True):
        cell = pad(justify(label, price, room), room + _GAP_CELLS)
        groups.setdefault(good.group, []).append(cell)
    place = 0
    for group, cells in groups.items():
        for at in range(0, len(cells), columns):
            yield _Row("".join(cells[at : at + columns]).rstrip(), place + at, group)
        place += len(cells)


def _heading(group: str, settings: ScreenSettings, width: int) -> str:
    label = clip(f"─ {settings.clean(group)} ", width)
    return label + "─" * (width - cell_len(label))


def _room(width: int, columns: int) -> int:
    """Return the cells of one good; behind the last column is no gap."""
    return (width + _GAP_CELLS) // columns - _GAP_CELLS


def _label_and_price(good: Good, number: int, settings: ScreenSettings) -> tuple[str, str]:
    sign = settings.clean(good.key) if good.key else f"/{number}"
    return f"{sign} {settings.clean(good.name)}", settings.price(good.price)
