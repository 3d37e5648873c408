"""Searches by text in whatever case, counts, and unusual but valid requests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.service.conftest import CUSTOMERS, Api, equals, where
from tests.service.lists.commands import CASES, run_successfully

from taptill.service import schema
from taptill.service.database import create_database, open_database, write_transaction
from taptill.service.store import Store

DECOMPOSED = "Jo\u0308rg"


def by(field: str, comparator: str, value: Any) -> dict[str, Any]:
    return {"conditions": where({"field": field, "comparator": comparator, "value": value})}


FOUND: dict[str, tuple[str, list[str]]] = {
    "capitals and an umlaut": ("%müller%", ["MÜLLER, Anna"]),
    "an umlaut in two characters": ("%Jörg%", [f"{DECOMPOSED} Muster"]),
    "the same, asked in two characters": (f"%{DECOMPOSED.upper()}%", [f"{DECOMPOSED} Muster"]),
    "one character, whichever": ("J_rg%", [f"{DECOMPOSED} Muster"]),
    "nobody": ("%moller%", []),
}


@pytest.mark.parametrize("case", FOUND.values(), ids=FOUND)
def test_c17_names_are_found_without_regard_to_capitals_and_encoding(
    new_place: Callable[[], str], case: tuple[str, list[str]]
) -> None:
    pattern, names = case
    place = new_place()
    create_database(place).dispose()
    run_successfully("import", place, CASES / "c17-names.csv")
    store = Store(open_database(place))
    rows = store.select(store.entities["Customers"], by("name", "ilike", pattern))
    assert [row["name"] for row in rows] == names
    store.engine.dispose()


def test_a_changed_name_and_names_of_before_are_found(new_place: Callable[[], str]) -> None:
    """The searched column follows the name, and a migration fills it in older databases."""
    place = new_place()
    store = Store(create_database(place))
    customers = store.entities["Customers"]
    (row,) = store.insert(customers, {"fields": [{"name": "Émile"}]})
    assert store.select(customers, by("name", "ilike", "émile"))
    store.update(row["id"], {"fields": {"name": "ÅSA"}})
    assert not store.select(customers, by("name", "ilike", "émile"))
    with write_transaction(store.engine) as connection:
        connection.execute(schema.customers.update().values(name_folded=""))
        schema._fold_names(connection, schema.customers)
    assert store.select(customers, by("name", "ilike", "åsa"))
    store.engine.dispose()


def test_other_texts_are_found_without_regard_to_capitals_of_ascii(
    office: Api, new_card: Callable[[], str]
) -> None:
    card = new_card()
    row_id = office.insert(cardId=card, email="Ada@Example.org")
    assert [row["id"] for row in office.select(**by("cardId", "ilike", card.lower()))] == [row_id]
    rows = office.select(**by("email", "ilike", "ada@EXAMPLE.org"))
    assert row_id in [row["id"] for row in rows]
    assert office.post(f"{CUSTOMERS}/select", by("id", "ilike", "1"))[0] == 400
    assert office.post(f"{CUSTOMERS}/select", by("name", "ilike", "a\\"))[0] == 400


def test_not_in_leaves_out_and_unknown_stays_unknown(office: Api) -> None:
    numbers = [office.insert(externalId=key) for key in ("N1", "N2", None)]
    mine = {"field": "id", "comparator": "in", "value": numbers}
    without = {"field": "externalId", "comparator": "not in", "value": ["N1"]}
    rows = office.select(conditions=where(mine, without))
    assert [row["id"] for row in rows] == [numbers[1]]
    rows_without = {"field": "externalId", "comparator": "not in", "value": []}
    assert len(office.select(conditions=where(mine, rows_without))) == 3


def test_a_count_of_all_is_told_beside_a_page(office: Api) -> None:
    numbers = [office.insert() for _ in range(3)]
    body = {**by("id", "in", numbers), "fields": {"id": True}, "limit": 2, "count": True}
    status, answer = office.post(f"{CUSTOMERS}/select", body)
    assert (status, answer) == (
        200,
        {"data": [{"id": row} for row in numbers[:2]], "count": 3},
    )
    assert office.post(f"{CUSTOMERS}/select", {**body, "count": 1})[0] == 400
    rows = office.post(f"{CUSTOMERS}/select", {**body, "count": False})[1]
    assert isinstance(rows, list)


ABSENT = {
    "limit": {"limit": None},
    "offset": {"offset": None},
    "conditions": {"conditions": None},
    "empty conditions": {"conditions": {}},
    "order": {"orderBy": None},
}


@pytest.mark.parametrize("body", ABSENT.values(), ids=ABSENT)
def test_null_is_as_good_as_absent(office: Api, body: dict[str, Any]) -> None:
    assert office.select(**body) == office.select()


@pytest.mark.parametrize("empty", [None, {}])
def test_no_conditions_are_none_for_what_needs_them(office: Api, empty: Any) -> None:
    row_id = office.insert()
    body = {"fields": {"totalDebt": 1}, "conditions": empty}
    assert office.update(row_id, body)[0] == 428
    assert office.post(f"{CUSTOMERS}/remove", {"conditions": empty})[0] == 400
    assert office.update(row_id, {"fields": {"isBlocked": True}, "conditions": empty})[0] == 200


def test_c10_a_body_in_latin_1_is_named_as_that(office: Api) -> None:
    body = (Path(__file__).parent / "c10-latin1-body.json").read_bytes()
    status, answer = office.post(f"{CUSTOMERS}/insert", body)
    assert (status, answer["error"]["code"]) == (400, "invalid-json")
    assert "the body is not UTF-8 (Latin-1 is not taken)" in answer["error"]["message"]


def test_another_method_is_told_which_one_is_taken(office: Api) -> None:
    answer = office.http.get(f"{CUSTOMERS}/select")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    answer = office.http.post("/core/capabilities")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_a_selection_by_id_is_still_a_list(office: Api) -> None:
    row_id = office.insert()
    assert [row["id"] for row in office.select(conditions=where(equals("id", row_id)))] == [row_id]
