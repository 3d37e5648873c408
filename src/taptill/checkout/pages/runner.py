"""Takes keys and cards to the page that is laid over the sale, and carries out what follows."""

from dataclasses import replace

from taptill.checkout.pages.page import TillPage, Turn, Work
from taptill.checkout.session import Notice
from taptill.checkout.till_state import TillState
from taptill.domain.card_id import CardId
from taptill.domain.errors import JournalError


class PageRunner:
    """Opens, feeds and closes pages; one work runs at a time, and keys wait for its end."""

    def __init__(self, state: TillState) -> None:
        self._state = state
        self._is_working = False

    @property
    def page(self) -> TillPage | None:
        """Return the page that is open."""
        return self._state.sale.page

    def follow(self, turn: Turn) -> None:
        """Show the page of a turn, and begin its work."""
        self._show(turn.page)
        if turn.then is not None:
            turn.then()
        if turn.work is not None:
            self._is_working = True
            self._state.background.start(self._work(turn.work))

    def press(self, key: str) -> None:
        """Let the page take a key."""
        state, page = self._state, self.page
        if self._is_working:
            state.show_notice(Notice.BUSY)
        elif page is not None:
            state.show_notice(Notice.NONE)
            self.follow(page.press(key))

    def tap(self, card_id: CardId) -> bool:
        """Take a card; return False if it is for the sale, whose page is closed then."""
        state, page = self._state, self.page
        if page is None:
            return False
        if self._is_working:
            state.show_notice(Notice.BUSY)
        elif page.traits.takes_cards:
            state.restart_idle_timer()
            self.follow(page.tap(card_id))
        elif page.traits.yields:
            self._show(None)
            return False
        else:
            state.show_notice(Notice.PAGE_OPEN)
        return True

    def undo(self, before: TillPage | None, notice: Notice) -> None:
        """Put the page back as it was before a machine typed into it."""
        if not self._is_working and type(self.page) is type(before):
            self._show(before)
        self._state.show_notice(notice)

    def close_when_idle(self) -> None:
        """Close the page, as nobody has done anything for long."""
        page = self.page
        if page is not None and not page.traits.stays and not self._is_working:
            self._show(None)

    async def _work(self, work: Work) -> None:
        try:
            turn = await work()
        except JournalError as fault:
            self._state.close(str(fault.fields.get("detail", fault.code)))
            return
        finally:
            self._is_working = False
        self.follow(turn)

    def _show(self, page: TillPage | None) -> None:
        self._state.sale = replace(self._state.sale, page=page)
