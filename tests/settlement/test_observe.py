"""Rows that come by, at a tap or in a sync, in; what the journal notes and who is nudged out."""

import asyncio

from tests.settlement.fake_backend import TAKES_S, FakeBackend
from tests.settlement.harness import OURS, THEIRS, row, table
from tests.settlement.schedule_harness import ScheduleHarness
from tests.simulation.backend import Kin

from taptill.domain.entry import EntryKind
from taptill.domain.mark import Mark
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import NoAnswer, OutcomeUnknown, RowNotFound
from taptill.settlement.schedule import Settlement
from taptill.settlement.state import SettlementState

UNREACHABLE = NoAnswer("backend-unreachable")
LOST = OutcomeUnknown("HTTP 500")


def test_a_cloned_card_stops_all_from_any_sight(stage: ScheduleHarness) -> None:
    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(row(1320, table({OURS: Mark(99, 320, "12345678")})))
        stage.bench.charge(320, 7)
        settlement.nudge()
        await asyncio.sleep(100)

    assert stage.play(scene).state is SettlementState.CLONED
    assert stage.backend.asked == []


def test_a_half_kept_pair_that_comes_by_halts_all_and_is_written_once(
    stage: ScheduleHarness,
) -> None:
    mark = stage.bench.charge(320)
    stage.bench.settle(row(1000, table()), LOST)

    async def scene(settlement: Settlement) -> None:
        for at in (2, 3):
            await settlement.sighted(row(1000, table({OURS: mark}), at=at))

    assert stage.play(scene).state is SettlementState.HALTED
    assert stage.bench.kinds().count(EntryKind.HALTED) == 1


def test_a_sight_that_shows_our_mark_is_a_receipt(stage: ScheduleHarness) -> None:
    mark = stage.bench.charge(320)
    stage.bench.settle(row(1000, table()), LOST)
    stage.backend.down = UNREACHABLE

    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(row(1320, table({OURS: mark}), at=2))

    stage.play(scene)
    assert stage.bench.kinds()[-1] is EntryKind.RECEIPT
    assert (stage.waiting, stage.changes) == ([], 1)


def test_a_sight_that_lacks_our_mark_is_taken_back_and_settled_anew(stage: ScheduleHarness) -> None:
    mark = stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        assert stage.waiting == []
        assert stage.backend.model.read(7).marks.table == {OURS: mark}
        await settlement.sighted(stage.backend.model.write_back(7, stage.backend.model.read(7, 1)))
        await asyncio.sleep(1)

    stage.play(scene)
    assert EntryKind.TAKEN_BACK in stage.bench.kinds()
    assert stage.waiting == []
    assert stage.backend.model.read(7).total == 1320


def test_an_old_copy_that_comes_by_proves_nothing(stage: ScheduleHarness) -> None:
    stage.bench.charge(320)
    stage.bench.book(at=5)

    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(row(1000, table(), at=4))

    stage.play(scene)
    assert EntryKind.TAKEN_BACK not in stage.bench.kinds()


def test_a_row_that_stays_old_is_that_of_a_backend_that_was_restored(
    stage: ScheduleHarness,
) -> None:
    """Nobody is open, and everybody has seen newer rows: it is read five times, then believed."""
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        stage.backend.model.copy_books()
        stage.bench.charge(80, 7)
        settlement.nudge()
        await asyncio.sleep(1)
        assert stage.backend.model.read(7).total == 1400
        stage.backend.model.restore_books()
        stage.backend.asked.clear()
        await settlement.sighted(stage.backend.model.read(7))
        await asyncio.sleep(60)

    stage.play(scene)
    assert len(stage.backend.times("read", 7)) == 5
    assert stage.backend.model.read(7).total == 1400
    assert stage.bench.kinds()[-3:] == [EntryKind.TAKEN_BACK, EntryKind.ATTEMPT, EntryKind.RECEIPT]
    assert stage.waiting == []


def test_a_row_that_was_restored_as_it_was_is_believed_once(stage: ScheduleHarness) -> None:
    """Only its stamp has gone back."""
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        stage.backend.model.copy_books()
        for amount in (7, -7):
            await settlement.sighted(stage.backend.model.pay(7, amount))
        stage.backend.model.restore_books()
        for _ in range(2):
            stage.backend.asked.clear()
            await settlement.sighted(stage.backend.model.read(7))
            await asyncio.sleep(60)

    stage.play(scene)
    assert stage.backend.times("read", 7) == []
    assert stage.waiting == []


