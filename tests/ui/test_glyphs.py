"""Every character of every screen is in the console's font."""

from dataclasses import replace

from tests.ui.drawing import characters, rows_of
from tests.ui.states import LEGEND, SETTINGS, STATES

from taptill.ui.glyphs import CONSOLE_GLYPHS
from taptill.ui.modes.help import Overlay
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.views import draw_screen


def test_every_screen_keeps_to_the_console_font() -> None:
    for language in LANGUAGES:
        settings = replace(SETTINGS, texts=load(language), legend=LEGEND, console=True)
        for view in STATES.values():
            for size in ((50, 15), (80, 24), (100, 30)):
                for overlay in Overlay:
                    rows = rows_of(draw_screen(view, settings, size, overlay))
                    assert set("".join(map(characters, rows))) <= CONSOLE_GLYPHS


def test_the_list_is_the_fonts_own() -> None:
    """Samples on both sides, as the font's Unicode table has them."""
    assert set("┌─┐│╭╮╰╯╷╵╶╴×√…–•€£█ěřżğșőΩж") <= CONSOLE_GLYPHS
    assert not set("✓✔▁▂▎⚠⏎○◆王😀\u00ad\u200b") & CONSOLE_GLYPHS
