"""At every size and in every language nothing is cut, and what must be there is there."""

import re
from dataclasses import replace

import pytest
from tests.ui.drawing import characters, fills, rows_of, text_of
from tests.ui.states import (
    ADA,
    CONFIRM,
    OFFERED,
    OFFLINE,
    OK_READER,
    PAID,
    READY,
    RECENT_SALES,
    RINGING,
    SETTINGS,
    STATES,
    STATUS,
    declined,
)

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import Link, SaleState, TillAlarm
from taptill.domain.basket import Basket, Good, Line
from taptill.domain.decision import Declined, Reason
from taptill.domain.money import Currency, Money
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.domain.technical.till_warning import WarningCode, till_warning
from taptill.ui.banner import banner_text
from taptill.ui.block_letters import letter_rows
from taptill.ui.layout import HEIGHT_MIN, WIDTH_MIN
from taptill.ui.modes.help import HELP, Overlay, help_lines, next_help
from taptill.ui.modes.practice import practice_mark
from taptill.ui.sale_panel.panel import digit_rows
from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt, ShowName
from taptill.ui.status_line.items import status_items
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.views import draw_screen

SIZES = ((50, 15), (66, 20), (80, 24), (100, 30), (120, 33))
SETTINGS_BY_LANGUAGE = {language: replace(SETTINGS, texts=load(language)) for language in LANGUAGES}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_fills_its_boxes_and_cuts_no_sentence(
    language: str, size: tuple[int, int]
) -> None:
    for name, view in STATES.items():
        rows = draw_screen(view, SETTINGS_BY_LANGUAGE[language], size)
        assert fills(rows, *size), name
        assert "…" not in text_of(rows.banner), name
        for sentence in (
            rows.banner_text.customer,
            rows.banner_text.second,
            rows.banner_text.cashier,
        ):
            for word in sentence.split():
                assert word in text_of(rows.banner), (name, word)
        for row in letter_rows(rows.banner_text.word):
            assert row.rstrip() in "\n".join(map(characters, rows.banner)), name


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_alarms_notes_and_leaving_are_never_cut(language: str, size: tuple[int, int]) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    leaving = draw_screen(replace(READY, status=OFFLINE), settings, size, Overlay.LEAVE)
    assert "…" not in text_of(leaving.banner)
    unclear = replace(OFFLINE, to_send=120, to_send_sum=Money(1_234_567), conflicts=12)
    desk = draw_screen(replace(READY, status=unclear), settings, size, Overlay.LEAVE)
    assert "…" not in text_of(desk.banner)
    for count, conflicts in ((120, 0), (1, 12)):
        paid_in = replace(OFFLINE, to_send=count, to_send_sum=Money(-1_234_567))
        view = replace(READY, status=replace(paid_in, conflicts=conflicts))
        assert "…" not in text_of(draw_screen(view, settings, size, Overlay.LEAVE).banner)
    starting = draw_screen(None, settings, size, Overlay.LEAVE)
    assert "…" not in text_of(starting.banner)
    helping, overlay = "", Overlay.HELP
    all_keys = replace(settings, privacy=ScreenPrivacy(show_debt=ShowDebt.ON_REQUEST))
    while overlay is not Overlay.NONE:
        helping += text_of(draw_screen(OFFERED, all_keys, size, overlay).sale) + " "
        overlay = next_help(help_lines(OFFERED, all_keys), size, overlay)
    assert "…" not in helping
    for key in HELP:
        assert " ".join(settings.texts.say(f"help.{key}").split()) in helping, key
    for alarm in TillAlarm:
        status = replace(
            STATUS, alarms=(alarm,), warnings=(till_warning(WarningCode.MIRROR_HANGS),) * 9
        )
        rows = draw_screen(replace(READY, status=status), settings, size)
        assert settings.texts.say(f"alarm.{alarm}") in text_of(rows.recent_sales)
        assert " +" in text_of(rows.recent_sales)
    for state in set(ReaderState) - {ReaderState.OK, ReaderState.OPENING}:
        readers = (OK_READER, ReaderHealth("door", state, "/dev/ttyUSB1"))
        rows = draw_screen(replace(READY, status=replace(STATUS, readers=readers)), settings, size)
        assert "…" not in text_of([*rows.recent_sales, *rows.status])
        assert settings.texts.say(f"reader.{state}.status") in text_of(rows.status)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_name_block_status_amount_and_link_are_the_last_to_go(
    language: str, size: tuple[int, int]
) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    offline = replace(OFFLINE, conflicts=12, readers=(ReaderHealth("a", ReaderState.DENIED),))
    for customer, blocked in ((ADA, "not-blocked"), (replace(ADA, blocked=True), "blocked")):
        rows = draw_screen(replace(CONFIRM, customer=customer, status=offline), settings, size)
        assert "Ada Byron" in text_of(rows.customer)
        assert settings.texts.say(f"customer.{blocked}") in text_of(rows.customer)
        assert all(
            row in "\n".join(map(characters, rows.sale))
            for row in digit_rows(settings.figure(Money(420)))
        )
        assert "13:40" in text_of(rows.status)
        assert settings.texts.say("reader.denied.status") in text_of(rows.status)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_logged_in_stays_in_the_top_line(language: str, size: tuple[int, int]) -> None:
    settings, names = SETTINGS_BY_LANGUAGE[language], (("Jo", "J."), ("Katharina Meier", "K. M."))
    practising = replace(settings, is_practice=True)
    for facts, shown in ((STATUS, settings), (OFFLINE, settings), (STATUS, practising)):
        for name, short in names:
            status = replace(facts, staff=name)
            screen = draw_screen(replace(READY, status=status), shown, size)
            row = text_of(screen.status).removeprefix(practice_mark(shown).strip()).strip()
            assert row.startswith((f"{name} ", f"{short} ", "canteen-1 ")), row
            assert f"{name} " in row or f"{short} " in row


