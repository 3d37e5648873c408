"""Authentication, the permissions of roles, the size of bodies, and what no answer reveals."""

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fakes.service import RunningService
from tests.service.conftest import CUSTOMERS, Api, equals, where

SECRET = "Ada.Lovelace@secret.example"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic x", "bearer", "Bearer \xff"])
@pytest.mark.parametrize("path", [f"{CUSTOMERS}/select", "/core/data/Nobody/select"])
def test_without_a_valid_token_everything_is_a_401(
    service: RunningService, path: str, header: str
) -> None:
    answer = httpx.post(
        service.url + path, content=b"{", headers={b"Authorization": header.encode("latin-1")}
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "unauthorised"


@pytest.mark.parametrize("role", ["till", "office"])
def test_capabilities_tell_either_role(
    role: str, till: Api, office: Api, service: RunningService
) -> None:
    api = till if role == "till" else office
    capabilities = ("conditional_update", "version", "increment", "ilike", "count", "leaving")
    difference = ("request", "totals")
    status = {**dict.fromkeys((*capabilities, *difference), True), "currency": "EUR", "digits": 2}
    assert api.http.get("/core/capabilities").json() == status
    assert httpx.get(f"{service.url}/core/capabilities").status_code == 401


def test_health_needs_no_token(service: RunningService) -> None:
    assert httpx.get(f"{service.url}/healthz").json() == {"ok": True}


FORBIDDEN: dict[str, tuple[str, Any, str]] = {
    "insert": ("insert", {"fields": [{"name": "x"}]}, ""),
    "remove": ("remove", {"conditions": where(equals("id", 1))}, ""),
    "a name": ("update/1", {"fields": {"totalDebt": 1, "name": "x"}}, "fields.name"),
    "a block": ("update/1", {"fields": {"isBlocked": False}}, "fields.isBlocked"),
}


@pytest.mark.parametrize("case", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_till_may_not_write_anything_but_money_and_marks(
    till: Api, case: tuple[str, Any, str]
) -> None:
    verb, body, path = case
    status, answer = till.post(f"{CUSTOMERS}/{verb}", body)
    assert (status, answer["error"]["code"], answer["error"]["path"]) == (403, "forbidden", path)


CARDS_FORBIDDEN: dict[str, tuple[str, Any, str]] = {
    **{name: case for name, case in FORBIDDEN.items() if name != "a block"},
    "a name": ("update/1", {"fields": {"isBlocked": True, "name": "x"}}, "fields.name"),
    "money": ("update/1", {"fields": {"totalDebt": 1}}, "fields.totalDebt"),
    "marks": ("update/1", {"fields": {"debtData": None}}, "fields.debtData"),
    "more money": ("update/1", {"fields": {"totalDebt": {"increment": 1}}}, "fields.totalDebt"),
    "the removed": ("select", {"removed": True}, "removed"),
}


@pytest.mark.parametrize("case", CARDS_FORBIDDEN.values(), ids=CARDS_FORBIDDEN.keys())
def test_a_token_for_cards_may_not_write_anything_else(
    cards: Api, case: tuple[str, Any, str]
) -> None:
    verb, body, path = case
    status, answer = cards.post(f"{CUSTOMERS}/{verb}", body)
    assert (status, answer["error"]["code"], answer["error"]["path"]) == (403, "forbidden", path)


def test_a_token_for_cards_writes_card_and_block_and_sees_what_a_till_sees(
    cards: Api, office: Api, new_card: Callable[[], str]
) -> None:
    row_id, card = office.insert(), new_card()
    assert cards.update(row_id, {"fields": {"cardId": card, "isBlocked": True}})[0] == 200
    row = cards.row(row_id)
    assert (row["cardId"], row["isBlocked"]) == (card, True)
    assert {"email", "paymentCard"}.isdisjoint(row)
    assert cards.post("/core/data/CustomerChanges/select", {})[0] == 404


PLACES = {
    "an unknown entity": ("POST", "/core/data/Orders/select", 404),
    "an unknown verb": ("POST", f"{CUSTOMERS}/drop", 404),
    "update without an id": ("POST", f"{CUSTOMERS}/update", 404),
    "select with an id": ("POST", f"{CUSTOMERS}/select/7", 404),
    "another prefix": ("POST", "/api/core/data/Customers/select", 404),
    "a get": ("GET", f"{CUSTOMERS}/select", 405),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_wrong_address_is_a_json_error(office: Api, place: tuple[str, str, int]) -> None:
    method, path, status = place
    answer = office.http.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "path"}


def test_a_body_over_one_mebibyte_is_a_413(till: Api) -> None:
    """A body of exactly the limit is read, one byte more is rejected."""
    text = '{"limit": 1}'
    at_bound = text.ljust(1024 * 1024)
    assert till.post(f"{CUSTOMERS}/select", at_bound)[0] == 200
    status, answer = till.post(f"{CUSTOMERS}/select", at_bound + " ")
    assert (status, answer["error"]["code"]) == (413, "too-large")


def test_a_client_that_goes_away_in_the_middle_harms_nobody(
    service: RunningService, till: Api
) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST {CUSTOMERS}/select HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
        connection.sendall(f"{head}Authorization: Bearer {service.token}\r\n\r\n{{".encode())
    assert till.select(limit=1)


LEAKS: dict[str, Any] = {
    "a value in a filter": {"conditions": where(equals("totalDebt", SECRET))},
    "a value to write": {"fields": {"email": SECRET, "company": SECRET}},
    "a card that is taken": {"fields": {"email": SECRET, "cardId": "62E3086CED"}},
}


@pytest.mark.parametrize("body", LEAKS.values(), ids=LEAKS.keys())
def test_no_error_repeats_personal_values(office: Api, body: Any) -> None:
    row_id = office.insert()
    answer = office.http.post(f"{CUSTOMERS}/update/{row_id}", json={"fields": {}, **body})
    assert answer.status_code in {400, 409}
    assert SECRET not in answer.text
    assert "62E3086CED" not in answer.text
