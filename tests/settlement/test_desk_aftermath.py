"""Rows that come by after, or while, a case waits: old copies, marks that are there again."""

from decimal import Decimal

import pytest
from tests.settlement.bench import ADA, OURS, THEIRS, Bench, Scripted, kept, row, table

from taptill.domain.customer import Snapshot
from taptill.domain.mark import Mark
from taptill.settlement.judgement import assess
from taptill.settlement.requests import Choice, Final, OnDesk, Outcome, Ruling, Settled

RETRY = Ruling(Choice.RETRY, "Jo", "the limit was raised")
ACCEPT = Ruling(Choice.ACCEPT, "Jo", "booked by hand")
OTHER = Mark(5, 50, "11111111")
REFUSES = Final(400, "limit")


@pytest.fixture
def sold(bench: Bench) -> Mark:
    """3.20 that the row holds since its second write, and 0.80 that it does not; give the mark."""
    bench.charge(320)
    bench.book()
    mark = bench.position().seen
    assert mark is not None
    bench.charge(80)
    return mark


def decide(bench: Bench, ruling: Ruling, *answers: Scripted) -> Outcome:
    return bench.settle(*answers, ruling=ruling)


def sight(bench: Bench, snapshot: Snapshot) -> None:
    """Come by a row as a look-up does, and note what it owes."""
    own = snapshot.marks.table.get(OURS)
    look = bench.reads.look(ADA, own.seq if own else None)
    assert look is not None
    bench.write(*assess(snapshot, look, OURS, may_share=False)[1])


@pytest.mark.parametrize(("ruling", "total"), [(RETRY, 1320), (ACCEPT, 1400)])
def test_a_copy_from_before_all_marks_is_healed_whole_after_a_ruling(
    bench: Bench, sold: Mark, ruling: Ruling, total: int
) -> None:
    """The other till read the row before our first mark was in it, and its update lands late."""
    there = row(total, table({OURS: sold}), at=3)
    assert bench.settle(there, REFUSES) == OnDesk()
    assert decide(bench, ruling, there, kept(4)) == Settled()
    copy = row(1050, table({THEIRS: OTHER}), at=5)
    sight(bench, copy)
    assert bench.settle(copy, kept(6)) == Settled()
    assert bench.updates[-1].total == Decimal(1450)
