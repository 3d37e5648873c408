"""The keys that the last line of the screen names."""

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import OVER, Notice, Step
from taptill.checkout.view import Link, TillView
from taptill.domain.decision import OVERRIDABLE, Declined, Reason
from taptill.ui.modes.help import HELP_OVERLAYS, Overlay, help_lines, next_help
from taptill.ui.screen_settings import ScreenSettings

_DECLINED = frozenset({Step.DECLINED, Step.REFUSED})
_SLIP_ANSWERS = frozenset({Notice.SLIP_PRINTS, Notice.SLIP_PRINTED, Notice.SLIP_WAITS})


def key_names(
    view: TillView,
    overlay: Overlay,
    settings: ScreenSettings,
    size: tuple[int, int],
    *,
    can_turn: bool = False,
) -> tuple[str, ...]:
    """Return the keys that the last line names, the most needed first.

    `can_turn`: PgDn shows other goods.
    """
    if overlay in HELP_OVERLAYS:
        is_last = next_help(help_lines(view, settings), size, overlay) is Overlay.NONE
        leave = ("leave",) if settings.lets_leave(view) else ()
        return ("back" if is_last else "help-more", *leave)
    if view.step is Step.CLOSED:
        return ("help",)
    if view.page:
        return (*view.page.keys, "help")
    if view.step is Step.VOIDING:
        return ("esc-back", "void-others", "help")
    decline = view.decision if view.step in _DECLINED else None
    is_overridable = isinstance(decline, Declined) and decline.reason in OVERRIDABLE
    can_override = is_overridable and "override" in view.offers and view.status.staff
    override = ("override",) if can_override else ()
    if settings.mode.is_unattended:
        return _names_alone(view, settings, override, can_turn=can_turn)
    bind = ("cards",) if may_give_card(view) else ()
    offers = (key for key in view.offers if key not in {"override", *bind})
    lock = ("lock",) if view.status.staff else ()
    beside = (*_void_key(view), *offers)
    beside = (*_slip_key(view), *beside) if view.step in OVER else (*beside, *_slip_key(view))
    return ("confirm", "cancel", *bind, *override, "help", *beside, "office", *lock)


def may_give_card(view: TillView) -> bool:
    """Return whether a card of nobody was just tapped, and F6 may give it to somebody now."""
    decline = view.decision if view.step in _DECLINED else None
    is_unknown = isinstance(decline, Declined) and decline.reason is Reason.UNKNOWN_CARD
    is_possible = "cards" in view.offers and bool(view.status.staff)
    is_asked = view.status.link is not Link.OFFLINE
    return is_unknown and is_possible and is_asked and not view.without_card


def _void_key(view: TillView) -> tuple[str, ...]:
    """Return F8 where one of the recent sales is not taken back yet."""
    sales = (row for row in view.recent_sales if row.charge_id and not row.is_voided)
    return ("void",) if any(sales) else ()


def _slip_key(view: TillView) -> tuple[str, ...]:
    return ("slip",) if view.status.printer else ()


def _names_alone(
    view: TillView,
    settings: ScreenSettings,
    override: tuple[str, ...],
    *,
    can_turn: bool,
) -> tuple[str, ...]:
    """Return the keys for a customer, and those for staff who have logged in."""
    if view.countdown:
        return ("touch-stop" if settings.touch else "stop",)
    offers = tuple(key for key in view.offers if key != "override")
    if settings.mode is TillMode.BALANCE:
        clear = ("clear",) if view.customer or view.step in _DECLINED else ()
        by_staff = ("log-out", "office", *offers) if view.status.staff else ()
        return (*clear, "help", *by_staff)
    if view.status.staff:
        slip = _slip_key(view) if view.step in OVER else ()
        by_staff = ("log-out", *_void_key(view), "office", *offers)
        return ("cancel", "help", *override, *slip, *by_staff)
    if settings.touch:
        return ("touch-pick", "help", "cancel")
    slip = _slip_key(view) if _has_own_slip(view, settings) else ()
    return (*slip, "pick", *(("turn",) if can_turn else ()), "help", "cancel")


def _has_own_slip(view: TillView, settings: ScreenSettings) -> bool:
    """Return whether F4 prints a receipt for a customer who is alone: one of what was just paid."""
    is_asked_for = view.notice in _SLIP_ANSWERS
    return view.step is Step.PAID and not is_asked_for and not settings.prints_each_sale
