"""JSON text in, exact figures out, and back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.technical.exact_json import RawJson, read_json, read_list, write_json

FIGURES = st.decimals(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FIGURES | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_reads_back_as_the_same(value: Any) -> None:
    assert read_json(write_json(value)) == value


@given(st.text(), st.text())
def test_any_text_goes_through_as_ascii(key: str, value: str) -> None:
    assert write_json({key: (value, "\ud83d")}).isascii()


@pytest.mark.parametrize("figure", ["12.300000000000001", "0.1", "-0.30", "1E+5", "1e-30", "9e99"])
def test_a_figure_goes_through_exactly(figure: str) -> None:
    assert read_json(write_json(Decimal(figure))) == Decimal(figure)


def test_money_is_written_without_an_exponent() -> None:
    assert write_json(Decimal("1E+5")) == "100000"
    assert write_json(Decimal("0.0000001")) == "0.0000001"


@pytest.mark.parametrize(
    "text",
    ["NaN", "[Infinity]", "-Infinity", "1e99999999999999999999", "9" * 5000, "{", "\ufeff1", ""],
)
def test_what_is_no_figure_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_json(text)


def test_text_that_is_json_already_is_written_as_it_is() -> None:
    assert write_json([RawJson('{"a": 1E+5}')]) == '[{"a": 1E+5}]'


def test_a_number_may_be_written_otherwise() -> None:
    assert write_json({"a": [Decimal("1E+5"), Decimal("0.10")]}, str) == '{"a":[1E+5,0.10]}'


def test_a_float_is_never_written() -> None:
    with pytest.raises(TypeError):
        write_json({"total": 0.1})


@pytest.mark.parametrize("figure", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_no_such_figure_is_written(figure: str) -> None:
    with pytest.raises(ValueError, match="figure"):
        write_json(Decimal(figure))


ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "},{", "[}"]), VALUES) | VALUES, max_size=8)


@given(ROWS, st.integers(1, 40), st.sampled_from(["", " ", "\r\n\t"]))
def test_a_list_in_parts_is_the_same_list(rows: list[Any], length: int, blanks: str) -> None:
    items = f"{blanks},{blanks}".join(map(write_json, rows))
    text = f"{blanks}[{blanks}{items}{blanks}]{blanks}"
    assert [item for part in read_list(text, length) for item in part] == read_json(text)


@given(ROWS, st.integers(1, 40), st.data())
def test_what_is_no_list_is_none_in_parts(
    rows: list[Any], length: int, data: st.DataObject
) -> None:
    """A part may be well-formed where the whole is not, but then another one is not."""
    text = write_json(rows)
    place = data.draw(st.integers(0, len(text)))
    spoilt = (
        text[:place] + data.draw(st.sampled_from(["", ",", "]", "[", "}", '"'])) + text[place + 1 :]
    )
    try:
        expected = read_json(spoilt)
    except ValueError:
        expected = None
    if isinstance(expected, list):
        assert [item for part in read_list(spoilt, length) for item in part] == expected
    else:
        with pytest.raises(ValueError, match=r"\S"):
            list(read_list(spoilt, length))


def test_a_long_list_of_small_objects_comes_in_many_parts() -> None:
    rows = [{"id": number, "company": {"id": 1}} for number in range(1_000)]
    parts = list(read_list(write_json(rows).encode(), 100))
    assert len(parts) > 100
    assert max(map(len, parts)) < 10


def test_commas_that_look_like_the_end_of_an_object_cost_no_square() -> None:
    """Each of them is within a text, and a part that fails is doubled."""
    rows = [{"text": "},{" * 100_000}]
    assert list(read_list(write_json(rows), 1)) == [rows]


@pytest.mark.parametrize("text", ["{}", "[", "]", "", '"[]"', "[1,]", "[{},]", "[{}],[{}]"])
def test_only_a_list_is_read_in_parts(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        list(read_list(text, 1))
