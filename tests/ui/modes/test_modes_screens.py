"""The screens of the modes without a cashier: as drawn, at every size, in every language."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from tests.ui.drawing import characters, drawn, fills, text_of
from tests.ui.modes.states import BALANCE, COUNTING, SELF_SERVICE, STATES
from tests.ui.states import ADA, OFFERED, OFFLINE, READY, SETTINGS
from tests.ui.test_fit import SIZES
from tests.ui.test_snapshots import compare

from taptill.checkout.modes.mode import TillMode
from taptill.ui.block_letters import letter_rows
from taptill.ui.glyphs import CONSOLE_GLYPHS
from taptill.ui.modes.help import HELP, HELP_ALONE, Overlay, help_lines, help_names, next_help
from taptill.ui.screen_settings import ScreenSettings, ShowDebt
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


STAFFED = replace(OFFERED, status=replace(OFFERED.status, staff="Kim"))


def all_keys(settings: ScreenSettings) -> ScreenSettings:
    """Return the settings of a site that has switched on every key."""
    privacy = replace(settings.privacy, show_debt=ShowDebt.ON_REQUEST)
    return replace(settings, privacy=privacy, customer_amounts=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_and_the_word_about_leaving_are_whole_at_every_size(language: str) -> None:
    for settings in (BALANCE, SELF_SERVICE):
        guarded = replace(all_keys(settings), texts=load(language), guards_leaving=True)
        for size in SIZES:
            helping, overlay = "", Overlay.HELP
            while overlay is not Overlay.NONE:
                helping += text_of(draw_screen(STAFFED, guarded, size, overlay).sale) + " "
                overlay = next_help(help_lines(STAFFED, guarded), size, overlay)
            for key in HELP_ALONE[settings.mode]:
                assert " ".join(guarded.texts.say(f"help.{key}").split()) in helping, key
            stays = replace(READY, status=OFFLINE, may_leave=False)
            for view in (stays, None):
                leaving = text_of(draw_screen(view, guarded, size, Overlay.LEAVE).banner)
                assert "…" not in leaving
                assert {*guarded.texts.say("leave.staff").split()} <= {*leaving.split()}


@pytest.mark.parametrize("settings", [BALANCE, SELF_SERVICE], ids=["balance", "self-service"])
def test_the_help_names_no_key_of_staff_where_there_are_none(settings: ScreenSettings) -> None:
    for_staff = {"staff", "void", "override", "office", "technician"}
    assert set(help_names(READY, settings)) & for_staff == set()
    assert set(help_names(STAFFED, all_keys(settings))) == set(HELP_ALONE[settings.mode])


def test_the_help_of_a_cashier_names_what_the_site_has_switched_on() -> None:
    optional = {"find", "cards", "money", "override", "lock", "slip", "debt"}
    assert set(HELP) - set(help_names(READY, SETTINGS)) == optional
    assert help_names(OFFERED, all_keys(SETTINGS)) == HELP
    money = replace(READY, offers=("money",))
    assert set(HELP) - set(help_names(money, SETTINGS)) == optional - {"money"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_customers_touch_the_screen_says_so(language: str) -> None:
    texts = load(language)
    touched = replace(SELF_SERVICE, touch=True, texts=texts)
    for name, key in (("self-ready", "touch-pick"), ("self-counting", "touch-stop")):
        view, _ = STATES[name]
        for size in SIZES:
            assert texts.say(f"key.{key}") in text_of(draw_screen(view, touched, size).keys)
    balance = replace(BALANCE, touch=True, texts=texts)
    view, _ = STATES["balance-card"]
    assert draw_screen(view, balance, (80, 24)).banner_text.cashier == texts.say("touch.balance")


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


def test_whether_somebody_is_blocked_is_shown_to_staff_alone() -> None:
    for name in ("self-declined", "self-card", "self-counting", "self-paid"):
        view, settings = STATES[name]
        assert view
        staffed = replace(view, status=replace(view.status, staff="Kim"))
        blocked = [settings.texts.say(f"customer.{key}") for key in ("blocked", "not-blocked")]
        alone_text, staff_text = (
            "\n".join(map(characters, draw_screen(shown, settings, (80, 24)).lines))
            for shown in (view, staffed)
        )
        assert [word for word in blocked if word in alone_text] == [], name
        assert any(word in staff_text for word in blocked), name
