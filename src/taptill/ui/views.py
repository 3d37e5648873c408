"""The till screen as rows of text: a pure function of the view, the settings and the size.

A region is computed anew when what it shows has changed. For this each region is a function of all
that it shows and of nothing else, and keeps the rows of its last call.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from itertools import zip_longest
from typing import NamedTuple, ParamSpec

from rich.cells import cell_len

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.pages.page import PageView
from taptill.checkout.session import Step
from taptill.checkout.view import (
    CustomerView,
    RecentSaleView,
    StatusView,
    TillAlarm,
    TillView,
)
from taptill.domain.tap import ReaderHealth
from taptill.domain.technical.till_warning import TillWarning
from taptill.ui.banner import BannerText, banner_text, broken_readers, draw_banner, unusable_reader
from taptill.ui.layout import Area, Layout, inner_size, lay_out, too_small, with_page
from taptill.ui.modes.alone import (
    balance_notes,
    hides_faults,
    layout_of,
    panel_settings,
    shows_status,
)
from taptill.ui.modes.help import HELP_OVERLAYS, Overlay, draw_help, help_lines
from taptill.ui.modes.keys import key_names
from taptill.ui.modes.leaving import leave_text
from taptill.ui.modes.practice import marked, practice_mark
from taptill.ui.pages import draw_page
from taptill.ui.panels import customer, keys_line, no_customer, sale_row
from taptill.ui.rows import (
    ColourRole,
    Row,
    Rows,
    Run,
    bare,
    block,
    clip,
    frame,
    pad,
    wrap,
)
from taptill.ui.sale_panel.panel import FIRST_GOODS, GoodsPlace, KeyedSale, sale, turn_goods
from taptill.ui.screen_settings import ScreenSettings, warning_words
from taptill.ui.status_line.items import reader_words, status_items
from taptill.ui.touch.drawing import control_rows, sale_rows
from taptill.ui.touch.fields import TouchLayout, TouchSettings, touch_layout

_NO_RUNS: Row = ()
_STARTING = TillView(step=Step.READY, status=StatusView(till=""))

P = ParamSpec("P")


class Alerts(NamedTuple):
    """What stands above the recent sales: alarms, warnings, failing readers."""

    alarms: tuple[TillAlarm, ...]
    warnings: tuple[TillWarning, ...]
    readers: tuple[ReaderHealth, ...]


class Panels(NamedTuple):
    """The rows between status line and banner, left and right, and those below the banner."""

    layout: Layout
    left: Rows
    right: Rows
    below: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRows:
    """The rows of each region, as wide as its area; hidden regions have none.

    A page covers both panels: its rows are those of `sale`, as wide as the screen.
    """

    status: Rows
    sale: Rows
    customer: Rows
    banner: Rows
    recent_sales: Rows
    keys: Rows
    banner_text: BannerText

    @property
    def lines(self) -> Rows:
        """Return the rows of the whole screen from the top, with sale and customer side by side."""
        panels = zip_longest(self.sale, self.customer, fillvalue=_NO_RUNS)
        beside = [(*left, *right) for left, right in panels]
        return (*self.status, *beside, *self.banner, *self.recent_sales, *self.keys)


def _kept(draw: Callable[P, Rows]) -> Callable[P, Rows]:
    """Make a region's function return the rows of its last call while its arguments are equal."""
    last: list[tuple[object, Rows]] = []

    @wraps(draw)
    def drawn(*shown: P.args, **named: P.kwargs) -> Rows:
        if not last or last[0][0] != (shown, named):
            last[:] = [((shown, named), draw(*shown, **named))]
        return last[0][1]

    return drawn


