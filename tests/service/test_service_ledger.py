"""Permissions to change fields, increments, and the ledger of all changes of money."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.service.conftest import CUSTOMERS, Api, equals, where

from taptill.service.fields import CUSTOMERS as ENTITY
from taptill.service.fields import OFFICE_FIELDS
from taptill.service.store import Store

CHANGES = "/core/data/CustomerDebtChanges"


def changes(api: Api, row_id: int) -> list[dict[str, Any]]:
    """Return one customer's ledger, the oldest entry first."""
    body = {
        "fields": {"who": True, "from": True, "to": True, "reason": True},
        "conditions": where(equals("customer.id", row_id)),
        "orderBy": [{"field": "id"}],
    }
    status, rows = api.post(f"{CHANGES}/select", body)
    assert status == 200, rows
    assert isinstance(rows, list)
    return rows


def increment(by: Any, **options: Any) -> dict[str, Any]:
    return {"fields": {"totalDebt": {"increment": by}}, **options}


def test_an_increment_needs_no_condition_and_is_told_with_its_reason(office: Api) -> None:
    row_id = office.insert(totalDebt=3)
    body = increment(-8.05, reason="cash at the desk", returning={"totalDebt": True})
    assert office.update(row_id, body) == (200, [{"totalDebt": Decimal("-5.05")}])
    assert changes(office, row_id) == [
        {"who": "office", "from": 0, "to": 3, "reason": None},
        {"who": "office", "from": 3, "to": Decimal("-5.05"), "reason": "cash at the desk"},
    ]


def test_an_increment_goes_with_other_fields_and_obeys_a_condition(office: Api) -> None:
    row_id = office.insert(totalDebt=3)
    body = increment(1, conditions=where(equals("version", 1)))
    body["fields"]["isBlocked"] = True
    assert office.update(row_id, body)[0] == 200
    assert office.update(row_id, body)[0] == 409
    row = office.row(row_id)
    assert (row["totalDebt"], row["isBlocked"], row["version"]) == (4, True, 2)