def test_any_terminal_from_the_smallest_on_is_filled() -> None:
    for width in (WIDTH_MIN, 51, 64, 77, 78, 79, 133, 240):
        for height in (HEIGHT_MIN, 16, 17, 19, 21, 23, 26, 28, 40, 67):
            for overlay in Overlay:
                assert fills(
                    draw_screen(CONFIRM, SETTINGS, (width, height), overlay), width, height
                )


def test_folding_goes_in_order_recent_sales_company_goods_lines() -> None:
    rows = {size: text_of(rows_of(draw_screen(CONFIRM, SETTINGS, size))) for size in SIZES}
    assert [size for size in SIZES if "13:58" in rows[size]] == list(SIZES[2:])
    assert [size for size in SIZES if "Analytical" in rows[size]] == list(SIZES[1:])
    assert [size for size in SIZES if "Espresso" in rows[size]] == list(SIZES[3:])
    assert "3 items" in rows[50, 15]
    assert "14:01" in rows[50, 15]


def test_an_amount_that_is_being_typed_counts_among_the_folded_lines() -> None:
    typing = replace(CONFIRM, keystrokes="99", total=CONFIRM.basket.total + Money(99))
    assert "4 items" in text_of(rows_of(draw_screen(typing, SETTINGS, (50, 15))))


def test_money_is_in_advance_or_owed_and_never_has_a_bare_minus() -> None:
    for view in STATES.values():
        assert "-" not in text_of(draw_screen(view, SETTINGS, (100, 30)).customer)
        assert "-3.20" not in text_of(draw_screen(view, SETTINGS, (100, 30)).recent_sales)
    owing = replace(CONFIRM, customer=replace(ADA, debt=Money(-200), debt_after=Money(220)))
    assert "in advance €2.00 after this owes €2.20" in text_of(
        draw_screen(owing, SETTINGS, (80, 24)).customer
    )


