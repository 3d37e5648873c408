"""Customers are removed with a decision on their money, restored and erased, with an audit log."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.service.conftest import CUSTOMERS, Api, equals, where

from taptill.service.database import create_database
from taptill.service.store import Store

ACTS = "/core/data/CustomerChanges"
LEDGER = "/core/data/CustomerDebtChanges"


def of(row_id: int) -> dict[str, Any]:
    return {"conditions": where(equals("id", row_id))}


def select_fields(api: Api, entity: str, row_id: int, *fields: str) -> list[dict[str, Any]]:
    body = {"fields": dict.fromkeys(fields, True), "orderBy": [{"field": "id"}]}
    status, rows = api.post(
        f"{entity}/select", {**body, "conditions": where(equals("customer.id", row_id))}
    )
    assert status == 200, rows
    assert isinstance(rows, list)
    return rows


def test_a_customer_with_money_is_not_removed_unless_it_is_said_what_becomes_of_it(
    office: Api,
) -> None:
    owing, ahead, even = (office.insert(totalDebt=total) for total in (12.5, -3, 0))
    body = {"conditions": where({"field": "id", "comparator": "in", "value": [owing, ahead, even]})}
    status, answer = office.post(f"{CUSTOMERS}/remove", body)
    error = answer["error"]
    assert (status, error["code"], error["path"]) == (409, "money-left", "money")
    assert (error["count"], error["owed"], error["inAdvance"]) == (2, Decimal("12.50"), 3)
    assert "2 customers have or owe money: 12.50 owed, 3.00 in advance" in error["message"]
    assert office.row(owing)["totalDebt"] == Decimal("12.5")
    assert office.post(f"{CUSTOMERS}/remove", of(even))[0] == 200


@pytest.mark.parametrize(("money", "left"), [("keep", "12.50"), ("clear", "0.00")])
def test_money_is_kept_on_the_removed_row_or_booked_away(
    office: Api, money: str, left: str
) -> None:
    row_id = office.insert(totalDebt=12.5)
    members = {
        "money": money,
        "reason": "paid in cash",
        "returning": {"id": True, "totalDebt": True},
    }
    status, rows = office.post(f"{CUSTOMERS}/remove", {**of(row_id), **members})
    assert (status, rows) == (200, [{"id": row_id, "totalDebt": Decimal("12.50")}])
    status, rows = office.post(f"{CUSTOMERS}/select", {**of(row_id), "removed": True})
    assert str(rows[0]["totalDebt"]) == left
    entries = select_fields(office, LEDGER, row_id, "to", "reason")
    assert entries[-1] == (
        {"to": 0, "reason": "paid in cash"}
        if money == "clear"
        else {"to": Decimal("12.50"), "reason": None}
    )
    status, answer = office.post(f"{CUSTOMERS}/remove", {**of(row_id), "money": "burn"})
    assert (status, answer["error"]["path"]) == (400, "money")


def test_money_that_moved_since_it_was_shown_is_not_cleared_unseen(till: Api, office: Api) -> None:
    """A sale between the question and the answer makes it a 409 with the new sums."""
    first, second = office.insert(totalDebt=12.5), office.insert()
    conditions = where({"field": "id", "comparator": "in", "value": [first, second]})
    totals = [{"id": first, "totalDebt": 12.5}]
    sale = {"fields": {"totalDebt": 3}, "conditions": where(equals("version", 1))}
    assert till.update(second, sale)[0] == 200
    for money in ("clear", "keep"):
        body = {"conditions": conditions, "money": money, "totals": totals}
        status, answer = office.post(f"{CUSTOMERS}/remove", body)
        error = answer["error"]
        assert (status, error["code"], error["path"]) == (409, "money-moved", "totals")
        assert (error["count"], error["owed"], error["inAdvance"]) == (2, Decimal("15.50"), 0)
    assert office.row(first)["totalDebt"] == Decimal("12.5")
    totals.append({"id": second, "totalDebt": 3})
    body = {"conditions": conditions, "money": "clear", "totals": totals}
    assert office.post(f"{CUSTOMERS}/remove", body)[0] == 200


TOTALS: dict[str, tuple[Any, str]] = {
    "no list": (12.5, "totals"),
    "no object": ([12.5], "totals[0]"),
    "no id": ([{"totalDebt": 1}], "totals[0].id"),
    "no figure": ([{"id": 1, "totalDebt": "1"}], "totals[0].totalDebt"),
    "no figure at all": ([{"id": 1}], "totals[0].totalDebt"),
    "another key": ([{"id": 1, "totalDebt": 1, "sum": 1}], "totals[0].sum"),
}


@pytest.mark.parametrize("case", TOTALS.values(), ids=TOTALS)
def test_totals_that_are_none_are_refused(office: Api, case: tuple[Any, str]) -> None:
    totals, path = case
    row_id = office.insert()
    status, answer = office.post(f"{CUSTOMERS}/remove", {**of(row_id), "totals": totals})
    assert (status, answer["error"]["path"]) == (400, path)


def test_who_was_removed_is_brought_back_with_card_and_money(
    office: Api, new_card: Callable[[], str]
) -> None:
    card = new_card()
    row_id = office.insert(cardId=card, totalDebt=2, name="Ada")
    before = office.row(row_id)
    assert office.post(f"{CUSTOMERS}/remove", {**of(row_id), "money": "keep"})[0] == 200
    assert office.post(f"{CUSTOMERS}/restore", of(row_id)) == (200, [{"id": row_id}])
    row = office.row(row_id)
    assert row["updatedAt"] > before["updatedAt"]
    new_values = {"updatedAt", "version"}
    assert {key: row[key] for key in row.keys() - new_values} == {
        key: before[key] for key in row.keys() - new_values
    }
    assert office.post(f"{CUSTOMERS}/restore", of(row_id)) == (200, [])


def test_nobody_is_brought_back_whose_card_somebody_else_has_by_now(
    office: Api, new_card: Callable[[], str]
) -> None:
    card = new_card()
    row_id = office.insert(cardId=card)
    office.post(f"{CUSTOMERS}/remove", of(row_id))
    new_holder = office.insert(cardId=card)
    status, answer = office.post(f"{CUSTOMERS}/restore", of(row_id))
    assert (status, answer["error"]["code"]) == (409, "card-taken")
    assert f"another customer has the card of {row_id} by now" in answer["error"]["message"]
    office.update(new_holder, {"fields": {"cardId": None}})
    assert office.post(f"{CUSTOMERS}/restore", of(row_id))[0] == 200


def test_of_two_who_had_one_card_only_one_is_brought_back(
    office: Api, new_card: Callable[[], str]
) -> None:
    card = new_card()
    row_ids = []
    for _ in range(2):
        row_ids.append(office.insert(cardId=card))
        office.post(f"{CUSTOMERS}/remove", of(row_ids[-1]))
    conditions = {"conditions": where({"field": "id", "comparator": "in", "value": row_ids})}
    status, answer = office.post(f"{CUSTOMERS}/restore", conditions)
    assert (status, answer["error"]["code"]) == (409, "card-taken")
    assert office.post(f"{CUSTOMERS}/restore", of(row_ids[0]))[0] == 200


def test_erasing_forgets_a_removed_person_and_keeps_the_ledger(
    office: Api, new_card: Callable[[], str]
) -> None:
    secret = {"name": "Ada Secret", "email": "ada@secret.example", "externalId": "S-1"}
    row_id = office.insert(cardId=new_card(), totalDebt=4, paymentCard="**** 1234", **secret)
    office.update(row_id, {"fields": {"name": "Ada Secret-Neu"}})
    assert office.post(f"{CUSTOMERS}/erase", of(row_id)) == (200, [])  # she is still here
    office.post(f"{CUSTOMERS}/remove", {**of(row_id), "money": "clear"})
    shape = {"returning": {"id": True, "name": True, "email": True, "cardId": True}}
    status, rows = office.post(f"{CUSTOMERS}/erase", {**of(row_id), **shape})
    assert (status, rows) == (
        200,
        [{"id": row_id, "name": "erased", "email": None, "cardId": None}],
    )
    assert [entry["to"] for entry in select_fields(office, LEDGER, row_id, "to")] == [4, 0]
    acts = select_fields(office, ACTS, row_id, "act", "before", "after")
    assert [entry["act"] for entry in acts] == ["insert", "update", "remove", "erase"]
    assert {entry["before"] for entry in acts} | {entry["after"] for entry in acts} == {None}
    assert office.post(f"{CUSTOMERS}/select", {**of(row_id), "removed": True}) == (200, [])
    assert office.post(f"{CUSTOMERS}/restore", of(row_id)) == (200, [])


def test_what_was_erased_is_in_no_corner_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "customers.db"
    store = Store(create_database(path))
    customers = store.entities["Customers"]
    people = [{"name": f"Secret Person {number}"} for number in range(50)]
    store.insert(customers, {"fields": people})
    everybody = {"conditions": where({"field": "id", "comparator": ">", "value": 0})}
    for verb in ("remove", "erase"):
        store.submit(store.customer_change(customers, verb, None, everybody, "office")).result()
    log = path.with_name(f"{path.name}-wal")  # the service still runs
    assert b"Secret Person" not in path.read_bytes() + log.read_bytes()
    store.engine.dispose()


def test_who_did_what_is_kept_with_what_stood_there_before(office: Api) -> None:
    row_id = office.insert(name="Ada")
    body = {"fields": {"name": "Ada B", "isBlocked": True, "company": {"id": 1}}, "staff": "Jo"}
    assert office.update(row_id, body)[0] == 200
    office.update(row_id, {"fields": {"totalDebt": {"increment": 1}}})
    fields = ("act", "who", "staff", "before", "after")
    first, second = select_fields(office, ACTS, row_id, *fields)
    assert (first["act"], first["who"], first["staff"]) == ("insert", "office", None)
    assert second == {
        "act": "update",
        "who": "office",
        "staff": "Jo",
        "before": {"name": "Ada", "isBlocked": False, "company": None},
        "after": {"name": "Ada B", "isBlocked": True, "company": {"id": 1}},
    }


@pytest.mark.parametrize("verb", ["restore", "erase"])
def test_a_till_may_do_nothing_of_it(till: Api, verb: str) -> None:
    status, answer = till.post(f"{CUSTOMERS}/{verb}", of(1))
    assert (status, answer["error"]["code"]) == (403, "forbidden")


LEAST: dict[str, tuple[str, dict[str, Any], int]] = {
    "an e-mail address": (CUSTOMERS, {"fields": {"email": True}}, 400),
    "a payment card": (CUSTOMERS, {"fields": {"paymentCard": True}}, 400),
    "an address by a condition": (CUSTOMERS, {"conditions": where(equals("email", "a"))}, 400),
    "an address by the order": (CUSTOMERS, {"orderBy": [{"field": "email"}]}, 400),
    "an address by the ledger": (LEDGER, {"fields": {"customer": {"email": True}}}, 400),
    "who was removed": (CUSTOMERS, {"removed": True}, 403),
    "who did what": (ACTS, {}, 404),
}


@pytest.mark.parametrize("case", LEAST.values(), ids=LEAST)
def test_a_till_is_not_told(till: Api, case: tuple[str, dict[str, Any], int]) -> None:
    entity, body, code = case
    status, answer = till.post(f"{entity}/select", {"limit": 1, **body})
    assert status == code, answer


def test_a_till_is_told_nothing_of_removed_customers_by_the_ledger(till: Api, office: Api) -> None:
    row_id = office.insert(name="Ada", totalDebt=1)
    assert len(select_fields(till, LEDGER, row_id, "to")) == 1
    office.post(f"{CUSTOMERS}/remove", {**of(row_id), "money": "keep"})
    assert select_fields(till, LEDGER, row_id, "to", "customer") == []
    assert len(select_fields(office, LEDGER, row_id, "to")) == 1


def test_a_till_gets_no_hidden_field_without_naming_any(till: Api, office: Api) -> None:
    """A till sees removed customers neither in a selection nor in the row of a rejected update."""
    row_id = office.insert(email="ada@secret.example", paymentCard="**** 1234")
    (row,) = till.select(**of(row_id))
    assert row.keys().isdisjoint({"email", "paymentCard"})
    clash = {"fields": {"totalDebt": 1}, "conditions": where(equals("version", 99))}
    status, answer = till.update(row_id, clash)
    assert status == 409
    assert answer["row"].keys() == row.keys()
    status, answer = till.update(row_id, {**clash, "returning": {"email": True}})
    assert status == 400


CARDS = {
    "4111 1111 1111 1111": False,
    "4111-1111-1111-1111": False,
    "378282246310005": False,
    "4111111111111": False,
    "411111******1111": True,
    "**** 1111": True,
    "Visa 1111": True,
}


@pytest.mark.parametrize("card", CARDS)
def test_a_payment_card_is_masked_or_refused(office: Api, card: str) -> None:
    row_id = office.insert()
    status, answer = office.update(row_id, {"fields": {"paymentCard": card}})
    assert status == (200 if CARDS[card] else 400), answer
    if not CARDS[card]:
        assert answer["error"]["path"] == "fields.paymentCard"
        assert card not in str(answer)
