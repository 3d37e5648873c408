"""When lines are said: a real till is played, and its views are said as they come."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checkout.keys.console import Console
from tests.checkout.keys.test_any_keys import ACTS, GAPS_S, STEPS, act
from tests.checkout.modes import test_self_service_laws as alone
from tests.checkout.modes.kiosk import STAFFED, Kiosk
from tests.fakes.shop import SETTINGS as TILL_SETTINGS
from tests.fakes.shop import Shop, open_shop
from tests.ui.modes.states import SELF_SERVICE
from tests.ui.states import CONFIRM, OFFLINE, READY, RINGING, SETTINGS, STATUS

from taptill.checkout.session import Step
from taptill.checkout.view import Link, TillAlarm, TillView
from taptill.domain.basket import Basket
from taptill.domain.entry import EntryKind
from taptill.domain.money import Money
from taptill.ui.plain.narrator import FACTS_MAX, FACTS_S, SETTLED_S, Narrator
from taptill.ui.plain.news import BRIEF_S, TYPING_S
from taptill.ui.screen_settings import ScreenSettings

LOOK_S = 0.05
REFUSALS = ("REFUSED", "UNKNOWN", "AGAIN", "CLOSED")
DECLINED = {Step.DECLINED, Step.REFUSED}


class Listener:
    """Hears what a till says; times are those of its clock."""

    def __init__(self, shop: Shop, settings: ScreenSettings = SETTINGS) -> None:
        self.shop = shop
        self.settings = settings
        self.heard: list[tuple[float, str]] = []
        self.at_once: list[tuple[TillView | None, TillView, list[str]]] = []
        self.narrator = Narrator()
        self._view: TillView | None = None
        shop.do(lambda: shop.till.watch(self._take))

    @property
    def lines(self) -> list[str]:
        """Return the lines without their times."""
        return [line for _, line in self.heard]

    def wait(self, seconds: float) -> None:
        """Let time pass, and hear what is due."""
        for _ in range(round(seconds / LOOK_S)):
            self.shop.later(LOOK_S)
            self.look()

    def look(self) -> None:
        """Hear what is due now; nothing that was just said comes again by itself."""
        before = self.lines[-1:]
        lines = self.narrator.at(self.shop.clock.monotonic())
        assert lines[:1] != before or not lines, lines
        self._hear(lines)

    def _take(self, view: TillView) -> None:
        lines = self.narrator.take(view, self.settings, self.shop.clock.monotonic())
        self.at_once.append((self._view, view, lines))
        self._view = view
        self._hear(lines)

    def _hear(self, lines: list[str]) -> None:
        self.heard += [(self.shop.clock.monotonic(), line) for line in lines]


@contextmanager
def listening() -> Iterator[Listener]:
    """Open a shop without a printer where nobody has asked the server yet, and listen to it."""
    with open_shop(has_printer=False) as shop:
        shop.link = Link.UNKNOWN
        shop.do(shop.till.refresh)
        yield Listener(shop)


def test_a_sale_is_a_line_an_event() -> None:
    with listening() as heard:
        heard.wait(3.0)
        heard.shop.press("420")
        heard.wait(1.0)
        heard.shop.tap("A")
        heard.wait(1.0)
        heard.shop.enter()
        heard.wait(1.0)
        assert [line.partition(":")[0] for line in heard.lines] == [
            "READY", "€4.20", "TAP CARD", "CONFIRM", "PAID",
        ]  # fmt: skip
        assert heard.lines[3].startswith("CONFIRM: Ada Byron pays €4.20, NOT BLOCKED")


def test_an_amount_is_said_after_a_pause_and_not_digit_by_digit() -> None:
    with listening() as heard:
        heard.wait(1.0)
        for digit in "1234":
            heard.shop.press(digit)
            heard.wait(TYPING_S / 2)
        assert heard.lines == ["READY: Ring up or tap a card: both ways work"]
        heard.wait(TYPING_S)
        assert heard.lines[1] == "€12.34"


def test_a_tap_of_a_refused_card_is_said_each_time_without_ready_between() -> None:
    with listening() as heard:
        for _ in range(3):
            heard.shop.tap("B")
            heard.wait(1.0)
        assert [line.partition(":")[0] for line in heard.lines] == ["READY", *["REFUSED"] * 3]


@pytest.mark.parametrize("takes_lines", [True, False])
def test_a_card_that_is_typed_behind_a_sale_says_nothing_of_it_again(*, takes_lines: bool) -> None:
    with listening() as heard:
        console = Console(heard.shop, takes_lines=takes_lines)
        heard.shop.press("420")
        heard.shop.tap("A")
        heard.wait(1.0)
        heard.shop.enter()
        heard.wait(3.0)
        count = len(heard.lines)
        for octets in (b"0004A1B2C3\r", b"04A1B2C3\r"):
            console.type(octets)
            heard.wait(3.0)
        assert len(console.lines) == 2
        said = 0 if takes_lines else 2
        assert heard.lines[count:] == said * [SETTINGS.texts.say("notice.machine")]


def test_what_waits_is_said_at_once_where_enter_comes() -> None:
    narrator = Narrator()
    card = replace(CONFIRM, step=Step.CARD, basket=Basket(), total=Money(0))
    typing = replace(CONFIRM, basket=Basket(), keystrokes="420", prompt_number=5)
    narrator.take(card, SETTINGS, 0.0)
    answers = [narrator.has_said_all]
    assert narrator.take(typing, SETTINGS, 1.0) == []
    answers.append(narrator.has_said_all)
    (line,) = narrator.hurry()
    assert line.startswith("CONFIRM: Ada Byron pays €4.20")
    assert [*answers, narrator.has_said_all] == [True, False, True]


def test_a_step_that_passes_at_once_is_not_said() -> None:
    narrator = Narrator()
    narrator.take(RINGING, SETTINGS, 0.0)
    assert narrator.take(READY, SETTINGS, 1.0) == []
    lines = narrator.take(CONFIRM, SETTINGS, 1.0 + BRIEF_S / 2)
    assert lines[0] == "2 × Coffee €3.00, 1 × Water €1.20"
    assert lines[1].startswith("CONFIRM")
    assert narrator.at(100.0) == ["ONLINE", "READER ok"]


@given(
    gaps_s=st.lists(st.floats(0.05, 20.0), min_size=1, max_size=60),
    offline=st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_a_network_that_comes_and_goes_is_said_now_and_then_and_at_the_end_as_it_is(
    gaps_s: list[float], offline: list[bool]
) -> None:
    narrator, now_s, said = Narrator(), 0.0, []
    down = replace(READY, status=OFFLINE)
    view = READY
    for gap_s, is_down in zip(gaps_s, offline, strict=False):
        view = down if is_down else READY
        narrator.take(view, SETTINGS, now_s)
        end_s = now_s + gap_s
        while (due_s := narrator.due_s) is not None and due_s <= end_s:
            said += [(due_s, line) for line in narrator.at(due_s) if "LINE" in line]
        now_s = end_s
    while (due_s := narrator.due_s) is not None:
        said += [(due_s, line) for line in narrator.at(due_s) if "LINE" in line]
    assert said[-1][1].startswith("OFFLINE" if view is down else "ONLINE")
    assert all(one[1] != two[1] for one, two in pairwise(said))
    for first, last in zip(said, said[FACTS_MAX:], strict=False):
        assert last[0] - first[0] >= FACTS_S - 1e-6


def test_a_reader_that_is_back_at_once_is_not_said() -> None:
    narrator = Narrator()
    narrator.take(READY, SETTINGS, 0.0)
    narrator.at(SETTLED_S)
    gone = replace(READY, status=replace(STATUS, readers=()))
    narrator.take(gone, SETTINGS, 10.0)
    narrator.take(READY, SETTINGS, 10.5)
    assert narrator.at(100.0) == []


def test_the_end_of_an_alarm_is_said_where_the_alarm_was() -> None:
    narrator = Narrator()
    narrator.take(READY, SETTINGS, 0.0)
    narrator.at(SETTLED_S)
    alarm = replace(READY, status=replace(STATUS, alarms=(TillAlarm.CLOCK,), conflicts=1))
    narrator.take(alarm, SETTINGS, 10.0)
    narrator.take(READY, SETTINGS, 10.0 + SETTLED_S / 2)
    assert narrator.at(20.0) == []
    narrator.take(alarm, SETTINGS, 30.0)
    assert narrator.at(40.0) == ["1 to clarify", "CLOCK not set: connect the network"]
    narrator.take(READY, SETTINGS, 50.0)
    assert narrator.at(60.0) == ["0 to clarify", "No alarm any more"]


def check(heard: Listener) -> Counter[str]:
    """Hold what was said against the till's views; return what was counted."""
    counts: Counter[str] = Counter()
    for line in heard.lines:
        assert line
        assert line.isprintable(), ascii(line)
    words = [line.partition(":")[0] for line in heard.lines]
    paid = words.count("PAID")
    assert paid == len(heard.shop.books.of_kind(EntryKind.CHARGE))
    counts["paid"] = paid
    for before, after, lines in heard.at_once:
        if after.page or (before and before.step is after.step) or after.step not in DECLINED:
            continue
        is_typed = before is not None and before.keystrokes != after.keystrokes
        if not is_typed:
            assert any(line.startswith(REFUSALS) for line in lines), lines
            counts["refused"] += 1
    return counts


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in range(60, 1200, 60))]
)
def test_each_charge_is_said_once_and_each_refusal(first: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + 60):
        dice = random.Random(seed)
        with open_shop(TILL_SETTINGS) as shop:
            console, heard = Console(shop), Listener(shop)
            for _ in range(STEPS):
                act(console, dice, dice.choice(ACTS))
                console.wait(dice.choice(GAPS_S))
                heard.look()
            console.wait(5.0)
            heard.look()
            counts += check(heard)
    assert counts["paid"] >= 5
    assert counts["refused"] > 10


def test_each_charge_of_self_service_is_said_once() -> None:
    counts: Counter[str] = Counter()
    for seed in range(40):
        dice = random.Random(seed)
        with open_shop(STAFFED) as shop:
            kiosk, heard = Kiosk(shop), Listener(shop, SELF_SERVICE)
            for _ in range(alone.STEPS):
                alone.act(kiosk, dice, dice.choice(alone.ACTS))
                kiosk.wait(dice.choice(alone.GAPS_S))
                heard.look()
            shop.books.full, shop.books.takes_s = "", 0.0
            kiosk.wait(150.0)
            heard.look()
            counts += check(heard)
    assert counts["paid"] > 3
