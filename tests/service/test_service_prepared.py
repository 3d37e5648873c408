"""Selections that are prepared once: the same answers, and only what is quick is done at once."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, OperationalError
from tests.fakes.postgres import Cluster
from tests.service.conftest import equals, where

from taptill.domain.money import MINOR_MAX
from taptill.domain.technical.exact_json import Json, read_json
from taptill.service import schema
from taptill.service.changes import Transaction
from taptill.service.database import create_database, is_sqlite
from taptill.service.fields import CUSTOMERS, FieldKind, entities
from taptill.service.prepared.connections import DriverConnections, LoopReader, run
from taptill.service.prepared.selections import PAGE_CACHE_SIZE
from taptill.service.prepared.statements import PREPARED_MAX, Prepared, prepare
from taptill.service.row_format import RowFormat
from taptill.service.selection import Projection, all_fields, is_by_key
from taptill.service.store import Store
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
        rows = data.draw(st.lists(st.tuples(*values_of(projection)), max_size=3))
        text = RowFormat(projection).list_text(rows)
        assert text == write([projection.build_row(iter(row)) for row in rows])


@pytest.mark.parametrize("minor", [0, 1, -1, 99, -100, 1230, -MINOR_MAX])
def test_an_amount_keeps_all_its_decimals(minor: int) -> None:
    (part,) = [part for part in all_fields(CUSTOMERS).projection.parts if part[0] == "totalDebt"]
    text = RowFormat(Projection((part,))).list_text([[minor]])
    assert text == f'[{{"totalDebt":{Decimal(minor).scaleb(-2)}}}]'


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
    store.selections.bind(CUSTOMERS, {"conditions": where(equals("id", 1))})
    store.selections.bind(
        CUSTOMERS, {"conditions": where({"field": "id", "comparator": "in", "value": [1]})}
    )
    for body in wrong:
        with pytest.raises(ApiError) as new:
            store.selections.bind(CUSTOMERS, body)
        with pytest.raises(ApiError) as known:
            store.selections.bind_known(CUSTOMERS, body)
        assert known.value.body == new.value.body


def test_what_was_asked_once_is_answered_alike_with_other_values(store: Store) -> None:
    rows = [{"name": name, "cardId": name, "totalDebt": Decimal("1.10")} for name in "ABC"]
    store.insert(CUSTOMERS, {"fields": rows})

    def body(card: str) -> Json:
        fields = {"id": True, "name": True, "totalDebt": True, "company": True}
        return {"fields": fields, "conditions": where(equals("cardId", card)), "limit": 2}

    assert store.selections.bind_known(CUSTOMERS, body("A")) is None
    cold = store.selections.text(store.selections.bind(CUSTOMERS, body("A")))
    known = store.selections.bind_known(CUSTOMERS, body("B"))
    assert known is not None
    assert store.selections.text(known) == cold.replace('"A"', '"B"').replace('"id":1,', '"id":2,')
    at_once = store.selections.at_once(known)
    assert at_once == (store.selections.text(known) if is_sqlite(store.engine) else None)


def test_what_may_take_long_is_left_to_a_thread(store: Store) -> None:
    bodies: list[Json] = [
        {"conditions": where(equals("name", "A")), "limit": 1},
        {"conditions": where(equals("cardId", "A")), "limit": 3},
        {"conditions": where(equals("cardId", "A"))},
        {"limit": 1},
    ]
    assert [
        store.selections.at_once(store.selections.bind(CUSTOMERS, body)) for body in bodies
    ] == [None] * 4


def test_only_so_many_queries_are_kept(store: Store) -> None:
    def body(count: int) -> Json:
        return {"conditions": where(*[equals("id", 1)] * count)}

    for count in range(PAGE_CACHE_SIZE // 2):
        store.selections.bind(CUSTOMERS, body(count))
        store.selections.bind(CUSTOMERS, {**body(count), "orderBy": [{"field": "id"}]})
        store.selections.bind(CUSTOMERS, {**body(count), "orderBy": [{"field": "name"}]})
    assert len(store.selections._pages) == PAGE_CACHE_SIZE
    assert store.selections.bind_known(CUSTOMERS, body(0)) is None
    assert store.selections.bind_known(CUSTOMERS, body(PAGE_CACHE_SIZE // 2 - 1)) is not None


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


class _Idle:
    """Stands for a connection; opening so many real ones would take minutes."""

    def close(self) -> None:
        pass


def test_several_threads_may_close_the_idle_connections_at_once(engine: sa.Engine) -> None:
    """As when a database ends all connections: each request is told so, and none of a fault."""
    connections = DriverConnections(engine)

    def close_all(_: int) -> None:
        idle: list[Any] = [_Idle(), _Idle(), _Idle()]
        for _ in range(2_000):
            connections._idle.extend(idle)
            connections._close_idle()

    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-7)
    try:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(close_all, range(8))) == [None] * 8
    finally:
        sys.setswitchinterval(interval_s)


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
    bound = store.selections.bind(CUSTOMERS, {"fields": {"cardId": True}, "conditions": where(few)})
    assert bound.page.prepared is None
    assert parse(store.selections.text(bound).encode()) == [{"cardId": card} for card in cards[1:]]
    assert read_json(store.selections.text(bound)) == store.select(
        CUSTOMERS, {"fields": {"cardId": True}, "conditions": where(few)}
    )


def sale(version: int, total: int) -> Json:
    """Return the update that a till sends: money and mark, under the version as read."""
    return {
        "fields": {"totalDebt": total, "debtData": {"taptill": {"e": "00000000", "t": {}}}},
        "conditions": where(equals("version", version)),
        "returning": {"totalDebt": True, "version": True},
    }


def test_a_sale_beside_an_increment_in_one_commit_is_booked_in_their_order(store: Store) -> None:
    """The ledger leads from each total to the next, however the changes are written."""
    (row,) = store.insert(CUSTOMERS, {"fields": [{"name": "x"}]})
    increment = {"fields": {"totalDebt": {"increment": 1}}}
    bodies = [increment, sale(2, 5), sale(2, 9), increment, sale(4, 8)]
    changes = [store.update_change(row["id"], body, "x") for body in bodies]
    # They wait together behind one that waits for them, so that one transaction takes them all.
    queued = Event()

    def wait(_transaction: Transaction) -> list[Json]:
        assert queued.wait(10)
        return []

    first = store.submit(wait)
    answers = [store.submit(change) for change in changes]
    queued.set()
    assert first.result() == []
    refusal = answers[2].exception()
    assert isinstance(refusal, ApiError)
    assert (refusal.status, refusal.body["row"]["totalDebt"]) == (409, 5)
    assert answers[4].result() == [{"totalDebt": Decimal("8.00"), "version": 5}]
    ledger = store.select(
        store.entities["CustomerDebtChanges"], {"fields": {"from": True, "to": True}}
    )
    assert [(int(entry["from"]), int(entry["to"])) for entry in ledger] == [
        (0, 1),
        (1, 5),
        (5, 6),
        (6, 8),
    ]


def test_a_sale_to_nobody_and_one_that_changes_no_money_are_no_entries(store: Store) -> None:
    (row,) = store.insert(CUSTOMERS, {"fields": [{"name": "x"}]})
    assert store.update(row["id"] + 1, sale(1, 5)) == []
    assert store.update(row["id"], sale(1, 0)) == [{"totalDebt": Decimal("0.00"), "version": 2}]
    assert store.select(store.entities["CustomerDebtChanges"], {}) == []


def test_a_fault_within_a_transaction_leaves_the_next_one_alone(store: Store) -> None:
    (row,) = store.insert(CUSTOMERS, {"fields": [{"name": "x"}]})

    def break_down(transaction: Transaction) -> list[Json]:
        transaction.connection.execute(sa.update(schema.customers).values(name="broken"))
        raise KeyError("a fault of the program")

    with pytest.raises(KeyError):
        store.submit(break_down).result()
    assert store.update(row["id"], sale(1, 5)) == [{"totalDebt": Decimal("5.00"), "version": 2}]
    (found,) = store.select(CUSTOMERS, {"fields": {"name": True}})
    assert found == {"name": "x"}


def test_a_statement_that_the_database_refuses_is_an_error_with_nothing_of_its_values(
    store: Store,
) -> None:
    statement = sa.select(sa.func.no_such_function(sa.bindparam("secret", type_=sa.Text())))
    with store.engine.connect() as connection, pytest.raises(DBAPIError) as fault:
        run(connection, statement, {"secret": "62E3086CED"})
    assert "62E3086CED" not in str(fault.value)


def test_more_statements_than_a_connection_keeps_are_prepared_anew(store: Store) -> None:
    with store.engine.connect() as connection:
        for _ in range(2):
            for number in range(PREPARED_MAX + 1):
                assert [*run(connection, sa.select(sa.literal(number)), {})[0]] == [number]


async def test_a_request_that_was_given_up_disturbs_nobody(store: Store) -> None:
    """Its change is made, and so is the answer of the one beside it."""
    (row,) = store.insert(CUSTOMERS, {"fields": [{"name": "x"}]})
    queued = Event()

    def wait(_transaction: Transaction) -> list[Json]:
        assert queued.wait(10)
        return []

    increment = store.update_change(row["id"], {"fields": {"totalDebt": {"increment": 1}}}, "x")
    given_up, kept = (asyncio.ensure_future(store.execute(increment)) for _ in range(2))
    first = asyncio.ensure_future(store.execute(wait))
    await asyncio.sleep(0)
    given_up.cancel()
    queued.set()
    assert await kept == [{"id": row["id"]}]
    assert await first == []
    with pytest.raises(asyncio.CancelledError):
        await given_up
    (found,) = store.select(CUSTOMERS, {"fields": {"totalDebt": True}})
    assert found["totalDebt"] == 2


@pytest.mark.slow
def test_connections_that_postgresql_ended_are_an_unavailable_database_for_one_request_at_most(
    cluster: Cluster,
) -> None:
    """A selection fails as its database (503); a change has written nothing and is repeated."""
    engine = create_database(cluster.new_database())
    store, everybody = Store(engine), {"fields": {"totalDebt": True}}
    (row,) = store.insert(CUSTOMERS, {"fields": [{"name": "x"}]})
    assert store.select(CUSTOMERS, everybody) == [{"totalDebt": Decimal("0.00")}]
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"

    def end_all() -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"{others} AND datname = current_database()")

    end_all()
    with pytest.raises(OperationalError):
        store.select(CUSTOMERS, everybody)
    assert store.select(CUSTOMERS, everybody) == [{"totalDebt": Decimal("0.00")}]
    end_all()
    assert store.update(row["id"], sale(1, 5)) == [{"totalDebt": Decimal("5.00"), "version": 2}]
    engine.dispose()
