"""Two views of the till in, what is to be heard between them out."""

from enum import StrEnum

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import Link, TillView
from taptill.domain.decision import Declined, Reason


class Outcome(StrEnum):
    """The four sounds; each is the name of a file."""

    ACCEPTED = "accepted"
    KEPT_OFFLINE = "kept-offline"
    LOOK_HERE = "look-here"  # somebody must look at the screen: unknown card, once more
    REFUSED = "refused"


RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
"""A sound of higher rank is not cut short by one of lower rank."""

_LOOK = frozenset(
    {
        *(Notice.OTHER_CARD, Notice.NOT_READ, Notice.TAP_AGAIN, Notice.CARD_CHANGED),
        *(Notice.MACHINE, Notice.UNKNOWN_BARCODE, Notice.SCAN_AGAIN, Notice.SCAN_LATER),
        *(Notice.PAGE_OPEN, Notice.HELD_UP),
        *(Notice.STOPPED, Notice.STOPPED_ITSELF, Notice.LET_GO),
    }
)
_UNKNOWN = frozenset({Reason.UNKNOWN_CARD, Reason.UNREADABLE_CARD})


def outcome_of(before: TillView | None, after: TillView) -> Outcome | None:
    """Return what is heard when a view follows another; None: nothing."""
    if before is None or _shown(before) == _shown(after):
        return _of_notice(before, after)
    match after.step:
        case Step.PAID:
            is_offline = after.status.link is Link.OFFLINE
            return Outcome.KEPT_OFFLINE if is_offline else Outcome.ACCEPTED
        case Step.VOIDED:
            return Outcome.ACCEPTED
        case Step.AGAIN:
            return Outcome.LOOK_HERE
        case Step.DECLINED | Step.REFUSED:
            reason = after.decision.reason if isinstance(after.decision, Declined) else None
            return Outcome.LOOK_HERE if reason in _UNKNOWN else Outcome.REFUSED
        case Step.CLOSED:
            return Outcome.REFUSED
        case _:
            return _of_notice(before, after)


def _of_notice(before: TillView | None, after: TillView) -> Outcome | None:
    if before is None or before.notice is after.notice:
        return None
    if after.notice is Notice.NOW_REFUSED:
        return Outcome.REFUSED
    return Outcome.LOOK_HERE if after.notice in _LOOK else None


def _shown(view: TillView) -> object:
    """Return what makes a result another one: a decline stays itself while more is rung up."""
    reason = view.decision.reason if isinstance(view.decision, Declined) else None
    name = view.customer.name if view.customer else ""
    if view.step in {Step.DECLINED, Step.REFUSED}:
        return (view.step, reason, name)
    newest = view.recent_sales[0].charge_id if view.recent_sales else ""
    return (view.step, newest if view.step in {Step.PAID, Step.VOIDED} else "")
