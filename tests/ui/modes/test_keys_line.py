"""The keys that the last line names: those that do something, the most needed first."""

from dataclasses import replace

import pytest
from tests.ui.drawing import characters, fills, text_of
from tests.ui.goods.goods_states import GROUPED, MANY
from tests.ui.modes.states import BALANCE, CARD, COUNTING, SELF_SERVICE, alone, unpicked
from tests.ui.states import (
    ADA,
    CONFIRM,
    OFFERED,
    PAID,
    READY,
    RINGING,
    SETTINGS,
    STATES,
    STATUS,
    declined,
)
from tests.ui.test_fit import SIZES

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import Notice, Step
from taptill.checkout.view import Link, TillView
from taptill.domain.decision import Reason
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.ui.modes.help import Overlay, help_names
from taptill.ui.modes.keys import key_names
from taptill.ui.plain.sale import verdict
from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.views import draw_screen

PRINTING = replace(STATUS, printer=PrinterHealth(PrinterState.OK))
ALL = ("override", "find", "money", "cards")


def names(
    view: TillView, settings: ScreenSettings = SETTINGS, size: tuple[int, int] = (80, 24)
) -> tuple[str, ...]:
    """Return the names of the keys, also of those that have no room."""
    return key_names(view, Overlay.NONE, settings, size)


@pytest.mark.parametrize("mode", [TillMode.ATTENDED, TillMode.SELF_SERVICE])
def test_f9_is_named_where_somebody_else_may_allow_it(mode: TillMode) -> None:
    settings = replace(SETTINGS, mode=mode)
    refused = replace(declined(Reason.NO_CREDIT), status=replace(STATUS, staff="Kim"))
    assert "override" not in names(refused, settings)
    offered = replace(refused, offers=ALL)
    assert names(offered, settings).count("override") == 1
    assert "override" not in names(replace(READY, status=offered.status, offers=ALL), settings)
    assert "override" not in names(replace(offered, status=STATUS), settings)
    assert "override" in help_names(offered, settings)
    assert "override" not in help_names(refused, settings)


def test_f8_is_named_where_a_sale_stands_that_can_be_taken_back() -> None:
    staffed = replace(STATUS, staff="Kim")
    for mode in (TillMode.ATTENDED, TillMode.SELF_SERVICE):
        settings = replace(SETTINGS, mode=mode)
        ready = replace(READY, status=staffed)
        assert "void" in names(ready, settings)
        assert "void" not in names(replace(ready, recent_sales=()), settings)
        voided = tuple(replace(row, is_voided=True) for row in ready.recent_sales)
        assert "void" not in names(replace(ready, recent_sales=voided), settings)


