"""Updates are conditional and exact, and increase version and timestamp."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import about
from tests.fakes.service import RunningService
from tests.service.conftest import CUSTOMERS, Api, ManualClock, equals, where

from taptill.domain.mark import epoch_of
from taptill.service.database import create_database
from taptill.service.fields import CUSTOMERS as ENTITY
from taptill.service.store import Store
from taptill.service.wire import ApiError, parse, write


def test_an_update_changes_the_named_fields_and_raises_the_version(office: Api) -> None:
    row_id = office.insert(name="before", email="a@b.example")
    before = office.row(row_id)
    assert office.update(row_id, {"fields": {"name": "after"}}) == (200, [{"id": row_id}])
    after = office.row(row_id)
    assert after["updatedAt"] > before["updatedAt"]
    row = {"name": "after", "version": before["version"] + 1, "updatedAt": after["updatedAt"]}
    assert after == {**before, **row}


def test_an_update_returns_each_field_as_a_selection_shows_it(office: Api) -> None:
    """Down to the letter: SQLite itself has no booleans, and 0 is not `false`."""
    shape = {name: True for name, field in ENTITY.fields.items() if field.target is None}
    row_id = office.insert(name="before", isBlocked=True, totalDebt=3, debtData={"k": [1.50, None]})
    for fields in ({"isCreditAllowed": True}, {"isBlocked": False}, {"name": "after"}):
        path, body = f"{CUSTOMERS}/update/{row_id}", {"fields": fields, "returning": shape}
        updated = office.http.post(path, json=body)
        query = {"fields": shape, "conditions": where(equals("id", row_id))}
        selected = office.http.post(f"{CUSTOMERS}/select", json=query)
        assert updated.text == selected.text


def test_an_unknown_id_is_an_empty_list_and_no_error(office: Api) -> None:
    assert office.update(10**9, {"fields": {"totalDebt": 1}}) == (200, [])


def test_a_met_condition_lets_the_update_through(till: Api, office: Api) -> None:
    row_id = office.insert(totalDebt=3)
    body = {
        "fields": {"totalDebt": 4.5},
        "conditions": where(equals("version", 1)),
        "returning": {"totalDebt": True, "version": True},
    }
    assert till.update(row_id, body) == (200, [{"totalDebt": Decimal("4.5"), "version": 2}])


def test_a_condition_not_met_is_a_409_with_the_present_row_and_changes_nothing(
    office: Api,
) -> None:
    row_id = office.insert(totalDebt=3)
    before = office.row(row_id)
    body: dict[str, Any] = {"fields": {"totalDebt": 9}, "conditions": where(equals("version", 7))}
    status, answer = office.update(row_id, body)
    assert (status, answer["error"]["code"]) == (409, "condition-not-met")
    assert answer["row"] == before
    body["returning"] = {"version": True}
    assert office.update(row_id, body)[1]["row"] == {"version": 1}
    assert office.row(row_id) == before


def test_conditions_over_stamp_and_total_do_as_well_as_the_version(office: Api) -> None:
    row_id = office.insert(totalDebt=3)
    row = office.row(row_id)
    as_read = where(equals("updatedAt", row["updatedAt"]), equals("totalDebt", 3))
    body = {"fields": {"totalDebt": 5}, "conditions": as_read}
    assert office.update(row_id, body)[0] == 200
    assert office.update(row_id, body)[0] == 409


def test_a_condition_may_cross_the_relation(office: Api) -> None:
    row_id = office.insert(company={"id": 2})
    body = {"fields": {"name": "x"}, "conditions": where(equals("company.id", 3))}
    assert office.update(row_id, body)[0] == 409
    body["conditions"] = where(equals("company.id", 2))
    assert office.update(row_id, body)[0] == 200


BLIND: dict[str, dict[str, Any]] = {
    "none": {},
    "empty": {"conditions": {"filters": []}},
    "one that any row meets": {"conditions": where({**equals("id", 0), "comparator": ">"})},
    "one way or another": {
        "conditions": where(equals("version", 1), equals("version", 2), operator="or")
    },
}


@pytest.mark.parametrize("extra", BLIND.values(), ids=BLIND.keys())
def test_a_total_without_a_condition_is_a_428_that_names_the_ways(
    till: Api, office: Api, extra: dict[str, Any]
) -> None:
    row_id = office.insert(totalDebt=3)
    status, answer = till.update(row_id, {"fields": {"totalDebt": 9}, **extra})
    assert (status, answer["error"]["path"]) == (428, "fields.totalDebt")
    assert "version" in answer["error"]["message"]
    assert "updatedAt" in answer["error"]["message"]
    assert office.row(row_id)["totalDebt"] == 3


def test_debt_data_alone_needs_no_condition(till: Api, office: Api) -> None:
    row_id = office.insert()
    assert till.update(row_id, {"fields": {"debtData": {}}})[0] == 200


def test_old_clients_may_overwrite_where_strict_money_is_off(store: Store) -> None:
    lax = Store(store.engine, strict_money=False)
    (row,) = lax.insert(ENTITY, {"fields": [{"name": "x"}]})
    assert lax.update(row["id"], {"fields": {"totalDebt": 9}}) == [row]


def test_of_many_writers_with_one_version_exactly_one_wins(
    service: RunningService, office: Api
) -> None:
    """Eight clients at once, ten rounds: one 200 and seven 409 each, and the winner's total."""
    row_id = office.insert()

    def write_total(api: Api, version: int, total: int) -> int:
        conditions = where(equals("version", version))
        body = {"fields": {"totalDebt": total}, "conditions": conditions}
        return api.update(row_id, body)[0]

    apis = [Api(service.url, service.token) for _ in range(8)]
    with ThreadPoolExecutor(len(apis)) as pool:
        for version in range(1, 11):
            work = [pool.submit(write_total, api, version, n) for n, api in enumerate(apis)]
            statuses = [status.result() for status in work]
            assert sorted(statuses) == [200, *[409] * 7]
            row = office.row(row_id)
            assert (row["totalDebt"], row["version"]) == (statuses.index(200), version + 1)
    for api in apis:
        api.http.close()


