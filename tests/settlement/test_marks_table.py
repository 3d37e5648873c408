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
def sold(bench: SettlementHarness) -> Mark:
    """A charge of 3.20 that the row holds since its second write, and one of 0.80 since."""
    bench.charge(320)
    bench.book()
    return bench.charge(80)


def since(bench: SettlementHarness, kind: EntryKind) -> list[EntryKind]:
    found = bench.kinds()
    return found[found.index(kind) + 1 :]


def test_the_mark_of_the_last_money_entry_is_a_receipt_once(
    bench: SettlementHarness, sold: Mark
) -> None:
    there = row(1400, table({OURS: sold}), at=3)
    for _ in range(2):
        assert bench.settle(there) == Settled()
    assert since(bench, EntryKind.RECEIPT) == [EntryKind.RECEIPT]


def test_equal_totals_alone_settle_nothing(bench: SettlementHarness) -> None:
    """A charge and its void bring the total back; the mark must follow all the same."""
    bench.charge(320)
    held = bench.book()
    bench.write(Draft(EntryKind.REPAYMENT, ADA, -100), Draft(EntryKind.CHARGE, ADA, 100))
    assert bench.settle(held, kept(3)) == Settled()
    assert bench.updates[-1].total == Decimal(1320)


def test_an_older_mark_is_settled_from_there(bench: SettlementHarness, sold: Mark) -> None:
    seen = bench.position().seen
    assert seen is not None
    assert bench.settle(row(1320, table({OURS: seen}), at=2), kept(3)) == Settled()
    assert bench.updates[-1].total == Decimal(1400)
    assert bench.position().seen == sold
    assert EntryKind.TAKEN_BACK not in bench.kinds()


@pytest.mark.parametrize("left", ["an older mark", "no mark"])
def test_an_old_copy_written_back_is_healed(
    bench: SettlementHarness, sold: Mark, left: str
) -> None:
    """Money and mark went back together, whoever wrote the old row over."""
    first = bench.position().seen
    assert first is not None
    bench.settle(row(1320, table({OURS: first}), at=2), kept(3))
    marks = {OURS: first} if left == "an older mark" else {}
    total = 1320 if marks else 1000
    assert bench.settle(row(total, table(marks), at=4), kept(5)) == Settled()
    assert bench.updates[-1].total == Decimal(1400)
    assert bench.position().seen == sold
    assert bench.kinds()[-3:] == [EntryKind.TAKEN_BACK, EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_taken_back_is_written_once_a_mark(bench: SettlementHarness, sold: Mark) -> None:
    first = bench.position().seen
    assert first is not None
    bench.settle(row(1320, table({OURS: first}), at=2), kept(3))
    for _ in range(2):
        bench.settle(row(1000, table(), at=4), LOST)
    assert bench.kinds().count(EntryKind.TAKEN_BACK) == 1
    assert sold.total == 400


def test_a_first_send_that_never_landed_is_sent_from_zero(bench: SettlementHarness) -> None:
    bench.charge(320)
    bench.settle(row(1000, table()), LOST)
    bench.charge(80)
    assert bench.settle(row(1000, table()), kept(2)) == Settled()
    assert bench.updates[-1].total == Decimal(1400)
    assert EntryKind.TAKEN_BACK not in bench.kinds()


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
    bench: SettlementHarness, sold: Mark, debt_data: object, desk: ConflictReason
) -> None:
    for at in (3, 4):
        assert bench.settle(row(1320, debt_data, at=at)) == OnDesk()
    assert since(bench, EntryKind.RECEIPT) == [EntryKind.CONFLICT]
    assert bench.last(EntryKind.CONFLICT).body == {
        "reason": desk.value,
        "in_question": 400,
        "held": None,
        "total": "1320",
        "updated_at": row(at=3).updated_at,
        "without": "1320",
    }
    assert bench.position().in_question == 400
    assert bench.reads.in_question()[0] == 1
    assert sold.total == 400


