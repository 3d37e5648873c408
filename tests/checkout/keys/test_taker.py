"""A cancel wins, a machine confirms nothing, and a person at any speed can sell."""

import pytest
from tests.checkout.keys.console import PAINT_S, Console
from tests.fakes.shop import Shop

from taptill.checkout.keys.burst import FAST_S, LINE_S
from taptill.checkout.keys.taker import LINE_MAX
from taptill.checkout.session import Notice, Step

ADA = 1
SCAN = "00000420\r"
FAST = 0.008


def ready_to_pay(console: Console, amount: str = "420") -> None:
    """Key in a basket, tap Ada's card, and wait until the decision is painted."""
    console.keys(amount)
    console.shop.tap("A")
    console.wait(0.6)
    assert console.shop.step() is Step.CONFIRM


def test_a_sale_at_a_persons_pace(console: Console, shop: Shop) -> None:
    ready_to_pay(console)
    console.type(b"\r")
    console.wait(0.1)
    assert shop.step() is Step.PAID
    assert shop.charges == [(ADA, 420)]
    assert console.bad == []


def test_the_amount_may_be_typed_after_the_tap_and_fast(console: Console, shop: Shop) -> None:
    """A practised hand on the keypad: 80 ms a key, Enter included."""
    shop.tap("A")
    console.wait(0.6)
    console.keys("420", 0.08)
    console.type(b"\r")
    console.wait(0.1)
    assert shop.charges == [(ADA, 420)]


CANCELS = {
    "Esc and Enter": b"\x1b\r",
    "Enter and Esc": b"\r\x1b\x1b",
    "minus and Enter": b"-\r",
    "Enter and minus": b"\r-",
    "Esc and Enter of the kitty protocol": b"\x1b[27u\x1b[13u",
    "Esc and the keypad's Enter": b"\x1b\x1bOM",
}


@pytest.mark.parametrize("octets", CANCELS.values(), ids=CANCELS)
def test_a_cancel_that_is_read_with_enter_wins(console: Console, shop: Shop, octets: bytes) -> None:
    ready_to_pay(console)
    console.type(octets)
    console.wait(1.0)
    assert shop.charges == []
    assert shop.step() is Step.READY


@pytest.mark.parametrize("gap_s", [0.001, 0.02, 0.049, 0.1, 0.3])
def test_enter_soon_after_esc_charges_nothing(console: Console, shop: Shop, gap_s: float) -> None:
    ready_to_pay(console)
    console.type(b"\x1b")
    console.wait(gap_s)
    console.type(b"\r")
    console.wait(1.0)
    assert shop.charges == []
    assert shop.view.total.minor == 0


def test_esc_and_a_digit_are_both(console: Console, shop: Shop) -> None:
    ready_to_pay(console)
    console.type(b"\x1b4")
    console.wait(0.2)
    assert (shop.step(), shop.view.keystrokes) == (Step.RINGING, "4")


def test_enter_before_the_decision_was_painted_charges_nothing(
    console: Console, shop: Shop
) -> None:
    shop.tap("A")
    console.wait(0.6)
    console.keys("42", 0.12)
    console.type(b"0")
    console.wait(PAINT_S / 2)
    console.type(b"\r")
    console.wait(0.5)
    assert shop.charges == []
    assert shop.notice() is Notice.WAIT_A_MOMENT
    console.type(b"\r")
    console.wait(0.1)
    assert shop.charges == [(ADA, 420)]


def test_whatever_is_pressed_in_between_makes_enter_look_again(
    console: Console, shop: Shop
) -> None:
    ready_to_pay(console)
    console.type(b"\x1b[0n")  # an answer of the terminal
    console.type(b"\r")
    console.wait(0.1)
    assert shop.charges == []
    console.resize()
    console.type(b"\r")
    console.wait(0.5)
    assert shop.charges == []
    console.type(b"\r")
    console.wait(0.1)
    assert shop.charges == [(ADA, 420)]


