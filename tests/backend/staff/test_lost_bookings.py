"""A booking whose answer, or the look after it, is lost: whoever reads that must not pay twice."""

import pytest
from tests.backend.staff.test_desk_of_other_backends import BOOKED, OFFERS, OURS, ledger
from tests.backend.staff.test_staff_client import ADA, BEN, do, on, sent
from tests.fakes.backend import LOST_REPLY, Canned, FakeBackend, SentRequest

from taptill.backend.staff.changes import NewCustomer
from taptill.backend.staff.client import StaffClient
from taptill.backend.staff.ledger import LedgerClient
from taptill.domain.card_id import CardId
from taptill.domain.errors import UnknownOutcomeError, UsageError
from taptill.domain.money import Money

AWAY = Canned("busy", 503, {"Retry-After": "60"})


def is_select(asked: SentRequest) -> bool:
    """Tell a look from a write and from the question what is offered."""
    return "/select" in asked.path


@pytest.mark.parametrize("offers", [OURS, OFFERS], ids=["ours", "of another kind"])
async def test_a_booking_is_no_failure_where_the_look_after_it_fails(
    offers: dict[str, bool],
) -> None:
    """Its answer was heard: an error would have it repeated, under another id."""
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = offers
        backend.rule = lambda asked: AWAY if is_select(asked) and sent(backend, "update") else None
        paid = await do(backend, lambda one: LedgerClient(one).book(7, Money(-500), "cash"))
        assert paid is None
        assert len(sent(backend, "update")) == 1


async def test_a_customer_who_is_made_is_told_of_where_the_look_after_it_fails() -> None:
    """Without a card or a key nothing would keep a second one from being made."""
    async with FakeBackend([ADA]) as backend:
        backend.rule = lambda asked: AWAY if is_select(asked) and sent(backend, "insert") else None
        with pytest.raises(UnknownOutcomeError, match=r"customer 8 is made, do not repeat it"):
            await do(backend, lambda one: one.insert(NewCustomer("Grace", CardId(""))))
        assert len(sent(backend, "insert")) == 1


LEDGERS = {"is away": AWAY, "is none": Canned('{"error": {"code": "not-found"}}', 404)}


@pytest.mark.parametrize("ledger_says", LEDGERS.values(), ids=LEDGERS)
async def test_a_lost_answer_names_the_id_where_the_ledger_cannot_be_asked(
    ledger_says: Canned,
) -> None:
    """A backend that dies in the middle does both: without the id nobody could repeat it."""
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = OURS
        lost = on("update", LOST_REPLY)
        backend.rule = lambda asked: (
            lost(asked) or (ledger_says if "CustomerDebtChanges" in asked.path else None)
        )
        with pytest.raises(UnknownOutcomeError) as unknown:
            await do(backend, lambda one: LedgerClient(one).book(7, Money(-500), "cash", "r-1"))
    words = str(unknown.value)
    assert "repeat it with --request r-1" in words
    assert "it is not in the ledger" not in words


async def test_a_booking_that_the_ledger_has_is_no_failure_where_the_look_after_it_fails() -> None:
    async with FakeBackend([ADA]) as backend:
        backend.capabilities = OURS
        lost, entries = on("update", LOST_REPLY), ledger(BOOKED)
        backend.rule = lambda asked: (
            lost(asked)
            or entries(asked)
            or (AWAY if is_select(asked) and sent(backend, "update") else None)
        )
        assert (
            await do(backend, lambda one: LedgerClient(one).book(7, Money(-500), "c", "r-1"))
            is None
        )


@pytest.mark.parametrize(("customer", "amount"), [(8, -500), (7, -600)])
async def test_the_id_of_another_booking_is_refused_where_the_answer_is_lost_too(
    customer: int, amount: int
) -> None:
    """The ledger has the id, and it is not ours: this one was never booked."""
    async with FakeBackend([ADA, BEN]) as backend:
        backend.capabilities = OURS
        lost, entries = on("update", LOST_REPLY), ledger(BOOKED)
        backend.rule = lambda asked: lost(asked) or entries(asked)
        with pytest.raises(UsageError, match="is another booking"):
            await do(
                backend, lambda one: LedgerClient(one).book(customer, Money(amount), "cash", "r-1")
            )


@pytest.mark.parametrize("leaving", [True, False])
async def test_a_backend_that_keeps_the_person_with_a_booking_is_told_who_it_is(
    *, leaving: bool
) -> None:
    """Though it keeps nothing else that staff do: this machine keeps no second record of it."""

    async def book(one: StaffClient) -> None:
        one.staff = "Jo"
        await LedgerClient(one).book(7, Money(-500), "cash")

    async with FakeBackend([ADA]) as backend:
        backend.capabilities = {**OURS, "leaving": leaving}
        await do(backend, book)
        (body,) = sent(backend, "update")
    assert body["staff"] == "Jo"
