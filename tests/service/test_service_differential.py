"""Random requests against a plain-Python evaluation over the same rows, on both databases."""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import about

from taptill.service import schema
from taptill.service.database import create_database, write_transaction
from taptill.service.fields import COMPANIES, CUSTOMERS
from taptill.service.store import Store

Row = dict[str, Any]
KEY = "externalId"

TEXTS = [
    "a",
    "A",
    "aa",
    "b",
    "é",
    "Z",
    "z",
    "_",
    "%",
    "a%b",
    "a_b",
    "\\",
    "a\\%",
    "𝔞",
    "\ufffd",
    "",
]
FLAGS = [True, False]
TOTALS = [Decimal(cents).scaleb(-2) for cents in (-1230, -1, 0, 1, 10, 1230)]
VALUES: dict[str, Sequence[Any]] = {
    "name": TEXTS[:-1],
    "email": TEXTS,
    "externalId": TEXTS,
    "isBlocked": FLAGS,
    "isCreditAllowed": FLAGS,
    "totalDebt": TOTALS,
    "id": range(9),
    "version": range(3),
    "company": [{"id": number} for number in (1, 2, 3, 99)],
    "company.id": [1, 2, 3, 99],
    "company.name": TEXTS[:-1],
    "company.externalId": TEXTS,
}
TEXT_FIELDS = [name for name, values in VALUES.items() if TEXTS[0] in values]
UNORDERED = {"isBlocked", "isCreditAllowed", "company"}
ORDERED = [name for name in VALUES if name not in UNORDERED]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, known: value in known,
    "like": lambda value, pattern: bool(like(pattern).fullmatch(value)),
}


def rows() -> tuple[list[Row], list[Row]]:
    """Return companies and customers with every kind of neighbour, null and tie."""
    companies: list[Row] = [
        {"name": "a", "externalId": None},
        {"name": "A", "externalId": "é"},
        {"name": "a_b", "externalId": ""},
    ]
    customers: list[Row] = [
        {
            "name": TEXTS[number % 15],
            "email": TEXTS[(number * 7) % 16] if number % 3 else None,
            "externalId": TEXTS[(number * 5) % 16] if number % 4 else None,
            "isBlocked": number % 2 == 0,
            "isCreditAllowed": number % 5 == 0,
            "totalDebt": TOTALS[number % 6],
            "company": {"id": 1 + number % 3} if number % 4 else None,
        }
        for number in range(40)
    ]
    return companies, customers


@pytest.fixture(scope="module")
def filled_store(new_place: Callable[[], str]) -> Iterator[tuple[Store, list[Row]]]:
    """Fill a database, and yield its store with the same rows as Python values, paths included."""
    engine = create_database(new_place())
    store, (companies, customers) = Store(engine), rows()
    store.insert(COMPANIES, {"fields": companies})
    keyless = [{key: value for key, value in row.items() if key != KEY} for row in customers]
    store.insert(CUSTOMERS, {"fields": keyless})
    with write_transaction(
        engine
    ) as connection:  # keys with ties, as databases of before may hold them
        by_id = schema.customers.c.id == sa.bindparam("row_id")
        keys = [{"row_id": at, "key": row[KEY]} for at, row in enumerate(customers, start=1)]
        write = schema.customers.update().where(by_id).values(external_id=sa.bindparam("key"))
        connection.execute(write, keys)
    evaluated_rows = []
    for number, row in enumerate(customers, start=1):
        company = companies[row["company"]["id"] - 1] if row["company"] else {}
        paths = {f"company.{key}": value for key, value in company.items()}
        evaluated_rows.append({"company.id": row["company"] and row["company"]["id"], **paths})
        evaluated_rows[-1] |= {**row, "id": number, "version": 1}
    yield store, evaluated_rows
    engine.dispose()


def like(pattern: str) -> "re.Pattern[str]":
    """Return the regular expression of a pattern: % any text, _ one character, \\\\ escapes."""
    tokens = re.findall(r"\\(.)|(%)|(_)|(.)", pattern, re.DOTALL)
    parts = [
        ".*" if percent else "." if single else re.escape(bare or plain)
        for bare, percent, single, plain in tokens
    ]
    return re.compile("".join(parts), re.DOTALL)


def truth(row: Row, condition: Any) -> bool | None:
    """Return the truth of a condition in three-valued logic; None is SQL's unknown."""
    if "filters" in condition:
        truths = [truth(row, part) for part in condition["filters"]]
        decides = bool(condition.get("operator") == "or")
        return decides if decides in truths else None if None in truths else not decides
    value, name = row.get(condition["field"]), condition["comparator"]
    if name in {"is null", "is not null"}:
        return bool((value is None) == (name == "is null"))
    if name == "in" and not condition["value"]:
        return False
    return None if value is None else COMPARE[name](value, condition["value"])