def test_an_enter_that_is_held_down_charges_nobody_who_taps_later(
    console: Console, shop: Shop
) -> None:
    console.keys("420")
    console.keys("\r" * 10, 0.033)
    shop.tap("A")
    console.keys("\r" * 60, 0.033)
    assert shop.charges == []
    console.wait(0.5)
    console.type(b"\r")
    console.wait(0.1)
    assert shop.charges == [(ADA, 420)]


@pytest.mark.parametrize("gap_s", [0.0, FAST, 0.016, 0.03], ids=str)
@pytest.mark.parametrize("line", [SCAN, "62E3086CED\n", "4006381333931\t", "12\r", "-1c\r"])
@pytest.mark.parametrize("keyed_input", ["", "420"])
def test_a_machines_line_rings_up_and_confirms_nothing(
    console: Console, shop: Shop, line: str, gap_s: float, keyed_input: str
) -> None:
    console.keys(keyed_input)
    shop.tap("A")
    console.wait(0.6)
    before = (shop.step(), shop.view.total, shop.customer.name)
    console.keys(line, gap_s)
    console.wait(0.5)
    assert (shop.charges, console.shown) == ([], [])
    assert (shop.step(), shop.view.total, shop.customer.name) == before
    assert shop.notice() is Notice.MACHINE
    assert console.lines == [line[:-1]]


def test_a_line_in_one_read_is_a_machines(console: Console, shop: Shop) -> None:
    """Case: an EAN-8 scanner whose code reads as an amount."""
    shop.tap("A")
    console.wait(0.6)
    console.type(b"00000420\r\n")
    console.wait(0.5)
    assert shop.charges == []
    assert (shop.step(), shop.notice()) == (Step.CARD, Notice.MACHINE)


def test_a_line_with_a_halt_in_it_is_taken_back_from_its_first_key(
    console: Console, shop: Shop
) -> None:
    ready_to_pay(console)
    console.keys("000", FAST)
    console.wait(0.1)
    console.keys("00420\r", FAST)
    console.wait(0.5)
    assert shop.charges == []
    assert (shop.view.total.minor, shop.notice()) == (420, Notice.MACHINE)


def test_a_line_over_a_paid_sale_leaves_it_paid(console: Console, shop: Shop) -> None:
    ready_to_pay(console)
    console.type(b"\r")
    console.wait(0.6)
    console.keys(SCAN, FAST)
    assert (shop.step(), shop.charges) == (Step.PAID, [(ADA, 420)])


def test_a_line_that_began_while_a_charge_was_saved_leaves_it_paid(
    console: Console, shop: Shop
) -> None:
    """A commit that was in progress when the line began is not undone."""
    ready_to_pay(console)
    console.type(b"\r\xff")
    console.wait(0.06)
    console.keys("ccccc\r", FAST)
    console.wait(0.5)
    assert shop.charges == [(ADA, 420)]
    assert (shop.step(), shop.view.total.minor) == (Step.READY, 0)
    console.keys("5")
    assert shop.step() is Step.RINGING


def test_a_line_chooses_no_reason_for_a_void(console: Console, shop: Shop) -> None:
    ready_to_pay(console)
    console.type(b"\r")
    console.wait(0.6)
    console.type(b"\x1b[19~")
    console.wait(0.3)
    assert shop.step() is Step.VOIDING
    console.keys("12345678\r", FAST)
    console.wait(0.5)
    assert shop.step() is Step.VOIDING
    console.keys("1")
    console.wait(0.2)
    assert shop.step() is Step.VOIDED


def test_a_line_without_an_end_rings_up_nothing(console: Console, shop: Shop) -> None:
    console.keys("00000420", FAST)
    console.wait(0.3)
    assert (shop.view.keystrokes, shop.notice()) == ("", Notice.MACHINE)
    assert console.lines == []


