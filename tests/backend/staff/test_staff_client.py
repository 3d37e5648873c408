"""Staff's functions over real HTTP: each write is done at most once, and its outcome is told."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.backend.conftest import READ_TIMEOUT_S, RecordedHealth, row
from tests.fakes.backend import LOST_REPLY, LOST_REQUEST, PREFIX, Canned, FakeBackend, SentRequest

from taptill.backend.rows import MoneyFormat, StaffCustomer
from taptill.backend.select import Dialect
from taptill.backend.staff.changes import NewCustomer
from taptill.backend.staff.client import REMOVED_MAX, RESULTS_MAX, StaffClient
from taptill.backend.transport import ConnectionSettings, Transport
from taptill.domain.card_id import CardId
from taptill.domain.errors import (
    ClashError,
    MalformedError,
    RefusedError,
    UnauthorisedError,
    UnknownOutcomeError,
    UnreachableError,
    UsageError,
)

ADA, BEN = row(7, email="ada@example.org"), row(8, name="Ben", externalId="X8")
NEW = NewCustomer("Grace", CardId("04FF"), external_id="X9")
Work = Callable[[StaffClient], Awaitable[Any]]


async def do(backend: FakeBackend, work: Work, company_id: int | None = None) -> Any:
    access = ConnectionSettings(backend.url, read_timeout_s=READ_TIMEOUT_S)
    health = RecordedHealth()
    transport = Transport(access, health.dated)
    client = StaffClient(transport, Dialect(PREFIX, MoneyFormat(2), company_id), health)
    try:
        return await work(client)
    finally:
        await client.close()


def sent(backend: FakeBackend, verb: str) -> list[Any]:
    """Return the bodies of the requests with this verb."""
    return [request.body for request in backend.requests if f"/{verb}" in request.path]


def on(verb: str, *answers: str | Canned) -> Callable[[SentRequest], str | Canned | None]:
    """Return a rule that answers the first requests with this verb with these faults."""
    left = list(answers)
    return lambda request: left.pop(0) if f"/{verb}" in request.path and left else None


FINDS: dict[str, tuple[Work, list[int]]] = {
    "by a card": (lambda one: one.by_card(CardId("04A7")), [7]),
    "by a card that nobody has": (lambda one: one.by_card(CardId("FFFF")), []),
    "by a part of the name": (lambda one: one.by_name("byr"), [7]),
    "by a pattern": (lambda one: one.by_name("B%"), [7, 8]),
    "by the office's key": (lambda one: one.by_external_id("X8"), [8]),
}


@pytest.mark.parametrize(("work", "ids"), FINDS.values(), ids=FINDS)
async def test_customers_are_found(work: Work, ids: list[int]) -> None:
    async with FakeBackend([ADA, BEN]) as backend:
        result = await do(backend, work)
    assert [row.customer.id for row in result.customers] == ids
    assert (result.unreadable, result.has_more) == ([], False)


async def test_the_office_sees_what_a_till_does_not_ask_for() -> None:
    async with FakeBackend(
        [row(7, email="ada@example.org", paymentCard="**1", company=3)]
    ) as backend:
        ada = await do(backend, lambda office: office.by_id(7))
    assert (ada.email, ada.payment_card, ada.company_id) == ("ada@example.org", "**1", 3)


async def test_a_name_is_asked_for_with_wild_cards_and_many_are_cut_off() -> None:
    async with FakeBackend([row(number) for number in range(1, 150)]) as backend:
        result = await do(backend, lambda office: office.by_name("Ada"))
    (body,) = sent(backend, "select")
    assert body["conditions"]["filters"][0]["value"] == "%Ada%"
    assert (len(result.customers), result.has_more) == (RESULTS_MAX, True)


async def test_a_row_that_makes_no_sense_hides_nobody() -> None:
    async with FakeBackend([ADA, row(8, totalDebt="much")]) as backend:
        result = await do(backend, lambda office: office.by_name("Ada"))
        assert ([customer.customer.id for customer in result.customers], result.unreadable) == (
            [7],
            [8],
        )
        with pytest.raises(MalformedError, match="customer 8: totalDebt is no figure"):
            await do(backend, lambda office: office.by_id(8))


async def test_nobody_is_no_answer_from_a_token_that_sees_nobody() -> None:
    async with FakeBackend() as backend:
        for work in (FINDS["by a card"][0], lambda office: office.by_id(7)):
            with pytest.raises(UsageError, match=r"sees nobody|sees no cust"):
                await do(backend, work)


@pytest.mark.parametrize("work", [FINDS["by a card"][0], lambda one: one.by_id(9)], ids=["=", "in"])
async def test_a_server_that_ignores_conditions_finds_nobody(work: Work) -> None:
    async with FakeBackend([BEN]) as backend:
        backend.ignored = frozenset({"conditions"})
        with pytest.raises(MalformedError, match="ignores conditions"):
            await do(backend, work)


async def test_reads_go_again_for_a_person_who_waits() -> None:
    async with FakeBackend([ADA], Canned("{}", 503), Canned("{}", 429)) as backend:
        assert (await do(backend, lambda office: office.by_id(7))).customer.name == "Ada Byron"


# --- insert --------------------------------------------------------------------------------------


async def test_a_newcomer_is_made_once_and_shown() -> None:
    async with FakeBackend([ADA]) as backend:
        customer = await do(backend, lambda office: office.insert(NEW), company_id=3)
    (body,) = sent(backend, "insert")
    assert body["fields"] == [
        {"name": "Grace", "cardId": "04FF", "externalId": "X9", "company": {"id": 3}}
    ]
    assert (customer.customer.name, customer.customer.card_id) == ("Grace", "04FF")


ANSWERED = {
    "no row": Canned("[]", 201),
    "nothing": Canned("", 204),
    "a word": Canned('"done"', 201),
    "a row without an id": Canned('[{"name": "Grace"}]', 201),
}


@pytest.mark.parametrize("answer", ANSWERED.values(), ids=ANSWERED)
async def test_a_newcomer_is_looked_for_where_the_answer_shows(answer: Canned) -> None:
    async with FakeBackend([ADA]) as backend:
        stored_row = row(9, name="Grace", cardId="04FF", externalId="X9")

        def rule(request: SentRequest) -> Canned | None:
            if not request.path.endswith("/insert"):
                return None
            backend.rows[9] = stored_row
            return answer

        backend.rule = rule
        assert (await do(backend, lambda office: office.insert(NEW))).customer.id == 9
        assert len(sent(backend, "insert")) == 1


@pytest.mark.parametrize("new", [NEW, NewCustomer("Grace", CardId(""), external_id="X9")])
async def test_an_insert_without_an_answer_is_found_and_not_repeated(new: NewCustomer) -> None:
    """The reply is lost after the insert: a search by card or externalId finds the customer."""
    async with FakeBackend([ADA]) as backend:
        backend.rule = on("insert", LOST_REPLY)
        assert (await do(backend, lambda office: office.insert(new))).customer.name == "Grace"
        assert len(sent(backend, "insert")) == 1
        assert len(backend.rows) == 2


LOST: dict[str, str | Canned] = {
    "the request was lost": LOST_REQUEST,
    "the server broke": Canned("{}", 500),
    "it was too much": Canned("{}", 429),
    "a success with a failure inside": Canned('{"success": false}', 201),
    "a captive portal": Canned("<html>"),
    "it was sent elsewhere": Canned("", 307),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_an_insert_that_cannot_be_found_is_not_repeated_and_said(fault: str | Canned) -> None:
    async with FakeBackend([ADA]) as backend:
        backend.rule = on("insert", fault)
        with pytest.raises(UnknownOutcomeError, match="not there yet; look again"):
            await do(backend, lambda office: office.insert(NEW))
        assert len(sent(backend, "insert")) == 1


async def test_who_came_in_between_with_that_card_is_not_taken_for_the_newcomer() -> None:
    async with FakeBackend([ADA]) as backend:

        def rule(request: SentRequest) -> Canned | None:
            if not request.path.endswith("/insert"):
                return None
            backend.rows[9] = row(9, name="Somebody", cardId="04FF")
            return Canned("{}", 500)

        backend.rule = rule
        with pytest.raises(UnknownOutcomeError):
            await do(backend, lambda office: office.insert(NEW))


TAKEN: dict[str, tuple[NewCustomer, str]] = {
    "the card": (NewCustomer("Grace", CardId("04A7")), "customer 7 has this card"),
    "the office's key": (NewCustomer("Grace", CardId(""), external_id="X8"), "has this externalId"),
}


@pytest.mark.parametrize(("new", "words"), TAKEN.values(), ids=TAKEN)
async def test_nobody_is_made_who_has_what_another_has(new: NewCustomer, words: str) -> None:
    async with FakeBackend([ADA, BEN]) as backend:
        with pytest.raises(UsageError, match=words):
            await do(backend, lambda office: office.insert(new))
        assert sent(backend, "insert") == []


async def test_a_backend_that_knows_no_returning_is_asked_without() -> None:
    async with FakeBackend([ADA]) as backend:
        backend.rule = on("insert", Canned('{"error": {"code": "unknown-key"}}', 400))
        assert (await do(backend, lambda office: office.insert(NEW))).customer.name == "Grace"
        assert ["returning" in body for body in sent(backend, "insert")] == [True, False]


REFUSALS: dict[str, tuple[Canned, type[Exception]]] = {
    "no rights": (Canned("{}", 403), UnauthorisedError),
    "a wrong token": (Canned("{}", 401), UnauthorisedError),
    "the card is taken": (Canned('{"error": {"code": "card-taken"}}', 409), RefusedError),
    "unprocessable": (Canned('{"error": {"message": "Ada"}}', 422), RefusedError),
}


@pytest.mark.parametrize(("answer", "error"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refused_insert_is_not_repeated(answer: Canned, error: type[Exception]) -> None:
    async with FakeBackend([ADA]) as backend:
        backend.rule = on("insert", answer)
        with pytest.raises(error) as refusal:
            await do(backend, lambda office: office.insert(NEW))
        assert "Ada" not in str(refusal.value)
        assert len(sent(backend, "insert")) == 1


# --- changes -------------------------------------------------------------------------------------

CHANGES: dict[str, tuple[Work, dict[str, Any]]] = {
    "a card is bound": (lambda one: one.bind_card(7, CardId("0B")), {"cardId": "0B"}),
    "a card is taken away": (lambda one: one.bind_card(7, CardId("")), {"cardId": None}),
    "somebody is blocked": (lambda one: one.block(7, blocked=True), {"isBlocked": True}),
}


@pytest.mark.parametrize(("work", "fields"), CHANGES.values(), ids=CHANGES)
async def test_on_the_plain_api_only_that_field_is_sent_when(
    work: Work, fields: dict[str, Any]
) -> None:
    async with FakeBackend([ADA]) as backend:
        await do(backend, work)
        assert sent(backend, "update") == [{"fields": fields}]
        assert backend.rows[7].items() >= fields.items()


@pytest.mark.parametrize(("work", "fields"), CHANGES.values(), ids=CHANGES)
async def test_a_lost_answer_is_looked_up_and_not_repeated_when(
    work: Work, fields: dict[str, Any]
) -> None:
    async with FakeBackend([ADA]) as backend:
        backend.rule = lambda request: None if "/update/" not in request.path else Canned("{}", 500)
        with pytest.raises(UnknownOutcomeError, match="HTTP 500"):
            await do(backend, work)
        assert len(sent(backend, "update")) == 1

        def applied(request: SentRequest) -> Canned | None:
            if "/update/" not in request.path:
                return None
            backend.rows[7].update(fields)
            return Canned("<html>", 502)

        backend.rule = applied
        await do(backend, work)
        assert len(sent(backend, "update")) == 2


VERSIONS = {
    "the version": (4, {"version": True}, {"field": "version", "comparator": "=", "value": 4}),
    "the stamp": (
        None,
        {},
        {"field": "updatedAt", "comparator": "=", "value": "2026-03-02T09:00:00.000Z"},
    ),
}


@pytest.mark.parametrize(("version", "offers", "condition"), VERSIONS.values(), ids=VERSIONS)
async def test_where_it_is_offered_an_update_is_conditioned_on(
    version: int | None, offers: dict[str, bool], condition: dict[str, Any]
) -> None:
    async with FakeBackend([{**ADA, "version": version} if version else ADA]) as backend:
        backend.capabilities = {"conditional_update": True, **offers}
        await do(backend, lambda office: office.block(7, blocked=True))
        (body,) = sent(backend, "update")
    assert body["conditions"] == {"operator": "and", "filters": [condition]}


async def test_a_row_that_a_till_changed_meanwhile_is_read_and_changed_again() -> None:
    clash = Canned('{"error": {"code": "condition-not-met"}, "row": {"id": 7}}', 409)
    async with FakeBackend([{**ADA, "version": 4}]) as backend:
        backend.capabilities = {"conditional_update": True, "version": True}
        backend.rule = on("update", clash, clash)
        customer = await do(backend, lambda office: office.block(7, blocked=True))
        assert customer.customer.blocked
        assert len(sent(backend, "update")) == 3
        backend.rule = lambda request: clash if "/update/" in request.path else None
        with pytest.raises(ClashError):
            await do(backend, lambda office: office.block(7, blocked=False))


async def test_a_row_that_is_not_as_expected_is_left_alone() -> None:
    """What was decided on an old row is not done to a newer one, nor after a clash."""

    def unblocked(found: StaffCustomer) -> bool:
        return not found.customer.blocked

    async with FakeBackend([{**ADA, "version": 4}]) as backend:
        backend.capabilities = {"conditional_update": True, "version": True}

        def blocked_meanwhile(request: SentRequest) -> Canned | None:
            if "/update/" not in request.path:
                return None
            backend.rows[7]["isBlocked"] = True
            return Canned('{"error": {"code": "condition-not-met"}, "row": {"id": 7}}', 409)

        backend.rule = blocked_meanwhile
        with pytest.raises(ClashError):
            await do(backend, lambda one: one.bind_card(7, CardId("04F0"), unblocked))
        with pytest.raises(ClashError):
            await do(backend, lambda one: one.block(7, blocked=False, expected=unblocked))
        assert len(sent(backend, "update")) == 1


@pytest.mark.parametrize("said", ["yes", "nothing"])
async def test_where_the_look_fails_after_an_update_nobody_says_that_nothing_was_changed(
    said: str,
) -> None:
    async with FakeBackend([ADA]) as backend:

        def then_away(request: SentRequest) -> str | Canned | None:
            if "/update/" in request.path:
                backend.rule = lambda _: Canned("<html>no customers here</html>")
                return Canned("[]") if said == "yes" else LOST_REPLY
            return None

        backend.rule = then_away
        with pytest.raises(UnknownOutcomeError, match="the look at the row failed"):
            await do(backend, lambda one: one.block(7, blocked=True))


async def test_a_backend_that_says_yes_and_does_nothing_is_found_out() -> None:
    async with FakeBackend([ADA]) as backend:
        backend.rule = lambda request: Canned("[]") if "/update/" in request.path else None
        with pytest.raises(MalformedError, match="the row is as it was"):
            await do(backend, lambda office: office.block(7, blocked=True))


@pytest.mark.parametrize("kept", ["04f0", "04F0   "])
async def test_a_card_that_the_backend_spells_in_its_own_way_is_bound(kept: str) -> None:
    """It keeps small letters, or fills a column of a fixed width with blanks."""
    async with FakeBackend([ADA]) as backend:

        def spelled(request: SentRequest) -> Canned | None:
            if "/update/" not in request.path:
                return None
            backend.rows[7]["cardId"] = kept
            return Canned("[]")

        backend.rule = spelled
        bound = await do(backend, lambda one: one.bind_card(7, CardId("04F0")))
        assert bound.customer.card_id == kept


async def test_nobody_says_that_nothing_was_changed_where_the_row_is_neither_old_nor_new() -> None:
    def has_old_card(found: StaffCustomer) -> bool:
        return found.customer.card_id == "04A7"

    async with FakeBackend([ADA]) as backend:

        def changed_again(request: SentRequest) -> Canned | None:
            if "/update/" not in request.path:
                return None
            backend.rows[7]["cardId"] = "0B0B0B0B"
            return Canned("[]")

        backend.rule = changed_again
        with pytest.raises(UnknownOutcomeError):
            await do(backend, lambda one: one.bind_card(7, CardId("04F0"), has_old_card))


async def test_a_card_that_another_has_is_not_bound() -> None:
    async with FakeBackend([ADA, BEN]) as backend:
        with pytest.raises(UsageError, match="customer 8 has this card"):
            await do(backend, lambda office: office.bind_card(7, CardId("04A8")))
        assert sent(backend, "update") == []
        await do(backend, lambda office: office.bind_card(7, CardId("04A7")))  # their own


# --- remove --------------------------------------------------------------------------------------


async def test_exactly_the_customers_named_are_removed() -> None:
    async with FakeBackend([ADA, BEN, row(9)]) as backend:
        await do(backend, lambda office: office.remove([7, 9]))
        (body,) = sent(backend, "remove")
        assert list(backend.rows) == [8]
    id_conditions = {"field": "id", "comparator": "in", "value": [7, 9]}
    assert body == {"conditions": {"operator": "and", "filters": [id_conditions]}}


@pytest.mark.parametrize("ids", [[], list(range(1, REMOVED_MAX + 2))], ids=["none", "too many"])
async def test_nobody_is_removed_without_a_name_nor_in_a_crowd(ids: list[int]) -> None:
    async with FakeBackend([ADA]) as backend:
        with pytest.raises(UsageError, match="by their ids"):
            await do(backend, lambda office: office.remove(ids))
        assert backend.requests == []


async def test_one_unknown_id_and_nobody_is_removed() -> None:
    async with FakeBackend([ADA]) as backend:
        with pytest.raises(UsageError, match="no customer 99"):
            await do(backend, lambda office: office.remove([7, 99]))
        assert sent(backend, "remove") == []


async def test_a_server_that_ignores_conditions_is_never_told_to_remove() -> None:
    async with FakeBackend([ADA, BEN, row(9)]) as backend:
        backend.ignored = frozenset({"conditions"})
        with pytest.raises(MalformedError, match="ignores conditions"):
            await do(backend, lambda office: office.remove([7]))
        assert sent(backend, "remove") == []


async def test_a_removal_without_an_answer_is_looked_up() -> None:
    async with FakeBackend([ADA, BEN]) as backend:
        backend.rule = on("remove", LOST_REPLY)
        await do(backend, lambda office: office.remove([7]))
        assert list(backend.rows) == [8]
    async with FakeBackend([ADA, BEN]) as backend:
        backend.rule = on("remove", LOST_REQUEST)
        with pytest.raises(UnknownOutcomeError):
            await do(backend, lambda office: office.remove([7]))
        assert len(sent(backend, "remove")) == 1


async def test_nothing_is_sent_where_nobody_listens() -> None:
    async with FakeBackend([ADA]) as backend:
        pass
    with pytest.raises(UnreachableError):
        await do(backend, lambda office: office.block(7, blocked=True))
