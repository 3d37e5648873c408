"""The shifts of a running till, whose counting is imported when a shift is asked for first."""

from datetime import time
from functools import cached_property
from typing import TYPE_CHECKING

from taptill.checkout.ports import ShiftBook
from taptill.clock import named_zone
from taptill.domain.money import Money
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.shift_report import Closing, ShiftReport
from taptill.wiring.opening import OpenJournal

if TYPE_CHECKING:
    from taptill.journal.back_office.shifts import SiteDays


class LateShiftBook:
    """Fits `ShiftBook`; a start need not wait for what most of a shift's sales do without."""

    def __init__(self, opened: OpenJournal, day_ends_at: time, zone_name: str) -> None:
        self._opened = opened
        self._day_ends_at = day_ends_at
        self._zone_name = zone_name

    async def open(self, counted: Money | None, staff: str | None) -> None:
        """Open the running shift with what is in the drawer; ShiftError where it is open."""
        await self._book.open(counted, staff)

    async def running(self) -> ShiftReport:
        """Return the report of the running shift."""
        return await self._book.running()

    async def close(self, closing: Closing) -> ShiftReport:
        """Close the running shift and return its Z; ShiftError where its number was taken."""
        return await self._book.close(closing)

    async def closed(self, count: int) -> list[ShiftReport]:
        """Return the Zs of the shifts that were closed last, newest first."""
        return await self._book.closed(count)

    @cached_property
    def _book(self) -> ShiftBook:
        from taptill.journal.back_office.shift_book import JournalShiftBook  # noqa: PLC0415 - see class

        days = site_days(self._day_ends_at, self._zone_name)
        opened = self._opened
        return JournalShiftBook(opened.journal, opened.clock, days, named_zone)


def site_days(ends_at: time, zone_name: str) -> "SiteDays":
    """Return how a site tells its days; the machine's zone where no zone has that name."""
    from taptill.journal.back_office.shifts import SiteDays  # noqa: PLC0415 - as above

    zone = named_zone(zone_name)
    return SiteDays(BusinessDays(ends_at, zone), zone_name if zone else "")
