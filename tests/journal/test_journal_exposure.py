"""Any history in; the kept sums of offline charges, as they are summed anew, out."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import (
    ADA,
    BEN,
    attempt,
    charge,
    conflict,
    part_void,
    receipt,
    refusal,
    repayment,
    resolved,
    taken_back,
)

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError
from taptill.domain.mark import Mark
from taptill.domain.money import Money
from taptill.journal import exposure
from taptill.journal.file import JournalFile, entries
from taptill.journal.projection import PositionCounter
from taptill.journal.queries import JournalQueries

CUSTOMERS = (ADA, BEN, 9, 10)
REOPEN = "reopen"
VOID_LAST = "void what is left of the last"
VOID_HALF = "void half of what is left of the last"


def summed_anew(all_entries: list[Entry], customer_id: int, above_seq: int) -> OfflineExposure:
    """Sum in the plainest way: every entry, and every position computed from all of them."""
    count = PositionCounter()
    for entry in all_entries:
        count.add(entry)
    above = {
        position.customer_id: position.row_mark.seq if position.row_mark else position.start_seq
        for position in count.positions.values()
        if position.open
    } | {customer_id: above_seq}
    sums = dict.fromkeys(above, 0)
    for entry in all_entries:
        counts = entry.kind is EntryKind.CHARGE and entry.body["offline"]
        if counts and entry.customer_id in above:
            beyond = entry.seq > above[entry.customer_id]
            sums[entry.customer_id] += left_of(all_entries, entry) if beyond else 0
    return OfflineExposure(Money(sums[customer_id]), Money(sum(sums.values())))


def left_of(all_entries: list[Entry], charge: Entry) -> int:
    """Return what the voids of a charge have left of it."""
    voided = [
        entry.amount_minor or 0
        for entry in all_entries
        if entry.kind is EntryKind.VOID and entry.charge_id == charge.charge_id
    ]
    return (charge.amount_minor or 0) + sum(voided)


def last_charge_left(all_entries: list[Entry]) -> Entry | None:
    charges = [
        entry
        for entry in all_entries
        if entry.kind is EntryKind.CHARGE and left_of(all_entries, entry)
    ]
    return charges[-1] if charges else None


_who = st.sampled_from(CUSTOMERS)
_amounts = st.integers(1, 10**6)
_marks = st.builds(Mark, st.integers(1, 30), _amounts, st.just("9f3c21aa"))
_booked = st.builds(
    lambda first, count: Draft(
        EntryKind.BOOKED, body={"number": 1, "first_seq": first, "last_seq": first + count}
    ),
    st.integers(1, 10),
    st.integers(0, 20),
)
_offline_charges = st.builds(charge, _who, _amounts, offline=st.sampled_from([True]))
_acts = st.one_of(
    _offline_charges,
    st.builds(charge, _who, _amounts, offline=st.booleans()),
    st.builds(repayment, _who, _amounts),
    st.builds(attempt, _who, _marks, st.none() | _marks),
    st.builds(receipt, _who, _marks),
    st.builds(taken_back, _who, st.none() | _marks),
    st.builds(conflict, _who),
    st.builds(refusal, _who),
    st.builds(resolved, _who),
    st.just(Draft(EntryKind.FORKED, body={"journal_id": "bbbb0002", "was": "aaaa0001"})),
    st.sampled_from([REOPEN, VOID_LAST, VOID_HALF, VOID_HALF]),
)


class SummedJournal:
    """A journal and the queries that keep sums, beside the same entries in a list."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = JournalFile(path, FakeClock())
        self.queries = JournalQueries(path)
        self._charges = 0

    def act(self, act: Draft | str) -> None:
        if act == REOPEN:
            self.close()
            self.file, self.queries = JournalFile(self.path, FakeClock()), JournalQueries(self.path)
        elif isinstance(act, Draft):
            charge_id = None
            if act.kind is EntryKind.CHARGE:
                self._charges += 1
                charge_id = f"c{self._charges}"
            kind, customer_id, amount = act.kind, act.customer_id, act.amount_minor
            self.file.append(
                [
                    [
                        Draft(
                            kind,
                            customer_id,
                            amount_minor=amount,
                            body=act.body,
                            charge_id=charge_id,
                        )
                    ]
                ]
            )
        elif last := last_charge_left(self.entries):
            self.void(last, whole=act == VOID_LAST)

    def void(self, charge: Entry, *, whole: bool) -> None:
        all_entries = self.entries
        left = left_of(all_entries, charge)
        charge_id, amount = charge.charge_id or "", left if whole else -(-left // 2)
        number = 1 + sum(
            entry.kind is EntryKind.VOID and entry.charge_id == charge_id for entry in all_entries
        )
        (group,) = self.file.append(
            [[part_void(charge.customer_id or 0, amount, charge_id, number)]]
        )
        assert not isinstance(group, JournalError)

    @property
    def entries(self) -> list[Entry]:
        return list(entries(self.file.connection))

    def check(self, above_seq: int) -> None:
        all_entries = self.entries
        with closing(JournalQueries(self.path)) as fresh:
            for customer_id in CUSTOMERS:
                kept = self.queries.offline_exposure(customer_id, above_seq)
                assert kept == summed_anew(all_entries, customer_id, above_seq)
                assert kept == fresh.offline_exposure(customer_id, above_seq)
                assert self.queries.position(customer_id) == fresh.position(customer_id)

    def close(self) -> None:
        self.queries.close()
        self.file.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_acts, st.booleans()), max_size=14), st.integers(0, 20))
