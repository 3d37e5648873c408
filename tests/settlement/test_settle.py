"""Answers of the backend in, what settling one customer asks and writes out."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.settlement.harness import (
    ADA,
    EPOCH,
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
from taptill.domain.mark import Mark, Place, epoch_of, read_marks
from taptill.settlement.reconcile import HaltReason
from taptill.settlement.requests import (
    Applied,
    Doubt,
    Later,
    NoAnswer,
    OnDesk,
    OutcomeUnknown,
    Rejected,
    RowUnreadable,
    Settled,
    Stopped,
    Update,
    UpdateAnswer,
    UpdateCondition,
)
from taptill.settlement.settle import ROUNDS_MAX, STALE_MAX
from taptill.settlement.update_row import NOT_APPLIED_MAX

LOST = OutcomeUnknown("backend-unknown")
THEIR_MARK = Mark(3, 500, "00000003")


# --- enrolment -----------------------------------------------------------------------------------


def test_a_row_without_the_key_is_enrolled_before_money_moves(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    assert harness.settle(row(1000), kept(2), kept(3)) == Settled()
    enrolment, sale = harness.updates
    assert (enrolment.total, enrolment.mark) == (Decimal(1000), None)
    assert enrolment.debt_data == enrolled_by_us(row())
    assert (sale.total, sale.mark) == (Decimal(1320), mark)
    assert sale.read == kept_row(enrolment, 2)
    assert harness.kinds() == [EntryKind.ENROLLED, EntryKind.ATTEMPT, EntryKind.RECEIPT]
    assert harness.last(EntryKind.ENROLLED).body == {
        "epoch": row().epoch,
        "updated_at": row().updated_at,
        "total_read": "1000",
    }


def enrolled_by_us(read: Snapshot) -> object:
    by = [OURS, ADA, read.updated_at, str(read.total)]
    return {"taptill": {"e": epoch_of(read.updated_at, read.total), "by": by, "t": {}}}


def test_an_enrolment_that_shows_no_row_is_read_again(harness: SettlementHarness) -> None:
    harness.charge(320)
    enrolled_row = row(1000, table(), at=2)
    assert harness.settle(row(1000), Applied(None), enrolled_row, kept(3)) == Settled()


@pytest.mark.parametrize(
    "echo", [Applied(None), Applied(row(1000, at=2))], ids=["silent", "echoing"]
)
def test_five_enrolments_without_a_key_halt_all(harness: SettlementHarness, echo: Applied) -> None:
    """The backend drops debtData, whether or not it gives the row a new updatedAt."""
    harness.charge(320)
    answers = (row(1000), echo, row(1000, at=2))
    assert harness.settle_in_vain(NOT_APPLIED_MAX, *answers) == Stopped(HaltReason.NOT_APPLIED)
    assert [update.total for update in harness.updates] == [Decimal(1000)] * NOT_APPLIED_MAX
    assert harness.kinds() == [EntryKind.ENROLLED, EntryKind.HALTED]
    assert harness.queries.halted()


def test_two_tills_that_meet_the_same_row_write_the_same_epoch() -> None:
    debt_data_sent = []
    for _ in range(2):
        harness = SettlementHarness()
        harness.charge(320)
        harness.settle(row("1234.50"), LOST)
        debt_data_sent.append(harness.updates[0].debt_data)
        harness.close()
    assert debt_data_sent[0] == debt_data_sent[1]


def test_a_till_that_has_sent_money_never_enrols_again(harness: SettlementHarness) -> None:
    harness.charge(320)
    harness.book()
    harness.charge(100)
    assert harness.settle(row(1320, at=3)) == OnDesk()
    assert harness.position().conflict == "mark-lost"


# --- attempt and echo ----------------------------------------------------------------------------


def test_total_and_mark_go_out_in_one_update_after_a_durable_attempt(
    harness: SettlementHarness,
) -> None:
    mark = harness.charge(320)
    read = row(1000, table({THEIRS: THEIR_MARK}))

    def look_at_the_journal(update: Update) -> UpdateAnswer:
        attempt = harness.position().attempt
        assert attempt is not None
        assert (attempt.open, attempt.sent_mark, attempt.epoch) == (True, mark, EPOCH)
        assert (attempt.total_read, attempt.total_sent) == (Decimal(1000), Decimal(1320))
        assert attempt.others_total == 500
        return Applied(kept_row(update, 2))

    assert harness.settle(read, look_at_the_journal) == Settled()
    (update,) = harness.updates
    assert update == Update(
        read,
        Decimal(1320),
        debt_data=table({THEIRS: THEIR_MARK, OURS: mark}),
        condition=UpdateCondition.NONE,
        mark=mark,
    )
    assert harness.last(EntryKind.RECEIPT).body["base"] == "500"
    assert not harness.position().open


def test_only_what_the_row_does_not_hold_is_added(harness: SettlementHarness) -> None:
    harness.charge(320)
    held_row = harness.book()
    mark = harness.charge(80)
    assert harness.settle(held_row, kept(3)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert harness.position().row_mark == mark


def test_a_charge_and_its_void_still_write_the_mark(harness: SettlementHarness) -> None:
    """Delta zero: else the row's mark would stay behind forever."""
    harness.write(Draft(EntryKind.CHARGE, ADA, 320, charge_id="c1"))
    harness.write(Draft(EntryKind.VOID, ADA, -320, charge_id="c1"))
    mark = harness.position().last
    assert harness.settle(row(1000, table()), kept(2)) == Settled()
    assert harness.updates[-1].total == Decimal(1000)
    assert harness.updates[-1].mark == mark


