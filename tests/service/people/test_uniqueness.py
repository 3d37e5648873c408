"""Cards and externalIds are unique among customers."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from tests.service.conftest import CUSTOMERS, Api, equals, where

_NUMBERS = count(1)


@pytest.fixture
def key() -> str:
    return f"KEY-{next(_NUMBERS)}"


def of(row_id: int) -> dict[str, Any]:
    return {"conditions": where(equals("id", row_id))}


def test_a_key_that_somebody_has_is_refused_with_who_has_it(office: Api, key: str) -> None:
    holder, second = office.insert(externalId=key), office.insert()
    for status, answer, path in (
        (*office.update(second, {"fields": {"externalId": key}}), "fields.externalId"),
        (
            *office.post(f"{CUSTOMERS}/insert", {"fields": [{"name": "x", "externalId": key}]}),
            "fields[0].externalId",
        ),
    ):
        error = answer["error"]
        assert (status, error["code"], error["path"]) == (409, "external-id-taken", path)
        assert error["customer"] == holder
        assert f"customer {holder} has this externalId: take it away there" in error["message"]
    assert office.row(second)["version"] == 1


def test_who_has_a_key_may_write_it_again_and_give_it_away(office: Api, key: str) -> None:
    holder, second = office.insert(externalId=key), office.insert()
    assert office.update(holder, {"fields": {"externalId": key, "name": "B"}})[0] == 200
    assert office.update(holder, {"fields": {"externalId": None}})[0] == 200
    assert office.update(second, {"fields": {"externalId": key}})[0] == 200


def test_two_rows_of_one_insert_have_two_keys(office: Api, key: str) -> None:
    rows = [{"name": "a", "externalId": key}, {"name": "b", "externalId": key}]
    status, answer = office.post(f"{CUSTOMERS}/insert", {"fields": rows})
    assert (status, answer["error"]["code"]) == (409, "external-id-taken")
    assert answer["error"]["path"] == "fields[1].externalId"
    assert office.select(conditions=where(equals("externalId", key))) == []


def test_an_empty_key_is_nobodys(office: Api) -> None:
    assert office.insert(externalId="") != office.insert(externalId="")


def test_a_removed_customers_key_is_free_and_keeps_her_from_coming_back(
    office: Api, key: str
) -> None:
    first = office.insert(externalId=key)
    office.post(f"{CUSTOMERS}/remove", of(first))
    second = office.insert(externalId=key)
    status, answer = office.post(f"{CUSTOMERS}/restore", of(first))
    assert (status, answer["error"]["code"]) == (409, "external-id-taken")
    assert f"has the externalId of {first} by now" in answer["error"]["message"]
    office.update(second, {"fields": {"externalId": None}})
    assert office.post(f"{CUSTOMERS}/restore", of(first))[0] == 200


def test_of_two_who_had_one_key_only_one_is_brought_back(office: Api, key: str) -> None:
    row_ids = []
    for _ in range(2):
        row_ids.append(office.insert(externalId=key))
        office.post(f"{CUSTOMERS}/remove", of(row_ids[-1]))
    conditions = {"conditions": where({"field": "id", "comparator": "in", "value": row_ids})}
    status, answer = office.post(f"{CUSTOMERS}/restore", conditions)
    assert (status, answer["error"]["code"]) == (409, "external-id-taken")
    assert office.post(f"{CUSTOMERS}/restore", of(row_ids[1]))[0] == 200


def test_a_card_that_is_taken_tells_who_has_it(office: Api, new_card: Callable[[], str]) -> None:
    card = new_card()
    holder, second = office.insert(cardId=card), office.insert()
    status, answer = office.update(second, {"fields": {"cardId": card}})
    assert (status, answer["error"]["customer"]) == (409, holder)


def left_out(field: str) -> dict[str, Any]:
    return {"field": field, "comparator": "not in", "value": []}


EVERYBODY: dict[str, Any] = {
    "an empty list to leave out": where(left_out("id")),
    "the same beside another": where(equals("name", "N. N."), left_out("id")),
    "the same within a group": where(where(left_out("externalId")), operator="or"),
    "no filter": {"filters": []},
    "no filter to choose from": {"operator": "or", "filters": []},
    "a group without a filter": where({"operator": "or", "filters": []}),
    "an empty object": {},
    "nothing": None,
}
VERBS = ["Customers/remove", "Customers/restore", "Customers/erase", "Companies/remove"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("conditions", EVERYBODY.values(), ids=EVERYBODY)
def test_a_verb_that_changes_many_takes_no_condition_that_everybody_meets(
    office: Api, verb: str, conditions: Any
) -> None:
    row_id = office.insert()
    money = {"money": "keep"} if verb == "Customers/remove" else {}
    status, answer = office.post(f"/core/data/{verb}", {"conditions": conditions, **money})
    assert status == 400, answer
    assert answer["error"]["path"].startswith("conditions")
    assert office.row(row_id)["version"] == 1


@pytest.mark.parametrize("verb", ["remove", "restore", "erase"])
def test_an_empty_list_to_choose_from_is_met_by_nobody(office: Api, verb: str) -> None:
    row_id = office.insert()
    empty_filter = {"field": "id", "comparator": "in", "value": []}
    assert office.post(f"{CUSTOMERS}/{verb}", {"conditions": where(empty_filter)}) == (200, [])
    assert office.row(row_id)["version"] == 1
