"""A customer's id in, what the backend says of the customer as a look-up has it out."""

from taptill.backend.customers import CustomersApi
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, LookupResult, NotFound, Unreachable
from taptill.settlement.requests import RowNotFound


async def find_by_id(api: CustomersApi, customer_id: int) -> LookupResult:
    """Return the customer of an id; `NotFound` only for a token that is known to see rows."""
    answer = await api.read_row(customer_id)
    if isinstance(answer, RowNotFound):
        return NotFound()
    return Found(answer, age_s=0.0) if isinstance(answer, Snapshot) else Unreachable()
