"""F12: the till's figures, laid over the sale, which loses and charges nothing by it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.checkout.pages.crew import crewed_shop
from tests.checkout.pages.technician.figures import READ, FakeFigures
from tests.domain.figures.samples import TROUBLED, WELL
from tests.fakes.shop import Shop, open_shop

from taptill.checkout.pages.page import Bar, PageView, Phrase, Tone
from taptill.checkout.pages.technician.parts import PARTS, PartName
from taptill.checkout.session import Notice, Step
from taptill.domain.figures.durations import DurationSummary

COUNT = len(PARTS)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


def part(page: PageView) -> str:
    """Return the name of the part that is shown."""
    assert page.title
    return page.title.key.removeprefix("technician.")


def words(page: PageView) -> list[str]:
    """Return all that stands on a page, texts by their keys."""
    cells = [cell for row in (*page.head, *page.rows) for cell in row.cells]
    return [cell.key if isinstance(cell, Phrase) else str(cell) for cell in cells]


def test_f12_shows_the_readers_first_and_f12_or_escape_goes_back(shop: Shop) -> None:
    for close in ("f12", "escape"):
        shop.key("f12")
        assert part(shop.page()) == PartName.READERS
        if close == "escape":
            shop.escape()
        else:
            shop.key(close)
        assert shop.view.page is None


def test_a_reader_is_named_by_its_number_so_that_the_screen_words_it() -> None:
    with open_shop() as shop:
        shop.key("f12")
        name, _ = shop.page().rows[0].cells
        assert name == Phrase("status.reader-numbered", (("number", "1"),))


def test_each_part_has_its_number_and_the_arrows_go_round(shop: Shop) -> None:
    shop.key("f12")
    by_number, by_arrow = [], []
    for number in range(1, COUNT + 1):
        shop.press(str(number))
        by_number.append(part(shop.page()))
    for _ in range(COUNT):
        shop.key("right")
        by_arrow.append(part(shop.page()))
    assert by_number == by_arrow == [*PartName]
    shop.key("right")
    shop.key("left")
    assert part(shop.page()) == PartName.TILL


def test_another_key_is_answered_and_changes_nothing(shop: Shop) -> None:
    shop.key("f12")
    for key in "9cx":
        shop.press(key)
        assert part(shop.page()) == PartName.READERS
        assert shop.page().notice == Phrase("technician.keys")


def test_figures_are_new_each_second_while_it_is_open(shop: Shop) -> None:
    shop.key("f12")
    before = shop.page()
    shop.later(2.0)
    assert shop.page() == before
    shop.figures.now = TROUBLED
    shop.later(1.1)
    assert shop.page() != before
    assert "care.cable" in words(shop.page())
    assert Tone.CAREFUL in {row.tone for row in shop.page().rows}


def test_a_card_shows_its_bytes_and_number_and_charges_nobody(shop: Shop) -> None:
    shop.press("420")
    shop.key("f12")
    shop.press("7")
    shop.figures.reads = (READ,)
    shop.tap("A")
    shop.later(0.5)
    page = shop.page()
    assert part(page) == PartName.READERS
    assert page.notice == Phrase("technician.card")
    assert "0062E3086CED" in words(page)
    assert "02 30 30 36 32 45 33 30 38 36" in words(page)
    shop.enter()
    shop.later(1.0)
    assert shop.charges == []
    assert shop.view.customer is None


def test_a_sale_that_waits_for_enter_is_there_again_and_is_charged_once(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.5)
    assert shop.step() is Step.CONFIRM
    shop.key("f12")
    for _ in range(3):
        shop.enter()
    assert shop.charges == []
    shop.escape()
    assert shop.step() is Step.CONFIRM
    shop.hasty_enter()
    assert shop.charges == []
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(1, 420)]


def test_an_abandoned_page_closes_by_itself() -> None:
    with crewed_shop(who="Ted") as crewed:
        crewed.key("f12")
        assert crewed.view.page is not None
        crewed.later(70.0)
        assert crewed.view.page is None


WHO = {"Jo": False, "Kim": True, "Ted": True}


@pytest.mark.parametrize(("who", "may"), WHO.items(), ids=WHO)
def test_on_a_till_with_staff_supervisor_and_technician_see_it(who: str, *, may: bool) -> None:
    with crewed_shop(who=who) as crewed:
        crewed.key("f12")
        if may:
            assert part(crewed.page()) == PartName.READERS
        else:
            assert crewed.view.page is None
            assert crewed.notice() is Notice.NO_RIGHT


def test_nobody_sees_it_before_somebody_has_logged_in() -> None:
    with crewed_shop(who="") as crewed:
        crewed.key("f12")
        assert crewed.page().name == "log-in"


def test_a_till_that_was_closed_opens_again_below_it(shop: Shop) -> None:
    shop.books.full = "no room on the disk"
    shop.later(1.5)
    assert shop.step() is Step.CLOSED
    shop.key("f12")
    shop.books.full = ""
    shop.later(15.0)
    assert (shop.step(), shop.page().name) == (Step.READY, "technician")
    shop.escape()
    assert shop.step() is Step.READY


def test_it_is_there_while_the_till_is_closed(shop: Shop) -> None:
    shop.books.full = "no room on the disk"
    shop.later(1.5)
    assert shop.step() is Step.CLOSED
    shop.figures.now = replace(WELL, journal=replace(WELL.journal, closed_by="no room"))
    shop.key("f12")
    shop.key("left")
    assert "no room" in words(shop.page())
    shop.later(3.0)
    assert part(shop.page()) == PartName.TILL
    shop.tap("A")
    shop.escape()
    assert shop.view.page is None
    assert shop.step() is Step.CLOSED
    shop.press("420")
    assert shop.view.keystrokes == ""


def test_a_journal_that_cannot_be_read_is_said_and_closes_nothing(shop: Shop) -> None:
    shop.key("f12")
    shop.figures.is_lost = True
    shop.later(2.0)
    assert shop.page().notice == Phrase("notice.not-readable")
    shop.figures.is_lost = False
    shop.later(1.1)
    assert shop.page().rows
    assert shop.step() is Step.READY


def test_every_part_shows_something_of_any_till() -> None:
    for figures in (WELL, TROUBLED, replace(WELL, verdicts=DurationSummary(), readers=())):
        fake = FakeFigures(figures)
        for one in PARTS:
            head, rows = one.shows(fake.figures(), fake.last_reads())
            assert head or rows or not figures.readers


def test_a_bar_is_longest_where_most_are() -> None:
    _, rows = PARTS[[*PartName].index(PartName.TAPS)].shows(WELL, ())
    counts = [int(str(row.cells[1])) for row in rows]
    bars = [row.cells[2].percent for row in rows if isinstance(row.cells[2], Bar)]
    assert sum(counts) == WELL.verdicts.recent
    assert bars[counts.index(max(counts))] == 100
    assert max(bars) == 100


SCALE = {0.0005: 0, 0.001: 0, 0.01: 25, 0.1: 50, 1.0: 75, 10.0: 100, 60.0: 100}


@pytest.mark.parametrize(("seconds", "percent"), SCALE.items())
def test_a_duration_has_its_place_on_the_scale(seconds: float, percent: int) -> None:
    figures = replace(WELL, verdicts=replace(WELL.verdicts, p95_s=seconds))
    _, rows = PARTS[[*PartName].index(PartName.TIMES)].shows(figures, ())
    assert rows[1].cells[4] == Bar(percent)
