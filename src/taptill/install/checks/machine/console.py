"""The till's console: its size, the glyphs of its font, its colours."""

import fcntl
import os
import struct
import termios
from array import array
from collections.abc import Set as AbstractSet
from pathlib import Path

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.bounded import bounded
from taptill.install.checks.site import CheckedSite
from taptill.ui.layout import HEIGHT_MIN, WIDTH_MIN
from taptill.ui.texts import load

CONSOLE = "/dev/tty1"
USUAL_WIDTH, USUAL_HEIGHT = 80, 24
GIO_UNIMAP = 0x4B66
"""Reads which characters the console's font has (linux/kd.h)."""
PAIRS_MAX = 8192
DRAWN = "·×–…←↑→√─│┌┐└┘▶"
"""What the screen draws besides its texts."""

CONSOLE_THEMES = ("auto", "console")
_SMALLER_FONT = "a smaller font: sudo setfont Uni2-Terminus16 -C /dev/tty1"
_OPEN_S_MAX = 5.0


async def check_console(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the first console, where the unit draws the till."""
    path = site.machine_path(CONSOLE)
    try:
        size, glyphs = await bounded(lambda: _look(path), _OPEN_S_MAX)
    except (OSError, termios.error, TimeoutError):
        words = f"{CONSOLE} was not looked at: there is none, or this account may not open it"
        return [Diagnosis("console.size", Verdict.SKIP, words)]
    needed = letters_of(site.config.till.language)
    return [
        size_diagnosis(size),
        font_diagnosis(glyphs, needed),
        colours_diagnosis(site.config.ui.theme, is_virtual=glyphs is not None),
        *touch_diagnoses(touch=site.config.ui.touch, is_virtual=glyphs is not None),
    ]


def _look(path: Path) -> tuple[os.terminal_size, frozenset[str] | None]:
    """Return the size of a console and the characters of its font. Errors: OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        return os.get_terminal_size(descriptor), font_glyphs(descriptor)
    finally:
        os.close(descriptor)


def font_glyphs(console: int) -> frozenset[str] | None:
    """Return the characters that a Linux console's font has; None of any other terminal."""
    pairs = array("H", bytes(4 * PAIRS_MAX))
    address, _ = pairs.buffer_info()
    asked = bytearray(struct.pack("@HP", PAIRS_MAX, address))
    try:
        fcntl.ioctl(console, GIO_UNIMAP, asked)
    except OSError:
        return None
    count: int = struct.unpack("@HP", asked)[0]
    return frozenset(map(chr, pairs[: 2 * count : 2]))


def letters_of(language: str) -> frozenset[str]:
    """Return the characters that the till's screen needs in a language."""
    return frozenset("".join(load(language).words.values())) | frozenset(DRAWN)


def size_diagnosis(size: os.terminal_size) -> Diagnosis:
    """Return the diagnosis of a console with so many columns and rows."""
    name, words = "console.size", f"{size.columns} columns, {size.lines} rows"
    if size.columns < WIDTH_MIN or size.lines < HEIGHT_MIN:
        words += f": the till needs {WIDTH_MIN} by {HEIGHT_MIN}"
        return Diagnosis(name, Verdict.FAIL, words, _SMALLER_FONT)
    if size.columns < USUAL_WIDTH or size.lines < USUAL_HEIGHT:
        words += f": goods and lists have little room below {USUAL_WIDTH} by {USUAL_HEIGHT}"
        return Diagnosis(name, Verdict.WARN, words, _SMALLER_FONT)
    return Diagnosis(name, Verdict.PASS, words)


def font_diagnosis(glyphs: AbstractSet[str] | None, needed: AbstractSet[str]) -> Diagnosis:
    """Return the diagnosis of a font with these characters; None where nobody can tell."""
    name = "console.font"
    if glyphs is None:
        words = "its font was not looked at: this is no Linux console"
        return Diagnosis(name, Verdict.SKIP, words)
    missing = sorted(character for character in needed - glyphs if character.isprintable())
    if missing:
        words = f"its font lacks {len(missing)} of the screen's characters: {''.join(missing)}"
        advice = "sudo apt install console-setup; sudo setfont Uni2-Terminus16 -C /dev/tty1"
        verdict = Verdict.FAIL if any(map(str.isascii, missing)) else Verdict.WARN
        return Diagnosis(name, verdict, words, advice)
    return Diagnosis(name, Verdict.PASS, "its font has every character of the screen")


def colours_diagnosis(theme: str, *, is_virtual: bool) -> Diagnosis:
    """Return whether a theme's colours can be shown; a Linux console has sixteen, and sets them."""
    name = "console.colours"
    if not is_virtual:
        words = "its colours were not looked at: this is no Linux console"
        return Diagnosis(name, Verdict.SKIP, words)
    if theme not in CONSOLE_THEMES:
        words = f"the theme {theme} has colours that a Linux console cannot show"
        return Diagnosis(name, Verdict.WARN, words, '[ui] theme = "auto"')
    return Diagnosis(name, Verdict.PASS, "the till sets its sixteen colours")


def touch_diagnoses(*, touch: bool, is_virtual: bool) -> list[Diagnosis]:
    """Return the diagnosis of a till that is to be touched; none where it is not, or may be."""
    if not touch or not is_virtual:
        return []
    words = "[ui] touch = true, and a Linux console knows no touch: keys alone do anything"
    advice = "cage -- foot taptill run on a panel, or [ui] touch = false"
    return [Diagnosis("console.touch", Verdict.WARN, words, advice)]
