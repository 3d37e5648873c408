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
def sold_mark(harness: SettlementHarness) -> Mark:
    """3.20 that the row holds since its second write, 0.80 that it does not; return the mark."""
    harness.charge(320)
    harness.book()
    mark = harness.position().row_mark
    assert mark is not None
    harness.charge(80)
    return mark


def decide(harness: SettlementHarness, resolution: Resolution, *answers: Scripted) -> Outcome:
    return harness.settle(*answers, resolution=resolution)


def sight(harness: SettlementHarness, snapshot: Snapshot) -> None:
    """Come by a row as a look-up does, and note what it owes."""
    own_mark = snapshot.marks.table.get(OURS)
    look = harness.queries.query(ADA, own_mark.seq if own_mark else None)
    assert look is not None
    harness.write(*reconcile(snapshot, look, OURS, may_share=False)[1])


@pytest.mark.parametrize(("resolution", "total"), [(RETRY, 1320), (ACCEPT, 1400)])
def test_a_copy_from_before_all_marks_is_healed_whole_after_a_ruling(
    harness: SettlementHarness, sold_mark: Mark, resolution: Resolution, total: int
) -> None:
    """The other till read the row before our first mark was in it, and its update lands late."""
    current_row = row(total, table({OURS: sold_mark}), at=3)
    assert harness.settle(current_row, REFUSES) == OnDesk()
    assert decide(harness, resolution, current_row, kept(4)) == Settled()
    copy = row(1050, table({THEIRS: OTHER}), at=5)
    sight(harness, copy)
    assert harness.settle(copy, kept(6)) == Settled()
    assert harness.updates[-1].total == Decimal(1450)


@pytest.mark.parametrize("seen_before", [True, False], ids=["seen before", "seen by the ruling"])
def test_what_was_taken_back_while_a_refusal_waited_is_sent_again_by_a_retry(
    harness: SettlementHarness, sold_mark: Mark, *, seen_before: bool
) -> None:
    current_row = row(1320, table({OURS: sold_mark}), at=3)
    assert harness.settle(current_row, REFUSES) == OnDesk()
    copy = row(1050, table({THEIRS: OTHER}), at=5)
    if seen_before:
        sight(harness, copy)
        assert pending(copy, harness.position(), OURS) == (Money(400), True)
    assert decide(harness, RETRY, copy, kept(6)) == Settled()
    assert harness.updates[-1].total == Decimal(1450)


@pytest.mark.parametrize(
    "resolution", [WRITE_OFF, replace(ACCEPT, amount=80)], ids=["off", "accept"]
)
def test_nobody_ends_more_than_the_amount_they_were_told(
    harness: SettlementHarness, sold_mark: Mark, resolution: Resolution
) -> None:
    """The row's look shows that the 3.20 were taken back, too: 4.00 is in question, not 0.80."""
    current_row = row(1320, table({OURS: sold_mark}), at=3)
    assert harness.settle(current_row, REFUSES) == OnDesk()
    copy = row(1050, table({THEIRS: OTHER}), at=5)
    assert isinstance(decide(harness, resolution, copy), Later)
    assert (harness.position().in_question, harness.position().conflict) == (400, "refused")
    assert not list(harness.of_kind(EntryKind.WRITE_OFF))
    assert decide(harness, replace(resolution, amount=400), copy, kept(6)) == Settled()
    assert harness.updates[-1].total == Decimal(1050)


@pytest.mark.parametrize(
    "resolution", [WRITE_OFF, replace(ACCEPT, amount=80)], ids=["off", "accept"]
)
def test_what_only_the_row_knew_to_be_in_is_not_ended_with_the_rest(
    harness: SettlementHarness, resolution: Resolution
) -> None:
    """A send that was not heard of had landed; on an old copy the same one was refused."""
    landed_mark = harness.charge(320)
    assert isinstance(harness.settle(row(1000, table()), OutcomeUnknown("HTTP 500")), Later)
    assert harness.settle(row(1000, table()), REFUSES) == OnDesk()
    harness.charge(80)
    decision, current_row = (
        replace(resolution, amount=400),
        row(1320, table({OURS: landed_mark}), at=3),
    )
    assert decide(harness, decision, current_row) == Later(ANOTHER_AMOUNT)
    assert (harness.position().in_question, harness.position().conflict) == (80, "refused")
    assert not list(harness.of_kind(EntryKind.WRITE_OFF))
    assert decide(harness, resolution, current_row, kept(4)) == Settled()
    assert harness.updates[-1].total == Decimal(1320)
    sums = 320 if resolution.choice is Choice.WRITE_OFF else 400
    mark = harness.updates[-1].mark
    assert mark
    assert (mark, mark.total) == (harness.position().last, sums)


