"""Open customers in, settled customers out: when to settle whom, and when to wait."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft
from taptill.domain.errors import TaptillError
from taptill.settlement.driver import SettlementDriver
from taptill.settlement.ports import Backend, Capabilities, SettlementJournal
from taptill.settlement.reconcile import Behind, Halt, HaltReason, reconcile
from taptill.settlement.requests import (
    Doubt,
    Later,
    NoAnswer,
    OnDesk,
    Outcome,
    Resolution,
    RowAnswer,
    Settled,
    Stopped,
)
from taptill.settlement.retry import RETRY_FIRST_S, BackoffPolicy, RetrySchedule
from taptill.settlement.state import STOPPED, SettlementEvent, SettlementState, next_state
from taptill.settlement.update_row import Task

log = logging.getLogger("taptill.settlement")

IN_FLIGHT_MAX = 4
PASS_MAX = 100
DOUBTED_MAX = 10_000
"""So many customers whose row looked old are read again; others when they come by once more."""


_STOPPED_BY = {
    HaltReason.PARTIAL_WRITE: SettlementEvent.PARTIAL_WRITE,
    HaltReason.NOT_APPLIED: SettlementEvent.NOT_APPLIED,
    HaltReason.CLONED: SettlementEvent.FOREIGN_MARK,
}


@dataclass(frozen=True, slots=True)
class SettlePolicy:
    """The site's choices; `retry_max_s` bounds the back-off."""

    journal_id: str
    share_debt_data: bool
    retry_max_s: float


@dataclass(frozen=True, slots=True)
class SettlementCallbacks:
    """Who is told: `changed` after each outcome, `sighted` of every row that came by.

    `stamp_of` is asked for the newest `updatedAt` that anybody has seen of a customer.
    """

    changed: Callable[[], None]
    sighted: Callable[[Snapshot], None]
    stamp_of: Callable[[int], str]


