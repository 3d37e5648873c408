"""Our mark in the row in, what it means and what is done out: every case that there is."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.settlement.harness import ADA, BEN, OURS, THEIRS, SettlementHarness, kept, row, table

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import Mark, epoch_of
from taptill.domain.pending import pending
from taptill.settlement.reconcile import ConflictReason, HaltReason
from taptill.settlement.requests import (
    Applied,
    OnDesk,
    OutcomeUnknown,
    Settled,
    Stopped,
    Update,
    UpdateAnswer,
)
from taptill.settlement.update_row import NOT_APPLIED_MAX

LOST = OutcomeUnknown("backend-unknown")


@pytest.fixture
def sold_mark(harness: SettlementHarness) -> Mark:
    """A charge of 3.20 that the row holds since its second write, and one of 0.80 since."""
    harness.charge(320)
    harness.book()
    return harness.charge(80)


def since(harness: SettlementHarness, kind: EntryKind) -> list[EntryKind]:
    entry_kinds = harness.kinds()
    return entry_kinds[entry_kinds.index(kind) + 1 :]


def test_the_mark_of_the_last_money_entry_is_a_receipt_once(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    current_row = row(1400, table({OURS: sold_mark}), at=3)
    for _ in range(2):
        assert harness.settle(current_row) == Settled()
    assert since(harness, EntryKind.RECEIPT) == [EntryKind.RECEIPT]


def test_equal_totals_alone_settle_nothing(harness: SettlementHarness) -> None:
    """A charge and its void bring the total back; the mark must follow all the same."""
    harness.charge(320)
    held_row = harness.book()
    harness.write(Draft(EntryKind.REPAYMENT, ADA, -100), Draft(EntryKind.CHARGE, ADA, 100))
    assert harness.settle(held_row, kept(3)) == Settled()
    assert harness.updates[-1].total == Decimal(1320)


def test_an_older_mark_is_settled_from_there(harness: SettlementHarness, sold_mark: Mark) -> None:
    row_mark = harness.position().row_mark
    assert row_mark is not None
    assert harness.settle(row(1320, table({OURS: row_mark}), at=2), kept(3)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert harness.position().row_mark == sold_mark
    assert EntryKind.TAKEN_BACK not in harness.kinds()


@pytest.mark.parametrize("left", ["an older mark", "no mark"])
def test_an_old_copy_written_back_is_healed(
    harness: SettlementHarness, sold_mark: Mark, left: str
) -> None:
    """Money and mark went back together, whoever wrote the old row over."""
    first = harness.position().row_mark
    assert first is not None
    harness.settle(row(1320, table({OURS: first}), at=2), kept(3))
    marks = {OURS: first} if left == "an older mark" else {}
    total = 1320 if marks else 1000
    assert harness.settle(row(total, table(marks), at=4), kept(5)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert harness.position().row_mark == sold_mark
    assert harness.kinds()[-3:] == [EntryKind.TAKEN_BACK, EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_taken_back_is_written_once_a_mark(harness: SettlementHarness, sold_mark: Mark) -> None:
    first = harness.position().row_mark
    assert first is not None
    harness.settle(row(1320, table({OURS: first}), at=2), kept(3))
    for _ in range(2):
        harness.settle(row(1000, table(), at=4), LOST)
    assert harness.kinds().count(EntryKind.TAKEN_BACK) == 1
    assert sold_mark.total == 400


def test_a_first_send_that_never_landed_is_sent_from_zero(harness: SettlementHarness) -> None:
    harness.charge(320)
    harness.settle(row(1000, table()), LOST)
    harness.charge(80)
    assert harness.settle(row(1000, table()), kept(2)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert EntryKind.TAKEN_BACK not in harness.kinds()


DESK: dict[str, tuple[object, ConflictReason]] = {
    "debtData was emptied": (None, ConflictReason.MARK_LOST),
    "debtData was replaced": ({"note": "x"}, ConflictReason.MARK_LOST),
    "another epoch": (table(epoch="ffffffff"), ConflictReason.MARK_LOST),
    "debtData is a text": ("to be paid until May", ConflictReason.NO_PLACE),
    "debtData is a list": ([1], ConflictReason.NO_PLACE),
    "our key holds no object": ({"taptill": 5}, ConflictReason.NO_PLACE),
    "our mark is no mark": (
        {"taptill": {"e": "0000e90c", "t": {OURS: "x"}}},
        ConflictReason.UNKNOWN_MARK,
    ),
}


@pytest.mark.parametrize(("debt_data", "desk"), DESK.values(), ids=DESK)
def test_what_cannot_be_told_goes_to_the_desk(
    harness: SettlementHarness, sold_mark: Mark, debt_data: object, desk: ConflictReason
) -> None:
    for at in (3, 4):
        assert harness.settle(row(1320, debt_data, at=at)) == OnDesk()
    assert since(harness, EntryKind.RECEIPT) == [EntryKind.CONFLICT]
    assert harness.last(EntryKind.CONFLICT).body == {
        "reason": desk.value,
        "in_question": 400,
        "held": None,
        "total": "1320",
        "updated_at": row(at=3).updated_at,
        "without": "1320",
    }
    assert harness.position().in_question == 400
    assert harness.queries.in_question()[0] == 1
    assert sold_mark.total == 400


@pytest.mark.parametrize(("debt_data", "desk"), DESK.values(), ids=DESK)
def test_the_desk_empties_itself_when_the_mark_is_seen_again(
    harness: SettlementHarness, sold_mark: Mark, debt_data: object, desk: ConflictReason
) -> None:
    first = harness.position().row_mark
    assert first is not None
    harness.settle(row(1320, debt_data, at=3))
    assert harness.position().conflict == desk
    assert harness.settle(row(1320, table({OURS: first}), at=4), kept(5)) == Settled()
    assert harness.position().conflict is None
    assert harness.position().row_mark == sold_mark
    assert harness.updates[-1].total == Decimal(1400)


def test_a_mark_of_another_customers_entry_is_a_copied_row(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    (entry,) = harness.write(Draft(EntryKind.CHARGE, BEN, 5))
    copied_mark = Mark(entry.seq, 5, entry.hash[:8])
    assert harness.settle(row(1320, table({OURS: copied_mark}), at=3)) == OnDesk()
    assert harness.position().conflict == ConflictReason.COPIED_ROW
    assert sold_mark.total == 400


def test_a_mark_with_another_sum_is_unknown(harness: SettlementHarness, sold_mark: Mark) -> None:
    wrong = Mark(sold_mark.seq, 999, sold_mark.hash)
    assert harness.settle(row(1320, table({OURS: wrong}), at=3)) == OnDesk()
    assert harness.position().conflict == ConflictReason.UNKNOWN_MARK


CLONED = {
    "beyond our end": Mark(999, 320, "12345678"),
    "with another hash": Mark(1, 320, "12345678"),
}


@pytest.mark.parametrize("mark", CLONED.values(), ids=CLONED)
def test_a_mark_that_this_journal_never_made_stops_all(
    harness: SettlementHarness, mark: Mark
) -> None:
    """A cloned card, or a journal restored from a backup: another till uses our name."""
    harness.charge(320)
    assert harness.settle(row(1320, table({OURS: mark}))) == Stopped(HaltReason.CLONED)
    assert harness.updates == []
    assert harness.kinds() == []


def test_a_cloned_card_is_noticed_on_a_customer_never_served_here(
    harness: SettlementHarness,
) -> None:
    outcome = harness.settle(row(1320, table({OURS: Mark(5, 320, "12345678")})))
    assert outcome == Stopped(HaltReason.CLONED)


# --- rows that have no key -----------------------------------------------------------------------


@pytest.mark.parametrize("debt_data", ["a letter", [1]], ids=["a text", "a list"])
def test_a_row_without_a_place_leaves_the_desk_when_it_has_one(
    harness: SettlementHarness, debt_data: object
) -> None:
    mark = harness.charge(320)
    assert harness.settle(row(1000, debt_data)) == OnDesk()
    assert harness.settle(row(1000, at=2), kept(3), kept(4)) == Settled()
    assert harness.kinds()[:2] == [EntryKind.CONFLICT, EntryKind.RESOLVED]
    assert harness.position().row_mark == mark


def test_nothing_is_written_of_a_customer_whose_money_never_moved_here(
    harness: SettlementHarness,
) -> None:
    harness.write(Draft(EntryKind.DECLINED, ADA))
    assert harness.settle(row(1000, "a letter")) == OnDesk()
    assert harness.kinds() == [EntryKind.DECLINED]


# --- other people's keys -------------------------------------------------------------------------


@pytest.mark.parametrize("is_enrolled", [False, True], ids=["enrolled", "not enrolled"])
def test_foreign_keys_need_leave_on_the_plain_api(
    harness: SettlementHarness, *, is_enrolled: bool
) -> None:
    harness.charge(320)
    debt_data = table(note="x") if is_enrolled else {"note": "x"}
    for _ in range(2):  # and looking again writes nothing more
        assert harness.settle(row(1000, debt_data)) == OnDesk()
    assert harness.updates == []
    assert harness.kinds() == [EntryKind.CONFLICT]
    assert harness.position().conflict == ConflictReason.SHARED_DEBT_DATA


@pytest.mark.parametrize("option", ["conditional", "share_debt_data"])
def test_with_leave_foreign_keys_go_back_as_read(harness: SettlementHarness, option: str) -> None:
    mark = harness.charge(320)
    foreign = {"note": "x", "rate": Decimal("1.10"), "tags": [1, {"a": None}]}
    harness.settle(row(1000, {**foreign, **table()}))
    outcome = harness.settle(row(1000, {**foreign, **table()}), kept(2), **{option: True})
    assert outcome == Settled()
    assert harness.updates[-1].debt_data == {**foreign, **table({OURS: mark})}
    assert harness.kinds()[:2] == [EntryKind.CONFLICT, EntryKind.RESOLVED]


def test_a_settled_row_with_foreign_keys_needs_no_leave(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    """Nothing has to be written there."""
    assert harness.settle(row(1400, table({OURS: sold_mark}, note="x"), at=3)) == Settled()


def test_keys_of_a_newer_taptill_are_kept(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    newer = {"taptill": {"e": "0000e90c", "t": {}, "z": [1]}}
    harness.settle(row(1000, newer), kept(2))
    ours = harness.updates[-1].debt_data["taptill"]
    assert ours == {"e": "0000e90c", "t": {OURS: [mark.seq, 320, mark.hash]}, "z": [1]}


# --- half a pair ---------------------------------------------------------------------------------

THEIR_MARK = {THEIRS: Mark(3, 500, "00000003")}


def half(
    *, mark: bool, total: bool, other_marks: dict[str, Mark] | None = None, at: int = 2
) -> Callable[[Update], UpdateAnswer]:
    """Apply only a part of an update, and show the row."""

    def apply(update: Update) -> UpdateAnswer:
        assert update.mark is not None
        marks = {**(other_marks or {}), **({OURS: update.mark} if mark else {})}
        return Applied(row(int(update.total if total else update.read.total), table(marks), at=at))

    return apply


HALVES = {
    "the mark without the money": half(mark=True, total=False),
    "the money without the mark": half(mark=False, total=True),
}


@pytest.mark.parametrize("answer", HALVES.values(), ids=HALVES)
def test_half_a_pair_in_the_answer_halts_all(
    harness: SettlementHarness, answer: Callable[[Update], UpdateAnswer]
) -> None:
    harness.charge(320)
    assert harness.settle(row(1000, table()), answer) == Stopped(HaltReason.PARTIAL_WRITE)
    assert harness.kinds() == [EntryKind.ATTEMPT, EntryKind.HALTED]


@pytest.mark.parametrize("mark", [True, False], ids=HALVES)
def test_half_a_pair_in_the_read_after_a_silent_answer_halts_all(
    harness: SettlementHarness, *, mark: bool
) -> None:
    """Else a backend that keeps the money alone would be sent it again and again."""
    last = harness.charge(320)
    current_row = row(1000 if mark else 1320, table({OURS: last} if mark else {}), at=2)
    assert harness.settle(row(1000, table()), Applied(None), current_row) == Stopped(
        HaltReason.PARTIAL_WRITE
    )


def test_a_backend_that_emptied_debt_data_kept_half_of_it(harness: SettlementHarness) -> None:
    harness.charge(320)
    dropped_reply = Applied(row(1320, None, at=2))
    assert harness.settle(row(1000, table(THEIR_MARK)), dropped_reply) == Stopped(
        HaltReason.PARTIAL_WRITE
    )


def test_a_mark_seen_later_beside_the_old_total_halts_all(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    harness.settle(row(1000, table()), LOST)
    assert harness.settle(row(1000, table({OURS: mark}), at=2)) == Stopped(HaltReason.PARTIAL_WRITE)
    assert harness.last(EntryKind.HALTED).body == {"reason": "half-kept"}


NO_HALVES = {
    "another till took the same sum off": half(mark=True, total=False, other_marks=THEIR_MARK),
    "another till added the same sum": half(mark=False, total=True, other_marks=THEIR_MARK),
    "neither came": half(mark=False, total=False),
}


@pytest.mark.parametrize("answer", NO_HALVES.values(), ids=NO_HALVES)
def test_what_another_till_did_meanwhile_is_no_half_pair(
    harness: SettlementHarness, answer: Callable[[Update], UpdateAnswer]
) -> None:
    mark = harness.charge(320)
    current_row = row(1820, table({**THEIR_MARK, OURS: mark}), at=3)
    assert harness.settle(row(1000, table()), answer, current_row) == Settled()


def test_an_old_row_whose_total_is_as_sent_by_chance_is_no_half_pair(
    harness: SettlementHarness,
) -> None:
    """A charge and its void are sent one by one, then another till writes the first row back."""
    harness.charge(320)
    held_row = harness.book()
    harness.write(Draft(EntryKind.REPAYMENT, ADA, -320))
    first = row(1000, table(), at=4)
    assert harness.settle(held_row, Applied(None), first, kept(5)) == Settled()
    assert [update.total for update in harness.updates[1:]] == [Decimal(1000)] * 2
    assert EntryKind.TAKEN_BACK in harness.kinds()


def test_delta_zero_is_no_half_pair(harness: SettlementHarness) -> None:
    harness.write(Draft(EntryKind.CHARGE, ADA, 320), Draft(EntryKind.REPAYMENT, ADA, -320))
    harness.settle(row(1000, table()), LOST)
    mark = harness.position().last
    assert mark is not None
    assert harness.settle(row(1000, table({OURS: mark}), at=2)) == Settled()


def test_an_office_payment_of_the_same_sum_after_the_receipt_is_none(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    first = harness.position().row_mark
    assert first is not None
    paid_row = row(1000, table({OURS: first}), at=7)
    assert harness.settle(paid_row, kept(8)) == Settled()
    assert harness.last(EntryKind.OFFICE_MOVED).body == {
        "from": "1000",
        "to": "680",
        "updated_at": paid_row.updated_at,
        "total": "1000",
    }
    assert harness.position().row_mark == sold_mark


# --- the office ----------------------------------------------------------------------------------


def test_what_the_office_moves_is_noted_and_never_undone(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    harness.book()
    moved_row = row(520, table({OURS: mark}), at=3)
    for _ in range(2):
        assert harness.settle(moved_row) == Settled()
    assert since(harness, EntryKind.RECEIPT) == [EntryKind.OFFICE_MOVED]
    assert harness.last(EntryKind.OFFICE_MOVED).body["to"] == "200"


def test_a_payment_of_what_was_settled_halts_nothing_however_often_it_is_seen(
    harness: SettlementHarness,
) -> None:
    mark = harness.charge(320)
    harness.book()
    paid_row = row(1000, table({OURS: mark}), at=3)
    for _ in range(3):
        assert harness.settle(paid_row) == Settled()
    assert since(harness, EntryKind.RECEIPT) == [EntryKind.OFFICE_MOVED]


def test_a_payment_of_what_was_just_sent_halts_all_but_only_until_a_person_has_looked(
    harness: SettlementHarness,
) -> None:
    """The picture of a half-kept pair: the send is unheard of, the total is exactly as read."""
    mark = harness.charge(320)
    harness.settle(row(1000, table()), OutcomeUnknown("lost"))
    paid_row = row(1000, table({OURS: mark}), at=3)
    assert harness.settle(paid_row) == Stopped(HaltReason.PARTIAL_WRITE)
    harness.write(Draft(EntryKind.RESUMED, ADA))
    assert harness.settle(paid_row) == Settled()
    assert since(harness, EntryKind.RESUMED) == [EntryKind.OFFICE_MOVED, EntryKind.RECEIPT]
    assert harness.last(EntryKind.OFFICE_MOVED).body["to"] == "680"


def test_another_tills_charge_is_no_movement_of_the_office(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    harness.book()
    marks = {OURS: mark, THEIRS: Mark(3, 500, "00000003")}
    assert harness.settle(row(1820, table(marks), at=3)) == Settled()
    assert EntryKind.OFFICE_MOVED not in harness.kinds()


def test_another_tills_unreadable_mark_leaves_the_base_unknown(harness: SettlementHarness) -> None:
    mark = harness.charge(320)
    debt_data = {"taptill": {"e": "0000e90c", "t": {THEIRS: "x"}}}
    assert harness.settle(row(1000, debt_data), kept(2)) == Settled()
    assert harness.last(EntryKind.RECEIPT).body["base"] is None
    assert harness.position().base is None
    assert harness.updates[-1].debt_data["taptill"]["t"][THEIRS] == "x"
    assert harness.position().row_mark == mark


# --- what the screen counts meanwhile ------------------------------------------------------------


def test_no_figure_counts_an_entry_twice_or_not_at_all(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    """Whatever mark the snapshot has: total and pending together are the debt now."""
    first = harness.position().row_mark
    assert first is not None
    for total, marks in ((1000, {}), (1320, {OURS: first}), (1400, {OURS: sold_mark})):
        snapshot = row(total, table(marks), at=3)
        pending_money, in_question = pending(snapshot, harness.position(), OURS)
        assert (snapshot.debt.minor + pending_money.minor, in_question) == (1400, False)


# --- debtData that went its own way --------------------------------------------------------------


def test_a_mark_of_another_customer_leaves_the_figure_in_question(
    harness: SettlementHarness,
) -> None:
    """Ada is charged for the first time, from a cached row with Ben's debtData in it."""
    bens = harness.charge(500, BEN)
    harness.charge(320)
    copied_row = row(1000, table({OURS: bens}))
    pending_money, in_question = pending(
        copied_row, harness.position(), OURS, harness.queries.entry_at_mark
    )
    assert (pending_money.minor, in_question) == (320, True)


