"""Lists as offices send them: imported as meant, or rejected with advice."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from tests.service.lists.commands import (
    CASES,
    read_customers,
    read_rows,
    run_command,
    run_successfully,
    run_with_errors,
)

from taptill.domain.errors import ServiceError
from taptill.service.database import create_database


def test_c01_the_line_that_names_the_delimiter_is_taken_as_that(place: str) -> None:
    run_successfully("import", place, CASES / "c01-sep-line.csv")
    assert read_customers(place) == [("Ada Byron", "62E3086CED", "12.30")]


def test_c01_lines_are_still_counted_from_the_files_first(
    place: str, file: Callable[[str], Path]
) -> None:
    assert run_with_errors("import", place, file("sep=;\nname;isBlocked\na;perhaps\n"))[
        0
    ].startswith("line 3, isBlocked: true or false")


def test_c02_amounts_of_a_european_spreadsheet_come_in_as_they_are(place: str) -> None:
    run_successfully("import", place, CASES / "c02-amounts-comma.csv")
    assert read_customers(place, "name", "totalDebt") == [
        ("Anna Muster", "-1000.00"),
        ("Ben Muster", "12.30"),
    ]


AMOUNTS: dict[str, tuple[list[str], list[str], str]] = {
    "a comma before two decimals": (["12,30", "1.000"], [], "12.30 1000.00"),
    "a point before two decimals": (["12.30", "1,000"], [], "12.30 1000.00"),
    "both marks in one cell": (["1.234,50", "-7"], [], "1234.50 -7.00"),
    "apostrophes and blanks between thousands": (["1'234.50", "1 000"], [], "1234.50 1000.00"),
    "a hard blank and the typographic minus": (["\u22121\u00a0234,50 €"], [], "-1234.50"),
    "the code, the sign first": (["EUR 3,50", "€-1", "-€2"], [], "3.50 -1.00 -2.00"),
    "whole amounts": (["7", "+8", "-0"], [], "7.00 8.00 0.00"),
    "thousands that the option tells": (["1,234"], ["--decimal-mark", "point"], "1234.00"),
    "and the other option": (["1.234"], ["--decimal-mark", "comma"], "1234.00"),
}


@pytest.mark.parametrize("case", AMOUNTS.values(), ids=AMOUNTS)
def test_amounts_are_read_by_the_whole_column(
    place: str, file: Callable[[str], Path], case: tuple[list[str], list[str], str]
) -> None:
    cells, words, totals = case
    lines = [f"n{number};{cell}" for number, cell in enumerate(cells)]
    run_successfully("import", place, file("\n".join(["name;totalDebt", *lines])), *words)
    assert " ".join(total for (total,) in read_customers(place, "totalDebt")) == totals


NEVER: dict[str, list[str]] = {
    "a mark that may be either": ["1,234", "5"],
    "a mark that may be either, once more": ["1.234"],
    "a comma among points": ["12.30", "12,30"],
    "another currency's sign": ["12,30 $"],
    "an exponent": ["1E+03"],
    "brackets for a minus": ["(12,30)"],
    "a minus behind": ["12,30-"],
    "a thousand beside a point before one decimal": ["1.000", "2.5"],
    "a thousand beside cents": ["10.000", "500.00"],
    "half a cent": ["12,305", "1,00"],
    "groups of two": ["1.00.000,00"],
}


@pytest.mark.parametrize("cells", NEVER.values(), ids=NEVER)
def test_never_another_amount(place: str, file: Callable[[str], Path], cells: list[str]) -> None:
    """A cell that its column does not make clear is rejected, with advice on how to write it."""
    lines = [f"n{number};{cell}" for number, cell in enumerate(cells)]
    errors = run_with_errors("import", place, file("\n".join(["name;totalDebt", *lines])))
    advice = "write -1000.00: a point before the decimals, no thousands mark, no currency sign"
    assert all("a number with at most 2 decimals" in error and advice in error for error in errors)
    assert read_rows(place) == []


def test_c03_a_card_that_a_spreadsheet_spoilt_is_never_taken(place: str) -> None:
    lines = run_with_errors("import", place, CASES / "c03-cards-after-spreadsheet.csv")
    words = "a spreadsheet made it a number and lost digits: take it from its source, as text"
    assert lines == [f"line 2, cardId: {words}"]


def test_c03_what_only_keeps_a_number_text_is_taken_away_and_told(
    place: str, file: Callable[[str], Path]
) -> None:
    text = (CASES / "c03-cards-after-spreadsheet.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if "E+26" not in line]
    output = run_successfully("import", place, file("\n".join(lines)))
    assert read_customers(place, "cardId") == [("0012345",), ("0012345678",)]
    assert '1 cell of cardId: written as ="...", which was taken away' in output
    assert "1 cell of cardId: with an apostrophe before it" in output


SPOILT: dict[str, tuple[list[str], str]] = {
    "an exponent with a comma": (["2,19E+26"], "made it a number"),
    "an exponent and no decimals": (["2E+26"], "made it a number"),
    "decimals of a number": (["1234567.0"], "with decimals, as a spreadsheet writes a number"),
    "a long number's last digits": (["12345678901234500"], "its last digits are zeros"),
    "leading zeros": (["0012345678", "0040856634", "12345678"], "shorter than the others"),
}


@pytest.mark.parametrize("column", ["cardId", "externalId"])
@pytest.mark.parametrize("case", SPOILT.values(), ids=SPOILT)
def test_no_spoilt_identifier_is_taken_silently(
    place: str, file: Callable[[str], Path], column: str, case: tuple[list[str], str]
) -> None:
    cells, words = case
    lines = [f"n{number};{cell}" for number, cell in enumerate(cells)]
    path = file("\n".join([f"name;{column}", *lines]))
    (error,) = run_with_errors("import", place, path)
    assert words in error
    if "made it a number" not in words:
        run_successfully("import", place, path, "--cards-as-written")
        assert read_customers(place, column)[-1] == (cells[-1],)


def test_hex_card_ids_that_look_like_an_exponent_are_card_ids(
    place: str, file: Callable[[str], Path]
) -> None:
    run_successfully("import", place, file("name,cardId\na,62E30\nb,0012E4\n"))
    assert read_customers(place, "cardId") == [("62E30",), ("0012E4",)]


def test_cards_of_digits_with_several_lengths_are_shown_to_whoever_imports(
    place: str, file: Callable[[str], Path]
) -> None:
    output = run_successfully(
        "import", place, file("name,cardId\na,40856634\nb,123456789\n"), "--dry-run"
    )
    assert "cardId: of digits alone, with 8 to 9 of them" in output


def test_c04_blanks_go_and_a_card_spelled_unlike_the_others_is_told(place: str) -> None:
    path = CASES / "c04-cards-spelled-unlike.csv"
    lines = run_with_errors("import", place, path)
    words = "spelled in small letters, unlike the others (capital letters): right it, or say"
    assert lines == [f"line 3, cardId: {words} --cards-as-written"]
    assert read_rows(place) == []
    output = run_successfully("import", place, path, "--cards-as-written")
    assert "1 cell of cardId: with blanks at an end, which were dropped" in output
    assert read_customers(place, "cardId") == [("62E3086CED",), ("62e3086cee",), ("62E3086CEF",)]


def test_the_cards_of_the_database_count_as_others(place: str, file: Callable[[str], Path]) -> None:
    run_successfully("import", place, file("name,cardId\na,62E3086CED\nb,62E3086CEE\n"))
    (lines,) = run_with_errors("import", place, file("name,cardId\nc,62e3086cef\n"))
    assert "spelled in small letters, unlike the others" in lines


def test_c05_flags_of_a_german_spreadsheet_are_read(place: str) -> None:
    run_successfully("import", place, CASES / "c05-flags-german.csv")
    assert read_customers(place, "isBlocked", "isCreditAllowed") == [(True, False)]


@pytest.mark.parametrize("pair", ["true false", "VRAI FAUX", "1 0", "ja nein", "Sí NO", "yes no"])
def test_flags_are_read_in_the_words_of_a_column(
    place: str, file: Callable[[str], Path], pair: str
) -> None:
    yes, no = pair.split()
    run_successfully("import", place, file(f"name;isBlocked\na;{yes}\nb;{no}\nc;\n"))
    assert read_customers(place, "isBlocked") == [(True,), (False,), (False,)]


def test_flags_of_two_languages_in_one_column_are_told_with_the_words_allowed(
    place: str, file: Callable[[str], Path]
) -> None:
    lines = run_with_errors("import", place, file("name;isBlocked\na;WAHR\nb;1\n"))
    assert all("true or false is expected, also WAHR/FALSCH, VRAI/FAUX" in line for line in lines)
    assert len(lines) == 2


def test_c06_columns_without_name_and_content_are_passed_over_and_counted(place: str) -> None:
    output = run_successfully("import", place, CASES / "c06-trailing-empty-columns.csv")
    assert "passed over: 2 nameless empty columns" in output
    assert read_customers(place, "cardId", "totalDebt") == [("62E3086CED", "1.00")]


def test_c06_a_nameless_column_with_content_is_a_mistake(
    place: str, file: Callable[[str], Path]
) -> None:
    path = file("name;cardId;totalDebt;;\na;0A;1.00;;\nb;0B;2.00;x;\n")
    assert run_with_errors("import", place, path) == ["line 3: column 4 has no name"]


def test_rows_without_content_are_passed_over_and_counted(
    place: str, file: Callable[[str], Path]
) -> None:
    output = run_successfully("import", place, file("name;cardId\na;0A\n;\n\n ; \nb;0B\n"))
    assert "passed over: 3 empty rows" in output
    assert read_customers(place, "name") == [("a",), ("b",)]


def test_c08_two_rows_with_one_key_of_the_office_are_told(place: str) -> None:
    lines = run_with_errors("import", place, CASES / "c08-same-external-id.csv")
    assert lines == ["line 3, externalId: line 2 has this externalId already"]


def test_c08_a_key_that_a_customer_has_is_told_with_the_way_to_update(
    place: str, file: Callable[[str], Path]
) -> None:
    run_successfully("import", place, file("name;externalId\na;M-1\n"))
    (lines,) = run_with_errors("import", place, file("name;externalId\nb;M-1\n"))
    assert lines == (
        "line 2, externalId: a customer has this externalId already; "
        "--update brings them up to date"
    )


def test_c09_an_export_shows_its_letters_in_a_spreadsheet(place: str, tmp_path: Path) -> None:
    run_successfully("import", place, CASES / "c09-export-for-a-spreadsheet.csv")
    out = tmp_path / "out.csv"
    output = run_successfully("export", place, out)
    assert out.read_bytes().startswith("\ufeffid,name,".encode())
    changes = "a spreadsheet would change 1 cell of"
    assert f"{changes} cardId (leading zeros, many digits, 62E30)" in output
    assert f"{changes} externalId" in output


def test_c09_there_is_a_form_for_semicolon_and_decimal_comma(place: str, tmp_path: Path) -> None:
    run_successfully("import", place, CASES / "c09-export-for-a-spreadsheet.csv")
    out = tmp_path / "out.csv"
    output = run_successfully("export", place, out, "--for-spreadsheet", "semicolon")
    assert output == f"the customers are in {out}\n"
    text = out.read_text("utf-8-sig")
    (row,) = csv.DictReader(StringIO(text), delimiter=";")
    assert (row["name"], row["totalDebt"], row["isBlocked"]) == ("Jörg Muster", "12,30", "true")
    assert (row["cardId"], row["externalId"]) == ('="0040856634"', '="00017"')


@pytest.mark.parametrize("form", ["comma", "semicolon"])
def test_an_export_for_people_imports_to_the_same(
    new_place: Callable[[], str], tmp_path: Path, form: str
) -> None:
    """The rows have names like formulas, cards like numbers, and all of the sample."""
    first, second = new_place(), new_place()
    run_successfully("init", first, "--sample")
    odd = tmp_path / "odd.csv"
    odd.write_text(
        "name,cardId,externalId,totalDebt\n"
        "'=1+1,00012,0017,0.30\n'@x,62E30,12345678901234567,1234.00\n''-y,C1,,-1000.50\n"
        "'t Hooft,C2,,\n",
        "utf-8",
    )
    run_successfully("import", first, odd, "--cards-as-written")
    assert read_customers(first, "name")[-4:] == [("=1+1",), ("@x",), ("'-y",), ("'t Hooft",)]
    out, plain = tmp_path / "people.csv", tmp_path / "plain.csv"
    run_successfully("export", first, out, "--for-spreadsheet", form)
    run_successfully("export", first, plain)
    create_database(second).dispose()
    run_successfully("import", second, out, "--new-companies", "--cards-as-written")
    run_successfully("export", second, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == plain.read_bytes()


def test_a_dry_run_shows_how_many_customers_cards_and_how_much_money(
    place: str, file: Callable[[str], Path]
) -> None:
    path = file("name,cardId,totalDebt\na,0A,1.50\nb,,-12.30\nc,0C,\nd,,2\n")
    output = run_successfully("import", place, path, "--dry-run")
    assert "4 customers, 2 with card; €3.50 owed by 2, €12.30 in advance of 1\n" in output
    assert output.endswith("4 rows: nothing was imported\n")
    report = json.loads(run_successfully("import", place, path, "--dry-run", "--json"))
    assert report["sums"] == {
        "customers": 4,
        "with_card": 2,
        "owing": 2,
        "owed_minor": 350,
        "ahead": 1,
        "in_advance_minor": 1230,
    }


def test_files_of_other_programs_are_taken_or_named(place: str, tmp_path: Path) -> None:
    latin, wide, book = (tmp_path / name for name in ("latin.csv", "wide.csv", "book.csv"))
    latin.write_bytes("name;cardId\nJörg;L1\n".encode("cp1252"))
    wide.write_text("name\tcardId\nJörg\tW1\n", "utf-16")
    book.write_bytes(b"PK\x03\x04and so on")
    with pytest.raises(ServiceError, match="save it as CSV UTF-8, or say --encoding windows-1252"):
        run_command("import", place, latin)
    run_successfully("import", place, latin, "--encoding", "windows-1252")
    run_successfully("import", place, wide, "--encoding", "utf-16")
    assert read_customers(place, "name", "cardId") == [("Jörg", "L1"), ("Jörg", "W1")]
    with pytest.raises(ServiceError, match="is a spreadsheet's own file: save it as CSV UTF-8"):
        run_command("import", place, book)
