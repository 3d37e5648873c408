"""Rows that come by after, or while, a case waits: old copies, marks that are there again."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.settlement.harness import (
    ADA,
    OURS,
    THEIRS,
    Scripted,
    SettlementHarness,
    kept,
    kept_row,
    row,
    table,
)

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import Mark
from taptill.domain.money import Money
from taptill.domain.pending import pending
from taptill.settlement.reconcile import reconcile
from taptill.settlement.requests import (
    Append,
    Choice,
    Doubt,
    Later,
    OnDesk,
    Outcome,
    OutcomeUnknown,
    ReadJournal,
    Rejected,
    Resolution,
    RowNotFound,
    Settled,
    Stopped,
)
from taptill.settlement.settle import GONE_MAX, settle
from taptill.settlement.update_row import ANOTHER_AMOUNT

RETRY = Resolution(Choice.RETRY, "Jo", "the limit was raised")
ACCEPT = Resolution(Choice.ACCEPT, "Jo", "booked by hand")
OTHER = Mark(5, 50, "11111111")
WRITE_OFF = Resolution(Choice.WRITE_OFF, "Jo", "the customer has left", amount=80)
ALL_OFF = replace(WRITE_OFF, amount=400)
REFUSES = Rejected(400, "limit")


@pytest.fixture
def sold(bench: SettlementHarness) -> Mark:
    """3.20 that the row holds since its second write, and 0.80 that it does not; give the mark."""
    bench.charge(320)
    bench.book()
    mark = bench.position().seen
    assert mark is not None
    bench.charge(80)
    return mark


def decide(bench: SettlementHarness, resolution: Resolution, *answers: Scripted) -> Outcome:
    return bench.settle(*answers, resolution=resolution)


def sight(bench: SettlementHarness, snapshot: Snapshot) -> None:
    """Come by a row as a look-up does, and note what it owes."""
    own = snapshot.marks.table.get(OURS)
    look = bench.reads.look(ADA, own.seq if own else None)
    assert look is not None
    bench.write(*reconcile(snapshot, look, OURS, may_share=False)[1])


@pytest.mark.parametrize(("resolution", "total"), [(RETRY, 1320), (ACCEPT, 1400)])
def test_a_copy_from_before_all_marks_is_healed_whole_after_a_ruling(
    bench: SettlementHarness, sold: Mark, resolution: Resolution, total: int
) -> None:
    """The other till read the row before our first mark was in it, and its update lands late."""
    there = row(total, table({OURS: sold}), at=3)
    assert bench.settle(there, REFUSES) == OnDesk()
    assert decide(bench, resolution, there, kept(4)) == Settled()
    copy = row(1050, table({THEIRS: OTHER}), at=5)
    sight(bench, copy)
    assert bench.settle(copy, kept(6)) == Settled()
    assert bench.updates[-1].total == Decimal(1450)


@pytest.mark.parametrize("seen_before", [True, False], ids=["seen before", "seen by the ruling"])
def test_what_was_taken_back_while_a_refusal_waited_is_sent_again_by_a_retry(
    bench: SettlementHarness, sold: Mark, *, seen_before: bool
) -> None:
    there = row(1320, table({OURS: sold}), at=3)
    assert bench.settle(there, REFUSES) == OnDesk()
    copy = row(1050, table({THEIRS: OTHER}), at=5)
    if seen_before:
        sight(bench, copy)
        assert pending(copy, bench.position(), OURS) == (Money(400), True)
    assert decide(bench, RETRY, copy, kept(6)) == Settled()
    assert bench.updates[-1].total == Decimal(1450)


@pytest.mark.parametrize(
    "resolution", [WRITE_OFF, replace(ACCEPT, amount=80)], ids=["off", "accept"]
)
def test_nobody_ends_more_than_the_amount_they_were_told(
    bench: SettlementHarness, sold: Mark, resolution: Resolution
) -> None:
    """The row's look shows that the 3.20 were taken back, too: 4.00 is in question, not 0.80."""
    there = row(1320, table({OURS: sold}), at=3)
    assert bench.settle(there, REFUSES) == OnDesk()
    copy = row(1050, table({THEIRS: OTHER}), at=5)
    assert isinstance(decide(bench, resolution, copy), Later)
    assert (bench.position().in_question, bench.position().conflict) == (400, "refused")
    assert not list(bench.of_kind(EntryKind.WRITE_OFF))
    assert decide(bench, replace(resolution, amount=400), copy, kept(6)) == Settled()
    assert bench.updates[-1].total == Decimal(1050)