@pytest.mark.parametrize(("debt_data", "desk"), DESK.values(), ids=DESK)
def test_the_desk_empties_itself_when_the_mark_is_seen_again(
    bench: SettlementHarness, sold: Mark, debt_data: object, desk: ConflictReason
) -> None:
    first = bench.position().seen
    assert first is not None
    bench.settle(row(1320, debt_data, at=3))
    assert bench.position().conflict == desk
    assert bench.settle(row(1320, table({OURS: first}), at=4), kept(5)) == Settled()
    assert bench.position().conflict is None
    assert bench.position().seen == sold
    assert bench.updates[-1].total == Decimal(1400)


def test_a_mark_of_another_customers_entry_is_a_copied_row(
    bench: SettlementHarness, sold: Mark
) -> None:
    (entry,) = bench.write(Draft(EntryKind.CHARGE, BEN, 5))
    copied = Mark(entry.seq, 5, entry.hash[:8])
    assert bench.settle(row(1320, table({OURS: copied}), at=3)) == OnDesk()
    assert bench.position().conflict == ConflictReason.COPIED_ROW
    assert sold.total == 400


def test_a_mark_with_another_sum_is_unknown(bench: SettlementHarness, sold: Mark) -> None:
    wrong = Mark(sold.seq, 999, sold.hash)
    assert bench.settle(row(1320, table({OURS: wrong}), at=3)) == OnDesk()
    assert bench.position().conflict == ConflictReason.UNKNOWN_MARK


CLONED = {
    "beyond our end": Mark(999, 320, "12345678"),
    "with another hash": Mark(1, 320, "12345678"),
}


@pytest.mark.parametrize("mark", CLONED.values(), ids=CLONED)
def test_a_mark_that_this_journal_never_made_stops_all(
    bench: SettlementHarness, mark: Mark
) -> None:
    """A cloned card, or a journal restored from a backup: another till uses our name."""
    bench.charge(320)
    assert bench.settle(row(1320, table({OURS: mark}))) == Stopped(HaltReason.CLONED)
    assert bench.updates == []
    assert bench.kinds() == []


def test_a_cloned_card_is_noticed_on_a_customer_never_served_here(bench: SettlementHarness) -> None:
    outcome = bench.settle(row(1320, table({OURS: Mark(5, 320, "12345678")})))
    assert outcome == Stopped(HaltReason.CLONED)


# --- rows that have no key -----------------------------------------------------------------------


@pytest.mark.parametrize("debt_data", ["a letter", [1]], ids=["a text", "a list"])
def test_a_row_without_a_place_leaves_the_desk_when_it_has_one(
    bench: SettlementHarness, debt_data: object
) -> None:
    mark = bench.charge(320)
    assert bench.settle(row(1000, debt_data)) == OnDesk()
    assert bench.settle(row(1000, at=2), kept(3), kept(4)) == Settled()
    assert bench.kinds()[:2] == [EntryKind.CONFLICT, EntryKind.RESOLVED]
    assert bench.position().seen == mark


def test_nothing_is_written_of_a_customer_whose_money_never_moved_here(
    bench: SettlementHarness,
) -> None:
    bench.write(Draft(EntryKind.DECLINED, ADA))
    assert bench.settle(row(1000, "a letter")) == OnDesk()
    assert bench.kinds() == [EntryKind.DECLINED]


# --- other people's keys -------------------------------------------------------------------------


@pytest.mark.parametrize("enrolled", [False, True], ids=["enrolled", "not enrolled"])
def test_foreign_keys_need_leave_on_the_plain_api(
    bench: SettlementHarness, *, enrolled: bool
) -> None:
    bench.charge(320)
    debt_data = table(note="x") if enrolled else {"note": "x"}
    for _ in range(2):  # and looking again writes nothing more
        assert bench.settle(row(1000, debt_data)) == OnDesk()
    assert bench.updates == []
    assert bench.kinds() == [EntryKind.CONFLICT]
    assert bench.position().conflict == ConflictReason.SHARED_DEBT_DATA


