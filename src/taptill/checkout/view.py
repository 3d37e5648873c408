"""One frozen picture of the till after each event: all that a screen may draw."""

from dataclasses import dataclass
from enum import StrEnum

from taptill.checkout.session import Step
from taptill.domain.basket import EMPTY as EMPTY_BASKET
from taptill.domain.basket import Basket, Good
from taptill.domain.decision import Decision, Reason
from taptill.domain.money import ZERO, Money
from taptill.domain.tap import CardTrouble, ReaderHealth


class Link(StrEnum):
    """Whether the backend is up, as measured by the last real calls."""

    UNKNOWN = "unknown"  # nothing was asked yet
    ONLINE = "online"
    SLOW = "slow"
    OFFLINE = "offline"


class TillAlarm(StrEnum):
    """What a cashier must know at once; each is a key of the screen texts."""

    HALTED = "halted"  # the backend keeps only one of money and mark: settlement is off
    CLONED = "cloned"  # a mark beyond our journal's end: settlement is off
    TOKEN = "token"  # noqa: S105 - the word, no secret
    NOT_OURS = "not-ours"  # what answers is not the Customers API
    NOTHING_VISIBLE = "nothing-visible"
    CLOCK = "clock"


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


class SaleState(StrEnum):
    """How far a sale of the strip has come; keys of the screen texts."""

    KEPT = "kept"
    SENT = "sent"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class StatusView:
    """The status line: words, always there.

    Ages and latency are whole seconds and milliseconds, None where unknown; `offline_since` and
    `time` are local `HH:MM`.
    """

    till: str
    link: Link = Link.UNKNOWN
    latency_ms: int | None = None
    offline_since: str = ""
    readers: tuple[ReaderHealth, ...] = ()
    to_send: int = 0
    to_send_sum: Money = ZERO
    conflicts: int = 0
    in_question: Money = ZERO
    cache_age_s: int | None = None
    time: str = ""
    alarms: tuple[TillAlarm, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerView:
    """The customer panel; amounts are what the customer owes (negative: has in advance).

    All figures are of one decision about one snapshot. `debt_after` is None while the basket is
    empty, and for who cannot pay it. `in_question` is money on the conflict desk.
    `age_s` None: of unknown age. `live`: seen from the backend just now.
    """

    name: str
    company: str
    blocked: bool
    credit_allowed: bool
    is_default: bool
    debt: Money
    debt_after: Money | None
    pending: Money
    in_question: bool
    headroom: Money | None
    age_s: int | None
    live: bool
    looking_up: bool


@dataclass(frozen=True, slots=True)
class RecentSaleView:
    """A row of the strip of last sales; of a voided one, `state` is how far its void has come."""

    charge_id: str
    time: str
    amount: Money
    initials: str
    state: SaleState
    reason: Reason | None = None
    missing: Money | None = None
    voided: bool = False
    can_void: bool = False


@dataclass(frozen=True, slots=True)
class TillView:
    """Everything the screen shows, and `prompt_number`, the number of what Enter would confirm.

    `basket` holds the finished lines, `keystrokes` the amount being typed (its key strokes, for
    example `4.2`), `total` both together. `decision` is the decision on tap, in REFUSED the one at
    confirm, in PAID the one about what may be charged next. `amount` is what is being charged or
    voided, or was refused. `detail` names what closed the till, or which sale is to be voided.
    """

    step: Step
    status: StatusView
    goods: tuple[Good, ...] = ()
    basket: Basket = EMPTY_BASKET
    keystrokes: str = ""
    total: Money = ZERO
    customer: CustomerView | None = None
    decision: Decision | None = None
    trouble: CardTrouble | None = None
    amount: Money = ZERO
    notice: Notice = Notice.NONE
    detail: str = ""
    recent_sales: tuple[RecentSaleView, ...] = ()
    is_restored: bool = False  # the strip's first row was there before this start
    prompt_number: int = 0
