"""The keys that the last line of the screen names: those that do something now."""

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import OVER, UNDER_WAY, Notice, Step
from taptill.checkout.view import Link, TillView
from taptill.domain.decision import OVERRIDABLE, Declined, Reason
from taptill.ui.layout import lay_out
from taptill.ui.modes.help import HELP_OVERLAYS, Overlay, help_lines, next_help
from taptill.ui.screen_settings import ScreenSettings

_DECLINED = frozenset({Step.DECLINED, Step.REFUSED})
_SLIP_ANSWERS = frozenset({Notice.SLIP_PRINTS, Notice.SLIP_PRINTED, Notice.SLIP_WAITS})
_ASKING = frozenset({Notice.LOOKING_UP, Notice.SLOW_ANSWER})
_HELP_ALONE = UNDER_WAY | {Step.CLOSED}

_PLACES = (
    "pick", "touch-pick", "turn", "help", "find", "cards", "log-out", "lock", "slip",
    "cancel", "clear", "esc-on", "confirm", "go-on", "retry", "money", "override", "void", "office",
)  # fmt: skip
"""The keys of a sale as they stand: those that come and go with its steps behind the others."""


def key_names(
    view: TillView,
    overlay: Overlay,
    settings: ScreenSettings,
    size: tuple[int, int],
    *,
    can_turn: bool = False,
) -> tuple[str, ...]:
    """Return the keys that do something now, the most needed first.

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
    if view.step in _HELP_ALONE:
        return ("help",)
    if view.step is Step.VOIDING:
        return ("esc-back", "void-others", "help")
    if settings.mode.is_unattended:
        return _names_alone(view, settings, size, can_turn=can_turn)
    bind = ("cards",) if may_give_card(view) else ()
    lock = ("lock",) if view.status.staff else ()
    beside = (*_void_key(view), *(key for key in _offers(view) if key not in bind))
    beside = (*_slip_key(view), *beside) if view.step in OVER else (*beside, *_slip_key(view))
    now = (*_enter_key(view), *_escape_key(view), *bind, *_override_key(view))
    return (*now, "help", *beside, *_office_key(view), *lock)


def in_place(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys of a sale in the order in which they stand, so that few of them move."""
    return tuple(sorted(names, key=lambda name: _PLACES.index(name) if name in _PLACES else -1))


def may_give_card(view: TillView) -> bool:
    """Return whether a card of nobody was just tapped, and F6 may give it to somebody now."""
    decline = view.decision if view.step in _DECLINED else None
    is_unknown = isinstance(decline, Declined) and decline.reason is Reason.UNKNOWN_CARD
    is_possible = "cards" in view.offers and bool(view.status.staff)
    is_asked = view.status.link is not Link.OFFLINE
    return is_unknown and is_possible and is_asked and not view.without_card


def _is_empty(view: TillView) -> bool:
    """Return whether nothing is rung up that must be finished or cancelled first."""
    return not view.basket.lines and not view.total


def _enter_key(view: TillView) -> tuple[str, ...]:
    """Return what Enter does: it charges, ends the number of a good, or asks the server anew.

    Where the server has just answered, it would only refuse once more.
    """
    if view.keystrokes.endswith("*") or "/" in view.keystrokes:
        return _number_key(view)
    if view.step is Step.CONFIRM:
        return ("confirm",)
    decision, customer = view.decision, view.customer
    if view.step not in _DECLINED or not isinstance(decision, Declined) or customer is None:
        return ()
    may_change = decision.reason is not Reason.UNKNOWN_CARD and not _is_empty(view)
    is_old = not customer.live and not customer.looking_up
    return ("retry",) if may_change and is_old else ()


def _number_key(view: TillView) -> tuple[str, ...]:
    """Return Enter where it ends the number of a good."""
    _, is_number, typed = view.keystrokes.rpartition("/")
    return ("go-on",) if is_number and typed else ()


def _escape_key(view: TillView) -> tuple[str, ...]:
    """Return what Esc does; with nothing rung up it lets go of a card that is looked up."""
    if view.step in OVER:
        return ("esc-on",)
    return () if view.step is Step.READY and view.notice not in _ASKING else ("cancel",)


def _override_key(view: TillView) -> tuple[str, ...]:
    """Return F9 where somebody else may let the refusal on the screen pass."""
    decline = view.decision if view.step in _DECLINED else None
    is_overridable = isinstance(decline, Declined) and decline.reason in OVERRIDABLE
    can_override = is_overridable and "override" in view.offers and view.status.staff
    return ("override",) if can_override else ()


def _offers(view: TillView) -> tuple[str, ...]:
    """Return the keys of what the site has switched on, as far as they can be used now.

    Cash is that of the customer on the screen, and cards are changed while the server answers.
    """
    away = {"override"}
    away |= set() if view.customer else {"money"}
    away |= {"cards"} if view.status.link is Link.OFFLINE else set()
    return tuple(key for key in view.offers if key not in away)


def _void_key(view: TillView) -> tuple[str, ...]:
    """Return F8 where one of the recent sales is not taken back yet, and nothing is rung up."""
    sales = (row for row in view.recent_sales if row.charge_id and not row.is_voided)
    return ("void",) if any(sales) and _is_empty(view) else ()


def _office_key(view: TillView) -> tuple[str, ...]:
    return ("office",) if _is_empty(view) else ()


def _slip_key(view: TillView) -> tuple[str, ...]:
    """Return F4 where there is a printer, and something was sold."""
    return ("slip",) if view.status.printer and (view.recent_sales or view.step in OVER) else ()


def _names_alone(
    view: TillView, settings: ScreenSettings, size: tuple[int, int], *, can_turn: bool
) -> tuple[str, ...]:
    """Return the keys for a customer, and those for staff who have logged in."""
    if view.countdown:
        return ("touch-stop" if settings.touch else "stop",)
    escape, number = _escape_key(view), _number_key(view)
    slip = ("slip",) if prints_slip(view, settings) else ()
    if settings.mode is TillMode.BALANCE:
        clear = ("clear",) if escape or view.customer else ()
        offers = (key for key in _offers(view) if key != "money")  # nothing is sold or paid here
        by_staff = ("log-out", *_office_key(view), *offers) if view.status.staff else ()
        return (*clear, "help", *by_staff)
    if view.status.staff:
        by_staff = ("log-out", *_void_key(view), *_office_key(view), *_offers(view))
        return (*number, *escape, "help", *_override_key(view), *slip, *by_staff)
    if settings.touch:
        # A result that fills a small screen is taken away by a touch.
        can_touch = view.step not in OVER or lay_out(*size).is_beside
        return (*number, "touch-pick" if can_touch else "pick", "help", *escape)
    return (*number, *slip, "pick", *(("turn",) if can_turn else ()), "help", *escape)


def prints_slip(view: TillView, settings: ScreenSettings) -> bool:
    """Return whether F4 prints the receipt of the result on the screen, where nobody serves.

    A customer who is alone has one of what was just paid.
    """
    if view.step not in OVER or view.status.printer is None:
        return False
    is_asked_for = view.notice in _SLIP_ANSWERS
    is_own = view.step is Step.PAID and not is_asked_for and not settings.prints_each_sale
    return is_own or bool(view.status.staff)
