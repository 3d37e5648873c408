"""Rows that go back to before they were enrolled: what is in question, and what a person can say.

And rows that own or other tills' late enrolments have written over, for which nobody is asked.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.settlement.harness import (
    ADA,
    OURS,
    THEIRS,
    SettlementHarness,
    kept,
    kept_row,
    row,
    table,
)

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind, MarkedEntry
from taptill.domain.mark import Enrolment, Mark, enrolled, read_marks
from taptill.domain.money import Money
from taptill.domain.pending import pending
from taptill.settlement.reconcile import reconcile
from taptill.settlement.requests import (
    Applied,
    Choice,
    Doubt,
    Later,
    OnDesk,
    Outcome,
    OutcomeUnknown,
    Resolution,
    RowNotFound,
    Settled,
    Update,
    UpdateAnswer,
)
from taptill.settlement.resolve import ROW_TELLS
from taptill.settlement.settle import STALE_MAX

ALL_IN = Resolution(Choice.ACCEPT, "Jo", "the office has looked")
NONE_IN = Resolution(Choice.RETRY, "Jo", "the office has looked", booked_minor=0)
A_PART = replace(NONE_IN, booked_minor=400)
LOST = OutcomeUnknown("lost")
UNSAID = replace(NONE_IN, booked_minor=None)
WRITTEN_OFF = replace(ALL_IN, choice=Choice.WRITE_OFF)
GONE_BACK = row(-2445, at=9)
"""As before the sale, and saved since: its stamp is a new one."""


@pytest.fixture
def settled_mark(harness: SettlementHarness) -> Mark:
    """A customer with 24.45 in advance buys for 10.00, which the row holds with its receipt."""
    mark = harness.charge(1000)
    assert harness.settle(row(-2445), kept(2), kept(3)) == Settled()
    assert harness.updates[-1].total == Decimal(-1445)
    return mark


def by(snapshot: Snapshot, journal_id: str = THEIRS, customer: int = ADA) -> Snapshot:
    """Return a row as an enrolment of another till leaves it."""
    enrolment = Enrolment(journal_id, customer, snapshot.updated_at, snapshot.total)
    later = replace(snapshot, updated_at=row(at=9).updated_at)
    return replace(later, marks=read_marks(enrolled(snapshot.marks, enrolment)))


def decide(
    harness: SettlementHarness, resolution: Resolution, current_row: Snapshot, *, at: int = 10
) -> Outcome:
    return harness.settle(current_row, kept(at), kept(at + 1), resolution=resolution)


def test_all_that_was_sent_is_in_question_where_the_mark_is_lost(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    assert harness.settle(GONE_BACK) == OnDesk()
    assert harness.last(EntryKind.CONFLICT).body["in_question"] == 1000
    assert harness.position().in_question == 1000
    assert harness.queries.open_sum(with_desk=True) == (1, Money(1000))
    assert pending(GONE_BACK, harness.position(), OURS) == (Money(1000), True)
    assert settled_mark.total == 1000


RULINGS: Mapping[str, tuple[Resolution, int, list[str]]] = {
    "all of it is in: only the mark is written": (ALL_IN, -2445, ["-3445"]),
    "none of it is in: all is sent again": (NONE_IN, -1445, []),
    "a part is in: the rest is sent": (A_PART, -1845, ["-2845"]),
    "nobody will pay it: the books forget it": (WRITTEN_OFF, -2445, []),
}


@pytest.mark.parametrize(("resolution", "total", "moved_row"), RULINGS.values(), ids=RULINGS)
def test_a_ruling_makes_the_books_right_whichever_way_it_was(
    harness: SettlementHarness,
    settled_mark: Mark,
    resolution: Resolution,
    total: int,
    moved_row: list[str],
) -> None:
    """What the office has moved follows from what the person said; it is journaled."""
    assert harness.settle(GONE_BACK) == OnDesk()
    assert decide(harness, resolution, GONE_BACK) == Settled()
    assert harness.updates[-1].total == Decimal(total)
    assert harness.position().conflict is None
    assert not harness.position().open
    assert [entry.body["to"] for entry in harness.of_kind(EntryKind.OFFICE_MOVED)] == moved_row
    booked_mark = harness.position().last
    assert booked_mark is not None
    base = harness.position().base
    assert base == Decimal(total) - booked_mark.total
    assert settled_mark.seq <= booked_mark.seq


def test_a_retry_that_does_not_say_what_is_in_moves_nothing(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    assert harness.settle(GONE_BACK) == OnDesk()
    before = len(harness.updates)
    assert harness.settle(GONE_BACK, resolution=UNSAID) == OnDesk()
    assert len(harness.updates) == before
    assert harness.position().conflict == "mark-lost"
    assert settled_mark.total == 1000


def test_what_a_ruling_said_stands_in_the_journal(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    assert harness.settle(GONE_BACK) == OnDesk()
    assert decide(harness, A_PART, GONE_BACK) == Settled()
    over = harness.last(EntryKind.RESOLVED)
    assert over.body == {"choice": "retry", "reason": A_PART.reason, "booked": 400}
    assert (over.staff, settled_mark.total) == ("Jo", 1000)


def test_a_person_may_take_back_what_was_said_before_it_was_carried_out(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    """All of it is in, says the first ruling, and its update is lost; none of it, says the next."""
    assert harness.settle(GONE_BACK) == OnDesk()
    assert isinstance(harness.settle(GONE_BACK, kept(10), LOST, resolution=ALL_IN), Later)
    current_row = kept_row(harness.updates[-2], 10)
    assert pending(current_row, harness.position(), OURS) == (Money(1000), True)
    assert harness.position().in_question == 1000
    assert harness.settle(current_row, kept(11), resolution=NONE_IN) == Settled()
    assert (harness.updates[-1].total, settled_mark.total) == (Decimal(-1445), 1000)
    assert harness.last(EntryKind.RESOLVED).body["booked"] == 0


def test_nobody_says_otherwise_than_the_mark_in_the_row(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    harness.charge(80)
    current_row = row(-1445, table({OURS: settled_mark}), at=4)
    harness.write(_refusal())
    assert harness.settle(current_row) == OnDesk()
    assert harness.settle(current_row, resolution=NONE_IN) == Later(ROW_TELLS)
    assert harness.settle(current_row, kept(5), resolution=UNSAID) == Settled()
    assert harness.updates[-1].total == Decimal(-1365)


def test_a_fork_asks_about_all_whose_mark_was_lost(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    """What the row holds under the former id nobody can tell: nothing is sent by itself."""
    assert harness.settle(GONE_BACK) == OnDesk()
    harness.write(Draft(EntryKind.FORKED, body={"journal_id": THEIRS, "was": OURS}))
    harness.journal_id = THEIRS
    assert (harness.position().conflict, harness.position().in_question) == ("forked", 1000)
    for resolution in (None, UNSAID):
        assert harness.settle(GONE_BACK, resolution=resolution) == OnDesk()
    assert decide(harness, NONE_IN, GONE_BACK) == Settled()
    assert (harness.updates[-1].total, settled_mark.total) == (Decimal(-1445), 1000)


def test_after_a_part_that_a_person_named_a_fork_counts_by_entries(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    """No entry ends at that amount; the sums under the new id are those of whole entries."""
    assert harness.settle(GONE_BACK) == OnDesk()
    assert isinstance(harness.settle(GONE_BACK, kept(10), LOST, resolution=A_PART), Later)
    harness.write(Draft(EntryKind.FORKED, body={"journal_id": THEIRS, "was": OURS}))
    harness.journal_id = THEIRS
    current_row = kept_row(harness.updates[-2], 10)
    assert harness.settle(current_row) == OnDesk()
    assert harness.position().in_question == settled_mark.total
    assert harness.settle(current_row, kept(11), resolution=A_PART) == Settled()
    last = harness.position().last
    assert last is not None
    assert harness.settle(kept_row(harness.updates[-1], 12)) == Settled()
    assert harness.queries.entry_at_mark(last.seq) == MarkedEntry(ADA, last)


def test_the_reason_follows_the_row(harness: SettlementHarness, settled_mark: Mark) -> None:
    """The office is told to empty debtData, does so, and then must say what is in."""
    assert harness.settle(row(-1445, "a letter", at=4)) == OnDesk()
    assert harness.position().conflict == "no-place"
    assert harness.settle(row(-1445, at=5)).reason == "mark-lost"  # type: ignore[union-attr]
    assert harness.position().conflict == "mark-lost"
    assert settled_mark.total == harness.position().in_question


def test_an_older_copy_ends_no_case(harness: SettlementHarness, settled_mark: Mark) -> None:
    assert harness.settle(GONE_BACK) == OnDesk()
    outcome = harness.settle(row(-1445, table({OURS: settled_mark}), at=4))
    assert outcome == Later("the row is an old copy", doubt=Doubt.STALE)
    assert harness.position().conflict == "mark-lost"


def test_one_empty_answer_ends_no_case_whatever_was_decided(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    assert harness.settle(GONE_BACK) == OnDesk()
    outcome = harness.settle(RowNotFound(), resolution=WRITTEN_OFF)
    assert outcome == Later("the backend does not show the customer", doubt=Doubt.GONE)
    assert (harness.position().conflict, settled_mark.total) == ("mark-lost", 1000)


def test_a_row_without_usable_stamps_is_never_taken_for_one_of_before(
    harness: SettlementHarness,
) -> None:
    """The customer pays just what was sold, and debtData is emptied: the same total again."""
    untold = replace(row(0), updated_at="")
    harness.charge(1000)
    enrolled_row = replace(kept_row_of(untold), updated_at="")
    assert harness.settle(untold, Applied(enrolled_row), unstamped) == Settled()
    assert harness.settle(untold) == OnDesk()
    assert harness.position().in_question == 1000


def unstamped(update: Update) -> UpdateAnswer:
    return Applied(replace(kept_row(update, 1), updated_at=""))


def kept_row_of(read: Snapshot) -> Snapshot:
    by = Enrolment(OURS, ADA, read.updated_at, read.total)
    return replace(read, marks=read_marks(enrolled(read.marks, by)))


def test_a_ruling_whose_update_is_lost_is_carried_out_by_the_schedule(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    assert harness.settle(GONE_BACK) == OnDesk()
    outcome = harness.settle(GONE_BACK, kept(10), OutcomeUnknown("lost"), resolution=NONE_IN)
    assert isinstance(outcome, Later)
    enrolled_row = kept_row(harness.updates[-2], 10)
    assert harness.settle(enrolled_row, kept(11)) == Settled()
    assert (harness.updates[-1].total, settled_mark.total) == (Decimal(-1445), 1000)


def test_a_refusal_whose_mark_is_lost_then_is_about_all_of_it(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    """The reason stays, the amount that the person is told does not."""
    harness.charge(80)
    current_row = row(-1445, table({OURS: settled_mark}), at=10)
    accept_refused = Resolution(Choice.ACCEPT, "Jo", "booked by hand", amount=80)
    harness.write(_refusal())
    assert harness.position().in_question == 80
    assert harness.settle(GONE_BACK) == OnDesk()
    position = harness.position()
    assert (position.conflict, position.in_question) == ("refused", 1080)
    assert isinstance(harness.settle(GONE_BACK, resolution=accept_refused), Later)
    assert harness.settle(current_row) == OnDesk()
    assert harness.position().in_question == 80


def test_the_very_version_that_was_enrolled_needs_nobody(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    """The backend was restored from a copy of before the sale, and nobody has booked since."""
    restored_row, as_current = row(-2445), {"doubt": Doubt.STALE, "doubt_count": STALE_MAX - 1}
    assert isinstance(
        harness.settle(restored_row), Later
    )  # an old copy, until it was seen five times
    assert harness.settle(restored_row, kept(10), kept(11), **as_current) == Settled()
    assert (harness.updates[-1].total, settled_mark.total) == (Decimal(-1445), 1000)
    assert EntryKind.CONFLICT not in harness.kinds()


def test_an_own_enrolment_that_lands_late_needs_nobody(harness: SettlementHarness) -> None:
    """The first enrolment was answered 504; the office edits the row; the second one counts."""
    harness.charge(1000)
    assert isinstance(harness.settle(row(-2445), OutcomeUnknown("HTTP 504")), Later)
    late = harness.updates[-1]
    assert harness.settle(row(-2445, at=2), kept(3), kept(4)) == Settled()
    landed_row = kept_row(late, 5)
    assert pending(landed_row, harness.position(), OURS) == (Money(1000), False)
    assert harness.settle(landed_row, kept(6)) == Settled()
    assert harness.updates[-1].total == Decimal(-1445)
    assert EntryKind.CONFLICT not in harness.kinds()


def test_another_tills_enrolment_of_an_older_version_needs_nobody(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    """It read the row before our first money, and its enrolment and charge land after it."""
    overwritten = by(row(-2445))
    look = harness.queries.query(ADA, None)
    assert look is not None
    harness.write(*reconcile(overwritten, look, OURS, may_share=False)[1])
    assert EntryKind.TAKEN_BACK in harness.kinds()
    assert harness.settle(overwritten, kept(10)) == Settled()
    assert (harness.updates[-1].total, settled_mark.total) == (Decimal(-1445), 1000)


def test_another_tills_enrolment_of_a_version_of_after_our_money_is_a_case(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    """Somebody had emptied debtData; whether the money is in, its stamp does not tell."""
    assert harness.settle(by(row(-1445, at=4))) == OnDesk()
    assert harness.position().in_question == settled_mark.total


def test_an_enrolment_that_was_copied_from_another_row_tells_nothing(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    assert harness.settle(by(row(-2445), customer=8)) == OnDesk()
    assert harness.position().in_question == settled_mark.total


def test_after_a_person_has_said_that_some_is_in_no_stamp_tells_any_more(
    harness: SettlementHarness, settled_mark: Mark
) -> None:
    assert harness.settle(GONE_BACK) == OnDesk()
    assert decide(harness, A_PART, GONE_BACK) == Settled()
    assert harness.settle(replace(by(row(-2445)), updated_at=row(at=20).updated_at)) == OnDesk()
    assert harness.position().in_question == settled_mark.total


def test_a_row_enrolled_the_old_way_is_judged_by_its_epoch_alone(
    harness: SettlementHarness,
) -> None:
    harness.charge(1000)
    assert harness.settle(row(-2445, table()), kept(2)) == Settled()
    assert harness.settle(row(-2445, table(), at=3), kept(4)) == Settled()
    assert harness.updates[-1].total == Decimal(-1445)
    assert harness.settle(row(-2445, table(epoch="ffffffff"), at=5)) == OnDesk()


def _refusal() -> Draft:
    return Draft(
        EntryKind.REFUSAL, ADA, body={"reason": "refused", "status": 400, "detail": "limit"}
    )
