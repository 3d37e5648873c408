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
AS_SEEN = replace(RETRY, booked=320)
NONE_IN = replace(RETRY, booked=0)


@pytest.fixture
def sold(bench: SettlementHarness) -> Mark:
    """3.20 that the row holds since its second write, and 0.80 that it does not hold yet."""
    bench.charge(320)
    bench.book()
    return bench.charge(80)


def decide(
    bench: SettlementHarness, resolution: Resolution, *answers: Scripted, **options: object
) -> Outcome:
    return bench.settle(*answers, resolution=resolution, **options)


def lose(bench: SettlementHarness, debt_data: object = None) -> None:
    """Put Ada on the desk: debtData was emptied, or replaced."""
    assert bench.settle(row(1320, debt_data, at=3)) == OnDesk()


def sent(bench: SettlementHarness) -> list[tuple[Decimal, Mark | None]]:
    return [(one.total, one.mark) for one in bench.updates[1:]]  # the first one was the fixture's


def test_a_retry_enrols_anew_and_sends_what_the_last_mark_seen_does_not_cover(
    bench: SettlementHarness, sold: Mark
) -> None:
    lose(bench)
    assert decide(bench, AS_SEEN, row(1320, at=3), kept(4), kept(5)) == Settled()
    assert sent(bench) == [(Decimal(1320), None), (Decimal(1400), sold)]
    assert not bench.position().open
    over = bench.last(EntryKind.RESOLVED)
    assert (over.staff, over.body) == (
        "Jo",
        {"choice": "retry", "reason": "the office restored a backup", "booked": 320},
    )
    assert bench.kinds()[-3:] == [EntryKind.ATTEMPT, EntryKind.RECEIPT, EntryKind.RESOLVED]


def test_a_retry_into_another_epoch_keeps_that_epoch(bench: SettlementHarness, sold: Mark) -> None:
    theirs = Mark(5, 111, "11111111")
    there = row(1320, table({THEIRS: theirs}, epoch=OTHER_EPOCH), at=3)
    lose(bench, table({THEIRS: theirs}, epoch=OTHER_EPOCH))
    assert decide(bench, AS_SEEN, there, kept(4)) == Settled()
    marks = read_marks(bench.updates[-1].debt_data)
    assert (marks.epoch, marks.table) == (OTHER_EPOCH, {OURS: sold, THEIRS: theirs})


@pytest.mark.parametrize("resolution", [AS_SEEN, ACCEPT, WRITE_OFF], ids=lambda one: one.choice)
@pytest.mark.parametrize("lands", [True, False], ids=["landed", "lost"])
def test_a_ruling_whose_answer_is_lost_is_carried_out_once_all_the_same(
    bench: SettlementHarness, sold: Mark, resolution: Resolution, *, lands: bool
) -> None:
    """Whether it landed is seen in the row; the money counts from where the person said."""
    there = row(1320, table(epoch=OTHER_EPOCH), at=3)
    lose(bench, table(epoch=OTHER_EPOCH))
    assert isinstance(decide(bench, resolution, there, LOST), Later)
    after = kept_row(bench.updates[-1], 4) if lands else there
    total = Decimal(1400) if resolution is AS_SEEN else Decimal(1320)
    answers = [after] if lands else [after, kept(5)]
    assert bench.settle(*answers) == Settled()
    assert bench.updates[-1].total == total
    assert not bench.position().open
    assert bench.position().conflict is None
    assert sold.total == 400


def test_an_accepted_case_gets_its_mark_and_no_money_moves(
    bench: SettlementHarness, sold: Mark
) -> None:
    lose(bench, table(epoch=OTHER_EPOCH))
    there = row(1320, table(epoch=OTHER_EPOCH), at=3)
    assert decide(bench, ACCEPT, there, kept(4)) == Settled()
    assert sent(bench) == [(Decimal(1320), sold)]
    assert not bench.position().open


def test_after_a_lost_accept_the_amount_stays_in_question_until_the_row_tells(
    bench: SettlementHarness, sold: Mark
) -> None:
    lose(bench, {"taptill": {"e": OTHER_EPOCH, "t": {OURS: "x"}}})
    there = row(1320, {"taptill": {"e": OTHER_EPOCH, "t": {OURS: "x"}}}, at=3)
    assert isinstance(decide(bench, ACCEPT, there, LOST), Later)
    assert bench.position().in_question == 400
    assert decide(bench, AS_SEEN, there, kept(4)) == Settled()
    assert bench.updates[-1].total == Decimal(1400)
    assert sold.total == 400


