"""The strategies by which money entries reach the office; this one writes files."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from taptill.domain.customer import Snapshot
from taptill.domain.pending import FromExports, PendingBalance
from taptill.settlement.state import SettlementState


class Strategy(Protocol):
    """What the till needs of a strategy: `Settlement` (debt) or `OfficeFiles` (export).

    `balance` counts what is pending by the same rule that the strategy settles by. `outcomes`
    counts by a word how settling a customer ended, since the start.
    """

    state: SettlementState
    balance: PendingBalance
    outcomes: Counter[str]

    async def run(self) -> None:
        """Settle what is open until cancelled."""

    def nudge(self) -> None:
        """Announce something new to settle."""

    def returned(self) -> None:
        """Announce that the backend answers again."""

    async def observe(self, snapshots: Sequence[Snapshot]) -> None:
        """Observe rows that another room has read."""


class OfficeFiles:
    """Strategy `export`: files go to the office (`taptill export`), nothing to the backend."""

    def __init__(self) -> None:
        self.state = SettlementState.RUNNING
        self.balance: PendingBalance = FromExports()
        self.outcomes: Counter[str] = Counter()

    async def run(self) -> None:
        """Wait until cancelled: files are written on command."""
        await asyncio.Event().wait()

    def nudge(self) -> None:
        """Do nothing: files are written on command."""

    def returned(self) -> None:
        """Do nothing: the backend is not needed."""

    async def observe(self, snapshots: Sequence[Snapshot]) -> None:
        """Do nothing: the rows have no mark of this journal."""
