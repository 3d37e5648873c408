"""How money entries reach the office: one port, and the strategy that sends nothing."""

import asyncio
from typing import Protocol

from taptill.domain.customer import Snapshot
from taptill.settlement.state import SettlementState


class Strategy(Protocol):
    """What the till needs of whatever delivers its entries: `Settlement`, or `OfficeFiles`."""

    state: SettlementState

    async def run(self) -> None:
        """Deliver what is open until cancelled."""

    def nudge(self) -> None:
        """Say that there is something new to deliver."""

    def returned(self) -> None:
        """Learn that the backend answers again."""

    async def sighted(self, snapshot: Snapshot) -> None:
        """Take a row that somebody came by."""


class OfficeFiles:
    """Nothing is written to the backend: a file goes to the office (`taptill export`)."""

    def __init__(self) -> None:
        self.state = SettlementState.RUNNING

    async def run(self) -> None:
        """Wait until cancelled: files are written on command."""
        await asyncio.Event().wait()

    def nudge(self) -> None:
        """Need no nudge."""

    def returned(self) -> None:
        """Wait for nobody's answer."""

    async def sighted(self, snapshot: Snapshot) -> None:
        """Compare nothing: the row bears no mark of this journal."""