def test_f4_is_named_where_something_was_sold() -> None:
    ready = replace(READY, status=PRINTING)
    assert "slip" in names(ready)
    assert "slip" not in names(replace(ready, recent_sales=()))
    assert "slip" in help_names(replace(ready, recent_sales=()), SETTINGS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("staff", ["", "Kim"])
def test_right_after_a_sale_the_receipt_is_named_at_80_columns(staff: str, language: str) -> None:
    settings = replace(SETTINGS, texts=load(language))
    paid = replace(PAID, status=replace(PRINTING, staff=staff), offers=ALL)
    key = settings.texts.say("key.slip")
    assert key in text_of(draw_screen(paid, settings, (80, 24)).keys)
    without = replace(paid, status=replace(paid.status, printer=None))
    assert key not in text_of(draw_screen(without, settings, (80, 24)).keys)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_who_has_paid_is_told_of_the_receipt(language: str) -> None:
    settings = replace(SELF_SERVICE, texts=load(language))
    paid = alone(replace(PAID, status=PRINTING))
    key = settings.texts.say("key.slip")
    for size in SIZES:
        assert key in text_of(draw_screen(paid, settings, size).keys), size
        for step in (Step.READY, Step.VOIDED, Step.DECLINED):
            shown = text_of(draw_screen(replace(paid, step=step), settings, size).keys)
            assert key not in shown, step
    assert "slip" in help_names(paid, settings)
    assert "slip" not in help_names(alone(PAID), settings)


def test_what_is_on_sale_stays_beside_what_was_picked() -> None:
    picked = alone(replace(RINGING, goods=GROUPED))
    assert "Espresso" in text_of(draw_screen(picked, SELF_SERVICE, (80, 24)).sale)
    for size in SIZES:
        assert fills(draw_screen(picked, SELF_SERVICE, size), *size)
    staffed = replace(picked, status=replace(STATUS, staff="Kim"))
    for view, settings in (
        (staffed, SELF_SERVICE),
        (picked, replace(SELF_SERVICE, touch=True)),
        (picked, replace(SELF_SERVICE, privacy=SETTINGS.privacy)),
    ):
        assert draw_screen(view, settings, (80, 24)).recent_sales


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_is_told_which_key_shows_more_goods(language: str) -> None:
    settings = replace(SELF_SERVICE, texts=load(language))
    picked = alone(replace(RINGING, goods=MANY))
    key = settings.texts.say("key.turn")
    for size in SIZES:
        assert key in text_of(draw_screen(picked, settings, size).keys), size
    few = replace(picked, goods=MANY[:1])
    assert key not in text_of(draw_screen(few, settings, (120, 40)).keys)
    touched = replace(settings, touch=True)
    assert key not in text_of(draw_screen(picked, touched, (80, 24)).keys)
    assert "turn" not in names(replace(CARD, goods=()), settings)


def test_a_touch_is_said_to_pick_only_where_it_picks() -> None:
    """A result that fills a small screen is taken away by it."""
    paid, touched = alone(PAID), replace(SELF_SERVICE, touch=True)
    assert {"touch-pick", "pick"} & {*names(paid, touched)} == {"touch-pick"}
    for size in (50, 15), (60, 20):
        assert {"touch-pick", "pick"} & {*names(paid, touched, size)} == {"pick"}
        assert "touch-pick" in names(alone(RINGING), touched, size)


STAFF_KEYS = {"void", "find", "cards", "money", "override", "office", "technician"}


@pytest.mark.parametrize("mode", [TillMode.SELF_SERVICE, TillMode.BALANCE])
def test_help_has_the_keys_of_staff_only_for_staff_who_have_logged_in(mode: TillMode) -> None:
    settings = replace(SETTINGS, mode=mode)
    customer = replace(alone(READY), offers=ALL, has_staff=True, may_leave=False)
    shown = {*help_names(customer, settings)}
    assert not shown & (STAFF_KEYS | {"leave"})
    assert "staff" in shown
    staffed = replace(customer, status=replace(STATUS, staff="Kim"), may_leave=True)
    is_balance = mode is TillMode.BALANCE
    own = STAFF_KEYS - ({"void", "override", "money"} if is_balance else set())
    assert own | {"leave"} <= {*help_names(staffed, settings)}
    assert {"find", "cards", "office"} <= {*names(staffed, settings)}
    with_customer = replace(staffed, customer=ADA)
    assert ("money" in names(with_customer, settings)) is not is_balance


@pytest.mark.parametrize("overlay", [Overlay.HELP, Overlay.HELP_4])
def test_who_may_not_leave_is_named_no_key_for_it(overlay: Overlay) -> None:
    for may_leave in (False, True):
        view = replace(alone(READY), may_leave=may_leave)
        assert ("leave" in key_names(view, overlay, SELF_SERVICE, (80, 24))) is may_leave


def test_f5_is_named_where_it_shows_the_balance() -> None:
    for mode in TillMode:
        for show_debt in ShowDebt:
            privacy = ScreenPrivacy(show_debt=show_debt)
            settings = replace(SETTINGS, mode=mode, privacy=privacy)
            is_named = "debt" in help_names(READY, settings)
            assert is_named is (show_debt is ShowDebt.ON_REQUEST)


def test_a_balance_names_esc_which_clears_it() -> None:
    assert "clear" in help_names(CARD, BALANCE)
    assert "clear" in names(CARD, BALANCE)
    assert "clear" in names(alone(declined(Reason.UNKNOWN_CARD)), BALANCE)
    assert "clear" not in names(alone(READY), BALANCE)


def test_amounts_are_named_where_customers_may_key_them_in() -> None:
    assert not {"digits", "add"} & {*help_names(CARD, SELF_SERVICE)}
    settings = replace(SELF_SERVICE, customer_amounts=True)
    assert {"digits", "add"} <= {*help_names(CARD, settings)}
    assert not {"digits", "add"} & {*help_names(CARD, replace(settings, mode=TillMode.BALANCE))}


@pytest.mark.parametrize("mode", [TillMode.ATTENDED, TillMode.SELF_SERVICE])
def test_a_void_that_asks_why_names_what_answers(mode: TillMode) -> None:
    view = replace(READY, step=Step.VOIDING, status=replace(PRINTING, staff="Kim"), offers=ALL)
    assert names(view, replace(SETTINGS, mode=mode)) == ("esc-back", "void-others", "help")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_countdown_names_no_key_that_would_stop_it(language: str) -> None:
    privacy = ScreenPrivacy(show_debt=ShowDebt.ON_REQUEST)
    settings = replace(SELF_SERVICE, texts=load(language), privacy=privacy)
    key = settings.texts.say("customer.debt-on-request")
    for size in SIZES:
        assert key not in text_of(draw_screen(COUNTING, settings, size).customer)
    assert key in text_of(draw_screen(CARD, settings, (80, 24)).customer)
    assert key not in verdict(COUNTING, settings)
    assert key in verdict(CARD, settings)


ALL_STEPS = {
    "ready": (OFFERED, ""),
    "looked up": (replace(OFFERED, notice=Notice.LOOKING_UP), "Esc cancel"),
    "rung up": (replace(RINGING, offers=ALL), "Esc cancel"),
    "a number of a good": (replace(RINGING, keystrokes="/1"), "Enter go on, Esc cancel"),
    "a quantity": (replace(RINGING, keystrokes="3*"), "Esc cancel"),
    "card first": (STATES["card"], "Esc cancel"),
    "to be confirmed": (CONFIRM, "Enter confirm, Esc cancel"),
    "refused, offline": (declined(Reason.NO_CREDIT), "Enter try again, Esc cancel"),
    "nobody's card": (declined(Reason.UNKNOWN_CARD), "Esc cancel"),
    "once more": (STATES["once-more"], "Esc cancel"),
    "being saved": (STATES["saving"], ""),
    "on a slow disk": (STATES["slow-disk"], ""),
    "paid": (PAID, "Esc go on"),
    "voided": (STATES["voided"], "Esc go on"),
}


@pytest.mark.parametrize("name", ALL_STEPS)
def test_enter_and_esc_are_named_by_what_they_do_now(name: str) -> None:
    view, words = ALL_STEPS[name]
    assert view
    for size in SIZES:
        drawn = text_of(draw_screen(view, SETTINGS, size).keys)
        shown = [SETTINGS.texts.say(f"key.{key}") for key in names(view)]
        own = [text for text in shown if text.startswith(("Enter", "Esc"))]
        assert ", ".join(own) == words
        assert all(text in drawn for text in own), (drawn, size)
        assert drawn.count("Enter") + drawn.count("Esc") == len(own)


def test_what_was_just_decided_by_the_server_is_not_tried_again() -> None:
    view = declined(Reason.NO_CREDIT)
    assert view.customer
    for live, looking_up in ((True, False), (False, True)):
        customer = replace(view.customer, live=live, looking_up=looking_up)
        assert "retry" not in names(replace(view, customer=customer))
    assert "retry" not in names(unpicked(view))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("offers", [(), ("find",), ("override", "find")], ids=str)
def test_a_key_that_stays_does_not_move_in_a_sale(offers: tuple[str, ...], language: str) -> None:
    settings = replace(SETTINGS, texts=load(language))
    places: dict[str, set[int]] = {}
    for view in (READY, RINGING, STATES["card"], CONFIRM, declined(Reason.NO_CREDIT), PAID):
        assert view
        line = characters(draw_screen(replace(view, offers=offers), settings, (80, 24)).keys[0])
        for key in ("help", "find", "cancel"):
            text = settings.texts.say(f"key.{key}")
            if text in line:
                places.setdefault(key, set()).add(line.index(text))
    assert {key: len(at) for key, at in places.items()} == dict.fromkeys(places, 1)
    assert {"help", "cancel"} <= {*places}


def test_what_must_wait_for_the_end_of_a_sale_is_not_named_in_it() -> None:
    status = replace(PRINTING, staff="Kim")
    ready = replace(READY, offers=ALL, status=status)
    assert {"void", "office", "cards"} <= {*names(ready)}
    assert "money" not in names(ready)
    assert "money" in names(replace(CONFIRM, offers=ALL, status=status))
    for view in (RINGING, CONFIRM, declined(Reason.NO_CREDIT)):
        assert not {"void", "office"} & {*names(replace(view, offers=ALL, status=status))}
    offline = replace(ready, status=replace(status, link=Link.OFFLINE))
    assert "cards" not in names(offline)


def test_a_customer_is_named_f4_only_while_it_prints() -> None:
    paid = replace(alone(PAID), status=PRINTING)
    assert "slip" in names(paid, SELF_SERVICE)
    for notice in (Notice.SLIP_PRINTS, Notice.SLIP_PRINTED, Notice.SLIP_WAITS):
        assert "slip" not in names(replace(paid, notice=notice), SELF_SERVICE)
    always = replace(SELF_SERVICE, prints_each_sale=True)
    assert "slip" not in names(paid, always)
    assert "slip" not in help_names(paid, always)
    staffed = replace(paid, status=replace(PRINTING, staff="Kim"))
    assert "slip" in names(staffed, always)
    assert "slip" in help_names(staffed, always)