def comparison(orders: list[dict[str, str]]) -> Callable[[Row, Row], int]:
    def compare(left: Row, right: Row) -> int:
        for order in [*orders, {"field": "id"}]:
            keys = [rank(row.get(order["field"])) for row in (left, right)]
            if keys[0] != keys[1]:
                sign = -1 if order.get("order") == "desc" else 1
                return sign if keys[0] > keys[1] else -sign
        return 0

    return compare


def rank(value: Any) -> tuple[bool, Any]:
    """Return a sort key: null first, relations by their ids."""
    return value is not None, value["id"] if isinstance(value, dict) else value


PIECES = ["a", "A", "b", "é", "%", "_", "\\%", "\\_", "\\\\", "𝔞", "\\a"]
PATTERNS = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(list(VALUES)))
    values = st.sampled_from(list(VALUES[name]))
    comparators = ["=", "!=", "in", "is null", "is not null"]
    comparators += [] if name in UNORDERED else ["<", "<=", ">", ">="]
    comparators += ["like"] * 3 if name in TEXT_FIELDS else []
    comparator = draw(st.sampled_from(comparators))
    body = {"field": name, "comparator": comparator}
    if comparator == "in":
        return {**body, "value": draw(st.lists(values, max_size=4))}
    if comparator == "like":
        return {**body, "value": draw(PATTERNS)}
    return body if comparator.startswith("is") else {**body, "value": draw(values)}


GROUPS = st.recursive(
    filters(),
    lambda inner: st.fixed_dictionaries(
        {"filters": st.lists(inner, min_size=1, max_size=3)},
        optional={"operator": st.sampled_from(["and", "or"])},
    ),
    max_leaves=6,
)
CONDITIONS = GROUPS.map(lambda one: one if "filters" in one else {"filters": [one]})
ORDERS = st.lists(
    st.fixed_dictionaries(
        {"field": st.sampled_from(list(VALUES))},
        optional={"order": st.sampled_from(["asc", "desc"])},
    ),
    max_size=3,
)
FIELDS = st.dictionaries(
    st.sampled_from([name for name in VALUES if "." not in name]),
    st.just(value=True),
    min_size=1,
)


def depth(condition: Any) -> int:
    return 1 + max(map(depth, condition["filters"])) if "filters" in condition else 0


@about(300)
@given(
    conditions=CONDITIONS.filter(lambda one: depth(one) <= 4),
    orders=ORDERS,
    fields=FIELDS,
    limit=st.integers(1, 50),
    offset=st.integers(0, 5),
)
def test_a_selection_is_what_plain_python_finds(
    filled_store: tuple[Store, list[Row]],
    conditions: Any,
    orders: list[dict[str, str]],
    fields: dict[str, bool],
    limit: int,
    offset: int,
) -> None:
    store, all_rows = filled_store
    query = {"fields": {**fields, "id": True}, "conditions": conditions, "orderBy": orders}
    actual_rows = store.select(CUSTOMERS, {**query, "limit": limit, "offset": offset})
    matching = [row for row in all_rows if truth(row, conditions) is True]
    expected_rows = sorted(matching, key=cmp_to_key(comparison(orders)))[offset : offset + limit]
    assert [row["id"] for row in actual_rows] == [row["id"] for row in expected_rows]
    for actual, row in zip(actual_rows, expected_rows, strict=True):
        for name in fields:
            value = actual[name]["id"] if name == "company" and actual[name] else actual[name]
            assert value == rank(row[name])[1], name


@about(200)
@given(pattern=PATTERNS)
def test_a_pattern_finds_what_its_translation_finds(
    filled_store: tuple[Store, list[Row]], pattern: str
) -> None:
    store, all_rows = filled_store
    query = {"filters": [{"field": "email", "comparator": "like", "value": pattern}]}
    actual_rows = store.select(CUSTOMERS, {"fields": {"email": True}, "conditions": query})
    matches = like(pattern).fullmatch
    assert [row["email"] for row in actual_rows] == [
        row["email"] for row in all_rows if row["email"] is not None and matches(row["email"])
    ]


def test_the_rows_hold_what_makes_databases_differ(filled_store: tuple[Store, list[Row]]) -> None:
    """The rows must contain nulls, both cases, an accent and a character beyond 16 bits."""
    _, all_rows = filled_store
    emails = {row["email"] for row in all_rows}
    assert {None, "a", "A", "é", "𝔞", "\ufffd", "", "%", "\\"} <= emails
