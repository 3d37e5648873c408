"""The countdown of self-service: it charges once it has run out on the screen, second by second.

Each second begins when the picture that shows it has reached the terminal, and ends a second later.
So nothing is charged that was not on the screen for the whole time in which it could be stopped.
Whatever else happens stops it: a key, the card once more, a barcode, another size of the window, a
reader that is gone, a picture that does not reach the terminal, a program that stood still. The
basket stays then, and the card must be tapped again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from math import inf

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillState
from taptill.domain.tap import Misread, ReaderMessage, Tap

SECOND_S = 1.0

LATE_S = 0.25
"""A second that ends so late is counted once more: keys may be waiting that were pressed in it."""

SAME_CARD_S = 0.6
"""So long after a stop the same card does not begin another countdown: a reader that types has
stopped it with the first digit of the card, and the card itself comes behind the last one."""

HELD_UP_S = 2.0
"""A second that ends, or a picture that is painted, so late stops the countdown."""


class Countdown:
    """Counts down while a customer may pay in self-service, then calls `charge`."""

    def __init__(self, state: TillState, charge: Callable[[], None]) -> None:
        self._state = state
        self._charge = charge
        self._counted: object = None
        self._prompt_number = -1
        self._published_at_s = 0.0
        self._second: asyncio.Task[None] | None = None
        self._stopped: Tap | None = None
        self._stopped_at_s = -inf

    @property
    def is_running(self) -> bool:
        """Return whether a countdown may still be stopped."""
        return self._state.sale.seconds_left > 0

    def follow(self) -> None:
        """Begin a countdown where the sale now waits for one, end one that is about another sale.

        It begins anew where a different card asks whether it shall pay.
        """
        counted = self._awaited()
        if counted == self._counted:
            return
        self._counted = counted
        self._end_second()
        self._set(self._state.settings.countdown_s if counted else 0)

    def published(self, prompt_number: int) -> None:
        """Record the number of the picture that the screen is asked to paint."""
        if self.is_running and prompt_number != self._prompt_number:
            self._end_second()
            self._prompt_number, self._published_at_s = prompt_number, self._state.now_s

    def painted(self, prompt_number: int) -> None:
        """Begin the second of the picture of this number, as the terminal has it now."""
        if self.is_running and prompt_number == self._prompt_number and self._second is None:
            self._second = self._state.background.start(self._run_second())

    def check(self) -> None:
        """Stop a countdown whose picture has not reached the terminal for long."""
        is_unseen = self._second is None and self._state.now_s > self._published_at_s + HELD_UP_S
        if self.is_running and is_unseen:
            self.stop(Notice.STOPPED_ITSELF)

    def stop(self, notice: Notice = Notice.STOPPED) -> bool:
        """Let the customer go and keep the basket; return False where nothing is counted."""
        if not self.is_running:
            return False
        self._set(0)
        self._end_second()
        self._stopped, self._stopped_at_s = self._state.sale.tap, self._state.now_s
        self._state.restart_idle_timer()
        self._state.start_customer(None)
        self._state.show_notice(notice)
        self._state.publish()
        return True

    def stopped_by(self, message: ReaderMessage) -> bool:
        """Stop for the same card once more, read well or not; return whether that was it.

        What else a reader says goes its way: a different card asks, two cards are refused.
        """
        if isinstance(message, Misread) or _is_same(message, self._state.sale.tap):
            return self.stop()
        is_just_stopped = self._state.now_s < self._stopped_at_s + SAME_CARD_S
        return is_just_stopped and _is_same(message, self._stopped)

    def _awaited(self) -> object:
        """Return what a countdown is about now, None where there is to be none."""
        sale = self._state.sale
        is_self_service = self._state.settings.mode is TillMode.SELF_SERVICE
        if not is_self_service or sale.step is not Step.CONFIRM or sale.page is not None:
            return None
        customer_id = sale.lookup.customer_id if sale.lookup else None
        return (sale.charge_id, sale.tap, customer_id, self._state.total, sale.other_card)

    def _set(self, seconds: int) -> None:
        self._state.sale = replace(self._state.sale, seconds_left=seconds)

    def _end_second(self) -> None:
        if self._second is not None and self._second is not asyncio.current_task():
            self._second.cancel()
        self._second = None

    async def _run_second(self) -> None:
        late_s = LATE_S
        while late_s >= LATE_S:
            due_s = self._state.now_s + SECOND_S
            await asyncio.sleep(SECOND_S)
            late_s = self._state.now_s - due_s
            if late_s >= HELD_UP_S:
                self.stop(Notice.STOPPED_ITSELF)
                return
        self._second = None
        seconds_left = self._state.sale.seconds_left - 1
        self._set(seconds_left)
        if seconds_left == 0:
            self._charge()
            self._refuse_dead_end()

    def _refuse_dead_end(self) -> None:
        """Let the customer tap again where the charge did not begin."""
        if self._state.sale.step is Step.CONFIRM:
            self._state.start_customer(None)
            self._state.show_notice(Notice.STOPPED_ITSELF)


def _is_same(message: ReaderMessage, tap: Tap | None) -> bool:
    return isinstance(message, Tap) and tap is not None and message.card_id == tap.card_id
