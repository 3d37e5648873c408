"""The shifts of a running till: reports counted in a thread, with a read of its own."""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from taptill.domain.clock import Clock
from taptill.domain.errors import EntryRefusedError, ShiftError
from taptill.domain.money import Money
from taptill.domain.reports.shift_report import Closing, ShiftReport, closed
from taptill.domain.reports.stored import ZoneNamed
from taptill.journal.back_office.shift_entries import closed_entries, opened_entry
from taptill.journal.back_office.shifts import (
    SiteDays,
    closing_draft,
    opening_draft,
    running_report,
    running_shift,
    stored_report,
)
from taptill.journal.journal import Journal
from taptill.journal.queries import JournalQueries

REST_S = 0.002
"""So long the thread that counts rests after each step, in seconds: the till comes first."""

T = TypeVar("T")


class JournalShiftBook:
    """The shifts of a journal that is open for a till; one opening or closing at a time."""

    def __init__(
        self, journal: Journal, clock: Clock, days: SiteDays, zone_named: ZoneNamed
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._days = days
        self._zone_named = zone_named
        self._one_at_a_time = asyncio.Lock()

    async def open(self, counted: Money | None, staff: str | None) -> None:
        """Open the running shift with what is in the drawer; ShiftError where it is open."""
        async with self._one_at_a_time:
            await self._in_thread(self._refuse_opened)
            await self._journal.append([opening_draft(counted, staff)])

    async def running(self) -> ShiftReport:
        """Return the report of the running shift."""
        return await self._in_thread(self._count)

    async def close(self, closing: Closing) -> ShiftReport:
        """Close the running shift and return its Z; ShiftError where its number was taken."""
        async with self._one_at_a_time:
            report = closed(await self.running(), closing, self._clock.now())
            try:
                await self._journal.append([closing_draft(report)])
            except EntryRefusedError as fault:
                raise ShiftError(number=report.shift.number, done="closed") from fault
            return report

    async def closed(self, count: int) -> list[ShiftReport]:
        """Return the Zs of the shifts that were closed last, newest first."""

        def read(queries: JournalQueries) -> list[ShiftReport]:
            found = closed_entries(queries, count)
            return [stored_report(entry, queries.path, self._zone_named) for entry in found]

        return await self._in_thread(read)

    async def _in_thread(self, work: Callable[[JournalQueries], T]) -> T:
        def run() -> T:
            with closing(JournalQueries(self._journal.path)) as queries:
                return work(queries)

        return await asyncio.to_thread(run)

    def _count(self, queries: JournalQueries) -> ShiftReport:
        return running_report(queries, self._days, self._clock.now(), lambda: time.sleep(REST_S))

    def _refuse_opened(self, queries: JournalQueries) -> None:
        shift = running_shift(queries, self._days)
        if opened_entry(queries, shift):
            raise ShiftError(number=shift.number, done="opened")
