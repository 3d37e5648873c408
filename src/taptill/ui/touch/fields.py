"""Where a finger may go, and which keys that is: a pure function of view, settings and size.

A field is three rows high and eight columns wide or more, and stays in its place. It presses keys
that a keyboard has as well, or the good itself, so that there is one way through the till; none of
them charges.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from taptill.checkout.goods.ring_up import good_key
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.domain.basket import Good
from taptill.ui.layout import Area, Layout, lay_out, too_small, with_page
from taptill.ui.modes.keys import prints_slip
from taptill.ui.screen_settings import ScreenSettings

FIELD_ROWS = 3
FIELD_CELLS = 8
_GOOD_CELLS = 15

TOUCH = "touch"
"""A key that means nothing but that somebody is there: it stops a countdown."""

_SLIP_KEYS = ("f4",)

_PICKING = frozenset({Step.READY, Step.RINGING, Step.CARD, Step.DECLINED, Step.REFUSED, Step.AGAIN})
"""In these steps goods can be touched at every size."""

_RESULTS = frozenset({Step.PAID, Step.VOIDED})
"""In these only where the word has its place beside the sentences; a smaller screen shows it."""


class Control(StrEnum):
    """The fields beside the goods; each is a text `touch.NAME`."""

    CHOOSE = "choose"
    LESS = "less"
    MORE = "more"
    REMOVE = "remove"
    CLEAR = "clear"
    GOODS = "goods"
    SLIP = "slip"


_PLACES = tuple(control for control in Control if control is not Control.SLIP)
"""The controls that have a place of their own, from the left."""

_SLIP_PLACES = 2
"""So many places has the receipt, from the left: those of lines, of which a result has none."""


class TouchSettings(NamedTuple):
    """What a touch depends on beside the view: settings, the terminal's size, the goods' page.

    `is_covered`: help, or the question before leaving, which a touch takes away.
    """

    settings: ScreenSettings
    size: tuple[int, int]
    first: int = 0
    is_covered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchField:
    """A field, and the keys that it presses: a good, with its number, or a control."""

    area: Area
    keys: tuple[str, ...]
    good: Good | None = None
    number: int = 0
    control: Control | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchLayout:
    """The fields of a screen: `goods` holds the goods, `controls` the others, `basket` the lines.

    `page` of `pages` is shown, from 0. `is_result`: the one field is the receipt, in the place of
    the sale.
    """

    layout: Layout
    goods: Area
    basket: Area
    controls: Area
    fields: tuple[TouchField, ...]
    page: int
    pages: int
    is_result: bool = False

    def turned(self, by: int) -> int:
        """Return the first good of another page; behind the last one comes the first."""
        return ((self.page + by) % self.pages) * _goods_a_page(self.goods)


def is_touched(settings: ScreenSettings) -> bool:
    """Return whether the site has switched touch on, where customers pick goods."""
    return settings.touch and settings.mode is TillMode.SELF_SERVICE


def touch_layout(view: TillView, shown: TouchSettings) -> TouchLayout | None:
    """Return the fields of a screen; None where there are none."""
    if not is_touched(shown.settings) or too_small(*shown.size) or view.page or view.countdown:
        return None
    layout = lay_out(*shown.size)
    if view.step in _RESULTS and not layout.is_beside:
        return _result_layout(view, layout, shown.settings)
    if view.step not in _PICKING | _RESULTS:
        return None
    layout = layout if layout.is_beside else with_page(layout)
    goods, basket, controls = _beside(layout) if layout.is_beside else _below(layout)
    in_order = _grouped(view.goods)
    a_page = _goods_a_page(goods)
    pages = max(1, -(-len(in_order) // a_page))
    page = min(max(0, shown.first) // a_page, pages - 1)
    fields = (
        *_goods_fields(in_order[page * a_page : (page + 1) * a_page], goods),
        *_slip_fields(view, controls, shown.settings),
        *_control_fields(view, controls, pages),
    )
    return TouchLayout(
        layout=layout,
        goods=goods,
        basket=basket,
        controls=controls,
        fields=fields,
        page=page,
        pages=pages,
    )


def keys_of_touch(
    view: TillView | None, shown: TouchSettings, at: tuple[int, int]
) -> tuple[str, ...]:
    """Return the keys of a touch at (column, row) from 0; none where it means nothing.

    It stops a countdown wherever it is. It takes away a balance, and a result that fills a screen.
    """
    settings = shown.settings
    if view is None or not settings.touch or too_small(*shown.size) or view.page:
        return ()
    if shown.is_covered:
        return ("escape",)
    if view.countdown:
        return (TOUCH,)
    if settings.mode is TillMode.BALANCE:
        return ("escape",) if view.customer or view.step is not Step.READY else ()
    layout = touch_layout(view, shown)
    fields = layout.fields if layout else ()
    if keys := next((field.keys for field in fields if _is_in(field.area, at)), ()):
        return keys
    fills_screen = layout is None or layout.is_result
    return ("escape",) if fills_screen and is_touched(settings) and view.step in _RESULTS else ()


def _result_layout(view: TillView, layout: Layout, settings: ScreenSettings) -> TouchLayout | None:
    """Return the receipt's field in the place of the sale, where a small screen shows a result."""
    if not prints_slip(view, settings):
        return None
    none = replace(layout.sale, height=0)
    field = TouchField(area=layout.sale, keys=_SLIP_KEYS, control=Control.SLIP)
    return TouchLayout(
        layout=layout,
        goods=none,
        basket=none,
        controls=layout.sale,
        fields=(field,),
        page=0,
        pages=1,
        is_result=True,
    )


