"""What the lines say: every state in every language as said, and what is said between two views."""

import re
import unicodedata
from dataclasses import replace

import pytest
from tests.ui.modes import states as unattended
from tests.ui.pages.states import SCREENS as PAGE_SCREENS
from tests.ui.pages.test_hostile_pages import FORBIDDEN, TEXTS, hostile_page
from tests.ui.states import (
    ADA,
    CONFIRM,
    OFFERED,
    OFFLINE,
    OK_READER,
    PAID,
    READY,
    RINGING,
    SETTINGS,
    STATES,
    STATUS,
    VOIDING,
    declined,
)
from tests.ui.test_snapshots import compare

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import CountdownView, SaleState, TillAlarm, TillView
from taptill.domain.basket import Basket, Good, Line
from taptill.domain.decision import Reason
from taptill.domain.money import ZERO, Money
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.domain.technical.till_warning import WarningCode, till_warning
from taptill.ui.plain.news import News, Topic, news
from taptill.ui.plain.own_keys import OwnKeys, all_keys, all_of
from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt, ShowName
from taptill.ui.texts import LANGUAGES, load

SCREENS: dict[str, tuple[TillView | None, ScreenSettings]] = {
    **{name: (view, SETTINGS) for name, view in STATES.items()},
    **{f"mode-{name}": state for name, state in unattended.STATES.items()},
    **{f"page-{name}": (view, SETTINGS) for name, view in PAGE_SCREENS.items()},
}
SHOWN = {name: (view, settings) for name, (view, settings) in SCREENS.items() if view}
COFFEE, WATER = Line("Coffee", Money(150)), Line("Water", Money(120))


def said(
    before: TillView | None, after: TillView, settings: ScreenSettings = SETTINGS
) -> list[str]:
    """Return all lines between two views, without those about the till itself."""
    items = [item for item in news(before, after, settings) if isinstance(item.topic, Topic)]
    return [line for item in items for line in item.lines]


def written(view: TillView, settings: ScreenSettings) -> list[str]:
    """Return the lines of a view, with what has changed since a till where all is well."""
    return [*said(None, view, settings), *facts_said(READY, view, settings)]


def facts_said(
    before: TillView | None, after: TillView, settings: ScreenSettings = SETTINGS
) -> list[str]:
    """Return the lines about the till itself."""
    items = [item for item in news(before, after, settings) if not isinstance(item.topic, Topic)]
    return [line for item in items for line in item.lines]


def rung(*lines: Line, step: Step = Step.RINGING, keystrokes: str = "") -> TillView:
    """Return the view of a basket."""
    basket = Basket(lines)
    return replace(RINGING, step=step, basket=basket, total=basket.total, keystrokes=keystrokes)


