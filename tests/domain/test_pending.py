"""A snapshot and the journal's position in, what the snapshot lacks out: nothing twice."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.samples import snapshot

from taptill.domain.entry import Attempt, Position
from taptill.domain.mark import Mark, Marks, Place
from taptill.domain.money import ZERO, Money
from taptill.domain.pending import pending

OURS = "a1"
EPOCH = "5c01b7e2"
FIRST, LAST = Mark(3, 420, "33333333"), Mark(8, 1000, "88888888")
SENT = Attempt(EPOCH, LAST, Decimal(0), Decimal(1000), 0, open=False)
AT = Position(1, LAST, FIRST, 3, "", None, None, None)


def row(mark: Mark | None = None, epoch: str = EPOCH, **others: Mark | None) -> Marks:
    """Give a row's marks with ours, if there is one."""
    table = {**others, **({} if mark is None else {OURS: mark})}
    return Marks(Place.TABLE, epoch, table)


CASES = {
    "no entry here: nothing is pending": (row(), None, 0, False),
    "no money entry here: nothing is pending": (row(FIRST), replace(AT, last=None), 0, False),
    "the row holds it all": (row(LAST), AT, 0, False),
    "the row holds an older mark": (row(FIRST), AT, 580, False),
    "never sent: all of it": (row(), replace(AT, seen=None), 1000, False),
    "never sent, an untouched row": (Marks(Place.EMPTY), AT, 1000, False),
    "absent in the epoch of our attempts: our send was written over": (
        row(),
        replace(AT, attempt=SENT),
        1000,
        False,
    ),
    "absent in another epoch: the last mark seen stands in": (
        row(epoch="ffffffff"),
        replace(AT, attempt=SENT),
        580,
        True,
    ),
    "no key any more, and we did send": (
        Marks(Place.EMPTY),
        replace(AT, attempt=SENT),
        580,
        True,
    ),
    "our mark is unreadable": (Marks(Place.TABLE, EPOCH, {OURS: None}), AT, 580, True),
    "on the conflict desk the last mark seen counts": (
        row(Mark(99, 99_000, "ffffffff")),
        replace(AT, conflict="unknown-mark"),
        580,
        True,
    ),
    "on the desk and never seen: all of it": (
        row(),
        replace(AT, seen=None, conflict="no-place"),
        1000,
        True,
    ),
    "other journals' marks are in the total already": (
        row(FIRST, b2=Mark(70, 7000, "77777777")),
        AT,
        580,
        False,
    ),
}


@pytest.mark.parametrize(("marks", "position", "minor", "in_question"), CASES.values(), ids=CASES)
def test_pending_is(
    marks: Marks,
    position: Position | None,
    minor: int,
    in_question: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Each row of the table of marks, as far as a screen's figure goes."""
    assert pending(marks, position, OURS) == (Money(minor), in_question)


amounts = st.lists(st.integers(-5000, 5000).filter(bool), min_size=1, max_size=8)


@given(amounts, st.integers(-9999, 9999), st.integers(-9999, 9999), st.data())
def test_no_sight_counts_an_entry_twice_or_not_at_all(
    entries: list[int], office: int, other: int, data: st.DataObject
) -> None:
    """Whichever prefix a row holds, and whichever mark was seen before: the debt is the same."""
    marks = [Mark(seq, sum(entries[:seq]), f"{seq:08}") for seq in range(1, len(entries) + 1)]
    for landed in data.draw(st.permutations(range(len(entries) + 1))):
        seen = data.draw(st.sampled_from([None, *marks]))
        position = Position(1, marks[-1], seen, 0, "", None, None, None)
        held = marks[landed - 1] if landed else None
        table = {"b2": Mark(1, other, "0"), **({OURS: held} if held else {})}
        total = office + other + (held.total if held else 0)
        sight = snapshot(total=total, marks=Marks(Place.TABLE, EPOCH, table))
        more, in_question = pending(sight.marks, position, OURS)
        assert sight.debt + more == Money(office + other + sum(entries))
        assert not in_question


@given(amounts)
def test_a_journal_that_sent_all_of_it_adds_nothing(entries: list[int]) -> None:
    last = Mark(len(entries), sum(entries), "x")
    position = Position(1, last, last, last.seq, "", None, None, None)
    assert pending(row(last), position, OURS) == (ZERO, False)