@pytest.mark.parametrize("option", ["conditional", "share_debt_data"])
def test_with_leave_foreign_keys_go_back_as_read(bench: SettlementHarness, option: str) -> None:
    mark = bench.charge(320)
    foreign = {"note": "x", "rate": Decimal("1.10"), "tags": [1, {"a": None}]}
    bench.settle(row(1000, {**foreign, **table()}))
    outcome = bench.settle(row(1000, {**foreign, **table()}), kept(2), **{option: True})
    assert outcome == Settled()
    assert bench.updates[-1].debt_data == {**foreign, **table({OURS: mark})}
    assert bench.kinds()[:2] == [EntryKind.CONFLICT, EntryKind.RESOLVED]


def test_a_settled_row_with_foreign_keys_needs_no_leave(
    bench: SettlementHarness, sold: Mark
) -> None:
    """Nothing has to be written there."""
    assert bench.settle(row(1400, table({OURS: sold}, note="x"), at=3)) == Settled()


def test_keys_of_a_newer_taptill_are_kept(bench: SettlementHarness) -> None:
    mark = bench.charge(320)
    newer = {"taptill": {"e": "0000e90c", "t": {}, "z": [1]}}
    bench.settle(row(1000, newer), kept(2))
    ours = bench.updates[-1].debt_data["taptill"]
    assert ours == {"e": "0000e90c", "t": {OURS: [mark.seq, 320, mark.hash]}, "z": [1]}


# --- half a pair ---------------------------------------------------------------------------------

THEIR_MARK = {THEIRS: Mark(3, 500, "00000003")}


def half(
    *, mark: bool, total: bool, others: dict[str, Mark] | None = None, at: int = 2
) -> Callable[[Update], UpdateAnswer]:
    """Apply only a part of an update, and show the row."""

    def apply(update: Update) -> UpdateAnswer:
        assert update.mark is not None
        marks = {**(others or {}), **({OURS: update.mark} if mark else {})}
        return Applied(row(int(update.total if total else update.read.total), table(marks), at=at))

    return apply


HALVES = {
    "the mark without the money": half(mark=True, total=False),
    "the money without the mark": half(mark=False, total=True),
}


@pytest.mark.parametrize("answer", HALVES.values(), ids=HALVES)
def test_half_a_pair_in_the_answer_halts_all(
    bench: SettlementHarness, answer: Callable[[Update], UpdateAnswer]
) -> None:
    bench.charge(320)
    assert bench.settle(row(1000, table()), answer) == Stopped(HaltReason.PARTIAL_WRITE)
    assert bench.kinds() == [EntryKind.ATTEMPT, EntryKind.HALTED]


@pytest.mark.parametrize("mark", [True, False], ids=HALVES)
def test_half_a_pair_in_the_read_after_a_silent_answer_halts_all(
    bench: SettlementHarness, *, mark: bool
) -> None:
    """Else a backend that keeps the money alone would be sent it again and again."""
    last = bench.charge(320)
    there = row(1000 if mark else 1320, table({OURS: last} if mark else {}), at=2)
    assert bench.settle(row(1000, table()), Applied(None), there) == Stopped(
        HaltReason.PARTIAL_WRITE
    )


def test_a_backend_that_emptied_debt_data_kept_half_of_it(bench: SettlementHarness) -> None:
    bench.charge(320)
    dropped = Applied(row(1320, None, at=2))
    assert bench.settle(row(1000, table(THEIR_MARK)), dropped) == Stopped(HaltReason.PARTIAL_WRITE)


def test_a_mark_seen_later_beside_the_old_total_halts_all(bench: SettlementHarness) -> None:
    mark = bench.charge(320)
    bench.settle(row(1000, table()), LOST)
    assert bench.settle(row(1000, table({OURS: mark}), at=2)) == Stopped(HaltReason.PARTIAL_WRITE)
    assert bench.last(EntryKind.HALTED).body == {"reason": "half-kept"}