class Settlement:
    """Settles every open customer, at once while online, with back-off otherwise."""

    def __init__(
        self,
        books: SettlementJournal,
        backend: Backend,
        clock: Clock,
        policy: SettlePolicy,
        jitter: Callable[[], float],
        events: SettlementCallbacks,
    ) -> None:
        self._books = books
        self._backend = backend
        self._policy = policy
        self._events = events
        self._wake = asyncio.Event()
        self._waits = RetrySchedule(BackoffPolicy(clock.monotonic, jitter, policy.retry_max_s))
        self._capabilities: Capabilities | None = None
        self._conditional: bool | None = None
        self._proven = False
        self._driver = SettlementDriver(books, backend, events.sighted, self._stop)
        self._busy: set[int] = set()
        self._doubts: dict[int, tuple[Doubt, int]] = {}
        self._doubted: dict[int, None] = {}
        self.state = SettlementState.HALTED if books.halted() else SettlementState.RUNNING

    def nudge(self) -> None:
        """Say that there is something new to settle."""
        self._wake.set()

    def returned(self) -> None:
        """Learn that the backend answers again; a time to wait that it named still counts."""
        if self._waits.backend_answered():
            self.nudge()

    async def run(self) -> None:
        """Settle what is open until cancelled."""
        while True:
            self._wake.clear()
            try:
                delay_s = await self.settle_open()
            except TaptillError as fault:
                log.warning("settlement.journal", extra={"code": fault.code})
                delay_s = RETRY_FIRST_S
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._wake.wait()

    async def sighted(self, snapshot: Snapshot) -> None:
        """Compare our mark in a row that somebody else came by; the backend is up, then.

        One older than what was seen before is read again: the backend may have been restored.
        """
        self.returned()
        try:
            if not await self.compare(snapshot) and len(self._doubted) < DOUBTED_MAX:
                self._doubted[snapshot.customer.id] = None
                self.nudge()
        except TaptillError as fault:  # whoever looked a customer up has the answer all the same
            log.warning("settlement.journal", extra={"code": fault.code})

    async def compare(self, snapshot: Snapshot, *, believed: bool = False) -> bool:
        """Compare a row with the journal and write what it owes; False: it looks like an old copy.

        `believed`: it is none. Errors: JournalError.
        """
        customer_id = snapshot.customer.id
        mark = snapshot.marks.table.get(self._policy.journal_id)
        look = self._books.look(customer_id, mark.seq if mark else None)
        if look is None or customer_id in self._busy:
            return True  # nothing of ours, or the settling under way reads for itself
        if not believed and older(snapshot.updated_at, look.position.updated_at):
            return False
        # Until the backend has said what it offers, settling is to find that out.
        may_share = self._policy.share_debt_data or self._conditional is not False
        verdict, drafts = reconcile(snapshot, look, self._policy.journal_id, may_share=may_share)
        if isinstance(verdict, Halt):
            drafts = [] if self._stopped() else drafts
            self._stop(verdict.reason, snapshot.customer.id)
        if drafts:
            await self._append(customer_id, drafts)
            self._events.changed()
        if isinstance(verdict, Behind) and look.position.last:
            self.nudge()
        return True

    async def _append(self, customer_id: int, drafts: list[Draft]) -> None:
        self._busy.add(customer_id)
        try:
            await self._books.append(drafts)
        finally:
            self._busy.discard(customer_id)

    async def settle_open(self) -> float | None:
        """Settle until nothing is due; give the seconds until something may be, None: nothing."""
        while not self._stopped():
            left_s = self._waits.remaining_s()
            if left_s > 0:
                return left_s
            opened = self._books.open_customers(PASS_MAX + len(self._waits))
            waiting = list(dict.fromkeys(opened) | self._doubted)
            if not waiting:
                return None
            due = self._waits.due(waiting)[:PASS_MAX]
            if not due:
                return self._waits.next_due_s(waiting)
            if await self._ask_capabilities(due[0]):
                await self._settle_all(due)
        return None

    async def resolve(self, customer_id: int, resolution: Resolution) -> Outcome:
        """Carry out what a person decided about a case on the conflict desk.

        Old copies of the row are looked past, or believed after so many, as ever.
        """
        if self._stopped():
            return Stopped(self.state.value)
        if customer_id in self._busy:
            return Later("it is being settled just now")
        if not await self._ask_capabilities(customer_id):
            return Later("the backend does not answer", transport=True)
        outcome = await self._settle_one(customer_id, resolution=resolution)
        while isinstance(outcome, Later) and outcome.doubt in (Doubt.STALE, Doubt.GONE):
            await asyncio.sleep(RETRY_FIRST_S)
            outcome = await self._settle_one(customer_id, resolution=resolution)
        return outcome

    async def _ask_capabilities(self, customer_id: int) -> bool:
        """Find out what the backend offers, unless that is known; False where it does not say."""
        if self._capabilities is not None:
            return True
        answer = await self._backend.capabilities()
        if isinstance(answer, NoAnswer):
            self._failed(customer_id, answer.retry_after_s, denied=answer.denied)
            return False
        self._capabilities, self._conditional = answer, answer.conditional_update
        return True

    async def _settle_all(self, due: list[int]) -> None:
        """Settle customers side by side; each has at most one request under way."""
        rows = await self._read_ahead(due)
        queue = iter(due)

        async def worker() -> None:
            for customer_id in queue:
                if self._waits.remaining_s() > 0 or self._stopped():
                    return
                await self._settle_one(customer_id, rows.pop(customer_id, None))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT_MAX, len(due))):
                group.create_task(worker())

    async def _read_ahead(self, due: list[int]) -> dict[int, RowAnswer]:
        """Read many rows at once where the condition of each update notices that one is old.

        On the plain API a row is read directly before it is written.
        """
        if not self._conditional or len(due) == 1:
            return {}
        answer = await self._backend.read_rows(due)
        if isinstance(answer, NoAnswer):
            self._failed(due[0], answer.retry_after_s, denied=answer.denied)
            return {}
        return dict(answer)

    async def _settle_one(
        self, customer_id: int, row: RowAnswer | None = None, resolution: Resolution | None = None
    ) -> Outcome:
        if customer_id in self._busy:
            self._waits.delay(customer_id)
            return Later("it is being settled just now")
        self._busy.add(customer_id)
        doubt, doubted = self._doubts.get(customer_id, (None, 0))
        task = Task(
            customer_id,
            self._policy.journal_id,
            bool(self._conditional),
            self._policy.share_debt_data,
            self._proven,
            self._events.stamp_of(customer_id),
            *(doubt, doubted, resolution),
        )
        try:
            outcome = self._unless_open(customer_id, await self._driver.drive(task, row))
        except TaptillError as fault:
            outcome = Later(fault.code)
        except Exception:  # task top: one bad customer never blocks the others
            log.exception("settlement.fault", extra={"customer": customer_id})
            outcome = Later("unexpected fault")
        finally:
            self._busy.discard(customer_id)
        self._learn(task)
        self._note(customer_id, outcome)
        self._events.changed()
        return outcome

    def _unless_open(self, customer_id: int, outcome: Outcome) -> Outcome:
        """Give the outcome, but let nothing spin on a customer who is open all the same."""
        look = self._books.look(customer_id, None)
        still = look and look.position.open and not look.position.conflict
        if still and isinstance(outcome, Settled | OnDesk):
            return Later("charged again meanwhile")
        return outcome

    def _learn(self, task: Task) -> None:
        """Take over what settling found out about the backend's conditions."""
        self._proven = self._proven or (task.conditional and task.proven)
        if self._conditional and not task.conditional:
            log.warning("settlement.conditions_not_obeyed")
            self._conditional = False

    def _note(self, customer_id: int, outcome: Outcome) -> None:
        found = {"customer": customer_id, "outcome": type(outcome).__name__}
        log.info("settlement.outcome", extra=found)
        match outcome:
            case Settled() | OnDesk():
                self._doubted.pop(customer_id, None)
                self._waits.succeeded(customer_id)
                self._doubts.pop(customer_id, None)
                self.state = next_state(self.state, SettlementEvent.TOOK_CUSTOMER)
            case Stopped(reason):
                self._stop(HaltReason(reason), customer_id)
            case Later(retry_after_s=retry_after_s, transport=True, denied=denied):
                self._failed(customer_id, retry_after_s, denied=denied)
            case Later(doubt=doubt):
                self._count(customer_id, doubt)
                self._waits.delay(customer_id)

    def _count(self, customer_id: int, doubt: Doubt | None) -> None:
        """Count how often in a row the same doubt came up."""
        before, times = self._doubts.pop(customer_id, (None, 0))
        if doubt is not None:
            self._doubts[customer_id] = (doubt, times + 1 if doubt is before else 1)

    def _failed(self, customer_id: int, retry_after_s: float | None, *, denied: bool) -> None:
        self._capabilities = None  # asked anew: the server may have changed meanwhile
        self._waits.failed(customer_id, retry_after_s)
        if denied:
            self._waits.retry_after()
            self.state = next_state(self.state, SettlementEvent.REFUSED_TOKEN)

    def _stopped(self) -> bool:
        return self.state in STOPPED

    def _stop(self, reason: HaltReason, customer_id: int) -> None:
        if not self._stopped():
            log.error("settlement.stopped", extra={"reason": reason.value, "customer": customer_id})
        self.state = next_state(self.state, _STOPPED_BY[reason])
