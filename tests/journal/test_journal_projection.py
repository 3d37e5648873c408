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
    result = book.queries.position(ADA)
    assert result is not None
    return result


def test_a_money_entry_moves_the_mark_that_the_row_should_hold(book: JournalHarness) -> None:
    first = book.write_one(charge(ADA, 320))
    second = book.write_one(repayment(ADA, 100))
    assert position(book).last == Mark(second.seq, 220, second.hash)
    assert (first.total, position(book).open) == (320, True)


def test_an_attempt_is_unheard_of_until_something_follows(book: JournalHarness) -> None:
    mark = book.write_one(charge(ADA, 320))
    book.write(attempt(ADA, mark, read=1000))
    at = position(book)
    assert at.attempt == Attempt(
        epoch="0000e90c",
        sent_mark=mark,
        total_read=Decimal(1000),
        total_sent=Decimal(1320),
        others_total=0,
        open=True,
    )
    assert (at.row_mark, at.base, at.updated_at) == (
        None,
        Decimal(1000),
        "2026-03-02T09:00:00.000Z",
    )
    book.write(receipt(ADA, mark, "1000"))
    at = position(book)
    assert at.attempt is not None
    assert (at.open, at.attempt.open, at.row_mark, at.receipted_seq) == (
        False,
        False,
        mark,
        mark.seq,
    )


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
    whole_mark = Mark(mark.seq, 320, mark.hash)
    book.write(attempt(ADA, whole_mark), receipt(ADA, whole_mark))
    assert not position(book).open
    book.write(taken_back(ADA, first))
    at = position(book)
    assert (at.open, at.row_mark, at.receipted_seq) == (True, first, whole_mark.seq)


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
    closed_attempt = replace(before.attempt, open=False)
    assert position(book) == replace(before, attempt=closed_attempt, updated_at="")
    assert position(book).open


def test_entries_that_say_nothing_of_settling_change_nothing(book: JournalHarness) -> None:
    book.write(declined(ADA), Draft(EntryKind.HALTED, ADA, body={"reason": "half-kept"}))
    assert position(book) == Position(customer_id=ADA)
    assert not position(book).open
    book.write(declined(), Draft(EntryKind.RESUMED))
    assert book.queries.position(BEN) is None


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
    queries = JournalQueries(":memory:", file.connection)
    count = PositionCounter()
    for entry in entries(file.connection):
        count.add(entry)
    fresh = count.positions
    assert {customer_id: queries.position(customer_id) for customer_id in fresh} == fresh
    assert verify(file.connection).sound
    assert queries.open_customers(9) == [
        fresh_position.customer_id
        for fresh_position in sorted(
            fresh.values(), key=lambda each: each.last.seq if each.last else 0
        )
        if fresh_position.open and fresh_position.conflict is None
    ]
    assert queries.in_question()[0] == sum(
        fresh_position.conflict is not None for fresh_position in fresh.values()
    )
    before = file.connection.execute("SELECT * FROM positions ORDER BY customer_id").fetchall()
    file.rebuild_projection()
    assert (
        before == file.connection.execute("SELECT * FROM positions ORDER BY customer_id").fetchall()
    )
    file.close()


_ATTEMPTS = st.builds(
    Attempt,
    epoch=_HASHES,
    sent_mark=_MARKS,
    total_read=_FIGURES.map(Decimal),
    total_sent=_FIGURES.map(Decimal),
    others_total=st.none() | _AMOUNTS,
    open=st.booleans(),
)
_POSITIONS = st.builds(
    Position,
    customer_id=_WHO,
    last=st.none() | _MARKS,
    row_mark=st.none() | _MARKS,
    receipted_seq=st.integers(0, 99),
    updated_at=st.text(max_size=30),
    base=st.none() | _FIGURES.map(Decimal),
    attempt=st.none() | _ATTEMPTS,
    conflict=st.none() | st.text(max_size=20),
)


@given(_POSITIONS)
def test_a_position_comes_back_from_its_row(at: Position) -> None:
    row = to_row(at)
    assert len(row) == len(COLUMNS)
    assert from_row(row) == at
