"""Answers without the customer, and copies of the row from before its enrolment."""

from tests.settlement.harness import ADA, OURS, SettlementHarness, kept, kept_row, row, table

from taptill.domain.entry import Draft, EntryKind
from taptill.settlement.reconcile import reconcile
from taptill.settlement.requests import Applied, Doubt, Later, OnDesk, RowNotFound, Settled, Stopped
from taptill.settlement.settle import GONE_MAX


def test_five_answers_without_a_customer_are_believed_and_one_is_not(
    harness: SettlementHarness,
) -> None:
    harness.charge(320)
    for times in range(GONE_MAX - 1):
        outcome = harness.settle(RowNotFound(), doubt=Doubt.GONE, doubt_count=times)
        assert outcome == Later("the backend does not show the customer", doubt=Doubt.GONE)
    assert harness.kinds() == []
    assert harness.settle(RowNotFound(), doubt=Doubt.GONE, doubt_count=GONE_MAX - 1) == OnDesk()
    assert harness.last(EntryKind.CONFLICT).body == {"reason": "gone", "in_question": 320}


def test_a_customer_who_is_seen_again_is_settled_without_a_person(
    harness: SettlementHarness,
) -> None:
    mark = harness.charge(320)
    harness.settle(RowNotFound(), doubt=Doubt.GONE, doubt_count=GONE_MAX - 1)
    look = harness.queries.query(ADA, None)
    assert look is not None
    harness.write(*reconcile(row(1000, table()), look, OURS, may_share=False)[1])
    assert harness.position().conflict is None
    assert harness.queries.open_customers(9) == [ADA]
    assert harness.settle(row(1000, table()), kept(2)) == Settled()
    assert harness.position().row_mark == mark


def test_a_look_at_the_row_between_answers_without_it_begins_the_count_anew(
    harness: SettlementHarness,
) -> None:
    harness.charge(320)
    task = harness.task(doubt=Doubt.GONE, doubt_count=GONE_MAX - 1)
    outcome = harness.drive(task, [row(1000, table()), Applied(None), RowNotFound()])
    assert outcome == Later("the backend does not show the customer", doubt=Doubt.GONE)


def test_an_old_copy_of_before_the_enrolment_is_no_half_pair(harness: SettlementHarness) -> None:
    """A charge, then its void: the total sent is what it was before all, and that copy is read."""
    before = row(1000)
    mark = harness.charge(320)
    assert harness.settle(before, kept(2), kept(3)) == Settled()
    held_row = kept_row(harness.updates[-1], 3)
    assert held_row.marks.table == {OURS: mark}
    harness.write(Draft(EntryKind.REPAYMENT, ADA, -320))
    assert not isinstance(harness.settle(held_row, Applied(None), before), Stopped)
    assert not harness.queries.halted()
