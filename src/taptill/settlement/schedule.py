"""Open customers in, settled customers out: when to settle whom, and when to wait."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, Entry
from taptill.domain.errors import TaptillError
from taptill.settlement.judgement import Behind, Halt, Stop, Unenrolled, assess
from taptill.settlement.requests import (
    Answer,
    Append,
    Echo,
    JournalAnswer,
    Later,
    OnDesk,
    Outcome,
    ReadJournal,
    ReadRow,
    Request,
    RowAnswer,
    Settled,
    Stopped,
    Update,
    UpdateAnswer,
)
from taptill.settlement.settle import Task, settle

log = logging.getLogger("taptill.settlement")

IN_FLIGHT_MAX = 4
PASS_MAX = 100
RETRY_FIRST_S = 1.0
RETRY_AFTER_MAX_S = 3600.0
"""A Retry-After beyond an hour is not believed."""


class Books(Protocol):
    """The journal as settlement needs it; one call, one committed state."""

    def look(self, customer_id: int, mark_seq: int | None) -> JournalAnswer | None:
        """Give position and footing together; None: nothing here concerns the customer."""

    def open_customers(self, limit: int) -> list[int]:
        """Give customers with money to be sent, oldest first, without the conflict desk's."""

    def halted(self) -> bool:
        """Tell whether settlement was halted and not resumed."""

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Make entries durable."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the backend offers beyond the plain API."""

    conditional_update: bool = False
    version: bool = False


class Backend(Protocol):
    """The Customers API as settlement needs it; trouble comes back as a value."""

    async def capabilities(self) -> Capabilities | None:
        """Give what the backend offers; None: no answer, nothing may be settled yet."""

    async def read_row(self, customer_id: int) -> RowAnswer:
        """Read one row whole, in one select."""

    async def update_row(self, update: Update) -> UpdateAnswer:
        """Send one update, once."""


class State(StrEnum):
    """How settlement stands as a whole."""

    RUNNING = "running"
    HALTED = "halted"
    CLONED = "cloned"
    DENIED = "denied"  # the token is not accepted; goes on by itself once it is


@dataclass(frozen=True, slots=True)
class SettlePolicy:
    """The site's choices; `retry_max_s` bounds the back-off."""

    journal_id: str
    share_debt_data: bool
    retry_max_s: float


@dataclass(frozen=True, slots=True)
class SettlementEvents:
    """Who is told: `changed` after each outcome, `sighted` of every row that came by."""

    changed: Callable[[], None]
    sighted: Callable[[Snapshot], None]