def _beside(layout: Layout) -> tuple[Area, Area, Area]:
    """Return the areas where the banner has its word beside the sentences.

    The controls have the place of the recent sales, which customers do not see; its first row stays
    for alarms.
    """
    sale, below = layout.sale, layout.recent_sales
    controls = replace(below, y=below.y + 1, height=below.height - 1)
    if controls.height < FIELD_ROWS:  # the last rows of the panels instead
        controls = replace(below, y=below.y - layout.banner.height - FIELD_ROWS, height=FIELD_ROWS)
        sale = replace(sale, height=sale.height - FIELD_ROWS)
    goods = replace(sale, y=sale.y + 1, height=sale.height - 1)
    return goods, replace(layout.customer, height=sale.height), controls


def _below(layout: Layout) -> tuple[Area, Area, Area]:
    """Return the areas on a small screen: goods, what was picked, controls, one below the other."""
    sale = layout.sale
    rows = sale.height - FIELD_ROWS
    goods_rows = max(FIELD_ROWS, (rows - 1) // FIELD_ROWS * FIELD_ROWS)
    goods = replace(sale, height=goods_rows)
    basket = replace(sale, y=sale.y + goods_rows, height=rows - goods_rows)
    return goods, basket, replace(sale, y=sale.y + rows, height=FIELD_ROWS)


def _grouped(goods: tuple[Good, ...]) -> list[tuple[int, Good]]:
    """Return the goods with their numbers, those of one group together."""
    groups = list(dict.fromkeys(good.group for good in goods))
    numbered = enumerate(goods, 1)
    return sorted(numbered, key=lambda one: (groups.index(one[1].group), one[0]))


def _goods_a_page(area: Area) -> int:
    return _columns(area) * max(1, area.height // FIELD_ROWS)


def _columns(area: Area) -> int:
    return max(1, area.width // _GOOD_CELLS)


def _goods_fields(goods: list[tuple[int, Good]], area: Area) -> list[TouchField]:
    columns = _columns(area)
    width = area.width // columns
    return [
        TouchField(
            area=Area(
                area.x + at % columns * width,
                area.y + at // columns * FIELD_ROWS,
                width,
                FIELD_ROWS,
            ),
            keys=(good_key(number),),
            good=good,
            number=number,
        )
        for at, (number, good) in enumerate(goods)
    ]


def _control_fields(view: TillView, area: Area, pages: int) -> list[TouchField]:
    width = area.width // len(_PLACES)
    return [
        TouchField(
            area=replace(area, x=area.x + at * width, width=width), keys=keys, control=control
        )
        for at, control in enumerate(_PLACES)
        if (keys := _control_keys(control, view, pages))
    ]


def _slip_fields(view: TillView, area: Area, settings: ScreenSettings) -> list[TouchField]:
    """Return the field of the receipt where F4 prints that of the result on the screen."""
    if not prints_slip(view, settings):
        return []
    place = replace(area, width=area.width // len(_PLACES) * _SLIP_PLACES)
    return [TouchField(area=place, keys=_SLIP_KEYS, control=Control.SLIP)]


def _control_keys(control: Control, view: TillView, pages: int) -> tuple[str, ...]:
    """Return the keys of a control; none where it has nothing to do."""
    is_chosen = view.chosen is not None
    if control is Control.GOODS:
        return ("page_down",) if pages > 1 else ()
    if control is Control.CLEAR:
        is_there = view.step is not Step.READY or view.keystrokes or view.basket.lines
        return (("escape", "escape") if is_chosen else ("escape",)) if is_there else ()
    if not view.basket.lines:
        return ()
    return {
        Control.CHOOSE: ("up",),
        Control.LESS: ("backspace",),
        Control.MORE: ("+",) if is_chosen else ("*",),
        Control.REMOVE: ("delete",) if is_chosen else ("up", "delete"),
    }[control]


def _is_in(area: Area, at: tuple[int, int]) -> bool:
    column, row = at[0] - area.x, at[1] - area.y
    return 0 <= column < area.width and 0 <= row < area.height
