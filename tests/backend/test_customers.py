"""The till's client of the Customers API over real HTTP."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.backend.conftest import Connect, row
from tests.fakes.backend import HTML, LOST_REPLY, OK, SILENCE, Canned

from taptill.backend.by_id import find_by_id
from taptill.domain.card_id import CardId
from taptill.domain.decision import Ambiguous, Found, LookupResult, NotFound, Unreachable
from taptill.domain.errors import BackendError, MalformedError, RefusedError, UnauthorisedError
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import NoAnswer, RowNotFound, RowUnreadable

ADA, BEN = row(7), row(8, name="Ben")
DOWN = Canned("{}", 503)
DENIED = Canned('{"error": {"code": "token"}}', 401)
REFUSED = Canned('{"error": {"code": "unknown-field"}}', 400)
PASSING = Canned('{"error": "current transaction is aborted (25P02)"}', 400)


def kind(finding: LookupResult) -> type:
    return type(finding)


async def test_the_one_customer_of_a_card_is_found_whole(connect: Connect) -> None:
    harness = await connect(ADA, BEN)
    finding = await harness.api.find(CardId("04A7"))
    assert isinstance(finding, Found)
    assert (finding.snapshot.customer.id, finding.snapshot.total, finding.age_s) == (
        7,
        Decimal(1000),
        0,
    )
    (request,) = harness.backend.requests
    assert request.path == "/api/core/data/Customers/select"
    assert request.body["conditions"]["filters"] == [
        {"field": "cardId", "comparator": "=", "value": "04A7"}
    ]
    assert request.body["fields"]["company"] == {"id": True, "name": True}
    assert "email" not in request.body["fields"]
    assert harness.health.results == ["ok"]


FOUND: dict[str, tuple[list[dict[str, Any]], LookupResult | type]] = {
    "two share the card": ([ADA, row(8, cardId="04A7")], Ambiguous),
    "one whose row is not readable": ([row(7, totalDebt="much")], Unreachable),
    "two, and one is not readable": ([ADA, row(8, cardId="04A7", isBlocked="?")], Unreachable),
}


@pytest.mark.parametrize(("rows", "expected"), FOUND.values(), ids=FOUND)
async def test_find_says(connect: Connect, rows: list[dict[str, Any]], expected: type) -> None:
    harness = await connect(*rows)
    assert kind(await harness.api.find(CardId("04A7"))) is expected
    assert harness.health.results == ["ok"]  # the backend answers, whatever the rows are


async def test_one_row_that_comes_twice_is_one_customer(connect: Connect) -> None:
    harness = await connect(Canned(f"[{ROW_TEXT}, {ROW_TEXT}]"))
    assert kind(await harness.api.find(CardId("04A7"))) is Found


ROW_TEXT = '{"id": 7, "cardId": "04A7", "isBlocked": false, "totalDebt": 10}'


async def test_an_empty_answer_is_proof_only_from_a_token_that_sees_rows(connect: Connect) -> None:
    harness = await connect(ADA)
    assert kind(await harness.api.find(CardId("FFFF"))) is NotFound
    assert len(harness.backend.requests) == 2
    assert kind(await harness.api.find(CardId("FFFE"))) is NotFound
    assert len(harness.backend.requests) == 3  # it remembers that the token sees rows
    blind = await connect()
    assert kind(await blind.api.find(CardId("FFFF"))) is Unreachable
    assert blind.api.sees_nothing


async def test_a_server_that_ignores_conditions_has_not_answered(connect: Connect) -> None:
    harness = await connect(Canned(f"[{ROW_TEXT}]"))
    assert kind(await harness.api.find(CardId("FFFF"))) is Unreachable


SPELLED: dict[str, tuple[str, str, bool]] = {
    "small letters for capitals": ("62e3086ced", "62E3086CED", True),
    "capitals for small letters": ("04A7", "04a7", True),
    "a blank at the end": ("04A7 ", "04A7", True),
    "both": ("04a7  ", "04A7", True),
    "no letters of base 16, but of one size": ("KEY-17", "key-17", True),
    "letters that may be base 64": ("aBx9", "AbX9", False),
    "a UID in letters of both sizes": ("62E3086CeD", "62e3086ced", True),
    "letters of one size each, that may be base 64 all the same": ("QXYZ", "qxyz", False),
    "digits of base 16, fewer than a UID has, of both sizes": ("aBcD", "AbCd", False),
    "another card": ("04A8", "04A7", False),
}


@pytest.mark.parametrize("case", SPELLED.values(), ids=SPELLED)
async def test_c13_the_one_customer_is_taken_where_only_the_spelling_differs(
    connect: Connect, case: tuple[str, str, bool]
) -> None:
    """A server whose `=` ignores capitals and blanks: MySQL or SQL Server."""
    stored_card, card_id, is_match = case
    row = ROW_TEXT.replace('"04A7"', f'"{stored_card}"')
    harness = await connect(Canned(f"[{row}]"))
    assert (kind(await harness.api.find(CardId(card_id))) is Found) is is_match
    assert (
        any("spells cards unlike" in str(warning) for warning in harness.api.warnings()) is is_match
    )


async def test_c13_a_card_that_differs_by_capitals_alone_is_nobodys_and_says_so(
    connect: Connect,
) -> None:
    """The server answered, so the till does not say that it could not be asked."""
    harness = await connect(Canned(f"[{ROW_TEXT.replace('04A7', 'aBx9')}]"))
    assert kind(await harness.api.find(CardId("AbX9"))) is NotFound
    assert "card …bX9 differs from one of the office by capitals alone" in map(
        str, harness.api.warnings()
    )


async def test_c13_where_capitals_tell_cards_apart_only_a_uid_is_taken(connect: Connect) -> None:
    """One base64 card of the site shows that other cards may be base64 too."""
    harness = await connect(
        row(6, cardId="qXyZ9"), row(7, cardId="key-17"), row(8, cardId="62e3086ced")
    )
    harness.backend.spelling = str.lower
    assert kind(await harness.api.find(CardId("KEY-17"))) is Found
    await harness.api.page(0, 10)
    assert kind(await harness.api.find(CardId("KEY-17"))) is NotFound
    assert kind(await harness.api.find(CardId("62E3086CED"))) is Found


async def test_c13_a_second_customer_who_may_be_meant_is_no_customer(connect: Connect) -> None:
    second = ROW_TEXT.replace('"id": 7', '"id": 8').replace("04A7", "04a7")
    harness = await connect(Canned(f"[{ROW_TEXT}, {second}]"), Canned(f"[{ROW_TEXT}, {second}]"))
    assert kind(await harness.api.find(CardId("04A7 "))) is Ambiguous
    # This customer's card is spelled as it was read
    assert kind(await harness.api.find(CardId("04A7"))) is Found


async def test_c13_staff_find_whom_a_till_finds(connect: Connect) -> None:
    row = json.loads((Path(__file__).parent / "c13-backend-other-case.json").read_text())
    harness = await connect(*row)
    harness.backend.spelling = str.lower
    assert kind(await harness.api.find(CardId("62E3086CED"))) is Found


TROUBLE: dict[str, tuple[str | Canned, str]] = {
    "nobody answers": (SILENCE, "backend-unreachable"),
    "the server is down": (DOWN, "backend-unreachable"),
    "the server is broken": (Canned("{}", 500), "backend-unreachable"),
    "a captive portal answers": (HTML, "backend-malformed"),
    "a captive portal sends us elsewhere": (Canned("", 302), "backend-malformed"),
    "a page says not found": (Canned("<html>", 404), "backend-malformed"),
    "the token is not accepted": (DENIED, "backend-token"),
    "the token has no rights": (Canned("", 403), "backend-token"),
    "the request is refused": (REFUSED, "backend-refused"),
    "a transaction failed before ours": (PASSING, "backend-unreachable"),
    "it is too much at once": (Canned("{}", 429), "backend-unreachable"),
    "a success holds a failure": (Canned('{"success": false}'), "backend-malformed"),
    "the answer is a word": (Canned('"hello"'), "backend-malformed"),
}


@pytest.mark.parametrize(("fault", "code"), TROUBLE.values(), ids=TROUBLE)
async def test_trouble_is_no_answer_to_a_card_and_is_noted(
    connect: Connect, fault: str | Canned, code: str
) -> None:
    harness = await connect(ADA)
    harness.backend.always = fault
    assert kind(await harness.api.find(CardId("04A7"))) is Unreachable
    assert harness.health.results == [code]
    harness.backend.always = OK
    assert kind(await harness.api.find(CardId("04A7"))) is Found


async def test_a_site_may_be_one_company_only(connect: Connect) -> None:
    harness = await connect(ADA, company_id=3)
    await harness.api.find(CardId("04A7"))
    await harness.api.select.sees_rows()
    companies = {"field": "company.id", "comparator": "=", "value": 3}
    assert all(
        companies in request.body["conditions"]["filters"] for request in harness.backend.requests
    )


# --- pages ---------------------------------------------------------------------------------------


async def test_a_page_goes_on_behind_the_last_id(connect: Connect) -> None:
    harness = await connect(*(row(number) for number in range(1, 8)))
    first = await harness.api.page(0, 3)
    second = await harness.api.page(3, 3, "2026-03-01T00:00:00+00:00")
    assert (first.ids, second.ids) == ((1, 2, 3), (4, 5, 6))
    assert [snapshot.customer.id for snapshot in second.snapshots] == [4, 5, 6]
    body = harness.backend.requests[-1].body
    assert (body["limit"], body["orderBy"]) == (3, [{"field": "id", "order": "asc"}])
    assert body["conditions"]["filters"] == [
        {"field": "id", "comparator": ">", "value": 3},
        {"field": "updatedAt", "comparator": ">", "value": "2026-03-01T00:00:00+00:00"},
    ]


async def test_a_row_that_cannot_be_read_does_not_end_a_page(connect: Connect) -> None:
    harness = await connect(row(1), row(2, totalDebt="NaN"), row(3))
    page = await harness.api.page(0, 9)
    assert page.ids == (1, 2, 3)
    assert [snapshot.customer.id for snapshot in page.snapshots] == [1, 3]


@pytest.mark.parametrize(
    ("fault", "error"),
    [(DENIED, UnauthorisedError), (REFUSED, RefusedError), (HTML, MalformedError)],
    ids=["denied", "refused", "a captive portal"],
)
async def test_a_page_that_does_not_come_is_an_error(
    connect: Connect, fault: Canned, error: type[BackendError]
) -> None:
    harness = await connect(ADA)
    harness.backend.always = fault
    with pytest.raises(error):
        await harness.api.page(0, 9)


# --- one row for settling ------------------------------------------------------------------------


async def test_a_row_is_read_whole_in_one_select(connect: Connect) -> None:
    harness = await connect(
        row(7, debtData={"taptill": {"e": "0000e90c", "t": {}}}, version=4), BEN
    )
    snapshot = await harness.api.read_row(7)
    assert (snapshot.total, snapshot.marks.epoch) == (Decimal(1000), "0000e90c")
    assert len(harness.backend.requests) == 1
    assert "version" not in harness.backend.requests[0].body["fields"]


async def test_a_removed_customer_is_gone_only_beside_another_row(connect: Connect) -> None:
    harness = await connect(ADA)
    assert await harness.api.read_row(99) == RowNotFound()
    harness.backend.rows.clear()
    assert await harness.api.read_row(99) == NoAnswer("no customer is visible")


async def test_a_customer_is_found_by_id_as_by_card(connect: Connect) -> None:
    harness = await connect(row(7), BEN)
    found = await find_by_id(harness.api, 7)
    assert isinstance(found, Found)
    assert (found.snapshot.customer.id, found.age_s) == (7, 0.0)
    assert await find_by_id(harness.api, 99) == NotFound()
    harness.backend.always = DOWN
    assert await find_by_id(harness.api, 7) == Unreachable()


UNREAD: dict[str, tuple[str | Canned, NoAnswer]] = {
    "down": (DOWN, NoAnswer("backend-unreachable")),
    "busy": (
        Canned("{}", 429, {"Retry-After": "30"}),
        NoAnswer("backend-unreachable", 30.0),
    ),
    "denied": (DENIED, NoAnswer("backend-token", access_denied=True)),
    "a captive portal": (HTML, NoAnswer("backend-malformed")),
    "refused": (REFUSED, NoAnswer("backend-refused")),
    "another row": (Canned(f"[{ROW_TEXT}]"), NoAnswer("the server ignores conditions")),
    "a row without id": (Canned('[{"x": 1}]'), NoAnswer("backend-malformed")),
}


@pytest.mark.parametrize(("fault", "answer"), UNREAD.values(), ids=UNREAD)
async def test_no_row_came(connect: Connect, fault: str | Canned, answer: NoAnswer) -> None:
    harness = await connect(BEN)
    harness.backend.always = fault
    assert await harness.api.read_row(8) == answer


async def test_a_row_that_cannot_be_read_is_that_customers_trouble_only(connect: Connect) -> None:
    harness = await connect(row(7, totalDebt="NaN"))
    assert await harness.api.read_row(7) == RowUnreadable("totalDebt is no figure")
    assert harness.health.results == ["ok"]


# --- what the service offers ---------------------------------------------------------------------

OFFERS: dict[str, tuple[Canned, Capabilities | NoAnswer]] = {
    "both": (
        Canned('{"conditional_update": true, "version": true, "more": 1}'),
        Capabilities(conditional_update=True, version=True),
    ),
    "half": (Canned('{"conditional_update": true}'), Capabilities(conditional_update=True)),
    "words": (Canned('{"conditional_update": "yes", "version": 1}'), Capabilities()),
    "not found": (Canned("{}", 404), Capabilities()),
    "a page that says not found": (Canned("<html>", 404), Capabilities()),
    "a page of the web shop": (HTML, Capabilities()),
    "a list": (Canned("[]"), Capabilities()),
    "nothing": (Canned(""), Capabilities()),
    "denied": (DENIED, NoAnswer("backend-token", access_denied=True)),
    "busy": (Canned("", 503, {"Retry-After": "9"}), NoAnswer("backend-unreachable", 9.0)),
    "moved": (Canned("", 302), NoAnswer("backend-malformed")),
}


@pytest.mark.parametrize(("answer", "offers"), OFFERS.values(), ids=OFFERS)
async def test_the_service_offers(
    connect: Connect, answer: Canned, offers: Capabilities | NoAnswer
) -> None:
    harness = await connect(answer)
    assert await harness.api.capabilities() == offers
    (request,) = harness.backend.requests
    assert (request.method, request.path) == ("GET", "/api/core/capabilities")


async def test_a_lost_answer_leaves_it_unknown(connect: Connect) -> None:
    harness = await connect(LOST_REPLY, LOST_REPLY)
    assert await harness.api.capabilities() == NoAnswer("backend-unreachable")
    assert harness.health.results == ["backend-unreachable"]


async def test_a_version_is_asked_for_only_where_it_is_offered(connect: Connect) -> None:
    harness = await connect(row(7, version=4))
    harness.backend.capabilities = {"version": True}
    await harness.api.capabilities()
    assert (await harness.api.read_row(7)).version == 4
    assert harness.backend.requests[-1].body["fields"]["version"] is True
    harness.backend.capabilities = {}
    await harness.api.capabilities()
    await harness.api.read_row(7)
    assert "version" not in harness.backend.requests[-1].body["fields"]
