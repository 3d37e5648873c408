"""What is heard when one view follows another, and that nothing else is."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.checkout.modes.kiosk import Kiosk, open_kiosk
from tests.fakes.shop import open_shop
from tests.ui.states import CONFIRM, OFFLINE, PAID, READY, RINGING, STATES, declined

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import RecentSaleView, TillView
from taptill.domain.decision import Reason
from taptill.domain.tap import ReaderState
from taptill.domain.technical.till_warning import TillWarning
from taptill.sounds.listener import SoundListener
from taptill.sounds.outcome import Outcome, outcome_of

CLOSED, VOIDED = STATES["closed"], STATES["voided"]
assert CLOSED
assert VOIDED
NEWER: RecentSaleView = replace(PAID.recent_sales[0], charge_id="9")
ONLINE_PAID = replace(PAID, status=READY.status)
BLOCKED = declined(Reason.BLOCKED)

HEARD: dict[str, tuple[TillView | None, TillView, Outcome | None]] = {
    "the first view says nothing": (None, ONLINE_PAID, None),
    "paid": (CONFIRM, ONLINE_PAID, Outcome.ACCEPTED),
    "paid offline": (CONFIRM, replace(PAID, status=OFFLINE), Outcome.KEPT_OFFLINE),
    "paid again": (
        ONLINE_PAID,
        replace(ONLINE_PAID, recent_sales=(NEWER, *PAID.recent_sales)),
        Outcome.ACCEPTED,
    ),
    "sent meanwhile": (ONLINE_PAID, replace(ONLINE_PAID, prompt_number=7), None),
    "voided": (READY, VOIDED, Outcome.ACCEPTED),
    "declined on tap": (RINGING, BLOCKED, Outcome.REFUSED),
    "refused at Enter": (BLOCKED, replace(BLOCKED, step=Step.REFUSED), Outcome.REFUSED),
    "more rung up for the same decline": (BLOCKED, replace(BLOCKED, keystrokes="4"), None),
    "unknown card": (RINGING, declined(Reason.UNKNOWN_CARD), Outcome.LOOK_HERE),
    "once more": (RINGING, replace(RINGING, step=Step.AGAIN), Outcome.LOOK_HERE),
    "closed": (READY, CLOSED, Outcome.REFUSED),
    "a customer": (RINGING, CONFIRM, None),
    "a key": (READY, RINGING, None),
    "back to ready": (ONLINE_PAID, READY, None),
    "another card while a sale waits": (
        CONFIRM,
        replace(CONFIRM, notice=Notice.OTHER_CARD),
        Outcome.LOOK_HERE,
    ),
    "it was changed to no": (
        CONFIRM,
        replace(CONFIRM, notice=Notice.NOW_REFUSED),
        Outcome.REFUSED,
    ),
    "a word that needs nobody": (CONFIRM, replace(CONFIRM, notice=Notice.BUSY), None),
    "the same word still": (
        replace(CONFIRM, notice=Notice.OTHER_CARD),
        replace(CONFIRM, notice=Notice.OTHER_CARD, keystrokes="4"),
        None,
    ),
}


@pytest.mark.parametrize(("before", "after", "heard"), HEARD.values(), ids=HEARD)
def test_what_is_heard(before: TillView | None, after: TillView, heard: Outcome | None) -> None:
    assert outcome_of(before, after) is heard


LOOK = {
    *(Notice.OTHER_CARD, Notice.NOT_READ, Notice.TAP_AGAIN, Notice.CARD_CHANGED, Notice.MACHINE),
    *(Notice.UNKNOWN_BARCODE, Notice.SCAN_AGAIN, Notice.SCAN_LATER, Notice.PAGE_OPEN),
    *(Notice.HELD_UP, Notice.STOPPED, Notice.STOPPED_ITSELF, Notice.LET_GO),
}
"""Something did not count, and whoever tapped, scanned or walked off does not look."""

SILENT = {
    *(Notice.NONE, Notice.BUSY, Notice.PAGE_BUSY, Notice.SAME_CARD, Notice.NO_CARD),
    *(Notice.NO_AMOUNT, Notice.NOTHING_TO_VOID, Notice.VOID_TOO_LATE, Notice.VOID_KEYS),
    *(Notice.NO_SUCH_KEY, Notice.AMOUNT_FULL, Notice.LOOKING_UP, Notice.SLOW_ANSWER),
    *(Notice.WAIT_A_MOMENT, Notice.NO_STAFF, Notice.NO_RIGHT, Notice.SWITCHED_OFF),
    *(Notice.CARDS_OFF, Notice.CARDS_OFFLINE, Notice.CARD_FIRST, Notice.NO_OVERRIDE),
    *(Notice.NOBODY_ELSE, Notice.NOT_NOW, Notice.NOT_READABLE, Notice.SHIFT_OPEN),
    *(Notice.WHICH_GOOD, Notice.NO_PRINTER, Notice.NO_SLIP, Notice.SLIP_PRINTS),
    *(Notice.SLIP_COPY, Notice.SLIP_PRINTED),
    *(Notice.SLIP_WAITS, Notice.SLIPS_DROPPED, Notice.NUM_LOCK, Notice.NOTHING_SOLD),
    *(Notice.STAFF_ONLY, Notice.PICK_FIRST, Notice.TAP_PAYS, Notice.GOODS_ONLY),
}
"""The answer to a key, whose presser looks at the screen, or a tap that counts all the same."""


def test_each_answer_is_heard_or_not_by_a_decision() -> None:
    """A new notice is placed in one of the sets above."""
    placed = {**dict.fromkeys(LOOK, Outcome.LOOK_HERE), **dict.fromkeys(SILENT, None)}
    placed[Notice.NOW_REFUSED] = Outcome.REFUSED
    assert not LOOK & SILENT
    heard = {
        notice: outcome_of(replace(CONFIRM, countdown=None), replace(RINGING, notice=notice))
        for notice in Notice
    }
    assert heard == placed


def test_a_countdown_that_is_stopped_is_heard() -> None:
    """The card bounced, or the reader has gone: the customer must not walk off unpaid."""
    stops: dict[str, Callable[[Kiosk], None]] = {
        "the card again": lambda kiosk: kiosk.tap("A"),
        "a reader that is gone": lambda kiosk: kiosk.reader(ReaderState.LOST),
        "a program that stood still": lambda kiosk: kiosk.halt(4.0),
    }
    for name, stop in stops.items():
        sounds = RecordedSounds()
        with open_kiosk() as kiosk:
            kiosk.shop.do(kiosk.shop.till.watch, SoundListener(sounds).take)
            kiosk.pick_and_tap()
            kiosk.wait(2.0)
            assert sounds.played == []
            stop(kiosk)
            kiosk.wait(3.0)
            assert sounds.played == [Outcome.LOOK_HERE], name


class RecordedSounds:
    """Keeps what it is to play."""

    def __init__(self) -> None:
        self.played: list[Outcome] = []

    def play(self, outcome: Outcome) -> None:
        self.played.append(outcome)

    def warnings(self) -> tuple[TillWarning, ...]:
        return ()

    def close(self) -> None:
        pass


def test_a_day_at_the_till_is_heard_so() -> None:
    """Each sale once, each refusal once, and nothing while keys are pressed or time passes."""
    sounds = RecordedSounds()
    with open_shop() as shop:
        shop.till.watch(SoundListener(sounds).take)
        shop.sell("420", "D")
        shop.later(3.0)
        assert sounds.played == [Outcome.ACCEPTED]
        shop.sell("100", "B")
        shop.escape()
        shop.tap("X")
        shop.later(1.0)
        shop.escape()
        shop.sell("100", "A")
        on_tap = at_enter = Outcome.REFUSED
        assert sounds.played[1:] == [on_tap, at_enter, Outcome.LOOK_HERE, Outcome.ACCEPTED]
