"""A row and fields in, the row as changed out: on a condition, once, and read again after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from taptill.backend.rows import StaffCustomer
from taptill.backend.select import Filter, where
from taptill.domain.errors import (
    BackendError,
    ClashError,
    MalformedError,
    UnknownOutcomeError,
    UsageError,
)

if TYPE_CHECKING:
    from taptill.backend.staff.client import StaffClient

ATTEMPTS_MAX = 5
"""A change is given up after so many attempts that each met a row changed by a till meanwhile."""

_NOT_CHANGED = "a success code, and the row is as it was"
_CHANGED_OTHERWISE = "a success code, and the row is neither as it was nor as it should be"

Expected = Callable[[StaffCustomer], bool]
"""Whether a row is as it was when somebody decided to change it."""


def anything(_: StaffCustomer) -> bool:
    """Expect nothing of a row."""
    return True


async def change_row(
    client: StaffClient,
    customer_id: int,
    fields: Mapping[str, Any],
    is_done: Callable[[StaffCustomer], bool],
    expected: Expected = anything,
) -> StaffCustomer:
    """Change a row on the condition that it is as just read, and try again where it is not.

    Raises ClashError where what was read is not as `expected`, and UnknownOutcomeError where it was
    sent and the row cannot be read then; else as the client does.
    """
    service = await client.capabilities()
    for _ in range(ATTEMPTS_MAX):
        before = await client.by_id(customer_id)
        if not expected(before):
            raise ClashError
        body: dict[str, Any] = {"fields": fields}
        if service.conditional_update:
            body["conditions"] = {"operator": "and", "filters": [_unchanged_since(before)]}
        problem: BackendError = MalformedError(detail=_NOT_CHANGED)
        try:
            await client.write(f"update/{customer_id}", body)
        except ClashError:
            continue
        except UnknownOutcomeError as fault:
            problem = fault
        after = await _row_after(client, customer_id, problem)
        if is_done(after):
            return after
        if problem.outcome_known and not expected(after):
            raise UnknownOutcomeError(detail=_CHANGED_OTHERWISE)
        raise problem
    raise ClashError


async def _row_after(client: StaffClient, customer_id: int, problem: BackendError) -> StaffCustomer:
    """Return a row after an update that may have been applied, whose outcome it shows.

    What fails here must not say that nothing was changed: the update was sent.
    """
    try:
        return await client.by_id(customer_id)
    except (BackendError, UsageError) as fault:
        sent = "the update was answered with success" if problem.outcome_known else problem
        raise UnknownOutcomeError(detail=f"{sent}; the look at the row failed: {fault}") from fault


def _unchanged_since(row: StaffCustomer) -> Filter:
    if row.snapshot.version is not None:
        return where("version", "=", row.snapshot.version)
    return where("updatedAt", "=", row.snapshot.updated_at)
