"""A theme's name in, colours for the six roles out; each role brings the colour of its letters."""

from textual.theme import Theme

THEME_NAMES = ("console", "dark", "light", "colour-blind")

CONSOLE_PALETTE = (
    "#000000", "#9b0018", "#005f33", "#ffb000", "#0047ab", "#6a0dad", "#006b75", "#ffffff",
    "#5c5c5c", "#ff6b6b", "#58d68d", "#ffe08a", "#7fb3ff", "#d2a8ff", "#7fe5e5", "#ffffff",
)  # fmt: skip
"""What the till gives the sixteen console slots, so that `console` has its contrast.

Slot 7 is white as slot 15 is: the console has no bright backgrounds, block letters need one.
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


def choose_theme(wish: str, term: str) -> str:
    """Give the theme for a wish; `auto` takes the console's colours where TERM is `linux`."""
    if wish != "auto":
        return wish
    return "console" if term == "linux" else "dark"


def themes() -> tuple[Theme, ...]:
    """Make Textual's themes; their names are those of THEME_NAMES."""
    return tuple(_theme(name, colours) for name, colours in _COLOURS.items())


def _theme(name: str, colours: dict[str, str]) -> Theme:
    native = name == "console"
    # Textual's own style sheet asks an ANSI theme for these two.
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
