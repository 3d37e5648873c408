"""What is said of a list or a form: its title, what was chosen, what was typed, the answer."""

from taptill.checkout.pages.page import Bar, BarScale, PageRow, PageView, Phrase
from taptill.checkout.session import Notice
from taptill.checkout.view import TillView
from taptill.ui.banner import banner_text
from taptill.ui.pages import cell_text, say
from taptill.ui.plain.lines import listed, sentences
from taptill.ui.screen_settings import ScreenSettings

ROWS_SAID = 100
"""The most rows that are said at once; no report has so many."""

_LAST_ROWS = 4
"""A report scrolls until so many rows are left; the last of them are said together."""

_MASK = "•"


def page_title(page: PageView, settings: ScreenSettings) -> str:
    """Return the title of a page."""
    return say(page.title or Phrase(f"page.{page.name}.title", page.values), settings)


def opened(view: TillView, page: PageView, settings: ScreenSettings) -> tuple[str, ...]:
    """Return the lines of a page that has just been opened.

    Of a list that is chosen from, the chosen row is said; one that is only read is said as a whole.
    """
    text = banner_text(view, settings)
    said = sentences([page_title(page, settings), text.cashier])
    first = settings.texts.labelled(text.word, said)
    head = [row_text(row, settings) for row in page.head]
    return (first, *head, *_body(page, settings), *_field(page, settings))


def whole(view: TillView, page: PageView, settings: ScreenSettings) -> tuple[str, ...]:
    """Return all of a page, with every row."""
    rows = [row_text(row, settings) for row in page.rows[:ROWS_SAID]]
    shown = opened(view, page, settings)
    return (*shown, *rows) if page.chosen is not None else shown


def _body(page: PageView, settings: ScreenSettings) -> list[str]:
    if page.chosen is not None:
        return [_chosen(page, settings)]
    return [row_text(row, settings) for row in page.rows[:ROWS_SAID]]


def _field(page: PageView, settings: ScreenSettings) -> list[str]:
    line = typed_line(page, settings)
    return [line] if line else []


def typed_line(page: PageView, settings: ScreenSettings) -> str:
    """Return what was typed into the field so far; empty where nothing was."""
    if not page.typed:
        return ""
    words = say(page.field, settings) if page.field else ""
    label = settings.texts.say("page.field", words=words)
    return f"{label} {page.typed.replace(_MASK, '*')}"


def row_text(row: PageRow, settings: ScreenSettings) -> str:
    """Return the cells of a row behind one another, without bars: a figure beside says the same."""
    cells = (cell for cell in row.cells if not isinstance(cell, Bar | BarScale))
    return listed(cell_text(cell, settings) for cell in cells)


def _chosen(page: PageView, settings: ScreenSettings) -> str:
    if page.chosen is None or not page.rows:
        return ""
    place = settings.texts.say("plain.row", number=str(page.chosen + 1), count=str(len(page.rows)))
    return listed([row_text(page.rows[page.chosen], settings), place])


def answer(view: TillView, page: PageView, settings: ScreenSettings) -> str:
    """Return the answer to the last key or card; empty where there is none."""
    if view.notice is Notice.NONE and page.notice is None:
        return ""
    return banner_text(view, settings).cashier


def moved(before: PageView, after: PageView, settings: ScreenSettings) -> tuple[str, ...]:
    """Return the rows that a key has led to, and those of the head that have changed."""
    lines: list[str] = []
    if page_title(before, settings) != page_title(after, settings):
        lines.append(page_title(after, settings))
    old_head = {row_text(row, settings) for row in before.head}
    head = [row_text(row, settings) for row in after.head]
    lines += [text for text in head if text not in old_head]
    if after.chosen is not None:
        chosen = _chosen(after, settings)
        lines += [chosen] if chosen != _chosen(before, settings) else []
    elif before.rows != after.rows:
        lines += _body(after, settings)
    elif before.top != after.top:
        is_last = after.top >= len(after.rows) - _LAST_ROWS
        shown = after.rows[after.top :] if is_last else after.rows[after.top : after.top + 1]
        lines += [row_text(row, settings) for row in shown]
    return tuple(lines)
