"""Random requests against a plain-Python evaluation over the same rows, on both databases."""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from taptill.service import schema
from taptill.service.database import create_database, writing
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
    """Give companies and customers with every kind of neighbour, null and tie."""
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
def both(new_place: Callable[[], str]) -> Iterator[tuple[Store, list[Row]]]:
    """Fill a database, and give beside it the same rows as Python sees them, paths included."""
    engine = create_database(new_place())
    store, (companies, customers) = Store(engine), rows()
    store.insert(COMPANIES, {"fields": companies})
    keyless = [{key: value for key, value in row.items() if key != KEY} for row in customers]
    store.insert(CUSTOMERS, {"fields": keyless})
    with writing(engine) as connection:  # keys with ties, as databases of before may hold them
        this = schema.customers.c.id == sa.bindparam("this")
        keys = [{"this": at, "key": row[KEY]} for at, row in enumerate(customers, start=1)]
        write = schema.customers.update().where(this).values(external_id=sa.bindparam("key"))
        connection.execute(write, keys)
    seen = []
    for number, row in enumerate(customers, start=1):
        company = companies[row["company"]["id"] - 1] if row["company"] else {}
        paths = {f"company.{key}": value for key, value in company.items()}
        seen.append({"company.id": row["company"] and row["company"]["id"], **paths})
        seen[-1] |= {**row, "id": number, "version": 1}
    yield store, seen
    engine.dispose()


def like(pattern: str) -> "re.Pattern[str]":
    """Translate a pattern: % any, _ one character, a backslash takes what follows as it is."""
    found = re.findall(r"\\(.)|(%)|(_)|(.)", pattern, re.DOTALL)
    parts = [
        ".*" if any_ else "." if one else re.escape(bare or plain)
        for bare, any_, one, plain in found
    ]
    return re.compile("".join(parts), re.DOTALL)


def truth(row: Row, condition: Any) -> bool | None:
    """Evaluate with three values: None is SQL's unknown."""
    if "filters" in condition:
        found = [truth(row, one) for one in condition["filters"]]
        decides = bool(condition.get("operator") == "or")
        return decides if decides in found else None if None in found else not decides
    value, name = row.get(condition["field"]), condition["comparator"]
    if name in {"is null", "is not null"}:
        return bool((value is None) == (name == "is null"))
    if name == "in" and not condition["value"]:
        return False
    return None if value is None else COMPARE[name](value, condition["value"])


def compared(orders: list[dict[str, str]]) -> Callable[[Row, Row], int]:
    def compare(left: Row, right: Row) -> int:
        for one in [*orders, {"field": "id"}]:
            keys = [rank(row.get(one["field"])) for row in (left, right)]
            if keys[0] != keys[1]:
                sign = -1 if one.get("order") == "desc" else 1
                return sign if keys[0] > keys[1] else -sign
        return 0

    return compare


def rank(value: Any) -> tuple[bool, Any]:
    """Null first; a relation goes by its id."""
    return value is not None, value["id"] if isinstance(value, dict) else value


PIECES = ["a", "A", "b", "é", "%", "_", "\\%", "\\_", "\\\\", "𝔞", "\\a"]
PATTERNS = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(list(VALUES)))
    values = st.sampled_from(list(VALUES[name]))
    known = ["=", "!=", "in", "is null", "is not null"]
    known += [] if name in UNORDERED else ["<", "<=", ">", ">="]
    known += ["like"] * 3 if name in TEXT_FIELDS else []
    comparator = draw(st.sampled_from(known))
    asked = {"field": name, "comparator": comparator}
    if comparator == "in":
        return {**asked, "value": draw(st.lists(values, max_size=4))}
    if comparator == "like":
        return {**asked, "value": draw(PATTERNS)}
    return asked if comparator.startswith("is") else {**asked, "value": draw(values)}


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


def nested(condition: Any) -> int:
    return 1 + max(map(nested, condition["filters"])) if "filters" in condition else 0


@settings(max_examples=300)
@given(
    conditions=CONDITIONS.filter(lambda one: nested(one) <= 4),
    orders=ORDERS,
    fields=FIELDS,
    limit=st.integers(1, 50),
    offset=st.integers(0, 5),
)
def test_a_selection_is_what_plain_python_finds(
    both: tuple[Store, list[Row]],
    conditions: Any,
    orders: list[dict[str, str]],
    fields: dict[str, bool],
    limit: int,
    offset: int,
) -> None:
    store, seen = both
    asked = {"fields": {**fields, "id": True}, "conditions": conditions, "orderBy": orders}
    found = store.select(CUSTOMERS, {**asked, "limit": limit, "offset": offset})
    met = [row for row in seen if truth(row, conditions) is True]
    expected = sorted(met, key=cmp_to_key(compared(orders)))[offset : offset + limit]
    assert [row["id"] for row in found] == [row["id"] for row in expected]
    for shown, row in zip(found, expected, strict=True):
        for name in fields:
            value = shown[name]["id"] if name == "company" and shown[name] else shown[name]
            assert value == rank(row[name])[1], name


@settings(max_examples=200)
@given(pattern=PATTERNS)
def test_a_pattern_finds_what_its_translation_finds(
    both: tuple[Store, list[Row]], pattern: str
) -> None:
    store, seen = both
    asked = {"filters": [{"field": "email", "comparator": "like", "value": pattern}]}
    found = store.select(CUSTOMERS, {"fields": {"email": True}, "conditions": asked})
    met = like(pattern).fullmatch
    assert [row["email"] for row in found] == [
        row["email"] for row in seen if row["email"] is not None and met(row["email"])
    ]


def test_the_rows_hold_what_makes_databases_differ(both: tuple[Store, list[Row]]) -> None:
    """Else the law above would say little: nulls, both cases, an accent, beyond 16 bits."""
    _, seen = both
    emails = {row["email"] for row in seen}
    assert {None, "a", "A", "é", "𝔞", "\ufffd", "", "%", "\\"} <= emails
