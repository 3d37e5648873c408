"""A backend whose `=` ignores capitals and blanks (MySQL, SQL Server), at the office's commands."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.backend.conftest import row
from tests.backend.staff.test_staff_client import do
from tests.fakes.backend import FakeBackend

from taptill.backend.staff.changes import CustomerUpdate
from taptill.backend.staff.client import StaffClient
from taptill.domain.card_id import CardId
from taptill.domain.errors import MalformedError, UsageError

ADA = row(7, externalId="Mueller", cardId="aBx9")
BEN = row(8, externalId="X8", cardId="62e3086ced")

FINDS: dict[str, tuple[Callable[[StaffClient], Awaitable[Any]], list[int]]] = {
    "a key in other letters": (lambda one: one.by_external_id("mueller "), [7]),
    "a card in other letters": (lambda one: one.by_card(CardId("62E3086CED")), [8]),
    "a card that capitals tell from this one": (lambda one: one.by_card(CardId("AbX9")), []),
}


@pytest.mark.parametrize(("work", "found"), FINDS.values(), ids=FINDS)
async def test_who_is_found_is_who_was_meant(
    work: Callable[[StaffClient], Awaitable[Any]], found: list[int]
) -> None:
    async with FakeBackend([ADA, BEN]) as backend:
        backend.spelling = lambda text: text.strip().lower()
        answer = await do(backend, work)
    assert [one.customer.id for one in answer.customers] == found


async def test_a_key_that_somebody_has_in_other_letters_is_refused_with_who_it_is() -> None:
    async with FakeBackend([ADA, BEN]) as backend:
        backend.spelling = lambda text: text.strip().lower()
        with pytest.raises(UsageError, match=r"customer 7 .* has this externalId"):
            await do(backend, lambda one: one.update(8, CustomerUpdate(external_id="MUELLER")))


async def test_a_server_that_sends_somebody_else_is_still_told() -> None:
    async with FakeBackend([ADA, BEN]) as backend:
        backend.ignored = frozenset({"conditions"})
        with pytest.raises(MalformedError, match="ignores conditions"):
            await do(backend, lambda one: one.by_external_id("mueller"))