def draw_screen(
    view: TillView | None,
    settings: ScreenSettings,
    size: tuple[int, int],
    overlay: Overlay = Overlay.NONE,
    place: GoodsPlace = FIRST_GOODS,
) -> ScreenRows:
    """Return the rows for a terminal of (columns, rows); `view` is None while the till starts.

    `place` is where in the goods the cashier is.
    """
    width, height = size
    text = banner_text(view, settings)
    if too_small(width, height):
        return _too_small(settings, size, text)
    now = view or _STARTING
    status, readers = now.status, now.status.readers
    if overlay is Overlay.LEAVE:
        text = replace(text, cashier=leave_text(view, settings))
    covers = now.page is not None or overlay in HELP_OVERLAYS
    layout = with_page(lay_out(*size)) if covers else layout_of(now, settings, size)
    keyed = KeyedSale.of(now, place)
    mark = practice_mark(settings)
    inside = width - cell_len(mark)
    status_row = _status_line(status if view else None, settings, inside)
    names = _key_names(now, overlay, settings, size)
    keys = _keys_line(names, settings, inside, is_sale=now.page is None)
    alerts = _alerts_for(status, settings)
    shown = TouchSettings(settings, size, place.first)
    touch = touch_layout(view, shown) if view and not covers else None
    right: Rows = ()
    if not covers and (touch is None or touch.is_result):
        is_shown = shows_status(now, settings)
        own_settings = panel_settings(now, settings)
        right = _customer_panel(now.customer, readers, own_settings, layout, with_status=is_shown)
    if touch:
        panels = _touch_panels(now, touch, settings, alerts, right)
    else:
        lines = help_lines(view, settings) if overlay in HELP_OVERLAYS else ()
        cover = _cover(now.page, lines, settings, layout, overlay) if covers else ()
        panels = Panels(
            layout,
            cover or _sale_panel(keyed, settings, layout),
            right,
            _recent_sales(*_listed(now, settings), alerts, settings, layout),
        )
    return ScreenRows(
        status=marked(status_row, mark) if mark else status_row,
        sale=panels.left,
        customer=panels.right,
        banner=_banner(text, panels.layout),
        recent_sales=panels.below,
        keys=marked(keys, mark) if mark else keys,
        banner_text=text,
    )


def _key_names(
    view: TillView, overlay: Overlay, settings: ScreenSettings, size: tuple[int, int]
) -> tuple[str, ...]:
    can_turn = turn_goods(view, settings, size, FIRST_GOODS, 1) is not None
    return key_names(view, overlay, settings, size, can_turn=can_turn)


def _alerts_for(status: StatusView, settings: ScreenSettings) -> Alerts:
    """Return what whoever is at the till can do something about."""
    if hides_faults(status, settings):
        return Alerts((), (), ())
    return Alerts(status.alarms, status.warnings, status.readers)


def _too_small(settings: ScreenSettings, size: tuple[int, int], text: BannerText) -> ScreenRows:
    width, height = size
    lines = [Run(line) for line in wrap(settings.texts.say("small.sentence"), width)]
    return ScreenRows(
        status=(),
        sale=(),
        customer=(),
        banner=bare(lines, width, height),
        recent_sales=(),
        keys=(),
        banner_text=text,
    )


def _touch_panels(
    now: TillView, touch: TouchLayout, settings: ScreenSettings, alerts: Alerts, customer: Rows
) -> Panels:
    """Return the panels with fields to touch; beside a result's field stands the customer."""
    layout = touch.layout
    if layout.is_beside:
        alert = next(iter(_alerts(alerts, settings)), Run(""))
        alert = alert._replace(text=clip(alert.text, layout.keys.width))
        below = control_rows(touch, settings, alert)
    else:
        below = _recent_sales(*_listed(now, settings), alerts, settings, layout)
    left, right = sale_rows(now, touch, settings)
    return Panels(layout, left, customer if touch.is_result else right, below)


def _listed(view: TillView, settings: ScreenSettings) -> tuple[str, tuple[RecentSaleView, ...]]:
    """Return title and rows of the list of sales: the customer's own, where these may be shown."""
    is_own = bool(view.purchases) and settings.shows_debt and view.page is None
    return ("panel.own", view.purchases) if is_own else ("panel.strip", view.recent_sales)


def _panel(title: str, runs: list[Run], area: Area, layout: Layout) -> Rows:
    if layout.has_frames:
        return frame(title, runs, area.width, area.height)
    return bare([run._replace(text=f" {run.text}") for run in runs], area.width, area.height)


_banner = _kept(draw_banner)
_keys_line = _kept(keys_line)


@_kept
def _cover(
    page: PageView | None,
    lines: tuple[str, ...],
    settings: ScreenSettings,
    layout: Layout,
    overlay: Overlay,
) -> Rows:
    """Return what is laid over both panels: a part of the help with these lines, or a page."""
    if overlay in HELP_OVERLAYS or page is None:
        title = settings.texts.say("panel.help")
        return draw_help(title, lines, layout, HELP_OVERLAYS.index(overlay))
    return draw_page(page, settings, layout)


