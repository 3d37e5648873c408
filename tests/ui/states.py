"""Every state of the till screen: a TillView by its name."""

from dataclasses import replace

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import (
    CustomerView,
    Link,
    RecentSaleView,
    SaleState,
    StatusView,
    TillAlarm,
    TillView,
)
from taptill.domain.basket import Basket, Good, Line
from taptill.domain.decision import Approved, Cap, Declined, Reason
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.sales.repaying import Direction
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.domain.tap import CardTrouble, ReaderHealth, ReaderState
from taptill.domain.technical.till_warning import WarningCode, till_warning
from taptill.ui.screen_settings import ScreenSettings
from taptill.ui.texts import load

SETTINGS = ScreenSettings(texts=load("en"), currency=Currency("EUR"))
LEGEND = (("A", "Ada, in advance"), ("B", "Bela, blocked"), ("C", "Charles, owes"))

GOODS = (
    Good("c", "Coffee", Money(150)),
    Good("e", "Espresso", Money(120)),
    Good("w", "Water", Money(120)),
    Good("s", "Sandwich", Money(380)),
    Good("j", "Juice", Money(200)),
)
BASKET = Basket((Line("Coffee", Money(150), 2), Line("Water", Money(120))))
OK_READER = ReaderHealth("counter", ReaderState.OK)
STATUS = StatusView(
    till="canteen-1",
    link=Link.ONLINE,
    latency_ms=12,
    readers=(OK_READER,),
    cache_age_s=130,
    time="14:02",
)
OFFLINE = replace(
    STATUS,
    link=Link.OFFLINE,
    latency_ms=None,
    offline_since="13:40",
    to_send=3,
    to_send_sum=Money(1420),
    cache_age_s=1330,
)
RECENT_SALES = (
    RecentSaleView(
        charge_id="3",
        time="14:01",
        amount=Money(320),
        initials="A. B.",
        state=SaleState.SENT,
        can_void=True,
    ),
    RecentSaleView(
        charge_id="2", time="13:58", amount=Money(110), initials="C. D.", state=SaleState.KEPT
    ),
    RecentSaleView(
        charge_id="1",
        time="13:55",
        amount=Money(990),
        initials="E. F.",
        state=SaleState.REFUSED,
        reason=Reason.NO_CREDIT,
        missing=Money(240),
    ),
)
ADA = CustomerView(
    name="Ada Byron",
    company="Analytical Society",
    blocked=False,
    credit_allowed=False,
    is_default=False,
    debt=Money(-1230),
    debt_after=Money(-810),
    pending=ZERO,
    in_question=False,
    headroom=Money(1230),
    age_s=0,
    live=True,
    looking_up=False,
)
CHARLES = replace(
    ADA, name="Charles Babbage", debt=Money(-180), debt_after=None, headroom=Money(180)
)

READY = TillView(step=Step.READY, status=STATUS, goods=GOODS, recent_sales=RECENT_SALES)
OFFERED = replace(
    READY,
    status=replace(STATUS, printer=PrinterHealth(PrinterState.OK)),
    offers=("override", "find", "money", "cards"),
    has_staff=True,
)
"""A till on which everything is switched on."""

RINGING = replace(READY, step=Step.RINGING, basket=BASKET, total=Money(420))
CONFIRM = replace(
    RINGING,
    step=Step.CONFIRM,
    customer=ADA,
    decision=Approved(Money(-1230), Money(1230), offline=False),
)
VOIDING = replace(READY, step=Step.VOIDING, amount=Money(320), detail="14:01 A. B.")
PAID = replace(
    READY,
    step=Step.PAID,
    status=replace(STATUS, to_send=1, to_send_sum=Money(420)),
    customer=replace(
        ADA, debt=Money(-810), debt_after=None, headroom=Money(810), pending=Money(420)
    ),
    amount=Money(420),
    recent_sales=(
        RecentSaleView(
            charge_id="4",
            time="14:02",
            amount=Money(420),
            initials="A. B.",
            state=SaleState.KEPT,
            can_void=True,
        ),
        replace(RECENT_SALES[0], can_void=False),
        *RECENT_SALES[1:],
    ),
)


