"""The views: one frozen picture of the till after each event, and all that a screen may draw."""

from dataclasses import dataclass
from enum import StrEnum

from taptill.checkout.pages.page import PageView
from taptill.checkout.sale import Authorisation
from taptill.checkout.session import Notice, Step
from taptill.domain.basket import EMPTY as EMPTY_BASKET
from taptill.domain.basket import Basket, Good
from taptill.domain.decision import Approved, Cap, Decision, Found, Reason
from taptill.domain.money import ZERO, Money
from taptill.domain.sales.repaying import Direction
from taptill.domain.slips.printer import PrinterHealth
from taptill.domain.tap import CardTrouble, ReaderHealth
from taptill.domain.technical.till_warning import TillWarning


class Link(StrEnum):
    """Whether the backend answers, as the last calls have shown."""

    UNKNOWN = "unknown"  # nothing was asked yet
    ONLINE = "online"
    SLOW = "slow"
    OFFLINE = "offline"


class TillAlarm(StrEnum):
    """A condition that the cashier must know at once; each is a key of the screen texts."""

    HALTED = "halted"  # the backend keeps only one of money and mark: settlement has stopped
    CLONED = "cloned"  # a row has a mark of this journal that it never made: settlement has stopped
    TOKEN = "token"  # noqa: S105 - the word, no secret
    NOT_OURS = "not-ours"  # the server that answers is not a Customers API
    NOTHING_VISIBLE = "nothing-visible"
    CLOCK = "clock"


class SaleState(StrEnum):
    """How far a recent sale has come; each is a key of the screen texts."""

    KEPT = "kept"
    SENT = "sent"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """The facts of the status line.

    Ages and latency are whole seconds and milliseconds, None where unknown. `offline_since` and
    `time` are local `HH:MM`. `to_send` counts the customers with money entries that wait to be
    sent, `to_send_sum` is the net of these: below zero where more was paid in than sold.
    `conflicts` counts the cases on the conflict desk, with their money `in_question`. `staff` is
    who is logged in. `printer` None: there is none.
    """

    till: str
    staff: str = ""
    link: Link = Link.UNKNOWN
    latency_ms: int | None = None
    offline_since: str = ""
    readers: tuple[ReaderHealth, ...] = ()
    to_send: int = 0
    to_send_sum: Money = ZERO
    conflicts: int = 0
    in_question: Money = ZERO
    printer: PrinterHealth | None = None
    cache_age_s: int | None = None
    time: str = ""
    alarms: tuple[TillAlarm, ...] = ()
    warnings: tuple[TillWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """The customer panel; debts are what the customer owes, negative for money paid in advance.

    All figures come from one authorisation. `debt_after` is None while the basket is empty and
    where the customer cannot pay it. `pending` is our money that the snapshot does not contain,
    `in_question` whether it is on the conflict desk. `headroom` None: there is no limit. `age_s`
    None: the age is unknown. `live`: the backend has just answered. `looking_up`: its answer is
    awaited. `cap`: which limit `headroom` is while the backend does not answer.
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
    cap: Cap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentSaleView:
    """A row of the recent sales; of a voided one, `state` is how far its void has come.

    `repaid` says of a repayment which way the cash went; None: it is none. `goods` stand in the
    place of `initials` where the list is of one customer.
    """

    charge_id: str
    time: str
    amount: Money
    initials: str
    state: SaleState
    reason: Reason | None = None
    missing: Money | None = None
    is_voided: bool = False
    can_void: bool = False
    repaid: Direction | None = None
    goods: str = ""


@dataclass(frozen=True, slots=True)
class CountdownView:
    """A countdown that charges when it has run out: so many seconds are left `of` all of them."""

    seconds: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TillView:
    """Everything that the screen shows, and `prompt_number`: the number of what Enter confirms.

    `basket` holds the finished lines, `keystrokes` those of the amount being typed (for example
    `4.2`), `total` is the sum of both. `chosen` is the place of the line that keys change.
    `decision` is the newest one: before Enter about the basket, in REFUSED that at Enter, in PAID
    about what may be charged next. `amount` is what is being charged or voided, or was declined;
    `cash`: what is voided is cash, and this way it goes now. `answers` counts the notices so far:
    the same one that is given again makes it another number.
    `detail` names what closed the till, or the sale that is to be voided. `page` is laid over sale
    and customer. `offers` are the keys of what the site has switched on and somebody may do, as
    texts `key.NAME`; `override` among them: somebody else than who is logged in may allow it.
    `purchases` are the customer's last ones here, where nothing is rung up. `may_leave`: whoever is
    at the till may end the program. `without_card`: the customer was found by name.
    `has_staff`: the config names somebody who may log in.
    """

    step: Step
    status: StatusView
    goods: tuple[Good, ...] = ()
    basket: Basket = EMPTY_BASKET
    keystrokes: str = ""
    chosen: int | None = None
    total: Money = ZERO
    customer: CustomerView | None = None
    decision: Decision | None = None
    trouble: CardTrouble | None = None
    amount: Money = ZERO
    cash: Direction | None = None
    notice: Notice = Notice.NONE
    answers: int = 0
    detail: str = ""
    recent_sales: tuple[RecentSaleView, ...] = ()
    page: PageView | None = None
    offers: tuple[str, ...] = ()
    purchases: tuple[RecentSaleView, ...] = ()
    is_restored: bool = False  # the newest recent sale was made before this start
    prompt_number: int = 0
    countdown: CountdownView | None = None
    may_leave: bool = True
    without_card: bool = False
    has_staff: bool = False


def customer_view(
    authorisation: Authorisation, now_s: float, fresh_s: float, *, looking_up: bool
) -> CustomerView | None:
    """Return the customer panel for an authorisation, with the customer's age at `now_s`.

    Return None where the card names no single customer, or where the journal could not be read.
    A snapshot that is newer than the authorisation is not shown.
    """
    cardholder = authorisation.lookup.result_at(now_s)
    if authorisation.pending is None or not isinstance(cardholder, Found):
        return None
    customer, decision = cardholder.snapshot.customer, authorisation.decision
    debt = cardholder.snapshot.debt + authorisation.pending
    amount = authorisation.amount if isinstance(decision, Approved) else None
    return CustomerView(
        name=customer.name,
        company=customer.company,
        blocked=customer.blocked,
        credit_allowed=customer.credit_allowed,
        is_default=customer.is_default,
        debt=debt,
        debt_after=debt + amount if amount else None,
        pending=authorisation.pending,
        in_question=authorisation.in_question,
        headroom=decision.headroom,
        age_s=None if cardholder.age_s is None else int(cardholder.age_s),
        live=cardholder.is_fresh(fresh_s),
        looking_up=looking_up,
        cap=decision.cap if isinstance(decision, Approved) else None,
    )