@_kept
def _sale_panel(keyed: KeyedSale, settings: ScreenSettings, layout: Layout) -> Rows:
    width, rows = inner_size(layout.sale, layout)
    if settings.mode is TillMode.BALANCE:
        notes = balance_notes(settings, width, rows)
        return _panel(settings.texts.say("panel.balance"), notes, layout.sale, layout)
    runs = sale(keyed, settings, width, rows)
    return _panel(settings.texts.say("panel.sale"), runs, layout.sale, layout)


@_kept
def _customer_panel(
    shown: CustomerView | None,
    readers: tuple[ReaderHealth, ...],
    settings: ScreenSettings,
    layout: Layout,
    *,
    with_status: bool,
) -> Rows:
    width, rows = inner_size(layout.customer, layout)
    if shown:
        runs = customer(shown, settings, width, rows, with_status=with_status)
    else:
        runs = no_customer(settings, rows, can_read=unusable_reader(readers) is None)
    return _panel(settings.texts.say("panel.customer"), runs, layout.customer, layout)


@_kept
def _status_line(status: StatusView | None, settings: ScreenSettings, width: int) -> Rows:
    """Return the status line; where it is too narrow, whole items are left out."""
    say = settings.texts.say
    if status is None:  # the journal is not open yet
        return ((Run(pad(f" {say('link.unknown')}", width)),),)
    row: list[Run] = [Run(" ")]
    items = status_items(status, settings, width)
    for _, run in items:
        divider = [Run(" │ ")] if len(row) > 1 else []
        row += [*divider, run]
    used = sum(cell_len(run.text) for run in row)
    return ((*row, Run(" " * (width - used))),)


@_kept
def _recent_sales(
    title: str,
    recent_sales: tuple[RecentSaleView, ...],
    shown_alerts: Alerts,
    settings: ScreenSettings,
    layout: Layout,
) -> Rows:
    """Return alarms, warnings and reader hints, and below them the recent sales, newest first."""
    area = layout.recent_sales
    if not area.height:
        return ()
    is_single_line = area.height == 1
    rows = 1 if is_single_line else area.height - 2
    width = area.width - (2 if is_single_line else 4)
    sales = [Run(sale_row(row, settings, width)) for row in recent_sales]
    alerts = _alerts(shown_alerts, settings)
    if not is_single_line:
        alerts += _reader_hints(shown_alerts.readers, settings)
    alert_rows = max(1, rows - 1) if sales else rows
    if len(alerts) > alert_rows:
        rest, last = f" +{len(alerts) - alert_rows}", alerts[alert_rows - 1]
        alerts = [
            *alerts[: alert_rows - 1],
            last._replace(text=clip(last.text, width - len(rest)) + rest),
        ]
    runs = block([*alerts, *sales], rows)
    if settings.mode.is_unattended and not alerts and not sales:
        return bare([], area.width, area.height)  # customers see no sales of others
    if is_single_line:
        return bare([run._replace(text=f" {run.text}") for run in runs], area.width, 1)
    return frame(settings.texts.say(title), runs, area.width, area.height)


def _alerts(alerts: Alerts, settings: ScreenSettings) -> list[Run]:
    alarms = [
        Run(settings.texts.say(f"alarm.{alarm}"), ColourRole.REFUSED) for alarm in alerts.alarms
    ]
    warnings = [
        Run(warning_words(warning, settings), ColourRole.WARN) for warning in alerts.warnings
    ]
    return [*alarms, *warnings]


def _reader_hints(readers: tuple[ReaderHealth, ...], settings: ScreenSettings) -> list[Run]:
    """Return what to do about readers that fail while others work."""
    if unusable_reader(readers):
        return []
    return [
        Run(
            settings.texts.labelled(reader_words(reader.reader, settings), _hint(reader, settings)),
            ColourRole.WARN,
        )
        for reader in broken_readers(readers)
    ]


def _hint(reader: ReaderHealth, settings: ScreenSettings) -> str:
    return settings.texts.say_if_known(f"reader.{reader.state}.cashier", {})
