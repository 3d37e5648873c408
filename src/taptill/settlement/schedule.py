"""When to settle which customer, and when to wait."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft
from taptill.domain.errors import TaptillError
from taptill.domain.pending import EntryAtMark, FromMarks, PendingBalance
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
OUTDATED_MAX = 10_000
"""At most so many customers with an old row are read again; others when observed again."""


_STOPPED_BY = {
    HaltReason.PARTIAL_WRITE: SettlementEvent.PARTIAL_WRITE,
    HaltReason.NOT_APPLIED: SettlementEvent.NOT_APPLIED,
    HaltReason.CLONED: SettlementEvent.FOREIGN_MARK,
}


OUTCOME_WORDS: dict[type[Outcome], str] = {
    Settled: "settled",
    OnDesk: "to-clarify",
    Later: "later",
    Stopped: "stopped",
}
"""The words by which outcomes are counted."""


@dataclass(frozen=True, slots=True)
class SettlePolicy:
    """The site's choices; `retry_max_s` bounds the back-off, the functions read the journal.

    `known_customers` returns those of some customers who have a position; without it each is asked
    for.
    """

    journal_id: str
    share_debt_data: bool
    retry_max_s: float
    entry_at_mark: EntryAtMark | None = None
    known_customers: Callable[[Sequence[int]], AbstractSet[int]] | None = None


@dataclass(frozen=True, slots=True)
class SettlementCallbacks:
    """`on_change` is called after each outcome, `on_row` with every row that was read.

    `stamp_of` returns the newest `updatedAt` that is known of a customer, empty without one.
    """

    on_change: Callable[[], None]
    on_row: Callable[[Snapshot], None]
    stamp_of: Callable[[int], str]


class Settlement:
    """Strategy `debt`: settles open customers, at once while online, else with back-off."""

    def __init__(
        self,
        journal: SettlementJournal,
        backend: Backend,
        clock: Clock,
        policy: SettlePolicy,
        jitter: Callable[[], float],
        callbacks: SettlementCallbacks,
    ) -> None:
        self.balance: PendingBalance = FromMarks(policy.journal_id, policy.entry_at_mark)
        self._journal = journal
        self._backend = backend
        self._policy = policy
        self._callbacks = callbacks
        self._wake = asyncio.Event()
        self._schedule = RetrySchedule(BackoffPolicy(clock.monotonic, jitter, policy.retry_max_s))
        self._capabilities: Capabilities | None = None
        self._conditional: bool | None = None
        self._proven = False
        self._driver = SettlementDriver(journal, backend, callbacks.on_row, self._stop)
        self._busy: set[int] = set()
        self._doubts: dict[int, tuple[Doubt, int]] = {}
        self._outdated: dict[int, None] = {}
        self.outcomes: Counter[str] = Counter(dict.fromkeys(OUTCOME_WORDS.values(), 0))
        self.state = SettlementState.HALTED if journal.halted() else SettlementState.RUNNING

    def nudge(self) -> None:
        """Announce something new to settle."""
        self._wake.set()

    def returned(self) -> None:
        """End the back-off, as the backend answers again; a Retry-After still counts."""
        if self._schedule.backend_answered():
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

    async def observe(self, snapshots: Sequence[Snapshot]) -> None:
        """Reconcile rows that another room has read; one older than known is read again."""
        self.returned()
        for snapshot in _of_ours(snapshots, self._policy):
            try:
                if not await self.compare(snapshot) and len(self._outdated) < OUTDATED_MAX:
                    self._outdated[snapshot.customer.id] = None
                    self.nudge()
            except TaptillError as fault:  # the look-up that read the row goes on
                log.warning("settlement.journal", extra={"code": fault.code})

    async def compare(self, snapshot: Snapshot, *, is_current: bool = False) -> bool:
        """Reconcile a row and journal the entries owed; False for what looks like an old copy.

        `is_current`: the row is known to be no old copy. Errors: JournalError.
        """
        customer_id = snapshot.customer.id
        mark = snapshot.marks.table.get(self._policy.journal_id)
        journal = self._journal.query(customer_id, mark.seq if mark else None)
        if journal is None or customer_id in self._busy:
            return True  # nothing of ours, or being settled, which reads the row itself
        if not is_current and older(snapshot.updated_at, journal.position.updated_at):
            return False
        # As long as the backend's capabilities are unknown, settling finds them out.
        may_share = self._policy.share_debt_data or self._conditional is not False
        result, drafts = reconcile(snapshot, journal, self._policy.journal_id, may_share=may_share)
        if isinstance(result, Halt):
            drafts = [] if self._stopped() else drafts
            self._stop(result.reason, snapshot.customer.id)
        if drafts:
            await self._append(customer_id, drafts)
            self._callbacks.on_change()
        if isinstance(result, Behind) and journal.position.last:
            self.nudge()
        return True

    async def _append(self, customer_id: int, drafts: list[Draft]) -> None:
        self._busy.add(customer_id)
        try:
            await self._journal.append(drafts)
        finally:
            self._busy.discard(customer_id)

    async def settle_open(self) -> float | None:
        """Settle until nothing is due; return the seconds until something may be, None: nothing."""
        while not self._stopped():
            left_s = self._schedule.remaining_s()
            if left_s > 0:
                return left_s
            open_customers = self._journal.open_customers(PASS_MAX + len(self._schedule))
            waiting = list(dict.fromkeys(open_customers) | self._outdated)
            if not waiting:
                return None
            due = self._schedule.due(waiting)[:PASS_MAX]
            if not due:
                return self._schedule.next_due_s(waiting)
            if await self._ask_capabilities(due[0]):
                await self._settle_all(due)
        return None

    async def resolve(self, customer_id: int, resolution: Resolution) -> Outcome:
        """Carry out a person's decision about a case; old copies are believed after several."""
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
        """Ask for the backend's capabilities unless they are known; False without an answer."""
        if self._capabilities is not None:
            return True
        answer = await self._backend.capabilities()
        if isinstance(answer, NoAnswer):
            self._failed(customer_id, answer.retry_after_s, access_denied=answer.access_denied)
            return False
        self._capabilities, self._conditional = answer, answer.conditional_update
        return True

    async def _settle_all(self, due: list[int]) -> None:
        """Settle several customers at a time; each has at most one request under way."""
        rows = await self._read_ahead(due)
        queue = iter(due)

        async def worker() -> None:
            for customer_id in queue:
                if self._schedule.remaining_s() > 0 or self._stopped():
                    return
                await self._settle_one(customer_id, rows.pop(customer_id, None))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT_MAX, len(due))):
                group.create_task(worker())

    async def _read_ahead(self, due: list[int]) -> dict[int, RowAnswer]:
        """Read many rows at once where the condition of each update detects an outdated row.

        On the plain API a row is read directly before it is written.
        """
        if not self._conditional or len(due) == 1:
            return {}
        answer = await self._backend.read_rows(due)
        if isinstance(answer, NoAnswer):
            self._failed(due[0], answer.retry_after_s, access_denied=answer.access_denied)
            return {}
        return dict(answer)

    async def _settle_one(
        self, customer_id: int, row: RowAnswer | None = None, resolution: Resolution | None = None
    ) -> Outcome:
        if customer_id in self._busy:
            self._schedule.delay(customer_id)
            return Later("it is being settled just now")
        self._busy.add(customer_id)
        doubt, doubt_count = self._doubts.get(customer_id, (None, 0))
        task = Task(
            customer_id=customer_id,
            journal_id=self._policy.journal_id,
            conditional=bool(self._conditional),
            share_debt_data=self._policy.share_debt_data,
            proven=self._proven,
            known_stamp=self._callbacks.stamp_of(customer_id),
            doubt=doubt,
            doubt_count=doubt_count,
            resolution=resolution,
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
        self._keep_findings(task)
        self._record_outcome(customer_id, outcome)
        self._callbacks.on_change()
        return outcome

    def _unless_open(self, customer_id: int, outcome: Outcome) -> Outcome:
        """Return the outcome, or `Later` for a customer who is open again, to avoid a busy loop."""
        journal = self._journal.query(customer_id, None)
        is_open = journal and journal.position.open and not journal.position.conflict
        if is_open and isinstance(outcome, Settled | OnDesk):
            return Later("charged again meanwhile")
        return outcome

    def _keep_findings(self, task: Task) -> None:
        """Keep what settling found out about the backend's conditions."""
        self._proven = self._proven or (task.conditional and task.proven)
        if self._conditional and not task.conditional:
            log.warning("settlement.conditions_not_obeyed")
            self._conditional = False

    def _record_outcome(self, customer_id: int, outcome: Outcome) -> None:
        _count(outcome, customer_id, self.outcomes)
        match outcome:
            case Settled() | OnDesk():
                self._outdated.pop(customer_id, None)
                self._schedule.succeeded(customer_id)
                self._doubts.pop(customer_id, None)
                self.state = next_state(self.state, SettlementEvent.TOOK_CUSTOMER)
            case Stopped(reason):
                self._stop(HaltReason(reason), customer_id)
            case Later(retry_after_s=retry_after_s, transport=True, access_denied=denied):
                self._failed(customer_id, retry_after_s, access_denied=denied)
            case Later(doubt=doubt):
                self._count_doubt(customer_id, doubt)
                self._schedule.delay(customer_id)

    def _count_doubt(self, customer_id: int, doubt: Doubt | None) -> None:
        """Count the same doubt in a row; another one, or none, starts anew."""
        before, times = self._doubts.pop(customer_id, (None, 0))
        if doubt is not None:
            self._doubts[customer_id] = (doubt, times + 1 if doubt is before else 1)

    def _failed(
        self, customer_id: int, retry_after_s: float | None, *, access_denied: bool
    ) -> None:
        self._capabilities = None  # asked again: the server may have been changed meanwhile
        self._schedule.failed(customer_id, retry_after_s)
        if access_denied:
            self._schedule.retry_after()
            self.state = next_state(self.state, SettlementEvent.REFUSED_TOKEN)

    def _stopped(self) -> bool:
        return self.state in STOPPED

    def _stop(self, reason: HaltReason, customer_id: int) -> None:
        if not self._stopped():
            log.error("settlement.stopped", extra={"reason": reason.value, "customer": customer_id})
        self.state = next_state(self.state, _STOPPED_BY[reason])


def _count(outcome: Outcome, customer_id: int, outcomes: Counter[str]) -> None:
    fields = {"customer": customer_id, "outcome": type(outcome).__name__}
    log.info("settlement.outcome", extra=fields)
    outcomes[OUTCOME_WORDS[type(outcome)]] += 1


def _of_ours(snapshots: Sequence[Snapshot], policy: SettlePolicy) -> Sequence[Snapshot]:
    """Leave out rows without our mark, of customers without a position: mostly all of a sync.

    One query for many rows, as one for each would take most of a sync's time.
    """
    if policy.known_customers is None or len(snapshots) == 1:
        return snapshots
    try:
        known = policy.known_customers([snapshot.customer.id for snapshot in snapshots])
    except TaptillError as fault:
        log.warning("settlement.journal", extra={"code": fault.code})
        return ()
    return [
        snapshot
        for snapshot in snapshots
        if snapshot.customer.id in known or policy.journal_id in snapshot.marks.table
    ]