NO_HALVES = {
    "another till took the same sum off": half(mark=True, total=False, others=THEIR_MARK),
    "another till added the same sum": half(mark=False, total=True, others=THEIR_MARK),
    "neither came": half(mark=False, total=False),
}


@pytest.mark.parametrize("answer", NO_HALVES.values(), ids=NO_HALVES)
def test_what_another_till_did_meanwhile_is_no_half_pair(
    bench: SettlementHarness, answer: Callable[[Update], UpdateAnswer]
) -> None:
    mark = bench.charge(320)
    there = row(1820, table({**THEIR_MARK, OURS: mark}), at=3)
    assert bench.settle(row(1000, table()), answer, there) == Settled()


def test_an_old_row_whose_total_is_as_sent_by_chance_is_no_half_pair(
    bench: SettlementHarness,
) -> None:
    """A charge and its void are sent one by one, then another till writes the first row back."""
    bench.charge(320)
    held = bench.book()
    bench.write(Draft(EntryKind.REPAYMENT, ADA, -320))
    first = row(1000, table(), at=4)
    assert bench.settle(held, Applied(None), first, kept(5)) == Settled()
    assert [one.total for one in bench.updates[1:]] == [Decimal(1000)] * 2
    assert EntryKind.TAKEN_BACK in bench.kinds()


def test_delta_zero_is_no_half_pair(bench: SettlementHarness) -> None:
    bench.write(Draft(EntryKind.CHARGE, ADA, 320), Draft(EntryKind.REPAYMENT, ADA, -320))
    bench.settle(row(1000, table()), LOST)
    mark = bench.position().last
    assert mark is not None
    assert bench.settle(row(1000, table({OURS: mark}), at=2)) == Settled()


def test_an_office_payment_of_the_same_sum_after_the_receipt_is_none(
    bench: SettlementHarness, sold: Mark
) -> None:
    first = bench.position().seen
    assert first is not None
    paid = row(1000, table({OURS: first}), at=7)
    assert bench.settle(paid, kept(8)) == Settled()
    assert bench.last(EntryKind.OFFICE_MOVED).body == {
        "from": "1000",
        "to": "680",
        "updated_at": paid.updated_at,
        "total": "1000",
    }
    assert bench.position().seen == sold


# --- the office ----------------------------------------------------------------------------------


def test_what_the_office_moves_is_noted_and_never_undone(bench: SettlementHarness) -> None:
    mark = bench.charge(320)
    bench.book()
    moved = row(520, table({OURS: mark}), at=3)
    for _ in range(2):
        assert bench.settle(moved) == Settled()
    assert since(bench, EntryKind.RECEIPT) == [EntryKind.OFFICE_MOVED]
    assert bench.last(EntryKind.OFFICE_MOVED).body["to"] == "200"


def test_a_payment_of_what_was_settled_halts_nothing_however_often_it_is_seen(
    bench: SettlementHarness,
) -> None:
    mark = bench.charge(320)
    bench.book()
    paid = row(1000, table({OURS: mark}), at=3)
    for _ in range(3):
        assert bench.settle(paid) == Settled()
    assert since(bench, EntryKind.RECEIPT) == [EntryKind.OFFICE_MOVED]


def test_a_payment_of_what_was_just_sent_halts_all_but_only_until_a_person_has_looked(
    bench: SettlementHarness,
) -> None:
    """The picture of a half-kept pair: the send is unheard of, the total is exactly as read."""
    mark = bench.charge(320)
    bench.settle(row(1000, table()), OutcomeUnknown("lost"))
    paid = row(1000, table({OURS: mark}), at=3)
    assert bench.settle(paid) == Stopped(HaltReason.PARTIAL_WRITE)
    bench.write(Draft(EntryKind.RESUMED, ADA))
    assert bench.settle(paid) == Settled()
    assert since(bench, EntryKind.RESUMED) == [EntryKind.OFFICE_MOVED, EntryKind.RECEIPT]
    assert bench.last(EntryKind.OFFICE_MOVED).body["to"] == "680"


