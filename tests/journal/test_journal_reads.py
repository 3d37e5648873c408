"""A written journal in, the facts that the till and settlement ask for out."""

from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import (
    ADA,
    BEN,
    attempt,
    charge,
    conflict,
    declined,
    receipt,
    repayment,
    taken_back,
    void,
)

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, EntryKind, MarkedEntry
from taptill.domain.errors import JournalError
from taptill.domain.mark import Mark
from taptill.domain.money import Money
from taptill.journal.journal import Journal
from taptill.journal.queries import JournalQueries


def test_a_footing_is_the_mark_that_an_entry_makes(book: JournalHarness) -> None:
    first = book.write_one(charge(ADA, 320))
    book.write(charge(BEN, 999), declined(ADA))
    second = book.write_one(charge(ADA, 80))
    assert book.queries.entry_at_mark(first.seq) == MarkedEntry(ADA, first)
    assert book.queries.entry_at_mark(second.seq) == MarkedEntry(
        ADA, Mark(second.seq, 400, second.hash)
    )


@pytest.mark.parametrize("seq", [0, 2, 3, 2**62], ids=["zero", "no money", "beyond", "far beyond"])
def test_no_footing_where_there_is_no_money_entry(book: JournalHarness, seq: int) -> None:
    book.write(charge(ADA, 320), declined(ADA))
    assert book.queries.entry_at_mark(seq) is None


def test_a_look_gives_position_and_footing_of_one_state(book: JournalHarness) -> None:
    mark = book.write_one(charge(ADA, 320))
    look = book.queries.query(ADA, mark.seq)
    assert look is not None
    assert (look.position.last, look.marked_entry) == (mark, MarkedEntry(ADA, mark))
    look = book.queries.query(ADA, None)
    assert look is not None
    assert look.marked_entry is None


def test_a_customer_without_entries_is_no_concern_unless_the_row_has_our_mark(
    book: JournalHarness,
) -> None:
    mark = book.write_one(charge(ADA, 320))
    assert book.queries.query(BEN, None) is None
    look = book.queries.query(BEN, mark.seq)
    assert look is not None
    assert (look.position.customer_id, look.position.last) == (BEN, None)
    assert look.marked_entry == MarkedEntry(ADA, mark)


def test_the_oldest_open_customer_comes_first_and_the_desk_waits(book: JournalHarness) -> None:
    book.write(charge(BEN, 1), charge(ADA, 2), charge(9, 3), charge(10, 4))
    settled_mark = book.write_one(charge(11, 5))
    book.write(attempt(11, settled_mark), receipt(11, settled_mark), conflict(9))
    assert book.queries.open_customers(10) == [BEN, ADA, 10]
    assert book.queries.open_customers(2) == [BEN, ADA]
    assert book.queries.open_sum() == (3, Money(7))
    assert book.queries.open_sum(with_desk=True) == (4, Money(10))
    assert book.queries.in_question()[0] == 1


def test_a_halt_lasts_until_it_is_lifted(book: JournalHarness) -> None:
    assert book.queries.halted() == []
    book.write(Draft(EntryKind.OPENED, body={"journal_id": "0000abcd"}))
    assert book.queries.halted() == []
    book.write(
        *[
            Draft(EntryKind.HALTED, customer, body={"reason": "half-kept"})
            for customer in (ADA, BEN)
        ]
    )
    for kind in (
        EntryKind.OPENED,
        EntryKind.FORKED,
        EntryKind.RETIRED,
    ):  # which say nothing of a halt
        book.write(Draft(kind, body={"journal_id": "0000abcd"}))
    assert book.queries.halted() == [ADA, BEN]
    book.write(Draft(EntryKind.RESUMED, ADA), Draft(EntryKind.RESUMED, BEN))
    assert book.queries.halted() == []


def test_the_last_sales_come_oldest_first(book: JournalHarness) -> None:
    book.write(charge(ADA, 1, "c1"), charge(ADA, 2, "c2"), declined(), repayment(ADA, 3))
    book.write(void(ADA, 2, "c2"), charge(BEN, 4, "c4"))
    assert [entry.charge_id for entry in book.queries.last_sales(3)] == [None, "c2", "c4"]
    assert [entry.seq for entry in book.queries.last_sales(99)] == [1, 2, 4, 5, 6]


def test_a_new_journal_has_no_sales_and_was_never_opened(book: JournalHarness) -> None:
    assert book.queries.last_sales(6) == []
    assert book.queries.last_opened() is None


def test_offline_charges_count_above_the_newest_mark_less_their_voids(book: JournalHarness) -> None:
    first = book.write_one(charge(ADA, 500, "c1", offline=True))
    book.write(charge(ADA, 300, "c2", offline=True), charge(ADA, 70, "c3"))
    book.write(charge(BEN, 40, "c4", offline=True), charge(ADA, 9, "c5", offline=True))
    book.write(void(ADA, 9, "c5"))
    assert book.queries.offline_exposure(ADA, 0) == OfflineExposure(Money(800), Money(840))
    assert book.queries.offline_exposure(ADA, first.seq) == OfflineExposure(Money(300), Money(340))
    assert book.queries.offline_exposure(BEN, 0) == OfflineExposure(Money(40), Money(840))
    assert book.queries.offline_exposure(9, 0) == OfflineExposure(Money(0), Money(840))


def test_a_mark_that_went_back_brings_offline_charges_back(book: JournalHarness) -> None:
    mark = book.write_one(charge(BEN, 40, "c4", offline=True))
    book.write(attempt(BEN, mark), receipt(BEN, mark))
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(0)
    book.write(taken_back(BEN, None))
    assert book.queries.offline_exposure(ADA, 0).terminal == Money(40)


def test_trouble_while_reading_is_a_journal_error(book: JournalHarness) -> None:
    book.tamper("DROP TABLE positions")
    with pytest.raises(JournalError, match="tables are not a journal"):
        book.queries.position(ADA)
    with pytest.raises(JournalError, match="tables are not a journal"):
        book.queries.query(ADA, None)
    with pytest.raises(JournalError, match="tables are not a journal"):
        book.queries.in_question()[0]


async def test_a_reader_sees_each_commit_of_a_running_writer(path: Path, clock: FakeClock) -> None:
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({"backend": "here"})
    beside = JournalQueries(path)
    for amount in (1, 2, 3):
        await journal.append([charge(ADA, amount)])
        assert beside.last_sales(1)[0].amount_minor == amount
    beside.close()
    journal.close()