def test_an_amount_too_wide_for_large_figures_is_written_small_and_whole() -> None:
    rich = replace(RINGING, total=Money(12_345_678_90))
    for size in SIZES:
        sale = draw_screen(rich, SETTINGS, size).sale
        is_written_small = "12345678.90" in text_of(sale)
        is_large = all(row in "\n".join(map(characters, sale)) for row in digit_rows("12345678.90"))
        assert is_written_small or is_large


@pytest.mark.parametrize(
    ("code", "amount_text"), [("JPY", "¥420"), ("EUR", "€4.20"), ("KWD", "KWD 0.420")]
)
def test_minor_digits_follow_the_currency(code: str, amount_text: str) -> None:
    settings = ScreenSettings(texts=load("en"), currency=Currency.named(code))
    assert f"pays {amount_text}" in text_of(draw_screen(CONFIRM, settings, (80, 24)).banner)


HOSTILE = "[bold red]\x1b[31m\u202eEve\u0000\u0336\u0337 王小明王小明王小明王小明王小明王小明"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_hostile_words_from_outside_break_no_box(size: tuple[int, int]) -> None:
    nasty = replace(
        CONFIRM,
        status=replace(
            OFFLINE,
            till=HOSTILE,
            readers=(ReaderHealth(HOSTILE, ReaderState.BUSY, HOSTILE * 3),) * 2,
            warnings=(till_warning(WarningCode.MIRROR_FAILS, detail=HOSTILE * 9),),
        ),
        goods=(replace(READY.goods[0], name=HOSTILE), *READY.goods),
        basket=Basket((Line(HOSTILE, Money(1)), *CONFIRM.basket.lines)),
        customer=replace(ADA, name=HOSTILE, company=HOSTILE * 2),
        recent_sales=(replace(READY.recent_sales[0], initials=HOSTILE),),
        detail=HOSTILE * 5,
    )
    for step in (Step.CONFIRM, Step.CARD, Step.CLOSED, Step.READY):
        for console in (False, True):
            rows = draw_screen(replace(nasty, step=step), replace(SETTINGS, console=console), size)
            assert fills(rows, *size)
            row_text = "".join(map(characters, rows_of(rows)))
            assert not set(row_text) & {"\x1b", "\x00", "\u202e", "\u0337"}
            if step is Step.CONFIRM:
                assert "Enter confirms" in text_of(rows.banner)


@pytest.mark.parametrize("to_send", [0, 3])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_never_safe_to_leave_what_the_office_must_clarify(
    language: str, to_send: int
) -> None:
    """Their money is not sent, although nothing waits to be sent by itself."""
    settings = SETTINGS_BY_LANGUAGE[language]
    status = replace(STATUS, to_send=to_send, conflicts=2)
    text = draw_screen(
        replace(READY, status=status), settings, (80, 24), Overlay.LEAVE
    ).banner_text.cashier
    clean = draw_screen(READY, settings, (80, 24), Overlay.LEAVE).banner_text.cashier
    safe = clean.split(":")[1].split(".")[0].strip()
    assert safe not in text
    assert "2" in text
    assert str(to_send) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_logged_in_stays_where_the_printer_has_no_room(language: str) -> None:
    """A printer that is not there needs more than there is; what is left fits the name or more."""
    settings = SETTINGS_BY_LANGUAGE[language]
    gone = PrinterHealth(PrinterState.NOT_THERE, waiting=12)
    for size in SIZES:
        for base in (STATUS, OFFLINE):
            status = replace(base, staff="Sam Jones", printer=gone)
            items = status_items(status, settings, size[0])
            if 4 not in {rank for rank, _ in items}:
                row = text_of(draw_screen(replace(READY, status=status), settings, size).status)
                assert re.search(r"Sam Jones|S\. J\.", row), row


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_who_was_found_by_name_has_shown_no_card(language: str) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    say = settings.texts.say
    by_name = banner_text(STATES["found-by-name"], settings)
    assert by_name.second == say("step.card.second-without-card") != say("step.card.second")
    gone = banner_text(STATES["found-by-name-gone"], settings)
    assert gone.cashier.endswith(say("reason.unknown-card.cashier-without-card"))


