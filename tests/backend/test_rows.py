"""Answer bodies of many shapes, and the snapshots parsed from them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backend.conftest import row

from taptill.backend.rows import NAME_LENGTH_MAX, MoneyFormat, parse_id, parse_rows, parse_snapshot
from taptill.domain.errors import MalformedError
from taptill.domain.mark import Place

CENTS = MoneyFormat(2)
ROW = row()

ENVELOPES: dict[str, tuple[Any, int]] = {
    "a bare list": ([ROW, ROW], 2),
    "no rows": ([], 0),
    "an empty body": (None, 0),
    "data": ({"data": [ROW]}, 1),
    "rows": ({"rows": [ROW], "total": 1}, 1),
    "items": ({"items": [ROW], "success": True}, 1),
    "result": ({"result": [ROW], "error": None}, 1),
    "one level further down": ({"data": {"rows": [ROW]}}, 1),
    "nothing under data": ({"data": None}, 0),
    "one object": (ROW, 1),
    "one object under data": ({"data": ROW, "error": False}, 1),
    "an error that is none": ({"error": "", "data": [ROW]}, 1),
}


@pytest.mark.parametrize(("answer", "count"), ENVELOPES.values(), ids=ENVELOPES)
def test_rows_are_found_in(answer: Any, count: int) -> None:
    assert parse_rows(answer) == [ROW] * count


NO_ROWS: dict[str, Any] = {
    "a failure inside": {"success": False, "data": []},
    "an error inside": {"error": {"code": "x"}, "rows": [ROW]},
    "an error that is true": {"error": True},
    "an object without rows": {"status": "fine"},
    "too deep": {"data": {"data": {"data": [ROW]}}},
    "a word": "welcome",
    "rows that are none": [1, 2],
}


@pytest.mark.parametrize("answer", NO_ROWS.values(), ids=NO_ROWS)
def test_no_rows_are_found_in(answer: Any) -> None:
    with pytest.raises(MalformedError):
        parse_rows(answer)


def test_a_row_becomes_a_snapshot() -> None:
    snapshot = parse_snapshot(row(totalDebt=Decimal("12.30"), version=4), CENTS)
    customer = snapshot.customer
    assert (customer.id, customer.name, customer.company) == (7, "Ada Byron", "Engines")
    assert (customer.card_id, customer.blocked, customer.credit_allowed) == ("04A7", False, True)
    assert (snapshot.total, snapshot.version) == (Decimal(1230), 4)
    assert snapshot.updated_at == "2026-03-02T09:00:00.000Z"
    assert (customer.is_default, snapshot.marks.place) == (False, Place.EMPTY)


READ: dict[str, tuple[dict[str, Any], str, Any]] = {
    "numbers as text": ({"id": "7", "totalDebt": " 12.30 "}, "total", Decimal(1230)),
    "a whole debt": ({"totalDebt": 12}, "total", Decimal(1200)),
    "no debt at all": ({"totalDebt": None}, "total", Decimal(0)),
    "float noise": (
        {"totalDebt": Decimal("12.300000000000001")},
        "total",
        Decimal("1230.0000000000001"),
    ),
    "no stamp": ({"updatedAt": None}, "updated_at", ""),
    "a version as text": ({"version": "4"}, "version", 4),
    "debtData as text": (
        {"debtData": '{"taptill": {"e": "x", "t": {}}}'},
        "marks.place",
        Place.TABLE,
    ),
    "debtData as an object": ({"debtData": {"note": 1}}, "marks.foreign", True),
    "debtData as a word": ({"debtData": "paid"}, "marks.place", Place.UNUSABLE),
    "a company as a number": ({"company": 3}, "customer.company", ""),
    "no company": ({"company": None}, "customer.company", ""),
    "a company without a name": ({"company": {"id": 3}}, "customer.company", ""),
    "a name in languages": (
        {"name": {"de": "Ada B.", "en": "Ada Byron"}},
        "customer.name",
        "Ada Byron",
    ),
    "a name in another language": ({"name": {"de": "Ada B."}}, "customer.name", "Ada B."),
    "a name in no language": ({"name": {}}, "customer.name", ""),
    "no name": ({"name": None}, "customer.name", ""),
    "an endless name": ({"name": "x" * 999}, "customer.name", "x" * NAME_LENGTH_MAX),
    "a name with half a character": ({"name": "A\ud83d"}, "customer.name", "A?"),
    "a card id that is a number": ({"cardId": 4711}, "customer.card_id", "4711"),
    "a card id that is zero": ({"cardId": 0}, "customer.card_id", "0"),
    "no card id": ({"cardId": None}, "customer.card_id", ""),
    "blocked as a number": ({"isBlocked": 1}, "customer.blocked", True),
    "blocked as text": ({"isBlocked": "True"}, "customer.blocked", True),
    "not blocked as text": ({"isBlocked": "f"}, "customer.blocked", False),
    "blocked is null": ({"isBlocked": None}, "customer.blocked", False),
    "a default customer": ({"default": Decimal("1.0")}, "customer.is_default", True),
}


@pytest.mark.parametrize(("fields", "name", "value"), READ.values(), ids=READ)
def test_it_is_read(fields: dict[str, Any], name: str, value: Any) -> None:
    part_value: Any = parse_snapshot(row(**fields), CENTS)
    for part in name.split("."):
        part_value = getattr(part_value, part)
    assert part_value == value


MALFORMED: dict[str, dict[str, Any]] = {
    "an id that is no number": {"id": "seven"},
    "an id with a fraction": {"id": Decimal("7.5")},
    "an id that is true": {"id": True},
    "an id beyond 64 bits": {"id": 2**63},
    "an id beyond all bounds": {"id": Decimal("1e999999")},
    "an id that is not a number": {"id": "NaN"},
    "no id": {"id": None},
    "a debt that is a word": {"totalDebt": "much"},
    "a debt that is true": {"totalDebt": True},
    "a debt that is NaN": {"totalDebt": "NaN"},
    "a debt that is infinite": {"totalDebt": "-Infinity"},
    "a debt beyond belief": {"totalDebt": Decimal("10000000000.01")},
    "a debt beyond all bounds": {"totalDebt": Decimal("1e999999")},
    "a debt that is a list": {"totalDebt": [1]},
    "a block that is a word": {"isBlocked": "perhaps"},
    "a block that is a list": {"isBlocked": []},
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
def test_it_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        parse_snapshot(row(**fields), CENTS)


@pytest.mark.parametrize("field", ["id", "isBlocked", "totalDebt"])
def test_a_row_needs_this_field(field: str) -> None:
    fields = {name: value for name, value in row().items() if name != field}
    with pytest.raises(MalformedError):
        parse_snapshot(fields, CENTS)


def test_a_refusal_names_no_person() -> None:
    with pytest.raises(MalformedError) as refusal:
        parse_id(row(id="Ada Byron"))
    assert "Ada" not in str(refusal.value)


FORMS = st.builds(MoneyFormat, st.sampled_from([0, 2, 3]), st.booleans())


@given(st.decimals(-(10**9), 10**9, places=6), FORMS)
def test_money_goes_both_ways_exactly(figure: Decimal, form: MoneyFormat) -> None:
    assert form.to_wire(form.to_minor(figure)) == figure


def test_a_sign_turned_round_means_the_same_debt() -> None:
    snapshot = parse_snapshot(row(totalDebt=Decimal("-12.30")), MoneyFormat(2, owed_positive=False))
    assert snapshot.total == Decimal(1230)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ROW, "data"]), inner),
        max_leaves=20,
    )
)
def test_any_answer_is_read_or_refused(answer: Any) -> None:
    try:
        for item in parse_rows(answer):
            parse_snapshot(item, CENTS)
    except MalformedError:
        pass
