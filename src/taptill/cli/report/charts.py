"""Bars in, a small SVG figure out, without script, font or anything from elsewhere."""

from collections.abc import Sequence
from html import escape

from taptill.cli.output import sanitised, shown
from taptill.domain.money import Currency, Money

Bars = Sequence[tuple[str, Money]]

WIDTH = 720
BARS_MAX = 15
"""So many bars lie in a chart; the table below has all rows."""
UPRIGHT_MAX = 62
"""So many bars stand in a chart: two months of days."""

_LABEL_WIDTH, _AMOUNT_WIDTH, _ROW = 200, 100, 24
_PLOT_HEIGHT, _TOP, _FOOT = 160, 22, 22
_LABEL_MAX = 26
_LABEL_EVERY_PX = 48
"""A label below a standing bar takes about so much room."""
_AMOUNT_EVERY_PX = 58


def lying(bars: Bars, currency: Currency, label: str) -> str:
    """Return a chart of horizontal bars, each with its label and its amount beside it."""
    bars = bars[:BARS_MAX]
    low, high = _range(bars)
    plot = WIDTH - _LABEL_WIDTH - _AMOUNT_WIDTH
    zero = _LABEL_WIDTH + plot * -low // (high - low)
    parts = []
    for number, (name, money) in enumerate(bars):
        top, length = number * _ROW, plot * abs(money.minor) // (high - low)
        left = zero if money.minor >= 0 else zero - length
        middle = top + _ROW - 8
        parts += [
            _text(_LABEL_WIDTH - 8, middle, name, "end"),
            _bar(left, top + 4, length, _ROW - 8, money),
            _text(max(left + length, zero) + 6, middle, shown(money, currency), "start"),
        ]
    height = len(bars) * _ROW
    parts.append(f'<line class="zero" x1="{zero}" y1="0" x2="{zero}" y2="{height}"/>')
    return _svg(height, label, parts)


def upright(bars: Bars, currency: Currency, label: str) -> str:
    """Return a chart of standing bars in their order; labels and amounts as far as they fit."""
    bars = bars[-UPRIGHT_MAX:]
    low, high = _range(bars)
    step = min(WIDTH // len(bars), 90)
    zero = _TOP + _PLOT_HEIGHT * high // (high - low)
    every, amounts = -(-_LABEL_EVERY_PX // step), step >= _AMOUNT_EVERY_PX
    parts = []
    for number, (name, money) in enumerate(bars):
        length = _PLOT_HEIGHT * abs(money.minor) // (high - low)
        top = zero - length if money.minor >= 0 else zero
        left, middle = number * step, number * step + step // 2
        parts.append(
            _bar(left + max(1, step // 8), top, step - 2 * max(1, step // 8), length, money)
        )
        if number % every == 0:
            parts.append(_text(_inside(middle, 20), _TOP + _PLOT_HEIGHT + 16, name, "middle"))
        if amounts:
            parts.append(_text(middle, top - 6, shown(money, currency), "middle"))
    if not amounts:
        number, (_, most) = max(enumerate(bars), key=lambda bar: bar[1][1].minor)
        middle = _inside(number * step + step // 2, 40)
        parts.append(_text(middle, _TOP - 6, shown(most, currency), "middle"))
    parts.append(f'<line class="zero" x1="0" y1="{zero}" x2="{step * len(bars)}" y2="{zero}"/>')
    return _svg(_TOP + _PLOT_HEIGHT + _FOOT, label, parts)


def _range(bars: Bars) -> tuple[int, int]:
    """Return the least and the largest amount with zero among them, never the same."""
    amounts = [0, *(money.minor for _, money in bars)]
    low, high = min(amounts), max(amounts)
    return low, high if high > low else low + 1


def _inside(middle: int, half_width: int) -> int:
    """Return the middle of a text, moved so far that the text is whole within the chart."""
    return min(max(middle, half_width), WIDTH - half_width)


def _svg(height: int, label: str, parts: Sequence[str]) -> str:
    inside = "\n".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">\n'
        f"{inside}\n</svg>"
    )


def _bar(left: int, top: int, width: int, height: int, money: Money) -> str:
    kind = "bar" if money.minor >= 0 else "bar below"
    return f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{height}"/>'


def _text(left: int, top: int, text: str, anchor: str) -> str:
    words = escape(sanitised(text, _LABEL_MAX))
    return f'<text x="{left}" y="{top}" text-anchor="{anchor}">{words}</text>'
