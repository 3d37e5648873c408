"""What the last line says is so: a key that it names does something, and one of a sale that it
does not name does nothing."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from tests.checkout.pages.crew import CREW
from tests.fakes.shop import GOODS, SETTINGS, Shop, open_shop
from tests.ui.states import SETTINGS as SCREEN

from taptill.checkout.goods.ring_up import CURSOR_KEYS
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillSettings
from taptill.checkout.view import TillView
from taptill.domain.basket import Good
from taptill.domain.money import Money
from taptill.domain.staff.member import StaffMember
from taptill.ui.modes.help import Overlay
from taptill.ui.modes.keys import key_names

MANY = (*GOODS, *(Good("", f"Good {number}", Money(100 + number)) for number in range(9)))
OPEN = replace(
    SETTINGS,
    keypad=replace(SETTINGS.keypad, goods=(*MANY, Good("b", "Bottle back", Money(-25)))),
    max_repayment=Money(5000),
)
STAFFED = replace(OPEN, staff=CREW, lock_after_s=600.0, let_go_after_s=600.0)
KIOSK = replace(STAFFED, mode=TillMode.SELF_SERVICE)
BALANCE = replace(STAFFED, mode=TillMode.BALANCE)
SHOPS = {"nobody logs in": OPEN, "staff": STAFFED, "self-service": KIOSK, "balance": BALANCE}

KEYS = {
    "enter": {"confirm", "go-on", "retry"},
    "escape": {"cancel", "clear", "esc-on", "esc-back"},
    "f7": {"money"},
    "f8": {"void", "void-others"},
    "f10": {"office"},
}
TYPED = ("420", "5", "c", "b", "3*", "/1", "/", "+", "*", "up", "backspace", "delete")
ACTS = (*("type",) * 5, *("tap",) * 4, "enter", "enter", "escape", "f8", "misread", "network")
UNASKED = {Notice.LOOKING_UP, Notice.SLOW_ANSWER}
PER_SHOP = 300
STEPS = 6


def act(shop: Shop, dice: random.Random) -> None:
    """Perform one action, and wait for what comes of it or not."""
    match dice.choice(ACTS):
        case "type":
            keys = dice.choice(TYPED)
            names = (keys,) if keys in CURSOR_KEYS | {"backspace"} else keys
            for name in names:
                shop.do(shop.till.press, name)
        case "tap":
            shop.tap(dice.choice("AABCDX"))
        case "misread":
            shop.misread()
        case "network":
            shop.finder.offline = not shop.finder.offline
        case name:
            use(shop, name)
    shop.later(dice.choice((0.02, 0.4, 0.6, 2.5)))


def log_in(shop: Shop, member: StaffMember) -> None:
    """Let somebody have logged in."""
    state = shop.till._state
    state.staff, state.sale = member, replace(state.sale, page=None)
    state.restart_idle_timer()
    shop.do(shop.till.refresh)


def use(shop: Shop, key: str) -> None:
    """Press a key that the line may name."""
    match key:
        case "enter":
            shop.enter()
        case "escape":
            shop.escape()
        case _:
            shop.key(key)


def state(view: TillView) -> object:
    """Return what a key may change, beside the answer to it."""
    page = view.page.name if view.page else ""
    asked = view.notice in UNASKED
    keyed = (view.basket, view.keystrokes, view.chosen, view.total)
    return (view.step, page, keyed, view.customer is None, asked)


def does_something(shop: Shop, key: str) -> bool:
    """Return whether a key changes anything but the answer."""
    before, seen = shop.view, len(shop.steps)
    use(shop, key)
    passed = {*shop.steps[seen:]} - {before.step}
    return bool(passed) or state(shop.view) != state(before)


def _is_vain(view: TillView) -> bool:
    """Return whether Enter changes what nobody wants: a refusal again, a number that is no good."""
    return view.step in {Step.DECLINED, Step.REFUSED} or view.keystrokes.endswith(("/", "*"))


@pytest.mark.parametrize("settings", SHOPS.values(), ids=SHOPS)
def test_a_key_is_named_where_it_does_something(settings: TillSettings) -> None:
    counts: Counter[tuple[str, bool]] = Counter()
    screen = replace(SCREEN, mode=settings.mode)
    for seed in range(PER_SHOP):
        dice = random.Random(seed)
        with open_shop(settings) as shop:
            if settings.staff:
                log_in(shop, dice.choice(CREW))
            for _ in range(dice.randrange(STEPS)):
                act(shop, dice)
            shop.later(0.6)
            view, key = shop.view, dice.choice([*KEYS])
            if view.page or view.step is Step.CLOSED or view.countdown:
                continue
            named = bool(KEYS[key] & {*key_names(view, Overlay.NONE, screen, (80, 24))})
            is_vain = key == "enter" and _is_vain(view)
            did = does_something(shop, key)
            assert did is named or (did and is_vain), (seed, key, view.step, view.notice)
            counts[key, named] += 1
    assert len(counts) >= len(KEYS), counts
