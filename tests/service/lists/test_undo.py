"""Undoing an import: with a question, in any order, repeatedly; no money is booked twice."""

import itertools
import json
import os
import pty
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest
import sqlalchemy as sa
from tests.fakes.forked.command import CONTEXT, ForkedCommand
from tests.service.lists.commands import (
    change_customer,
    read_customers,
    read_rows,
    run_command,
    run_successfully,
    update_customer,
)

from taptill.domain.errors import ServiceError, UsageError
from taptill.service.database import open_database
from taptill.service.files.undo import Undo
from taptill.service.store import Store

WHO = ("name", "cardId", "externalId", "totalDebt")
File = Callable[[str], Path]


def charge(place: str, customer: int, total: int, seq: int) -> None:
    """Update a total with its mark, as a till does when it settles."""
    engine = open_database(place)
    store = Store(engine)
    conditions = {"filters": [{"field": "id", "comparator": "=", "value": customer}]}
    (row,) = store.select(store.entities["Customers"], {"conditions": conditions})
    epoch = row["debtData"]["taptill"]["e"]
    mark = {"taptill": {"e": epoch, "t": {"bar1": [seq, total, "0123abcd"]}}}
    version_filter = {"filters": [{"field": "version", "comparator": "=", "value": row["version"]}]}
    body = {"fields": {"totalDebt": total, "debtData": mark}, "conditions": version_filter}
    store.update(customer, body, "bar")
    engine.dispose()


def bookings(place: str, reason: str) -> list[str]:
    """Return the sorted differences of all ledger entries with a reason."""
    entries = read_rows(place, "CustomerDebtChanges")
    return sorted(
        str(entry["to"] - entry["from"]) for entry in entries if entry["reason"] == reason
    )


@pytest.fixture
def updated_members(members: str, file: File) -> str:
    """Update the three members: one gets another name and more debt, and one is new."""
    path = file("name,externalId,totalDebt\nAnna A,M-1,7.25\nDora,M-4,9.00\n")
    run_successfully("import", members, path, "--update", "--money")
    return members


ORDERS = {"the newest first": [2, 1], "the oldest first, then again": [1, 2, 1]}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_list_and_its_update_are_taken_back_in_either_order(
    updated_members: str, order: list[int]
) -> None:
    """A customer that only undone imports have changed counts as unchanged."""
    for number in order:
        output = run_successfully("import", updated_members, "--undo", number, "--yes")
    assert read_customers(updated_members) == []
    assert bookings(updated_members, "import 2 undone") == ["-2.25", "-9.00"]
    assert bookings(updated_members, "import 1 undone") == ["-5.00", "3.00"]
    assert "left" not in output
    for number in (1, 2):
        with pytest.raises(UsageError, match=f"import {number} was undone at"):
            run_command("import", updated_members, "--undo", number, "--yes")


def test_what_a_later_import_changed_names_that_import(updated_members: str) -> None:
    output = run_successfully("import", updated_members, "--undo", 1, "--yes")
    assert "customer 1 Anna A left as it is: changed by import 2 (name): undo that first" in output
    assert output.endswith(
        "import 1: 2 customers removed, 0 put back, 1 left\n"
        "what is left can be tried again with the same command\n"
    )
    assert "import 1 at " in (listing := run_successfully("imports", updated_members))
    assert ", undone in part at " in listing
    assert read_customers(updated_members, *WHO) == [
        ("Anna A", "62E3086CED", "M-1", "7.25"),
        ("Dora", None, "M-4", "9.00"),
    ]


def test_money_of_a_later_import_alone_keeps_a_customer(members: str, file: File) -> None:
    path = file("name,externalId,totalDebt\nBen,M-2,4.00\n")
    run_successfully("import", members, path, "--update", "--money")
    output = run_successfully("import", members, "--undo", 1, "--yes")
    assert (
        "customer 2 Ben left as it is: changed by import 2 (totalDebt): undo that first" in output
    )


def charged_and_voided(place: str) -> None:
    charge(place, 2, 4, 1)
    charge(place, 2, 0, 2)


KEPT: dict[str, tuple[Callable[[str], None], str]] = {
    "a till has charged": (lambda place: charge(place, 2, 4, 1), "has purchases or payments"),
    "a till has charged and voided": (
        charged_and_voided,
        "has purchases or payments",
    ),
    "a till has left a mark and no money": (
        lambda place: charge(place, 2, 0, 2),
        "has purchases or payments",
    ),
    "the office booked": (
        lambda place: update_customer(place, 2, totalDebt=-10),
        "has purchases or",
    ),
    "the office renamed": (
        lambda place: update_customer(place, 2, name="Benno"),
        "changed since: name",
    ),
    "the office removed": (lambda place: change_customer(place, "remove", 2), "removed since"),
}


