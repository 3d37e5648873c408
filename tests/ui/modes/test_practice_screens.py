"""Practising is unmistakable: the first and the last line of every screen say it."""

from dataclasses import replace
from typing import Any

import pytest
from tests.ui.drawing import characters, fills
from tests.ui.modes import states as unattended
from tests.ui.pages.states import SCREENS as PAGE_SCREENS
from tests.ui.states import SETTINGS, STATES
from tests.ui.test_fit import SIZES
from tests.ui.test_snapshots import compare

from taptill.ui.modes.help import Overlay
from taptill.ui.rows import ColourRole
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.views import draw_screen

SCREENS: dict[str, Any] = {
    **{name: (view, SETTINGS) for name, view in STATES.items()},
    **unattended.STATES,
    **{f"page-{name}": (view, SETTINGS) for name, view in PAGE_SCREENS.items()},
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_says_it_above_and_below(language: str, size: tuple[int, int]) -> None:
    texts = load(language)
    for name, (view, settings) in SCREENS.items():
        practising = replace(settings, texts=texts, is_practice=True)
        for overlay in (Overlay.NONE, Overlay.HELP, Overlay.LEAVE):
            screen = draw_screen(view, practising, size, overlay)
            assert fills(screen, *size), name
            for (row,) in (screen.status, screen.keys):
                assert characters(row).startswith(f" {texts.say('practice.mark')} "), name
                assert {run.role for run in row} == {ColourRole.WARN}, name


def test_no_other_screen_says_it() -> None:
    for view, settings in SCREENS.values():
        rows = draw_screen(view, settings, (80, 24)).lines
        assert settings.texts.say("practice.mark") not in "\n".join(map(characters, rows))


def test_it_looks_as_drawn() -> None:
    drawings = []
    for name in ("ready", "confirm", "paid"):
        for size in ((80, 24), (50, 15)):
            screen = draw_screen(STATES[name], replace(SETTINGS, is_practice=True), size)
            drawings.append("\n".join(map(characters, screen.lines)))
    compare("mode-practice", "\n\n".join(drawings) + "\n")


def test_whoever_practises_may_leave() -> None:
    settings = replace(unattended.SELF_SERVICE, is_practice=True, guards_leaving=True)
    assert settings.lets_leave(None)
    assert settings.lets_leave(replace(unattended.COUNTING, may_leave=False))
