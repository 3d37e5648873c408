"""The till screen as rows of text: a pure function of the view, the settings and the size."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest

from rich.cells import cell_len

from taptill.checkout.session import Step
from taptill.checkout.view import Link, RecentSaleView, SaleState, StatusView, TillView
from taptill.domain.decision import Reason
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.ui.banner import BannerText, banner_text, broken_readers, draw_banner, unusable_reader
from taptill.ui.layout import Area, Layout, lay_out, too_small
from taptill.ui.panels import customer, sale
from taptill.ui.rows import (
    ColourRole,
    Row,
    Rows,
    Run,
    bare,
    block,
    clip,
    first_fitting,
    frame,
    justify,
    pad,
    wrap,
)
from taptill.ui.screen_settings import ScreenSettings

_NAME_CELLS = 16
_AMOUNT_CELLS = 9
_INITIALS_CELLS = 6
_NO_RUNS: Row = ()
_MISSING = frozenset({Reason.NO_CREDIT, Reason.OFFLINE_CAP})

HELP = (
    "confirm", "cancel", "digits", "back", "letters", "add",
    "void", "leave", "repeat", "pick", "repaint", "help",
)  # fmt: skip


class Overlay(StrEnum):
    """What is laid over the panels because the cashier asked the screen itself for it."""

    NONE = "none"
    HELP = "help"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRows:
    """The rows of each region, as wide as its area; hidden regions have none."""

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


def draw_screen(
    view: TillView | None,
    settings: ScreenSettings,
    size: tuple[int, int],
    overlay: Overlay = Overlay.NONE,
) -> ScreenRows:
    """Return the rows for a terminal of (columns, rows); `view` is None while the till starts."""
    width, height = size
    text = banner_text(view, settings)
    if too_small(width, height):
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
    layout = lay_out(width, height)
    current_view = view or TillView(step=Step.READY, status=StatusView(till=""))
    if overlay is Overlay.LEAVE:
        text = replace(text, cashier=_leave_text(view, settings))
    return ScreenRows(
        status=(_status_row(view, settings, width),),
        sale=_sale_panel(current_view, settings, layout, overlay),
        customer=_customer_panel(current_view, settings, layout, overlay),
        banner=draw_banner(text, layout),
        recent_sales=_recent_sales(current_view, settings, layout),
        keys=(_keys_row(current_view, settings, width, overlay),),
        banner_text=text,
    )


def _leave_text(view: TillView | None, settings: ScreenSettings) -> str:
    if view is None:
        return settings.texts.say("leave.starting")
    say, status = settings.texts.say, view.status
    count, total = str(status.to_send), settings.sum(status.to_send_sum)
    if status.conflicts:
        return say(
            "leave.desk",
            conflicts=str(status.conflicts),
            lost=settings.sum(status.in_question),
            count=count,
            sum=total,
        )
    return say("leave.kept", count=count, sum=total) if status.to_send else say("leave.clean")


def _panel(title: str, runs: list[Run], area: Area, layout: Layout) -> Rows:
    if layout.has_frames:
        return frame(title, runs, area.width, area.height)
    return bare([replace(run, text=f" {run.text}") for run in runs], area.width, area.height)


def _inner_size(area: Area, layout: Layout) -> tuple[int, int]:
    return (area.width - 4, area.height - 2) if layout.has_frames else (area.width - 2, area.height)


def _sale_panel(view: TillView, settings: ScreenSettings, layout: Layout, overlay: Overlay) -> Rows:
    width, rows = _inner_size(layout.sale, layout)
    if overlay is Overlay.HELP:
        help_runs = [Run(settings.texts.say(f"help.{key}")) for key in HELP[:rows]]
        return _panel(settings.texts.say("panel.help"), help_runs, layout.sale, layout)
    runs = sale(view, settings, width, rows)
    return _panel(settings.texts.say("panel.sale"), runs, layout.sale, layout)


def _customer_panel(
    view: TillView, settings: ScreenSettings, layout: Layout, overlay: Overlay
) -> Rows:
    width, rows = _inner_size(layout.customer, layout)
    if overlay is Overlay.HELP:
        help_runs = [Run(settings.texts.say(f"help.{key}")) for key in HELP[rows : 2 * rows]]
        return _panel(settings.texts.say("panel.help"), help_runs, layout.customer, layout)
    runs = customer(view, settings, width, rows)
    return _panel(settings.texts.say("panel.customer"), runs, layout.customer, layout)


def _status_row(view: TillView | None, settings: ScreenSettings, width: int) -> Row:
    """Return the status line; where it is too narrow, whole items are left out."""
    say = settings.texts.say
    if view is None:  # the journal is not open yet
        return (Run(pad(f" {say('link.unknown')}", width)),)
    row: list[Run] = [Run(" ")]
    items = _status_items(view, settings, width)
    for _, run in items:
        divider = [Run(" │ ")] if len(row) > 1 else []
        row += [*divider, run]
    used = sum(cell_len(run.text) for run in row)
    return (*row, Run(" " * (width - used)))


def _status_items(view: TillView, settings: ScreenSettings, width: int) -> list[tuple[int, Run]]:
    """Return the items that fit, each with its rank; those of the highest rank are left out first.

    What the office must clarify is left out after all but link and readers. Before that, these two
    are worded shorter, and *0 to send* is left out first.
    """
    status = view.status
    to_send = Run(settings.texts.say("status.to-send", count=str(status.to_send)))
    is_less = bool(status.conflicts) and not status.to_send
    needed_ranks = {0, 1, 2} if status.conflicts else {0, 1}
    for link, readers in _wordings(view, settings):
        ranked_items = [
            (6, Run(clip(settings.clean(status.till), _NAME_CELLS)) if status.till else None),
            (0, link),
            (1, readers),
            (2, _conflicts(status, settings)),
            (7 if is_less else 3, to_send),
            (4, _cache_age(status, settings)),
            (5, Run(status.time) if status.time else None),
        ]
        items = [(rank, run) for rank, run in ranked_items if run is not None]
        while len(items) > 1 and _status_cells(items) > width:
            items.remove(max(items, key=lambda item: item[0]))
        if needed_ranks <= {rank for rank, _ in items}:
            break
    return items


def _wordings(view: TillView, settings: ScreenSettings) -> list[tuple[Run, Run]]:
    """Return wordings of link and readers, the longest first."""
    say, status = settings.texts.say, view.status
    link, readers = _link(status, settings), _readers(view, settings)
    bare_link = _link(replace(status, latency_ms=None, offline_since=""), settings)
    brief = bare_link
    if status.link is Link.OFFLINE and status.offline_since:
        brief = replace(bare_link, text=f" {say('status.offline', since=status.offline_since)} ")
    state = readers
    not_ok = [reader for reader in status.readers if reader.state is not ReaderState.OK]
    if worst := next(iter([*broken_readers(view), *not_ok]), None):
        words = say(f"reader.{worst.state}.status")
        state = replace(readers, text=words if readers.role is ColourRole.TEXT else f" {words} ")
    return [(link, readers), (brief, readers), (brief, state), (bare_link, state)]


def _status_cells(items: list[tuple[int, Run]]) -> int:
    return 1 + sum(cell_len(run.text) for _, run in items) + 3 * (len(items) - 1)


def _link(status: StatusView, settings: ScreenSettings) -> Run:
    values = {"since": status.offline_since} if status.offline_since else {}
    if status.latency_ms is not None:
        values["ms"] = str(status.latency_ms)
    text = settings.texts.say_if_known(f"link.{status.link}", values)
    is_normal = status.link in {Link.ONLINE, Link.UNKNOWN}
    return Run(text) if is_normal else Run(f" {text} ", ColourRole.WARN)


def _readers(view: TillView, settings: ScreenSettings) -> Run:
    say, readers = settings.texts.say, view.status.readers
    if not readers:
        return Run(say("status.reader", state=say("status.no-reader")))
    worst = next(iter(broken_readers(view)), None)
    if worst is None:
        opening = next(
            (reader for reader in readers if reader.state is ReaderState.OPENING), readers[0]
        )
        return Run(say("status.reader", state=say(f"reader.{opening.state}.status")))
    state = say(f"reader.{worst.state}.status")
    name = clip(settings.clean(worst.reader), _NAME_CELLS)
    has_several = len(readers) > 1
    text = (
        say("status.reader-named", reader=name, state=state)
        if has_several
        else say("status.reader", state=state)
    )
    return Run(f" {text} ", ColourRole.WARN)


def _conflicts(status: StatusView, settings: ScreenSettings) -> Run | None:
    if not status.conflicts:
        return None
    text = settings.texts.say("status.conflicts", count=str(status.conflicts))
    return Run(f" {text} ", ColourRole.WARN)


def _cache_age(status: StatusView, settings: ScreenSettings) -> Run | None:
    if status.cache_age_s is None:
        return None
    return Run(settings.texts.say("status.age", age=settings.age(status.cache_age_s)))


def _recent_sales(view: TillView, settings: ScreenSettings, layout: Layout) -> Rows:
    """Return alarms, warnings and reader hints, and below them the recent sales, newest first."""
    area = layout.recent_sales
    is_single_line = area.height == 1
    rows = 1 if is_single_line else area.height - 2
    width = area.width - (2 if is_single_line else 4)
    sales = [Run(_sale_row(row, settings, width)) for row in view.recent_sales]
    alerts = _alerts(view, settings) + ([] if is_single_line else _reader_hints(view, settings))
    alert_rows = max(1, rows - 1) if sales else rows
    if len(alerts) > alert_rows:
        rest, last = f" +{len(alerts) - alert_rows}", alerts[alert_rows - 1]
        alerts = [
            *alerts[: alert_rows - 1],
            replace(last, text=clip(last.text, width - 2 - len(rest)) + rest),
        ]
    runs = block([*alerts, *sales], rows)
    if is_single_line:
        return bare([replace(run, text=f" {run.text}") for run in runs], area.width, 1)
    return frame(settings.texts.say("panel.strip"), runs, area.width, area.height)


def _alerts(view: TillView, settings: ScreenSettings) -> list[Run]:
    status = view.status
    alarms = [
        Run(settings.texts.say(f"alarm.{alarm}"), ColourRole.REFUSED) for alarm in status.alarms
    ]
    warnings = [Run(settings.clean(warning), ColourRole.WARN) for warning in status.warnings]
    return [*alarms, *warnings]


def _reader_hints(view: TillView, settings: ScreenSettings) -> list[Run]:
    """Return what to do about readers that fail while others work."""
    if unusable_reader(view):
        return []
    return [
        Run(
            f"{clip(settings.clean(reader.reader), _NAME_CELLS)}: {_hint(reader, settings)}",
            ColourRole.WARN,
        )
        for reader in broken_readers(view)
    ]


def _hint(reader: ReaderHealth, settings: ScreenSettings) -> str:
    return settings.texts.say_if_known(f"reader.{reader.state}.cashier", {})


def _sale_row(row: RecentSaleView, settings: ScreenSettings, width: int) -> str:
    amount = settings.money(row.amount).rjust(_AMOUNT_CELLS)
    initials = pad(settings.clean(row.initials), _INITIALS_CELLS)
    place = f"{row.time:>5} {amount}  {initials}  "
    text = place + first_fitting(width - cell_len(place), *_sale_states(row, settings))
    hint = settings.texts.say("sale.hint") if row.can_void else ""
    return justify(text, hint, width) if cell_len(f"{text} {hint}") < width else pad(text, width)


def _sale_states(row: RecentSaleView, settings: ScreenSettings) -> list[str]:
    """Return wordings of how far a sale has come, the longest first."""
    say = settings.texts.say
    if row.is_voided:
        return [say("sale.voided")]
    key = f"sale.void-{row.state}" if row.amount.minor < 0 else f"sale.{row.state}"
    if row.state is not SaleState.REFUSED:
        return [say(key), say(f"{key}-short")]
    reason = say(f"reason.{row.reason}.short") if row.reason else "?"
    words = [say("sale.refused", why=reason), say("sale.refused-short")]
    if row.missing is not None and row.reason in _MISSING and settings.shows_debt:
        missing = say("sale.missing", why=reason, missing=settings.money(row.missing))
        words.insert(0, say("sale.refused", why=missing))
    return words


def _keys_row(view: TillView, settings: ScreenSettings, width: int, overlay: Overlay) -> Row:
    names = ("back", "leave") if overlay is Overlay.HELP else ("confirm", "cancel", "help", "void")
    visible_names: list[str] = []
    for name in names:
        text = settings.texts.say(f"key.{name}")
        if cell_len(" " + "  ".join([*visible_names, text])) <= width:
            visible_names.append(text)
    if view.step is Step.CLOSED:
        visible_names = [settings.texts.say("key.help")]
    return (Run(pad(" " + "  ".join(visible_names), width)),)
