"""PgDn and PgUp turn to other goods on the screen itself; the till hears of them where none are."""

from dataclasses import replace
from time import monotonic

from tests.fakes.till import FakeTill
from tests.ui.goods.goods_states import GROUPED
from tests.ui.states import CONFIRM, PAID, READY, RINGING
from tests.ui.test_app import SIZE, made, painted, until

from taptill.checkout.keys.key import key_at
from taptill.checkout.view import CountdownView, TillView
from taptill.domain.basket import Basket
from taptill.ui.app import TillApp
from taptill.ui.keys.driver import Typed

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


async def test_what_is_paid_stands_there_when_a_payment_is_to_be_confirmed() -> None:
    """A countdown charges what the customer sees, and so does Enter."""
    till = FakeTill(LINES)
    app = made(till)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "2 × Coffee" in text(app), pilot)
        press(app, "page_down", "page_down")
        await until(lambda: "─ Cold drinks ─" in text(app), pilot)
        till.show(replace(CONFIRM, goods=GROUPED, countdown=CountdownView(5, of=5)))
        await until(lambda: "2 × Coffee" in text(app), pilot)


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


async def test_page_keys_turn_the_parts_of_the_help_and_never_close_it() -> None:
    till = FakeTill(GOODS)
    app = made(till)
    async with app.run_test(size=(50, 15)) as pilot:
        for keys, part in (
            (["f1"], "1"),
            (["page_up"], "1"),
            (["page_down"], "2"),
            (["page_up"], "1"),
            (["page_down"] * 9, "3"),
        ):
            press(app, *keys)
            await until(lambda part=part: f" help {part}/3 " in text(app), pilot)  # type: ignore[misc]
        press(app, "escape")
        await until(lambda: "─ help " not in text(app), pilot)
        assert till.calls == []


async def test_where_the_help_has_one_part_a_page_key_does_nothing() -> None:
    till = FakeTill(GOODS)
    app = made(till)
    async with app.run_test(size=(120, 40)) as pilot:
        press(app, "f1", "page_down", "page_up")
        await until(lambda: "─ help ─" in text(app), pilot)
        press(app, "f1")
        await until(lambda: "─ help " not in text(app), pilot)


def test_a_view_before_the_first_one_turns_nothing() -> None:
    view: TillView | None = None
    app = made(FakeTill(view))
    assert not app._turn_goods(1)
