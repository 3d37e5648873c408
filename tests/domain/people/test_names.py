"""Names are compared without case and accents; a search finds whose words begin so, no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.people.names import NameIndex, plain

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


@given(names=st.lists(NAMES, max_size=12), typed=NAMES)
def test_it_finds_exactly_those_each_of_whose_words_begins_so(names: list[str], typed: str) -> None:
    index = NameIndex((number, name, "") for number, name in enumerate(names))
    words = plain(typed).split()
    expected = {
        number
        for number, name in enumerate(names)
        if words and all(any(w.startswith(word) for w in plain(name).split()) for word in words)
    }
    assert set(index.find(typed, 99)) == expected


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
