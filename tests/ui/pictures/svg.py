"""Rows of a screen in, an SVG picture out."""

import re
from collections import defaultdict
from collections.abc import Mapping
from xml.sax.saxutils import escape

from rich.cells import cell_len

from taptill.ui.rows import ColourRole, Row, Rows
from taptill.ui.themes import themes

WIDTH, HEIGHT = 9, 18
"""The pixels of a cell."""

_FONT = "'DejaVu Sans Mono',Menlo,Consolas,monospace"
_BASE = 13.5

# The arms of characters that are drawn as lines, so that they meet whatever the font: left, right,
# up, down. Arcs are drawn with corners, as on a console; a double line is drawn as one.
_ARMS = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "╭": "rd", "╮": "ld",
    "╰": "ru", "╯": "lu", "├": "rud", "┤": "lud", "┬": "lrd", "┴": "lru", "┼": "lrud",
    "╴": "l", "╶": "r", "╵": "u", "╷": "d", "╪": "lrud", "═": "lr",
}  # fmt: skip


def picture(rows: Rows, theme: str, title: str) -> str:
    """Return the picture of a screen in a theme's colours; `title` is for who cannot see it."""
    colours = _colours(theme)
    ground, ink = colours[ColourRole.TEXT]
    columns = max(sum(cell_len(run.text) for run in row) for row in rows)
    width, height = columns * WIDTH, len(rows) * HEIGHT
    drawing = _Drawing()
    for place, row in enumerate(rows):
        drawing.add_row(row, place * HEIGHT, colours)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        f'width="{width}" height="{height}" font-family="{_FONT}" font-size="15" fill="{ink}">',
        f"<title>{escape(title)}</title>",
        f'<path d="M.5.5h{width - 1}v{height - 1}h-{width - 1}z" fill="{ground}" stroke="{ink}"/>',
        *(f'<path d="{path}" fill="{colour}"/>' for colour, path in drawing.grounds.items()),
        *(f'<path d="{path}" stroke="{colour}"/>' for colour, path in drawing.lines.items()),
        *(
            "\n".join([f'<g fill="{colour}">', *texts, "</g>"])
            for colour, texts in drawing.texts.items()
        ),
        "</svg>\n",
    ]
    return "\n".join(parts)


class _Drawing:
    """What stands in the cells, by colour: grounds and lines as paths, and texts."""

    def __init__(self) -> None:
        self.grounds: defaultdict[str, str] = defaultdict(str)
        self.lines: defaultdict[str, str] = defaultdict(str)
        self.texts: defaultdict[str, list[str]] = defaultdict(list)

    def add_row(self, row: Row, y: int, colours: Mapping[ColourRole, tuple[str, str]]) -> None:
        """Add a row whose upper edge is at `y`."""
        x = 0
        for run in row:
            width = cell_len(run.text) * WIDTH
            ground, ink = colours[run.role]
            if run.role is not ColourRole.TEXT:
                # A little higher than the cells: else a seam shows between two rows.
                path = f"M{x} {y}h{width}v{HEIGHT}.3h-{width}z"
                self.grounds[ink if run.ink else ground] += path
            self._add_characters(run.text, x, y, ink)
            x += width

    def _add_characters(self, text: str, x: int, y: int, ink: str) -> None:
        lines = "".join(_ARMS)
        for match in re.finditer(rf"[{lines}]|[^\s{lines}]+( [^\s{lines}]+)*", text):
            at = x + cell_len(text[: match.start()]) * WIDTH
            if match[0] in _ARMS:
                self.lines[ink] += _line(match[0], at, y)
            else:
                length = cell_len(match[0]) * WIDTH
                place = f'x="{at}" y="{y + _BASE:g}" textLength="{length}"'
                self.texts[ink].append(f"<text {place}>{escape(match[0])}</text>")


def _line(character: str, x: int, y: int) -> str:
    arms = _ARMS[character]
    middle_x, middle_y = x + WIDTH / 2, y + HEIGHT / 2
    left, right = (x if "l" in arms else middle_x), (x + WIDTH if "r" in arms else middle_x)
    top, bottom = (y if "u" in arms else middle_y), (y + HEIGHT if "d" in arms else middle_y)
    across = f"M{left:g} {middle_y:g}H{right:g}" if left < right else ""
    down = f"M{middle_x:g} {top:g}V{bottom:g}" if top < bottom else ""
    return across + down


def _colours(name: str) -> dict[ColourRole, tuple[str, str]]:
    """Return ground and ink of each role."""
    theme = next(theme for theme in themes() if theme.name == name)
    named = theme.variables
    grounds = {role: named[role] for role in ColourRole if role is not ColourRole.TEXT}
    inks = {role: named[f"on-{role}"] for role in grounds}
    return {
        ColourRole.TEXT: (named["surface"], named["text"]),
        **{role: (ground, inks[role]) for role, ground in grounds.items()},
    }
