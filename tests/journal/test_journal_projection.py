"""Entries in any order in, the same sums per customer as a fresh count out."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import (
    ADA,
    BEN,
    attempt,
    charge,
    conflict,
    declined,
    office_moved,
    receipt,
    refusal,
    repayment,
    resolved,
    taken_back,
)

from taptill.domain.entry import Attempt, Draft, EntryKind, Position
from taptill.domain.mark import Mark
from taptill.journal.file import JournalFile, entries
from taptill.journal.projection import COLUMNS, PositionCounter, from_row, to_row
from taptill.journal.queries import JournalQueries
from taptill.journal.verify import verify

SENT = Mark(1, 320, "9f3c21aa")
SEEN = Mark(1, 100, "00000001")


def position(book: JournalHarness) -> Position:
    found = book.reads.position(ADA)
    assert found is not None
    return found


def test_a_money_entry_moves_the_mark_that_the_row_should_hold(book: JournalHarness) -> None:
    first = book.write_one(charge(ADA, 320))
    second = book.write_one(repayment(ADA, 100))
    assert position(book).last == Mark(second.seq, 220, second.hash)
    assert (first.total, position(book).open) == (320, True)


def test_an_attempt_is_unheard_of_until_something_follows(book: JournalHarness) -> None:
    mark = book.write_one(charge(ADA, 320))
    book.write(attempt(ADA, mark, read=1000))
    at = position(book)
    assert at.attempt == Attempt("0000e90c", mark, Decimal(1000), Decimal(1320), 0, open=True)
    assert (at.seen, at.base, at.updated_at) == (None, Decimal(1000), "2026-03-02T09:00:00.000Z")
    book.write(receipt(ADA, mark, "1000"))
    at = position(book)
    assert at.attempt is not None
    assert (at.open, at.attempt.open, at.seen, at.receipted_seq) == (False, False, mark, mark.seq)


CLOSING = {
    "a refusal": (refusal(ADA), "refused"),
    "a conflict": (conflict(ADA), "mark-lost"),
}


@pytest.mark.parametrize(("draft", "reason"), CLOSING.values(), ids=CLOSING)
def test_the_desk_holds_what_was_not_taken(book: JournalHarness, draft: Draft, reason: str) -> None:
    mark = book.write_one(charge(ADA, 320))
    book.write(attempt(ADA, mark), draft)
    at = position(book)
    assert at.attempt is not None
    assert (at.conflict, at.attempt.open, at.open) == (reason, False, True)
    book.write(resolved(ADA))
    assert position(book).conflict is None


def test_a_mark_taken_back_is_open_again(book: JournalHarness) -> None:
    first = book.write_one(charge(ADA, 100))
    mark = book.write_one(charge(ADA, 220))
    whole = Mark(mark.seq, 320, mark.hash)
    book.write(attempt(ADA, whole), receipt(ADA, whole))
    assert not position(book).open
    book.write(taken_back(ADA, first))
    at = position(book)
    assert (at.open, at.seen, at.receipted_seq) == (True, first, whole.seq)


def test_what_the_office_moved_is_the_new_base(book: JournalHarness) -> None:
    book.write(charge(ADA, 100), office_moved(ADA, "-800"))
    assert position(book).base == Decimal(-800)


def test_a_lifted_halt_ends_the_search_for_what_caused_it(book: JournalHarness) -> None:
    book.write(charge(ADA, 100), attempt(ADA, SENT))
    book.write(Draft(EntryKind.HALTED, ADA, body={"reason": "half-kept"}))
    before = position(book)
    assert before.attempt is not None
    assert before.attempt.open
    book.write(Draft(EntryKind.RESUMED, ADA))
    believed = replace(before.attempt, open=False)
    assert position(book) == replace(before, attempt=believed, updated_at="")
    assert position(book).open


def test_entries_that_say_nothing_of_settling_change_nothing(book: JournalHarness) -> None:
    book.write(declined(ADA), Draft(EntryKind.HALTED, ADA, body={"reason": "half-kept"}))
    assert position(book) == Position(ADA, None, None, 0, "", None, None, None)
    assert not position(book).open
    book.write(declined(), Draft(EntryKind.RESUMED))
    assert book.reads.position(BEN) is None


def given_up(customer: int) -> Draft:
    """Write that the desk ended a case which no row can take."""
    return Draft(EntryKind.RESOLVED, customer, body={"choice": "write-off", "unwritten": True})


_HASHES = st.text("0123456789abcdef", min_size=8, max_size=8)
_AMOUNTS = st.integers(-(10**12), 10**12)
_MARKS = st.builds(Mark, st.integers(1, 99), _AMOUNTS, _HASHES)
_WHO = st.sampled_from([ADA, BEN, 9])
_FIGURES = st.decimals(-(10**9), 10**9, allow_nan=False, places=3).map(str)
_DRAFTS = st.one_of(
    st.builds(charge, _WHO, _AMOUNTS),
    st.builds(repayment, _WHO, _AMOUNTS),
    st.builds(attempt, _WHO, _MARKS, st.none() | _MARKS, _AMOUNTS),
    st.builds(receipt, _WHO, _MARKS, st.none() | _FIGURES),
    st.builds(taken_back, _WHO, st.none() | _MARKS),
    st.builds(office_moved, _WHO, _FIGURES),
    st.builds(conflict, _WHO),
    st.builds(refusal, _WHO),
    st.builds(resolved, _WHO),
    st.builds(declined, st.none() | _WHO),
    st.builds(given_up, _WHO),
    st.builds(Draft, st.just(EntryKind.RESUMED), _WHO),
    st.just(Draft(EntryKind.FORKED, body={"journal_id": "bbbb0002", "was": "aaaa0001"})),
)


@given(st.lists(st.lists(_DRAFTS, min_size=1, max_size=4), max_size=12))
def test_the_sums_kept_are_those_of_a_fresh_count(groups: list[list[Draft]]) -> None:
    file = JournalFile(":memory:", FakeClock())
    for group in groups:
        file.append([group])
    reads = JournalQueries(":memory:", file.connection)
    count = PositionCounter()
    for entry in entries(file.connection):
        count.add(entry)
    fresh = count.positions
    assert {one: reads.position(one) for one in fresh} == fresh
    assert verify(file.connection).sound
    assert reads.open_customers(9) == [
        one.customer_id
        for one in sorted(fresh.values(), key=lambda each: each.last.seq if each.last else 0)
        if one.open and one.conflict is None
    ]
    assert reads.in_question()[0] == sum(one.conflict is not None for one in fresh.values())
    before = file.connection.execute("SELECT * FROM positions ORDER BY customer_id").fetchall()
    file.rebuild_projection()
    assert (
        before == file.connection.execute("SELECT * FROM positions ORDER BY customer_id").fetchall()
    )
    file.close()


_POSITIONS = st.builds(
    Position,
    _WHO,
    st.none() | _MARKS,
    st.none() | _MARKS,
    st.integers(0, 99),
    st.text(max_size=30),
    st.none() | _FIGURES.map(Decimal),
    st.none()
    | st.builds(
        Attempt,
        _HASHES,
        _MARKS,
        _FIGURES.map(Decimal),
        _FIGURES.map(Decimal),
        st.none() | _AMOUNTS,
        st.booleans(),
    ),
    st.none() | st.text(max_size=20),
)


@given(_POSITIONS)
def test_a_position_comes_back_from_its_row(at: Position) -> None:
    row = to_row(at)
    assert len(row) == len(COLUMNS)
    assert from_row(row) == at