@pytest.mark.parametrize(
    ("language", "status", "hint"),
    [
        ("en", "READER 2 lost", "reader 2: "),
        ("de", "LESER 2 getrennt", "Leser 2: "),
        ("fr", "LECTEUR 2 débranché", "lecteur 2 : "),
        ("es", "LECTOR 2 suelto", "lector 2: "),
    ],
)
def test_a_reader_is_named_in_the_screens_language(language: str, status: str, hint: str) -> None:
    view = STATES["one-of-two-readers-gone"]
    rows = draw_screen(view, SETTINGS_BY_LANGUAGE[language], (100, 30))
    assert status in text_of(rows.status)
    assert hint in text_of(rows.recent_sales)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_card_names_f6_where_f6_may_give_it(language: str) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    view = STATES["unknown-card-to-give"]
    assert view is not None
    assert "F6" in banner_text(view, settings).cashier
    impossible = (
        replace(view, offers=()),
        replace(view, status=replace(view.status, link=Link.OFFLINE)),
        replace(view, status=replace(view.status, staff="")),
        replace(view, decision=Declined(Reason.AMBIGUOUS_CARD)),
    )
    for other in impossible:
        assert "F6" not in banner_text(other, settings).cashier


def test_paid_promises_no_sending_where_the_office_must_clarify() -> None:
    banner = text_of(draw_screen(STATES["paid-and-in-conflict"], SETTINGS, (80, 24)).banner)
    assert "office" in banner
    assert "will be sent" not in banner


def test_the_question_of_a_void_names_the_sale_and_stays_beside_an_answer() -> None:
    for name in ("voiding", "voiding-wrong-key"):
        for size in SIZES:
            banner = text_of(draw_screen(STATES[name], SETTINGS, size).banner)
            expected = ("3.20", "14:01 A. B.", "1 wrong amount", "2 wrong customer", "3 goods")
            assert [words for words in expected if words not in banner] == [], (name, size)


@pytest.mark.parametrize("reason", list(Reason))
def test_only_money_that_the_customer_has_not_got_is_missing(reason: Reason) -> None:
    row = replace(RECENT_SALES[2], reason=reason, missing=Money(240))
    rows = text_of(
        draw_screen(replace(READY, recent_sales=(row,)), SETTINGS, (80, 24)).recent_sales
    )
    assert ("€2.40 missing" in rows) is (reason in {Reason.NO_CREDIT, Reason.OFFLINE_CAP})


def test_sample_cards_that_do_not_fit_are_counted() -> None:
    legend = tuple((letter, f"card {letter}") for letter in "ABCDEFGHX")
    for size in SIZES:
        rows = text_of(draw_screen(READY, replace(SETTINGS, legend=legend), size).customer)
        hidden_cards = [letter for letter, text in legend if text not in rows]
        assert (f"+ {len(hidden_cards)} more" in rows) is bool(hidden_cards), size


def test_privacy_shortens_names_and_hides_debts() -> None:
    def screen_text(
        privacy: ScreenPrivacy, *, on_request: bool = False, step: Step = Step.CONFIRM
    ) -> str:
        view = replace(declined(Reason.NO_CREDIT), customer=ADA, step=step)
        settings = replace(SETTINGS, privacy=privacy, debt_requested=on_request)
        return text_of(rows_of(draw_screen(view, settings, (80, 24))))

    assert "Ada B. pays" in screen_text(ScreenPrivacy(ShowName.SHORT))
    assert "Byron" not in screen_text(ScreenPrivacy(ShowName.SHORT))
    assert "Ada" not in screen_text(ScreenPrivacy(ShowName.NEVER))
    for show_debt in (ShowDebt.NEVER, ShowDebt.ON_REQUEST):
        private = screen_text(ScreenPrivacy(show_debt=show_debt), step=Step.DECLINED)
        assert not [figure for figure in ("12.30", "8.10", "1.80", "2.40") if figure in private]
        assert "too little left" in private
    on_request = screen_text(ScreenPrivacy(show_debt=ShowDebt.ON_REQUEST), on_request=True)
    assert "12.30" in on_request