def declined(reason: Reason) -> TillView:
    """Return the view of a decline before Enter, with figures where a decision has them."""
    figures = {Reason.NO_CREDIT, Reason.OFFLINE_CAP, Reason.AMOUNT}
    decision = Declined(reason, Money(-180), Money(180), Money(240) if reason in figures else None)
    nobody = {Reason.UNREADABLE_CARD, Reason.AMBIGUOUS_CARD, Reason.UNKNOWN_CARD}
    customer = (
        None
        if reason in {*nobody, Reason.UNKNOWN_OFFLINE}
        else replace(
            CHARLES,
            live=False,
            age_s=1330,
            blocked=reason is Reason.BLOCKED,
            is_default=reason is Reason.SYSTEM_CUSTOMER,
        )
    )
    return replace(
        RINGING, step=Step.DECLINED, status=OFFLINE, customer=customer, decision=decision
    )


def card_trouble(trouble: CardTrouble) -> TillView:
    """Return the screen after a card that the reader refused."""
    return replace(RINGING, step=Step.AGAIN, trouble=trouble)


def reader(state: ReaderState) -> TillView:
    """Return the screen of a till whose only reader is in a state."""
    health = ReaderHealth("counter", state, "/dev/rfid-reader")
    return replace(RINGING, status=replace(STATUS, readers=(health,)))


def with_notice(notice: Notice) -> TillView:
    """Return the view with the answer to a key or tap that changed nothing."""
    return replace(CONFIRM, notice=notice)


