"""Carry out what a person decides about a case of the conflict desk."""

from dataclasses import replace

from taptill.clock import SystemClock
from taptill.domain.customer import Snapshot
from taptill.domain.errors import BackendError, ConflictOpenError, UsageError
from taptill.journal.back_office.conflicts import ConflictCase, last_attempt, open_cases
from taptill.journal.identity import age_s
from taptill.journal.queries import JournalQueries
from taptill.settlement.ports import Capabilities
from taptill.settlement.reconcile import ConflictReason, same_amount
from taptill.settlement.requests import NoAnswer, Outcome, Resolution
from taptill.wiring.sending import Sender


def case_of(queries: JournalQueries, customer: int) -> ConflictCase:
    """Return a customer's case; raise UsageError where there is none."""
    for case in open_cases(queries.connection):
        if case.position.customer_id == customer:
            return case
    raise UsageError(problem=f"customer {customer} has no case on the conflict desk")


async def resolve(
    sender: Sender, customer: int, resolution: Resolution, late_max_s: float
) -> Outcome:
    """Decide a case after reading the row again, and return the outcome.

    `late_max_s` is for how many seconds a request that was sent may still land. Errors: UsageError
    where the customer has no case; ConflictOpenError while an update with the same mark and another
    total may still land, unless the backend obeys conditions and so would refuse that update.
    """
    case_of(sender.journal.queries, customer)
    attempt = last_attempt(sender.journal.queries.connection, customer)
    if attempt is not None and not resolution.relies_on_row:
        capabilities = await sender.api.capabilities()
        left_s = late_max_s - age_s(attempt, SystemClock())
        obeys_conditions = (
            isinstance(capabilities, Capabilities) and capabilities.conditional_update
        )
        if left_s > 0 and not obeys_conditions:
            why = f"a request may still be under way: decide again in {round(left_s + 1)} s"
            raise ConflictOpenError(customer=customer, why=why)
    return await sender.settlement.resolve(customer, resolution)


async def resolve_as_last_seen(sender: Sender, customer: int, resolution: Resolution) -> Outcome:
    """Decide that the row holds what it did when its mark was last seen, and return the outcome.

    An update that still lands has the same mark and the same total, so there is no need to wait.
    """
    mark = case_of(sender.journal.queries, customer).position.row_mark
    return await sender.settlement.resolve(
        customer, replace(resolution, booked_minor=mark.total if mark else 0)
    )


async def customers_with_last_total(sender: Sender) -> list[int]:
    """Return the customers whose mark was lost while the total is exactly as last seen.

    Each row is read anew. Errors: BackendError where one cannot be read.
    """
    customers = []
    for case in open_cases(sender.journal.queries.connection):
        total = case.position.row_total
        if case.reason == ConflictReason.MARK_LOST and total is not None:
            row = await sender.api.read_row(case.position.customer_id)
            if isinstance(row, NoAnswer):
                raise BackendError(detail=f"{row.reason}; nothing was decided, try again")
            if isinstance(row, Snapshot) and same_amount(row.total, total):
                customers.append(case.position.customer_id)
    return customers
