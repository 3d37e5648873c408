"""What was keyed in and what is on sale in, the rows of the sale panel out.

Below is always the total. Above it are the lines of the basket, and the goods under them where all
of them fit, or at least a few rows of them. Elsewhere the goods take the place of the lines: while
the basket is empty, or when the cashier turns to them.
"""

from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.renderables.digits import Digits

from taptill.checkout.view import TillView
from taptill.domain.basket import Basket, Good, Line
from taptill.domain.money import ZERO, Money
from taptill.ui.layout import inner_size, too_small
from taptill.ui.modes.alone import layout_of
from taptill.ui.rows import ColourRole, Run, clip, first_fitting, justify, pad
from taptill.ui.sale_panel.goods import HEADINGS_MIN, GoodsPage, goods_pages, page_of
from taptill.ui.screen_settings import ScreenSettings

_TOTAL_ROWS = 3
_LINES_MIN = 4
_GOODS_MIN = 3
"""So many rows of goods are worth while under the lines, if not all fit there."""

_COMPACT_BELOW = 4
"""With less room above it the total is one row high while goods are turned to."""

_LARGE_SIGNS = frozenset("$£€")
_CHOSEN = "▶ "


class GoodsPlace(NamedTuple):
    """Where in the goods the cashier is; `asked`: they stand in the place of the lines."""

    first: int = 0
    asked: bool = False


FIRST_GOODS = GoodsPlace()


class KeyedSale(NamedTuple):
    """All that the sale panel shows: the goods, and what was keyed in."""

    goods: tuple[Good, ...]
    basket: Basket
    keystrokes: str
    total: Money
    chosen: int | None = None
    place: GoodsPlace = FIRST_GOODS
    can_turn: bool = True

    @classmethod
    def of(cls, view: TillView, place: GoodsPlace) -> "KeyedSale":
        """Return what the panel shows of a view."""
        return cls(
            goods=view.goods,
            basket=view.basket,
            keystrokes=view.keystrokes,
            total=view.total,
            chosen=view.chosen,
            place=place,
            can_turn=view.countdown is None,  # there each key stops the payment
        )

    @property
    def has_lines(self) -> bool:
        """Return whether there is anything above the total but goods."""
        return bool(self.basket.lines or self.keystrokes)


class _Plan(NamedTuple):
    """Which rows the goods have: `rows` of them; none if they are hidden behind the lines."""

    pages: tuple[GoodsPage, ...]
    number: int
    rows: int
    is_compact: bool = False

    @property
    def page(self) -> GoodsPage:
        return self.pages[self.number]


def sale(keyed: KeyedSale, settings: ScreenSettings, width: int, rows: int) -> list[Run]:
    """Return the lines of the sale, the goods where there is room for them, and the total."""
    plan = _plan(keyed, settings, width, rows)
    if plan.is_compact:
        return [*_filled(plan.page.rows, rows - 1), Run(_small_total(keyed, plan, settings, width))]
    room = rows - _TOTAL_ROWS
    total = [Run(line) for line in _total(keyed, plan, settings, width)]
    if not keyed.has_lines or (keyed.place.asked and plan.rows):
        goods = plan.page.rows if plan.pages else ()
        is_below = plan.rows < room  # all of them fit under the lines, and stay in their place
        body = _filled(("",) * (room - len(goods)) + goods if is_below else goods, room)
        return body + total
    lines_room = room - plan.rows - bool(plan.rows)
    lines = _visible_lines(keyed, settings, width, lines_room)
    gap = [Run("")] * (room - len(lines) - plan.rows)
    goods_rows = plan.page.rows if plan.rows else ()
    return [*lines, *gap, *_filled(goods_rows, plan.rows), *total]