@pytest.mark.parametrize(
    "resolution", [WRITE_OFF, replace(ACCEPT, amount=80)], ids=["off", "accept"]
)
def test_what_only_the_row_knew_to_be_in_is_not_ended_with_the_rest(
    bench: SettlementHarness, resolution: Resolution
) -> None:
    """A send that was not heard of had landed; on an old copy the same one was refused."""
    landed = bench.charge(320)
    assert isinstance(bench.settle(row(1000, table()), OutcomeUnknown("HTTP 500")), Later)
    assert bench.settle(row(1000, table()), REFUSES) == OnDesk()
    bench.charge(80)
    told, there = replace(resolution, amount=400), row(1320, table({OURS: landed}), at=3)
    assert decide(bench, told, there) == Later(ANOTHER_AMOUNT)
    assert (bench.position().in_question, bench.position().conflict) == (80, "refused")
    assert not list(bench.of_kind(EntryKind.WRITE_OFF))
    assert decide(bench, resolution, there, kept(4)) == Settled()
    assert bench.updates[-1].total == Decimal(1320)
    sums = 320 if resolution.choice is Choice.WRITE_OFF else 400
    mark = bench.updates[-1].mark
    assert mark
    assert (mark, mark.total) == (bench.position().last, sums)


def test_a_removed_customer_is_written_off_with_the_amount_that_the_person_was_told(
    bench: SettlementHarness, sold: Mark
) -> None:
    assert bench.settle(RowNotFound(), doubt=Doubt.GONE, doubted=GONE_MAX - 1) == OnDesk()
    bench.charge(100)
    assert isinstance(decide(bench, WRITE_OFF, RowNotFound()), Later)
    assert decide(bench, replace(WRITE_OFF, amount=180), RowNotFound()) == Settled()
    assert bench.position().in_question == 0
    assert [one.amount_minor for one in bench.of_kind(EntryKind.WRITE_OFF)] == [-180]
    assert sold.total == 320


def test_what_is_charged_while_a_person_writes_off_the_same_amount_stays_a_case(
    bench: SettlementHarness, sold: Mark
) -> None:
    """Ada buys for 0.80 once more between the look at the journal and the write-off of 0.80."""
    there = row(1320, table({OURS: sold}), at=3)
    assert bench.settle(there, REFUSES) == OnDesk()
    settling = settle(bench.task(resolution=WRITE_OFF))
    next(settling)
    assert settling.send(there) == ReadJournal(ADA, sold.seq)
    written = settling.send(bench.reads.look(ADA, sold.seq))
    assert isinstance(written, Append)
    bench.charge(80)
    bench.write(*written.drafts)
    assert settling.send(None) == ReadJournal(ADA, sold.seq)
    with pytest.raises(StopIteration) as end:
        settling.send(bench.reads.look(ADA, sold.seq))
    assert end.value.value == Later(ANOTHER_AMOUNT)
    assert [one.amount_minor for one in bench.of_kind(EntryKind.WRITE_OFF)] == [-80]
    assert (bench.position().in_question, bench.position().conflict) == (80, "refused")


