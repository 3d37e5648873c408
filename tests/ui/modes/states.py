"""The screens of the modes without a cashier: a view and its settings by their name."""

from dataclasses import replace

from tests.ui.states import (
    ADA,
    CONFIRM,
    PAID,
    READY,
    RINGING,
    SETTINGS,
    STATUS,
    declined,
    reader,
)

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import Notice, Step
from taptill.checkout.view import CountdownView, TillView
from taptill.domain.basket import Basket, Line
from taptill.domain.decision import Reason
from taptill.domain.money import ZERO, Money
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.domain.tap import CardTrouble, ReaderState
from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt, ShowName

BALANCE = replace(SETTINGS, mode=TillMode.BALANCE)
SELF_SERVICE = replace(
    SETTINGS,
    mode=TillMode.SELF_SERVICE,
    privacy=ScreenPrivacy(ShowName.SHORT, ShowDebt.NEVER),
)
NOTICES = (
    Notice.NOTHING_SOLD, Notice.STAFF_ONLY, Notice.PICK_FIRST, Notice.TAP_PAYS, Notice.GOODS_ONLY,
    Notice.STOPPED, Notice.STOPPED_ITSELF, Notice.OTHER_CARD, Notice.MACHINE, Notice.NOT_READ,
    Notice.CARD_CHANGED, Notice.AMOUNT_FULL,
)  # fmt: skip


def alone(view: TillView) -> TillView:
    """Return the view as a customer has it: without the sales of others."""
    return replace(view, recent_sales=())


def unpicked(view: TillView) -> TillView:
    """Return the view with an empty basket."""
    return replace(view, basket=Basket(), total=ZERO)


CARD = alone(
    replace(
        CONFIRM,
        step=Step.CARD,
        basket=Basket(),
        total=ZERO,
        customer=replace(ADA, debt_after=None, headroom=Money(1230)),
    )
)
RETURNED = Basket((Line("Bottle back", Money(-25), 1),))
COUNTING = alone(replace(CONFIRM, countdown=CountdownView(5, of=5)))

STATES: dict[str, tuple[TillView | None, ScreenSettings]] = {
    "balance-starting": (None, BALANCE),
    "balance-ready": (alone(READY), BALANCE),
    "balance-card": (CARD, BALANCE),
    "balance-blocked": (alone(unpicked(declined(Reason.BLOCKED))), BALANCE),
    "balance-stale": (alone(unpicked(declined(Reason.STALE))), BALANCE),
    "balance-unknown-card": (
        alone(unpicked(declined(Reason.UNKNOWN_CARD))),
        BALANCE,
    ),
    "balance-staff": (replace(READY, status=replace(STATUS, staff="Ted")), BALANCE),
    "balance-no-reader": (
        alone(unpicked(replace(reader(ReaderState.LOST), step=Step.READY))),
        BALANCE,
    ),
    "balance-notice": (replace(alone(READY), notice=Notice.NOTHING_SOLD), BALANCE),
    "self-ready": (alone(READY), SELF_SERVICE),
    "self-ringing": (alone(RINGING), SELF_SERVICE),
    "self-card": (CARD, SELF_SERVICE),
    "self-found-by-name": (
        replace(CARD, without_card=True, status=replace(STATUS, staff="Kim")),
        SELF_SERVICE,
    ),
    "self-counting": (COUNTING, SELF_SERVICE),
    "self-last-second": (replace(COUNTING, countdown=CountdownView(1, of=5)), SELF_SERVICE),
    "self-longest": (replace(COUNTING, countdown=CountdownView(60, of=60)), SELF_SERVICE),
    "self-stopped": (replace(alone(RINGING), notice=Notice.STOPPED), SELF_SERVICE),
    "self-declined": (alone(declined(Reason.NO_CREDIT)), SELF_SERVICE),
    "self-declined-unpicked": (alone(unpicked(declined(Reason.UNKNOWN_CARD))), SELF_SERVICE),
    "self-returned": (
        alone(replace(RINGING, basket=RETURNED, total=RETURNED.total)),
        SELF_SERVICE,
    ),
    "self-declined-before-staff": (
        replace(
            declined(Reason.NO_CREDIT),
            status=replace(STATUS, staff="Kim"),
            offers=("override",),
        ),
        SELF_SERVICE,
    ),
    "self-again": (alone(replace(RINGING, step=Step.AGAIN)), SELF_SERVICE),
    "self-two-cards": (
        alone(replace(RINGING, step=Step.AGAIN, trouble=CardTrouble.TWO_CARDS)),
        SELF_SERVICE,
    ),
    "self-paid": (alone(PAID), SELF_SERVICE),
    "self-paid-receipt": (
        alone(replace(PAID, status=replace(PAID.status, printer=PrinterHealth(PrinterState.OK)))),
        SELF_SERVICE,
    ),
    "self-refused": (
        alone(replace(declined(Reason.NO_CREDIT), step=Step.REFUSED, amount=Money(420))),
        SELF_SERVICE,
    ),
    "self-closed": (alone(replace(READY, step=Step.CLOSED, detail="disk")), SELF_SERVICE),
    **{
        f"self-notice-{notice}": (
            replace(COUNTING if notice is Notice.OTHER_CARD else alone(RINGING), notice=notice),
            SELF_SERVICE,
        )
        for notice in NOTICES
    },
}
