"""What a customer who is alone with the till is told: what is so, and what they can do."""

from dataclasses import replace

import pytest
from tests.ui.drawing import text_of
from tests.ui.goods.goods_states import MANY
from tests.ui.modes.states import BALANCE, CARD, COUNTING, RETURNED, SELF_SERVICE, alone, unpicked
from tests.ui.states import READY, RINGING, SETTINGS, STATUS, declined
from tests.ui.test_fit import SIZES

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import TillAlarm, TillView
from taptill.domain.decision import Cap, Reason
from taptill.domain.money import ZERO, Money
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.domain.technical.till_warning import WarningCode, till_warning
from taptill.ui.banner import BannerText, banner_text, reader_values
from taptill.ui.modes.help import help_names
from taptill.ui.plain.news import Topic, news
from taptill.ui.plain.own_keys import all_of
from taptill.ui.plain.status import facts
from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt, warning_words
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.views import draw_screen

READS = {ReaderState.OK, ReaderState.OPENING}
NOTHING_LEFT = "Nothing is left to pay"
CASHIERS_WORDS = {
    "en": ("amount", "Enter", "unplug", "let the customer"),
    "de": ("Betrag", "Enter", "abziehen", "auflegen lassen"),
    "fr": ("montant", "Entrée", "débrancher", "faire repasser"),
    "es": ("importe", "Intro", "desconéctelo", "que la acerque"),
}


def said(view: TillView, language: str = "en", *, touch: bool = False) -> BannerText:
    """Return what the banner of a self-service says of a view."""
    return banner_text(view, replace(SELF_SERVICE, texts=load(language), touch=touch))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_given_back_is_nothing_to_pay(language: str) -> None:
    returned = alone(replace(RINGING, basket=RETURNED, total=RETURNED.total))
    text = said(returned, language)
    assert "0" not in text.second
    assert text.cashier == load(language).say("step.too-low.cashier")
    assert text.customer == load(language).say("self-service.ready.customer")


def test_a_tap_with_nothing_left_to_pay_is_told_so_whoever_taps() -> None:
    for reason in (Reason.AMOUNT, Reason.BLOCKED):
        view = alone(replace(declined(reason), basket=RETURNED, total=RETURNED.total))
        assert said(view).cashier.startswith(NOTHING_LEFT)
    assert NOTHING_LEFT not in said(alone(declined(Reason.BLOCKED))).cashier


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quantity_that_waits_for_its_good_asks_for_no_card(language: str) -> None:
    waiting = alone(replace(unpicked(RINGING), keystrokes="3*"))
    assert waiting.total == ZERO
    assert said(waiting, language).word == load(language).say("self-service.ready.word")


def test_a_refusal_before_anything_is_picked_does_not_say_to_take_something_off() -> None:
    for reason in (Reason.BLOCKED, Reason.UNKNOWN_CARD):
        assert "take something off" not in said(alone(unpicked(declined(reason)))).cashier
        assert "take something off" in said(alone(declined(reason))).cashier


def test_the_same_card_once_more_is_told_again_to_pick_first() -> None:
    again = replace(CARD, notice=Notice.SAME_CARD)
    assert said(again).cashier == said(CARD).cashier
    assert said(again, touch=True).cashier == said(CARD, touch=True).cashier


@pytest.mark.parametrize("staff", ["", "Kim"])
def test_the_same_card_while_its_balance_is_shown_leaves_what_stands(staff: str) -> None:
    shown = replace(CARD, status=replace(STATUS, staff=staff))
    blocked = replace(
        alone(unpicked(declined(Reason.BLOCKED))), status=replace(STATUS, staff=staff)
    )
    for view in (shown, blocked):
        again = replace(view, notice=Notice.SAME_CARD)
        assert banner_text(again, BALANCE) == banner_text(view, BALANCE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "notice",
    [
        Notice.MACHINE,
        Notice.UNKNOWN_BARCODE,
        Notice.NOT_READ,
        Notice.CARD_CHANGED,
        Notice.AMOUNT_FULL,
    ],
)
def test_an_answer_is_in_a_customers_words(notice: Notice, language: str) -> None:
    answer = said(replace(alone(RINGING), notice=notice), language).cashier
    assert not [word for word in CASHIERS_WORDS[language] if word in answer]
    by_staff = replace(RINGING, notice=notice, status=replace(STATUS, staff="Kim"))
    assert said(by_staff, language).cashier == load(language).say(f"notice.{notice}")