def test_what_is_charged_while_a_row_is_given_up_stays_a_case(
    bench: SettlementHarness, sold: Mark
) -> None:
    """Ada buys for 0.35 between the last look at the journal and the write-off of 4.00."""
    letter = row(1320, "a letter", at=3)
    assert bench.settle(letter) == OnDesk()
    settling = settle(bench.task(resolution=ALL_OFF))
    next(settling)
    for answer in (letter, bench.reads.look(ADA, None)):
        assert settling.send(answer) == ReadJournal(ADA, None)
    written = settling.send(bench.reads.look(ADA, None))
    assert isinstance(written, Append)
    bench.charge(35)
    bench.write(*written.drafts)
    assert settling.send(None) == ReadJournal(ADA, None)
    with pytest.raises(StopIteration) as end:
        settling.send(bench.reads.look(ADA, None))
    assert end.value.value == Later(ANOTHER_AMOUNT)
    assert [one.amount_minor for one in bench.of_kind(EntryKind.WRITE_OFF)] == [-400]
    assert (bench.position().in_question, bench.position().conflict) == (35, "no-place")
    assert decide(bench, replace(WRITE_OFF, amount=35), letter) == Settled()
    assert (bench.position().in_question, bench.position().conflict) == (0, None)
    assert sold.total == 320


def test_a_write_off_in_these_books_alone_is_not_opened_by_the_mark_in_the_row(
    bench: SettlementHarness, sold: Mark
) -> None:
    """The row keeps its mark and somebody else's keys; its total is all that is left of ours."""
    there = row(1320, table({OURS: sold}, stamp="x"), at=3)
    assert bench.settle(there) == OnDesk()
    assert decide(bench, WRITE_OFF, there) == Settled()
    sight(bench, there)
    assert (bench.position().open, bench.position().conflict) == (False, None)


def test_a_row_that_a_person_has_believed_halts_nothing_again(bench: SettlementHarness) -> None:
    """Charged during the halt, and the row comes by before it is settled."""
    mark = bench.charge(320)
    assert isinstance(bench.settle(row(1000, table()), OutcomeUnknown("HTTP 500")), Later)
    half = row(1000, table({OURS: mark}), at=3)
    assert isinstance(bench.settle(half), Stopped)
    bench.charge(80)
    bench.write(Draft(EntryKind.RESUMED, ADA))
    for _ in range(2):
        sight(bench, half)
    assert not bench.reads.halted()
    assert bench.settle(half, kept(4)) == Settled()
    assert bench.updates[-1].total == Decimal(1080)


def test_what_was_written_off_and_is_in_the_row_after_all_is_taken_out_again(
    bench: SettlementHarness, sold: Mark
) -> None:
    """It had landed unheard of, then somebody put a letter in debtData; now that is mended."""
    assert isinstance(
        bench.settle(row(1320, table({OURS: sold}), at=3), OutcomeUnknown("lost")), Later
    )
    landed = kept_row(bench.updates[-1], 6)
    letter = row(1400, "a letter", at=5)
    assert bench.settle(letter) == OnDesk()
    assert decide(bench, ALL_OFF, letter) == Settled()
    sight(bench, landed)
    assert bench.reads.open_customers(1) == [ADA]
    assert bench.settle(landed, kept(7)) == Settled()
    assert bench.updates[-1].total == Decimal(1000)


def test_a_row_that_was_given_up_is_left_alone_while_it_holds_the_same_sum(
    bench: SettlementHarness, sold: Mark
) -> None:
    there = row(1320, table({OURS: sold}), at=3)
    assert bench.settle(there, REFUSES) == OnDesk()
    assert decide(bench, WRITE_OFF, there, REFUSES) == Settled()
    sight(bench, there)
    assert bench.reads.open_customers(1) == []


def test_a_row_that_was_given_up_and_came_back_is_a_case_again_when_it_is_unusable_again(
    bench: SettlementHarness, sold: Mark
) -> None:
    letter = row(1320, "a letter", at=3)
    assert bench.settle(letter) == OnDesk()
    assert decide(bench, ALL_OFF, letter) == Settled()
    sight(bench, row(1000, table(), at=4))
    bench.charge(50)
    assert bench.settle(replace(letter, updated_at=row(at=5).updated_at)) == OnDesk()
    assert (bench.position().conflict, bench.position().in_question) == ("no-place", 50)
    assert sold.total == 320