class Settlement:
    """Settles every open customer, at once while online, with back-off otherwise."""

    def __init__(
        self,
        books: Books,
        backend: Backend,
        clock: Clock,
        policy: SettlePolicy,
        jitter: Callable[[], float],
        events: SettlementEvents,
    ) -> None:
        self._books = books
        self._backend = backend
        self._clock = clock
        self._policy = policy
        self._jitter = jitter
        self._events = events
        self._wake = asyncio.Event()
        self._capabilities: Capabilities | None = None
        self._busy: set[int] = set()
        self._stale_reads: dict[int, int] = {}
        self._customer_not_before_s: dict[int, float] = {}
        self._not_before_s = 0.0
        self._retry_s = RETRY_FIRST_S
        self.state = State.HALTED if books.halted() else State.RUNNING

    def nudge(self) -> None:
        """Say that there is something new to settle."""
        self._wake.set()

    async def run(self) -> None:
        """Settle what is open until cancelled."""
        while True:
            self._wake.clear()
            delay_s = await self._settle_open()
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._wake.wait()

    async def sighted(self, snapshot: Snapshot) -> None:
        """Compare our mark in a row that somebody else came by; the backend is up, then."""
        self._online()
        customer_id = snapshot.customer.id
        mark = snapshot.marks.table.get(self._policy.journal_id)
        look = self._books.look(customer_id, mark.seq if mark else None)
        if look is None or customer_id in self._busy:
            return  # nothing of ours, or the settling under way reads for itself
        if older(snapshot.updated_at, look.position.updated_at):
            return
        verdict, drafts = assess(snapshot, look, self._policy.journal_id)
        if drafts:
            self._busy.add(customer_id)
            try:
                await self._books.append(drafts)
            finally:
                self._busy.discard(customer_id)
        if isinstance(verdict, Halt):
            self._stop(verdict.reason)
        elif isinstance(verdict, Behind | Unenrolled):
            self.nudge()
        if drafts:
            self._events.changed()

    async def _settle_open(self) -> float | None:
        """Settle until nothing is due; give the seconds until something may be."""
        while self.state in {State.RUNNING, State.DENIED}:
            now_s = self._clock.monotonic()
            if now_s < self._not_before_s:
                return self._not_before_s - now_s
            waiting = self._books.open_customers(PASS_MAX)
            if not waiting:
                return None
            due = [one for one in waiting if self._customer_not_before_s.get(one, 0.0) <= now_s]
            if not due:
                soonest_s = min(self._customer_not_before_s[one] for one in waiting)
                return max(0.0, soonest_s - now_s)
            if self._capabilities is None:
                self._capabilities = await self._backend.capabilities()
            if self._capabilities is None:
                self._back_off(None)
                continue
            await self._settle_all(due, self._capabilities)
        return None

    async def _settle_all(self, due: list[int], offers: Capabilities) -> None:
        """Settle customers side by side; each has at most one request under way."""
        queue = iter(due)

        async def worker() -> None:
            for customer_id in queue:
                if self._clock.monotonic() < self._not_before_s or self._stopped():
                    return
                await self._settle_one(customer_id, offers)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT_MAX, len(due))):
                group.create_task(worker())

    async def _settle_one(self, customer_id: int, offers: Capabilities) -> None:
        if customer_id in self._busy:
            self._put_off(customer_id)
            return
        self._busy.add(customer_id)
        task = Task(
            customer_id,
            self._policy.journal_id,
            offers.conditional_update,
            self._policy.share_debt_data,
            self._stale_reads.get(customer_id, 0),
        )
        try:
            outcome = await self._drive(task)
        except TaptillError as fault:
            outcome = Later(fault.code)
        except Exception:  # task top: one bad customer never blocks the others
            log.exception("settlement.fault", extra={"customer": customer_id})
            outcome = Later("unexpected fault")
        finally:
            self._busy.discard(customer_id)
        self._note(customer_id, outcome)
        self._events.changed()

    async def _drive(self, task: Task) -> Outcome:
        settling = settle(task)
        answer: Answer = None
        while True:
            try:
                request = settling.send(answer)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            answer = await self._answer(request)

    async def _answer(self, request: Request) -> Answer:
        match request:
            case ReadRow(customer_id):
                row = await self._backend.read_row(customer_id)
                if isinstance(row, Snapshot):
                    self._events.sighted(row)
                return row
            case ReadJournal(customer_id, mark_seq):
                return self._books.look(customer_id, mark_seq)
            case Append(drafts):
                await self._books.append(drafts)
                return None
            case Update():
                answer = await self._backend.update_row(request)
                if isinstance(answer, Echo) and answer.row:
                    self._events.sighted(answer.row)
                return answer

    def _note(self, customer_id: int, outcome: Outcome) -> None:
        log.info(
            "settlement.outcome",
            extra={"customer": customer_id, "outcome": type(outcome).__name__},
        )
        match outcome:
            case Settled() | OnDesk():
                self._online()
                self._stale_reads.pop(customer_id, None)
                self._customer_not_before_s.pop(customer_id, None)
            case Stopped(reason):
                self._stop(Stop(reason))
            case Later(retry_after_s=retry_after_s, transport=True, denied=denied):
                self.state = State.DENIED if denied else State.RUNNING
                self._capabilities = None  # asked anew: the server may have changed meanwhile
                self._back_off(retry_after_s)
            case Later(stale=stale):
                seen = self._stale_reads.get(customer_id, 0)
                self._stale_reads[customer_id] = seen + 1 if stale else 0
                self._put_off(customer_id)

    def _online(self) -> None:
        self._retry_s = RETRY_FIRST_S
        if self._not_before_s:
            self._not_before_s = 0.0
            self._wake.set()
        if self.state is State.DENIED:
            self.state = State.RUNNING

    def _back_off(self, retry_after_s: float | None) -> None:
        wait_s = self._retry_s * (0.5 + self._jitter() / 2)
        if retry_after_s is not None:
            wait_s = max(wait_s, min(retry_after_s, RETRY_AFTER_MAX_S))
        self._not_before_s = self._clock.monotonic() + wait_s
        self._retry_s = min(self._retry_s * 2, self._policy.retry_max_s)

    def _put_off(self, customer_id: int) -> None:
        wait_s = RETRY_FIRST_S * (0.5 + self._jitter() / 2)
        self._customer_not_before_s[customer_id] = self._clock.monotonic() + wait_s

    def _stopped(self) -> bool:
        return self.state in {State.HALTED, State.CLONED}

    def _stop(self, reason: Stop) -> None:
        self.state = State.CLONED if reason is Stop.CLONED else State.HALTED
        log.error("settlement.stopped", extra={"reason": reason.value})