@pytest.mark.parametrize("gap_s", [0.04, 0.1, 0.14])
def test_enter_after_a_line_that_halted_is_still_the_machines(
    console: Console, shop: Shop, gap_s: float
) -> None:
    ready_to_pay(console)
    console.keys("00000420", FAST)
    console.wait(gap_s)
    console.type(b"\r")
    console.wait(0.5)
    assert shop.charges == []


def test_the_rest_of_a_line_that_halted_is_no_whole_number(shop: Shop) -> None:
    console = Console(shop, takes_lines=True)
    console.keys("00000420", FAST)
    console.wait(0.06)
    console.keys("0420\r", FAST)
    assert console.lines == ["\x000420"]


def test_a_stream_without_an_end_is_bounded_and_rings_up_nothing(
    console: Console, shop: Shop
) -> None:
    console.type(b"0123456789" * 1000)
    assert len(console.taker._line) <= LINE_MAX
    assert len(console.taker._held_keys) <= LINE_MAX
    console.wait(0.5)
    assert (shop.view.keystrokes, shop.notice()) == ("", Notice.MACHINE)


def test_something_that_lies_on_a_key_is_bounded(console: Console, shop: Shop) -> None:
    console.type(b"+")
    console.wait(0.5)
    for _ in range(3 * LINE_MAX):
        console.type(b"+")
        console.wait(0.033)
    assert len(console.taker._line) <= LINE_MAX
    assert console.taker._held_keys == []
    console.wait(0.3)
    console.keys("5")
    assert shop.view.keystrokes == "5"


def test_a_reader_for_typed_lines_takes_them_without_a_word(shop: Shop) -> None:
    console = Console(shop, takes_lines=True)
    console.keys("420")
    console.wait(0.2)
    console.keys("62E3086CED\r", FAST)
    console.wait(0.2)
    assert console.lines == ["62E3086CED"]
    assert (shop.view.total.minor, shop.notice()) == (420, Notice.NONE)


def test_what_follows_a_key_of_no_text_is_no_whole_number(shop: Shop) -> None:
    """A shorter number may be another customer's: what is cut or mixed is handed over as such."""
    console = Console(shop, takes_lines=True)
    for line in (b"62E\xff3086\r", b"\xff308\r", b"62\x1d86\r", b"62\x1b[15~86\r", b"\x1b3086\r"):
        console.type(line)
        console.wait(0.5)
    assert len(console.lines) == 5
    assert all("\0" in line for line in console.lines)


def test_what_follows_a_persons_key_at_once_is_no_whole_number(shop: Shop) -> None:
    console = Console(shop, takes_lines=True)
    console.keys("4", 0.1)
    console.keys("62E3086CED\r", FAST)
    assert console.lines == ["\x00462E3086CED"]


def test_a_person_who_rolls_from_one_key_to_the_next_is_no_machine(
    console: Console, shop: Shop
) -> None:
    console.keys("4")
    console.type(b"2")
    console.wait(0.02)
    console.type(b"0")
    console.wait(0.3)
    assert (shop.view.keystrokes, shop.notice()) == ("420", Notice.NONE)
    console.type(b"\x7f")
    console.wait(0.02)
    console.type(b"\r")
    console.wait(0.1)
    assert (shop.view.keystrokes, console.lines) == ("42", [])


@pytest.mark.parametrize("repeat_s", [1 / 10.9, 1 / 30, 1 / 60], ids=["console", "X11", "fast"])
def test_a_key_that_is_held_repeats(console: Console, shop: Shop, repeat_s: float) -> None:
    console.type(b"c")
    console.wait(0.25)
    console.keys("c" * 5, repeat_s)
    console.type(b"\r")
    console.wait(0.3)
    assert (shop.view.total.minor, console.lines) == (6 * 150, [])


def test_a_key_that_is_held_back_acts_after_a_moment(console: Console, shop: Shop) -> None:
    ready_to_pay(console)
    console.type(b"-")
    assert shop.step() is Step.CONFIRM
    console.wait(FAST_S + 0.01)
    assert shop.step() is Step.READY
    console.type(b"A")
    console.wait(FAST_S + 0.01)
    assert console.shown == ["A"]


