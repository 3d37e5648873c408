"""The session: the steps of a sale and the events between them, as one table.

An event without a row in the table of a step changes nothing there.
"""

from enum import StrEnum


class Step(StrEnum):
    """The step at which the sale is; each is a key of the screen texts."""

    READY = "ready"  # empty basket, no card
    RINGING = "ringing"  # a basket, no card yet
    CARD = "card"  # a customer who may pay, empty basket
    CONFIRM = "confirm"  # a basket and a customer who may pay: Enter charges
    DECLINED = "declined"  # the decision before Enter is a decline
    AGAIN = "again"  # the card could not be read and must be tapped again
    ASKING = "asking"  # confirmed; the backend's answer is awaited
    SAVING = "saving"  # the charge is on its way to the disk
    SLOW_DISK = "slow-disk"  # the same for more than two seconds: the customer must not pay again
    PAID = "paid"
    REFUSED = "refused"  # declined at Enter
    VOIDING = "voiding"  # the reason for the void is awaited
    VOIDED = "voided"
    CLOSED = "closed"  # the journal cannot be written: nothing can be sold


class Event(StrEnum):
    """An event that may take a sale to another step."""

    KEYED_IN = "a basket, no card"
    EMPTIED = "no basket, no card"
    MAY_PAY = "the card may pay, no basket"
    PASSED = "the card may pay this basket"
    DECLINED = "the decision before Enter is no"
    UNREAD = "the reader cannot name the card"
    CONFIRMED = "Enter"
    ALLOWED = "the decision at Enter is yes"
    REFUSED = "the decision at Enter is no"
    SAVED = "the charge is committed"
    SLOW = "two seconds without a commit"
    FAILED = "the journal cannot be written"
    CANCELLED = "Esc, the next sale, or time is up"
    VOID_ASKED = "F8"
    VOID_CHOSEN = "a reason is chosen"
    VOID_SAVED = "the void is committed"
    VOID_REFUSED = "nothing is left to void, says the journal"


class Notice(StrEnum):
    """The answer to a key or a tap that changed nothing; each is a key of the screen texts."""

    NONE = ""
    BUSY = "busy"  # a key or a tap that must wait until this sale is done
    PAGE_BUSY = "page-busy"  # a key or a tap while the work of a page is under way
    SAME_CARD = "same-card"
    OTHER_CARD = "other-card"  # a different card while a sale waits: tap it again to change
    NOT_READ = "not-read"  # a card that the reader cannot name, right after a result
    TAP_AGAIN = "tap-again"  # the tap was too old when it was taken
    CARD_CHANGED = "card-changed"  # the live answer names another customer, or none
    NOW_REFUSED = "now-refused"  # it may not be paid any more; the reason stands beside it
    LET_GO = "let-go"  # nobody pressed Enter for long: the card must be tapped again
    NO_CARD = "no-card"
    NO_AMOUNT = "no-amount"
    NOTHING_TO_VOID = "nothing-to-void"
    VOID_TOO_LATE = "void-too-late"
    VOID_KEYS = "void-keys"  # a key or a tap that does not answer the question about a void
    NO_SUCH_KEY = "no-such-key"
    AMOUNT_FULL = "amount-full"
    LOOKING_UP = "looking-up"  # not in the cache: the live answer is awaited
    SLOW_ANSWER = "slow-answer"  # the backend takes longer than two seconds
    WAIT_A_MOMENT = "wait-a-moment"  # Enter before anybody can have seen what it confirms
    MACHINE = "machine"  # a scanner or a card reader types into the till
    PAGE_OPEN = "page-open"  # a card while a form is open that does not want it
    NO_STAFF = "no-staff"  # it needs somebody of the staff, and the config names nobody
    NO_RIGHT = "no-right"  # it is not for who is logged in
    SWITCHED_OFF = "switched-off"  # the site has not switched on what the key is for
    CARDS_OFF = "cards-off"  # the config names no token that may change cards
    CARDS_OFFLINE = "cards-offline"  # cards are changed only while the backend answers
    CARD_FIRST = "card-first"  # it is about the customer on the screen, and there is none
    NO_OVERRIDE = "no-override"  # nothing on the screen is a decline that may be let pass
    NOBODY_ELSE = "nobody-else"  # a second person must allow it, and the config names none
    NOT_NOW = "not-now"  # a key of a page that cannot be opened here
    NOT_READABLE = "not-readable"  # a page needs what the journal cannot give now
    SHIFT_OPEN = "shift-open"  # the shift was opened just now
    HELD_UP = "held-up"  # keys that came while the program was held up: dropped
    WHICH_GOOD = "which-good"  # a quantity without a good, which is to follow
    UNKNOWN_BARCODE = "unknown-barcode"
    SCAN_LATER = "scan-later"  # a barcode while a list or a form is open
    SCAN_AGAIN = "scan-again"  # the reader for goods read no whole barcode
    NO_PRINTER = "no-printer"  # the config names none
    NO_SLIP = "no-slip"  # nothing was sold yet
    SLIP_PRINTS = "slip-prints"
    SLIP_COPY = "slip-copy"  # it was printed before, and is printed as a copy now
    SLIP_PRINTED = "slip-printed"  # a customer who is alone has one receipt of a sale
    SLIP_WAITS = "slip-waits"  # the printer does not print now
    SLIPS_DROPPED = "slips-dropped"
    NUM_LOCK = "num-lock"  # a cursor key, or the keypad without Num Lock
    NOTHING_SOLD = "nothing-sold"  # the till shows balances only
    STAFF_ONLY = "staff-only"  # a key for staff, at a till where customers are alone
    PICK_FIRST = "pick-first"  # Enter in self-service, with an empty basket
    TAP_PAYS = "tap-pays"  # the same with a basket
    GOODS_ONLY = "goods-only"  # an amount where customers may not key one in
    STOPPED = "stopped"  # a key or the card has stopped the countdown
    STOPPED_ITSELF = "stopped-itself"  # the till has: it cannot tell that it was seen


