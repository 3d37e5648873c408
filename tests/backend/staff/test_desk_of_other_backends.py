"""Staff's functions with a backend that offers less, or whose answer is lost."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.backend.conftest import row
from tests.backend.staff.test_staff_client import ADA, do, on, sent
from tests.fakes.backend import LOST_REPLY, Canned, FakeBackend, SentRequest

from taptill.backend.staff.changes import CustomerUpdate, NewCustomer
from taptill.backend.staff.client import StaffClient, spellings
from taptill.backend.staff.ledger import LedgerClient
from taptill.backend.staff.listing import all_customers
from taptill.backend.staff.removal import RemovalClient
from taptill.domain.card_id import CardId
from taptill.domain.errors import (
    MalformedError,
    MoneyMovedError,
    UnknownOutcomeError,
    UsageError,
)
from taptill.domain.money import Money

Work = Callable[[StaffClient], Awaitable[Any]]
OFFERS = {"increment": True, "version": True, "conditional_update": True}
OURS = {**OFFERS, "request": True, "leaving": True, "totals": True}
ENTRY = '{"id": %d, "at": "2026-03-01T10:00:00Z", "who": "office", "from": 10, "to": %s, %s}'
MINE = '"reason": "cash"'


def ledger(*entries: str) -> Callable[[SentRequest], Canned | None]:
    text = f"[{', '.join(entries)}]"
    return lambda asked: Canned(text) if "CustomerDebtChanges" in asked.path else None


NOT_OFFERED: dict[str, Work] = {
    "an increment": lambda one: LedgerClient(one).book(7, Money(-5), "cash"),
    "money cleared at a removal": lambda one: RemovalClient(one).remove([7], "clear", None),
    "who was removed": lambda one: RemovalClient(one).list_removed(),
    "a restore": lambda one: RemovalClient(one).restore([7]),
    "an erasure": lambda one: RemovalClient(one).erase([7]),
}


@pytest.mark.parametrize("work", NOT_OFFERED.values(), ids=NOT_OFFERED)
async def test_what_a_backend_does_not_offer_is_refused_before_anything_is_sent(work: Work) -> None:
    async with FakeBackend([ADA]) as backend:
        with pytest.raises(UsageError, match="this backend"):
            await do(backend, work)
        assert [
            request.path for request in backend.requests if "capabilities" not in request.path
        ] == []


async def test_a_plain_backend_is_told_nothing_of_money_or_staff_at_a_removal() -> None:
    async with FakeBackend([ADA]) as backend:
        await do(backend, lambda one: RemovalClient(one).remove([7], "keep", None))
        (body,) = sent(backend, "remove")
    assert set(body) == {"conditions"}


BOOKED = ENTRY % (4, 5, f'{MINE}, "request": "r-1", "staff": "Jo", "customer": {{"id": 7}}')


async def test_a_payment_whose_answer_is_lost_is_found_in_the_ledger_and_never_sent_again() -> None:
    """The request id finds the entry; nothing else does that another entry may have too."""
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = OURS
        lose_reply, entries = on("update", LOST_REPLY), ledger(BOOKED)
        backend.rule = lambda ledger_queries: lose_reply(ledger_queries) or entries(ledger_queries)
        customer = await do(
            backend, lambda item: LedgerClient(item).book(7, Money(-500), "cash", "r-1")
        )
        assert customer.customer.id == 7
        (body,) = sent(backend, "update")
        ledger_queries = [
            item.body for item in backend.requests if "CustomerDebtChanges" in item.path
        ]
    assert body == {"fields": {"totalDebt": {"increment": -5}}, "reason": "cash", "request": "r-1"}
    assert [item["conditions"]["filters"] for item in ledger_queries] == [
        [{"field": "request", "comparator": "=", "value": "r-1"}]
    ]


async def test_each_payment_has_an_id_of_its_own() -> None:
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = OURS
        for _ in range(2):
            await do(backend, lambda one: LedgerClient(one).book(7, Money(-500), "cash"))
        first, second = (body["request"] for body in sent(backend, "update"))
    assert first != second
    assert len(first) >= 16


OTHERS = {
    "nothing": "",
    "an equal one of somebody else": ENTRY % (4, 5, f'{MINE}, "request": "r-2"'),
    "an equal one without an id": ENTRY % (4, 5, MINE),
    "another amount": ENTRY % (4, 6, MINE),
    "another reason": ENTRY % (4, 5, '"reason": null'),
}
KEPT_ELSEWHERE = {"ours": OURS, "of another kind": OFFERS}


@pytest.mark.parametrize("offers", KEPT_ELSEWHERE.values(), ids=KEPT_ELSEWHERE)
@pytest.mark.parametrize("entry", OTHERS.values(), ids=OTHERS)
async def test_a_payment_that_is_not_in_the_ledger_is_unknown(
    entry: str, offers: dict[str, bool]
) -> None:
    """Without a request id an equal entry proves nothing: the outcome stays unknown."""
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = offers
        lose_reply, entries = on("update", LOST_REPLY), ledger(*([entry] if entry else []))
        backend.rule = lambda request: lose_reply(request) or entries(request)
        advice = "--request r-1" if offers is OURS else "taptill customers history 7"
        with pytest.raises(UnknownOutcomeError, match=advice):
            await do(backend, lambda one: LedgerClient(one).book(7, Money(-500), "cash", "r-1"))
        assert len(sent(backend, "update")) == 1


KNOWN = Canned('{"error": {"code": "request-known"}}', 409)


async def test_a_payment_that_is_repeated_under_its_id_was_booked_once() -> None:
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = OURS
        refuse_repeat, entries = on("update", KNOWN), ledger(BOOKED)
        backend.rule = lambda request: refuse_repeat(request) or entries(request)
        customer = await do(
            backend, lambda one: LedgerClient(one).book(7, Money(-500), "cash", "r-1")
        )
    assert customer.customer.id == 7


@pytest.mark.parametrize("amount", [-501, 500])
async def test_an_id_of_another_payment_is_refused(amount: int) -> None:
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = OURS
        refuse_repeat, entries = on("update", KNOWN), ledger(BOOKED)
        backend.rule = lambda request: refuse_repeat(request) or entries(request)
        with pytest.raises(UsageError, match="is another booking"):
            await do(backend, lambda one: LedgerClient(one).book(7, Money(amount), "cash", "r-1"))


MOVED = '{"error": {"code": "money-%s"}}'


@pytest.mark.parametrize("code", ["left", "moved"])
async def test_money_that_moved_since_it_was_shown_keeps_a_customer_from_being_removed(
    code: str,
) -> None:
    """The service refuses, and the row is read to say what is owed by now."""
    async with FakeBackend([row(7, totalDebt=Decimal("15.5"))]) as backend:
        backend.capabilities = OURS
        backend.rule = on("remove", Canned(MOVED % code, 409))
        with pytest.raises(MoneyMovedError) as error:
            await do(
                backend, lambda one: RemovalClient(one).remove([7], "clear", None, {7: Money(1250)})
            )
        (body,) = sent(backend, "remove")
    assert body["totals"] == [{"id": 7, "totalDebt": 12.5}]
    assert (error.value.fields["customer"], error.value.fields["debt"]) == (7, Money(1550))


@pytest.mark.parametrize("offers", [None, {"leaving": True}], ids=["plain", "an older service"])
async def test_a_backend_that_takes_no_sums_is_looked_at_once_more(offers: Any) -> None:
    async with FakeBackend([row(7, totalDebt=Decimal("15.5"))]) as backend:
        backend.capabilities = offers
        with pytest.raises(MoneyMovedError):
            await do(
                backend, lambda one: RemovalClient(one).remove([7], "keep", None, {7: Money(1250)})
            )
        assert sent(backend, "remove") == []
        await do(
            backend, lambda one: RemovalClient(one).remove([7], "keep", None, {7: Money(1550)})
        )
        (body,) = sent(backend, "remove")
    assert "totals" not in body


HELD: dict[str, tuple[Work, bool]] = {
    "somebody else's": (lambda one: one.update(8, CustomerUpdate(external_id="X7")), False),
    "a new customer's": (
        lambda one: one.insert(NewCustomer("C", CardId(""), external_id="X7")),
        False,
    ),
    "one's own": (
        lambda one: one.update(7, CustomerUpdate(external_id="X7", email="a@example.org")),
        True,
    ),
    "nobody's": (lambda one: one.update(8, CustomerUpdate(external_id="X9")), True),
    "one taken away": (lambda one: one.update(7, CustomerUpdate(external_id="")), True),
}


@pytest.mark.parametrize(("work", "free"), HELD.values(), ids=HELD)
async def test_a_key_that_somebody_else_has_is_refused_with_who_it_is(
    work: Work, *, free: bool
) -> None:
    people = [row(7, name="Ada Byron", externalId="X7"), row(8, name="Ben")]
    async with FakeBackend(people) as backend:
        if free:
            await do(backend, work)
            return
        words = r'customer 7 \(A. B.\) has this externalId.*customers set 7 --external-id ""'
        with pytest.raises(UsageError, match=words):
            await do(backend, work)
        assert sent(backend, "update") == sent(backend, "insert") == []


async def test_a_backend_without_a_ledger_says_so() -> None:
    async with FakeBackend([ADA]) as backend:
        missing = Canned('{"error": {"code": "not-found"}}', 404)
        backend.rule = on("CustomerDebtChanges", missing)
        with pytest.raises(UsageError, match="keeps no ledger"):
            await do(backend, lambda one: LedgerClient(one).history(7))


async def test_names_are_asked_for_in_their_usual_spellings_where_capitals_count() -> None:
    """Staff type `byron` and mean Byron; and a backend may keep an umlaut as two characters."""
    people = [row(1, name="Byron"), row(2, name="BYRON"), row(3, name="Jo\u0308rg")]
    async with FakeBackend(people) as backend:
        backend.like_minds_case = True
        result = await do(backend, lambda item: item.by_name("byron"))
        assert [item.customer.id for item in result.customers] == [1, 2]
        result = await do(backend, lambda item: item.by_name("jörg"))
        assert [item.customer.id for item in result.customers] == [3]


def test_a_pattern_has_few_spellings() -> None:
    assert spellings("%a%") == ["%a%", "%A%"]
    assert len(spellings("%jörg müller%")) == 6


async def test_a_list_that_repeats_pages_ends() -> None:
    """A server that ignores `id > last` would repeat its pages for ever."""
    async with FakeBackend([row(number) for number in range(1, 1100)]) as backend:
        backend.ignored = frozenset({"conditions"})

        async def everybody(client: StaffClient) -> int:
            return len([row async for row in all_customers(client, [])])

        with pytest.raises(MalformedError, match="pages repeat"):
            await do(backend, everybody)
        backend.ignored = frozenset()
        assert await do(backend, everybody) == 1099