def test_another_tills_charge_is_no_movement_of_the_office(bench: SettlementHarness) -> None:
    mark = bench.charge(320)
    bench.book()
    marks = {OURS: mark, THEIRS: Mark(3, 500, "00000003")}
    assert bench.settle(row(1820, table(marks), at=3)) == Settled()
    assert EntryKind.OFFICE_MOVED not in bench.kinds()


def test_another_tills_unreadable_mark_leaves_the_base_unknown(bench: SettlementHarness) -> None:
    mark = bench.charge(320)
    held = {"taptill": {"e": "0000e90c", "t": {THEIRS: "x"}}}
    assert bench.settle(row(1000, held), kept(2)) == Settled()
    assert bench.last(EntryKind.RECEIPT).body["base"] is None
    assert bench.position().base is None
    assert bench.updates[-1].debt_data["taptill"]["t"][THEIRS] == "x"
    assert bench.position().seen == mark


# --- what the screen counts meanwhile ------------------------------------------------------------


def test_no_figure_counts_an_entry_twice_or_not_at_all(
    bench: SettlementHarness, sold: Mark
) -> None:
    """Whatever mark the snapshot has: total and pending together are the debt now."""
    first = bench.position().seen
    assert first is not None
    for total, marks in ((1000, {}), (1320, {OURS: first}), (1400, {OURS: sold})):
        snapshot = row(total, table(marks), at=3)
        held, in_question = pending(snapshot, bench.position(), OURS)
        assert (snapshot.debt.minor + held.minor, in_question) == (1400, False)


# --- debtData that went its own way --------------------------------------------------------------


def test_a_mark_of_another_customer_leaves_the_figure_in_question(bench: SettlementHarness) -> None:
    """Ada is charged for the first time, from a cached row with Ben's debtData in it."""
    bens = bench.charge(500, BEN)
    bench.charge(320)
    copied = row(1000, table({OURS: bens}))
    held, in_question = pending(copied, bench.position(), OURS, bench.reads.entry_at_mark)
    assert (held.minor, in_question) == (320, True)


def test_an_empty_table_of_another_row_never_sends_money_twice(bench: SettlementHarness) -> None:
    """Two rows imported at once, both at zero: the office copies Ben's debtData to Ada."""
    bench.charge(320)
    stamp, zero = row().updated_at, Decimal(0)
    (adas, bens) = (table(epoch=epoch_of(stamp, zero)) for _ in (ADA, BEN))
    assert bench.settle(row(0, adas), kept(2)) == Settled()
    assert bench.settle(row(320, bens, at=3)) == OnDesk()


def test_an_old_debt_data_without_its_total_never_sends_money_twice(
    bench: SettlementHarness, sold: Mark
) -> None:
    """The base has moved by just what went back: the total stayed."""
    first = bench.position().seen
    assert first is not None
    assert bench.settle(row(1320, table({OURS: first}), at=2), kept(3)) == Settled()
    assert bench.settle(row(1400, table({OURS: first}), at=4)) == OnDesk()
    assert sold.total == 400


def test_updates_that_move_nothing_and_leave_no_mark_do_not_go_on_for_ever(
    bench: SettlementHarness,
) -> None:
    """A charge and its void on a backend that began to drop debtData: each 2xx only stamps."""
    bench.charge(320)
    bench.write(Draft(EntryKind.REPAYMENT, ADA, -320))
    answers = (row(1000, table()), Applied(None), row(1000, table(), at=2))
    assert bench.settle_in_vain(NOT_APPLIED_MAX, *answers) == Stopped(HaltReason.NOT_APPLIED)
