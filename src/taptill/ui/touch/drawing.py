"""The fields of a touch screen as rows of text."""

from rich.cells import cell_len

from taptill.checkout.view import TillView
from taptill.domain.basket import Line
from taptill.ui.layout import Area
from taptill.ui.rows import Row, Rows, Run, bare, clip, first_fitting, frame, justify, pad
from taptill.ui.screen_settings import ScreenSettings
from taptill.ui.touch.fields import Control, TouchField, TouchLayout

_SIGNS = {
    Control.CHOOSE: "▲",
    Control.LESS: "-",
    Control.MORE: "+",
    Control.REMOVE: "×",
    Control.CLEAR: "Esc",
    Control.GOODS: "▶",
    Control.SLIP: "F4",
}


def sale_rows(view: TillView, touch: TouchLayout, settings: ScreenSettings) -> tuple[Rows, Rows]:
    """Return the rows in the place of sale and customer; beside a result's field there are none."""
    if touch.is_result:
        return _rows_of(touch.controls, touch.fields, settings), ()
    goods = _rows_of(touch.goods, touch.fields, settings)
    if not touch.layout.is_beside:
        basket = touch.basket
        runs = _basket_runs(view, settings, basket.width - 2, basket.height)
        lines = bare([run._replace(text=f" {run.text}") for run in runs], *_size(basket))
        return (*goods, *lines, *_rows_of(touch.controls, touch.fields, settings)), ()
    title: Rows = ((Run(pad(_title(touch, settings), touch.goods.width)),),)
    left = (*title, *goods)
    runs = _basket_runs(view, settings, touch.basket.width - 4, touch.basket.height - 2)
    right = frame(settings.texts.say("panel.sale"), runs, *_size(touch.basket))
    if len(left) == touch.layout.sale.height:
        return left, right
    # The controls stand below both: their words are of narrow letters in every language.
    width = touch.layout.sale.width
    texts = [row[0].text for row in _rows_of(touch.controls, touch.fields, settings)]
    halves = [((Run(text[:width]),), (Run(text[width:]),)) for text in texts]
    return (*left, *(one for one, _ in halves)), (*right, *(two for _, two in halves))


def control_rows(touch: TouchLayout, settings: ScreenSettings, alert: Run) -> Rows:
    """Return the rows in the place of the recent sales: the first alert, and the controls."""
    area = touch.layout.recent_sales
    if touch.controls.y < area.y:
        return (_filled((alert,), area.width), *_blank(area.width, area.height - 1))
    return (_filled((alert,), area.width), *_rows_of(touch.controls, touch.fields, settings))


def _size(area: Area) -> tuple[int, int]:
    return area.width, area.height


def _title(touch: TouchLayout, settings: ScreenSettings) -> str:
    groups = dict.fromkeys(
        settings.clean(field.good.group)
        for field in touch.fields
        if field.good and field.good.group
    )
    words = ", ".join(groups)
    if touch.pages == 1:
        return f" {words}"
    place = f"{touch.page + 1}/{touch.pages} "
    return justify(f" {words}", place, touch.goods.width)


def _basket_runs(view: TillView, settings: ScreenSettings, width: int, rows: int) -> list[Run]:
    """Return the lines around the chosen one or the newest ones, and below them the total."""
    total = Run(justify(settings.texts.say("line.total"), settings.price(view.total), width))
    lines = [
        _line(line, settings, width, is_chosen=at == view.chosen)
        for at, line in enumerate(view.basket.lines)
    ]
    if view.keystrokes:
        lines.append(Run(f"> {view.keystrokes.replace('*', ' × ')}".rstrip()))
    if not lines:  # the sample cards of who practises
        lines = [Run(f"{letter} {settings.clean(text)}") for letter, text in settings.legend]
        lines = [run._replace(text=clip(run.text, width)) for run in lines[: max(0, rows - 1)]]
    room = max(0, rows - 1)
    first = max(0, len(lines) - room)
    if view.chosen is not None:
        first = min(first, view.chosen)
    shown = lines[first : first + room]
    return [*shown, *[Run("")] * (room - len(shown)), total]


def _line(line: Line, settings: ScreenSettings, width: int, *, is_chosen: bool) -> Run:
    name = settings.clean(line.name) if line.name else settings.texts.say("line.amount")
    mark = "▶ " if is_chosen else ""
    return Run(justify(f"{mark}{line.quantity} × {name}", settings.price(line.total), width))


def _rows_of(area: Area, fields: tuple[TouchField, ...], settings: ScreenSettings) -> Rows:
    """Return an area with the fields in it, each with a frame."""
    inside = [field for field in fields if _is_within(field.area, area)]
    return tuple(
        _row(
            [one for one in inside if one.area.y <= y < one.area.y + one.area.height],
            y,
            area,
            settings,
        )
        for y in range(area.y, area.y + area.height)
    )


def _row(fields: list[TouchField], y: int, area: Area, settings: ScreenSettings) -> Row:
    text, x = "", area.x
    for field in fields:
        text += " " * (field.area.x - x) + _field_row(field, y - field.area.y, settings)
        x = field.area.x + field.area.width
    return (Run(text + " " * (area.x + area.width - x)),)


def _field_row(field: TouchField, row: int, settings: ScreenSettings) -> str:
    width, last = field.area.width, field.area.height - 1
    if row == 0:
        return f"┌{'─' * (width - 2)}┐"
    if row == last:
        price = _price(field, settings, width - 2)
        return f"└{'─' * (width - 2 - cell_len(price))}{price}┘"
    words = _words(field, settings, width - 2) if row == last // 2 else ""
    return f"│{pad(words, width - 2)}│"


def _price(field: TouchField, settings: ScreenSettings, width: int) -> str:
    """Return the price of a good for the frame below its name, which has the row to itself."""
    price = f" {settings.price(field.good.price)} " if field.good else ""
    return price if cell_len(price) <= width else ""


def _words(field: TouchField, settings: ScreenSettings, width: int) -> str:
    if field.good:
        return clip(settings.clean(field.good.name), width)
    assert field.control
    sign, words = _SIGNS[field.control], settings.texts.say(f"touch.{field.control}")
    text = first_fitting(width, f"{sign} {words}", words, sign)
    left = max(0, width - cell_len(text)) // 2
    return " " * left + text


def _is_within(field: Area, area: Area) -> bool:
    return area.y <= field.y < area.y + area.height and area.x <= field.x < area.x + area.width


def _filled(row: Row, width: int) -> Row:
    used = sum(cell_len(run.text) for run in row)
    return (*row, Run(" " * (width - used)))


def _blank(width: int, rows: int) -> Rows:
    return ((Run(" " * width),),) * rows
