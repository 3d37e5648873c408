"""Valid queries and their answers, and invalid requests with the path in their errors."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.service.conftest import CUSTOMERS, Api, equals, where

BY_CARD = where(equals("cardId", "62E3086CED"))


def test_a_card_finds_its_customer_in_the_requested_shape(till: Api) -> None:
    fields = {"name": True, "company": {"name": True}, "totalDebt": True}
    status, rows = till.post(f"{CUSTOMERS}/select", {"fields": fields, "conditions": BY_CARD})
    assert status == 200
    assert [str(row.pop("totalDebt")) for row in rows] == ["-12.30"]
    assert rows == [{"name": "Ada Byron", "company": {"name": "Analytical Society"}}]


def test_a_customer_without_a_company_has_null_for_the_whole_tree(office: Api) -> None:
    row_id = office.insert()
    assert office.row(row_id)["company"] is None


def test_all_fields_come_where_none_are_named(office: Api) -> None:
    row = office.row(1)
    assert set(row) == {
        *("id", "name", "email", "cardId", "company", "externalId", "isBlocked"),
        *("isCreditAllowed", "totalDebt", "debtData", "paymentCard", "default"),
        *("createdAt", "updatedAt", "version"),
    }
    assert row["company"] == {"id": 1, "name": "Analytical Society", "externalId": None}


DEMO = {"field": "id", "comparator": "<=", "value": 8}


def _in(*values: Any) -> dict[str, Any]:
    return {"field": "id", "comparator": "in", "value": list(values)}


CONDITIONS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "an absent operator is and": ({"filters": [equals("isBlocked", value=True), DEMO]}, [2]),
    "or takes either": (where(equals("id", 1), equals("id", 3), operator="or"), [1, 3]),
    "in takes any of a list": (where(_in(4, 2, 9999)), [2, 4]),
    "in of nothing takes nothing": (where(_in()), []),
    "a dotted path crosses the relation": (
        where(equals("company.name", "Analytical Society"), DEMO),
        [1, 3],
    ),
    "a relation compares as it is written": (where(equals("company", {"id": 1}), DEMO), [1, 3]),
    "money compares in major units": (where(equals("totalDebt", -12.30), DEMO), [1]),
    "not equal": (where({**equals("id", 3), "comparator": "!="}, DEMO), [1, 2, 4, 5, 6, 7, 8]),
    "like wants its own percent signs": (
        where({"field": "name", "comparator": "like", "value": "Ada%"}, DEMO),
        [1],
    ),
    "is null takes no value": (
        where({"field": "company", "comparator": "is null"}, DEMO),
        [2, 4, 5, 6, 7],
    ),
    "is not null takes no value": (
        where({"field": "company.id", "comparator": "is not null"}, DEMO),
        [1, 3, 8],
    ),
    "groups nest": (
        where(DEMO, where(equals("id", 1), equals("default", value=True), operator="or")),
        [1, 5],
    ),
    "a time compares as an instant": (
        where({"field": "updatedAt", "comparator": "<", "value": "2000-01-01T01:00:00+01:00"}),
        [],
    ),
}


@pytest.mark.parametrize("case", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_conditions_find(till: Api, case: tuple[dict[str, Any], list[int]]) -> None:
    conditions, names = case
    rows = till.select(fields={"id": True}, conditions=conditions, orderBy=[{"field": "id"}])
    assert [row["id"] for row in rows] == names


def test_order_goes_by_several_fields_and_pages(till: Api) -> None:
    by = [{"field": "isCreditAllowed", "order": "desc"}, {"field": "totalDebt"}]
    query = {"fields": {"id": True}, "conditions": where(DEMO), "orderBy": by}
    assert till.select(**query, limit=3) == [{"id": 4}, {"id": 7}, {"id": 2}]
    assert till.select(**query, limit=2, offset=2) == [{"id": 2}, {"id": 8}]


def test_no_filters_are_no_condition_and_the_limit_is_100(till: Api) -> None:
    assert len(till.select(conditions={"filters": []})) == 100


def deep(levels: int) -> dict[str, Any]:
    return where(deep(levels - 1)) if levels else equals("id", 1)


WRONG_SELECTIONS: dict[str, tuple[Any, str, str]] = {
    "the body is a list": ([], "type", ""),
    "the body has an extra key": ({"field": {}}, "unknown-key", "field"),
    "the body is no JSON": ("{", "invalid-json", ""),
    "the body is empty": ("", "invalid-json", ""),
    "the body is not UTF-8": (b'{"fields": "\xff"}', "invalid-json", ""),
    "NaN is no number": ('{"limit": NaN}', "invalid-json", ""),
    "Infinity is no number": ('{"limit": -Infinity}', "invalid-json", ""),
    "an exponent beyond all bounds": (f'{{"limit": 1e{"9" * 30}}}', "invalid-json", ""),
    "a number of 5000 digits": (f'{{"limit": {"9" * 5000}}}', "invalid-json", ""),
    "40 lists in each other": ("[" * 40 + "]" * 40, "too-deep", ""),
    "100,000 lists in each other": ("[" * 100_000 + "]" * 100_000, "too-deep", ""),
    "an unknown field": ({"fields": {"nmae": True}}, "unknown-field", "fields.nmae"),
    "a field that is not true": ({"fields": {"name": 1}}, "type", "fields.name"),
    "a tree under a plain field": ({"fields": {"name": {"id": True}}}, "type", "fields.name"),
    "no fields at all": ({"fields": {}}, "type", "fields"),
    "an unknown field of a relation": (
        {"fields": {"company": {"vat": True}}},
        "unknown-field",
        "fields.company.vat",
    ),
    "limit nought": ({"limit": 0}, "range", "limit"),
    "limit above 1000": ({"limit": 1001}, "range", "limit"),
    "limit true": ({"limit": True}, "range", "limit"),
    "a negative offset": ({"offset": -1}, "range", "offset"),
    "an offset beyond 64 bits": ({"offset": 2**64}, "range", "offset"),
    "conditions without filters": (
        {"conditions": {"operator": "and"}},
        "type",
        "conditions.filters",
    ),
    "an unknown operator": (
        {"conditions": where(equals("id", 1), operator="xor")},
        "unknown-operator",
        "conditions.operator",
    ),
    "groups nested too deep": (
        {"conditions": deep(5)},
        "too-deep",
        "conditions" + ".filters[0]" * 4,
    ),
    "more than 100 filters": (
        {"conditions": where(*[equals("id", 1)] * 101)},
        "type",
        "conditions.filters",
    ),
    "more than 10,000 values": ({"conditions": where(_in(*range(10_000)))}, "range", "conditions"),
    "order by an unknown field": (
        {"orderBy": [{"field": "size"}]},
        "unknown-field",
        "orderBy[0].field",
    ),
    "order upwards": (
        {"orderBy": [{"field": "id", "order": "up"}]},
        "unknown-order",
        "orderBy[0].order",
    ),
    "order as an object": ({"orderBy": {"field": "id"}}, "type", "orderBy"),
}

WRONG_FILTERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown comparator": ({"comparator": "~"}, "unknown-comparator", ".comparator"),
    "a comparator that is a list": ({"comparator": ["="]}, "unknown-comparator", ".comparator"),
    "like on a number": ({"comparator": "like"}, "unknown-comparator", ".comparator"),
    "a JSON field compared": ({"field": "debtData"}, "unknown-comparator", ".comparator"),
    "an unknown field": ({"field": "id; --"}, "unknown-field", ".field"),
    "a path across no relation": ({"field": "name.id"}, "unknown-field", ".field"),
    "a path to nothing": ({"field": "company.vat"}, "unknown-field", ".field"),
    "a field that is no text": ({"field": 7}, "unknown-field", ".field"),
    "an extra key": ({"note": 1}, "unknown-key", ".note"),
    "text for a number": ({"value": "1"}, "type", ".value"),
    "true for a number": ({"value": True}, "type", ".value"),
    "null for a value": ({"value": None}, "type", ".value"),
    "a number beyond 64 bits": ({"value": 2**64}, "type", ".value"),
    "a value for is null": ({"comparator": "is null"}, "type", ".value"),
    "one bad value of a list": ({"comparator": "in", "value": [1, "2"]}, "type", ".value[1]"),
    "in without a list": ({"comparator": "in"}, "type", ".value"),
    "a time that is none": ({"field": "updatedAt", "value": "noon"}, "type", ".value"),
    "a time over the edge": (
        {"field": "updatedAt", "value": "0001-01-01T00:00:00+14:00"},
        "type",
        ".value",
    ),
}

WRONG_FIELDS: dict[str, tuple[Any, str, str]] = {
    "nothing": ({}, "type", ""),
    "a list": ([{"name": "x"}], "type", ""),
    "an unknown field": ({"nmae": "x"}, "unknown-field", ".nmae"),
    "a very long unknown field": ({"x" * 999: 1}, "unknown-field", f".{'x' * 64}…"),
    "the service's own field": ({"version": 7}, "read-only", ".version"),
    "no name": ({"name": None}, "type", ".name"),
    "a blank name": ({"name": ""}, "type", ".name"),
    "a blank card id": ({"cardId": ""}, "type", ".cardId"),
    "a null character": ({"name": "a\0"}, "type", ".name"),
    "a text of 256 characters": ({"name": "x" * 256}, "type", ".name"),
    "a number for a text": ({"name": 7}, "type", ".name"),
    "a number for a flag": ({"isBlocked": 1}, "type", ".isBlocked"),
    "no total": ({"totalDebt": None}, "type", ".totalDebt"),
    "money as text": ({"totalDebt": "1.20"}, "type", ".totalDebt"),
    "money as a flag": ({"totalDebt": True}, "type", ".totalDebt"),
    "money with three decimals": ({"totalDebt": 1.205}, "type", ".totalDebt"),
    "money beyond what a till believes": ({"totalDebt": 10**10 + 1}, "type", ".totalDebt"),
    "a relation as a bare number": ({"company": 1}, "type", ".company"),
    "a relation with more than an id": ({"company": {"id": 1, "name": "x"}}, "type", ".company"),
    "a company that there is not": ({"company": {"id": 999}}, "unknown-company", ".company.id"),
}

WRONG: dict[str, tuple[str, Any, str, str]] = {
    **{f"select: {key}": ("select", *case) for key, case in WRONG_SELECTIONS.items()},
    **{
        f"filter: {key}": (
            "select",
            {"conditions": where({**equals("id", 1), **changed})},
            code,
            f"conditions.filters[0]{path}",
        )
        for key, (changed, code, path) in WRONG_FILTERS.items()
    },
    **{
        f"update: {key}": ("update/1", {"fields": fields}, code, f"fields{path}")
        for key, (fields, code, path) in WRONG_FIELDS.items()
    },
    "update: half a surrogate pair": (
        "update/1",
        '{"fields": {"name": "\\ud800"}}',
        "type",
        "fields.name",
    ),
    "update: money with a fraction far out": (
        "update/1",
        f'{{"fields": {{"totalDebt": 1.{"0" * 60}1}}}}',
        "type",
        "fields.totalDebt",
    ),
    "update: money with a huge exponent": (
        "update/1",
        '{"fields": {"totalDebt": 1e99999999}}',
        "type",
        "fields.totalDebt",
    ),
    "update: an id that is a word": ("update/one", {"fields": {"name": "x"}}, "range", "id"),
    "update: an id beyond 64 bits": (f"update/{2**64}", {"fields": {"name": "x"}}, "range", "id"),
    "insert: nothing": ("insert", {"fields": []}, "required", "fields"),
    "insert: one object": ("insert", {"fields": {"name": "x"}}, "type", "fields"),
    "insert: no name": ("insert", {"fields": [{"email": "x"}]}, "required", "fields[0].name"),
    "insert: an id": ("insert", {"fields": [{"id": 7}]}, "read-only", "fields[0].id"),
    "remove: everybody": ("remove", {}, "required", "conditions"),
    "remove: no filter": ("remove", {"conditions": {"filters": []}}, "required", "conditions"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_request_is_a_400_that_names_the_place(
    office: Api, case: tuple[str, Any, str, str]
) -> None:
    verb, body, code, path = case
    before = office.row(1)
    status, answer = office.post(f"{CUSTOMERS}/{verb}", body)
    assert (status, answer["error"]["code"], answer["error"]["path"]) == (400, code, path)
    assert answer["error"]["message"]
    assert office.row(1) == before


def test_insert_answers_the_rows_in_the_shape_of_returning(
    office: Api, new_card: Callable[[], str]
) -> None:
    """Several rows go in at once and come back in the order given."""
    rows = [{"name": "Zoë", "cardId": new_card()}, {"name": "Aki", "company": {"id": 2}}]
    returning = {"name": True, "company": {"id": True}}
    status, answer = office.post(f"{CUSTOMERS}/insert", {"fields": rows, "returning": returning})
    assert status == 201
    assert answer == [{"name": "Zoë", "company": None}, {"name": "Aki", "company": {"id": 2}}]


def test_insert_is_all_or_nothing(office: Api, new_card: Callable[[], str]) -> None:
    card = new_card()
    rows = [{"name": "one", "cardId": card}, {"name": "two", "cardId": card}]
    status, answer = office.post(f"{CUSTOMERS}/insert", {"fields": rows})
    assert (status, answer["error"]["code"]) == (409, "card-taken")
    assert answer["error"]["path"] == "fields[1].cardId"
    assert office.select(conditions=where(equals("cardId", card))) == []


def test_a_card_is_taken_until_its_customer_is_removed(
    office: Api, new_card: Callable[[], str]
) -> None:
    card = new_card()
    first, second = office.insert(cardId=card), office.insert()
    status, answer = office.update(second, {"fields": {"cardId": card}})
    assert status == 409
    assert answer["error"]["path"] == "fields.cardId"
    assert "row" not in answer
    removal = {"conditions": where(equals("id", first))}
    assert office.post(f"{CUSTOMERS}/remove", removal) == (200, [{"id": first}])
    assert office.update(second, {"fields": {"cardId": card}}) == (200, [{"id": second}])


def test_a_removed_customer_is_gone_from_every_verb(office: Api) -> None:
    row_id = office.insert()
    removal = {"conditions": where(equals("id", row_id))}
    assert office.post(f"{CUSTOMERS}/remove", removal) == (200, [{"id": row_id}])
    assert office.select(conditions=where(equals("id", row_id))) == []
    assert office.update(row_id, {"fields": {"name": "back"}}) == (200, [])
    assert office.post(f"{CUSTOMERS}/remove", removal) == (200, [])


def test_text_of_every_script_survives(office: Api) -> None:
    name = "Łucja Ω Їжак مريم נועה 張衡 \x1b[31m\u202e👩🏽‍🔬 e\u0301"
    assert office.row(office.insert(name=name))["name"] == name