def voided(state: SaleState) -> TillView:
    """Return the view of a sale that was voided, as it stands among the last ones."""
    sale = replace(PAID.recent_sales[0], is_voided=True, can_void=False, state=state)
    return replace(PAID, step=Step.VOIDED, recent_sales=(sale,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_said_as_written(language: str) -> None:
    texts = load(language)
    states = [
        "\n".join((name, *written(view, replace(settings, texts=texts))))
        for name, (view, settings) in SHOWN.items()
    ]
    compare(f"plain-{language}", "\n\n".join(states) + "\n")


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_is_letters_and_figures_alone(name: str, language: str) -> None:
    view, settings = SHOWN[name]
    settings = replace(settings, texts=load(language))
    lines = [line for item in news(None, view, settings) for line in item.lines]
    for line in (*lines, *all_of(view, settings)):
        assert line.strip() == line != "", line
        assert line.isprintable(), line
        assert not set(line) & set("√▶→←↑↓█░│─┌•"), line


EXAMPLES: dict[str, tuple[TillView, TillView, list[str]]] = {
    "a card that is there and pays": (
        RINGING,
        CONFIRM,
        [
            ("CONFIRM: Ada Byron pays €4.20, NOT BLOCKED, in advance €12.30, "
            "after this in advance €8.10. Enter confirms, Esc cancels")
            ],
    ),
    "paid": (
        CONFIRM,
        PAID,
        ["PAID: €4.20, in advance €8.10. Saved here, will be sent (1 waiting): next card, please"],
    ),
    "sent": (
        PAID,
        replace(
            PAID,
            recent_sales=(replace(PAID.recent_sales[0], state=SaleState.SENT),),
        ),
        ["sent"],
    ),
    "a void that was sent": (
        voided(SaleState.KEPT),
        voided(SaleState.SENT),
        [],
    ),
    "a case to clarify": (
        PAID,
        replace(
            PAID,
            recent_sales=(replace(PAID.recent_sales[0], state=SaleState.CONFLICT),),
        ),
        ["to clarify: ask the office"],
    ),
    "refused": (
        RINGING,
        declined(Reason.NO_CREDIT),
        [
            ("REFUSED: No credit: €1.80 left, €2.40 missing. Take something off or Esc. "
            "Charles Babbage, NOT BLOCKED, in advance €1.80, data 22 min old")
            ],
    ),
    "a good": (READY, rung(COFFEE), ["1 × Coffee €1.50, total €1.50", "TAP CARD: "]),
    "one more of it": (
        rung(COFFEE),
        rung(replace(COFFEE, quantity=2)),
        ["2 × Coffee €3.00, total €3.00"],
    ),
    "another good": (rung(COFFEE), rung(COFFEE, WATER), ["1 × Water €1.20, total €2.70"]),
    "taken back": (
        rung(COFFEE, WATER),
        rung(COFFEE),
        ["1 × Water €1.20 taken back, total €1.50"],
    ),
    "a line is chosen": (
        rung(COFFEE, WATER),
        replace(rung(COFFEE, WATER), chosen=0),
        ["1 × Coffee €1.50"],
    ),
    "no line is chosen any more": (
        replace(rung(COFFEE, WATER), chosen=0),
        rung(COFFEE, WATER),
        ["total €2.70"],
    ),
    "an amount": (
        READY,
        replace(RINGING, basket=Basket(), keystrokes="42", total=Money(42)),
        ["TAP CARD: Wait for the tap, or Esc cancels", "€0.42"],
    ),
    "an amount beside a good": (
        rung(COFFEE),
        replace(rung(COFFEE), keystrokes="42", total=Money(192)),
        ["€0.42, total €1.92"],
    ),
    "a quantity": (rung(COFFEE), rung(COFFEE, keystrokes="3*"), ["3 ×"]),
    "a digit taken back": (rung(COFFEE, keystrokes="4"), rung(COFFEE), ["total €1.50"]),
    "a key that means nothing": (
        READY,
        replace(READY, notice=Notice.NO_SUCH_KEY),
        ["No good has this key: see the list, or F1"],
    ),
    "the reason of a void": (
        READY,
        VOIDING,
        [
            ("VOID: €3.20 will be cancelled, 14:01 A. B. Why? Press: 1 wrong amount, "
            "2 wrong customer, 3 goods returned, Esc keeps the sale")
            ],
    ),
    "a wrong key there": (
        VOIDING,
        replace(VOIDING, notice=Notice.VOID_KEYS),
        ["Choose: 1 wrong amount, 2 wrong customer, 3 goods returned, Esc keeps the sale"],
    ),
    "the server's answer": (
        CONFIRM,
        replace(CONFIRM, customer=replace(ADA, debt=Money(-1000), debt_after=Money(-580))),
        ["Ada Byron, NOT BLOCKED, in advance €10.00, after this in advance €5.80"],
    ),
    "nothing but a new age": (
        CONFIRM,
        replace(CONFIRM, customer=replace(ADA, live=False, age_s=5), prompt_number=7),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_between_two_views_is_said(name: str) -> None:
    before, after, lines = EXAMPLES[name]
    got = said(before, after)
    assert len(got) == len(lines)
    assert all(line.startswith(start) for line, start in zip(got, lines, strict=True)), got


def test_the_facts_of_the_till_are_said_once_each() -> None:
    offline = replace(READY, status=OFFLINE)
    assert facts_said(READY, offline) == ["OFFLINE since 13:40, 3 to send"]
    assert facts_said(offline, replace(offline, status=replace(OFFLINE, time="14:03"))) == []
    assert facts_said(offline, READY) == ["ONLINE"]
    gone = ReaderHealth("counter", ReaderState.LOST, "/dev/x")
    lost = replace(READY, status=replace(STATUS, readers=(gone,)))
    assert facts_said(READY, lost) == [
        "NO CARDS: The reader was unplugged (/dev/x): plug it in again"
    ]
    assert facts_said(lost, READY) == ["READER ok"]
    other = replace(
        READY, status=replace(STATUS, readers=(OK_READER, replace(gone, reader="door")))
    )
    assert facts_said(READY, other)[0].startswith("READER door lost: ")
    alarmed = replace(READY, status=replace(STATUS, alarms=(TillAlarm.HALTED,), conflicts=2))
    assert facts_said(READY, alarmed) == [
        "2 to clarify", "SENDING STOPPED: call the technician now",
    ]  # fmt: skip
    assert facts_said(READY, replace(READY, status=replace(STATUS, staff="Jo"))) == [
        "Jo is logged in"
    ]


def test_a_countdown_is_said_at_its_start_and_near_its_end() -> None:
    counting = unattended.COUNTING
    settings = unattended.SELF_SERVICE
    assert said(unattended.alone(RINGING), counting, settings) == [
        "PAY 5 s: Ada B. pays €4.20. Any key or the card again stops it"
    ]
    heard = []
    for left in range(60, 1, -1):
        before, after = (
            replace(counting, countdown=CountdownView(one, of=60)) for one in (left, left - 1)
        )
        heard += said(before, after, settings)
    assert heard == [f"{left} s" for left in (50, 40, 30, 20, 10, 5, 3, 2, 1)]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_names_are_said_as_the_screen_shows_them(text: str) -> None:
    customer = replace(ADA, name=text, company=text)
    goods = (Good("c", text, Money(150)),)
    view = replace(
        CONFIRM, customer=customer, goods=goods, basket=Basket((Line(text, Money(150)),)),
        status=replace(STATUS, staff=text,
                       warnings=(till_warning(WarningCode.MIRROR_FAILS, detail=text),),
                       readers=(ReaderHealth(text, ReaderState.LOST, text), OK_READER)),
    )  # fmt: skip
    pages = [
        replace(READY, page=hostile_page(one.page, text))
        for one in PAGE_SCREENS.values()
        if one.page
    ]
    for shown in (view, *pages):
        lines = [line for item in news(None, shown, SETTINGS) for line in item.lines]
        for line in (*lines, *all_of(shown, SETTINGS)):
            assert not set(line) & FORBIDDEN, ascii(line)
            assert all(unicodedata.category(letter) not in {"Cc", "Cf", "Cs"} for letter in line)


PRIVATE = replace(SETTINGS, privacy=ScreenPrivacy(ShowName.SHORT, ShowDebt.NEVER))
ON_REQUEST = replace(SETTINGS, privacy=ScreenPrivacy(ShowName.FULL, ShowDebt.ON_REQUEST))


def test_what_the_site_hides_is_not_said() -> None:
    for name, (view, _) in SHOWN.items():
        if view.page or view.customer is None or "amount" in name:
            continue  # a limit of the till is nobody's secret
        lines = [*said(None, view, PRIVATE), *said(CONFIRM, view, PRIVATE), *all_of(view, PRIVATE)]
        text = "\n".join(lines)
        assert "Byron" not in text, name
        assert "Babbage" not in text, name
        for figure in ("12.30", "8.10", "1.80", "2.40"):
            assert figure not in text, (name, text)


def test_the_scale_of_bars_is_not_said_where_they_are_not() -> None:
    assert "p50, p95, p99" in written(*SHOWN["page-technician-times"])


def test_french_has_a_blank_before_each_colon() -> None:
    french = replace(SETTINGS, texts=load("fr"), legend=(("A", "une carte"),))
    lines = OwnKeys().greeting(french)
    for view, settings in SHOWN.values():
        lines += written(view, replace(settings, texts=french.texts))
    assert [line for line in lines if re.search(r"[^\s\d]:( |$)", line)] == []


def test_a_balance_is_said_on_request() -> None:
    view = replace(CONFIRM, step=Step.CARD, basket=Basket(), total=ZERO)
    assert "F5 shows the balance" in said(READY, view, ON_REQUEST)[0]
    assert "12.30" not in said(READY, view, ON_REQUEST)[0]
    answer = OwnKeys().press("f5", view, ON_REQUEST)
    assert answer is not None
    assert "in advance €12.30" in answer.lines[0]
    again = OwnKeys().press("f5", view, answer.settings)
    assert again is not None
    assert "12.30" not in again.lines[0]


def test_a_page_says_its_title_and_then_what_keys_lead_to() -> None:
    office = PAGE_SCREENS["office"]
    assert (
        said(READY, office)[0]
        == "MORE: more than selling. A number, or up arrow, down arrow and Enter"
    )
    assert said(READY, office)[-1].endswith("1 of 6")
    assert office.page
    below = replace(office, page=replace(office.page, chosen=1), prompt_number=1)
    (line,) = said(office, below)
    assert line.endswith("2 of 6")
    assert said(below, READY)[0].startswith("READY: ")


def test_what_waits_about_a_page_is_not_said_behind_it() -> None:
    page = PAGE_SCREENS["log-in-pin"]
    for after in (READY, PAGE_SCREENS["office"]):
        dropped = {item.topic for item in news(page, after, SETTINGS) if not item.lines}
        assert Topic.TYPED in dropped
    assert Topic.PAGE in {item.topic for item in news(page, READY, SETTINGS) if not item.lines}


def test_figures_of_a_page_that_change_by_themselves_are_not_said() -> None:
    page = PAGE_SCREENS["technician-server"]
    assert page.page
    row = replace(page.page.rows[0], cells=("other", "figures"))
    later = replace(page, page=replace(page.page, rows=(row, *page.page.rows[1:])))
    assert said(page, later) == []
    assert "other, figures" in said(page, replace(later, prompt_number=1))


def test_help_says_first_the_keys_of_now_and_then_all() -> None:
    keys = OwnKeys()
    first = keys.press("f1", CONFIRM, SETTINGS)
    second = keys.press("f1", CONFIRM, SETTINGS)
    assert first is not None
    assert second is not None
    assert first.lines == ["Enter confirm, Esc cancel, F1 help"]
    assert "Ctrl+L: say all of it again" in second.lines
    assert len(second.lines) > 15
    assert "F3: find by name" not in second.lines
    assert keys.press("c", CONFIRM, SETTINGS) is None
    assert "F3: find by name" in all_keys(OFFERED, SETTINGS)


def test_goods_are_said_some_at_a_time_and_round() -> None:
    goods = tuple(Good("", f"Good {number}", Money(number)) for number in range(1, 21))
    view, keys = replace(READY, goods=goods), OwnKeys()
    heard = [keys.press(key, view, SETTINGS) for key in ("page_down",) * 4]
    assert [one.lines[0] for one in heard if one] == [
        "/1 Good 1 €0.01", "/10 Good 10 €0.10", "/19 Good 19 €0.19", "/1 Good 1 €0.01",
    ]  # fmt: skip
    assert heard[2] is not None
    assert heard[2].lines[-1] == "19-20 of 20"
    back = keys.press("page_up", view, SETTINGS)
    assert back is not None
    assert back.lines[0] == "/19 Good 19 €0.19"
    assert (
        keys.press("page_down", replace(view, page=PAGE_SCREENS["office"].page), SETTINGS) is None
    )


def test_all_of_it_is_said_on_request() -> None:
    lines = all_of(replace(CONFIRM, basket=Basket((COFFEE, WATER)), keystrokes="15"), SETTINGS)
    assert lines[0].startswith("CONFIRM: Ada Byron pays")
    for line in (
        "1 × Coffee €1.50",
        "1 × Water €1.20",
        "Analytical Society",
        "ONLINE",
        "0 to send",
    ):
        assert line in lines
    assert lines[-3:] == [
        "14:01, €3.20, A. B., sent",
        "13:58, €1.10, C. D., kept, will be sent",
        "13:55, €9.90, E. F., refused: no credit, €2.40 missing",
    ]


def test_news_have_no_lines_where_what_waits_is_not_so_any_more() -> None:
    typing = replace(RINGING, basket=Basket(), keystrokes="4", total=Money(4))
    items = news(
        typing, replace(CONFIRM, basket=Basket(), keystrokes="4", total=Money(4)), SETTINGS
    )
    assert News(Topic.TYPED, (), 0.8) in items