def test_what_was_refused_and_booked_by_hand_is_accepted_with_the_row_as_it_is(
    bench: SettlementHarness, sold: Mark
) -> None:
    seen = bench.position().seen
    assert seen is not None
    there = row(1400, table({OURS: seen}), at=3)
    assert bench.settle(there, Rejected(400, "limit")) == OnDesk()
    assert decide(bench, ACCEPT, there, kept(4)) == Settled()
    assert bench.updates[-1].total == Decimal(1400)
    assert bench.position().seen == sold


def test_what_was_refused_is_retried_from_the_mark_in_the_row(
    bench: SettlementHarness, sold: Mark
) -> None:
    seen = bench.position().seen
    assert seen is not None
    there = row(1320, table({OURS: seen}), at=3)
    assert bench.settle(there, Rejected(400, "limit")) == OnDesk()
    assert decide(bench, RETRY, there, kept(4)) == Settled()
    assert (bench.updates[-1].total, bench.position().seen) == (Decimal(1400), sold)


def test_a_first_charge_that_was_refused_is_enrolled_and_sent(bench: SettlementHarness) -> None:
    bench.charge(320)
    assert bench.settle(row(1000), Rejected(400, "limit")) == OnDesk()
    assert decide(bench, RETRY, row(1000), kept(2), kept(3)) == Settled()
    assert bench.updates[-1].total == Decimal(1320)


def test_a_copied_row_is_retried_from_the_last_mark_seen(
    bench: SettlementHarness, sold: Mark
) -> None:
    other = bench.charge(500, customer=8)
    copied = row(1320, table({OURS: other}), at=3)
    assert bench.settle(copied) == OnDesk()
    assert decide(bench, AS_SEEN, copied, kept(4)) == Settled()
    assert bench.updates[-1].total == Decimal(1400)
    assert bench.position().seen == sold


def test_a_written_off_amount_leaves_these_books_and_never_reaches_the_row(
    bench: SettlementHarness, sold: Mark
) -> None:
    lose(bench)
    assert decide(bench, WRITE_OFF, row(1320, at=3), kept(4), kept(5)) == Settled()
    off = next(bench.of_kind(EntryKind.WRITE_OFF))
    assert (off.amount_minor, off.staff, off.body) == (-400, "Jo", {"reason": WRITE_OFF.reason})
    assert {total for total, _ in sent(bench)} == {Decimal(1320)}
    last = bench.position().last
    assert last is not None
    assert (last.total, last.seq, bench.position().open) == (0, off.seq, False)
    assert sold.seq < off.seq


MISSED: dict[str, Any] = {"doubt": Doubt.GONE, "doubted": GONE_MAX - 1}
UNWRITABLE: dict[str, Scripted] = {
    "the customer was removed": RowNotFound(),
    "debtData holds a text": row(1320, "a letter", at=3),
    "debtData is shared, and that is not allowed": row(1000, {"note": 1, **table()}, at=3),
}


