"""The keys that the last line of the screen names."""

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.domain.decision import OVERRIDABLE, Declined
from taptill.ui.pages import HELP_OVERLAYS, Overlay, next_help
from taptill.ui.screen_settings import ScreenSettings

_DECLINED = frozenset({Step.DECLINED, Step.REFUSED})


def key_names(
    view: TillView, overlay: Overlay, settings: ScreenSettings, size: tuple[int, int]
) -> tuple[str, ...]:
    """Return the keys that the last line names, the most needed first."""
    if overlay in HELP_OVERLAYS:
        is_last = next_help(settings, size, overlay) is Overlay.NONE
        return ("back" if is_last else "help-more", "leave")
    if view.step is Step.CLOSED:
        return ("help",)
    if view.page:
        return (*view.page.keys, "help")
    decline = view.decision if view.step in _DECLINED else None
    can_override = isinstance(decline, Declined) and decline.reason in OVERRIDABLE
    override = ("override",) if can_override and view.status.staff else ()
    if settings.mode.is_unattended:
        return _names_alone(view, settings, override)
    offers = (*view.offers, *_slip_key(view))
    if not view.status.staff:
        return ("confirm", "cancel", "help", "void", *offers, "office")
    return ("confirm", "cancel", *override, "help", "void", *offers, "office", "lock")


def _slip_key(view: TillView) -> tuple[str, ...]:
    return ("slip",) if view.status.printer else ()


def _names_alone(
    view: TillView, settings: ScreenSettings, override: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the keys for a customer, and those for staff who have logged in."""
    if view.countdown:
        return ("stop",)
    if settings.mode is TillMode.BALANCE:
        return ("help", "log-out", "office") if view.status.staff else ("help",)
    if view.status.staff:
        return ("cancel", "help", *override, "log-out", "void", "office")
    return ("pick", "help", "cancel")
