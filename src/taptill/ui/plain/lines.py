"""One line of text as a screen reader and a Braille line have it: letters, figures, full stops."""

import re
from collections.abc import Iterable

from taptill.ui.rows import clean
from taptill.ui.screen_settings import ScreenSettings

_ARROWS = {"↑": "up", "↓": "down", "←": "left", "→": "right"}
_BESIDE = re.compile("([↑↓←→]) ?(?=[↑↓←→])")
_BEHIND = re.compile(r"(?<=\S)(?=[↑↓←→])")
_BEFORE_WORD = re.compile(r"(?<=[↑↓←→])(?=\w)")
_SIGNS = ("√ ", "! ")
_STOPS = ".:!?"


def plain(text: str, settings: ScreenSettings) -> str:
    """Return a text as one line without signs that are drawn; arrows are words."""
    for sign in _SIGNS:
        text = text.replace(sign, "")
    text = _BESIDE.sub(r"\1, ", text)
    text = _BEFORE_WORD.sub(" ", _BEHIND.sub(" ", text))
    for arrow, name in _ARROWS.items():
        text = text.replace(arrow, settings.texts.say(f"plain.{name}"))
    return clean(text.replace("\n", ", "), console=settings.console)


def listed(parts: Iterable[str]) -> str:
    """Return parts that are not empty, behind one another with commas."""
    return ", ".join(part for part in parts if part.strip())


def sentences(parts: Iterable[str]) -> str:
    """Return parts that are not empty, each a sentence."""
    text = ""
    for part in parts:
        if part.strip():
            end = "" if not text or text[-1] in _STOPS else "."
            text = f"{text}{end} {part.strip()}".strip()
    return text


def asked(text: str) -> str:
    """Return a question and its choices, which stand in lines of their own, as one line."""
    first, *choices = text.split("\n")
    if not choices:
        return first
    gap = " " if first.rstrip()[-1:] in _STOPS else ", "
    return f"{first}{gap}{', '.join(choices)}"
