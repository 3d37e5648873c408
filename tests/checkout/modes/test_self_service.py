"""Self-service: goods, tap, and a countdown that charges unless anything stops it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from tests.checkout.modes.kiosk import KIOSK, STAFFED, Kiosk, open_kiosk
from tests.checkout.pages.crew import log_in
from tests.domain.samples import ADA, known
from tests.fakes.shop import CARL

from taptill.checkout.session import Notice, Step
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found
from taptill.domain.entry import EntryKind
from taptill.domain.money import Money
from taptill.domain.tap import ReaderState


@pytest.fixture
def kiosk() -> Iterator[Kiosk]:
    """Return a till in self-service without staff."""
    with open_kiosk() as kiosk:
        yield kiosk


@pytest.fixture
def staffed() -> Iterator[Kiosk]:
    """Return one whose config names staff."""
    with open_kiosk(STAFFED) as kiosk:
        yield kiosk


def lines(kiosk: Kiosk) -> list[tuple[str, int]]:
    """Return names and quantities of the basket."""
    return [(line.name, line.quantity) for line in kiosk.shop.view.basket.lines]


def test_goods_and_a_tap_are_charged_when_the_countdown_has_run_out(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap("cw")
    assert kiosk.shop.step() is Step.CONFIRM
    assert kiosk.shop.view.countdown
    assert kiosk.shop.view.countdown.seconds == 5
    kiosk.wait(4.8)
    assert kiosk.shop.charges == []
    kiosk.wait(0.7)
    assert kiosk.shop.step() is Step.PAID
    assert kiosk.shop.charges == [(ADA.id, 270)]
    assert kiosk.begun == 1


def test_the_charge_says_that_the_customer_made_it_and_names_no_staff(staffed: Kiosk) -> None:
    staffed.type(b"\x1bOQ")
    staffed.wait(0.2)
    log_in(staffed.shop, "Jo")
    staffed.pick_and_tap()
    staffed.wait(6.0)
    (charge,) = staffed.shop.books.of_kind(EntryKind.CHARGE)
    assert (charge.body["self_service"], charge.staff) == (True, None)
    figures = staffed.shop.wait_for(staffed.shop.shift_book.running()).figures
    assert (figures.self_service.count, figures.self_service.sum_minor) == (1, charge.amount_minor)


def test_a_charge_to_whom_staff_have_chosen_by_name_names_them(staffed: Kiosk) -> None:
    """No customer was there with a card, so no customer made it alone."""
    staffed.type(b"\x1bOQ")
    staffed.wait(0.2)
    log_in(staffed.shop, "Jo")
    staffed.keys("c")
    staffed.type(b"\x1bOR")
    staffed.wait(0.2)
    staffed.keys("ada")
    staffed.wait(0.5)
    staffed.type(b"\r")
    staffed.wait(7.0)
    (charge,) = staffed.shop.books.of_kind(EntryKind.CHARGE)
    assert (charge.staff, charge.body["without_card"]) == ("Jo", True)
    assert "self_service" not in charge.body


STOPS: dict[str, Callable[[Kiosk], None]] = {
    "Esc": lambda kiosk: kiosk.type(b"\x1b"),
    "minus": lambda kiosk: kiosk.type(b"-"),
    "Enter": lambda kiosk: kiosk.type(b"\r"),
    "a good's letter": lambda kiosk: kiosk.type(b"w"),
    "a letter of no good": lambda kiosk: kiosk.type(b"z"),
    "a digit": lambda kiosk: kiosk.type(b"4"),
    "a cursor key": lambda kiosk: kiosk.type(b"\x1b[A"),
    "Backspace": lambda kiosk: kiosk.type(b"\x7f"),
    "F2": lambda kiosk: kiosk.type(b"\x1bOQ"),
    "F8": lambda kiosk: kiosk.type(b"\x1b[19~"),
    "F10": lambda kiosk: kiosk.type(b"\x1b[21~"),
    "a key that nobody knows": lambda kiosk: kiosk.type(b"\x1b[99~"),
    "the same card": lambda kiosk: kiosk.tap("A"),
    "a card that was read in part": lambda kiosk: kiosk.shop.misread(),
}


@pytest.mark.parametrize("after_s", [0.0, 2.5, 4.7])
@pytest.mark.parametrize("name", STOPS)
def test_any_key_or_the_card_once_more_stops_it_and_does_nothing_else(
    kiosk: Kiosk, name: str, after_s: float
) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(after_s)
    STOPS[name](kiosk)
    kiosk.wait(0.06)  # a lone Esc is one after that
    assert (kiosk.shop.step(), kiosk.shop.notice()) == (Step.RINGING, Notice.STOPPED)
    kiosk.wait(0.5)
    assert lines(kiosk) == [("Coffee", 1)]
    assert not kiosk.shop.view.customer
    assert not kiosk.shop.view.page
    kiosk.wait(9.0)
    assert kiosk.shop.charges == []


def test_a_card_whose_reader_types_stops_it_and_begins_no_other(kiosk: Kiosk) -> None:
    """Its first digit is a key, which stops; the card comes behind its last digit."""
    kiosk.pick_and_tap()
    kiosk.wait(2.0)
    kiosk.type(b"6")
    kiosk.wait(0.2)
    kiosk.tap("A")
    assert (kiosk.shop.step(), kiosk.shop.notice()) == (Step.RINGING, Notice.STOPPED)
    kiosk.wait(1.0)
    kiosk.tap("A")
    assert kiosk.shop.step() is Step.CONFIRM


@pytest.mark.parametrize("after_s", [0.0, 4.7])
def test_a_barcode_stops_it_and_is_rung_up(kiosk: Kiosk, after_s: float) -> None:
    scans: tuple[Callable[[], None], ...] = (
        kiosk.scan,
        lambda: kiosk.keys("4006381333931\r", 0.008),
    )
    for scanned in scans:
        kiosk.pick_and_tap()
        kiosk.wait(after_s)
        scanned()
        assert lines(kiosk) == [("Coffee", 1), ("Cola", 1)]
        kiosk.wait(7.0)
        assert kiosk.shop.charges == []
        kiosk.type(b"\x1b")
        kiosk.wait(0.5)


def test_two_cards_at_once_end_it(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.shop.garble()
    assert kiosk.shop.step() is Step.AGAIN
    kiosk.wait(7.0)
    assert kiosk.shop.charges == []


def test_a_different_card_asks_and_the_countdown_begins_anew(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(3.0)
    kiosk.tap("D")
    kiosk.wait(0.1)
    assert kiosk.shop.notice() is Notice.OTHER_CARD
    assert kiosk.shop.view.countdown
    assert kiosk.shop.view.countdown.seconds == 5
    kiosk.wait(4.0)
    assert kiosk.shop.charges == []
    kiosk.wait(2.0)
    assert kiosk.shop.charges == [(ADA.id, 150)]


def test_the_different_card_once_more_takes_over_with_a_countdown_of_its_own(kiosk: Kiosk) -> None:
    kiosk.shop.everybody_knows(CARL.card_id, known(CARL, -9000))
    kiosk.pick_and_tap()
    for _ in range(2):
        kiosk.wait(2.0)
        kiosk.tap("C")
    kiosk.wait(4.5)
    assert kiosk.shop.charges == []
    kiosk.wait(1.5)
    assert kiosk.shop.charges == [(CARL.id, 150)]


def test_a_card_before_the_goods_pays_nothing_until_it_is_tapped_again(kiosk: Kiosk) -> None:
    kiosk.tap("A")
    kiosk.wait(0.5)
    assert kiosk.shop.step() is Step.CARD
    kiosk.keys("c")
    assert (kiosk.shop.step(), kiosk.shop.view.customer) == (Step.RINGING, None)
    kiosk.wait(7.0)
    assert kiosk.shop.charges == []
    kiosk.tap("A")
    kiosk.wait(6.0)
    assert kiosk.shop.charges == [(ADA.id, 150)]


def test_after_a_refusal_something_is_taken_off_and_the_card_tapped_again(kiosk: Kiosk) -> None:
    kiosk.shop.everybody_knows(ADA.card_id, known(ADA, -200))
    kiosk.pick_and_tap("cw")
    assert kiosk.shop.step() is Step.DECLINED
    kiosk.type(b"\x7f")
    assert kiosk.shop.step() is Step.RINGING
    kiosk.pick_and_tap("", "A")
    kiosk.wait(6.0)
    assert kiosk.shop.charges == [(ADA.id, 150)]


def test_enter_says_what_to_do_and_charges_nobody(kiosk: Kiosk) -> None:
    kiosk.type(b"\r")
    assert kiosk.shop.notice() is Notice.PICK_FIRST
    kiosk.wait(0.5)
    kiosk.keys("c\r")
    assert kiosk.shop.notice() is Notice.TAP_PAYS
    kiosk.shop.everybody_knows(ADA.card_id, known(ADA, 0))
    kiosk.tap("A")
    kiosk.wait(1.0)
    kiosk.keys("\r\r\r", 0.6)
    assert kiosk.shop.charges == []


def test_a_picture_that_does_not_reach_the_terminal_stops_it(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(2.0)
    kiosk.is_blind = True
    kiosk.wait(4.5)
    assert (kiosk.shop.step(), kiosk.shop.notice()) == (Step.RINGING, Notice.STOPPED_ITSELF)
    kiosk.wait(9.0)
    assert kiosk.shop.charges == []


def test_another_size_of_the_window_stops_it(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(2.0)
    kiosk.resize()
    assert kiosk.shop.step() is Step.RINGING


def test_a_program_that_stood_still_stops_it(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(4.5)
    kiosk.halt(30.0)
    assert (kiosk.shop.step(), kiosk.shop.notice()) == (Step.RINGING, Notice.STOPPED_ITSELF)
    kiosk.wait(9.0)
    assert kiosk.shop.charges == []


def test_a_second_that_ends_late_is_counted_once_more(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(4.5)
    kiosk.halt(1.2)
    kiosk.wait(0.5)
    assert kiosk.shop.charges == []
    kiosk.wait(1.0)
    assert kiosk.shop.charges == [(ADA.id, 150)]


def test_a_key_that_was_pressed_while_the_program_stood_still_stops_it(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(4.7)
    kiosk.shop.clock.pass_time(0.6)
    kiosk.wait(0.01)
    kiosk.type(b"\x1b", 0.6)
    kiosk.wait(0.06)
    assert (kiosk.shop.step(), kiosk.shop.charges) == (Step.RINGING, [])


def test_a_reader_that_is_gone_stops_it(kiosk: Kiosk) -> None:
    kiosk.reader(ReaderState.OK)
    kiosk.pick_and_tap()
    kiosk.wait(2.0)
    kiosk.reader(ReaderState.LOST)
    assert (kiosk.shop.step(), kiosk.shop.notice()) == (Step.RINGING, Notice.STOPPED_ITSELF)


def test_a_journal_that_cannot_be_written_charges_nothing(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(4.5)
    kiosk.shop.books.full = "only 3 MB free"
    kiosk.wait(1.5)
    assert (kiosk.shop.step(), kiosk.shop.charges) == (Step.CLOSED, [])


def test_a_customer_who_is_blocked_meanwhile_is_refused(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(2.0)
    row = known(replace(ADA, blocked=True), -1230)
    assert isinstance(row, Found)
    snapshot: Snapshot = row.snapshot
    kiosk.shop.do(kiosk.shop.till.apply_row, snapshot)
    assert kiosk.shop.step() is Step.DECLINED
    kiosk.wait(7.0)
    assert kiosk.shop.charges == []


def test_a_refusal_at_the_end_of_the_countdown_charges_nothing() -> None:
    with open_kiosk(replace(KIOSK, countdown_s=1, live_deadline_s=3.0)) as kiosk:
        kiosk.shop.finder.takes_s = 2.0
        kiosk.shop.finder.there[ADA.card_id] = known(replace(ADA, blocked=True), -1230, age_s=0.0)
        kiosk.pick_and_tap()
        kiosk.wait(1.2)
        assert kiosk.shop.step() is Step.ASKING
        kiosk.wait(1.5)
        assert (kiosk.shop.step(), kiosk.shop.charges) == (Step.REFUSED, [])
        kiosk.wait(12.0)
        assert (kiosk.shop.step(), lines(kiosk)) == (Step.READY, [])


def test_whoever_walks_off_leaves_a_till_that_is_ready(kiosk: Kiosk) -> None:
    leaves: tuple[Callable[[], None], ...] = (
        lambda: kiosk.keys("cw"),
        lambda: kiosk.keys("3*"),
        lambda: kiosk.tap("A"),
    )
    for leave in leaves:
        leave()
        kiosk.wait(12.0)
        assert (kiosk.shop.step(), lines(kiosk)) == (Step.READY, [])
        assert not kiosk.shop.view.customer


def test_paid_goes_by_itself_and_the_next_one_need_not_wait(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(5.7)
    assert kiosk.shop.step() is Step.PAID
    kiosk.keys("w")
    assert lines(kiosk) == [("Water", 1)]
    kiosk.pick_and_tap("", "A")
    kiosk.wait(5.7)
    assert kiosk.shop.step() is Step.PAID
    kiosk.wait(12.0)
    assert kiosk.shop.step() is Step.READY


def test_nobody_is_shown_what_others_have_bought(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap()
    kiosk.wait(5.7)
    assert kiosk.shop.view.recent_sales == ()
    kiosk.wait(12.0)
    kiosk.keys("*")
    assert lines(kiosk) == []


@pytest.mark.parametrize(
    ("keys", "basket", "notice"),
    [
        pytest.param("3c", [("Coffee", 3)], Notice.NONE, id="a digit is a quantity"),
        pytest.param("3*c", [("Coffee", 3)], Notice.NONE, id="with its sign, too"),
        pytest.param("0c", [("Coffee", 1)], Notice.NONE, id="nought is no quantity"),
        pytest.param("/3", [("Cola", 1)], Notice.NONE, id="a number of a good"),
        pytest.param("2*/3", [("Cola", 2)], Notice.NONE, id="so many of a number"),
        pytest.param("420", [], Notice.GOODS_ONLY, id="no amount"),
        pytest.param("42+", [], Notice.GOODS_ONLY, id="no amount as a line"),
        pytest.param("4.", [], Notice.GOODS_ONLY, id="no decimal mark"),
        pytest.param("3*4", [], Notice.GOODS_ONLY, id="no amount so many times"),
        pytest.param("420c", [("Coffee", 1)], Notice.NONE, id="its digits are no quantity"),
        pytest.param("4.c", [("Coffee", 1)], Notice.NONE, id="nor are those before a mark"),
    ],
)
def test_customers_key_in_goods_and_no_amounts(
    kiosk: Kiosk, keys: str, basket: list[tuple[str, int]], notice: Notice
) -> None:
    kiosk.keys(keys)
    assert (lines(kiosk), kiosk.shop.notice()) == (basket, notice)


def test_digits_alone_are_never_charged(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap("42")
    kiosk.wait(7.0)
    assert kiosk.shop.charges == []


def test_where_the_site_lets_them_customers_key_in_amounts() -> None:
    keypad = replace(KIOSK.keypad, amounts=True)
    with open_kiosk(replace(KIOSK, keypad=keypad)) as kiosk:
        kiosk.pick_and_tap("420")
        kiosk.wait(6.0)
        assert kiosk.shop.charges == [(ADA.id, 420)]


def test_a_quantity_without_its_good_is_forgotten_at_the_tap(kiosk: Kiosk) -> None:
    kiosk.pick_and_tap("c3*")
    kiosk.wait(6.0)
    assert kiosk.shop.charges == [(ADA.id, 150)]


@pytest.mark.parametrize("key", ["f8", "f9", "f10", "f12"])
def test_keys_for_staff_say_so(kiosk: Kiosk, staffed: Kiosk, key: str) -> None:
    for one, notice in ((kiosk, Notice.NO_STAFF), (staffed, Notice.STAFF_ONLY)):
        one.shop.key(key)
        assert (one.shop.notice(), one.shop.view.page) == (notice, None)


def test_staff_void_what_a_customer_has_paid(staffed: Kiosk) -> None:
    staffed.pick_and_tap()
    staffed.wait(6.0)
    staffed.wait(12.0)
    staffed.type(b"\x1bOQ")
    staffed.wait(0.2)
    log_in(staffed.shop, "Kim")
    assert staffed.shop.view.recent_sales
    staffed.shop.key("f8")
    staffed.shop.later(0.2)
    assert staffed.shop.step() is Step.VOIDING or staffed.shop.page().name == "undo"


def test_what_a_supervisor_lets_pass_is_counted_down(staffed: Kiosk) -> None:
    staffed.shop.everybody_knows(ADA.card_id, known(ADA, 0))
    staffed.type(b"\x1bOQ")
    staffed.wait(0.2)
    log_in(staffed.shop, "Kim")
    staffed.pick_and_tap()
    staffed.wait(0.5)
    assert staffed.shop.step() is Step.DECLINED
    staffed.shop.key("f9")
    staffed.shop.press("1")
    staffed.wait(1.0)
    if staffed.shop.view.page:  # a second person is asked for
        staffed.tap("04D5E6F7")
        staffed.wait(0.5)
    assert staffed.shop.step() is Step.CONFIRM
    staffed.wait(6.0)
    assert staffed.shop.charges == [(ADA.id, 150)]
    assert staffed.shop.view.total == Money(0)