def test_a_removed_customer_is_written_off_with_the_amount_that_the_person_was_told(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    assert harness.settle(RowNotFound(), doubt=Doubt.GONE, doubt_count=GONE_MAX - 1) == OnDesk()
    harness.charge(100)
    assert isinstance(decide(harness, WRITE_OFF, RowNotFound()), Later)
    assert decide(harness, replace(WRITE_OFF, amount=180), RowNotFound()) == Settled()
    assert harness.position().in_question == 0
    assert [entry.amount_minor for entry in harness.of_kind(EntryKind.WRITE_OFF)] == [-180]
    assert sold_mark.total == 320


def test_what_is_charged_while_a_person_writes_off_the_same_amount_stays_a_case(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    """Ada buys for 0.80 once more between the look at the journal and the write-off of 0.80."""
    current_row = row(1320, table({OURS: sold_mark}), at=3)
    assert harness.settle(current_row, REFUSES) == OnDesk()
    settling = settle(harness.task(resolution=WRITE_OFF))
    next(settling)
    assert settling.send(current_row) == ReadJournal(ADA, sold_mark.seq)
    append_request = settling.send(harness.queries.query(ADA, sold_mark.seq))
    assert isinstance(append_request, Append)
    harness.charge(80)
    harness.write(*append_request.drafts)
    assert settling.send(None) == ReadJournal(ADA, sold_mark.seq)
    with pytest.raises(StopIteration) as end:
        settling.send(harness.queries.query(ADA, sold_mark.seq))
    assert end.value.value == Later(ANOTHER_AMOUNT)
    assert [entry.amount_minor for entry in harness.of_kind(EntryKind.WRITE_OFF)] == [-80]
    assert (harness.position().in_question, harness.position().conflict) == (80, "refused")


def test_what_is_charged_while_a_row_is_given_up_stays_a_case(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    """Ada buys for 0.35 between the last look at the journal and the write-off of 4.00."""
    letter = row(1320, "a letter", at=3)
    assert harness.settle(letter) == OnDesk()
    settling = settle(harness.task(resolution=ALL_OFF))
    next(settling)
    for answer in (letter, harness.queries.query(ADA, None)):
        assert settling.send(answer) == ReadJournal(ADA, None)
    append_request = settling.send(harness.queries.query(ADA, None))
    assert isinstance(append_request, Append)
    harness.charge(35)
    harness.write(*append_request.drafts)
    assert settling.send(None) == ReadJournal(ADA, None)
    with pytest.raises(StopIteration) as end:
        settling.send(harness.queries.query(ADA, None))
    assert end.value.value == Later(ANOTHER_AMOUNT)
    assert [entry.amount_minor for entry in harness.of_kind(EntryKind.WRITE_OFF)] == [-400]
    assert (harness.position().in_question, harness.position().conflict) == (35, "no-place")
    assert decide(harness, replace(WRITE_OFF, amount=35), letter) == Settled()
    assert (harness.position().in_question, harness.position().conflict) == (0, None)
    assert sold_mark.total == 320


def test_a_write_off_in_these_books_alone_is_not_opened_by_the_mark_in_the_row(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    """The row keeps its mark and somebody else's keys; its total is all that is left of ours."""
    current_row = row(1320, table({OURS: sold_mark}, stamp="x"), at=3)
    assert harness.settle(current_row) == OnDesk()
    assert decide(harness, WRITE_OFF, current_row) == Settled()
    sight(harness, current_row)
    assert (harness.position().open, harness.position().conflict) == (False, None)


def test_a_row_that_a_person_has_believed_halts_nothing_again(harness: SettlementHarness) -> None:
    """Charged during the halt, and the row comes by before it is settled."""
    mark = harness.charge(320)
    assert isinstance(harness.settle(row(1000, table()), OutcomeUnknown("HTTP 500")), Later)
    half = row(1000, table({OURS: mark}), at=3)
    assert isinstance(harness.settle(half), Stopped)
    harness.charge(80)
    harness.write(Draft(EntryKind.RESUMED, ADA))
    for _ in range(2):
        sight(harness, half)
    assert not harness.queries.halted()
    assert harness.settle(half, kept(4)) == Settled()
    assert harness.updates[-1].total == Decimal(1080)


def test_what_was_written_off_and_is_in_the_row_after_all_is_taken_out_again(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    """It had landed unheard of, then somebody put a letter in debtData; now that is mended."""
    assert isinstance(
        harness.settle(row(1320, table({OURS: sold_mark}), at=3), OutcomeUnknown("lost")), Later
    )
    landed_row = kept_row(harness.updates[-1], 6)
    letter = row(1400, "a letter", at=5)
    assert harness.settle(letter) == OnDesk()
    assert decide(harness, ALL_OFF, letter) == Settled()
    sight(harness, landed_row)
    assert harness.queries.open_customers(1) == [ADA]
    assert harness.settle(landed_row, kept(7)) == Settled()
    assert harness.updates[-1].total == Decimal(1000)


def test_a_row_that_was_given_up_is_left_alone_while_it_holds_the_same_sum(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    current_row = row(1320, table({OURS: sold_mark}), at=3)
    assert harness.settle(current_row, REFUSES) == OnDesk()
    assert decide(harness, WRITE_OFF, current_row, REFUSES) == Settled()
    sight(harness, current_row)
    assert harness.queries.open_customers(1) == []


def test_a_row_that_was_given_up_and_came_back_is_a_case_again_when_it_is_unusable_again(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    letter = row(1320, "a letter", at=3)
    assert harness.settle(letter) == OnDesk()
    assert decide(harness, ALL_OFF, letter) == Settled()
    sight(harness, row(1000, table(), at=4))
    harness.charge(50)
    assert harness.settle(replace(letter, updated_at=row(at=5).updated_at)) == OnDesk()
    assert (harness.position().conflict, harness.position().in_question) == ("no-place", 50)
    assert sold_mark.total == 320