@pytest.mark.parametrize("there", UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_no_row_takes_is_written_off_in_these_books_alone(
    bench: SettlementHarness, sold: Mark, there: Scripted
) -> None:
    assert bench.settle(there, **(MISSED if isinstance(there, RowNotFound) else {})) == OnDesk()
    for useless in (RETRY, ACCEPT):
        assert decide(bench, useless, there) == OnDesk()
        assert bench.position().conflict is not None
    assert decide(bench, WRITE_OFF, there) == Settled()
    position = bench.position()
    assert (position.conflict, position.open, position.in_question) == (None, False, 0)
    assert len(bench.updates) == 1
    assert sold.total == 400


def test_a_case_that_a_person_has_ended_is_not_opened_again_until_there_is_new_money(
    bench: SettlementHarness, sold: Mark
) -> None:
    letter = row(1320, "a letter", at=3)
    assert bench.settle(letter) == OnDesk()
    decide(bench, WRITE_OFF, letter)
    bench.settle(replace(letter, updated_at="2026-03-02T10:00:00.000Z"))
    assert bench.position().conflict is None
    bench.charge(100)
    assert bench.settle(letter) == OnDesk()
    assert bench.last(EntryKind.CONFLICT).body["in_question"] == 100
    assert sold.total == 400


def test_a_write_off_that_the_backend_refuses_ends_in_these_books(
    bench: SettlementHarness, sold: Mark
) -> None:
    there = row(1320, table(epoch=OTHER_EPOCH), at=3)
    lose(bench, table(epoch=OTHER_EPOCH))
    assert decide(bench, WRITE_OFF, there, Rejected(400, "limit")) == Settled()
    assert not bench.position().open
    assert [one.amount_minor for one in bench.of_kind(EntryKind.WRITE_OFF)] == [-400]
    assert sold.total == 400


@pytest.mark.parametrize("resolution", [RETRY, ACCEPT, WRITE_OFF], ids=lambda one: one.choice)
def test_a_case_that_has_mended_itself_is_settled_as_the_row_says(
    bench: SettlementHarness, sold: Mark, resolution: Resolution
) -> None:
    """The mark is there again: then nobody needs to say whether the money is."""
    seen = bench.position().seen
    assert seen is not None
    lose(bench)
    assert decide(bench, resolution, row(1320, table({OURS: seen}), at=4), kept(5)) == Settled()
    assert (bench.updates[-1].total, bench.position().seen) == (Decimal(1400), sold)
    assert not list(bench.of_kind(EntryKind.WRITE_OFF))
    assert bench.last(EntryKind.RESOLVED).staff == "Jo"


def test_a_row_that_cannot_be_read_decides_nothing(bench: SettlementHarness, sold: Mark) -> None:
    lose(bench)
    assert isinstance(decide(bench, WRITE_OFF, RowUnreadable("no figure")), Later)
    assert (bench.position().conflict, sold.total) == ("mark-lost", 400)


def test_an_enrolment_that_the_backend_drops_moves_no_money(
    bench: SettlementHarness, sold: Mark
) -> None:
    lose(bench)

    def dropped(update: Update) -> UpdateAnswer:
        return Applied(replace(update.read, updated_at="2026-03-02T11:00:00.000Z"))

    there = row(1320, at=3)
    bench.settle_in_vain(NOT_APPLIED_MAX, there, dropped, there, resolution=AS_SEEN)
    assert {one.total for one in bench.updates[1:]} == {Decimal(1320)}
    assert bench.last(EntryKind.HALTED).body["reason"] == "not-kept"
    assert sold.total == 400


def test_what_the_screen_shows_is_right_before_and_after_a_ruling(
    bench: SettlementHarness, sold: Mark
) -> None:
    before = row(1320, table(epoch=OTHER_EPOCH), at=3)
    lose(bench, table(epoch=OTHER_EPOCH))
    assert pending(before, bench.position(), OURS) == (Money(400), True)
    decide(bench, ACCEPT, before, LOST)
    bench.settle(before, LOST)  # the schedule came by: the row is as the person found it
    assert pending(before, bench.position(), OURS) == (Money(0), False)
    after = kept_row(bench.updates[-1], 4)
    assert pending(after, bench.position(), OURS) == (Money(0), False)
    assert (after.total, after.marks.place, sold.total) == (Decimal(1320), Place.TABLE, 400)


def test_after_a_fork_only_what_was_not_known_to_be_sent_is_a_case(
    bench: SettlementHarness,
) -> None:
    bench.charge(320)
    held = bench.book()
    bench.charge(700, customer=8)
    bench.write(Draft(EntryKind.FORKED, body={"journal_id": THEIRS, "was": OURS}))
    assert bench.reads.in_question()[0] == 1
    assert bench.position(8).conflict == "forked"
    bench.journal_id = THEIRS
    fresh = bench.charge(55)
    assert fresh.total == 55
    assert bench.settle(held, kept(3)) == Settled()
    marks = read_marks(bench.updates[-1].debt_data)
    assert (bench.updates[-1].total, marks.table[THEIRS]) == (Decimal(1375), fresh)
    assert OURS in marks.table


@pytest.mark.parametrize(("resolution", "total"), [(NONE_IN, 1080), (ACCEPT, 1000)])
def test_a_person_says_whether_the_twin_has_sent_what_was_open_at_a_fork(
    bench: SettlementHarness, resolution: Resolution, total: int
) -> None:
    bench.charge(320)
    held = replace(bench.book(), total=Decimal(1000))
    bench.charge(80)
    bench.write(Draft(EntryKind.FORKED, body={"journal_id": THEIRS, "was": OURS}))
    bench.journal_id = THEIRS
    assert bench.settle(held) == OnDesk()
    assert decide(bench, resolution, held, kept(3)) == Settled()
    assert bench.updates[-1].total == Decimal(total)
    assert bench.position().last == bench.position().seen
    assert bench.updates[-1].mark is not None
    assert bench.updates[-1].mark.total == 80
    assert bench.position(ADA).conflict is None
