"""Rows that come by, at a tap or in a sync, in; what the journal notes and who is nudged out."""

import asyncio

from tests.settlement.fake_backend import TAKES_S, FakeSettlementBackend
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


def test_a_cloned_card_stops_all_from_any_sight(schedule: ScheduleHarness) -> None:
    async def script(settlement: Settlement) -> None:
        await settlement.observe([row(1320, table({OURS: Mark(99, 320, "12345678")}))])
        schedule.harness.charge(320, 7)
        settlement.nudge()
        await asyncio.sleep(100)

    assert schedule.play(script).state is SettlementState.CLONED
    assert schedule.backend.asked == []


def test_a_half_kept_pair_that_comes_by_halts_all_and_is_written_once(
    schedule: ScheduleHarness,
) -> None:
    mark = schedule.harness.charge(320)
    schedule.harness.settle(row(1000, table()), LOST)

    async def script(settlement: Settlement) -> None:
        for at in (2, 3):
            await settlement.observe([row(1000, table({OURS: mark}), at=at)])

    assert schedule.play(script).state is SettlementState.HALTED
    assert schedule.harness.kinds().count(EntryKind.HALTED) == 1


def test_a_sight_that_shows_our_mark_is_a_receipt(schedule: ScheduleHarness) -> None:
    mark = schedule.harness.charge(320)
    schedule.harness.settle(row(1000, table()), LOST)
    schedule.backend.down = UNREACHABLE

    async def script(settlement: Settlement) -> None:
        await settlement.observe([row(1320, table({OURS: mark}), at=2)])

    schedule.play(script)
    assert schedule.harness.kinds()[-1] is EntryKind.RECEIPT
    assert (schedule.waiting, schedule.changes) == ([], 1)


def test_of_a_page_of_rows_those_of_ours_are_reconciled(schedule: ScheduleHarness) -> None:
    """The others have neither a position here nor a mark of ours."""
    mark = schedule.harness.charge(320)
    schedule.harness.settle(row(1000, table()), LOST)
    schedule.backend.down = UNREACHABLE
    strangers = [row(1000, table(), customer=number) for number in range(100, 150)]

    async def script(settlement: Settlement) -> None:
        await settlement.observe([*strangers, row(1320, table({OURS: mark}), at=2), *strangers])
        cloned = row(5, table({OURS: Mark(99, 320, "12345678")}), customer=200)
        await settlement.observe([*strangers, cloned])

    assert schedule.play(script).state is SettlementState.CLONED
    assert EntryKind.RECEIPT in schedule.harness.kinds()


def test_a_sight_that_lacks_our_mark_is_taken_back_and_settled_anew(
    schedule: ScheduleHarness,
) -> None:
    mark = schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        assert schedule.waiting == []
        assert schedule.backend.model.read(7).marks.table == {OURS: mark}
        await settlement.observe(
            [schedule.backend.model.write_back(7, schedule.backend.model.read(7, 1))]
        )
        await asyncio.sleep(1)

    schedule.play(script)
    assert EntryKind.TAKEN_BACK in schedule.harness.kinds()
    assert schedule.waiting == []
    assert schedule.backend.model.read(7).total == 1320


def test_an_old_copy_that_comes_by_proves_nothing(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320)
    schedule.harness.book(at=5)

    async def script(settlement: Settlement) -> None:
        await settlement.observe([row(1000, table(), at=4)])

    schedule.play(script)
    assert EntryKind.TAKEN_BACK not in schedule.harness.kinds()


def test_a_row_that_stays_old_is_that_of_a_backend_that_was_restored(
    schedule: ScheduleHarness,
) -> None:
    """Nobody is open, and everybody has seen newer rows: it is read five times, then believed."""
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        schedule.backend.model.copy_books()
        schedule.harness.charge(80, 7)
        settlement.nudge()
        await asyncio.sleep(1)
        assert schedule.backend.model.read(7).total == 1400
        schedule.backend.model.restore_books()
        schedule.backend.asked.clear()
        await settlement.observe([schedule.backend.model.read(7)])
        await asyncio.sleep(60)

    schedule.play(script)
    assert len(schedule.backend.times("read", 7)) == 5
    assert schedule.backend.model.read(7).total == 1400
    assert schedule.harness.kinds()[-3:] == [
        EntryKind.TAKEN_BACK,
        EntryKind.ATTEMPT,
        EntryKind.RECEIPT,
    ]
    assert schedule.waiting == []