def test_a_figure_that_is_not_known_leaves_a_whole_sentence() -> None:
    unknown = replace(
        declined(Reason.NO_CREDIT), decision=Declined(Reason.NO_CREDIT), status=replace(
            STATUS, link=Link.ONLINE, latency_ms=None)
    )  # fmt: skip
    rows = draw_screen(unknown, SETTINGS, (80, 24))
    assert "too little left" in text_of(rows.banner)
    assert "ONLINE │" in "".join(map(characters, rows.status))


def test_a_sale_that_turns_sent_changes_its_row_only() -> None:
    before = draw_screen(READY, SETTINGS, (80, 24))
    sent_row = replace(READY.recent_sales[1], state=SaleState.SENT)
    after = draw_screen(
        replace(READY, recent_sales=(READY.recent_sales[0], sent_row, READY.recent_sales[2])),
        SETTINGS,
        (80, 24),
    )
    changed_rows = [(a, b) for a, b in zip(rows_of(before), rows_of(after), strict=True) if a != b]
    assert len(changed_rows) == 1


@pytest.mark.parametrize(
    ("language", "amount_text"),
    [("en", "€0.30"), ("de", "0,30 €"), ("fr", "0,30 €"), ("es", "0,30 €")],
)
def test_every_amount_carries_its_currency_and_the_mark_of_the_language(
    language: str, amount_text: str
) -> None:
    """The amounts are in basket, typed amount, total, goods, panel, banner and recent sales."""
    settings, small_amount = SETTINGS_BY_LANGUAGE[language], Money(30)
    customer = replace(
        ADA, debt=small_amount, debt_after=None, pending=small_amount, headroom=small_amount
    )
    view = replace(
        RINGING,
        step=Step.CARD,
        keystrokes="30",
        basket=Basket((Line("Coffee", small_amount),)),
        total=Money(60),
        customer=customer,
        recent_sales=(replace(RECENT_SALES[0], amount=small_amount),),
    )
    rows = draw_screen(view, settings, (80, 24))
    assert text_of(rows.sale).count(amount_text) == 2
    assert f"> 30 {amount_text}" in text_of(rows.sale)
    assert text_of(rows.customer).count(amount_text) == 3
    assert amount_text in text_of(rows.recent_sales)
    goods = replace(
        view, basket=Basket(), keystrokes="", goods=(Good("c", "Coffee", small_amount),)
    )
    assert f"c Coffee {amount_text}" in text_of(draw_screen(goods, settings, (80, 24)).sale)
    paid_view = replace(view, step=Step.PAID, amount=small_amount)
    assert amount_text in text_of(draw_screen(paid_view, settings, (80, 24)).banner)
    assert amount_text.replace("0", "1") not in text_of(rows_of(rows))
    for mark in {".", ","} - set(amount_text):
        assert not re.search(rf"[0-9]\{mark}[0-9]", text_of(rows_of(rows)))


CURRENCIES = ("EUR", "GBP", "JPY", "CHF", "KWD", "VND", "XOF")


