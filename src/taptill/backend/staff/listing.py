"""Filters in, every customer who meets them out, page by page."""

from collections.abc import AsyncIterator, Sequence

from taptill.backend.rows import StaffCustomer, parse_id, parse_staff_customer
from taptill.backend.select import Filter, where
from taptill.backend.staff.client import PATIENCE_S, StaffClient
from taptill.domain.errors import MalformedError, UsageError

PAGE_ROWS = 500


async def all_customers(
    office: StaffClient, filters: Sequence[Filter]
) -> AsyncIterator[StaffCustomer]:
    """Give all customers who meet the filters, in order of id; what is unreadable is raised."""
    last, select = 0, office.select
    while True:
        wanted = [where("id", ">", last), *filters]
        rows = await select.rows(wanted, PAGE_ROWS, patience_s=PATIENCE_S)
        if not last and not rows and not await select.sees_rows():
            raise UsageError(problem="this token sees no customers at all")
        if rows and parse_id(rows[0]) <= last:
            raise MalformedError(detail="pages repeat")
        for row in rows:
            yield parse_staff_customer(row, office.money)
        if len(rows) < PAGE_ROWS:
            return
        last = parse_id(rows[-1])
