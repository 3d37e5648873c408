"""What an office may do on a backend that offers less, or whose answer is lost."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.backend.conftest import row
from tests.backend.staff.test_office import ADA, do, on, sent
from tests.fakes.backend import LOST_REPLY, Asked, Canned, FakeBackend

from taptill.backend.staff.accounts import Accounts
from taptill.backend.staff.leaving import Leaving
from taptill.backend.staff.listing import every
from taptill.backend.staff.office import Office, spellings
from taptill.domain.errors import MalformedError, UnknownOutcomeError, UsageError
from taptill.domain.money import Money

Work = Callable[[Office], Awaitable[Any]]
OFFERS = {"increment": True, "version": True, "conditional_update": True}
ENTRY = '{"id": %d, "at": "2026-03-01T10:00:00Z", "who": "office", "from": 10, "to": %s, %s}'
MINE = '"reason": "cash"'


def ledger(*entries: str) -> Callable[[Asked], Canned | None]:
    text = f"[{', '.join(entries)}]"
    return lambda asked: Canned(text) if "CustomerDebtChanges" in asked.path else None


NOT_OFFERED: dict[str, Work] = {
    "an increment": lambda one: Accounts(one).book(7, Money(-5), "cash"),
    "money cleared at a removal": lambda one: Leaving(one).remove([7], "clear", None),
    "who was removed": lambda one: Leaving(one).removed(),
    "a restore": lambda one: Leaving(one).restore([7]),
    "an erasure": lambda one: Leaving(one).erase([7]),
}


@pytest.mark.parametrize("work", NOT_OFFERED.values(), ids=NOT_OFFERED)
async def test_what_a_backend_does_not_offer_is_refused_before_anything_is_sent(work: Work) -> None:
    async with FakeBackend([ADA]) as backend:
        with pytest.raises(UsageError, match="this backend"):
            await do(backend, work)
        assert [one.path for one in backend.asked if "capabilities" not in one.path] == []


async def test_a_plain_backend_is_told_nothing_of_money_or_staff_at_a_removal() -> None:
    async with FakeBackend([ADA]) as backend:
        await do(backend, lambda one: Leaving(one).remove([7], "keep", None))
        (body,) = sent(backend, "remove")
    assert set(body) == {"conditions"}


async def test_a_payment_whose_answer_is_lost_is_found_in_the_ledger_and_never_sent_again() -> None:
    async with FakeBackend([ADA]) as backend:
        backend.offers = OFFERS
        before, after = ledger(ENTRY % (3, 10, MINE)), ledger(ENTRY % (4, 5, MINE))
        lost = on("update", LOST_REPLY)
        backend.rule = lambda asked: (
            lost(asked) or (after if sent(backend, "update") else before)(asked)
        )
        paid = await do(backend, lambda one: Accounts(one).book(7, Money(-500), "cash"))
        assert paid.customer.id == 7
        (body,) = sent(backend, "update")
    assert body == {"fields": {"totalDebt": {"increment": -5}}, "reason": "cash"}


OTHERS = {
    "nothing": "",
    "an older one of the same amount": ENTRY % (3, 5, MINE),
    "another amount": ENTRY % (4, 6, MINE),
    "another reason": ENTRY % (4, 5, '"reason": null'),
}


@pytest.mark.parametrize("entry", OTHERS.values(), ids=OTHERS)
async def test_a_payment_that_is_not_in_the_ledger_is_unknown(entry: str) -> None:
    async with FakeBackend([ADA]) as backend:
        backend.offers = OFFERS
        before, after = ledger(ENTRY % (3, 10, MINE)), ledger(*([entry] if entry else []))
        lost = on("update", LOST_REPLY)
        backend.rule = lambda asked: (
            lost(asked) or (after if sent(backend, "update") else before)(asked)
        )
        with pytest.raises(UnknownOutcomeError, match="taptill customers history 7"):
            await do(backend, lambda one: Accounts(one).book(7, Money(-500), "cash"))
        assert len(sent(backend, "update")) == 1


async def test_a_backend_without_a_ledger_says_so() -> None:
    async with FakeBackend([ADA], Canned('{"error": {"code": "not-found"}}', 404)) as backend:
        with pytest.raises(UsageError, match="keeps no ledger"):
            await do(backend, lambda one: Accounts(one).history(7))


async def test_names_are_asked_for_in_their_usual_spellings_where_capitals_count() -> None:
    """A person types `byron` and means Byron; and an umlaut may be two characters there."""
    people = [row(1, name="Byron"), row(2, name="BYRON"), row(3, name="Jo\u0308rg")]
    async with FakeBackend(people) as backend:
        backend.like_minds_case = True
        found = await do(backend, lambda one: one.by_name("byron"))
        assert [one.customer.id for one in found.customers] == [1, 2]
        found = await do(backend, lambda one: one.by_name("jörg"))
        assert [one.customer.id for one in found.customers] == [3]


def test_a_pattern_has_few_spellings() -> None:
    assert spellings("%a%") == ["%a%", "%A%"]
    assert len(spellings("%jörg müller%")) == 6


async def test_a_list_that_repeats_pages_ends() -> None:
    """A server that ignores `id > last` would go on for ever."""
    async with FakeBackend([row(number) for number in range(1, 1100)]) as backend:
        backend.ignored = frozenset({"conditions"})

        async def everybody(one: Office) -> int:
            return len([found async for found in every(one, [])])

        with pytest.raises(MalformedError, match="pages repeat"):
            await do(backend, everybody)
        backend.ignored = frozenset()
        assert await do(backend, everybody) == 1099