OPEN = {
    Event.KEYED_IN: Step.RINGING,
    Event.EMPTIED: Step.READY,
    Event.MAY_PAY: Step.CARD,
    Event.PASSED: Step.CONFIRM,
    Event.DECLINED: Step.DECLINED,
    Event.UNREAD: Step.AGAIN,
    Event.CANCELLED: Step.READY,
    Event.FAILED: Step.CLOSED,
}
"""While basket and card may still change, these two alone decide the step."""

_CONFIRMABLE = {**OPEN, Event.CONFIRMED: Step.ASKING}
_COMMITTING = {
    Event.SAVED: Step.PAID,
    Event.VOID_SAVED: Step.VOIDED,
    Event.VOID_REFUSED: Step.READY,
    Event.FAILED: Step.CLOSED,
}
_OVER = {Event.CANCELLED: Step.READY, Event.FAILED: Step.CLOSED}

NEXT: dict[Step, dict[Event, Step]] = {
    Step.READY: {**OPEN, Event.VOID_ASKED: Step.VOIDING},
    Step.RINGING: OPEN,
    Step.CARD: OPEN,
    Step.CONFIRM: _CONFIRMABLE,
    Step.DECLINED: _CONFIRMABLE,
    Step.AGAIN: OPEN,
    Step.ASKING: {
        Event.ALLOWED: Step.SAVING,
        Event.REFUSED: Step.REFUSED,
        Event.FAILED: Step.CLOSED,
    },
    Step.SAVING: {**_COMMITTING, Event.SLOW: Step.SLOW_DISK},
    Step.SLOW_DISK: _COMMITTING,
    Step.PAID: _OVER,
    Step.REFUSED: _CONFIRMABLE,
    Step.VOIDING: {**_OVER, Event.VOID_CHOSEN: Step.SAVING},
    Step.VOIDED: _OVER,
    # A commit that was in progress when something else failed still takes its step.
    Step.CLOSED: {
        Event.KEYED_IN: Step.RINGING,
        Event.EMPTIED: Step.READY,
        Event.SAVED: Step.PAID,
        Event.VOID_SAVED: Step.VOIDED,
    },
}

UNDER_WAY = frozenset({Step.ASKING, Step.SAVING, Step.SLOW_DISK})
"""In these steps the basket is frozen: keys and taps get a notice and change nothing."""

OVER = frozenset({Step.PAID, Step.VOIDED})
"""In these steps the next key or tap begins a new sale."""


def next_step(step: Step, event: Event) -> Step:
    """Return the step after an event; the same step if the event has no row."""
    return NEXT[step].get(event, step)
