"""Cards and keys that the database spells otherwise are rejected, or respelled on request."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.service.lists.commands import (
    change_customer,
    read_customers,
    read_rows,
    run_command,
    run_successfully,
    run_with_errors,
)

from taptill.domain.errors import UsageError

File = Callable[[str], Path]


def listed(column: str, *cells: str) -> str:
    return "\n".join([f"name,{column}", *(f"n{at},{cell}" for at, cell in enumerate(cells))])


SPELLINGS: dict[str, tuple[list[str], list[str], str]] = {
    "small letters": (
        ["04A1B2C3D4E580"],
        ["04a1b2c3d4e580", "04a1b2c3d4e581", "04a1b2c3d4e582"],
        "spelled with capital letters",
    ),
    "capitals where the database has small ones": (
        ["04a1b2c3d4e580"],
        ["04A1B2C3D4E580", "04A1B2C3D4E581"],
        "spelled with small letters",
    ),
    "marks between octets": (["04A1B2C3"], ["04:A1:B2:C3"], "spelled with no marks between"),
    "no marks where the database has some": (
        ["04-A1-B2-C3"],
        ["04A1B2C3"],
        "spelled with other marks between",
    ),
    "other marks": (["04-A1-B2-C3"], ["04 A1 B2 C3"], "spelled with other marks between"),
    "leading zeros that are gone": (["0012345678"], ["12345678"], "spelled with leading zeros"),
    "leading zeros that came": (["12345678"], ["0012345678"], "with fewer leading zeros"),
    "zeros of a hex card": (["0A1B2C3D4E"], ["A1B2C3D4E"], "spelled with leading zeros"),
    "all of it": (
        ["00A1B2C3"],
        ["a1:b2:c3"],
        "with no marks between and leading zeros and capital letters",
    ),
}


@pytest.mark.parametrize("case", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("words", [[], ["--update"]], ids=["a plain import", "an update"])
def test_a_card_of_a_customer_in_another_spelling_is_never_taken_silently(
    place: str, file: File, case: tuple[list[str], list[str], str], words: list[str]
) -> None:
    """The database's spelling counts first, however many cards the file has."""
    had, cells, how = case
    run_successfully("import", place, file(listed("cardId", *had)), "--cards-as-written")
    before = read_customers(place)
    lines = run_with_errors("import", place, file(listed("cardId", *cells)), *words)
    assert lines[0].startswith("line 2, cardId: a customer has this card already, spelled ")
    assert how in lines[0]
    assert lines[0].endswith(": right it, or say --respell or --cards-as-written")
    assert read_customers(place) == before


@pytest.mark.parametrize("case", SPELLINGS.values(), ids=SPELLINGS)
def test_if_asked_cards_are_respelled_as_the_database_has_them(
    place: str, file: File, case: tuple[list[str], list[str], str]
) -> None:
    had, cells, _ = case
    run_successfully("import", place, file(listed("cardId", *had)), "--cards-as-written")
    output = run_successfully(
        "import", place, file(listed("cardId", *cells)), "--update", "--respell"
    )
    count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    assert f"{count} of cardId: respelled as the database has it\n" in output
    assert f"{len(cells) - 1} new, 0 changed, 1 unchanged, 0 missing" in output
    cards = [card for (card,) in read_customers(place, "cardId")]
    assert cards[0] == had[0]
    capitals = str.upper if had[0] == had[0].upper() else str.lower
    assert cards[1:] == [capitals(cell) for cell in cells[1:]]


def test_a_double_is_found_beyond_any_sample(place: str, file: File) -> None:
    """Three hundred other cards precede the one that is spelled otherwise."""
    rows = [f"77{number:012X}" for number in range(300)]
    run_successfully(
        "import", place, file(listed("cardId", *rows, "04a1b2c3d4e580")), "--cards-as-written"
    )
    (lines,) = run_with_errors("import", place, file(listed("cardId", "04A1B2C3D4E580")))
    assert "a customer has this card already, spelled with small letters" in lines


def test_a_new_card_is_judged_by_the_database_first(place: str, file: File) -> None:
    run_successfully("import", place, file(listed("cardId", "04A1B2C3")))
    path = file(listed("cardId", "77a1b2c3", "77a1b2c4", "77:A1:B2:C5"))
    lines = run_with_errors("import", place, path)
    assert "spelled in small letters, unlike the others (capital letters)" in lines[0]
    assert "with marks between octets, unlike the others" in lines[2]
    run_successfully("import", place, path, "--respell")
    assert [card for (card,) in read_customers(place, "cardId")][1:] == [
        "77A1B2C3",
        "77A1B2C4",
        "77A1B2C5",
    ]


