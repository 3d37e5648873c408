"""A case on the conflict desk and a person's ruling in, what is written out."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

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

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import Mark, Place, read_marks
from taptill.domain.money import Money
from taptill.domain.pending import pending
from taptill.settlement.requests import (
    Applied,
    Choice,
    Doubt,
    Later,
    OnDesk,
    Outcome,
    OutcomeUnknown,
    Rejected,
    Resolution,
    RowNotFound,
    RowUnreadable,
    Settled,
    Update,
    UpdateAnswer,
)
from taptill.settlement.settle import GONE_MAX
from taptill.settlement.update_row import NOT_APPLIED_MAX

LOST = OutcomeUnknown("backend-unknown")
OTHER_EPOCH = "ffffffff"
RETRY = Resolution(Choice.RETRY, "Jo", "the office restored a backup")
ACCEPT = Resolution(Choice.ACCEPT, "Jo", "booked by hand")
WRITE_OFF = Resolution(Choice.WRITE_OFF, "Jo", "the customer has left")
AS_SEEN = replace(RETRY, booked_minor=320)
NONE_IN = replace(RETRY, booked_minor=0)


@pytest.fixture
def sold_mark(harness: SettlementHarness) -> Mark:
    """3.20 that the row holds since its second write, and 0.80 that it does not hold yet."""
    harness.charge(320)
    harness.book()
    return harness.charge(80)


def decide(
    harness: SettlementHarness, resolution: Resolution, *answers: Scripted, **options: object
) -> Outcome:
    return harness.settle(*answers, resolution=resolution, **options)


def lose(harness: SettlementHarness, debt_data: object = None) -> None:
    """Put Ada on the desk: debtData was emptied, or replaced."""
    assert harness.settle(row(1320, debt_data, at=3)) == OnDesk()


def sent(harness: SettlementHarness) -> list[tuple[Decimal, Mark | None]]:
    return [
        (update.total, update.mark) for update in harness.updates[1:]
    ]  # the first one was the fixture's


def test_a_retry_enrols_anew_and_sends_what_the_last_mark_seen_does_not_cover(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    lose(harness)
    assert decide(harness, AS_SEEN, row(1320, at=3), kept(4), kept(5)) == Settled()
    assert sent(harness) == [(Decimal(1320), None), (Decimal(1400), sold_mark)]
    assert not harness.position().open
    over = harness.last(EntryKind.RESOLVED)
    assert (over.staff, over.body) == (
        "Jo",
        {"choice": "retry", "reason": "the office restored a backup", "booked": 320},
    )
    assert harness.kinds()[-3:] == [EntryKind.ATTEMPT, EntryKind.RECEIPT, EntryKind.RESOLVED]


def test_a_retry_into_another_epoch_keeps_that_epoch(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    theirs = Mark(5, 111, "11111111")
    current_row = row(1320, table({THEIRS: theirs}, epoch=OTHER_EPOCH), at=3)
    lose(harness, table({THEIRS: theirs}, epoch=OTHER_EPOCH))
    assert decide(harness, AS_SEEN, current_row, kept(4)) == Settled()
    marks = read_marks(harness.updates[-1].debt_data)
    assert (marks.epoch, marks.table) == (OTHER_EPOCH, {OURS: sold_mark, THEIRS: theirs})


@pytest.mark.parametrize("resolution", [AS_SEEN, ACCEPT, WRITE_OFF], ids=lambda one: one.choice)
@pytest.mark.parametrize("lands", [True, False], ids=["landed", "lost"])
def test_a_ruling_whose_answer_is_lost_is_carried_out_once_all_the_same(
    harness: SettlementHarness, sold_mark: Mark, resolution: Resolution, *, lands: bool
) -> None:
    """Whether it landed is seen in the row; the money counts from where the person said."""
    current_row = row(1320, table(epoch=OTHER_EPOCH), at=3)
    lose(harness, table(epoch=OTHER_EPOCH))
    assert isinstance(decide(harness, resolution, current_row, LOST), Later)
    after = kept_row(harness.updates[-1], 4) if lands else current_row
    total = Decimal(1400) if resolution is AS_SEEN else Decimal(1320)
    answers = [after] if lands else [after, kept(5)]
    assert harness.settle(*answers) == Settled()
    assert harness.updates[-1].total == total
    assert not harness.position().open
    assert harness.position().conflict is None
    assert sold_mark.total == 400


def test_an_accepted_case_gets_its_mark_and_no_money_moves(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    lose(harness, table(epoch=OTHER_EPOCH))
    current_row = row(1320, table(epoch=OTHER_EPOCH), at=3)
    assert decide(harness, ACCEPT, current_row, kept(4)) == Settled()
    assert sent(harness) == [(Decimal(1320), sold_mark)]
    assert not harness.position().open


def test_after_a_lost_accept_the_amount_stays_in_question_until_the_row_tells(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    lose(harness, {"taptill": {"e": OTHER_EPOCH, "t": {OURS: "x"}}})
    current_row = row(1320, {"taptill": {"e": OTHER_EPOCH, "t": {OURS: "x"}}}, at=3)
    assert isinstance(decide(harness, ACCEPT, current_row, LOST), Later)
    assert harness.position().in_question == 400
    assert decide(harness, AS_SEEN, current_row, kept(4)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert sold_mark.total == 400


def test_what_was_refused_and_booked_by_hand_is_accepted_with_the_row_as_it_is(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    row_mark = harness.position().row_mark
    assert row_mark is not None
    current_row = row(1400, table({OURS: row_mark}), at=3)
    assert harness.settle(current_row, Rejected(400, "limit")) == OnDesk()
    assert decide(harness, ACCEPT, current_row, kept(4)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert harness.position().row_mark == sold_mark


def test_what_was_refused_is_retried_from_the_mark_in_the_row(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    row_mark = harness.position().row_mark
    assert row_mark is not None
    current_row = row(1320, table({OURS: row_mark}), at=3)
    assert harness.settle(current_row, Rejected(400, "limit")) == OnDesk()
    assert decide(harness, RETRY, current_row, kept(4)) == Settled()
    assert (harness.updates[-1].total, harness.position().row_mark) == (Decimal(1400), sold_mark)


def test_a_first_charge_that_was_refused_is_enrolled_and_sent(harness: SettlementHarness) -> None:
    harness.charge(320)
    assert harness.settle(row(1000), Rejected(400, "limit")) == OnDesk()
    assert decide(harness, RETRY, row(1000), kept(2), kept(3)) == Settled()
    assert harness.updates[-1].total == Decimal(1320)


def test_a_copied_row_is_retried_from_the_last_mark_seen(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    bens_mark = harness.charge(500, customer=8)
    copied_row = row(1320, table({OURS: bens_mark}), at=3)
    assert harness.settle(copied_row) == OnDesk()
    assert decide(harness, AS_SEEN, copied_row, kept(4)) == Settled()
    assert harness.updates[-1].total == Decimal(1400)
    assert harness.position().row_mark == sold_mark


def test_a_written_off_amount_leaves_these_books_and_never_reaches_the_row(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    lose(harness)
    assert decide(harness, WRITE_OFF, row(1320, at=3), kept(4), kept(5)) == Settled()
    off = next(harness.of_kind(EntryKind.WRITE_OFF))
    assert (off.amount_minor, off.staff, off.body) == (-400, "Jo", {"reason": WRITE_OFF.reason})
    assert {total for total, _ in sent(harness)} == {Decimal(1320)}
    last = harness.position().last
    assert last is not None
    assert (last.total, last.seq, harness.position().open) == (0, off.seq, False)
    assert sold_mark.seq < off.seq


MISSED: dict[str, Any] = {"doubt": Doubt.GONE, "doubt_count": GONE_MAX - 1}
UNWRITABLE: dict[str, Scripted] = {
    "the customer was removed": RowNotFound(),
    "debtData holds a text": row(1320, "a letter", at=3),
    "debtData is shared, and that is not allowed": row(1000, {"note": 1, **table()}, at=3),
}


@pytest.mark.parametrize("current_row", UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_no_row_takes_is_written_off_in_these_books_alone(
    harness: SettlementHarness, sold_mark: Mark, current_row: Scripted
) -> None:
    assert (
        harness.settle(current_row, **(MISSED if isinstance(current_row, RowNotFound) else {}))
        == OnDesk()
    )
    for useless in (RETRY, ACCEPT):
        assert decide(harness, useless, current_row) == OnDesk()
        assert harness.position().conflict is not None
    assert decide(harness, WRITE_OFF, current_row) == Settled()
    position = harness.position()
    assert (position.conflict, position.open, position.in_question) == (None, False, 0)
    assert len(harness.updates) == 1
    assert sold_mark.total == 400


def test_a_case_that_a_person_has_ended_is_not_opened_again_until_there_is_new_money(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    letter = row(1320, "a letter", at=3)
    assert harness.settle(letter) == OnDesk()
    decide(harness, WRITE_OFF, letter)
    harness.settle(replace(letter, updated_at="2026-03-02T10:00:00.000Z"))
    assert harness.position().conflict is None
    harness.charge(100)
    assert harness.settle(letter) == OnDesk()
    assert harness.last(EntryKind.CONFLICT).body["in_question"] == 100
    assert sold_mark.total == 400


def test_a_write_off_that_the_backend_refuses_ends_in_these_books(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    current_row = row(1320, table(epoch=OTHER_EPOCH), at=3)
    lose(harness, table(epoch=OTHER_EPOCH))
    assert decide(harness, WRITE_OFF, current_row, Rejected(400, "limit")) == Settled()
    assert not harness.position().open
    assert [entry.amount_minor for entry in harness.of_kind(EntryKind.WRITE_OFF)] == [-400]
    assert sold_mark.total == 400


@pytest.mark.parametrize("resolution", [RETRY, ACCEPT, WRITE_OFF], ids=lambda one: one.choice)
def test_a_case_that_has_mended_itself_is_settled_as_the_row_says(
    harness: SettlementHarness, sold_mark: Mark, resolution: Resolution
) -> None:
    """The mark is there again: then nobody needs to say whether the money is."""
    row_mark = harness.position().row_mark
    assert row_mark is not None
    lose(harness)
    assert (
        decide(harness, resolution, row(1320, table({OURS: row_mark}), at=4), kept(5)) == Settled()
    )
    assert (harness.updates[-1].total, harness.position().row_mark) == (Decimal(1400), sold_mark)
    assert not list(harness.of_kind(EntryKind.WRITE_OFF))
    assert harness.last(EntryKind.RESOLVED).staff == "Jo"


def test_a_row_that_cannot_be_read_decides_nothing(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    lose(harness)
    assert isinstance(decide(harness, WRITE_OFF, RowUnreadable("no figure")), Later)
    assert (harness.position().conflict, sold_mark.total) == ("mark-lost", 400)


def test_an_enrolment_that_the_backend_drops_moves_no_money(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    lose(harness)

    def dropped(update: Update) -> UpdateAnswer:
        return Applied(replace(update.read, updated_at="2026-03-02T11:00:00.000Z"))

    current_row = row(1320, at=3)
    harness.settle_in_vain(NOT_APPLIED_MAX, current_row, dropped, current_row, resolution=AS_SEEN)
    assert {one.total for one in harness.updates[1:]} == {Decimal(1320)}
    assert harness.last(EntryKind.HALTED).body["reason"] == "not-kept"
    assert sold_mark.total == 400


def test_what_the_screen_shows_is_right_before_and_after_a_ruling(
    harness: SettlementHarness, sold_mark: Mark
) -> None:
    before = row(1320, table(epoch=OTHER_EPOCH), at=3)
    lose(harness, table(epoch=OTHER_EPOCH))
    assert pending(before, harness.position(), OURS) == (Money(400), True)
    decide(harness, ACCEPT, before, LOST)
    harness.settle(before, LOST)  # the schedule came by: the row is as the person found it
    assert pending(before, harness.position(), OURS) == (Money(0), False)
    after = kept_row(harness.updates[-1], 4)
    assert pending(after, harness.position(), OURS) == (Money(0), False)
    assert (after.total, after.marks.place, sold_mark.total) == (Decimal(1320), Place.TABLE, 400)


def test_after_a_fork_only_what_was_not_known_to_be_sent_is_a_case(
    harness: SettlementHarness,
) -> None:
    harness.charge(320)
    held_row = harness.book()
    harness.charge(700, customer=8)
    harness.write(Draft(EntryKind.FORKED, body={"journal_id": THEIRS, "was": OURS}))
    assert harness.queries.in_question()[0] == 1
    assert harness.position(8).conflict == "forked"
    harness.journal_id = THEIRS
    fresh = harness.charge(55)
    assert fresh.total == 55
    assert harness.settle(held_row, kept(3)) == Settled()
    marks = read_marks(harness.updates[-1].debt_data)
    assert (harness.updates[-1].total, marks.table[THEIRS]) == (Decimal(1375), fresh)
    assert OURS in marks.table


@pytest.mark.parametrize(("resolution", "total"), [(NONE_IN, 1080), (ACCEPT, 1000)])
def test_a_person_says_whether_the_twin_has_sent_what_was_open_at_a_fork(
    harness: SettlementHarness, resolution: Resolution, total: int
) -> None:
    harness.charge(320)
    held_row = replace(harness.book(), total=Decimal(1000))
    harness.charge(80)
    harness.write(Draft(EntryKind.FORKED, body={"journal_id": THEIRS, "was": OURS}))
    harness.journal_id = THEIRS
    assert harness.settle(held_row) == OnDesk()
    assert decide(harness, resolution, held_row, kept(3)) == Settled()
    assert harness.updates[-1].total == Decimal(total)
    assert harness.position().last == harness.position().row_mark
    assert harness.updates[-1].mark is not None
    assert harness.updates[-1].mark.total == 80
    assert harness.position(ADA).conflict is None
