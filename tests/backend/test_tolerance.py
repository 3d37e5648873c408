"""Every shape in which such servers were seen to answer, and the one customer in it, over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.backend.conftest import ClientHarness, Connect, row
from tests.backend.test_updates import ENROLLED, read, sale
from tests.fakes.backend import Canned, FakeBackend

from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found
from taptill.domain.errors import MalformedError
from taptill.domain.mark import Place
from taptill.settlement.requests import Applied, NoAnswer, OutcomeUnknown

CARD = CardId("04A7")
Wrap = Callable[[list[Any]], Any]

ENVELOPES: dict[str, Wrap] = {
    "a bare array": lambda found: found,
    **{f"under {key}": lambda found, key=key: {key: found} for key in ("data", "rows")},  # type: ignore[misc]
    "under items, with more beside it": lambda found: {"items": found, "total": 1, "x": None},
    "under result, with its own success": lambda found: {"result": found, "success": True},
    "one level further down": lambda found: {"data": {"items": found}, "error": None},
    "one object": lambda found: found[0],
    "one object under data": lambda found: {"data": found[0]},
}


async def seen(harness: ClientHarness) -> Snapshot:
    finding = await harness.api.find(CARD)
    assert isinstance(finding, Found), finding
    return finding.snapshot


@pytest.mark.parametrize("wrap", ENVELOPES.values(), ids=ENVELOPES)
async def test_the_rows_may_come_as(connect: Connect, wrap: Wrap) -> None:
    harness = await connect(row(7))
    harness.backend.wrap = wrap
    assert (await seen(harness)).customer.id == 7
    assert (await harness.api.page(0, 10)).ids == (7,)
    assert isinstance(await harness.api.read_row(7), Snapshot)


@pytest.mark.parametrize("wrap", ENVELOPES.values(), ids=ENVELOPES)
async def test_the_echo_of_an_update_may_come_as(connect: Connect, wrap: Wrap) -> None:
    harness = await connect(ENROLLED)
    snapshot = await read(harness)
    harness.backend.wrap = wrap
    echo = await harness.api.update_row(sale(snapshot))
    assert isinstance(echo, Applied)
    assert echo.row is not None
    assert echo.row.total == 1320


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
async def test_any_2xx_is_a_yes_and_an_empty_body_is_no_rows(connect: Connect, status: int) -> None:
    harness = await connect()
    harness.backend.always = Canned("", status)
    assert (await harness.api.page(0, 10)).ids == ()


FIELDS: dict[str, tuple[dict[str, Any], Callable[[Snapshot], bool]]] = {
    "an id as text": (
        {"id": 7, "externalId": 4711},
        lambda one: one.customer.external_id == "4711",
    ),
    "money as text": ({"totalDebt": "12.30"}, lambda one: one.total == 1230),
    "money that is null": ({"totalDebt": None}, lambda one: one.total == 0),
    "flags as text": ({"isBlocked": "true"}, lambda one: one.customer.blocked),
    "flags as numbers": ({"isBlocked": 1}, lambda one: one.customer.blocked),
    "debtData as an object": (
        {"debtData": {"taptill": {"e": "0000e90c", "t": {}}}},
        lambda one: one.marks.place is Place.TABLE and not one.marks.as_text,
    ),
    "debtData as text": (
        {"debtData": '{"taptill": {"e": "0000e90c", "t": {}}}'},
        lambda one: one.marks.place is Place.TABLE and one.marks.as_text,
    ),
    "debtData as null": ({"debtData": None}, lambda one: one.marks.place is Place.EMPTY),
    "debtData as nothing": ({"debtData": ""}, lambda one: one.marks.place is Place.EMPTY),
    "a relation as an object": ({"company": {"id": 3}}, lambda one: one.customer.company == ""),
    "a relation as an id": ({"company": 3}, lambda one: one.customer.company == ""),
    "a relation as null": ({"company": None}, lambda one: one.customer.company == ""),
    "a name in languages": (
        {"name": {"de": "Ada B.", "en": "Ada Byron"}},
        lambda one: one.customer.name == "Ada Byron",
    ),
    "keys that nobody knows": ({"x": {"y": [1, None]}}, lambda one: one.customer.id == 7),
}


@pytest.mark.parametrize(("fields", "is_read"), FIELDS.values(), ids=FIELDS)
async def test_a_row_may_have(
    connect: Connect, fields: dict[str, Any], is_read: Callable[[Snapshot], bool]
) -> None:
    harness = await connect(row(7, **fields))
    assert is_read(await seen(harness))


@pytest.mark.parametrize("name", ["name", "company", "externalId", "default", "isCreditAllowed"])
async def test_a_row_may_lack(connect: Connect, name: str) -> None:
    harness = await connect({key: value for key, value in row(7).items() if key != name})
    assert (await seen(harness)).customer.id == 7


async def test_ids_as_text_are_the_same_ids(connect: Connect) -> None:
    text = json.dumps([row(7) | {"id": "7", "version": "4"}])
    harness = await connect()
    harness.backend.always = Canned(text)
    assert (await seen(harness)).version == 4
    assert (await harness.api.page(0, 10)).ids == (7,)


INSIDE = ['{"success": false}', '{"error": true}', '{"error": {"code": "x"}, "data": []}']


@pytest.mark.parametrize("text", INSIDE)
async def test_a_failure_inside_a_success_is_no_page_and_an_unknown_outcome(
    connect: Connect, text: str
) -> None:
    harness = await connect(ENROLLED)
    snapshot = await read(harness)
    harness.backend.always = Canned(text)
    with pytest.raises(MalformedError, match="a failure inside"):
        await harness.api.page(0, 10)
    assert isinstance(await harness.api.update_row(sale(snapshot)), OutcomeUnknown)


async def test_a_body_of_ten_megabytes_is_refused_and_the_next_answer_is_taken(
    connect: Connect,
) -> None:
    harness = await connect(row(7), Canned(json.dumps([row(7, x="y" * 10_000_000)])))
    with pytest.raises(MalformedError, match="longer than 8 MB"):
        await harness.api.page(0, 10)
    assert (await harness.api.page(0, 10)).ids == (7,)


async def test_a_token_does_not_travel_to_where_a_redirect_points(connect: Connect) -> None:
    async with FakeBackend([row(7)]) as elsewhere:
        harness = await connect()
        for status in (301, 302, 303, 307, 308):
            harness.backend.always = Canned("", status, {"Location": f"{elsewhere.url}/x"})
            with pytest.raises(MalformedError, match="a token must not go"):
                await harness.api.page(0, 10)
            assert await harness.api.read_row(7) == NoAnswer("backend-malformed")
    assert elsewhere.lines_seen == 0


async def test_html_from_a_200_is_said_to_be_no_answer_of_our_server(connect: Connect) -> None:
    harness = await connect()
    harness.backend.always = Canned("\n<!doctype html><p>Log in, please")
    with pytest.raises(MalformedError, match=r"not the Customers API's answer.* a web page"):
        await harness.api.page(0, 10)
