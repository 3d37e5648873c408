"""What customers may do who are alone with the till, and which keys are for staff."""

from dataclasses import replace

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import OVER, Notice, Step
from taptill.checkout.till_state import TillState
from taptill.domain.staff.member import Right

STAFF_KEYS = frozenset({"f3", "f4", "f6", "f7", "f8", "f9", "f10", "f12"})
"""They void, override, take cash, change cards, and show other customers and cards' numbers."""

_SELLING_KEYS = frozenset({"f4", "f7", "f8", "f9"})


def may_ring_up(state: TillState) -> bool:
    """Return whether a key or a barcode may change the basket; if not, the screen says why.

    In self-service the card comes last: whoever changes the basket taps again, so that each
    countdown is about a basket that was there before the tap.
    """
    if state.settings.mode is TillMode.BALANCE:
        state.show_notice(Notice.NOTHING_SOLD)
        return False
    if state.settings.mode is TillMode.SELF_SERVICE and state.sale.step not in OVER:
        sale = state.sale
        if sale.tap or sale.lookup or sale.step is Step.AGAIN:
            state.start_customer(None)
    return True


def drop_unfinished(state: TillState) -> None:
    """Forget a quantity whose good has not followed, as a tap ends what a customer picks."""
    sale = state.sale
    is_self_service = state.settings.mode is TillMode.SELF_SERVICE
    if is_self_service and (sale.keyed_input.is_unfinished or not state.settings.keypad.amounts):
        state.sale = replace(sale, keyed_input=replace(sale.keyed_input, keystrokes=""))


def answer_enter(state: TillState) -> None:
    """Say what to do instead of Enter, which charges nobody here."""
    sale = state.sale
    if state.settings.mode is TillMode.BALANCE:
        state.show_notice(Notice.NOTHING_SOLD)
    elif sale.keyed_input.is_empty(state.settings.keypad):
        state.show_notice(Notice.PICK_FIRST)
    elif sale.step is Step.RINGING:
        state.show_notice(Notice.TAP_PAYS)


def refused_key(state: TillState, key: str) -> Notice:
    """Return why a key that opens a page is not for whoever is at the till; NONE: it is."""
    mode = state.settings.mode
    if key == "f4" and mode is TillMode.SELF_SERVICE and state.sale.step is Step.PAID:
        return Notice.NONE  # the customer's own receipt
    if not mode.is_unattended or key not in STAFF_KEYS:
        return Notice.NONE
    if mode is TillMode.BALANCE and key in _SELLING_KEYS:
        return Notice.NOTHING_SOLD
    if state.staff is not None:
        return Notice.NONE
    return Notice.STAFF_ONLY if state.settings.staff else Notice.NO_STAFF


def may_leave(state: TillState) -> bool:
    """Return whether whoever is at the till may end the program.

    Where staff are named, those who may look into the till end it. A till that is closed may be
    left by anybody: nobody can log in there, as its journal takes no entry.
    """
    is_guarded = state.settings.mode.is_unattended and state.settings.staff
    if not is_guarded or state.sale.step is Step.CLOSED:
        return True
    return state.staff is not None and state.staff.may(Right.INSPECT)