def test_a_settled_customer_whose_row_looked_old_and_is_gone_is_no_case(
    stage: ScheduleHarness,
) -> None:
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        stage.backend.reads[7] = RowNotFound()
        await settlement.sighted(stage.backend.model.read(7, ago=1))
        await asyncio.sleep(60)

    stage.play(scene)
    assert stage.bench.reads.in_question()[0] == 0
    assert len(stage.backend.times("read", 7)) == 2


def test_an_old_copy_that_comes_by_is_read_again_once(stage: ScheduleHarness) -> None:
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        stage.backend.asked.clear()
        await settlement.sighted(stage.backend.model.read(7, ago=1))
        await asyncio.sleep(60)

    stage.play(scene)
    assert len(stage.backend.times("read", 7)) == 1
    assert EntryKind.TAKEN_BACK not in stage.bench.kinds()


def test_a_sight_during_a_settling_of_that_customer_is_left_to_it(stage: ScheduleHarness) -> None:
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(2.5 * TAKES_S)
        await settlement.sighted(row(520, table(), at=30, customer=7))
        await asyncio.sleep(1)

    stage.play(scene)
    assert stage.bench.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_a_settling_waits_for_the_entries_of_a_sight(stage: ScheduleHarness) -> None:
    mark = stage.bench.charge(320)
    stage.bench.settle(row(1000, table()), LOST)
    stage.books.takes_s = 0.4

    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(row(1320, table({OURS: mark}), at=2))
        await asyncio.sleep(5)

    stage.play(scene)
    assert stage.backend.times("read", 7) == []
    assert stage.bench.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_a_customer_who_was_never_charged_here_is_no_business_of_ours(
    stage: ScheduleHarness,
) -> None:
    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(row(1000, "a letter"))
        await settlement.sighted(row(1000, table({THEIRS: Mark(1, 5, "00000001")})))

    stage.play(scene)
    assert stage.bench.kinds() == []


def test_a_disk_that_fails_hinders_no_sight_and_is_tried_again(stage: ScheduleHarness) -> None:
    mark = stage.bench.charge(320)
    stage.bench.settle(row(1000, table()), LOST)
    stage.books.fails = True

    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(row(1320, table({OURS: mark}), at=2))
        await asyncio.sleep(5)
        stage.books.fails = False
        await settlement.sighted(row(1320, table({OURS: mark}), at=2))
        await asyncio.sleep(1)

    stage.play(scene)
    assert stage.waiting == []


def test_a_row_that_has_a_place_for_marks_again_leaves_the_desk_and_is_settled(
    stage: ScheduleHarness,
) -> None:
    stage.backend = FakeBackend(stage.clock, Kin())
    stage.bench.charge(320)
    stage.bench.settle(row(1000, "a letter"))
    assert stage.waiting == []

    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(row(1000))
        assert stage.bench.position().conflict is None
        await asyncio.sleep(1)

    stage.play(scene)
    assert stage.backend.model.read(7).total == 1320


def test_foreign_keys_leave_the_desk_once_the_backend_is_conditional(
    stage: ScheduleHarness,
) -> None:
    stage.bench.charge(320)
    foreign = row(1000, table(note="x"))
    stage.bench.settle(foreign)
    assert stage.bench.position().conflict == "shared-debt-data"
    stage.backend.reads[7] = foreign
    stage.backend.offers = Capabilities(conditional_update=True)

    async def scene(settlement: Settlement) -> None:
        await settlement.sighted(foreign)
        await asyncio.sleep(1)

    stage.play(scene)
    assert stage.bench.position().conflict is None


def test_foreign_keys_stay_on_the_desk_of_the_plain_api(stage: ScheduleHarness) -> None:
    stage.bench.charge(320)
    foreign = row(1000, table(note="x"))
    stage.backend.reads[7] = foreign

    async def scene(settlement: Settlement) -> None:
        for _ in range(5):
            await asyncio.sleep(1)
            await settlement.sighted(foreign)

    stage.play(scene)
    assert stage.bench.kinds() == [EntryKind.CONFLICT]