def test_a_line_feed_after_the_carriage_return_is_the_machines(
    console: Console, shop: Shop
) -> None:
    ready_to_pay(console)
    console.keys("00000420\r", FAST)
    console.wait(LINE_S / 2)
    console.type(b"\n")
    console.wait(0.5)
    assert shop.charges == []
    assert shop.notice() is Notice.MACHINE


def test_keys_that_piled_up_are_dropped_with_a_sentence(console: Console, shop: Shop) -> None:
    shop.tap("A")
    console.wait(0.6)
    console.stall(2.0, b"420\r")
    console.wait(0.5)
    assert shop.charges == []
    assert (shop.view.total.minor, shop.notice()) == (0, Notice.HELD_UP)


def test_a_pile_takes_the_beginning_of_its_line_along(console: Console, shop: Shop) -> None:
    shop.tap("A")
    console.wait(0.6)
    console.type(b"0")
    console.stall(2.0, b"0000420\r")
    console.wait(0.5)
    assert shop.charges == []
    assert (shop.view.keystrokes, shop.view.total.minor) == ("", 0)


def test_a_pile_faster_than_anybody_types_is_a_machines(console: Console, shop: Shop) -> None:
    shop.tap("A")
    console.wait(0.6)
    console.stall(0.25, b"4006381333931\r")
    console.wait(0.3)
    assert shop.notice() is Notice.MACHINE
    assert console.lines == ["4006381333931"]


@pytest.mark.parametrize("pile", [b"\r\x1b\x1b", b"42-0\r", b"\x1b\x1b\r"])
def test_a_cancel_in_a_pile_cancels(console: Console, shop: Shop, pile: bytes) -> None:
    ready_to_pay(console)
    console.stall(3.0, pile)
    console.wait(0.5)
    assert (shop.charges, shop.step()) == ([], Step.READY)


def test_one_enter_during_a_halt_counts_if_the_decision_stood_before_it(
    console: Console, shop: Shop
) -> None:
    ready_to_pay(console)
    console.stall(2.0, b"\r")
    console.wait(0.2)
    assert shop.charges == [(ADA, 420)]


def test_one_enter_during_a_halt_does_not_count_for_what_came_within_it(
    console: Console, shop: Shop
) -> None:
    console.keys("420")
    shop.tap("A")
    shop.later(0.05)
    console.stall(2.0, b"\r")
    console.wait(0.5)
    assert shop.charges == []
    assert shop.notice() is Notice.WAIT_A_MOMENT


def test_a_cursor_key_says_that_num_lock_is_off(console: Console, shop: Shop) -> None:
    """Case: the keypad without Num Lock on a terminal without application keypad mode."""
    for octets in (b"\x1b[D", b"\x1b[B", b"\x1b[2~"):
        console.type(octets)
        console.wait(0.15)
        assert shop.notice() is Notice.NUM_LOCK


def test_a_tap_within_a_machines_line_stays(console: Console, shop: Shop) -> None:
    console.keys("0000", FAST)
    shop.tap("A")
    console.keys("0420\r", FAST)
    console.wait(0.6)
    assert (shop.customer.name, shop.view.total.minor) == ("Ada Byron", 0)
    assert shop.charges == []


def test_a_key_that_gets_no_answer_does_not_count_as_another_answer(shop: Shop) -> None:
    console = Console(shop, cards="C")
    ready_to_pay(console)
    console.type(b"\r")
    console.wait(1.0)
    counts = []
    for octets in (b"\x1b[20~", b"\x1b[20~", b"C", b"\r", b"\t", b"\x1b[20~"):
        console.type(octets)
        console.wait(1.0)
        assert shop.view.notice is Notice.NO_STAFF
        counts.append(shop.view.answers)
    first = counts[0]
    assert counts == [first, first + 1, first + 1, first + 1, first + 1, first + 2]
    assert console.shown == ["C"]
