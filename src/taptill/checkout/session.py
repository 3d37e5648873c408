"""The session as a table: step and event in, next step out; no row, no change."""

from enum import StrEnum


class Step(StrEnum):
    """Where the one sale at the till stands; each is a key of the screen texts."""

    READY = "ready"  # nothing rung up, no card
    RINGING = "ringing"  # a basket, no card yet
    CARD = "card"  # a customer who may pay, nothing rung up
    CONFIRM = "confirm"  # both: Enter charges
    DECLINED = "declined"  # the verdict on tap is a refusal
    AGAIN = "again"  # the card could not be read: once more
    ASKING = "asking"  # confirmed; waiting for the live answer that is under way
    SAVING = "saving"  # the charge is on its way to the disk
    SLOW_DISK = "slow-disk"  # for more than two seconds: do not pay again
    PAID = "paid"
    REFUSED = "refused"  # declined at confirm
    VOIDING = "voiding"  # which reason?
    VOIDED = "voided"
    CLOSED = "closed"  # the journal cannot be written: nothing can be sold


class Event(StrEnum):
    """What happens to a sale."""

    KEYED_IN = "a basket, no card"
    EMPTIED = "no basket, no card"
    MAY_PAY = "the card may pay, no basket"
    PASSED = "the card may pay this basket"
    DECLINED = "the verdict on tap is no"
    UNREAD = "the reader cannot name the card"
    CONFIRMED = "Enter"
    ALLOWED = "the decision at confirm is yes"
    REFUSED = "the decision at confirm is no"
    SAVED = "the charge is committed"
    SLOW = "two seconds without a commit"
    FAILED = "the journal cannot be written"
    CANCELLED = "Esc, the next sale, or time is up"
    VOID_ASKED = "F8"
    VOID_CHOSEN = "a reason is chosen"
    VOID_SAVED = "the void is committed"


class Notice(StrEnum):
    """One line of answer to a key or a tap that changed nothing; keys of the screen texts."""

    NONE = ""
    BUSY = "busy"  # a key or a tap that must wait until this sale is done
    SAME_CARD = "same-card"
    OTHER_CARD = "other-card"  # a different card while a sale waits: tap it again to change
    NOT_READ = "not-read"  # a card that the reader cannot name, right after a verdict
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
    HELD_UP = "held-up"  # keys that came while the program was held up: dropped
    NUM_LOCK = "num-lock"  # a cursor key, or the keypad without Num Lock


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
"""While basket and card may still change, these two decide where the sale stands."""

_CONFIRMABLE = {**OPEN, Event.CONFIRMED: Step.ASKING}
_COMMITTING = {
    Event.SAVED: Step.PAID,
    Event.VOID_SAVED: Step.VOIDED,
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
    # A commit that was under way when something else failed still has the last word.
    Step.CLOSED: {
        Event.KEYED_IN: Step.RINGING,
        Event.EMPTIED: Step.READY,
        Event.SAVED: Step.PAID,
        Event.VOID_SAVED: Step.VOIDED,
    },
}

UNDER_WAY = frozenset({Step.ASKING, Step.SAVING, Step.SLOW_DISK})
"""The basket is frozen: keys and taps are answered, and change nothing."""

OVER = frozenset({Step.PAID, Step.VOIDED})
"""The next key or tap begins a new sale."""


def next_step(step: Step, event: Event) -> Step:
    """Give the step after an event; the same step where the event means nothing."""
    return NEXT[step].get(event, step)
