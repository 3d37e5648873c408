"""The screens of the modes without a cashier: as drawn, at every size, in every language."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from tests.ui.drawing import characters, drawn, fills, text_of
from tests.ui.modes.states import BALANCE, COUNTING, SELF_SERVICE, STATES
from tests.ui.states import ADA, OFFLINE, READY
from tests.ui.test_fit import SIZES
from tests.ui.test_snapshots import compare

from taptill.checkout.modes.mode import TillMode
from taptill.ui.block_letters import letter_rows
from taptill.ui.glyphs import CONSOLE_GLYPHS
from taptill.ui.pages import HELP_ALONE, Overlay, next_help
from taptill.ui.screen_settings import ScreenSettings
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.views import ScreenRows, draw_screen


def at_every_size(name: str, language: str) -> Iterable[tuple[tuple[int, int], ScreenRows]]:
    """Return a state at each size."""
    view, settings = STATES[name]
    for size in SIZES:
        yield size, draw_screen(view, replace(settings, texts=load(language)), size)


@pytest.mark.parametrize("name", STATES)
def test_a_state_looks_as_drawn_at_every_size(name: str) -> None:
    compare(f"mode-{name}", "\n".join(drawn(rows) for _, rows in at_every_size(name, "en")))


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_banners_read_as_drawn_in_every_language(language: str) -> None:
    bands = []
    for name, (view, settings) in STATES.items():
        rows = draw_screen(view, replace(settings, texts=load(language)), (80, 24)).banner
        bands.append(f"{name}\n" + "\n".join(map(characters, rows)))
    compare(f"mode-bands-{language}", "\n\n".join(bands) + "\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STATES)
def test_every_state_fills_its_boxes_and_cuts_no_sentence(name: str, language: str) -> None:
    for size, rows in at_every_size(name, language):
        assert fills(rows, *size), size
        band, text = text_of(rows.banner), rows.banner_text
        assert "…" not in band, size
        for word in f"{text.customer} {text.second} {text.cashier}".split():
            assert word in band, (size, word)
        for row in letter_rows(text.word):
            assert row.rstrip() in "\n".join(map(characters, rows.banner)), size
        assert CONSOLE_GLYPHS.issuperset(band)


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_and_the_word_about_leaving_are_whole_at_every_size(language: str) -> None:
    for settings in (BALANCE, SELF_SERVICE):
        guarded = replace(settings, texts=load(language), guards_leaving=True)
        for size in SIZES:
            helping, overlay = "", Overlay.HELP
            while overlay is not Overlay.NONE:
                helping += text_of(draw_screen(READY, guarded, size, overlay).sale) + " "
                overlay = next_help(guarded, size, overlay)
            for key in HELP_ALONE[settings.mode]:
                assert " ".join(guarded.texts.say(f"help.{key}").split()) in helping, key
            stays = replace(READY, status=OFFLINE, may_leave=False)
            for view in (stays, None):
                leaving = text_of(draw_screen(view, guarded, size, Overlay.LEAVE).banner)
                assert "…" not in leaving
                assert {*guarded.texts.say("leave.staff").split()} <= {*leaving.split()}


def test_the_countdown_says_its_seconds_in_figures_and_as_a_bar() -> None:
    for seconds, full in ((5, 20), (3, 12), (1, 4)):
        assert COUNTING.countdown
        view = replace(COUNTING, countdown=replace(COUNTING.countdown, seconds=seconds))
        text = draw_screen(view, SELF_SERVICE, (80, 24)).banner_text
        assert text.word == f"PAY {seconds}"
        assert text.cashier == "█" * full + "░" * (20 - full) + f" {seconds} s"


def test_a_customer_alone_is_not_told_the_balance_nor_why_a_card_is_refused() -> None:
    assert COUNTING.customer == ADA
    screen = draw_screen(COUNTING, SELF_SERVICE, (100, 30))
    shown = text_of(screen.customer)
    assert "Ada B." in shown
    assert "Byron" not in shown
    assert "12.30" not in shown
    assert "8.10" not in shown
    view, settings = STATES["self-declined"]
    assert "credit" not in draw_screen(view, settings, (80, 24)).banner_text.cashier.lower()
    view, settings = STATES["self-declined-before-staff"]
    assert "credit" in draw_screen(view, settings, (80, 24)).banner_text.cashier.lower()


def test_no_customer_alone_is_sent_to_a_cashier() -> None:
    for language in LANGUAGES:
        texts = load(language)
        for view, settings in STATES.values():
            shown = draw_screen(view, replace(settings, texts=texts), (80, 24)).banner_text
            assert shown.customer != texts.say("step.declined.customer")


@pytest.mark.parametrize("mode", [mode for mode in TillMode if mode.is_unattended])
def test_the_last_line_names_no_key_that_is_for_staff(mode: TillMode) -> None:
    for view, settings in STATES.values():
        if settings.mode is mode and view and not view.status.staff:
            keys = text_of(draw_screen(view, settings, (120, 33)).keys)
            assert not {"F8", "F9", "F10", "F12", "Enter"} & {*keys.split()}


def test_settings_without_a_mode_are_those_of_a_cashier() -> None:
    settings: ScreenSettings = replace(SELF_SERVICE, mode=TillMode.ATTENDED)
    assert draw_screen(READY, settings, (80, 24)).banner_text.word == "READY"
