"""The help (F1): the keys that do something here, in as many parts as the screen needs."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import zip_longest

from rich.cells import cell_len

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.pages.page import PageView
from taptill.checkout.view import TillView
from taptill.ui.layout import Layout, inner_size, lay_out, with_page
from taptill.ui.rows import Rows, Run, bare, frame, pad
from taptill.ui.screen_settings import ScreenSettings, ShowDebt

_GAP = 2
_TURNS = {"page_down": 1, "page_up": -1}


class Overlay(StrEnum):
    """What is laid over the panels because the cashier asked the screen itself for it."""

    NONE = "none"
    HELP = "help"
    HELP_2 = "help-2"  # on a small screen the help has several parts
    HELP_3 = "help-3"
    HELP_4 = "help-4"
    HELP_5 = "help-5"
    LEAVE = "leave"


HELP_OVERLAYS = (
    Overlay.HELP,
    Overlay.HELP_2,
    Overlay.HELP_3,
    Overlay.HELP_4,
    Overlay.HELP_5,
)

HELP = (
    "confirm", "cancel", "digits", "letters", "quantity", "back", "void", "turn",
    "choose", "change", "add", "pick", "repeat", "find", "cards", "money", "override", "office",
    "lock", "slip", "debt", "leave", "repaint", "help", "technician",
)  # fmt: skip
"""The lines of the help, the most needed ones first."""

HELP_ALONE = {
    TillMode.SELF_SERVICE: (
        "tap-pays", "stop", "cancel", "digits", "letters", "pick", "quantity", "back", "turn",
        "choose", "change", "add", "slip", "debt", "help", "staff", "void", "find", "cards",
        "money", "override", "office", "technician", "leave", "repaint",
    ),
    TillMode.BALANCE: (
        "tap-shows", "clear", "debt", "help", "staff", "find", "cards", "office", "technician",
        "leave", "repaint",
    ),
}  # fmt: skip
"""The same at a till without a cashier."""

_ON_PAGE = {
    "choose": "page-choose",
    "scroll": "page-scroll",
    "parts": "page-parts",
    "change": "page-change",
    "confirm": "page-confirm",
    "go-on": "page-go-on",
    "pay-in": "page-pay-in",
    "pay-out": "page-pay-out",
    "void": "page-take-back",
    "slip": "slip",
    "f4-print": "slip",
    "esc-back": "page-back",
}
"""The line of the help for each key that a list or a form names."""

_OFFERED = frozenset({"find", "cards", "money", "override"})
_BY_STAFF = frozenset({"lock", "staff"})
_BY_STAFF_ALONE = frozenset({"void", "office", "technician", *_OFFERED})
"""Keys that only staff who have logged in have where customers are alone."""
_WITHOUT_BALANCE = {"tap-shows": "tap-shows-block"}
"""Lines that are others where no balance is shown."""
_AMOUNTS = frozenset({"digits", "add"})


def help_names(view: TillView | None, settings: ScreenSettings) -> tuple[str, ...]:
    """Return the lines of the help that are true here; all of the mode while the till starts."""
    if view is not None and view.page is not None:
        return page_help_names(view.page)
    names = HELP_ALONE.get(settings.mode, HELP)
    away = _away(settings) | (_away_now(view, settings) if view else set())
    is_hidden = settings.privacy.show_debt is ShowDebt.NEVER
    own = _WITHOUT_BALANCE if is_hidden else {}
    return tuple(own.get(name, name) for name in names if name not in away)


def _away(settings: ScreenSettings) -> set[str]:
    """Return the lines that are true at no moment, as the site has chosen."""
    is_on_request = settings.privacy.show_debt is ShowDebt.ON_REQUEST
    away = set() if is_on_request else {"debt"}
    if settings.mode.is_unattended and not settings.customer_amounts:
        away |= _AMOUNTS
    return away


def _away_now(view: TillView, settings: ScreenSettings) -> set[str]:
    """Return the lines that are not true for who is at the till."""
    away = set(_OFFERED - {*view.offers})
    if view.status.printer is None:
        away.add("slip")
    if not view.has_staff:
        away |= _BY_STAFF
    if settings.mode.is_unattended and not view.status.staff:
        away |= _BY_STAFF_ALONE | ({"slip"} if settings.prints_each_sale else set())
    if not settings.lets_leave(view):
        away.add("leave")
    return away


def page_help_names(page: PageView) -> tuple[str, ...]:
    """Return the lines of the help on a list or a form: its own keys, and those of the screen."""
    typed = ("page-type", "page-erase") if page.typed is not None else ()
    is_numbered = page.chosen is not None and page.rows[0].cells[0] == "1"
    number = ("page-number",) if is_numbered else ()
    own = (_ON_PAGE[key] for key in page.keys)
    return (*typed, *number, *own, "help", "repaint", "leave")


def help_lines(view: TillView | None, settings: ScreenSettings) -> tuple[str, ...]:
    """Return what each key does that does something here, a line each."""
    return tuple(settings.texts.say(f"help.{name}") for name in help_names(view, settings))


def next_help(lines: Sequence[str], size: tuple[int, int], overlay: Overlay) -> Overlay:
    """Return what F1 leads to: the help, its next part, or behind the last one the sale again."""
    number = HELP_OVERLAYS.index(overlay) + 1 if overlay in HELP_OVERLAYS else 0
    return HELP_OVERLAYS[number] if number < _count(lines, size) else Overlay.NONE


def help_after(
    key: str,
    view: TillView | None,
    settings: ScreenSettings,
    *,
    size: tuple[int, int],
    overlay: Overlay,
) -> Overlay | None:
    """Return what a key leads to: F1 on and away, PgDn and PgUp to another part; None: to none."""
    if key == "f1":
        return next_help(help_lines(view, settings), size, overlay)
    if overlay not in HELP_OVERLAYS or key not in _TURNS:
        return None
    lines = help_lines(view, settings)
    number = HELP_OVERLAYS.index(overlay) + _TURNS[key]
    return HELP_OVERLAYS[max(0, min(number, _count(lines, size) - 1))]


def draw_help(title: str, lines: Sequence[str], layout: Layout, number: int) -> Rows:
    """Return a part of the help, laid over both panels; a number too high is the last part."""
    parts = _parts(lines, *inner_size(layout.sale, layout))
    runs, area = parts[min(number, len(parts) - 1)], layout.sale
    if len(parts) > 1:
        title = f"{title} {min(number + 1, len(parts))}/{len(parts)}"
    if layout.has_frames:
        return frame(title, runs, area.width, area.height)
    return bare([run._replace(text=f" {run.text}") for run in runs], area.width, area.height)


def _count(lines: Sequence[str], size: tuple[int, int]) -> int:
    """Return how many parts a screen of this size needs."""
    layout = with_page(lay_out(*size))
    return min(len(_parts(lines, *inner_size(layout.sale, layout))), len(HELP_OVERLAYS))


def _parts(lines: Sequence[str], width: int, rows: int) -> list[list[Run]]:
    """Return the lines in columns, as so many parts as a screen of this size needs."""
    column = max(map(cell_len, lines)) + _GAP
    columns = max(1, (width + _GAP) // column)
    parts = [lines[at : at + columns * rows] for at in range(0, len(lines), columns * rows)]
    return [_columned(part, column, columns) for part in parts]


def _columned(lines: Sequence[str], column: int, columns: int) -> list[Run]:
    """Return lines side by side, each column read downwards."""
    height = -(-len(lines) // columns)
    beside = [lines[at : at + height] for at in range(0, len(lines), height)]
    return [
        Run("".join(pad(line, column) for line in row).rstrip())
        for row in zip_longest(*beside, fillvalue="")
    ]