@pytest.mark.slow
@pytest.mark.parametrize("code", CURRENCIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_large_amounts_of_any_currency_are_whole_on_panel_recent_sales_and_banner(
    language: str, code: str
) -> None:
    """Where it is too long, whole words are left out, and the figure last."""
    settings = replace(SETTINGS_BY_LANGUAGE[language], currency=Currency.named(code))
    rich = replace(ADA, company="", debt=Money(-123_450), debt_after=Money(98_760))
    views = [
        replace(CONFIRM, customer=replace(rich, debt_after=Money(-98_760), headroom=Money(99_990))),
        replace(CONFIRM, customer=replace(rich, headroom=None)),
        replace(PAID, amount=Money(123_450), customer=replace(
            rich, debt_after=None, pending=Money(98_760), headroom=Money(98_760))),
        replace(CONFIRM, customer=replace(rich, pending=Money(98_760), in_question=True,
                age_s=None, live=False, headroom=Money(98_760))),
        replace(declined(Reason.NO_CREDIT), total=Money(123_450), decision=Declined(
            Reason.NO_CREDIT, Money(-1), Money(98_760), Money(123_450)), notice=Notice.NOW_REFUSED),
    ]  # fmt: skip
    states = [
        replace(RECENT_SALES[2], state=state, reason=reason, amount=Money(123_450 * sign))
        for state in SaleState
        for reason in Reason
        for sign in ((1,) if state is SaleState.REFUSED else (1, -1))
    ]
    for size in SIZES:
        for view in views:
            rows = draw_screen(view, settings, size)
            assert "…" not in text_of([*rows.customer, *rows.banner]), (size, view.step)
            assert fills(rows, *size)
        for state in states:
            rows = draw_screen(replace(READY, recent_sales=(state,)), settings, size)
            assert "…" not in text_of(rows.recent_sales), (size, state)


def test_where_the_font_has_no_such_sign_the_code_stands() -> None:
    dong = ScreenSettings(texts=load("en"), currency=Currency.named("VND"))
    assert "₫420" in text_of(draw_screen(CONFIRM, dong, (80, 24)).banner)
    assert "VND 420" in text_of(draw_screen(CONFIRM, replace(dong, console=True), (80, 24)).banner)


def test_no_line_breaks_between_a_figure_and_its_currency() -> None:
    settings = replace(SETTINGS_BY_LANGUAGE["de"], currency=Currency.named("CHF"))
    for size in SIZES:
        for view in STATES.values():
            for row in draw_screen(view, settings, size).banner:
                assert not re.search(r"(^|  )CHF", characters(row))


@pytest.mark.parametrize("to_send", [0, 1, 120])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_office_must_clarify_is_never_hidden(
    language: str, size: tuple[int, int], to_send: int
) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    words = settings.texts.say("status.conflicts", count="12")
    for base in (STATUS, OFFLINE, replace(STATUS, link=Link.SLOW, latency_ms=23_456)):
        for state in ReaderState:
            two_readers = (ReaderHealth("a", state), ReaderHealth("b", state))
            for readers in (two_readers[:1], two_readers):
                status = replace(base, to_send=to_send, conflicts=12, readers=readers)
                row = text_of(draw_screen(replace(READY, status=status), settings, size).status)
                assert words in row, row
                assert settings.texts.say(f"reader.{state}.status") in row


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_the_till_s_own_words_is_cut(language: str, size: tuple[int, int]) -> None:
    """Names and the hints about readers may end in dots; our own words and figures never do."""
    settings = SETTINGS_BY_LANGUAGE[language]
    looking_up = settings.texts.say("customer.asking")
    for name, view in STATES.items():
        row_text = text_of(rows_of(draw_screen(view, settings, size))).replace(looking_up, "")
        assert "…" not in row_text, (name, row_text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_that_turned_shows_its_reason_and_what_would_pass(language: str) -> None:
    settings = SETTINGS_BY_LANGUAGE[language]
    for size in SIZES:
        rows = draw_screen(STATES["declined-just-now"], settings, size)
        assert settings.texts.say("notice.now-refused") in text_of(rows.banner)
        for figure in ("1.80", "2.40"):
            assert figure.replace(".", settings.usage.mark) in text_of(rows.banner)


def test_who_cannot_pay_has_no_line_about_after_it() -> None:
    for name, view in STATES.items():
        if name.startswith(("declined", "refused")):
            assert "after" not in text_of(draw_screen(view, SETTINGS, (100, 30)).customer)
