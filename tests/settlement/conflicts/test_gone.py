"""Answers without the customer, and copies of the row from before its enrolment."""

from tests.settlement.harness import ADA, OURS, SettlementHarness, kept, kept_row, row, table

from taptill.domain.entry import Draft, EntryKind
from taptill.settlement.reconcile import reconcile
from taptill.settlement.requests import Applied, Doubt, Later, OnDesk, RowNotFound, Settled, Stopped
from taptill.settlement.settle import GONE_MAX


def test_five_answers_without_a_customer_are_believed_and_one_is_not(
    bench: SettlementHarness,
) -> None:
    bench.charge(320)
    for times in range(GONE_MAX - 1):
        outcome = bench.settle(RowNotFound(), doubt=Doubt.GONE, doubted=times)
        assert outcome == Later("the backend does not show the customer", doubt=Doubt.GONE)
    assert bench.kinds() == []
    assert bench.settle(RowNotFound(), doubt=Doubt.GONE, doubted=GONE_MAX - 1) == OnDesk()
    assert bench.last(EntryKind.CONFLICT).body == {"reason": "gone", "in_question": 320}


def test_a_customer_who_is_seen_again_is_settled_without_a_person(bench: SettlementHarness) -> None:
    mark = bench.charge(320)
    bench.settle(RowNotFound(), doubt=Doubt.GONE, doubted=GONE_MAX - 1)
    look = bench.reads.look(ADA, None)
    assert look is not None
    bench.write(*reconcile(row(1000, table()), look, OURS, may_share=False)[1])
    assert bench.position().conflict is None
    assert bench.reads.open_customers(9) == [ADA]
    assert bench.settle(row(1000, table()), kept(2)) == Settled()
    assert bench.position().seen == mark


def test_a_look_at_the_row_between_answers_without_it_begins_the_count_anew(
    bench: SettlementHarness,
) -> None:
    bench.charge(320)
    task = bench.task(doubt=Doubt.GONE, doubted=GONE_MAX - 1)
    outcome = bench.drive(task, [row(1000, table()), Applied(None), RowNotFound()])
    assert outcome == Later("the backend does not show the customer", doubt=Doubt.GONE)


def test_an_old_copy_of_before_the_enrolment_is_no_half_pair(bench: SettlementHarness) -> None:
    """A charge, then its void: the total sent is what it was before all, and that copy is read."""
    before = row(1000)
    mark = bench.charge(320)
    assert bench.settle(before, kept(2), kept(3)) == Settled()
    held = kept_row(bench.updates[-1], 3)
    assert held.marks.table == {OURS: mark}
    bench.write(Draft(EntryKind.REPAYMENT, ADA, -320))
    assert not isinstance(bench.settle(held, Applied(None), before), Stopped)
    assert not bench.reads.halted()
