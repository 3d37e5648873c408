"""Lists all customers who meet some filters, page by page."""

from collections.abc import AsyncIterator, Sequence

from taptill.backend.rows import StaffCustomer, parse_id, parse_staff_customer
from taptill.backend.select import Filter, where
from taptill.backend.staff.client import PATIENCE_S, StaffClient
from taptill.domain.errors import MalformedError, UsageError

PAGE_ROWS = 500


async def all_customers(
    client: StaffClient, filters: Sequence[Filter]
) -> AsyncIterator[StaffCustomer]:
    """Yield all customers who meet the filters, in order of id; raises for an unreadable row."""
    last_id, select = 0, client.select
    while True:
        all_filters = [where("id", ">", last_id), *filters]
        rows = await select.rows(all_filters, PAGE_ROWS, patience_s=PATIENCE_S)
        if not last_id and not rows and await select.is_blind():
            raise UsageError(problem="this token sees no customers at all")
        if rows and parse_id(rows[0]) <= last_id:
            raise MalformedError(detail="pages repeat")
        for row in rows:
            yield parse_staff_customer(row, client.money)
        if len(rows) < PAGE_ROWS:
            return
        last_id = parse_id(rows[-1])
