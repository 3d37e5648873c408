"""Four themes, six roles: enough contrast everywhere, and no colour outside the roles."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from textual.color import Color

from taptill.cli.console import palette
from taptill.ui import themes
from taptill.ui.rows import ColourRole
from taptill.ui.themes import CONSOLE_PALETTE, THEME_NAMES, choose_theme

SHEET = Path(themes.__file__).with_name("taptill.tcss").read_text("utf-8")
KERNELS_PALETTE = (
    "#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
    "#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff",
)  # fmt: skip
"""The colours of a console by default (drivers/tty/vt/vt.c)."""

ROLES = {"surface", "text"} | {f"{on}{role}" for role in ColourRole for on in ("", "on-")} - {
    "on-text"
}
THEMES = {theme.name: theme.variables for theme in themes.themes()}


def console_colours(output: str) -> list[str]:
    """Return a console's sixteen colours after this output, by console_codes(4)."""
    slots = list(KERNELS_PALETTE)
    for slot, colour in re.findall(r"\x1b\]P([0-9A-F])([0-9a-f]{6})", output):
        slots[int(slot, 16)] = f"#{colour}"
    return slots


CONSOLE_COLOURS = console_colours(palette(CONSOLE_PALETTE))


def rgb(name: str) -> tuple[int, int, int]:
    """Return the colour that a person sees; the slots of a console are those that the till sets."""
    colour = Color.parse(name)
    resolved = colour if colour.ansi is None else Color.parse(CONSOLE_COLOURS[colour.ansi])
    return resolved.rgb


def luminance(colour: tuple[int, int, int]) -> float:
    """Return WCAG's relative luminance."""
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(role: str, other_role: str) -> float:
    """Return WCAG's contrast ratio of two colours."""
    light, dark = sorted((luminance(rgb(role)), luminance(rgb(other_role))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_till_sets_every_slot_of_a_console() -> None:
    """By default its white is #aaaaaa, 1.3 to 1 on its green, so that nobody could read PAID."""
    assert console_colours(palette(CONSOLE_PALETTE)) == list(CONSOLE_PALETTE)
    assert contrast(KERNELS_PALETTE[7], KERNELS_PALETTE[2]) < 1.4
    assert contrast(CONSOLE_COLOURS[7], CONSOLE_COLOURS[2]) >= 7


def test_each_role_keeps_its_contrast_where_bright_backgrounds_do_not_exist() -> None:
    """The console draws a bright background as its dark twin; block letters are backgrounds."""
    colours = {role: Color.parse(name).ansi for role, name in THEMES["console"].items()}
    for role in ("ok", "refused", "warn", "info"):
        ground, letters = colours[role], colours[f"on-{role}"]
        assert ground is not None
        assert letters is not None
        assert contrast(CONSOLE_COLOURS[ground % 8], CONSOLE_COLOURS[letters]) >= 7, role
        assert contrast(CONSOLE_COLOURS[ground % 8], CONSOLE_COLOURS[letters % 8]) >= 7, (
            f"{role}, block letters"
        )


@pytest.mark.parametrize("name", THEME_NAMES)
def test_the_banner_has_seven_to_one_and_the_rest_four_and_a_half(name: str) -> None:
    colours = THEMES[name]
    for role in ("ok", "refused", "warn", "info"):
        assert contrast(colours[role], colours[f"on-{role}"]) >= 7, role
    assert contrast(colours["surface"], colours["text"]) >= 4.5


def test_block_letters_keep_their_contrast_without_bright_backgrounds() -> None:
    """The console draws a bright background as its dark twin, slot 15 as slot 7."""
    assert CONSOLE_PALETTE[7] == CONSOLE_PALETTE[15]


def test_the_colour_blind_theme_stays_apart_without_red_or_green_cones() -> None:
    def resolved(name: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
        return tuple(
            sum(weight * part for weight, part in zip(row, rgb(name), strict=True))
            for row in matrix
        )

    # Machado, Oliveira, Fernandes (2009), severity 1.0.
    deutan = (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    )
    protan = (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    )
    colours = THEMES["colour-blind"]
    for matrix in (deutan, protan):
        for role, other_role in combinations(("ok", "refused", "warn", "info"), 2):
            pairs = zip(
                resolved(colours[role], matrix), resolved(colours[other_role], matrix), strict=True
            )
            assert sum((a - b) ** 2 for a, b in pairs) ** 0.5 > 60, (role, other_role)


def test_the_style_sheet_uses_role_colours_only() -> None:
    assert set(re.findall(r"\$([\w-]+)", SHEET)) <= ROLES
    values = re.findall(r"(?:color|background|border|tint)\s*:\s*([^;]+);", SHEET)
    assert values
    assert all(value.strip().startswith("$") for value in values)


@pytest.mark.parametrize("name", THEME_NAMES)
def test_a_theme_has_every_role_and_no_other_colour(name: str) -> None:
    colours = {key: value for key, value in THEMES[name].items() if not key.startswith("ansi-")}
    assert set(colours) == ROLES
    assert set(THEMES[name].values()) == set(colours.values())


def test_auto_takes_the_console_where_the_terminal_is_one() -> None:
    assert choose_theme("auto", "linux") == "console"
    assert choose_theme("auto", "xterm-256color") == "dark"
    assert choose_theme("light", "linux") == "light"