def test_an_empty_table_of_another_row_never_sends_money_twice(harness: SettlementHarness) -> None:
    """Two rows imported at once, both at zero: the office copies Ben's debtData to Ada."""
    harness.charge(320)
    stamp, zero = row().updated_at, Decimal(0)
    (adas, bens) = (table(epoch=epoch_of(stamp, zero)) for _ in (ADA, BEN))
    assert harness.settle(row(0, adas), kept(2)) == Settled()
    assert harness.settle(row(320, bens, at=3)) == OnDesk()


def test_an_old_debt_data_without_its_total_never_sends_money_twice(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    """The base has moved by just what went back: the total stayed."""
    first = harness.position().row_mark
    assert first is not None
    assert harness.settle(row(1320, table({OURS: first}), at=2), kept(3)) == Settled()
    assert harness.settle(row(1400, table({OURS: first}), at=4)) == OnDesk()
    assert sold_mark.total == 400


def test_updates_that_move_nothing_and_leave_no_mark_do_not_go_on_for_ever(
    harness: SettlementHarness,
) -> None:
    """A charge and its void on a backend that began to drop debtData: each 2xx only stamps."""
    harness.charge(320)
    harness.write(Draft(EntryKind.REPAYMENT, ADA, -320))
    answers = (row(1000, table()), Applied(None), row(1000, table(), at=2))
    assert harness.settle_in_vain(NOT_APPLIED_MAX, *answers) == Stopped(HaltReason.NOT_APPLIED)
