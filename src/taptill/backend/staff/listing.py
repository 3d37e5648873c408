"""Filters in, every customer who meets them out, page by page."""

from collections.abc import AsyncIterator, Sequence

from taptill.backend.rows import Details, details_of, id_of
from taptill.backend.select import Filter, where
from taptill.backend.staff.office import PATIENCE_S, Office
from taptill.domain.errors import MalformedError, UsageError

PAGE = 500


async def every(office: Office, filters: Sequence[Filter]) -> AsyncIterator[Details]:
    """Give all customers who meet the filters, in order of id; what is unreadable is raised."""
    last, select = 0, office.select
    while True:
        wanted = [where("id", ">", last), *filters]
        rows = await select.rows(wanted, PAGE, patience_s=PATIENCE_S)
        if not last and not rows and not await select.sees_rows():
            raise UsageError(problem="this token sees no customers at all")
        if rows and id_of(rows[0]) <= last:
            raise MalformedError(detail="pages repeat")
        for row in rows:
            yield details_of(row, office.form)
        if len(rows) < PAGE:
            return
        last = id_of(rows[-1])
