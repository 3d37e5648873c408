"""Fakes of the ports of settlement: a backend of model rows, and the journal of a harness."""

import asyncio
from collections.abc import Mapping, Sequence

from tests.fakes.clock import FakeClock
from tests.settlement.harness import SettlementHarness
from tests.simulation.backend import Kin, ModelBackend

from taptill.domain.entry import Draft, Entry
from taptill.domain.errors import JournalError
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import JournalAnswer, NoAnswer, RowAnswer, Update, UpdateAnswer

CUSTOMERS = 200
TAKES_S = 0.05


class FakeSettlementBackend:
    """Fits the schedule's `Backend`; each request takes TAKES_S.

    `down` answers everything, `reads` and `updates` what concerns one customer, `slow` adds
    seconds for one; `asked` holds (seconds since the start, verb, customer).
    """

    def __init__(
        self, clock: FakeClock, kin: Kin | None = None, customers: int = CUSTOMERS
    ) -> None:
        bases = dict.fromkeys(range(1, customers + 1), 1000)
        self.model = ModelBackend(kin or Kin(enrolled=True), bases)
        self.offers: Capabilities | NoAnswer = Capabilities()
        self.down: NoAnswer | None = None
        self.reads: dict[int, RowAnswer | Exception] = {}
        self.updates: dict[int, UpdateAnswer] = {}
        self.slow: dict[int, float] = {}
        self.asked: list[tuple[float, str, int]] = []
        self.most_at_once = 0
        self._at_once = 0
        self._clock = clock
        self._began_s = clock.monotonic()

    async def capabilities(self) -> Capabilities | NoAnswer:
        await self._travel("capabilities", 0)
        return self.down or self.offers

    async def read_row(self, customer_id: int) -> RowAnswer:
        await self._travel("read", customer_id)
        answer = self.reads.get(customer_id) or self.model.read(customer_id)
        if isinstance(answer, Exception):
            raise answer
        return self.down or answer

    async def read_rows(self, customer_ids: Sequence[int]) -> Mapping[int, RowAnswer] | NoAnswer:
        await self._travel("read many", len(customer_ids))
        if self.down:
            return self.down
        return {
            customer_id: self.model.read(customer_id)
            for customer_id in customer_ids
            if customer_id not in self.reads
        }

    async def update_row(self, update: Update) -> UpdateAnswer:
        customer_id = update.read.customer.id
        await self._travel("update", customer_id)
        return self.down or self.updates.get(customer_id) or self.model.apply(update)

    def times(self, verb: str, customer: int) -> list[float]:
        """Return when a customer was asked about, in seconds since the start."""
        return [
            at_s
            for at_s, asked_verb, asked_customer in self.asked
            if (asked_verb, asked_customer) == (verb, customer)
        ]

    async def _travel(self, verb: str, customer: int) -> None:
        at_s = round(self._clock.monotonic() - self._began_s, 3)
        self.asked.append((at_s, verb, customer))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(TAKES_S + self.slow.get(customer, 0.0))
        self._at_once -= 1


class HarnessJournal:
    """Fits the schedule's `SettlementJournal` over a SettlementHarness.

    `fails` breaks the disk, `takes_s` slows it, `forgets` loses all that is appended.
    """

    def __init__(self, harness: SettlementHarness) -> None:
        self._harness = harness
        self.fails = False
        self.takes_s = 0.0
        self.forgets = False

    def query(self, customer_id: int, mark_seq: int | None) -> JournalAnswer | None:
        return self._harness.queries.query(customer_id, mark_seq)

    def open_customers(self, limit: int) -> list[int]:
        if self.fails:
            raise JournalError(path="bench", detail="the disk is gone")
        return self._harness.queries.open_customers(limit)

    def halted(self) -> bool:
        return bool(self._harness.queries.halted())

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        await asyncio.sleep(self.takes_s)
        if self.fails:
            raise JournalError(path="bench", detail="the disk is full")
        return [] if self.forgets else self._harness.write(*drafts)
