"""Takes keys and cards to the page that is laid over the sale, and carries out what follows."""

import asyncio
from dataclasses import replace
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

from taptill.checkout.charging import DEAD_ENTER_S, Charging
from taptill.checkout.identification import Identification
from taptill.checkout.pages.page import TillPage, Turn, Work
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillState
from taptill.domain.card_id import CardId
from taptill.domain.errors import JournalError
from taptill.domain.tap import CardProblem, ReaderMessage

if TYPE_CHECKING:
    from taptill.checkout.pages.opening import PageOpener


class LatePageOpener:
    """Opens pages; all of them are imported when one is asked for first, as a start can do without.

    What it returns and raises is that of `PageOpener`.
    """

    def __init__(
        self, state: TillState, charging: Charging, identification: Identification
    ) -> None:
        self._state = state
        self._charging = charging
        self._identification = identification

    def open(self, key: str) -> Turn | Notice:
        """Return what follows a key of the sale that opens a page."""
        return self._opener.open(key)

    def required(self) -> Turn | None:
        """Return the page without which nothing can be done now: the log-in."""
        state = self._state
        is_busy = state.sale.under_way or state.sale.step is Step.CLOSED or state.sale.page
        is_attended = not state.settings.mode.is_unattended
        is_needed = is_attended and state.settings.staff and state.staff is None and not is_busy
        return self._opener.logging_in() if is_needed else None

    @cached_property
    def _opener(self) -> "PageOpener":
        from taptill.checkout.pages.opening import PageOpener  # noqa: PLC0415 - see class

        return PageOpener(self._state, self._charging, self._identification)


class PageRunner:
    """Opens, feeds and closes pages; one work runs at a time, and keys wait for its end."""

    def __init__(self, state: TillState) -> None:
        self._state = state
        self._task: asyncio.Task[None] | None = None
        self._asked_at_s = -inf

    @property
    def page(self) -> TillPage | None:
        """Return the page that is open."""
        return self._state.sale.page

    @property
    def is_working(self) -> bool:
        """Return whether the work of a page is under way."""
        return self._task is not None

    def follow(self, turn: Turn) -> None:
        """Show the page of a turn, and begin its work."""
        self._show(turn.page)
        if turn.then is not None:
            turn.then()
        if turn.notice is not Notice.NONE:
            self._state.show_notice(turn.notice)
        if turn.work is not None:
            self._task = self._state.background.start(self._work(turn.work, reads=turn.reads))

    def press(self, key: str) -> None:
        """Let the page take a key."""
        state, page = self._state, self.page
        if key == "escape" and self.is_working and page and page.traits.may_leave:
            self._task = None
            self._show(None)
        elif not self._is_free():
            state.show_notice(Notice.PAGE_BUSY)
        elif page is not None:
            state.show_notice(Notice.NONE)
            try:
                self.follow(page.press(key))
            except JournalError:
                state.show_notice(Notice.NOT_READABLE)

    def confirm(self, at_s: float, *, on_screen: bool) -> None:
        """Let the page take Enter, unless what it is about had not been painted by then.

        Where Enter alone acts, it counts only once the page can have been read: whoever presses it
        twice on a menu closes no shift.
        """
        acts = self.page is not None and self.page.traits.acts_on_enter
        if on_screen and not (acts and at_s < self._asked_at_s + DEAD_ENTER_S):
            self.press("enter")
        else:
            self._state.show_notice(Notice.WAIT_A_MOMENT)

    def tap(self, card_id: CardId) -> bool:
        """Take a card; return False if it is for the sale, whose page is closed then."""
        state, page = self._state, self.page
        if page is None:
            return False
        if not self._is_free():
            state.show_notice(Notice.PAGE_BUSY)
        elif on_card := page.traits.on_card:
            state.restart_idle_timer()
            self.follow(on_card(card_id))
        elif page.traits.yields:
            self._show(None)
            return False
        else:
            state.show_notice(Notice.PAGE_OPEN)
        return True

    def misread(self, message: ReaderMessage) -> None:
        """Answer a card that the reader cannot name; a page that asks for a card says why."""
        page = self.page
        on_trouble = page.traits.on_trouble if page else None
        if isinstance(message, CardProblem) and on_trouble and self._is_free():
            self._state.restart_idle_timer()
            self.follow(on_trouble(message.trouble))
        else:
            self._state.show_notice(Notice.NOT_READ)

    def undo(self, before: TillPage | None, notice: Notice) -> None:
        """Put the page back as it was before a machine typed into it."""
        if self._task is None and type(self.page) is type(before):
            self._show(before)
        self._state.show_notice(notice)

    def works_while_closed(self, key: str) -> bool:
        """Return whether a key counts though the till is closed: F12, and those of its page."""
        return key == "f12" or (self.page is not None and self.page.traits.while_closed)

    def close_when_idle(self, idle_s: float) -> None:
        """Close a page that nobody has used for long; the customer behind it has left."""
        state, page = self._state, self.page
        settings = state.settings
        is_customers = settings.mode.is_unattended and state.staff is None
        patience_s = settings.clear_after_s if is_customers else settings.let_go_after_s
        if page is None or self.is_working or idle_s <= patience_s:
            return
        if not page.traits.waits:
            self._show(None)
        if state.sale.step not in {Step.READY, Step.RINGING, Step.CLOSED}:
            state.clear()

    def _is_free(self) -> bool:
        """Return whether a key or a card may change the page; a search is broken off for it."""
        if self._task and self.page and self.page.traits.may_break_off:
            self._task.cancel()
            self._task = None
        return self._task is None

    async def _work(self, work: Work, *, reads: bool) -> None:
        turn = None
        try:
            turn = await work()
        except JournalError as fault:
            self._failed(fault, reads=reads)
        finally:  # also where something unforeseen was raised: keys count again
            is_awaited = self._task is asyncio.current_task()
            if is_awaited:
                self._task = None
        if is_awaited and turn is not None and self.page is not None:  # else the till has closed
            self.follow(turn)

    def _failed(self, fault: JournalError, *, reads: bool) -> None:
        """Close the till if its journal cannot be written; say what only cannot be read."""
        if reads:
            self._state.show_notice(Notice.NOT_READABLE)
        else:
            self._state.close(str(fault.fields.get("detail", fault.code)))

    def _show(self, page: TillPage | None) -> None:
        """Show a page, or the sale; an Enter meant for the page must not confirm that."""
        if page is None and self.page is not None:
            self._state.finished_at_s = self._state.now_s
        if page and page.traits.acts_on_enter:
            is_same = self.page is not None and self.page.view.name == page.view.name
            self._asked_at_s = self._asked_at_s if is_same else self._state.now_s
        if page and self.page is None:
            self._state.show_notice(Notice.NONE)  # it answered a key of the sale
        self._state.sale = replace(self._state.sale, page=page)
