"""Runs the schedule with fake ports, in time that passes only when everybody waits."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeTimeLoop
from tests.settlement.fake_backend import FakeSettlementBackend, HarnessJournal
from tests.settlement.harness import OURS, SettlementHarness

from taptill.domain.customer import Snapshot
from taptill.journal.queries import known_customers
from taptill.settlement.schedule import Settlement, SettlementCallbacks, SettlePolicy


class ScheduleHarness:
    """A schedule with fake ports, and all that it reports."""

    def __init__(self, clock: FakeClock, harness: SettlementHarness) -> None:
        self.clock = clock
        self.harness = harness
        self.books = HarnessJournal(harness)
        self.backend = FakeSettlementBackend(clock)
        self.rows_read: list[Snapshot] = []
        self.changes = 0
        self.stamps: dict[int, str] = {}
        self.share = False

    def settlement(self) -> Settlement:
        events = SettlementCallbacks(
            self._changed, self.rows_read.append, lambda one: self.stamps.get(one, "")
        )
        policy = SettlePolicy(
            OURS,
            self.share,
            retry_max_s=60.0,
            known_customers=partial(known_customers, self.harness.queries),
        )
        return Settlement(
            self.books,
            self.backend,
            clock=self.clock,
            policy=policy,
            jitter=lambda: 1.0,
            callbacks=events,
        )

    def play(self, script: Callable[[Settlement], Awaitable[None]]) -> Settlement:
        """Run the schedule beside a script, in time that passes only when all wait."""

        async def both() -> Settlement:
            settlement = self.settlement()
            running = asyncio.ensure_future(settlement.run())
            await script(settlement)
            assert not running.done(), running.exception()
            running.cancel()
            return settlement

        with asyncio.Runner(loop_factory=lambda: FakeTimeLoop(self.clock)) as runner:
            return runner.run(both())

    def play_for(self, seconds: float) -> Settlement:
        async def wait(_: Settlement) -> None:
            await asyncio.sleep(seconds)

        return self.play(wait)

    @property
    def waiting(self) -> list[int]:
        return self.harness.queries.open_customers(999)

    def _changed(self) -> None:
        self.changes += 1
