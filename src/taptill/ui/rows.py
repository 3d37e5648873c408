"""Rows of coloured text: cleaning, clipping, wrapping and framing, measured in terminal cells.

Nothing is ever read as markup, and a character of two cells is never cut in half.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from rich.cells import cell_len

from taptill.ui.glyphs import CONSOLE_GLYPHS

# Unicode counts these as letters, but nobody can see them: fillers and the empty braille cell.
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")

NO_BREAK = "\u00a0"
"""A no-break space; `wrap` does not break at it, and replaces it by a plain space afterwards."""

_BREAKS = re.compile(r"(?<![↑←])[^\S\u00a0]+(?![:;?!·])")


class ColourRole(StrEnum):
    """The meaning of a cell's colour; the style sheet has no other colours."""

    TEXT = "text"
    OK = "ok"
    REFUSED = "refused"
    WARN = "warn"
    INFO = "info"

    __hash__ = str.__hash__  # an Enum's own is not compiled, and each run of a picture is looked up


class Run(NamedTuple):
    """Text of one role; `ink` swaps the role's two colours, as block letters are made of spaces."""

    text: str
    role: ColourRole = ColourRole.TEXT
    ink: bool = False


Row = tuple[Run, ...]
Rows = tuple[Row, ...]


def clean(text: str, *, console: bool = False) -> str:
    """Return text from outside as one line of visible characters, on a console of its font's.

    Control characters become `?` and white space one blank. Direction marks, joiners and
    invisible letters are removed, and of several accents on one letter the first is kept. A text
    that would be empty is `?`.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) or "?"
    characters: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= 1:
            characters.append(_visible(character, console=console))
    return " ".join("".join(characters).split()) or "?"


def _visible(character: str, *, console: bool) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    if category == "Cf" or character in _INVISIBLE or _is_selector(character):
        return ""
    if category in {"Cc", "Cs", "Co", "Cn"} or (console and character not in CONSOLE_GLYPHS):
        return "?"
    return character


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def clip(text: str, width: int) -> str:
    """Return the text, shortened to `width` cells with `…` where it is longer."""
    if cell_len(text) <= width:
        return text
    head, cells = "", 1
    for character in text:
        cells += cell_len(character)
        if cells > width:
            break
        head += character
    return f"{head.rstrip()}…" if width > 0 else ""


def pad(text: str, width: int) -> str:
    """Return the text, clipped or filled with blanks to exactly `width` cells."""
    if cell_len(text) > width:
        text = clip(text, width)
    return text + " " * (width - cell_len(text))


def justify(left: str, right: str, width: int) -> str:
    """Return a row of `width` cells with two texts at its edges; the left one is clipped first."""
    return pad(left, width - cell_len(right) - 1) + " " + right if right else pad(left, width)


def first_fitting(width: int, *texts: str) -> str:
    """Return the first of several wordings that fits in `width` cells, else the last."""
    return next((text for text in texts if cell_len(text) <= width), texts[-1])


def wrap(text: str, width: int) -> list[str]:
    """Return the text as lines of at most `width` cells, broken at blanks; longer words are split.

    A blank before a punctuation mark, as French writes it, is no place to break, and none within
    a pair of arrows.
    """
    lines = [""]
    for word in _BREAKS.split(text.strip()):
        for piece in _pieces(word, width):
            candidate = f"{lines[-1]} {piece}".lstrip()
            if cell_len(candidate) <= width:
                lines[-1] = candidate
            else:
                lines.append(piece)
    nonempty_lines = lines if lines[0] or len(lines) == 1 else lines[1:]
    return [line.replace(NO_BREAK, " ") for line in nonempty_lines]


def _pieces(word: str, width: int) -> list[str]:
    if cell_len(word) <= width:
        return [word]
    pieces = [""]
    for character in word:
        if cell_len(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def drop_least_important(runs: Sequence[tuple[int, Run]], rows: int) -> list[tuple[int, Run]]:
    """Return the `rows` runs of the lowest ranks, in the order given."""
    order = sorted(range(len(runs)), key=lambda at: (runs[at][0], at))
    return [runs[at] for at in sorted(order[: max(0, rows)])]


def frame(title: str, runs: list[Run], width: int, height: int) -> Rows:
    """Return `height` rows: a box around one run a row, with its title in the upper edge."""
    label = clip(f"─ {title} ", width - 2)
    top = Run(f"┌{label}{'─' * (width - 2 - cell_len(label))}┐")
    bottom = Run(f"└{'─' * (width - 2)}┘")
    body = [_filled(run, width - 4, "│ ", " │") for run in block(runs, height - 2)]
    return ((top,), *body, (bottom,))


def bare(runs: list[Run], width: int, height: int) -> Rows:
    """Return `height` rows of exactly `width` cells without a box."""
    return tuple(_filled(run, width) for run in block(runs, height))


def block(runs: list[Run], height: int) -> list[Run]:
    """Return exactly `height` runs: empty ones are added below, and surplus ones dropped."""
    return [run for run, _ in zip_longest(runs[:height], range(height), fillvalue=Run(""))]


def _filled(run: Run, width: int, left: str = "", right: str = "") -> Row:
    if run.role is ColourRole.TEXT:
        return (Run(f"{left}{pad(run.text, width)}{right}"),)
    # The colour covers the text with a blank on either side, not the whole row. These blanks are
    # those of the frame where there is one, so that the text stands in line with all others.
    around = width + 2 if left else width
    text = clip(run.text, width) if left else clip(run.text.removeprefix(" "), width - 2)
    chip = f" {text} "
    blank = " " * (around - cell_len(chip))
    row = (Run(left[:-1]), Run(chip, run.role), Run(blank + right[1:]))
    return tuple(run for run in row if run.text)