def test_a_countdown_says_as_a_whole_sentence_what_stops_it() -> None:
    assert said(COUNTING, "es").second == "Cualquier tecla o la tarjeta lo detiene"


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_touches_is_told_of_no_key(language: str) -> None:
    answered = alone(replace(RINGING, notice=Notice.STOPPED))
    key = "Échap" if language == "fr" else "Esc"
    assert key in said(answered, language).cashier
    assert key not in said(answered, language, touch=True).cashier


@pytest.mark.parametrize("staff", ["", "Kim"])
@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_different_card_in_a_countdown_leaves_its_bar_where_it_is(
    language: str, staff: str, *, touch: bool
) -> None:
    settings = replace(SELF_SERVICE, texts=load(language), touch=touch)
    counting = replace(COUNTING, status=replace(STATUS, staff=staff))
    asked = replace(counting, notice=Notice.OTHER_CARD)
    text, steady = banner_text(asked, settings), banner_text(counting, settings)
    assert (text.word, text.cashier) == (steady.word, steady.cashier)
    key = "touch.other-card" if touch else "self-service.other-card"
    assert text.second == settings.texts.say(key)
    for size in SIZES:
        drawn = text_of(draw_screen(asked, settings, size).banner)
        for words in (steady.cashier, text.second):
            assert not [word for word in words.split() if word not in drawn], (size, words)
    [line] = [
        item.lines[0] for item in news(counting, asked, settings) if item.topic is Topic.NOTICE
    ]
    assert text.second in line


def test_a_countdown_names_no_key_that_turns_the_goods() -> None:
    for size in SIZES:
        counting = text_of(draw_screen(replace(COUNTING, goods=MANY), SELF_SERVICE, size).sale)
        ringing = replace(COUNTING, countdown=None, step=Step.RINGING, goods=MANY)
        assert "PgDn" in text_of(draw_screen(ringing, SELF_SERVICE, size).sale)
        assert "PgDn" not in counting


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_balance_on_a_touch_screen_is_cleared_by_a_touch(language: str) -> None:
    settings = replace(BALANCE, texts=load(language))
    blocked = alone(unpicked(declined(Reason.BLOCKED)))
    for view in (CARD, blocked):
        touched = banner_text(view, replace(settings, touch=True))
        assert "Esc" not in touched.cashier
        assert "Échap" not in touched.cashier
        assert touched.second == banner_text(view, settings).second
        assert touched.cashier != banner_text(view, settings).cashier


@pytest.mark.parametrize("settings", [SELF_SERVICE, BALANCE], ids=lambda shown: shown.mode)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_to_be_repaired_is_said_to_staff_alone(
    settings: ScreenSettings, language: str
) -> None:
    settings = replace(settings, texts=load(language))
    warning = till_warning(WarningCode.NOT_TAKEN, since="11:40", why="backend-unknown")
    broken = ReaderHealth("reader 2", ReaderState.LOST, "/dev/ttyUSB1")
    status = replace(
        STATUS,
        alarms=(TillAlarm.HALTED,),
        warnings=(warning,),
        readers=(*STATUS.readers, broken),
    )
    words = (warning_words(warning, settings), settings.texts.say("alarm.halted"))
    hint = settings.texts.say("reader.lost.cashier-bare")
    for staff, is_said in (("", False), ("Kim", True)):
        view = replace(alone(READY), status=replace(status, staff=staff))
        lines = " ".join(line for _, line in facts(view.status, settings).values())
        drawn = text_of(draw_screen(view, settings, (132, 40)).lines)
        assert [word in lines for word in (*words, "/dev/ttyUSB1")] == [is_said] * 3
        assert [word in drawn for word in (*words, hint)] == [is_said] * 3