def test_an_echo_without_the_row_is_no_receipt_the_row_is(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    current_row = row(1320, table({OURS: mark}), at=2)
    assert harness.settle(row(1000, table()), Applied(None), current_row) == Settled()
    assert harness.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_an_echo_with_another_total_is_read_again(harness: SettlementHarness) -> None:
    """The office moved in between: a receipt, and a note of that."""
    mark = harness.charge(320)
    moved_row = row(520, table({OURS: mark}), at=3)
    assert harness.settle(row(1000, table()), Applied(moved_row), moved_row) == Settled()
    assert harness.kinds() == [EntryKind.ATTEMPT, EntryKind.OFFICE_MOVED, EntryKind.RECEIPT]
    assert harness.last(EntryKind.OFFICE_MOVED).body["to"] == "200"


def test_five_answers_that_left_the_row_untouched_halt_all(harness: SettlementHarness) -> None:
    harness.charge(320)
    untouched = row(1000, table())
    answers = (untouched, Applied(None), untouched)
    assert harness.settle_in_vain(NOT_APPLIED_MAX, *answers) == Stopped(HaltReason.NOT_APPLIED)
    assert harness.kinds() == [EntryKind.ATTEMPT] * NOT_APPLIED_MAX + [EntryKind.HALTED]


def test_a_row_that_somebody_else_wrote_is_not_untouched(harness: SettlementHarness) -> None:
    harness.charge(320)
    answers: list[Scripted] = []
    for at in range(1, ROUNDS_MAX + 1):
        answers += [row(1000 + at, table(), at=at), Applied(None)]
    assert harness.settle(*answers) == Later("the row keeps changing")


def test_the_rounds_are_bounded(harness: SettlementHarness) -> None:
    harness.charge(320)
    clash = OutcomeUnknown("HTTP 409", version_conflict=True)
    answers: list[Scripted] = []
    for at in range(1, ROUNDS_MAX + 1):
        answers += [row(1000, table(), at=at, version=at), clash]
    outcome = harness.settle(*answers, conditional=True)
    assert outcome == Later("the row keeps changing")


def test_float_noise_of_the_backend_goes_nowhere(harness: SettlementHarness) -> None:
    """12.300000000000001 and 3.20 make a figure that a server with doubles keeps."""
    harness.charge(320)
    assert harness.settle(row("1230.0000000000001", table()), kept(2)) == Settled()
    assert harness.updates[-1].total == Decimal(1550)
    assert harness.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_an_echo_with_a_doubles_noise_is_a_receipt(harness: SettlementHarness) -> None:
    """13.199999999999999 is what `%.17g` makes of 13.20."""
    harness.charge(320)

    def noisy(update: Update) -> UpdateAnswer:
        return Applied(replace(kept_row(update, 2), total=Decimal("1319.9999999999999")))

    assert harness.settle(row(1000, table()), noisy) == Settled()
    assert harness.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_a_fraction_that_the_office_wrote_stays(harness: SettlementHarness) -> None:
    harness.charge(320)
    assert harness.settle(row("1230.5", table()), kept(2)) == Settled()
    assert harness.updates[-1].total == Decimal("1550.5")


# --- conditions ----------------------------------------------------------------------------------


def test_every_update_of_a_conditional_backend_carries_its_condition(
    harness: SettlementHarness,
) -> None:
    harness.charge(320)
    harness.settle(row(1000, version=4), kept(2), kept(3), conditional=True)
    assert [(update.condition, update.read.version) for update in harness.updates] == [
        (UpdateCondition.AS_READ, 4),
        (UpdateCondition.AS_READ, 5),
    ]


def test_a_clash_is_read_again_and_settled_from_there(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    changed_row = row(1500, table({THEIRS: THEIR_MARK}), at=2, version=5)
    clash = OutcomeUnknown("HTTP 409", version_conflict=True, current_row=changed_row)
    outcome = harness.settle(
        row(1000, table(), version=4), clash, changed_row, kept(3), conditional=True
    )
    assert outcome == Settled()
    assert harness.updates[-1].total == Decimal(1820)
    assert harness.position().row_mark == mark


MEETING = {
    "by its version": row(1000, table(), version=4),
    "by its stamp and total": row(1000, table()),
}


@pytest.mark.parametrize("read", MEETING.values(), ids=MEETING)
def test_a_409_that_meets_our_own_condition_is_a_final_no(
    harness: SettlementHarness, read: object
) -> None:
    harness.charge(320)
    assert isinstance(read, type(row()))
    clash = OutcomeUnknown("HTTP 409", version_conflict=True, current_row=read)
    assert harness.settle(read, clash, conditional=True) == OnDesk()
    assert harness.last(EntryKind.REFUSAL).body["status"] == 409
    assert harness.position().conflict == "refused"


def test_a_409_of_the_plain_api_is_an_unknown_outcome(harness: SettlementHarness) -> None:
    """We set no condition, so the row can meet none: a proxy's repeat, for example."""
    mark = harness.charge(320)
    read = row(1000, table())
    clash = OutcomeUnknown("HTTP 409", version_conflict=True, current_row=read)
    assert harness.settle(read, clash, row(1320, table({OURS: mark}), at=2)) == Settled()


def test_a_backend_that_ignores_conditions_is_seen_once(harness: SettlementHarness) -> None:
    harness.charge(320)
    task = harness.task(conditional=True, proven=False)
    clash = OutcomeUnknown(
        "HTTP 409", version_conflict=True, current_row=row(1000, table(), version=4)
    )
    assert harness.drive(task, [row(1000, table(), version=4), clash, kept(2)]) == Settled()
    probe, sale = harness.updates
    assert (probe.condition, probe.total, probe.mark) == (
        UpdateCondition.NEVER,
        Decimal(1000),
        None,
    )
    assert probe.debt_data == table()
    assert sale.condition is UpdateCondition.AS_READ
    assert (task.conditional, task.proven) == (True, True)


def test_a_backend_that_does_not_obey_conditions_is_treated_as_plain(
    harness: SettlementHarness,
) -> None:
    harness.charge(320)
    task = harness.task(conditional=True, proven=False)
    outcome = harness.drive(task, [row(1000, table(), version=4), kept(2)])
    assert outcome == Later("the backend does not obey conditions")
    assert not task.conditional
    assert harness.kinds() == []
    assert harness.drive(task, [row(1000, table(), at=3, version=5), kept(4)]) == Settled()
    assert harness.updates[-1].condition is UpdateCondition.NONE


def test_a_probe_that_is_refused_for_good_says_something_of_one_customer_alone(
    harness: SettlementHarness,
) -> None:
    """The backend refuses this row whatever is written; all others keep their conditions."""
    harness.charge(320)
    task = harness.task(conditional=True, proven=False)
    rejection = Rejected(400, "limit")
    assert harness.drive(task, [row(1000, table(), version=4), rejection, rejection]) == OnDesk()
    assert [update.condition for update in harness.updates] == [
        UpdateCondition.NEVER,
        UpdateCondition.AS_READ,
    ]
    assert (task.conditional, task.proven) == (True, False)
    assert harness.kinds() == [EntryKind.ATTEMPT, EntryKind.REFUSAL]


def test_an_unheard_probe_of_conditions_is_tried_later(harness: SettlementHarness) -> None:
    harness.charge(320)
    task = harness.task(conditional=True, proven=False)
    outcome = harness.drive(task, [row(1000, version=4), LOST])
    assert outcome == Later("backend-unknown", transport=True)
    assert harness.updates[-1].debt_data == enrolled_by_us(row())
    assert (task.conditional, task.proven) == (True, False)


# --- no clear answer -----------------------------------------------------------------------------

LATER = {
    "the read was not answered": (
        [NoAnswer("backend-unreachable", 3.0)],
        Later("backend-unreachable", 3.0, transport=True),
    ),
    "the token was not accepted": (
        [NoAnswer("backend-token", access_denied=True)],
        Later("backend-token", transport=True, access_denied=True),
    ),
    "the row made no sense": ([RowUnreadable("totalDebt")], Later("totalDebt")),
    "the enrolment was not heard of": (
        [row(1000), OutcomeUnknown("HTTP 503", 7.0)],
        Later("HTTP 503", 7.0, transport=True),
    ),
    "the update was not heard of": (
        [row(1000, table()), LOST],
        Later("backend-unknown", transport=True),
    ),
    "the update was not sent at all": (
        [row(1000, table()), NoAnswer("backend-unreachable")],
        Later("backend-unreachable", transport=True),
    ),
}


@pytest.mark.parametrize(("answers", "outcome"), LATER.values(), ids=LATER)
def test_no_clear_answer_counts_against_nobody(
    harness: SettlementHarness, answers: list[UpdateAnswer], outcome: Later
) -> None:
    harness.charge(320)
    assert harness.settle(*answers) == outcome
    assert harness.position().open
    assert harness.position().conflict is None


def test_a_lost_request_is_settled_from_the_row(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    harness.settle(row(1000, table()), LOST)
    assert harness.settle(row(1000, table()), kept(2)) == Settled()
    assert [update.total for update in harness.updates] == [Decimal(1320)] * 2
    assert harness.position().row_mark == mark


def test_a_lost_reply_is_found_in_the_row(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    harness.settle(row(1000, table()), LOST)
    assert harness.settle(row(1320, table({OURS: mark}), at=2)) == Settled()
    assert len(harness.updates) == 1
    assert harness.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_a_late_landing_takes_newer_money_back_and_is_healed(harness: SettlementHarness) -> None:
    """The first send lands after the second: total and mark go back together."""
    first = harness.charge(320)
    harness.settle(row(1000, table()), LOST)
    last = harness.charge(80)
    assert harness.settle(row(1000, table()), kept(2)) == Settled()
    harness.charge(50)
    late = row(1320, table({OURS: first}), at=3)
    assert harness.settle(late, kept(4)) == Settled()
    assert harness.updates[-1].total == Decimal(1450)
    assert harness.kinds()[-3:] == [EntryKind.TAKEN_BACK, EntryKind.ATTEMPT, EntryKind.RECEIPT]
    assert last.total == 400


def test_a_duplicate_delivery_changes_nothing(harness: SettlementHarness) -> None:
    harness.charge(320)
    held_row = harness.book()
    harness.charge(80)
    again = replace(held_row, updated_at=row(at=5).updated_at)
    assert harness.settle(again, kept(6)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)


def test_after_a_restart_the_row_tells_the_outcome(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    harness.settle(row(1000, table()), LOST)
    assert harness.queries.open_customers(9) == [ADA]
    assert harness.settle(row(1320, table({OURS: mark}), at=2)) == Settled()
    assert harness.queries.open_customers(9) == []


# --- refused for good ----------------------------------------------------------------------------


def test_a_final_no_stops_this_customer_only(harness: SettlementHarness) -> None:
    harness.charge(320)
    assert harness.settle(row(1000, table()), Rejected(422, "total-range")) == OnDesk()
    refusal = harness.last(EntryKind.REFUSAL)
    assert refusal.body == {"reason": "refused", "status": 422, "detail": "total-range"}
    assert not harness.queries.halted()
    assert harness.queries.open_customers(9) == []
    assert harness.queries.in_question()[0] == 1


def test_a_refused_enrolment_is_a_final_no_too(harness: SettlementHarness) -> None:
    harness.charge(320)
    assert harness.settle(row(1000), Rejected(400, "no code given")) == OnDesk()
    assert harness.kinds() == [EntryKind.ENROLLED, EntryKind.REFUSAL]


def test_what_was_refused_is_not_sent_again_by_itself(harness: SettlementHarness) -> None:
    harness.charge(320)
    harness.settle(row(1000, table()), Rejected(400, ""))
    harness.charge(80)
    assert harness.settle(row(1000, table(), at=2)) == OnDesk()
    assert len(harness.updates) == 1


def test_a_refusal_ends_by_itself_where_the_row_holds_the_money_after_all(
    harness: SettlementHarness,
) -> None:
    mark = harness.charge(320)
    harness.settle(row(1000, table()), Rejected(400, ""))
    assert harness.settle(row(1320, table({OURS: mark}), at=2)) == Settled()
    assert harness.position().conflict is None


# --- old copies ----------------------------------------------------------------------------------


def test_an_old_copy_is_ignored_until_there_are_five_in_a_row(harness: SettlementHarness) -> None:
    harness.charge(320)
    harness.book(at=5)
    harness.charge(80)
    old = row(1000, table(), at=3)
    for times in range(STALE_MAX - 1):
        outcome = harness.settle(old, doubt=Doubt.STALE, doubt_count=times)
        assert outcome == Later("the row is an old copy", doubt=Doubt.STALE)
    assert harness.settle(old, kept(4), doubt=Doubt.STALE, doubt_count=STALE_MAX - 1) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert EntryKind.TAKEN_BACK in harness.kinds()


def test_a_copy_older_than_what_the_cache_has_seen_is_old_too(harness: SettlementHarness) -> None:
    harness.charge(320)
    newer = row(at=9).updated_at
    outcome = harness.settle(row(1000, table(), at=8), known_stamp=newer)
    assert outcome == Later("the row is an old copy", doubt=Doubt.STALE)
    assert harness.settle(row(1000, table(), at=9), kept(10), known_stamp=newer) == Settled()


# --- what is not our business --------------------------------------------------------------------


def test_a_customer_without_money_entries_has_nothing_to_settle(harness: SettlementHarness) -> None:
    harness.write(Draft(EntryKind.DECLINED, ADA))
    for debt_data in (None, table()):
        assert harness.settle(row(1000, debt_data)) == Settled()
    assert harness.kinds() == [EntryKind.DECLINED]


def test_debt_data_found_as_text_is_marked_as_text(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    text = '{"taptill": {"e": "0000e90c", "t": {}}, "note": "x"}'
    assert harness.settle(row(1000, text), kept(2), share_debt_data=True) == Settled()
    (update,) = harness.updates
    assert update.read.marks.as_text
    assert update.debt_data == table({OURS: mark}, note="x")
    assert read_marks(update.debt_data).place is Place.TABLE
