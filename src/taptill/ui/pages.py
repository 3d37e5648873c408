"""A page, list or form, or the help, drawn over the panels of sale and customer."""

from collections.abc import Sequence

from rich.cells import cell_len

from taptill.checkout.pages.page import (
    Balance,
    Bar,
    BarScale,
    Cell,
    PageRow,
    PageView,
    PersonName,
    Phrase,
    TimeCell,
    Tone,
)
from taptill.domain.money import Money
from taptill.ui.layout import Layout
from taptill.ui.panels import balance
from taptill.ui.rows import ColourRole, Rows, Run, bare, block, clip, frame, pad, wrap
from taptill.ui.screen_settings import ScreenSettings

TONE_ROLES = {
    Tone.PLAIN: ColourRole.TEXT,
    Tone.GOOD: ColourRole.OK,
    Tone.CAREFUL: ColourRole.WARN,
    Tone.BAD: ColourRole.REFUSED,
}
_MARK = "▶ "
_NO_MARK = "  "
_GAP = "  "
_CELL_MIN = 6
_ASKS_WHO = frozenset({"log-in", "approve"})
HEAD_LINES_MAX = 2
_FULL, _EMPTY = "█", "░"
BAR_CELLS = 20


def draw_page(page: PageView, settings: ScreenSettings, layout: Layout) -> Rows:
    """Return the rows of a page; the layout is that of a screen with a page."""
    width, height = layout.sale.width, layout.sale.height
    title = say(page.title or Phrase(f"page.{page.name}.title", page.values), settings)
    if layout.has_frames:
        runs = page_runs(page, settings, width - 4, height - 2)
        return frame(title, runs, width, height)
    runs = [Run(clip(title, width - 2)), *page_runs(page, settings, width - 2, height - 1)]
    return bare([run._replace(text=f" {run.text}") for run in runs], width, height)


def page_runs(page: PageView, settings: ScreenSettings, width: int, height: int) -> list[Run]:
    """Return exactly `height` lines: the head, as much of the list as fits, and the field.

    Where somebody must say who they are, the sample PINs stand right above the field, or below the
    names.
    """
    head = [run for row in page.head for run in _head_rows(row, page.head, settings, width)]
    field = [_field(page, settings, width)] if page.typed is not None else []
    pins = _sample_pins(page, settings, width)
    room = height - len(head) - len(field) - len(pins)
    gap = [Run("")] if head and page.rows and room > len(page.rows) else []
    body = _list(page, settings, width, room - len(gap))
    if field:
        return [*block([*head, *gap, *body], height - len(field) - len(pins)), *pins, *field]
    below = [Run("")] if pins and room > len(gap) + len(body) else []
    return block([*head, *gap, *body, *below, *pins], height)


def say(text: Phrase, settings: ScreenSettings) -> str:
    """Return a text of the catalogue with its values as this language writes them."""
    values = {name: _value(value, settings) for name, value in text.values}
    return settings.texts.say(text.key, **values)


def _value(value: str | int | Money, settings: ScreenSettings) -> str:
    match value:
        case Money():
            return settings.sum(value)
        case int():
            return str(value)
        case _:
            return settings.detail(value)


def _list(page: PageView, settings: ScreenSettings, width: int, room: int) -> list[Run]:
    """Return the rows of the list around the chosen one; the last line tells what is not shown."""
    if not page.rows or room <= 0:
        return []
    marks = page.chosen is not None
    inner = width - (len(_MARK) if marks else 0)
    columns = {count: _columns(rows, settings, inner) for count, rows in _shapes(page.rows).items()}
    fits = len(page.rows) <= room
    shown = room if fits else room - 1
    top = _first_shown(page, shown)
    lines = []
    for number, row in enumerate(page.rows[top : top + shown], top):
        run = _row(row, columns[len(row.cells)], settings, inner)
        mark = (_MARK if number == page.chosen else _NO_MARK) if marks else ""
        lines.append(run._replace(text=mark + run.text))
    if not fits:
        more = settings.texts.say(
            "page.part",
            first=str(top + 1),
            last=str(min(top + shown, len(page.rows))),
            count=str(len(page.rows)),
        )
        lines.append(Run(pad(more, width)))
    return lines


def _first_shown(page: PageView, shown: int) -> int:
    """Return the first row that is shown: whole pages, so that the list does not creep."""
    if page.chosen is not None:
        return page.chosen // max(1, shown) * max(1, shown)
    return max(0, min(page.top, len(page.rows) - shown))


