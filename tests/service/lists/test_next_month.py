"""Updates from a newer list: new, changed and missing customers; all or nothing; undo."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.service.lists.commands import (
    CASES,
    change_customer,
    read_customers,
    read_rows,
    run_command,
    run_successfully,
    run_with_errors,
    update_customer,
)

from taptill.domain.errors import ServiceError, UsageError
from taptill.service import schema
from taptill.service.database import open_database, write_transaction
from taptill.service.files.imports import ImportSource
from taptill.service.files.updates import ListUpdate

JANUARY, FEBRUARY = CASES / "c07-members-january.csv", CASES / "c07-members-february.csv"
WHO = ("name", "cardId", "externalId", "isBlocked", "totalDebt")


def test_c07_a_dry_run_says_what_the_newer_list_would_do(place: str) -> None:
    run_successfully("import", place, JANUARY)
    output = run_successfully("import", place, FEBRUARY, "--update", "--dry-run")
    assert "new: Ben Muster (line 3)\n" in output
    assert (
        "changed: customer 1 Anna Muster: name Anna Muster -> Anna Muster-Neu, "
        "isBlocked false -> true\n"
    ) in output
    assert "1 new, 1 changed, 0 unchanged, 0 missing from the file" in output
    assert output.endswith("2 rows: nothing was changed\n")
    assert read_customers(place, "name") == [("Anna Muster",)]


def test_c07_the_newer_list_brings_the_database_up_to_date(place: str) -> None:
    run_successfully("import", place, JANUARY)
    output = run_successfully("import", place, FEBRUARY, "--update")
    assert output.endswith("1 new customer, 1 changed\nthis was import 2\n")
    assert read_customers(place, *WHO) == [
        ("Anna Muster-Neu", "62E3086CED", "M-1", True, "0.00"),
        ("Ben Muster", "62E3086CEE", "M-2", False, "0.00"),
    ]
    assert read_rows(place, "CustomerDebtChanges") == []
    again = run_successfully("import", place, FEBRUARY, "--update")
    assert "0 new, 0 changed, 2 unchanged" in again
    assert again.endswith("2 rows: nothing was changed\n")


def test_who_is_missing_is_listed_and_never_removed(
    members: str, file: Callable[[str], Path]
) -> None:
    output = run_successfully("import", members, file("name,externalId\nAnna,M-1\n"), "--update")
    assert "missing from the file: customer 2 Ben\n" in output
    assert "missing from the file: customer 3 Cleo\n" in output
    assert "2 missing from the file, who stay as they are" in output
    assert read_customers(members, "name") == [("Anna",), ("Ben",), ("Cleo",)]


def test_a_customer_without_a_key_is_found_by_the_card_and_gets_the_key(
    members: str, file: Callable[[str], Path]
) -> None:
    run_successfully(
        "import", members, file("name,cardId,externalId\nCleo C,62E3086CEF,M-3\n"), "--update"
    )
    assert read_customers(members, *WHO)[2] == ("Cleo C", "62E3086CEF", "M-3", False, "-3.00")


def test_an_empty_cell_changes_nothing(members: str, file: Callable[[str], Path]) -> None:
    run_successfully(
        "import", members, file("name,externalId,cardId,email\nAnna A,M-1,,\n"), "--update"
    )
    assert read_customers(members, "name", "cardId", "email")[0] == (
        "Anna A",
        "62E3086CED",
        "anna@example.org",
    )


def test_no_balance_is_touched_without_its_own_switch(
    members: str, file: Callable[[str], Path]
) -> None:
    path = file("name,externalId,totalDebt\nAnna,M-1,7.00\nDora,M-4,9.00\n")
    output = run_successfully("import", members, path, "--update")
    assert "totalDebt: not taken, no balance is changed; --money takes it" in output
    assert read_customers(members, "name", "totalDebt") == [
        ("Anna", "5.00"),
        ("Ben", "0.00"),
        ("Cleo", "-3.00"),
        ("Dora", "0.00"),
    ]


def test_money_comes_in_as_entries_of_the_ledger(members: str, file: Callable[[str], Path]) -> None:
    path = file("name,externalId,totalDebt\nAnna,M-1,7.25\nDora,M-4,9.00\n")
    output = run_successfully("import", members, path, "--update", "--money")
    assert "changed: customer 1 Anna: totalDebt €5.00 -> €7.25\n" in output
    entries = read_rows(members, "CustomerDebtChanges")[-2:]
    bookings = [
        (str(entry["from"]), str(entry["to"]), entry["who"], entry["reason"]) for entry in entries
    ]
    assert sorted(bookings) == [
        ("0.00", "9.00", "import", None),
        ("5.00", "7.25", "import", "import 2"),
    ]
    with pytest.raises(UsageError, match="--money goes with --update"):
        run_command("import", members, path, "--money")


DOUBTS = {
    "no key at all": ("name,email\nX,x@example.org\n", "needs externalId or cardId"),
    "one customer twice": (
        "name,externalId,cardId\nAnna,M-1,\nA,,62E3086CED\n",
        "line 2 is about customer 1 already",
    ),
    "a card of somebody else": (
        "name,externalId,cardId\nBen,M-2,62E3086CED\n",
        "customer 1 has this card: take it away there first",
    ),
    "a card of another person": (
        "name,externalId,cardId\nX,M-9,62E3086CED\n",
        "customer 1 has this card, and another externalId",
    ),
    "a bad cell": ("name,externalId,isBlocked\nAnna,M-1,perhaps\n", "true or false is expected"),
}


@pytest.mark.parametrize("case", DOUBTS.values(), ids=DOUBTS)
def test_one_doubtful_row_and_nothing_is_changed(
    members: str, file: Callable[[str], Path], case: tuple[str, str]
) -> None:
    text, words = case
    head, _, rows = text.partition("\n")
    blank = "," * head.count(",")
    path = file(f"{head}\nNew{blank.replace(',', ',N-1', 1)}\n{rows}")
    before = read_customers(members, *WHO)
    lines = run_with_errors("import", members, path, "--update")
    problem = words.replace("line 2", "line 3")
    assert any(problem in line for line in lines), lines
    assert read_customers(members, *WHO) == before


def test_nobody_is_called_missing_whose_row_was_refused(
    members: str, file: Callable[[str], Path]
) -> None:
    result = run_command(
        "import", members, file("name,externalId\nAnna,m-1\nBen,M-2\n"), "--update"
    )
    assert result.return_value == 65
    assert "missing from the file:" not in result.stdout
    assert "who is missing from the file shows once the mistakes are mended" in result.stdout


def test_an_office_that_has_one_key_twice_is_told(
    members: str, file: Callable[[str], Path]
) -> None:
    engine = open_database(members)
    with write_transaction(
        engine
    ) as connection:  # as a database of before this was refused may have it
        third = schema.customers.c.id == 3
        connection.execute(schema.customers.update().where(third).values(external_id="M-1"))
    engine.dispose()
    (line,) = run_with_errors("import", members, file("name,externalId\nA,M-1\n"), "--update")
    assert "customer 1 and customer 3 have this externalId" in line


def test_what_has_changed_since_the_preview_is_not_done(
    members: str, file: Callable[[str], Path]
) -> None:
    engine = open_database(members)
    path = file("name,externalId,totalDebt\nAnna A,M-1,7.00\n")
    work = ListUpdate(engine, ImportSource(path), money=True)
    assert work.preview().changed_count == 1
    update_customer(members, 1, totalDebt=6)
    with pytest.raises(ServiceError, match="have changed since the preview: nothing was done"):
        work.apply()
    engine.dispose()
    assert read_customers(members, "name", "totalDebt")[0] == ("Anna", "6.00")


def test_undo_puts_back_what_an_update_changed_and_removes_whom_it_made(
    members: str, file: Callable[[str], Path]
) -> None:
    before = read_customers(members, *WHO)
    path = file("name,externalId,totalDebt,company\nAnna A,M-1,7.25,Co\nDora,M-4,9.00,Co\n")
    run_successfully("import", members, path, "--update", "--money", "--new-companies")
    dry = run_successfully("import", members, "--undo", 2, "--dry-run")
    assert dry.splitlines() == [
        "to be removed: customer 4 Dora",
        "to be put back: customer 1 Anna A: totalDebt €7.25 -> €5.00",
        "to be put back: customer 1 Anna A: company Co -> (nothing), name Anna A -> Anna",
        "to be removed: company Co",
        "import 2: 1 customer would be removed, 1 would be put back, 1 company would be removed",
    ]
    assert read_customers(members, "name") == [("Anna A",), ("Ben",), ("Cleo",), ("Dora",)]
    output = run_successfully("import", members, "--undo", 2, "--yes")
    assert output.endswith("import 2: 1 customer removed, 1 put back, 1 company removed\n")
    assert read_customers(members, *WHO) == before
    (anna, *_) = read_rows(members, fields={"company": True})
    assert anna["company"] is None
    entries = read_rows(members, "CustomerDebtChanges")
    back = [
        str(entry["to"] - entry["from"])
        for entry in entries
        if entry["reason"] == "import 2 undone"
    ]
    assert sorted(back) == ["-2.25", "-9.00"]
    with pytest.raises(UsageError, match="import 2 was undone at"):
        run_command("import", members, "--undo", 2)
    with pytest.raises(UsageError, match="there is no import 9"):
        run_command("import", members, "--undo", 9)


def test_undo_keeps_what_others_did_since_and_says_so(
    members: str, file: Callable[[str], Path]
) -> None:
    path = file("name,externalId,email,isBlocked\nAnna A,M-1,new@example.org,true\nDora,M-4,,\n")
    run_successfully("import", members, path, "--update")
    update_customer(members, 1, name="Anna B")
    update_customer(members, 4, totalDebt=4)
    report = json.loads(run_successfully("import", members, "--undo", 2, "--json", "--yes"))
    assert report["kept"] == [
        {"id": 4, "name": "Dora", "why": "has purchases or payments", "for_good": True},
        {"id": 1, "name": "Anna B", "why": "changed since: name", "for_good": False},
    ]
    assert read_customers(members, "name", "email", "isBlocked", "totalDebt") == [
        ("Anna B", "anna@example.org", False, "5.00"),
        ("Ben", None, False, "0.00"),
        ("Cleo", None, False, "-3.00"),
        ("Dora", None, False, "4.00"),
    ]


def test_undo_says_what_could_not_be_put_back(members: str, file: Callable[[str], Path]) -> None:
    run_successfully(
        "import", members, file("name,externalId,cardId\nAnna,M-1,77E3086CED\n"), "--update"
    )
    update_customer(members, 2, cardId="62E3086CED")
    output = run_successfully("import", members, "--undo", 2, "--yes")
    assert output == (
        "customer 1 Anna could not be put back: another customer has this cardId\n"
        "import 2: 0 customers removed, 0 put back\n"
        "what is left can be tried again with the same command\n"
    )


def test_undo_passes_over_who_was_erased_since(members: str, file: Callable[[str], Path]) -> None:
    run_successfully("import", members, file("name,externalId\nAnna Neu,M-1\n"), "--update")
    for verb in ("remove", "erase"):
        change_customer(members, verb, 1)
    output = run_successfully("import", members, "--undo", 2, "--yes")
    assert "erased since" in output


def test_undo_takes_back_a_plain_import(members: str) -> None:
    assert run_successfully("import", members, "--undo", 1, "--yes").endswith(
        "3 customers removed, 0 put back\n"
    )
    assert read_customers(members) == []
    listing = run_successfully("imports", members)
    assert "import 1 at " in listing
    assert ": 3 new, 0 changed, undone at " in listing


def test_a_file_or_an_undo_is_needed(members: str, file: Callable[[str], Path]) -> None:
    for words in ((), (file("name\nA\n"), "--undo", 1)):
        with pytest.raises(UsageError, match="name a file to import, or say --undo"):
            run_command("import", members, *words)
