"""debtData in every shape that a server may send; marks out, and back in unharmed."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.mark import KEY, Mark, Marks, Place, epoch_of, read_marks, with_mark

OURS = {"e": "5c01b7e2", "t": {"a1": [4711, 1250, "9f3c21aa"], "b2": [7, -30, "00000000"]}}
TABLE = {"a1": Mark(4711, 1250, "9f3c21aa"), "b2": Mark(7, -30, "00000000")}
DEEP = "[" * 100_000

PLACES: dict[str, tuple[Any, Place]] = {
    "null": (None, Place.EMPTY),
    "an empty object": ({}, Place.EMPTY),
    "an empty list, as one backend writes an empty object": ([], Place.EMPTY),
    "an empty text": ("", Place.EMPTY),
    "a blank text": ("  \n", Place.EMPTY),
    "the text null": ("null", Place.EMPTY),
    "the text of an empty object": ("{}", Place.EMPTY),
    "somebody else's object": ({"loyalty": 7}, Place.EMPTY),
    "ours": ({KEY: OURS}, Place.TABLE),
    "ours as text": (json.dumps({KEY: OURS}), Place.TABLE),
    "ours without a table yet": ({KEY: {"e": "5c01b7e2"}}, Place.TABLE),
    "a number": (7, Place.UNUSABLE),
    "zero": (0, Place.UNUSABLE),
    "false": (False, Place.UNUSABLE),
    "a list of something": ([1], Place.UNUSABLE),
    "a text that is no JSON": ("paid 3.20 in March", Place.UNUSABLE),
    "a text that is a list": ("[1]", Place.UNUSABLE),
    "a text with a number beyond all bounds": ('{"x": 1e99999999999999999999}', Place.UNUSABLE),
    "a text with NaN, which no server takes back": ('{"x": NaN}', Place.UNUSABLE),
    "a text too deep to read": (DEEP, Place.UNUSABLE),
    "our key without an epoch": ({KEY: {"t": {}}}, Place.UNUSABLE),
    "our key with an epoch that is no text": ({KEY: {"e": 5, "t": {}}}, Place.UNUSABLE),
    "our key as a list": ({KEY: []}, Place.UNUSABLE),
    "our table as a list": ({KEY: {"e": "5c01b7e2", "t": []}}, Place.UNUSABLE),
    "our table as null": ({KEY: {"e": "5c01b7e2", "t": None}}, Place.UNUSABLE),
}


@pytest.mark.parametrize(("debt_data", "place"), PLACES.values(), ids=PLACES)
def test_every_shape_has_a_place_or_none(debt_data: Any, place: Place) -> None:
    assert read_marks(debt_data).place is place


@pytest.mark.parametrize("form", [dict, json.dumps], ids=["object", "text"])
def test_object_and_text_say_the_same(form: Any) -> None:
    read = read_marks(form({KEY: OURS, "loyalty": 7}))
    assert (read.epoch, dict(read.table)) == ("5c01b7e2", TABLE)
    assert read.foreign
    assert read.as_text == (form is json.dumps)


@pytest.mark.parametrize(
    "value",
    [None, 7, "x", [], [1, 2], [1, 2, "x", 4], ["1", 2, "x"], [1, 2.5, "x"], [1, 2, None],
     [True, 2, "x"], [1, False, "x"], {"seq": 1}],
    ids=repr,
)  # fmt: skip
def test_what_is_no_mark_is_unreadable_and_spoils_the_sum(value: Any) -> None:
    read = read_marks({KEY: {"e": "5c01b7e2", "t": {"a1": value, "b2": [7, -30, "0"]}}})
    assert read.table["a1"] is None
    assert read.sum_of_others("b2") is None
    assert read.sum_of_others("a1") == -30


def test_the_sum_of_others_leaves_our_own_out() -> None:
    read = read_marks({KEY: OURS})
    assert read.sum_of_others("a1") == -30
    assert read.sum_of_others("c3") == 1220


def test_a_fraction_of_somebody_else_goes_back_as_it_came() -> None:
    """0.1 is a Decimal here and never a double."""
    read = read_marks('{"points": 0.1, "big": 12345678901234567890.125}')
    debt_data = with_mark(read, "5c01b7e2")
    assert debt_data["points"] == Decimal("0.1")
    assert debt_data["big"] == Decimal("12345678901234567890.125")


def test_enrolling_writes_an_epoch_and_an_empty_table() -> None:
    assert with_mark(read_marks(None), "5c01b7e2") == {KEY: {"e": "5c01b7e2", "t": {}}}


keys = st.text("abcdef0123456789", min_size=1, max_size=3)
marks = st.builds(Mark, st.integers(1, 10**6), st.integers(-(10**6), 10**6), keys)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(keys, marks, max_size=3),
    st.dictionaries(st.text().filter(lambda key: key != KEY), json_values, max_size=3),
    keys,
    marks,
    st.booleans(),
)
def test_writing_a_mark_changes_nothing_else(
    table: dict[str, Mark],
    foreign: dict[str, Any],
    journal_id: str,
    mark: Mark,
    as_text: bool,  # noqa: FBT001 - drawn
) -> None:
    """Other journals' marks and other people's keys come back exactly as found."""
    rows = {key: [mark.seq, mark.total, mark.hash] for key, mark in table.items()}
    document: Any = {**foreign, KEY: {"e": "5c01b7e2", "t": rows, "later": 1}}
    read = read_marks(json.dumps(document) if as_text else document)
    debt_data = with_mark(read, "5c01b7e2", journal_id, mark)
    again = read_marks(debt_data)
    assert again.epoch == "5c01b7e2"
    assert again.table == {**table, journal_id: mark}
    assert {key: value for key, value in debt_data.items() if key != KEY} == foreign
    assert debt_data[KEY]["later"] == 1


@given(json_values | st.text())
def test_reading_never_raises_anything(debt_data: Any) -> None:
    assert isinstance(read_marks(debt_data), Marks)
    assert isinstance(read_marks({KEY: debt_data}), Marks)
    assert isinstance(read_marks({KEY: {"e": "x", "t": debt_data}}), Marks)


EPOCHS = {
    "a whole figure, however it is written": ("1250", "1250.00"),
    "nought, with either sign": ("0", "-0.0"),
    "a large figure, with an exponent": ("1000000", "1E+6"),
    "a fraction": ("12.50", "12.5"),
}


@pytest.mark.parametrize(("left", "right"), EPOCHS.values(), ids=EPOCHS)
def test_two_tills_derive_the_same_epoch_from_one_row(left: str, right: str) -> None:
    stamp = "2026-03-02T08:00:00.000Z"
    assert epoch_of(stamp, Decimal(left)) == epoch_of(stamp, Decimal(right))


def test_an_epoch_is_fixed_for_ever() -> None:
    """It is written into rows by tills of every version: eight digits of SHA-256 over the text."""
    assert epoch_of("2026-03-02T08:00:00.000Z", Decimal("-1230.00")) == "e573d78d"
    assert epoch_of("2026-03-02T08:00:00.001Z", Decimal(-1230)) != "e573d78d"
    assert epoch_of("2026-03-02T08:00:00.000Z", Decimal(-1231)) != "e573d78d"


HOSTILE_BY: dict[str, object] = {
    "a lone surrogate": ["a1", 7, "\ud800", "1"],
    "more digits than a machine has memory for": ["a1", 7, "2026", "1e999999999"],
    "no figure": ["a1", 7, "2026", "NaN"],
    "a long name": ["a" * 5_000_000, 7, "2026", "1"],
    "what a terminal would obey": ["a1", 7, "\x1b]0;x\x07\n", "1"],
    "a customer who is no number": ["a1", "7", "2026", "1"],
    "too few": ["a1"],
    "no list": {"a": 1},
    "another epoch": ["a1", 7, "2026", "1"],
}


@pytest.mark.parametrize("by", HOSTILE_BY.values(), ids=HOSTILE_BY)
def test_what_no_till_has_written_says_nothing_of_the_enrolment(by: object) -> None:
    marks = read_marks({"taptill": {"e": "5c01b7e2", "by": by, "t": {}}})
    assert (marks.place, marks.enrolment) == (Place.TABLE, None)


def test_an_epoch_is_made_of_whatever_a_backend_calls_a_stamp() -> None:
    assert epoch_of("\ud800", Decimal(0)) != epoch_of("", Decimal(0))
