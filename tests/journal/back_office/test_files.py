"""The strategy `export`: numbered files for the office, and what is pending until it has booked."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, BEN, attempt, charge, receipt, void
from tests.settlement.harness import row

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import UsageError
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.money import ZERO, Money
from taptill.domain.pending import FromExports
from taptill.journal.back_office.export_files import book, export_files, next_file, write_file
from taptill.journal.file import JournalFile
from taptill.journal.identity import opening
from taptill.journal.lock import LoneJournal, alone
from taptill.journal.queries import JournalQueries
from taptill.journal.verify import verify

OPENED = Draft(EntryKind.OPENED, body={"journal_id": "aaaa0001", "strategy": "export"})
NO_MARK = row()


@pytest.fixture
def journal(path: Path, clock: FakeClock) -> Iterator[LoneJournal]:
    """Return the journal of a till whose charges go to the office in files."""
    with alone(path, clock) as new_journal:
        new_journal.append(OPENED)
        yield new_journal


def pending(journal: LoneJournal, customer: int = ADA) -> tuple[Money, bool]:
    return FromExports().pending(NO_MARK, journal.queries.position(customer))


def sell(journal: LoneJournal, amount: int, customer: int = ADA, charge_id: str = "") -> None:
    body = {"currency": "EUR", "offline": False, "initials": "A. B.", "external_id": "K-1"}
    journal.append(
        Draft(
            EntryKind.CHARGE, customer, amount_minor=amount, body=body, charge_id=charge_id or None
        )
    )


def test_a_file_holds_each_money_entry_once_with_its_hash(
    journal: LoneJournal, tmp_path: Path
) -> None:
    sell(journal, 320, charge_id="one")
    journal.append(void(ADA, 320, "one"))
    first = next_file(journal)
    sell(journal, 1250, BEN)
    second = next_file(journal)
    write_file(journal.queries, first, tmp_path / "1.csv", "csv")
    write_file(journal.queries, second, tmp_path / "2.json", "json")
    with (tmp_path / "1.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["kind"], row["amount"], row["charge_id"]) for row in rows] == [
        ("charge", "3.20", "one"),
        ("void", "-3.20", "one"),
    ]
    assert {(row["external_id"], row["currency"]) for row in rows} == {("K-1", "EUR")}
    (row,) = map(json.loads, (tmp_path / "2.json").read_text().splitlines())
    assert (row["number"], row["journal_id"], row["customer_id"]) == (2, "aaaa0001", BEN)
    assert (row["amount"], row["amount_minor"], len(row["hash"])) == ("12.50", 1250, 64)
    assert Decimal(row["amount"]) * 100 == row["amount_minor"]


def test_a_file_is_the_same_however_often_and_late_it_is_written(
    journal: LoneJournal, tmp_path: Path
) -> None:
    sell(journal, 320)
    file = next_file(journal)
    write_file(journal.queries, file, tmp_path / "a", "csv")
    sell(journal, 80)
    next_file(journal)
    write_file(journal.queries, export_files(journal.queries)[0], tmp_path / "b", "csv")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_entry_is_pending_until_the_office_has_booked_its_file(journal: LoneJournal) -> None:
    sell(journal, 320)
    file = next_file(journal)
    sell(journal, 80)
    assert pending(journal) == (Money(400), False)
    booked_file = book(journal, file.number, "Jo")
    assert (booked_file.count, booked_file.sum_minor) == (1, 320)
    assert pending(journal) == (Money(80), False)
    position = journal.queries.position(ADA)
    assert FromExports().held_seq(NO_MARK, position) == file.last_seq
    assert journal.queries.open_sum() == (1, Money(80))
    book(journal, next_file(journal).number, "Jo")
    assert journal.queries.open_sum() == (0, ZERO)
    assert [export_file.booked for export_file in export_files(journal.queries)] == [True, True]


def test_files_are_booked_in_their_order_and_once(journal: LoneJournal) -> None:
    for amount in (320, 80):
        sell(journal, amount)
        next_file(journal)
    with pytest.raises(UsageError, match="the next one is 1"):
        book(journal, 2, "Jo")
    book(journal, 1, "Jo")
    with pytest.raises(UsageError, match="the next one is 2"):
        book(journal, 1, "Jo")
    book(journal, 2, "Jo")
    with pytest.raises(UsageError, match="none waits"):
        book(journal, 3, "Jo")


def test_there_is_no_empty_file(journal: LoneJournal) -> None:
    with pytest.raises(UsageError, match="no money entry"):
        next_file(journal)


def test_a_till_that_sends_writes_no_files(path: Path, clock: FakeClock) -> None:
    with alone(path, clock) as journal:
        journal.append(Draft(EntryKind.OPENED, body={**OPENED.body, "strategy": "debt"}))
        sell(journal, 320)
        with pytest.raises(UsageError, match="strategy = 'export'"):
            next_file(journal)


class Days:
    """A till and an office at work, with the entries that no booked file holds, by hand."""

    def __init__(self) -> None:
        file = JournalFile(":memory:", FakeClock())
        self.journal = LoneJournal(file, JournalQueries(":memory:", file.connection))
        self.journal.append(OPENED)
        self.left: dict[int, list[tuple[int, int]]] = {ADA: [], BEN: []}

    def sell(self, customer: int, amount: int) -> None:
        (entry,) = self.journal.append(charge(customer, amount))
        self.left[customer].append((entry.seq, amount))

    def export(self) -> None:
        with suppress(UsageError):
            next_file(self.journal)

    def book(self) -> None:
        waiting = [file for file in export_files(self.journal.queries) if not file.booked]
        for file in waiting[:1]:
            book(self.journal, file.number, "Jo")
            for customer, result in self.left.items():
                self.left[customer] = [
                    entry_sum for entry_sum in result if entry_sum[0] > file.last_seq
                ]

    def change_strategy(self) -> None:
        """Sell and send a little with the other strategy, where nothing is open."""
        if self.journal.queries.open_sum()[0]:
            return
        for strategy in ("debt", "export"):
            identity = {**OPENED.body, "strategy": strategy}
            self.journal.append(*opening(self.journal.queries, identity)[1])
            if strategy == "debt":
                (entry,) = self.journal.append(charge(ADA, 55))
                mark = Mark(entry.seq, 55, entry.hash[:HASH_DIGITS])
                self.journal.append(attempt(ADA, mark), receipt(ADA, mark))


DAY: dict[str, Callable[[Days], None]] = {
    "ada buys": lambda days: days.sell(ADA, 320),
    "ada brings back": lambda days: days.sell(ADA, -80),
    "ben buys": lambda days: days.sell(BEN, 1250),
    "a file is written": Days.export,
    "the office books": Days.book,
    "another strategy for a day": Days.change_strategy,
}


@given(st.lists(st.sampled_from(sorted(DAY)), max_size=25))
def test_what_is_pending_is_all_that_no_booked_file_holds(steps: list[str]) -> None:
    days = Days()
    for step in steps:
        DAY[step](days)
    for customer, result in days.left.items():
        assert pending(days.journal, customer) == (
            Money(sum(entry_sum[1] for entry_sum in result)),
            False,
        )
    assert verify(days.journal.file.connection).sound
    days.journal.file.close()
