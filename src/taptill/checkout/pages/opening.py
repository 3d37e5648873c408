"""Which key opens which page, and where it may."""

from collections.abc import Callable, Mapping

from taptill.checkout.pages.overriding import override_page
from taptill.checkout.pages.page import Turn
from taptill.checkout.pages.sign_in import locking, log_in
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillState
from taptill.domain.decision import OVERRIDABLE, Declined

_DECLINED = frozenset({Step.DECLINED, Step.REFUSED})


class PageOpener:
    """Makes the first page behind a key, or says why there is none now."""

    def __init__(self, state: TillState) -> None:
        self._state = state
        self._desk = StaffDesk(state)
        self._pages: Mapping[str, Callable[[], Turn | Notice]] = {
            "f2": self._lock,
            "f9": self._override,
        }

    def open(self, key: str) -> Turn | Notice:
        """Return what follows a key of the sale that opens a page: its first turn, or the answer.

        NO_SUCH_KEY: the key opens none.
        """
        if self._state.sale.step is Step.VOIDING:
            return Notice.VOID_KEYS
        return self._pages[key]() if key in self._pages else Notice.NO_SUCH_KEY

    def required(self) -> Turn | None:
        """Return the page without which nothing can be done now: the log-in."""
        state = self._state
        is_busy = state.sale.under_way or state.sale.step is Step.CLOSED or state.sale.page
        is_needed = state.settings.staff and state.staff is None and not is_busy
        return Turn(log_in(self._desk)) if is_needed else None

    def _lock(self) -> Turn | Notice:
        return locking(self._desk) if self._state.settings.staff else Notice.NO_STAFF

    def _override(self) -> Turn | Notice:
        state = self._state
        decision = state.sale.decision if state.sale.step in _DECLINED else None
        if not state.settings.staff:
            return Notice.NO_STAFF
        if not isinstance(decision, Declined) or decision.reason not in OVERRIDABLE:
            return Notice.NOT_NOW
        return Turn(override_page(self._desk, decision.reason, state.override))
