"""Cards tapped twice, two at a time, too late or at the wrong moment: each gets an answer."""

from collections.abc import Callable

import pytest
from tests.domain.samples import ADA, DORA
from tests.fakes.shop import MOMENT_S, Shop

from taptill.checkout.charging import DEAD_ENTER_S
from taptill.checkout.identification import RESULT_STANDS_S
from taptill.checkout.session import Notice, Step
from taptill.domain.decision import Declined, Reason
from taptill.domain.tap import CardTrouble, ReaderHealth, ReaderState
from taptill.readers.presence import COLLISION_WINDOW_S


def test_the_same_card_again_is_answered_and_changes_nothing(shop: Shop) -> None:
    for keys, step in (("", Step.CARD), ("420", Step.CONFIRM)):
        shop.press(keys)
        shop.tap("A")
        shop.later(0.1)
        shop.tap("A")
        assert (shop.step(), shop.notice()) == (step, Notice.SAME_CARD)
        assert len(shop.finder.asked) == 1


def test_the_same_card_while_it_is_looked_up_is_not_looked_up_twice(shop: Shop) -> None:
    del shop.finder.known[ADA.card_id]
    shop.finder.takes_s = 1.0
    shop.tap("A")
    shop.tap("A")
    assert shop.notice() == Notice.SAME_CARD
    shop.later(1.5)
    assert (shop.step(), len(shop.finder.asked)) == (Step.CARD, 1)


def test_the_same_card_after_a_refusal_is_asked_about_again(shop: Shop) -> None:
    shop.tap("X")
    shop.later(0.1)
    assert shop.step() == Step.DECLINED
    shop.everybody_knows("DEAD00", shop.finder.known[ADA.card_id])
    shop.tap("X")
    assert shop.step() == Step.CARD


def test_another_card_while_nothing_is_keyed_in_takes_the_place_at_once(shop: Shop) -> None:
    shop.tap("A")
    shop.tap("D")
    assert shop.customer.name == DORA.name


def test_another_card_while_a_sale_waits_must_be_tapped_twice(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    shop.tap("D")
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.OTHER_CARD)
    assert shop.customer.name == ADA.name
    shop.tap("D")
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.NONE)
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(DORA.id, 420)]


@pytest.mark.parametrize("between", ["a key", "the first card", "a third card"])
def test_the_second_tap_counts_only_while_the_question_stands(shop: Shop, between: str) -> None:
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    shop.tap("D")
    if between == "a key":
        shop.press("c")
    else:
        shop.tap("A" if between == "the first card" else "C")
    shop.tap("D")
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.OTHER_CARD)
    assert shop.customer.name == ADA.name


def test_another_card_after_a_refusal_takes_the_place_at_once(shop: Shop) -> None:
    shop.press("420")
    shop.tap("C")
    assert shop.step() == Step.DECLINED
    shop.tap("A")
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.NONE)


@pytest.mark.parametrize("trouble", list(CardTrouble))
def test_a_card_that_the_reader_cannot_name_takes_the_last_one_back(
    shop: Shop, trouble: CardTrouble
) -> None:
    """Two cards at once, or half a number: nobody can be charged until one is tapped alone."""
    shop.press("420")
    shop.tap("A")
    shop.later(0.1)
    shop.garble(trouble)
    view = shop.view
    assert (view.step, view.trouble, view.customer) == (Step.AGAIN, trouble, None)
    assert view.decision == Declined(Reason.UNREADABLE_CARD)
    shop.enter()
    shop.later(1.0)
    assert shop.charges == []
    shop.tap("A")
    assert (shop.step(), shop.view.trouble) == (Step.CONFIRM, None)


@pytest.mark.parametrize("keys", ["", "420"])
def test_a_card_that_was_not_read_cleanly_is_asked_for_once_more(shop: Shop, keys: str) -> None:
    """It is no customer's fault: nothing is journaled, and the basket stays."""
    shop.press(keys)
    shop.misread()
    assert (shop.step(), shop.view.decision, shop.view.trouble) == (Step.AGAIN, None, None)
    assert shop.declines == []
    before = shop.view.total
    shop.enter()
    shop.later(11.5)
    assert (shop.step(), shop.view.total) == (Step.RINGING if keys else Step.READY, before)
    shop.misread()
    shop.tap("A")
    assert shop.step() == (Step.CONFIRM if keys else Step.CARD)


def test_a_bad_frame_takes_nobody_off_the_screen(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A")
    shop.misread()
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.NOT_READ)
    shop.enter()
    shop.later(1.0)
    assert shop.charges == [(ADA.id, 420)]
    shop.misread()
    assert (shop.step(), shop.notice()) == (Step.PAID, Notice.NOT_READ)
    shop.later(RESULT_STANDS_S)
    shop.misread()
    assert (shop.step(), shop.view.customer) == (Step.AGAIN, None)


def test_two_cards_take_back_a_card_that_is_being_looked_up(shop: Shop) -> None:
    shop.finder.takes_s = 0.5
    del shop.finder.known[ADA.card_id]
    shop.press("420")
    shop.tap("A")
    shop.garble()
    shop.later(1.0)
    assert (shop.step(), shop.view.customer) == (Step.AGAIN, None)