def test_the_kept_sums_are_the_sums_anew(
    acts: list[tuple[Draft | str, bool]], above_seq: int
) -> None:
    """Asked after each act or after several, before and after the program was started anew."""
    with tempfile.TemporaryDirectory() as folder:
        till = SummedJournal(Path(folder) / "journal.db")
        till.check(above_seq)
        for act, asks in acts:
            till.act(act)
            if asks:
                till.check(above_seq)
        till.check(above_seq)
        till.close()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.one_of(_offline_charges, _booked)))
def test_a_file_that_the_office_books_ends_what_it_holds(acts: list[Draft]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        till = SummedJournal(Path(folder) / "journal.db")
        for act in acts:
            till.act(act)
            with closing(JournalQueries(till.path)) as fresh:
                for customer_id in CUSTOMERS:
                    kept = till.queries.offline_exposure(customer_id, 0)
                    assert kept == fresh.offline_exposure(customer_id, 0)
        till.close()


def test_very_many_entries_at_once_are_summed_right(book: JournalHarness) -> None:
    book.write(charge(ADA, 1, offline=True), charge(BEN, 10, offline=True))
    assert book.queries.offline_exposure(ADA, 0) == OfflineExposure(Money(1), Money(11))
    book.write(*(charge(9, 1, offline=True) for _ in range(exposure.ENTRIES_MAX + 1)))
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(11 + exposure.ENTRIES_MAX + 1)


def test_sums_of_entries_that_are_not_there_any_more_are_not_kept(book: JournalHarness) -> None:
    book.write(charge(ADA, 1, offline=True), charge(BEN, 10, offline=True))
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(11)
    book.tamper("DELETE FROM entries WHERE seq = 2")
    book.tamper("DELETE FROM positions WHERE customer_id = ?", BEN)
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(1)


@pytest.mark.parametrize("asked_before", [True, False], ids=["asked before", "first asked now"])
def test_a_settled_customer_leaves_the_terminals_sum(
    book: JournalHarness, *, asked_before: bool
) -> None:
    mark = book.write_one(charge(BEN, 10, offline=True))
    book.write(charge(ADA, 1, offline=True))
    if asked_before:
        assert book.queries.offline_exposure(ADA, 0).terminal == Money(11)
    book.write(attempt(BEN, mark), receipt(BEN, mark))
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(1)


def test_a_fork_changes_the_sums_of_customers_without_an_entry_since(book: JournalHarness) -> None:
    """Of an open case nothing is certain: all of it counts again, as it may not be in the row."""
    mark = book.write_one(charge(BEN, 10, offline=True))
    book.write(attempt(BEN, mark), receipt(BEN, mark), charge(BEN, 5, offline=True))
    book.write(conflict(BEN))
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(5)
    book.write(Draft(EntryKind.FORKED, body={"journal_id": "bbbb0002", "was": "aaaa0001"}))
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(15)


@pytest.mark.parametrize("asked_before", [True, False], ids=["asked before", "first asked now"])
def test_entries_that_could_not_be_summed_once_are_summed_the_next_time(
    book: JournalHarness, *, asked_before: bool
) -> None:
    """The file fails between reading its newest entry and the sums, as a disk may."""
    book.write(charge(BEN, 10, offline=True))
    if asked_before:
        assert book.queries.offline_exposure(ADA, 0).terminal == Money(10)
    book.write(charge(ADA, 1, offline=True), charge(BEN, 100, offline=True))
    connection = book.queries.connection
    connection.set_authorizer(
        lambda _, __, function, *___: (
            sqlite3.SQLITE_DENY if function == "json_extract" else sqlite3.SQLITE_OK
        )
    )
    with pytest.raises(JournalError):
        book.queries.offline_exposure(ADA, 0)
    connection.set_authorizer(None)
    assert book.queries.offline_exposure(ADA, 0) == OfflineExposure(Money(1), Money(111))