def _head_rows(
    row: PageRow, head: Sequence[PageRow], settings: ScreenSettings, width: int
) -> list[Run]:
    """Return a row of the head; a text that stands alone may take several lines."""
    role = TONE_ROLES[row.tone]
    if len(row.cells) == 1 and not isinstance(row.cells[0], Money):
        lines = wrap(cell_text(row.cells[0], settings), width)
        return [Run(line, role) for line in lines[:HEAD_LINES_MAX]]
    return [_row(row, _columns(_shapes(head)[len(row.cells)], settings, width), settings, width)]


def _shapes(rows: Sequence[PageRow]) -> dict[int, list[PageRow]]:
    """Return the rows by how many cells they have: those of a kind share their columns."""
    shapes: dict[int, list[PageRow]] = {}
    for row in rows:
        shapes.setdefault(len(row.cells), []).append(row)
    return shapes


def _row(row: PageRow, columns: Sequence[int], settings: ScreenSettings, width: int) -> Run:
    texts = []
    for cell, cells in zip(row.cells, columns, strict=False):
        text = cell_text(cell, settings)
        if isinstance(cell, Bar):
            text = bar(cell, cells)
        elif isinstance(cell, BarScale) and cell_len(text) > cells:
            text = ""
        texts.append(text.rjust(cells) if isinstance(cell, Money) else pad(text, cells))
    joined = _GAP.join(texts)
    return Run(clip(joined.rstrip(), width), TONE_ROLES[row.tone])


def cell_text(cell: Cell, settings: ScreenSettings) -> str:
    """Return what a cell says."""
    match cell:
        case Phrase():
            return say(cell, settings)
        case Money():
            sign = "-" if cell.minor < 0 else ""
            return sign + settings.money(cell)
        case PersonName():
            return settings.person(cell.name)
        case Bar():
            return bar(cell, BAR_CELLS)
        case Balance():
            return balance(cell.debt, settings)
        case _:
            return settings.clean(cell) if cell.strip() else ""


def bar(shown: Bar, cells: int) -> str:
    """Return a bar in so many cells; anything above nothing fills one, so that it is seen."""
    full = max(cells * shown.percent // 100, 1 if shown.percent else 0)
    return _FULL * full + _EMPTY * (cells - full)


def _columns(rows: Sequence[PageRow], settings: ScreenSettings, width: int) -> list[int]:
    """Return the width of each column of rows of one shape; bars are cut first, then texts.

    Amounts and times are cut last.
    """
    count = max((len(row.cells) for row in rows), default=0)
    needed = [
        max(cell_len(cell_text(row.cells[at], settings)) for row in rows if at < len(row.cells))
        for at in range(count)
    ]
    is_text = [
        not any(isinstance(row.cells[at], Money | TimeCell) for row in rows if at < len(row.cells))
        for at in range(count)
    ]
    is_bar = [any(isinstance(row.cells[at], Bar) for row in rows) for at in range(count)]
    while sum(needed) + len(_GAP) * (count - 1) > width:
        at = max(
            range(count),
            key=lambda index: (
                is_bar[index] and needed[index] > _CELL_MIN,
                is_text[index],
                needed[index],
            ),
        )
        if needed[at] <= _CELL_MIN:
            break
        needed[at] -= 1
    return needed


def _sample_pins(page: PageView, settings: ScreenSettings, width: int) -> list[Run]:
    """Return the PINs that somebody may try who tries the till, where one is asked for."""
    if page.name not in _ASKS_WHO or not settings.staff_legend:
        return []
    words = settings.texts.say("panel.pins", pins=settings.clean(settings.staff_legend))
    return [Run(clip(words, width), ColourRole.INFO)]


def _field(page: PageView, settings: ScreenSettings, width: int) -> Run:
    words = say(page.field, settings) if page.field else ""
    label = settings.texts.say("page.field", words=words)
    room = width - cell_len(label) - 2
    return Run(f"{label} {_typed(page.typed or '', settings, room)}_")


def _typed(text: str, settings: ScreenSettings, room: int) -> str:
    """Return what was typed, its end where it does not fit; a blank at the end counts."""
    shown = settings.clean(text) if text.strip() else ""
    shown += " " if text.endswith(" ") else ""
    if cell_len(shown) <= room:
        return shown
    end = ""
    for character in reversed(shown):
        if cell_len(character + end) >= room:
            break
        end = character + end
    return f"…{end}"