@pytest.mark.parametrize("case", KEPT.values(), ids=KEPT)
def test_who_is_kept_is_told_with_the_reason(
    members: str, case: tuple[Callable[[str], None], str]
) -> None:
    happens, words = case
    happens(members)
    before = [row for row in read_customers(members, *WHO) if row[2] == "M-2"]
    output = run_successfully("import", members, "--undo", 1, "--yes")
    assert "customer 2 Ben" in output
    assert words in output
    assert "2 customers removed" in output
    assert read_customers(members, *WHO) == before


def test_what_was_changed_and_changed_back_is_as_the_import_made_it(members: str) -> None:
    for name in ("Benno", "Ben"):
        update_customer(members, 2, name=name)
    assert "3 customers removed, 0 put back\n" in run_successfully(
        "import", members, "--undo", 1, "--yes"
    )
    assert read_customers(members) == []


def test_who_was_brought_back_after_an_undo_stays(members: str) -> None:
    update_customer(members, 3, name="C")
    run_successfully("import", members, "--undo", 1, "--yes")
    change_customer(members, "restore", 2)
    update_customer(members, 3, name="Cleo")
    output = run_successfully("import", members, "--undo", 1, "--yes")
    assert "customer 2 Ben left as it is: removed by an undo and brought back" in output
    assert "1 customer removed" in output
    assert read_customers(members, "name") == [("Ben",)]


def test_an_undo_that_failed_in_part_is_tried_again_and_books_nothing_twice(
    members: str, file: File
) -> None:
    path = file("name,externalId,cardId,totalDebt\nAnna A,M-1,77E3086CED,7.25\n")
    run_successfully("import", members, path, "--update", "--money")
    update_customer(members, 2, cardId="62E3086CED")
    output = run_successfully("import", members, "--undo", 2, "--yes")
    assert "customer 1 Anna A could not be put back: another customer has this cardId" in output
    assert read_customers(members, *WHO)[0] == ("Anna A", "77E3086CED", "M-1", "5.00")
    update_customer(members, 2, cardId=None)
    report = json.loads(run_successfully("import", members, "--undo", 2, "--yes", "--json"))
    assert (report["changed_back"], report["failed"], report["complete"]) == (1, [], True)
    assert read_customers(members, *WHO)[0] == ("Anna", "62E3086CED", "M-1", "5.00")
    assert bookings(members, "import 2 undone") == ["-2.25"]


def test_an_import_whose_rest_can_no_longer_be_undone_is_undone_and_not_undone_in_part(
    members: str,
) -> None:
    update_customer(members, 2, name="Benno")
    run_successfully("import", members, "--undo", 1, "--yes")
    change_customer(members, "remove", 2)
    assert "undone in part at" in run_successfully("imports", members)
    again = json.loads(run_successfully("import", members, "--undo", 1, "--dry-run", "--json"))
    assert (again["complete"], again["done"]) == (True, False)
    assert "undone in part at" in run_successfully("imports", members)
    output = run_successfully("import", members, "--undo", 1, "--yes")
    assert "customer 2 Benno left as it is: removed since\n" in output
    assert output.endswith("import 1: 0 customers removed, 0 put back, 1 left\n")
    listing = run_successfully("imports", members)
    assert ", undone at " in listing
    assert "undone in part" not in listing
    with pytest.raises(UsageError, match="import 1 was undone at"):
        run_command("import", members, "--undo", 1, "--yes")


def test_companies_that_an_import_made_go_where_nobody_belongs_to_them(
    place: str, file: File
) -> None:
    path = file("name,externalId,company\nAnna,M-1,Empty\nBen,M-2,Held\nCleo,M-3,Renamed\n")
    run_successfully("import", place, path, "--new-companies")
    engine = open_database(place)
    store = Store(engine)
    store.submit(store.company_change("update", 3, {"fields": {"name": "Ours"}}, "office")).result()
    engine.dispose()
    update_customer(place, 2, name="Benno")
    output = run_successfully("import", place, "--undo", 1, "--yes")
    assert "company Held left as it is: 1 customer belongs to it" in output
    assert "company Ours left as it is: renamed or given a key since" in output
    assert "1 company removed, 1 left\n" in output
    assert [company["name"] for company in read_rows(place, "Companies")] == ["Held", "Ours"]
    update_customer(place, 2, name="Ben")
    run_successfully("import", place, "--undo", 1, "--yes")
    assert [company["name"] for company in read_rows(place, "Companies")] == ["Ours"]


