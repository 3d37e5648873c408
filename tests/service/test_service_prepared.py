"""Selections that are prepared once: the same answers, and only what is quick is done at once."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.service.conftest import equals, where

from taptill.domain.money import MINOR_MAX
from taptill.domain.technical.exact_json import Json, read_json
from taptill.service.database import create_database, is_sqlite
from taptill.service.driver import LoopReader, Prepared, prepare
from taptill.service.fields import CUSTOMERS, FieldKind, entities
from taptill.service.row_format import RowFormat
from taptill.service.selection import Projection, all_fields, is_by_key
from taptill.service.store import PAGE_CACHE_SIZE, Store
from taptill.service.wire import ApiError, parse, write

TEXT = st.none() | st.text()
VALUES: dict[FieldKind, st.SearchStrategy[Any]] = {
    FieldKind.INTEGER: st.none() | st.integers(-(2**63), 2**63 - 1),
    FieldKind.RELATION: st.none() | st.integers(1, 9),
    FieldKind.TEXT: TEXT,
    FieldKind.TIMESTAMP: TEXT,
    FieldKind.BOOLEAN: st.none() | st.booleans(),
    FieldKind.MONEY: st.integers(-MINOR_MAX, MINOR_MAX),
    FieldKind.JSON: st.none() | TEXT.map(json.dumps),
}


def values_of(projection: Projection) -> Iterator[st.SearchStrategy[Any]]:
    for _, field, tree in projection.parts:
        yield VALUES[field.kind]
        if tree is not None:
            yield from values_of(tree)


@given(data=st.data(), digits=st.sampled_from([0, 2, 3]))
def test_a_row_is_written_as_its_exact_values_would_be(data: st.DataObject, digits: int) -> None:
    """Of a relation, too, and of a relation in a relation."""
    for entity in entities(digits).values():
        projection = all_fields(entity).projection
        row = data.draw(st.tuples(*values_of(projection)))
        text = RowFormat(projection).text(row)
        assert text == write(projection.build_row(iter(row)))


@pytest.mark.parametrize("minor", [0, 1, -1, 99, -100, 1230, -MINOR_MAX])
def test_an_amount_keeps_all_its_decimals(minor: int) -> None:
    (part,) = [part for part in all_fields(CUSTOMERS).projection.parts if part[0] == "totalDebt"]
    text = RowFormat(Projection((part,))).text([minor])
    assert text == f'{{"totalDebt":{Decimal(minor).scaleb(-2)}}}'


BY_KEY: dict[str, tuple[Json, bool]] = {
    "a card": (where(equals("cardId", "A")), True),
    "an id and a version": (where(equals("id", 1), equals("version", 2)), True),
    "a key, without the operator": ({"filters": [equals("externalId", "x")]}, True),
    "a name, which has no index": (where(equals("name", "Ada")), False),
    "one of two": (where(equals("cardId", "A"), equals("id", 1), operator="or"), False),
    "a card and a pattern": (
        where(equals("cardId", "A"), {"field": "name", "comparator": "like", "value": "%"}),
        False,
    ),
    "a group": (where(equals("cardId", "A"), where(equals("id", 1))), False),
    "ids after one": (where({"field": "id", "comparator": ">", "value": 1}), False),
    "a company's id": (where(equals("company.id", 1)), False),
    "nothing": ({}, False),
}


@pytest.mark.parametrize("case", BY_KEY.values(), ids=BY_KEY.keys())
def test_one_customer_is_asked_for_by_key(case: tuple[Json, bool]) -> None:
    conditions, expected = case
    assert is_by_key(CUSTOMERS, conditions) is expected


def test_a_query_that_is_known_is_refused_as_a_new_one_is(store: Store) -> None:
    wrong: list[Json] = [
        {"conditions": where(equals("id", "x"))},
        {"conditions": where(equals("id", 1)), "limit": 0},
        {"conditions": where(equals("id", 1)), "offset": -1},
        {"conditions": where({"field": "id", "comparator": "in", "value": [0] * 10_001})},
        {"conditions": where(equals("id", [0] * 10_001))},
    ]
    store.bind(CUSTOMERS, {"conditions": where(equals("id", 1))})
    store.bind(CUSTOMERS, {"conditions": where({"field": "id", "comparator": "in", "value": [1]})})
    for body in wrong:
        with pytest.raises(ApiError) as new:
            store.bind(CUSTOMERS, body)
        with pytest.raises(ApiError) as known:
            store.bind_known(CUSTOMERS, body)
        assert known.value.body == new.value.body


def test_what_was_asked_once_is_answered_alike_with_other_values(store: Store) -> None:
    rows = [{"name": name, "cardId": name, "totalDebt": Decimal("1.10")} for name in "ABC"]
    store.insert(CUSTOMERS, {"fields": rows})

    def body(card: str) -> Json:
        fields = {"id": True, "name": True, "totalDebt": True, "company": True}
        return {"fields": fields, "conditions": where(equals("cardId", card)), "limit": 2}

    assert store.bind_known(CUSTOMERS, body("A")) is None
    cold = store.select_text(store.bind(CUSTOMERS, body("A")))
    known = store.bind_known(CUSTOMERS, body("B"))
    assert known is not None
    assert store.select_text(known) == cold.replace('"A"', '"B"').replace('"id":1,', '"id":2,')
    at_once = store.select_at_once(known)
    assert at_once == (store.select_text(known) if is_sqlite(store.engine) else None)


def test_what_may_take_long_is_left_to_a_thread(store: Store) -> None:
    bodies: list[Json] = [
        {"conditions": where(equals("name", "A")), "limit": 1},
        {"conditions": where(equals("cardId", "A")), "limit": 3},
        {"conditions": where(equals("cardId", "A"))},
        {"limit": 1},
    ]
    assert [store.select_at_once(store.bind(CUSTOMERS, body)) for body in bodies] == [None] * 4


def test_only_so_many_queries_are_kept(store: Store) -> None:
    def body(count: int) -> Json:
        return {"conditions": where(*[equals("id", 1)] * count)}

    for count in range(PAGE_CACHE_SIZE // 2):
        store.bind(CUSTOMERS, body(count))
        store.bind(CUSTOMERS, {**body(count), "orderBy": [{"field": "id"}]})
        store.bind(CUSTOMERS, {**body(count), "orderBy": [{"field": "name"}]})
    assert len(store._pages) == PAGE_CACHE_SIZE
    assert store.bind_known(CUSTOMERS, body(0)) is None
    assert store.bind_known(CUSTOMERS, body(PAGE_CACHE_SIZE // 2 - 1)) is not None


@pytest.fixture
def engine(tmp_path: Any) -> Iterator[sa.Engine]:
    engine = create_database(tmp_path / "customers.db")
    yield engine
    engine.dispose()


COUNTING = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?) SELECT max(i) FROM n"
)


def test_a_long_statement_is_given_up_on_the_loop_and_a_short_one_never(engine: sa.Engine) -> None:
    """A hundred steps a time add up beyond the bound, and are none the less done each time."""
    reader = LoopReader(engine)
    counting = Prepared(COUNTING, {}, ("value",))
    assert reader.rows(counting, {"value": 1_000_000}) is None
    assert [reader.rows(counting, {"value": 10}) for _ in range(200)] == [[(10,)]] * 200


def test_a_closed_database_is_no_fault_of_the_loop(engine: sa.Engine) -> None:
    reader, statement = LoopReader(engine), prepare(engine, sa.select(sa.literal(1)))
    assert statement is not None
    assert reader.rows(statement, {}) == [(1,)]
    engine.dispose()
    assert reader.rows(statement, {}) is None


def test_a_list_of_values_is_not_prepared_and_answered_alike(
    store: Store, new_card: Callable[[], str]
) -> None:
    cards = [new_card() for _ in range(3)]
    store.insert(CUSTOMERS, {"fields": [{"name": "x", "cardId": card} for card in cards]})
    few = {"field": "cardId", "comparator": "in", "value": cards[1:]}
    bound = store.bind(CUSTOMERS, {"fields": {"cardId": True}, "conditions": where(few)})
    assert bound.page.prepared is None
    assert parse(store.select_text(bound).encode()) == [{"cardId": card} for card in cards[1:]]
    assert read_json(store.select_text(bound)) == store.select(
        CUSTOMERS, {"fields": {"cardId": True}, "conditions": where(few)}
    )
