"""Goods on the real program: scanned, counted, given back, turned to, and changed in the file."""

from pathlib import Path

import pytest
from tests.scenarios.books import entries
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import SerialLine, TillSite, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
COLA = "4006381333931"
GOODS = """
[[goods]]
name = "Cola"
price = "{price}"
group = "Cold drinks"
barcode = "4006381333931"
tax = "A"
[[goods]]
key = "b"
name = "Bottle back"
price = "-0.25"
group = "Deposits"
"""
MORE = "".join(f'[[goods]]\nname = "Cake {n}"\nprice = "2.00"\n' for n in range(1, 41))
SCANNER = """
[[reader]]
driver = "serial"
for = "goods"
port = "{port}"
family = "line"
card_id = ["text"]
"""
PAGE_DOWN, UP, DELETE = "\x1b[6~", "\x1b[A", "\x1b[3~"


def with_goods(site: TillSite, price: str = "2.50", more: str = "", readers: str = "") -> None:
    """Write a config whose cola has this price, as an editor that replaces the file."""
    site.extra_config, site.readers = GOODS.format(price=price) + more, readers
    site.write_config()


def charged_lines(site: TillSite) -> list[object]:
    """Return the lines of each charge in the journal."""
    return [entry["body"]["lines"] for entry in entries(site) if entry["kind"] == "charge"]


def test_goods_are_scanned_counted_given_back_and_confirmed_by_a_person(
    world: TillAndService,
) -> None:
    """The scanner types into the till's own terminal, and sends Enter behind each barcode."""
    with_goods(world.site)
    with running(world.site) as till:
        till.tap(ADA)
        till.wait_for("Ada Byron")
        till.pause(0.6)
        for key in "3*":
            till.press(key)
            till.pause(0.2)
        till.wait_for("> 3 ×")
        till.press(f"{COLA}\r")
        till.wait_for("3 × Cola €7.50", "Ada Byron pays €7.50")
        till.pause(0.6)
        till.press("b")
        till.wait_for("1 × Bottle back -€0.25", "Ada Byron pays €7.25")
        till.press(UP)
        till.wait_for("▶ 1 × Bottle back")
        till.pause(0.2)
        till.press("+")
        till.wait_for("▶ 2 × Bottle back", "Ada Byron pays €7.00")
        till.confirm()
        till.wait_for("Thank you")
        till.pause(0.6)
        till.press("*")
        till.wait_for("3 × Cola", "2 × Bottle back", "€7.00 to pay")
        assert till.leave() == 0
    assert charged_lines(world.site) == [[["Cola", 250, 3, "A"], ["Bottle back", -25, 2]]]


def test_a_scanner_on_a_line_of_its_own_never_looks_up_a_card(
    world: TillAndService, tmp_path: Path
) -> None:
    line = SerialLine(tmp_path / "scanner")
    with_goods(world.site, readers=SCANNER.format(port=line.link))
    with running(world.site) as till:
        till.wait_until(lambda text: "READER" in text and "missing" not in text, "the readers")
        till.pause(0.3)
        line.send(f"{COLA}\r\n".encode())
        till.wait_for("1 × Cola €2.50", "Hold your card to the reader")
        line.send(f"{ADA}\r\n".encode())
        till.wait_for("No good has this barcode")
        assert ADA not in till.text()
        till.tap(ADA)
        till.wait_for("Ada Byron pays €2.50")
        assert till.leave() == 0
    line.unplug()
    assert charged_lines(world.site) == []


def test_changed_goods_count_between_two_sales_and_a_mistake_is_shown(
    world: TillAndService,
) -> None:
    with_goods(world.site, "2.50")
    with running(world.site) as till:
        till.wait_for("Cola €2.50")
        till.press("b")
        till.wait_for("1 × Bottle back", "Nothing is left to pay")
        with_goods(world.site, "2.80")
        till.pause(3.0)
        till.press("-")
        till.wait_for("Cola €2.80")
        with_goods(world.site, "2.8O")
        till.wait_for("config.toml is not taken over: [[goods]] 2 price")
        till.wait_for("Cola €2.80")
        with_goods(world.site, "2.90")
        till.wait_for("Cola €2.90", absent="is not taken over")
        assert till.leave() == 0


def test_every_good_can_be_turned_to_and_rung_up_by_its_number(world: TillAndService) -> None:
    with_goods(world.site, more=MORE)
    with running(world.site) as till:
        till.wait_for("page 1/5, PgDn")
        for page in range(2, 6):
            till.press(PAGE_DOWN)
            till.wait_for(f"page {page}/5")
        till.wait_for("/43 Cake 40")
        for key in "/43":
            till.press(key)
            till.pause(0.1)
        till.wait_for("1 × Cake 40 €2.00", "PgDn: goods")
        till.press(UP)
        till.wait_for("▶ 1 × Cake 40")
        till.press(DELETE)
        till.wait_for("page 1/5", "Tap your card")
        assert till.leave() == 0
