"""Every shape that a server of this kind was seen to answer in, the one customer out: over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.backend.conftest import Connected, Dial, row
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


async def seen(line: Connected) -> Snapshot:
    finding = await line.api.find(CARD)
    assert isinstance(finding, Found), finding
    return finding.snapshot


@pytest.mark.parametrize("wrap", ENVELOPES.values(), ids=ENVELOPES)
async def test_the_rows_may_come_as(dial: Dial, wrap: Wrap) -> None:
    line = await dial(row(7))
    line.backend.wrap = wrap
    assert (await seen(line)).customer.id == 7
    assert (await line.api.page(0, 10)).ids == (7,)
    assert isinstance(await line.api.read_row(7), Snapshot)


@pytest.mark.parametrize("wrap", ENVELOPES.values(), ids=ENVELOPES)
async def test_the_echo_of_an_update_may_come_as(dial: Dial, wrap: Wrap) -> None:
    line = await dial(ENROLLED)
    snapshot = await read(line)
    line.backend.wrap = wrap
    echo = await line.api.update_row(sale(snapshot))
    assert isinstance(echo, Applied)
    assert echo.row is not None
    assert echo.row.total == 1320


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
async def test_any_2xx_is_a_yes_and_an_empty_body_is_no_rows(dial: Dial, status: int) -> None:
    line = await dial()
    line.backend.always = Canned("", status)
    assert (await line.api.page(0, 10)).ids == ()


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
    dial: Dial, fields: dict[str, Any], is_read: Callable[[Snapshot], bool]
) -> None:
    line = await dial(row(7, **fields))
    assert is_read(await seen(line))


@pytest.mark.parametrize("name", ["name", "company", "externalId", "default", "isCreditAllowed"])
async def test_a_row_may_lack(dial: Dial, name: str) -> None:
    line = await dial({key: value for key, value in row(7).items() if key != name})
    assert (await seen(line)).customer.id == 7


async def test_ids_as_text_are_the_same_ids(dial: Dial) -> None:
    text = json.dumps([row(7) | {"id": "7", "version": "4"}])
    line = await dial()
    line.backend.always = Canned(text)
    assert (await seen(line)).version == 4
    assert (await line.api.page(0, 10)).ids == (7,)


INSIDE = ['{"success": false}', '{"error": true}', '{"error": {"code": "x"}, "data": []}']


@pytest.mark.parametrize("text", INSIDE)
async def test_a_failure_inside_a_success_is_no_page_and_an_unknown_outcome(
    dial: Dial, text: str
) -> None:
    line = await dial(ENROLLED)
    snapshot = await read(line)
    line.backend.always = Canned(text)
    with pytest.raises(MalformedError, match="a failure inside"):
        await line.api.page(0, 10)
    assert isinstance(await line.api.update_row(sale(snapshot)), OutcomeUnknown)


async def test_a_body_of_ten_megabytes_is_refused_and_the_next_answer_is_taken(dial: Dial) -> None:
    line = await dial(row(7), Canned(json.dumps([row(7, x="y" * 10_000_000)])))
    with pytest.raises(MalformedError, match="longer than 8 MB"):
        await line.api.page(0, 10)
    assert (await line.api.page(0, 10)).ids == (7,)


async def test_a_token_does_not_travel_to_where_a_redirect_points(dial: Dial) -> None:
    async with FakeBackend([row(7)]) as elsewhere:
        line = await dial()
        for status in (301, 302, 303, 307, 308):
            line.backend.always = Canned("", status, {"Location": f"{elsewhere.url}/x"})
            with pytest.raises(MalformedError, match="a token must not go"):
                await line.api.page(0, 10)
            assert await line.api.read_row(7) == NoAnswer("backend-malformed")
    assert elsewhere.lines_seen == 0


async def test_html_from_a_200_is_said_to_be_no_answer_of_our_server(dial: Dial) -> None:
    line = await dial()
    line.backend.always = Canned("\n<!doctype html><p>Log in, please")
    with pytest.raises(MalformedError, match=r"not the Customers API's answer.* a web page"):
        await line.api.page(0, 10)