STATES: dict[str, TillView | None] = {
    "starting": None,
    "ready": READY,
    "ready-restored": replace(READY, is_restored=True),
    "card-purchases": replace(
        CONFIRM, step=Step.CARD, basket=Basket(), total=ZERO,
        customer=replace(ADA, debt_after=None, headroom=Money(1230), live=False, age_s=1320,
                         cap=Cap.SALE),
        purchases=(
            replace(RECENT_SALES[0], initials="", goods="2 × Coffee, Water", state=SaleState.KEPT),
            replace(RECENT_SALES[1], initials="", time="11-28", goods="", repaid=Direction.IN),
            replace(RECENT_SALES[1], initials="", time="11-27", goods="A very long name of a good",
                    is_voided=True),
        ),
    ),
    "ready-repayments": replace(
        READY,
        offers=("money",),
        recent_sales=(
            replace(RECENT_SALES[0], repaid=Direction.IN, amount=Money(2000), state=SaleState.KEPT),
            replace(RECENT_SALES[1], repaid=Direction.OUT, state=SaleState.SENT),
            replace(RECENT_SALES[1], repaid=Direction.IN, state=SaleState.CONFLICT),
        ),
    ),
    "ringing": replace(RINGING, keystrokes="4.2", total=Money(840)),
    "card": replace(CONFIRM, step=Step.CARD, basket=Basket(), total=ZERO,
                    customer=replace(ADA, debt_after=None, headroom=Money(1230), looking_up=True)),
    "found-by-name": replace(
        CONFIRM, step=Step.CARD, basket=Basket(), total=ZERO, without_card=True,
        customer=replace(ADA, debt_after=None, headroom=Money(1230)),
    ),
    "found-by-name-gone": replace(
        declined(Reason.UNKNOWN_CARD), without_card=True, notice=Notice.NOW_REFUSED
    ),
    "unknown-card-to-give": replace(
        declined(Reason.UNKNOWN_CARD), offers=("cards",), status=replace(STATUS, staff="Kim")
    ),
    "confirm": CONFIRM,
    "confirm-on-credit": replace(
        CONFIRM,
        customer=replace(ADA, credit_allowed=True, debt=Money(-200), debt_after=Money(220),
                         headroom=None, age_s=None, live=False),
    ),
    "confirm-in-question": replace(
        CONFIRM, customer=replace(ADA, pending=Money(200), in_question=True)
    ),
    "asking": replace(CONFIRM, step=Step.ASKING),
    "saving": replace(CONFIRM, step=Step.SAVING),
    "slow-disk": replace(CONFIRM, step=Step.SLOW_DISK, detail="disk"),
    "paid": PAID,
    "paid-and-sent": replace(
        PAID,
        status=STATUS,
        recent_sales=(replace(PAID.recent_sales[0], state=SaleState.SENT), *PAID.recent_sales[1:]),
    ),
    "declined-just-now": replace(declined(Reason.NO_CREDIT), notice=Notice.NOW_REFUSED),
    "declined-just-now-offline": replace(
        declined(Reason.OFFLINE_CAP), notice=Notice.NOW_REFUSED
    ),
    "once-more": replace(RINGING, step=Step.AGAIN),
    "refused": replace(declined(Reason.NO_CREDIT), step=Step.REFUSED, amount=Money(420)),
    "paid-and-in-conflict": replace(
        PAID,
        status=replace(STATUS, conflicts=1),
        recent_sales=(
            replace(PAID.recent_sales[0], state=SaleState.CONFLICT),
            *PAID.recent_sales[1:],
        ),
    ),
    "voiding": VOIDING,
    "voiding-wrong-key": replace(VOIDING, notice=Notice.VOID_KEYS),
    "voided": replace(
        READY,
        step=Step.VOIDED,
        amount=Money(320),
        recent_sales=(
            RecentSaleView(
                charge_id="5",
                time="14:03",
                amount=Money(-320),
                initials="A. B.",
                state=SaleState.KEPT,
            ),
            replace(RECENT_SALES[0], is_voided=True, can_void=False),
            *RECENT_SALES[1:],
        ),
    ),
    "voided-cash-out": replace(READY, step=Step.VOIDED, amount=Money(2000), cash=Direction.OUT),
    "voided-cash-in": replace(READY, step=Step.VOIDED, amount=Money(500), cash=Direction.IN),
    "closed": replace(READY, step=Step.CLOSED, detail="no space left on the disk"),
    "alarms-and-warnings": replace(
        READY,
        status=replace(
            OFFLINE,
            alarms=(TillAlarm.HALTED, TillAlarm.CLOCK),
            warnings=(till_warning(WarningCode.MIRROR_NO_FOLDER),),
            conflicts=2,
        ),
        recent_sales=(replace(RECENT_SALES[1], state=SaleState.CONFLICT), *RECENT_SALES),
    ),
    "one-of-two-readers-gone": replace(
        READY,
        status=replace(
            STATUS,
            readers=(OK_READER, ReaderHealth("reader 2", ReaderState.LOST, "/dev/ttyUSB1")),
        ),
    ),
    "printer": replace(READY, status=replace(STATUS, printer=PrinterHealth(PrinterState.OK))),
    "printer-no-paper": replace(
        PAID,
        notice=Notice.SLIP_WAITS,
        status=replace(STATUS, printer=PrinterHealth(PrinterState.NO_PAPER, waiting=3)),
    ),
    "slow-link": replace(READY, status=replace(STATUS, link=Link.SLOW, latency_ms=2300)),
    "many-lines": replace(
        RINGING,
        basket=Basket(tuple(Line(f"Good {number}", Money(number)) for number in range(1, 41))),
        total=Money(820),
    ),
    **{f"declined-{reason}": declined(reason) for reason in Reason},
    **{f"trouble-{trouble}": card_trouble(trouble) for trouble in CardTrouble},
    **{f"reader-{state}": reader(state) for state in ReaderState if state is not ReaderState.OK},
    **{f"notice-{notice}": with_notice(notice) for notice in Notice if notice},
    **{f"alarm-{alarm}": replace(READY, status=replace(STATUS, alarms=(alarm,)))
       for alarm in TillAlarm},
}  # fmt: skip