WRONG: dict[str, tuple[Any, str, str]] = {
    "no figure": ({"fields": {"totalDebt": {}}}, "type", "fields.totalDebt.increment"),
    "text": (increment("1"), "type", "fields.totalDebt.increment"),
    "three decimals": (increment(0.001), "type", "fields.totalDebt.increment"),
    "another key": (
        {"fields": {"totalDebt": {"increment": 1, "by": 2}}},
        "unknown-key",
        "fields.totalDebt.by",
    ),
    "a total beyond what a till believes": (
        increment(10**10),
        "range",
        "fields.totalDebt.increment",
    ),
    "of another field": ({"fields": {"name": {"increment": 1}}}, "type", "fields.name"),
    "a reason that is no text": (increment(1, reason=7), "type", "reason"),
    "a reason of 256 characters": (increment(1, reason="x" * 256), "type", "reason"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_increment_is_a_400_that_names_the_place(
    office: Api, case: tuple[Any, str, str]
) -> None:
    row_id = office.insert(totalDebt=0.01)
    body, code, path = case
    status, answer = office.update(row_id, body)
    assert (status, answer["error"]["code"], answer["error"]["path"]) == (400, code, path)
    assert office.row(row_id)["version"] == 1


def test_the_ledger_names_the_till_and_keeps_no_change_that_is_none(till: Api, office: Api) -> None:
    row_id = office.insert()
    for version, total in enumerate((5, 5, 2), start=1):
        body = {"fields": {"totalDebt": total}, "conditions": where(equals("version", version))}
        assert till.update(row_id, body)[0] == 200
    entries = [(row["who"], row["from"], row["to"]) for row in changes(till, row_id)]
    assert entries == [("till", 0, 5), ("till", 5, 2)]


def test_the_ledger_outlives_its_customer_and_shows_who_it_was(office: Api) -> None:
    row_id = office.insert(totalDebt=7, company={"id": 2})
    office.post(f"{CUSTOMERS}/remove", {"conditions": where(equals("id", row_id))})
    entry = {"customer": {"id": True, "company": {"id": True}}, "to": True}
    by_path = where(equals("customer.company.id", 2), equals("customer", {"id": row_id}))
    status, rows = office.post(f"{CHANGES}/select", {"fields": entry, "conditions": by_path})
    assert (status, rows) == (200, [{"customer": {"id": row_id, "company": {"id": 2}}, "to": 7}])


@pytest.mark.parametrize("verb", ["insert", "update/1", "remove"])
def test_nobody_writes_the_ledger(office: Api, verb: str) -> None:
    assert office.post(f"{CHANGES}/{verb}", {"fields": {"reason": "x"}})[0] == 404


NEW: dict[str, Any] = {
    "name": "Ada Byron",
    "email": "ada@example.org",
    "company": {"id": 1},
    "externalId": "K-1",
    "isBlocked": True,
    "isCreditAllowed": True,
    "totalDebt": 1,
    "debtData": {"k": 1},
    "paymentCard": "**** 1842",
    "default": True,
}
WRITABLE = [name for name, field in ENTITY.fields.items() if field.writable]
OWN = [name for name, field in ENTITY.fields.items() if not field.writable]


@pytest.mark.parametrize("name", WRITABLE)
def test_the_office_writes_every_field_and_a_till_two(
    till: Api, office: Api, new_card: Callable[[], str], name: str
) -> None:
    row_id, new = office.insert(), {**NEW, "cardId": new_card()}[name]
    body = {"fields": {name: new}, "conditions": where(equals("version", 1))}
    status, answer = till.update(row_id, body)
    if name in {"totalDebt", "debtData"}:
        assert (status, answer) == (200, [{"id": row_id}])
        body["conditions"] = where(equals("version", 2))
    else:
        assert (status, answer["error"]["path"]) == (403, f"fields.{name}")
        assert office.row(row_id)["version"] == 1
    assert office.update(row_id, body) == (200, [{"id": row_id}])


@pytest.mark.parametrize("name", OWN)
def test_nobody_writes_what_the_service_sets_itself(till: Api, office: Api, name: str) -> None:
    row_id = office.insert()
    for api, code in ((till, 403), (office, 400)):
        status, answer = api.update(row_id, {"fields": {name: 7}})
        assert (status, answer["error"]["path"]) == (code, f"fields.{name}")


@pytest.mark.parametrize("name", sorted(ENTITY.fields.keys() - OFFICE_FIELDS))
def test_both_read_every_field_that_a_till_needs(till: Api, office: Api, name: str) -> None:
    fields = {"fields": {name: True}, "limit": 1, "orderBy": [{"field": "id"}]}
    assert till.select(**fields) == office.select(**fields)


OFFICE_VERBS: dict[str, tuple[str, Any]] = {
    "insert a customer": (f"{CUSTOMERS}/insert", {"fields": [{"name": "x"}]}),
    "insert a company": ("/core/data/Companies/insert", {"fields": [{"name": "x"}]}),
    "remove": (f"{CUSTOMERS}/remove", {"conditions": where(equals("id", 10**9))}),
    "increment": (f"{CUSTOMERS}/update/{10**9}", increment(1)),
}


@pytest.mark.parametrize("case", OFFICE_VERBS.values(), ids=OFFICE_VERBS.keys())
def test_what_only_the_office_may(till: Api, office: Api, case: tuple[str, Any]) -> None:
    path, body = case
    status, answer = till.post(path, body)
    assert (status, answer["error"]["code"]) == (403, "forbidden")
    assert office.post(path, body)[0] in {200, 201}


def ledger_entries(api: Api, row_id: int) -> list[tuple[Any, Any, Any]]:
    """Return total, staff and request of a customer's ledger entries."""
    body = {
        "fields": {"to": True, "staff": True, "request": True},
        "conditions": where(equals("customer.id", row_id)),
        "orderBy": [{"field": "id"}],
    }
    status, rows = api.post(f"{CHANGES}/select", body)
    assert status == 200, rows
    return [(row["to"], row["staff"], row["request"]) for row in rows]


def test_the_ledger_keeps_the_person_and_the_senders_own_id(till: Api, office: Api) -> None:
    """A till's entries have no staff, only its token's name."""
    status, rows = office.post(
        f"{CUSTOMERS}/insert", {"fields": [{"name": "x", "totalDebt": 3}], "staff": "Jo"}
    )
    assert status == 201, rows
    row_id = rows[0]["id"]
    request = f"r-{row_id}"
    assert office.update(row_id, increment(-1, staff="Kim", request=request))[0] == 200
    body = {"fields": {"totalDebt": 4}, "conditions": where(equals("version", 2))}
    assert till.update(row_id, body)[0] == 200
    missing_keys = {"conditions": where(equals("id", row_id)), "money": "clear", "staff": "Lou"}
    assert office.post(f"{CUSTOMERS}/remove", missing_keys)[0] == 200
    assert ledger_entries(office, row_id) == [
        (3, "Jo", None),
        (2, "Kim", request),
        (4, None, None),
        (0, "Lou", None),
    ]


def test_a_till_is_told_no_person(till: Api, office: Api) -> None:
    row_id = office.insert()
    office.update(row_id, increment(1, staff="Jo", request=f"s-{row_id}"))
    for name in ("staff", "request"):
        status, answer = till.post(f"{CHANGES}/select", {"fields": {name: True}})
        assert (status, answer["error"]["code"]) == (400, "unknown-field")
    status, rows = till.post(
        f"{CHANGES}/select", {"conditions": where(equals("customer.id", row_id))}
    )
    assert (status, rows[0].keys().isdisjoint({"staff", "request"})) == (200, True)


def test_a_request_is_booked_once(office: Api) -> None:
    row_id, second = office.insert(), office.insert()
    body = increment(-5, request=f"once-{row_id}")
    assert office.update(row_id, body)[0] == 200
    for number in (row_id, second):
        status, answer = office.update(number, body)
        assert (status, answer["error"]["code"]) == (409, "request-known")
        assert "row" not in answer
    assert (office.row(row_id)["totalDebt"], office.row(second)["totalDebt"]) == (-5, 0)


def test_a_request_is_booked_once_though_both_wait_for_one_commit(store: Store) -> None:
    (row,) = store.insert(ENTITY, {"fields": [{"name": "x"}]})
    body = increment(-5, request="r")
    tries = [store.submit(store.update_change(row["id"], body, "office")) for _ in range(5)]
    faults = [future.exception() for future in tries]
    assert [str(future) for future in faults if future] == ["request-known"] * 4
    (now,) = store.select(ENTITY, {"fields": {"totalDebt": True}})
    assert now == {"totalDebt": -5}


@pytest.mark.parametrize("request_id", ["", 7, "x" * 256])
def test_an_id_that_is_none_is_refused(office: Api, request_id: Any) -> None:
    row_id = office.insert()
    status, answer = office.update(row_id, increment(1, request=request_id))
    assert (status, answer["error"]["path"]) == (400, "request")
    assert office.row(row_id)["version"] == 1
