"""PgDn and PgUp turn to other goods on the screen itself; the till hears of them where none are."""

from dataclasses import replace
from time import monotonic

from tests.fakes.till import FakeTill
from tests.ui.goods.goods_states import GROUPED
from tests.ui.states import PAID, READY, RINGING
from tests.ui.test_app import SIZE, made, painted, until

from taptill.checkout.keys.key import key_at
from taptill.checkout.view import TillView
from taptill.domain.basket import Basket
from taptill.ui.app import TillApp
from taptill.ui.keys.driver import Typed
from taptill.ui.pages import Overlay

GOODS = replace(READY, goods=GROUPED)
LINES = replace(RINGING, goods=GROUPED)


def text(app: TillApp) -> str:
    """Return the characters that the terminal shows."""
    return "\n".join(painted(app))


def press(app: TillApp, *names: str) -> None:
    """Press keys, as the terminal's driver reads them."""
    app.post_message(Typed(tuple(key_at(name, monotonic()) for name in names)))


async def test_pages_turn_and_the_next_sale_begins_with_the_first() -> None:
    till = FakeTill(GOODS)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "page 1/4" in text(app), pilot)
        press(app, "page_down", "page_down")
        await until(lambda: "─ Food ─" in text(app), pilot)
        press(app, "page_up")
        await until(lambda: "─ Cold drinks ─" in text(app), pilot)
        till.show(replace(LINES, basket=Basket(LINES.basket.lines[:1])))
        await until(lambda: "2 × Coffee" in text(app), pilot)
        till.show(replace(PAID, goods=GROUPED))
        await until(lambda: "─ Hot drinks ─" in text(app), pilot)


async def test_goods_take_the_place_of_the_lines_until_the_basket_changes() -> None:
    till = FakeTill(LINES)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "2 × Coffee" in text(app), pilot)
        press(app, "page_down", "page_down")
        await until(lambda: "─ Cold drinks ─" in text(app), pilot)
        assert "2 × Coffee" not in text(app)
        till.show(replace(LINES, keystrokes="3*"))
        await until(lambda: "> 3 ×" in text(app), pilot)
        assert "2 × Coffee" in text(app)
        press(app, "page_down")
        await until(lambda: "─ Cold drinks ─" in text(app), pilot)


async def test_enter_must_come_after_a_page_was_painted() -> None:
    till = FakeTill(GOODS)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "page 1/4" in text(app), pilot)
        press(app, "page_down")
        await until(lambda: "page_down" in till.own_keys, pilot)


async def test_where_no_page_can_be_turned_the_till_answers() -> None:
    """It says that Num Lock may be off."""
    for view in (replace(READY, goods=()), replace(READY, goods=GROUPED[:3])):
        till = FakeTill(view)
        app = made(till)
        async with app.run_test(size=SIZE) as pilot:
            await until(lambda app=app: "READER" in text(app), pilot)  # type: ignore[misc]
            press(app, "page_down", "5")
            await until(lambda till=till: till.calls == ["5"], pilot)  # type: ignore[misc]
            assert "page_down" not in till.own_keys


async def test_help_is_closed_by_a_page_key() -> None:
    till = FakeTill(GOODS)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        press(app, "f1")
        await until(lambda: "─ help " in text(app), pilot)
        press(app, "page_down")
        await until(lambda: "page 2/4" in text(app), pilot)
        assert app._overlay is Overlay.NONE


def test_a_view_before_the_first_one_turns_nothing() -> None:
    view: TillView | None = None
    app = made(FakeTill(view))
    assert not app._turn_goods(1)