def test_companies_that_were_there_before_stay(place: str, file: File) -> None:
    path = file("name,externalId,company\nAnna,M-1,Ours\n")
    run_successfully("company", "add", place, "Ours")
    run_successfully("import", place, path, "--new-companies")
    run_successfully("import", place, "--undo", 1, "--yes")
    assert [company["name"] for company in read_rows(place, "Companies")] == ["Ours"]


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["in a pipe", "for a script"])
def test_where_nobody_can_be_asked_an_undo_is_refused(
    updated_members: str, words: tuple[str, ...]
) -> None:
    before = read_customers(updated_members, *WHO)
    with pytest.raises(UsageError, match="say --yes where nobody answers, or --dry-run to look"):
        run_command("import", updated_members, "--undo", 2, *words, answer="y\n")
    assert read_customers(updated_members, *WHO) == before


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_an_undo_shows_what_it_does_and_asks(
    updated_members: str, answer: str
) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    words = ["service", "import", updated_members, "--undo", "2"]
    process = ForkedCommand(words, stdin=theirs, stdout=PIPE, stderr=theirs)
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    process.wait(60)
    progress = os.read(ours, 4096).decode()
    for descriptor in (ours, theirs):
        os.close(descriptor)
    assert "to be removed: customer 4 Dora\n" in output
    assert "to be put back: customer 1 Anna A: name Anna A -> Anna\n" in output
    assert "Take this back? [y/N]: " in output
    assert "looking" in progress
    assert "100%" in progress
    names = [name for (name,) in read_customers(updated_members, "name")]
    assert names == (
        ["Anna", "Ben", "Cleo"] if answer == "y" else ["Anna A", "Ben", "Cleo", "Dora"]
    )
    assert (process.returncode == 0) == (answer == "y")


def test_what_has_changed_since_it_was_shown_is_not_undone(updated_members: str) -> None:
    engine = open_database(updated_members)
    work = Undo(engine, 2)
    assert work.preview().removed == 1
    update_customer(updated_members, 4, name="Dorothea")
    with pytest.raises(ServiceError, match="have changed since the preview: nothing was done"):
        work.apply()
    engine.dispose()
    assert read_customers(updated_members, *WHO)[0] == ("Anna A", "62E3086CED", "M-1", "7.25")


def _undo_and_die(place: str, at: int) -> None:
    """Die as by SIGKILL: before statement `at`, after the commit if that is -1, else at the end."""
    engine = open_database(place)
    work = Undo(engine, 2)
    work.preview()
    statements = itertools.count(1)

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def count(*_: object) -> None:
        if next(statements) == at:
            die()

    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "checkout", lambda driver, *_: driver.set_trace_callback(count))
    else:  # the driver has no such callback: the statements that SQLAlchemy runs
        sa.event.listen(engine, "before_cursor_execute", count)
    if at < 0:
        sa.event.listen(engine, "commit", die)
    work.apply()
    die()


def _is_killed(place: str, at: int) -> bool:
    process = CONTEXT.Process(target=_undo_and_die, args=(place, at))
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


def test_an_undo_that_was_killed_did_all_or_nothing_and_books_nothing_twice(
    updated_members: str,
) -> None:
    """The process is killed before one of its statements, and after the commit."""
    before, ledger = (
        read_customers(updated_members, *WHO),
        read_rows(updated_members, "CustomerDebtChanges"),
    )
    step = 2 if "://" in updated_members else 3
    for at in (*range(step, 6 * step, step), -1):
        assert _is_killed(updated_members, at)
        assert read_customers(updated_members, *WHO) == before
        assert read_rows(updated_members, "CustomerDebtChanges") == ledger
    assert _is_killed(updated_members, 1000)
    assert bookings(updated_members, "import 2 undone") == ["-2.25", "-9.00"]
    with pytest.raises(UsageError, match="import 2 was undone at"):
        run_command("import", updated_members, "--undo", 2, "--yes")
    assert bookings(updated_members, "import 2 undone") == ["-2.25", "-9.00"]
    assert [name for (name,) in read_customers(updated_members, "name")] == ["Anna", "Ben", "Cleo"]
