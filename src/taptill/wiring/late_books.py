"""The shifts and past sales of a running till, imported when one is asked for first.

A start need not wait for what most sales do without. Once the till has been up for a moment, it is
imported all the same with the pages, module by module between two events, so that nobody waits for
them at the first key, either.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import time
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING

from taptill.backend.customers import CustomersApi
from taptill.checkout.ports import PeopleFinder, SalesBook, ShiftBook
from taptill.clock import named_zone
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.customer import Snapshot
from taptill.domain.staff.pins import pin_matches
from taptill.journal.queries import JournalQueries
from taptill.wiring.opening import OpenJournal

if TYPE_CHECKING:
    from taptill.journal.back_office.shifts import SiteDays


IMPORT_AFTER_S = 2.0
"""So long after the start nothing is imported: the first taps come first."""

_LATE = (
    "taptill.domain.reports.report",
    "taptill.domain.reports.shift_report",
    "taptill.domain.conflicts.case",
    "taptill.domain.sales.search",
    "taptill.journal.back_office.shift_entries",
    "taptill.journal.sales.past_sales",
    "taptill.checkout.pages.choices",
    "taptill.checkout.pages.sign_in",
    "taptill.checkout.pages.history",
    "taptill.checkout.pages.shift",
    "taptill.checkout.pages.undo",
    "taptill.checkout.pages.slips.listing",
    "taptill.checkout.pages.technician.parts",
    "taptill.checkout.pages.technician.page",
    "taptill.checkout.money.desk",
    "taptill.lookup.people",
    "taptill.checkout.people.finding",
    "taptill.domain.cards.change",
    "taptill.checkout.cards.pages",
    "taptill.checkout.cards.desk",
    "taptill.checkout.pages.opening",
    "taptill.domain.reports.counter",
    "taptill.journal.back_office.shift_book",
)
"""Each takes some milliseconds, as those before it are there already."""


async def import_late(after_s: float = IMPORT_AFTER_S) -> None:
    """Import what a start does without, a module at a time, so that a tap waits for one at most."""
    await asyncio.sleep(after_s)
    for module in _LATE:
        import_module(module)
        await asyncio.sleep(0)


_M_MMAP_THRESHOLD = -3
_LARGE_OCTETS = 2**20


def return_large_blocks() -> None:
    """Let the C library give memory of a megabyte or more back to the system once it is not used.

    glibc keeps such blocks after the first one was freed (mallopt(3), M_MMAP_THRESHOLD: a dynamic
    threshold): the 4 MB of a PIN's check would stay for good. Other C libraries do as they do.
    """
    import ctypes  # noqa: PLC0415 - a start need not wait for it

    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_OCTETS)


@cache
def _pin_thread() -> Executor:
    """Return the one thread that checks PINs: each thread would keep the 4 MB of a check."""
    return ThreadPoolExecutor(1, "pin", initializer=return_large_blocks)


def pin_matches_in_thread(pin: str, pin_hash: str) -> Awaitable[bool]:
    """Return whether a hash is that of a PIN, while the event loop goes on."""
    return asyncio.get_running_loop().run_in_executor(_pin_thread(), pin_matches, pin, pin_hash)


def late_shift_book(
    opened: OpenJournal, day_ends_at: time, zone_name: str
) -> Callable[[], ShiftBook]:
    """Return what makes the shifts' book when it is called first, and returns that one always."""

    @cache
    def book() -> ShiftBook:
        from taptill.journal.back_office.shift_book import JournalShiftBook  # noqa: PLC0415 - late

        days = site_days(day_ends_at, zone_name)
        return JournalShiftBook(opened.journal, opened.clock, days, named_zone)

    return book


def late_sales_book(queries: JournalQueries) -> SalesBook:
    """Return the book of past sales."""
    from taptill.journal.sales.past_sales import PastSales  # noqa: PLC0415 - late

    return PastSales(queries)


def late_people(
    customers: CustomerCache,
    api: CustomersApi,
    on_snapshots: Callable[[Sequence[Snapshot]], Awaitable[None]],
) -> PeopleFinder:
    """Return what finds customers by name."""
    from taptill.backend.by_id import find_by_id  # noqa: PLC0415 - late
    from taptill.lookup.people import PeopleLookup  # noqa: PLC0415 - late

    return PeopleLookup(customers, partial(find_by_id, api), customers, on_snapshots)


def site_days(ends_at: time, zone_name: str) -> "SiteDays":
    """Return how a site tells its days; the machine's zone where no zone has that name."""
    from taptill.domain.reports.business_days import BusinessDays  # noqa: PLC0415 - as above
    from taptill.journal.back_office.shifts import SiteDays  # noqa: PLC0415

    zone = named_zone(zone_name)
    return SiteDays(BusinessDays(ends_at, zone), zone_name if zone else "")
