"""Events in, the state of the one sale out: no IO and no waiting, only what is so now."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from taptill.checkout.keypad import Keypad, Rung
from taptill.checkout.ports import Ports
from taptill.checkout.sale import Desk, Found, Sale, verdict_event
from taptill.checkout.session import OVER, UNDER_WAY, Event, Step, next_step
from taptill.checkout.strip import Strip
from taptill.checkout.view import Notice
from taptill.domain.basket import Basket
from taptill.domain.decision import Policy
from taptill.domain.errors import TaptillError
from taptill.domain.money import Money

log = logging.getLogger("taptill.till")

DEAD_ENTER_S = 0.4


@dataclass(frozen=True, slots=True)
class TillSettings:
    """The site's choices for selling; times in seconds."""

    keypad: Keypad
    policy: Policy
    journal_id: str
    live_deadline_s: float
    void_window_s: float
    clear_after_s: float


class Counter:
    """The one sale at a time, with its step, its customer and the strip of the last ones."""

    def __init__(self, ports: Ports, settings: TillSettings, changed: Callable[[], None]) -> None:
        self.ports = ports
        self.settings = settings
        self.desk = Desk(ports.books, settings.journal_id, settings.policy, settings.keypad)
        self.sale = Sale(ports.new_id())
        self.strip = Strip()
        self.changed = changed
        self.touched_at_s = 0.0
        self.enter_dead_until_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def now_s(self) -> float:
        """Give the monotonic time."""
        return self.ports.clock.monotonic()

    @property
    def under_way(self) -> bool:
        """Whether the basket is frozen."""
        return self.sale.step in UNDER_WAY

    @property
    def whole(self) -> Basket:
        """Give the basket with the amount being typed."""
        return self.sale.rung.whole(self.settings.keypad)

    @property
    def total(self) -> Money:
        """Give the sum of all that is rung up."""
        return self.whole.total

    def is_on(self, charge_id: str) -> bool:
        """Tell whether that sale is still the one at the counter."""
        return self.sale.charge_id == charge_id

    def set(self, **changes: Any) -> None:
        """Change fields of the sale."""
        self.sale = replace(self.sale, **changes)

    def say(self, notice: Notice) -> None:
        """Answer a key or a tap that changes nothing."""
        self.set(notice=notice)

    def go(self, event: Event) -> bool:
        """Take a step; False where the event means nothing now."""
        step = next_step(self.sale.step, event)
        moved = step is not self.sale.step
        self.set(step=step)
        return moved

    def finish(self, event: Event) -> None:
        """Take a step to a verdict; Enter is dead for a moment, against double presses."""
        self.go(event)
        self.enter_dead_until_s = self.now_s + DEAD_ENTER_S
        self.touch()

    def close(self, detail: str) -> None:
        """Stop selling: the journal cannot be written, or nobody knows what happened."""
        self.set(step=Step.CLOSED, detail=detail, asking=False)

    def new_sale(self) -> None:
        """Begin anew with nothing rung up and no card; answers for the old sale change nothing."""
        self.sale = Sale(self.ports.new_id())

    def begin_if_over(self) -> None:
        """Begin anew where the last sale has its verdict."""
        if self.sale.step in OVER:
            self.new_sale()

    def touch(self) -> None:
        """Note that a person or a card was here."""
        self.touched_at_s = self.now_s

    def ring(self, rung: Rung, notice: Notice) -> None:
        """Take a new basket, and ask anew whether the customer shown may pay it."""
        self.set(rung=rung)
        if self.sale.found is not None:
            self.show(self.sale.found)
        else:
            self.set(problem=None)
            self.go(Event.RUNG if self.total or rung.typed else Event.EMPTIED)
        self.say(notice)

    def show(self, found: Found) -> None:
        """Put a finding on the panel with its verdict on tap."""
        verdict = self.desk.ask(found, self.total or None, self.now_s)
        self.set(found=found, problem=None, verdict=verdict, notice=Notice.NONE)
        self.go(verdict_event(verdict, self.total))
        self.changed()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do something beside; a fault in it closes the till and never passes unseen."""
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TaptillError as fault:
            log.exception("till.fault", extra={"code": fault.code})
            self.close(fault.code)
        except Exception as fault:  # task top: nothing is sold on a fault nobody foresaw
            log.exception("till.fault")
            self.close(type(fault).__name__)
        self.changed()