def test_a_key_after_an_unreadable_card_goes_on_ringing_up(shop: Shop) -> None:
    shop.garble()
    shop.press("4")
    assert (shop.step(), shop.view.trouble, shop.view.decision) == (Step.RINGING, None, None)


@pytest.mark.parametrize("apart_s", [0.1, COLLISION_WINDOW_S])
def test_a_tap_that_the_reader_may_still_take_back_is_not_charged(
    shop: Shop, apart_s: float
) -> None:
    """Enter comes between the two cards of one purse: nobody can be charged yet."""
    shop.press("200")
    shop.tap("A")
    shop.later(apart_s - 2 * MOMENT_S)
    shop.hasty_enter()
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.WAIT_A_MOMENT)
    shop.garble(CardTrouble.TWO_CARDS)
    shop.later(1.0)
    assert (shop.step(), shop.charges) == (Step.AGAIN, [])


def test_enter_is_dead_for_400_ms_after_the_tap_that_is_on_the_panel(shop: Shop) -> None:
    """A reader may withdraw a tap for a shorter time; with another card the time begins again."""
    assert DEAD_ENTER_S > COLLISION_WINDOW_S
    shop.press("200")
    shop.tap("A")
    shop.later(0.5)
    shop.tap("D")
    shop.tap("D")
    shop.later(DEAD_ENTER_S - 2 * MOMENT_S)
    shop.hasty_enter()
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.WAIT_A_MOMENT)
    shop.hasty_enter()
    shop.later(0.5)
    assert shop.charges == [(DORA.id, 200)]


def garbled_after(shop: Shop, seconds: float) -> tuple[Step, Notice]:
    """Let the reader report a card problem so long after the result on the screen."""
    shop.later(seconds - MOMENT_S)
    shop.garble()
    return shop.step(), shop.notice()


def test_a_complaint_right_after_paid_does_not_wipe_it(shop: Shop) -> None:
    """Whoever looks a second later must still see that it is paid."""
    shop.press("420")
    shop.tap("A")
    shop.enter()
    assert garbled_after(shop, RESULT_STANDS_S - 0.01) == (Step.PAID, Notice.NOT_READ)
    assert shop.declines == []
    assert garbled_after(shop, 0.02) == (Step.AGAIN, Notice.NONE)


def test_a_complaint_right_after_a_void_does_not_wipe_it(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.f8()
    shop.press("1")
    assert garbled_after(shop, RESULT_STANDS_S - 0.01) == (Step.VOIDED, Notice.NOT_READ)
    assert garbled_after(shop, 0.02) == (Step.AGAIN, Notice.NONE)


def test_an_unreadable_card_after_paid_belongs_to_the_next_sale(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.later(RESULT_STANDS_S)
    shop.garble()
    assert shop.step() == Step.AGAIN
    shop.sell("100", "A")
    assert [amount for _, amount in shop.charges] == [420, 100]


def test_a_tap_that_waited_too_long_is_not_taken(shop: Shop) -> None:
    shop.press("420")
    shop.tap("A", ago_s=2.1)
    assert (shop.step(), shop.notice()) == (Step.RINGING, Notice.TAP_AGAIN)
    shop.tap("A", ago_s=1.9)
    assert (shop.step(), shop.notice()) == (Step.CONFIRM, Notice.NONE)


def test_a_tap_while_a_void_is_asked_about_waits(shop: Shop) -> None:
    shop.sell("420", "A")
    shop.f8()
    shop.tap("D")
    assert (shop.step(), shop.notice()) == (Step.VOIDING, Notice.VOID_KEYS)
    assert shop.view.customer is None


def test_nothing_is_said_to_a_tap_while_the_till_is_closed(shop: Shop) -> None:
    """The reason for which the till is closed stays on the screen."""
    shop.books.full = "only 3 MB free on the disk"
    shop.later(1.5)
    closed_view = shop.view
    assert (closed_view.step, closed_view.detail) == (Step.CLOSED, "only 3 MB free on the disk")
    meddling: list[Callable[[], None]] = [
        lambda: shop.tap("A"),
        shop.garble,
        lambda: shop.tap("A", ago_s=9.0),
    ]
    for meddle in meddling:
        meddle()
        assert shop.view == closed_view


def test_the_readers_health_is_in_the_status_line(shop: Shop) -> None:
    lost_reader = ReaderHealth("counter", ReaderState.LOST, "/dev/ttyUSB0")
    for health in (ReaderHealth("counter", ReaderState.OK), ReaderHealth("door", ReaderState.OK)):
        shop.say(health)
    shop.say(lost_reader)
    assert shop.view.status.readers == (lost_reader, ReaderHealth("door", ReaderState.OK))


def test_what_a_reader_counts_is_no_new_view(shop: Shop) -> None:
    """Each card is counted; nothing on the screen shows that."""
    shop.say(ReaderHealth("counter", ReaderState.OK, "/dev/ttyUSB0"))
    view = shop.view
    shop.say(ReaderHealth("counter", ReaderState.OK, "/dev/ttyUSB0", frames=1, heard_s=7.0))
    assert shop.view is view
