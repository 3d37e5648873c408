"""What the till does by itself once nobody has done anything for a while."""

from collections.abc import Callable

from taptill.checkout.identification import Identification
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.pages.runner import PageRunner
from taptill.checkout.session import UNDER_WAY, Notice, Step
from taptill.checkout.till_state import TillState

_CLEARED_WHEN_IDLE = frozenset(Step) - UNDER_WAY - {Step.READY, Step.RINGING, Step.CONFIRM}
"""In these steps the customer and the result are removed once nobody has done anything for a while.
A sale that waits for a card stays; one that waits for Enter has a longer time of its own."""


class IdleRules:
    """Clears the screen, lets customers go, locks; `open_page` takes a key that opens a page."""

    def __init__(
        self,
        state: TillState,
        identification: Identification,
        pages: PageRunner,
        open_page: Callable[[str], None],
    ) -> None:
        self._state = state
        self._identification = identification
        self._pages = pages
        self._open_page = open_page

    def check(self) -> None:
        """Do what is due; it is called at each tick."""
        state, step = self._state, self._state.sale.step
        if state.sale.under_way:
            return
        idle_s = state.now_s - state.active_at_s
        if detail := state.ports.journal.closed_by():
            state.close(detail)
        elif state.sale.page:
            self._pages.close_when_idle(idle_s)
            self._reopen_below_page(idle_s)
        elif step in {Step.CARD, Step.CONFIRM} and idle_s <= self._patience_s(step):
            self._identification.keep_fresh()
        elif idle_s > state.settings.clear_after_s and state.settings.mode.is_unattended:
            self._clear_unattended()
        elif step in _CLEARED_WHEN_IDLE and idle_s > state.settings.clear_after_s:
            state.clear()
        elif step is Step.CONFIRM and idle_s > state.settings.let_go_after_s:
            state.clear()
            state.show_notice(Notice.LET_GO)
        self._lock(idle_s)

    def _reopen_below_page(self, idle_s: float) -> None:
        """Open a till that was closed, and whose journal can be written again, below a page."""
        state = self._state
        if state.sale.step is Step.CLOSED and idle_s > state.settings.clear_after_s:
            state.clear()

    def _patience_s(self, step: Step) -> float:
        settings = self._state.settings
        return settings.let_go_after_s if step is Step.CONFIRM else settings.clear_after_s

    def _clear_unattended(self) -> None:
        """Make the till ready for the next customer: the last one has left, and the basket goes.

        A countdown ends by itself.
        """
        state, step = self._state, self._state.sale.step
        if step is Step.CLOSED:
            state.clear()
        elif step is Step.READY:
            state.show_notice(Notice.NONE)
        elif step is not Step.CONFIRM or state.settings.mode is not TillMode.SELF_SERVICE:
            state.new_sale()

    def _lock(self, idle_s: float) -> None:
        """Lock a till that nobody uses, also where a form waits, unless something is rung up."""
        state = self._state
        is_left = state.sale.step is Step.READY and state.staff is not None
        is_idle = idle_s > state.settings.lock_after_s and not self._pages.is_working
        if is_left and is_idle:
            self._open_page("f2")
