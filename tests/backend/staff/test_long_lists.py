"""A ledger and a list of who was removed, longer than one answer of the backend."""

import json

import pytest
from tests.backend.conftest import row
from tests.backend.staff.test_desk_of_other_backends import OURS
from tests.backend.staff.test_staff_client import ADA, do
from tests.fakes.backend import Canned, FakeBackend, SentRequest

from taptill.backend.staff.ledger import LedgerClient
from taptill.backend.staff.removal import RemovalClient
from taptill.domain.errors import MalformedError

ENTRIES = [
    {"id": one, "at": "2026-03-01T10:00:00Z", "who": "bar", "from": 0, "to": 1, "reason": None}
    for one in range(1, 2502)
]


def answer(asked: SentRequest, *, pages: bool) -> Canned | None:
    """Answer one page of a ledger, the newest entry first, or of who was removed, by id."""
    if "/select" not in asked.path or not isinstance(asked.body, dict):
        return None
    bounds = {one["comparator"]: one["value"] for one in asked.body["conditions"]["filters"]}
    limit = asked.body["limit"]
    if "CustomerDebtChanges" in asked.path:
        below = bounds.get("<", 10**9) if pages else 10**9
        found = [one for one in reversed(ENTRIES) if one["id"] < below]  # type: ignore[operator]
        return Canned(json.dumps(found[:limit]))
    if asked.body.get("removed"):
        above = bounds[">"] if pages else 0
        people = [row(one, totalDebt=1) for one in range(1, 2502) if one > above]
        return Canned(json.dumps(people[:limit]))
    return None


async def test_all_of_it_is_told_page_by_page() -> None:
    """A year of coffee has more entries than one answer holds."""
    async with FakeBackend([ADA]) as backend:
        backend.capabilities, backend.rule = OURS, lambda asked: answer(asked, pages=True)
        history = await do(backend, lambda one: LedgerClient(one).history(7))
        removed = await do(backend, lambda one: RemovalClient(one).list_removed())
    assert [one.id for one in history] == list(range(1, 2502))
    assert [one.customer.id for one in removed] == list(range(1, 2502))


async def test_a_server_that_repeats_its_first_page_is_no_endless_list() -> None:
    async with FakeBackend([ADA]) as backend:
        backend.capabilities, backend.rule = OURS, lambda asked: answer(asked, pages=False)
        for work in (
            lambda one: LedgerClient(one).history(7),
            lambda one: RemovalClient(one).list_removed(),
        ):
            with pytest.raises(MalformedError, match="pages repeat"):
                await do(backend, work)