def test_staff_who_log_out_do_not_end_a_warning() -> None:
    warned = replace(STATUS, warnings=(till_warning(WarningCode.NO_BEEPER),))
    staffed = replace(alone(READY), status=replace(warned, staff="Kim"))
    items = news(staffed, replace(staffed, status=warned), SELF_SERVICE)
    assert [item.over for item in items if item.topic == "warnings"] == [()]
    ended = replace(staffed, status=replace(STATUS, staff="Kim"))
    [over] = [item.over for item in news(staffed, ended, SELF_SERVICE) if item.topic == "warnings"]
    assert over == ("No warning any more",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [state for state in ReaderState if state not in READS])
def test_a_customer_is_not_told_how_to_repair_a_reader(state: ReaderState, language: str) -> None:
    texts = load(language)
    broken = ReaderHealth("reader", state, "python3 (22887)")
    status = replace(STATUS, readers=(broken,))
    view = alone(replace(READY, status=status))
    text = said(view, language)
    assert (text.customer, text.cashier) == (
        texts.say("alone.ask-staff"),
        texts.say("alone.no-reader"),
    )
    settings = replace(SELF_SERVICE, texts=texts)
    assert "python3" not in " ".join(line for _, line in facts(status, settings).values())
    staffed = replace(view, status=replace(status, staff="Kim"))
    hint = texts.say_if_known(f"reader.{state}.cashier", reader_values(broken, settings))
    assert said(staffed, language).cashier == hint


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_customer_is_told_of_a_config(language: str) -> None:
    words = ("config", "konfig")
    for mode in (SELF_SERVICE, BALANCE):
        settings = replace(mode, texts=load(language))
        for notice in Notice:
            line = banner_text(alone(replace(READY, notice=notice)), settings).cashier
            assert not any(word in line.lower() for word in words), (notice, line)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", [SETTINGS, SELF_SERVICE, BALANCE])
def test_a_start_promises_no_word_that_may_not_come(mode: ScreenSettings, language: str) -> None:
    settings = replace(mode, texts=load(language))
    starting = banner_text(None, settings)
    assert load(language).say("step.ready.word") not in starting.cashier


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_balance_is_promised_only_where_a_tap_shows_it(language: str) -> None:
    say = load(language).say
    for show_debt in ShowDebt:
        privacy = ScreenPrivacy(show_debt=show_debt)
        settings = replace(BALANCE, texts=load(language), privacy=privacy)
        is_shown = show_debt is ShowDebt.ALWAYS
        text = banner_text(alone(READY), settings)
        assert (text.cashier == say("balance.ready.cashier")) is is_shown
        assert ("F5" in text.cashier) is (show_debt is ShowDebt.ON_REQUEST)
        shown = text_of(draw_screen(alone(READY), settings, (80, 24)).sale)
        is_never = show_debt is ShowDebt.NEVER
        assert (say("balance.how-hidden") in shown) is is_never
        assert ("tap-shows" in help_names(alone(READY), settings)) is not is_never


@pytest.mark.parametrize("settings", [SETTINGS, SELF_SERVICE, BALANCE], ids=lambda one: one.mode)
@pytest.mark.parametrize("reason", [Reason.BLOCKED, Reason.SYSTEM_CUSTOMER])
def test_who_may_spend_nothing_is_shown_no_figure_of_it(
    settings: ScreenSettings, reason: Reason
) -> None:
    for language in LANGUAGES:
        shown = replace(settings, texts=load(language), privacy=ScreenPrivacy())
        say = shown.texts.say
        words = [say(f"customer.{key}", sum="").strip() for key in ("may-spend", "may-spend-short")]
        for headroom in (Money(180), None):
            view = alone(unpicked(declined(reason)))
            assert view.customer
            person = replace(view.customer, headroom=headroom, cap=Cap.CUSTOMER)
            for status in (view.status, replace(view.status, staff="Kim")):
                one = replace(view, customer=person, status=status)
                texts = [
                    *(text_of(draw_screen(one, shown, size).customer) for size in SIZES),
                    " ".join(all_of(one, shown)),
                ]
                unsaid = (*words, say("customer.no-limit"), say("customer.cap-customer"))
                assert not [word for text in texts for word in unsaid if word in text]
                assert all(shown.money(Money(180)) in text for text in texts)
