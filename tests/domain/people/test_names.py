"""Names are compared without case and accents; a search finds whose words begin so, no other."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.people.names import WORDS_MAX, NameIndex, plain

PEOPLE = {
    1: ("Ada Byron", "4711"),
    2: ("Jörg Müller", "M-104"),
    3: ("Zoë O'Brien-Łukaszewicz", ""),
    4: ("İpek Øster", "4712"),
    5: ("Muller, Anna", ""),
    6: ("Straßer", ""),
    7: ("Ελένη Παππά", ""),
    8: ("ADA MUELLER", ""),
}
INDEX = NameIndex((id_, name, key) for id_, (name, key) in PEOPLE.items())
NAMES = st.text("abeuo äöüéßÉŁ'-A", min_size=1, max_size=14)
"""Few letters, so that words begin alike."""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ada", {1, 8}),
        ("ADA b", {1}),
        ("byr ada", {1}),
        ("yron", set()),
        ("muller", {2, 5, 8}),
        ("müll", {2, 5, 8}),
        ("MUELLER", {2, 5, 8}),
        ("mueller ada", {8}),
        ("jorg", {2}),
        ("joerg", {2}),
        ("zoe", {3}),
        ("brien", {3}),
        ("o'brien", {3}),
        ("lukas", {3}),
        ("ipek", {4}),
        ("oster", {4}),
        ("øst", {4}),
        ("strasser", {6}),
        ("STRASS", {6}),
        ("ελενη", {7}),
        ("471", {1, 4}),
        ("4711", {1}),
        ("m-104", {2}),
        ("x", set()),
        ("", set()),
        ("  ", set()),
        ("-'", set()),
    ],
)
def test_who_is_found(typed: str, expected: set[int]) -> None:
    assert set(INDEX.find(typed, 50)) == expected


def test_they_come_in_the_order_of_the_alphabet_and_no_more_than_asked_for() -> None:
    assert INDEX.find("m", 50) == [8, 2, 5]
    assert INDEX.find("m", 2) == [8, 2]
    assert len(INDEX) == len(PEOPLE)


def test_of_nobody_nobody_is_found() -> None:
    assert NameIndex(()).find("a", 5) == []


@given(names=st.lists(NAMES, max_size=12), typed=NAMES, limit=st.integers(1, 13))
def test_it_finds_exactly_those_each_of_whose_words_begins_so(
    names: list[str], typed: str, limit: int
) -> None:
    index = NameIndex((number, name, "") for number, name in enumerate(names))
    words = plain(typed).split()[:WORDS_MAX]
    expected = [
        number
        for number, name in sorted(enumerate(names), key=lambda row: (plain(row[1]), row[0]))
        if words and all(any(w.startswith(word) for w in plain(name).split()) for word in words)
    ]
    assert index.find(typed, limit) == expected[:limit]


TYPED = [
    "a",  # everybody
    "an b",  # two frequent words that nobody has both of
    "an be 0",
    "a an ann anna 0 00",  # each begins the next one
    "x y z 7 8 9",
    "anna 00007",
]


def lines_run(people: int, typed: str) -> int:
    """Return how many lines of Python a search among so many people runs."""
    names = ("Anna Abel", "Bert Abel")
    index = NameIndex((row, names[row % 2], f"{row:05}") for row in range(people))
    lines = 0

    def count(_frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        index.find(typed, 10)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("typed", TYPED)
def test_a_search_takes_no_step_of_python_for_each_customer(typed: str) -> None:
    """Among 32 times as many it halves some more times: five for each end of each word's rows."""
    steps = lines_run(8_192, typed) - lines_run(256, typed)
    assert steps <= 2 * 6 * len(typed.split())


@pytest.mark.parametrize("typed", TYPED)
def test_a_search_passes_each_word_of_the_index_once_at_most(typed: str) -> None:
    index = NameIndex((row, "Anna Abel Bert", f"{row:05}") for row in range(100))
    passed = 0

    def counted(beginning: str, find: Callable[[str], Any] = index._rows_with) -> Any:
        nonlocal passed
        rows = find(beginning)
        passed += len(rows)
        return rows

    index._rows_with = counted  # type: ignore[method-assign]
    index.find(typed, 10)
    assert passed <= 4 * 100


@given(name=NAMES)
def test_each_key_of_a_name_still_finds_it(name: str) -> None:
    """What is found with more letters was found with fewer."""
    index = NameIndex([(1, name, "")])
    for end in range(1, len(name) + 1):
        typed = name[:end]
        assert not plain(typed) or index.find(typed, 1) == [1], typed


@given(name=NAMES)
def test_case_and_accents_do_not_count(name: str) -> None:
    assert plain(name) == plain(name.upper()) == plain(name.lower())