def turn_goods(
    view: TillView, settings: ScreenSettings, size: tuple[int, int], place: GoodsPlace, by: int
) -> GoodsPlace | None:
    """Return the place in the goods after a page forward or back; None where none can be turned.

    `size` is that of the terminal. From the last page it goes to the first one, where goods took
    the place of lines by way of the lines.
    """
    if view.page or too_small(*size):
        return None
    layout = layout_of(view, settings, size)
    inside = inner_size(layout.sale, layout)
    keyed = KeyedSale.of(view, place)
    plan = _plan(keyed, settings, *inside)
    if not plan.pages:
        return None
    if not plan.rows:
        pages = _plan(keyed._replace(place=GoodsPlace(asked=True)), settings, *inside).pages
        return GoodsPlace(place.first if by > 0 else pages[-1].first, asked=True)
    number = plan.number + by
    if place.asked and not 0 <= number < len(plan.pages):
        return FIRST_GOODS
    if len(plan.pages) == 1:
        return None
    return GoodsPlace(plan.pages[number % len(plan.pages)].first, asked=place.asked)


def digit_rows(text: str) -> tuple[str, ...]:
    """Return an amount as large digits, three rows high, drawn by Textual's Digits."""
    segments = (part for part in Digits(text).render(Style()) if isinstance(part, Segment))
    rows = "".join(segment.text for segment in segments)
    return tuple(rows.split("\n")[:_TOTAL_ROWS])


def _plan(keyed: KeyedSale, settings: ScreenSettings, width: int, rows: int) -> _Plan:
    goods, room = keyed.goods, rows - _TOTAL_ROWS
    if not goods:
        return _Plan((), 0, 0)
    under = room - 1 - _LINES_MIN
    below = goods_pages(goods, settings, width, under) if under > 0 else ()
    if len(below) == 1:
        return _Plan(below, 0, len(below[0].rows))
    if keyed.has_lines and not keyed.place.asked:
        pages = below if under >= _GOODS_MIN else goods_pages(goods, settings, width, room)
        shown = under if under >= _GOODS_MIN else 0
        return _Plan(pages, page_of(pages, keyed.place.first), shown)
    pages = goods_pages(goods, settings, width, room)
    is_compact = len(pages) > 1 and room < _COMPACT_BELOW
    if is_compact:
        room = rows - 1
        pages = goods_pages(goods, settings, width, room)
    return _Plan(pages, page_of(pages, keyed.place.first), room, is_compact)


def _filled(texts: tuple[str, ...], rows: int) -> list[Run]:
    return [*(Run(text) for text in texts), *[Run("")] * (rows - len(texts))]


def _page_words(keyed: KeyedSale, plan: _Plan, settings: ScreenSettings, width: int) -> str:
    """Return how to turn to the other goods, in the longest wording that fits, or nothing."""
    say, count = settings.texts.say, len(plan.pages)
    if not keyed.can_turn or not plan.pages or (plan.rows and count == 1):
        return ""
    if not plan.rows:
        return first_fitting(width, say("goods.turn"), say("goods.key"))
    page = {"number": str(plan.number + 1), "count": str(count)}
    words = (say("goods.page", **page), say("goods.page-short", **page), say("goods.key"))
    return first_fitting(width, *words)


def _group_words(plan: _Plan, settings: ScreenSettings) -> str:
    """Return the name of the page's group where it has no heading."""
    if not plan.rows or plan.rows >= HEADINGS_MIN or not plan.page.group:
        return ""
    return settings.clean(plan.page.group)


def _total(keyed: KeyedSale, plan: _Plan, settings: ScreenSettings, width: int) -> list[str]:
    """Return the total as large digits, and beside it where in the goods the cashier is."""
    label = settings.texts.say("line.total")
    digits = _large(keyed.total, settings)
    left = width - max(map(cell_len, digits)) - 1
    if len(label) > left:
        small = justify(label, settings.price(keyed.total), width)
        return [_group_words(plan, settings), small, _page_words(keyed, plan, settings, width)]
    labels = (_group_words(plan, settings), label, _page_words(keyed, plan, settings, left))
    return [justify(left, right, width) for left, right in zip(labels, digits, strict=True)]