def test_one_file_has_no_card_twice_in_two_spellings(place: str, file: File) -> None:
    lines = run_with_errors(
        "import", place, file(listed("cardId", "04A1B2C3", "77A1B2C3", "04:A1:B2:C3"))
    )
    assert "with marks between octets, unlike the others" in lines[0]
    lines = run_with_errors(
        "import", place, file(listed("cardId", "04A1B2C3", "04:A1:B2:C3")), "--respell"
    )
    assert lines == ["line 3, cardId: line 2 has this card already"]
    lines = run_with_errors("import", place, file(listed("externalId", "a1", "A1")))
    assert lines == ["line 3, externalId: line 2 has this externalId already, with small letters"]


def test_cards_with_their_octets_turned_round_are_told_once_two_of_them_show_it(
    place: str, file: File
) -> None:
    run_successfully("import", place, file(listed("cardId", "04A1B2C3", "77A1B2C4", "12345678")))
    path = file(listed("cardId", "C3B2A104", "C4B2A177", "78563412"))
    lines = run_with_errors("import", place, path)
    assert len(lines) == 3
    assert all("with its octets in the other order, as are others" in line for line in lines)
    assert len(run_with_errors("import", place, path, "--respell")) == 3
    run_successfully("import", place, file(listed("cardId", "C3B2A104")))  # one may be chance


def test_as_written_is_taken_and_counted(place: str, file: File) -> None:
    run_successfully("import", place, file(listed("cardId", "04A1B2C3")))
    output = run_successfully(
        "import", place, file(listed("cardId", "04a1b2c3")), "--cards-as-written"
    )
    assert "1 cell of cardId: of customers, whose spelling is another" in output
    told_again = run_with_errors("import", place, file(listed("cardId", "04A1b2c3")), "--respell")
    assert "several customers have this card, each in another spelling" in told_again[0]
    with pytest.raises(UsageError, match="say one of them"):
        run_command("import", place, file("name\nx\n"), "--respell", "--cards-as-written")


def test_the_card_of_somebody_who_left_is_free_in_any_spelling(place: str, file: File) -> None:
    run_successfully("import", place, file(listed("cardId", "04A1B2C3")))
    change_customer(place, "remove", 1)
    run_successfully("import", place, file(listed("cardId", "04a1b2c3")))
    assert read_customers(place, "cardId") == [("04a1b2c3",)]


KEYS: dict[str, tuple[list[str], str, str]] = {
    "zeros that a customer's key has": (
        ["00042", "123456"],
        "42",
        "a customer has this externalId already, spelled with leading zeros",
    ),
    "zeros that a customer's key has not": (["42"], "00042", "with fewer leading zeros"),
    "letters of another size": (["M-1"], "m-1", "spelled with capital letters"),
    "zeros that all other keys have": (["00042", "00043"], "44", "which have 5 digits"),
    "an exponent": (["12300"], "1.23E+05", "a spreadsheet made it a number and lost digits"),
    "an exponent with a comma": (["12300"], "1,23E+05", "made it a number and lost digits"),
    "a date": (["3-12"], "03.12.2026", "a date, as a spreadsheet makes of some keys"),
    "a date with a month": (["3-12"], "12-Mar", "a date, as a spreadsheet makes of some keys"),
    "a date in German": (["3-12"], "12. Mrz", "a date, as a spreadsheet makes of some keys"),
    "a date with slashes": (["3-12"], "3/12/26", "a date, as a spreadsheet makes of some keys"),
    "a date of ISO 8601": (["3-12"], "2026-03-12", "a date, as a spreadsheet makes of some keys"),
}


@pytest.mark.parametrize("case", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("words", [[], ["--update"]], ids=["a plain import", "an update"])
def test_a_key_that_a_spreadsheet_spoilt_is_refused(
    place: str, file: File, case: tuple[list[str], str, str], words: list[str]
) -> None:
    had, cell, how = case
    run_successfully("import", place, file(listed("externalId", *had)))
    (lines,) = run_with_errors("import", place, file(listed("externalId", f'"{cell}"')), *words)
    assert lines.startswith("line 2, externalId: ")
    assert how in lines
    assert len(read_rows(place)) == len(had)


def test_keys_of_a_fixed_width_get_their_zeros_back_if_asked(place: str, file: File) -> None:
    run_successfully("import", place, file(listed("externalId", "00042", "00043")))
    run_successfully(
        "import", place, file(listed("externalId", "42", "7")), "--update", "--respell"
    )
    assert [key for (key,) in read_customers(place, "externalId")] == ["00042", "00043", "00007"]


def test_keys_of_many_widths_are_taken_as_they_are(place: str, file: File) -> None:
    run_successfully("import", place, file(listed("externalId", "007", "1234", "12", "00099")))
    run_successfully("import", place, file(listed("externalId", "13")))
    assert len(read_rows(place)) == 5