@pytest.fixture(scope="module")
def one_row(new_place: Callable[[], str]) -> Iterator[Store]:
    engine = create_database(new_place())
    store = Store(engine, strict_money=False)
    store.insert(ENTITY, {"fields": [{"name": "one"}]})
    yield store
    engine.dispose()


def kept(store: Store, field: str, value: str) -> Any:
    """Update a field with a JSON text, and return it from the answer."""
    body = f'{{"fields": {{"{field}": {value}}}, "returning": {{"{field}": true}}}}'
    (row,) = parse(write(store.update(1, parse(body.encode()))).encode())
    return row[field]


@about(60)
@given(cents=st.integers(-(10**12), 10**12), zeros=st.integers(0, 3))
def test_every_amount_of_cents_comes_back_exactly(one_row: Store, cents: int, zeros: int) -> None:
    amounts = Decimal(cents).scaleb(-2)
    assert kept(one_row, "totalDebt", f"{amounts}{'0' * zeros}") == amounts
    conditions = {"conditions": where(equals("totalDebt", amounts))}
    assert len(one_row.select(ENTITY, conditions)) == 1


NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@about(60)
@given(value=JSON)
def test_debt_data_comes_back_as_written_with_every_digit(one_row: Store, value: Any) -> None:
    text = write(value)
    assert write(kept(one_row, "debtData", text)) == text


def test_a_fraction_in_debt_data_keeps_its_zeros_and_every_digit_over_http(
    till: Api, office: Api
) -> None:
    row_id = office.insert()
    text = '{"a":1.50,"b":0.1000000000000000055511151231257827,"c":1E+400,"d":"\\ud83d\\ude00"}'
    assert till.update(row_id, f'{{"fields": {{"debtData": {text}}}}}')[0] == 200
    body = {"fields": {"debtData": True}, "conditions": where(equals("id", row_id))}
    assert till.http.post(f"{CUSTOMERS}/select", json=body).text == f'[{{"debtData":{text}}}]'


ENROLLED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no debtData": ({}, {}),
    "null": ({"debtData": None}, {}),
    "an object of somebody else": ({"debtData": {"k": [1.5]}}, {"k": [Decimal("1.5")]}),
    "a total": ({"totalDebt": -12.30}, {}),
}


@pytest.mark.parametrize("case", ENROLLED.values(), ids=ENROLLED.keys())
def test_a_new_row_is_enrolled(office: Api, case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    fields, beside = case
    row = office.row(office.insert(**fields))
    epoch = epoch_of(row["updatedAt"], row["totalDebt"] * 100)
    assert row["debtData"] == {**beside, "taptill": {"e": epoch, "t": {}}}


@pytest.mark.parametrize("given_json", ["text", 7, [], {"taptill": {"e": "x", "t": {}}}], ids=repr)
def test_debt_data_without_a_place_or_with_marks_stays_as_given(
    office: Api, given_json: Any
) -> None:
    assert office.row(office.insert(debtData=given_json))["debtData"] == given_json


@pytest.mark.parametrize("seconds", [0, -3600, 0.000001, 5], ids="clock moves {} s".format)
def test_stamps_strictly_increase_whatever_the_clock_does(
    store: Store, clock: ManualClock, seconds: float
) -> None:
    """They increase over inserts, updates and removals in the whole table."""
    stamps = []
    for number in range(4):
        (row,) = store.insert(
            ENTITY, {"fields": [{"name": "x"}], "returning": {"id": True, "updatedAt": True}}
        )
        stamps.append(row["updatedAt"])
        clock.move(seconds)
        body = {"fields": {"name": f"y{number}"}, "returning": {"updatedAt": True}}
        stamps += [answer_row["updatedAt"] for answer_row in store.update(row["id"], body)]
        clock.move(seconds)
        store.remove({"conditions": where(equals("id", row["id"]))})
    assert sorted(set(stamps)) == stamps
    assert all(stamp.endswith("Z") for stamp in stamps)


def test_a_refusal_inside_a_transaction_leaves_no_lock_behind(store: Store) -> None:
    with pytest.raises(ApiError):
        store.insert(ENTITY, {"fields": [{"name": "x"}, {"name": None}]})
    assert store.select(ENTITY, {}) == []
    assert store.insert(ENTITY, {"fields": [{"name": "x"}]}) == [{"id": 1}]