def test_a_row_that_was_restored_as_it_was_is_believed_once(schedule: ScheduleHarness) -> None:
    """Only its stamp has gone back."""
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        schedule.backend.model.copy_books()
        for amount in (7, -7):
            await settlement.observe([schedule.backend.model.pay(7, amount)])
        schedule.backend.model.restore_books()
        for _ in range(2):
            schedule.backend.asked.clear()
            await settlement.observe([schedule.backend.model.read(7)])
            await asyncio.sleep(60)

    schedule.play(script)
    assert schedule.backend.times("read", 7) == []
    assert schedule.waiting == []


def test_a_settled_customer_whose_row_looked_old_and_is_gone_is_no_case(
    schedule: ScheduleHarness,
) -> None:
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        schedule.backend.reads[7] = RowNotFound()
        await settlement.observe([schedule.backend.model.read(7, ago=1)])
        await asyncio.sleep(60)

    schedule.play(script)
    assert schedule.harness.queries.in_question()[0] == 0
    assert len(schedule.backend.times("read", 7)) == 2


def test_an_old_copy_that_comes_by_is_read_again_once(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        schedule.backend.asked.clear()
        await settlement.observe([schedule.backend.model.read(7, ago=1)])
        await asyncio.sleep(60)

    schedule.play(script)
    assert len(schedule.backend.times("read", 7)) == 1
    assert EntryKind.TAKEN_BACK not in schedule.harness.kinds()


def test_a_sight_during_a_settling_of_that_customer_is_left_to_it(
    schedule: ScheduleHarness,
) -> None:
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(2.5 * TAKES_S)
        await settlement.observe([row(520, table(), at=30, customer=7)])
        await asyncio.sleep(1)

    schedule.play(script)
    assert schedule.harness.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_a_settling_waits_for_the_entries_of_a_sight(schedule: ScheduleHarness) -> None:
    mark = schedule.harness.charge(320)
    schedule.harness.settle(row(1000, table()), LOST)
    schedule.books.takes_s = 0.4

    async def script(settlement: Settlement) -> None:
        await settlement.observe([row(1320, table({OURS: mark}), at=2)])
        await asyncio.sleep(5)

    schedule.play(script)
    assert schedule.backend.times("read", 7) == []
    assert schedule.harness.kinds() == [EntryKind.ATTEMPT, EntryKind.RECEIPT]


def test_a_customer_who_was_never_charged_here_is_no_business_of_ours(
    schedule: ScheduleHarness,
) -> None:
    async def script(settlement: Settlement) -> None:
        await settlement.observe([row(1000, "a letter")])
        await settlement.observe([row(1000, table({THEIRS: Mark(1, 5, "00000001")}))])

    schedule.play(script)
    assert schedule.harness.kinds() == []


def test_a_disk_that_fails_hinders_no_sight_and_is_tried_again(schedule: ScheduleHarness) -> None:
    mark = schedule.harness.charge(320)
    schedule.harness.settle(row(1000, table()), LOST)
    schedule.books.fails = True

    async def script(settlement: Settlement) -> None:
        await settlement.observe([row(1320, table({OURS: mark}), at=2)])
        await asyncio.sleep(5)
        schedule.books.fails = False
        await settlement.observe([row(1320, table({OURS: mark}), at=2)])
        await asyncio.sleep(1)

    schedule.play(script)
    assert schedule.waiting == []


def test_a_row_that_has_a_place_for_marks_again_leaves_the_desk_and_is_settled(
    schedule: ScheduleHarness,
) -> None:
    schedule.backend = FakeSettlementBackend(schedule.clock, Kin())
    schedule.harness.charge(320)
    schedule.harness.settle(row(1000, "a letter"))
    assert schedule.waiting == []

    async def script(settlement: Settlement) -> None:
        await settlement.observe([row(1000)])
        assert schedule.harness.position().conflict is None
        await asyncio.sleep(1)

    schedule.play(script)
    assert schedule.backend.model.read(7).total == 1320


def test_foreign_keys_leave_the_desk_once_the_backend_is_conditional(
    schedule: ScheduleHarness,
) -> None:
    schedule.harness.charge(320)
    foreign = row(1000, table(note="x"))
    schedule.harness.settle(foreign)
    assert schedule.harness.position().conflict == "shared-debt-data"
    schedule.backend.reads[7] = foreign
    schedule.backend.offers = Capabilities(conditional_update=True)

    async def script(settlement: Settlement) -> None:
        await settlement.observe([foreign])
        await asyncio.sleep(1)

    schedule.play(script)
    assert schedule.harness.position().conflict is None


def test_foreign_keys_stay_on_the_desk_of_the_plain_api(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320)
    foreign = row(1000, table(note="x"))
    schedule.backend.reads[7] = foreign

    async def script(settlement: Settlement) -> None:
        for _ in range(5):
            await asyncio.sleep(1)
            await settlement.observe([foreign])

    schedule.play(script)
    assert schedule.harness.kinds() == [EntryKind.CONFLICT]