def _small_total(keyed: KeyedSale, plan: _Plan, settings: ScreenSettings, width: int) -> str:
    """Return the one row below goods that are turned to: their group and page, and the total."""
    total = settings.price(keyed.total)
    page = {"number": str(plan.number + 1), "count": str(len(plan.pages))}
    words = settings.texts.say("goods.page-short", **page) if keyed.can_turn else ""
    label = f"{settings.texts.say('line.total')} {total}"
    if group := _group_words(plan, settings):
        group = clip(group, width - cell_len(total) - cell_len(words) - 2)
        return justify(f"{group} {words}", total, width)
    return justify(words, first_fitting(width - cell_len(words) - 1, label, total), width)


def _large(total: Money, settings: ScreenSettings) -> list[str]:
    """Return an amount as large digits; a currency sign without a large form is small, below."""
    digits = digit_rows(settings.figure(total))
    is_large = settings.sign in _LARGE_SIGNS
    blank = " " * cell_len(settings.sign)
    sign = digit_rows(settings.sign) if is_large else (blank, blank, settings.sign)
    minus = digit_rows("-") if total < ZERO else ("", "", "")
    gap = "" if is_large else " "
    if settings.usage.sign_first:
        columns = zip(minus, sign, (gap,) * _TOTAL_ROWS, digits, strict=True)
    else:
        columns = zip(minus, digits, (" ",) * _TOTAL_ROWS, sign, strict=True)
    return ["".join(row) for row in columns]


def _visible_lines(keyed: KeyedSale, settings: ScreenSettings, width: int, rows: int) -> list[Run]:
    """Return the newest lines, or those around the chosen one; the first says how many there are.

    In a single row there is the chosen line alone, or the count with what is being typed.
    """
    typed = [_typed_line(keyed, settings, width)] if keyed.keystrokes else []
    count = len(keyed.basket.lines) + len(typed)
    if count <= rows:
        return [*_lines(keyed, settings, width, range(len(keyed.basket.lines))), *typed]
    pieces = sum(line.quantity for line in keyed.basket.lines) + len(typed)
    words = settings.texts.say("line.items", count=str(pieces))
    if rows <= 1:
        if keyed.chosen is not None:
            return _lines(keyed, settings, width, range(keyed.chosen, keyed.chosen + 1))
        return [Run(justify(words, _typed_keys(keyed, settings), width) if typed else words)]
    newest = len(keyed.basket.lines) - (rows - 1 - len(typed))
    first = newest if keyed.chosen is None else min(newest, keyed.chosen)
    shown = range(first, first + rows - 1 - len(typed))
    return [Run(words), *_lines(keyed, settings, width, shown), *typed]


def _lines(keyed: KeyedSale, settings: ScreenSettings, width: int, places: range) -> list[Run]:
    return [
        _line(keyed.basket.lines[place], settings, width, is_chosen=place == keyed.chosen)
        for place in places
    ]


def _line(line: Line, settings: ScreenSettings, width: int, *, is_chosen: bool) -> Run:
    name = settings.clean(line.name) if line.name else settings.texts.say("line.amount")
    label, price = f"{line.quantity} × {name}", settings.price(line.total)
    if is_chosen:
        return Run(justify(_CHOSEN + label, price, width), ColourRole.INFO)
    return Run(justify(label, price, width))


def _typed_line(keyed: KeyedSale, settings: ScreenSettings, width: int) -> Run:
    """Return the keys of what is being typed, and next to them the amount that they mean."""
    amount = keyed.total - keyed.basket.total
    keys = _typed_keys(keyed, settings)
    return Run(justify(keys, settings.price(amount), width) if amount else pad(keys, width))


def _typed_keys(keyed: KeyedSale, settings: ScreenSettings) -> str:
    keys = keyed.keystrokes.replace(".", settings.usage.mark).replace("*", " × ")
    return f"> {keys}".rstrip()
