"""Colour themes: for each role the colour of its ground and of its letters."""

from textual.theme import Theme

THEME_NAMES = ("console", "dark", "light", "colour-blind")

CONSOLE_PALETTE = (
    "#000000", "#9b0018", "#005f33", "#ffb000", "#0047ab", "#6a0dad", "#006b75", "#ffffff",
    "#5c5c5c", "#ff6b6b", "#58d68d", "#ffe08a", "#7fb3ff", "#d2a8ff", "#7fe5e5", "#ffffff",
)  # fmt: skip
"""The colours that the till sets for the sixteen slots of a Linux console.

Slot 7 is as white as slot 15, because block letters need a bright background and the console has
none above slot 7.
"""

_COLOURS: dict[str, dict[str, str]] = {
    "console": {
        "surface": "ansi_black", "text": "ansi_bright_white",
        "ok": "ansi_green", "on-ok": "ansi_bright_white",
        "refused": "ansi_red", "on-refused": "ansi_bright_white",
        "warn": "ansi_yellow", "on-warn": "ansi_black",
        "info": "ansi_blue", "on-info": "ansi_bright_white",
    },
    "dark": {
        "surface": "#0d1117", "text": "#f0f3f6",
        "ok": "#005f33", "on-ok": "#ffffff",
        "refused": "#9b0018", "on-refused": "#ffffff",
        "warn": "#ffb000", "on-warn": "#000000",
        "info": "#0047ab", "on-info": "#ffffff",
    },
    "light": {
        "surface": "#ffffff", "text": "#14181d",
        "ok": "#005f33", "on-ok": "#ffffff",
        "refused": "#9b0018", "on-refused": "#ffffff",
        "warn": "#ffb000", "on-warn": "#000000",
        "info": "#0047ab", "on-info": "#ffffff",
    },
    # Blue, brown, yellow and grey stay apart without red or green cones.
    "colour-blind": {
        "surface": "#0d1117", "text": "#f0f3f6",
        "ok": "#004aad", "on-ok": "#ffffff",
        "refused": "#7a2e00", "on-refused": "#ffffff",
        "warn": "#f0e442", "on-warn": "#000000",
        "info": "#474c52", "on-info": "#ffffff",
    },
}  # fmt: skip


def choose_theme(name: str, term: str) -> str:
    """Return the theme to use; `auto` is `console` where TERM is `linux`, else `dark`."""
    if name != "auto":
        return name
    return "console" if term == "linux" else "dark"


def themes() -> tuple[Theme, ...]:
    """Return Textual's themes, one for each of THEME_NAMES."""
    return tuple(_theme(name, colours) for name, colours in _COLOURS.items())


def _theme(name: str, colours: dict[str, str]) -> Theme:
    native = name == "console"
    # Textual's own style sheet needs these two variables in an ANSI theme.
    plain = {"ansi-background": colours["surface"], "ansi-foreground": colours["text"]}
    return Theme(
        name=name,
        primary=colours["info"],
        foreground=colours["text"],
        background=colours["surface"],
        surface=colours["surface"],
        dark=name != "light",
        ansi=native,
        variables={**colours, **plain} if native else colours,
    )
