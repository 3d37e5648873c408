"""Open customers in, who is settled when out: nothing here waits, the clock is moved."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from tests.settlement.fake_backend import TAKES_S, FakeSettlementBackend
from tests.settlement.harness import row
from tests.settlement.schedule_harness import ScheduleHarness
from tests.simulation.backend import Kin

from taptill.domain.entry import Draft, EntryKind
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import (
    Choice,
    NoAnswer,
    Outcome,
    OutcomeUnknown,
    Rejected,
    Resolution,
    RowNotFound,
    RowUnreadable,
    Settled,
    Stopped,
)
from taptill.settlement.schedule import (
    IN_FLIGHT_MAX,
    PASS_MAX,
    Settlement,
)
from taptill.settlement.settle import STALE_MAX
from taptill.settlement.state import SettlementState

DENIED = NoAnswer("backend-token", access_denied=True)
UNREACHABLE = NoAnswer("backend-unreachable")
LOST = OutcomeUnknown("HTTP 500")


def test_what_is_open_at_the_start_is_settled_at_once_oldest_first(
    schedule: ScheduleHarness,
) -> None:
    for customer in (9, 3, 5):
        schedule.harness.charge(320, customer)
    settlement = schedule.play_for(1)
    assert schedule.waiting == []
    assert settlement.state is SettlementState.RUNNING
    assert [customer_id for _, verb, customer_id in schedule.backend.asked if verb == "read"] == [
        9,
        3,
        5,
    ]
    assert schedule.backend.model.read(3).total == 1320


def test_a_nudge_settles_at_once(schedule: ScheduleHarness) -> None:
    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(30)
        schedule.harness.charge(320, 7)
        settlement.nudge()
        await asyncio.sleep(1)

    schedule.play(script)
    assert schedule.backend.times("read", 7) == [30 + TAKES_S]
    assert schedule.waiting == []
    assert schedule.changes == 1
    assert [snapshot.total for snapshot in schedule.rows_read] == [1000, 1320]


def test_at_most_four_requests_are_under_way(schedule: ScheduleHarness) -> None:
    for customer in range(1, 41):
        schedule.harness.charge(320, customer)
    schedule.play_for(5)
    assert schedule.backend.most_at_once == IN_FLIGHT_MAX
    assert schedule.waiting == []


def test_two_requests_a_customer_are_enough(schedule: ScheduleHarness) -> None:
    for customer in range(1, 101):
        for _ in range(10):
            schedule.harness.charge(10, customer)
    schedule.play_for(60)
    assert schedule.waiting == []
    assert len(schedule.backend.asked) == 2 * 100 + 1


def test_an_outage_is_waited_out_and_ends_by_itself(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320, 7)
    schedule.backend.down = UNREACHABLE

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(200)
        assert settlement.state is SettlementState.RUNNING
        schedule.backend.down = None
        await asyncio.sleep(70)

    schedule.play(script)
    asked_at = schedule.backend.times("capabilities", 0)
    gaps = [round(after - before) for before, after in pairwise(asked_at)]
    assert gaps[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert schedule.waiting == []


def test_after_an_outage_a_sight_starts_settling_at_once(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320, 7)
    schedule.backend.down = UNREACHABLE

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(100)
        schedule.backend.down = None
        await settlement.observe([schedule.backend.model.read(8)])
        await asyncio.sleep(1)

    schedule.play(script)
    assert schedule.waiting == []


def test_after_an_outage_a_backend_that_returns_is_sent_what_is_open_at_once(
    schedule: ScheduleHarness,
) -> None:
    schedule.harness.charge(320, 7)
    schedule.backend.down = UNREACHABLE

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(100)
        schedule.backend.down = None
        settlement.returned()
        await asyncio.sleep(1)

    schedule.play(script)
    assert schedule.waiting == []


def test_retry_after_is_obeyed_even_where_sights_say_that_the_backend_is_up(
    schedule: ScheduleHarness,
) -> None:
    schedule.harness.charge(320, 7)
    schedule.backend.updates[7] = OutcomeUnknown("HTTP 429", 30.0)

    async def script(settlement: Settlement) -> None:
        for _ in range(25):
            await asyncio.sleep(1)
            await settlement.observe([schedule.backend.model.read(8)])
        del schedule.backend.updates[7]
        await asyncio.sleep(10)

    schedule.play(script)
    first, second = schedule.backend.times("update", 7)
    assert second - first >= 30
    assert schedule.waiting == []


def test_after_trouble_capabilities_are_asked_anew(schedule: ScheduleHarness) -> None:
    """A 428 says that the backend has become stricter."""
    schedule.harness.charge(320, 7)
    schedule.backend.updates[7] = OutcomeUnknown("HTTP 428")

    async def script(_: Settlement) -> None:
        await asyncio.sleep(0.5)
        schedule.backend.offers = Capabilities(conditional_update=True)
        del schedule.backend.updates[7]
        await asyncio.sleep(10)

    schedule.play(script)
    assert len(schedule.backend.times("capabilities", 0)) == 2
    assert schedule.waiting == []


@pytest.mark.parametrize("where", ["capabilities", "reads", "updates"])
def test_a_denied_token_is_said_loudly_and_recovers_by_itself(
    schedule: ScheduleHarness, where: str
) -> None:
    schedule.harness.charge(320, 7)
    if where == "capabilities":
        schedule.backend.offers = DENIED
    elif where == "reads":
        schedule.backend.reads[7] = DENIED
    else:
        schedule.backend.updates[7] = DENIED

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(20)
        assert settlement.state is SettlementState.DENIED
        await settlement.observe([schedule.backend.model.read(8)])
        assert (
            settlement.state is SettlementState.DENIED
        )  # that a row is seen proves no leave to write
        schedule.backend.offers = Capabilities()
        schedule.backend.reads.clear()
        schedule.backend.updates.clear()
        await asyncio.sleep(40)

    assert schedule.play(script).state is SettlementState.RUNNING
    assert schedule.waiting == []


def test_a_denied_token_is_not_tried_at_every_tap(schedule: ScheduleHarness) -> None:
    """Each try leaves an attempt in the journal."""
    schedule.harness.charge(320, 7)
    schedule.backend.updates[7] = DENIED

    async def script(settlement: Settlement) -> None:
        for _ in range(600):
            await asyncio.sleep(1)
            await settlement.observe([schedule.backend.model.read(8)])

    schedule.play(script)
    assert len(schedule.backend.times("update", 7)) < 20


BAD: dict[str, Callable[[FakeSettlementBackend], None]] = {
    "whose update always fails": lambda backend: backend.updates.update({7: LOST}),
    "whose row is unreadable": lambda backend: backend.reads.update({7: RowUnreadable("debt")}),
    "who meets a fault of ours": lambda backend: backend.reads.update({7: KeyError("x")}),
    "who clashes always": lambda backend: backend.updates.update(
        {7: OutcomeUnknown("HTTP 409", version_conflict=True)}
    ),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_one_bad_customer_never_blocks_the_others(
    schedule: ScheduleHarness, spoil: Callable[[FakeSettlementBackend], None]
) -> None:
    spoil(schedule.backend)
    for customer in (7, *range(20, 60)):
        schedule.harness.charge(320, customer)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(15)
        assert schedule.waiting == [7]
        for customer in range(60, 70):
            await asyncio.sleep(30)
            schedule.harness.charge(320, customer)
            await settlement.observe([schedule.backend.model.read(customer)])
            settlement.nudge()
            await asyncio.sleep(1)
            assert schedule.waiting == [7]

    settlement = schedule.play(script)
    assert settlement.state is SettlementState.RUNNING
    assert len(schedule.backend.times("read", 7)) < 20 * 5


def test_more_bad_customers_than_a_pass_takes_block_nobody(schedule: ScheduleHarness) -> None:
    for customer in range(1, PASS_MAX + 11):
        schedule.harness.charge(320, customer)
        schedule.backend.reads[customer] = RowUnreadable("debt")
    schedule.harness.charge(320, 190)
    schedule.play_for(30)
    assert 190 not in schedule.waiting


def test_a_refusal_stops_only_that_customer(schedule: ScheduleHarness) -> None:
    for customer in (7, 8):
        schedule.harness.charge(320, customer)
    schedule.backend.updates[7] = Rejected(400, "no code given")
    settlement = schedule.play_for(100)
    assert settlement.state is SettlementState.RUNNING
    assert schedule.waiting == []
    assert schedule.harness.queries.in_question()[0] == 1
    assert len(schedule.backend.times("update", 7)) == 1


def test_a_charge_during_a_settling_is_settled_soon_after(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(2.5 * TAKES_S)  # the update is under way
        schedule.harness.charge(80, 7)
        settlement.nudge()
        await asyncio.sleep(2)

    schedule.play(script)
    assert schedule.backend.model.read(7).total == 1400
    assert schedule.waiting == []


def test_a_customer_who_stays_open_whatever_is_done_is_not_asked_about_all_the_time(
    schedule: ScheduleHarness,
) -> None:
    schedule.harness.charge(320, 7)
    schedule.books.forgets = True
    schedule.play_for(100)
    assert schedule.waiting == [7]
    assert len(schedule.backend.times("read", 7)) < 10


def test_half_a_pair_halts_all_and_stays_halted_over_a_restart(schedule: ScheduleHarness) -> None:
    schedule.backend = FakeSettlementBackend(schedule.clock, Kin(enrolled=True, keeps_money=False))
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        schedule.harness.charge(320, 8)
        settlement.nudge()
        await asyncio.sleep(100)

    assert schedule.play(script).state is SettlementState.HALTED
    assert schedule.waiting == [7, 8]
    request_count = len(schedule.backend.asked)
    assert schedule.play_for(100).state is SettlementState.HALTED
    assert len(schedule.backend.asked) == request_count
    schedule.harness.write(Draft(EntryKind.RESUMED))
    assert schedule.settlement().state is SettlementState.RUNNING


def test_a_halt_that_cannot_be_written_halts_all_the_same(schedule: ScheduleHarness) -> None:
    schedule.backend = FakeSettlementBackend(schedule.clock, Kin(enrolled=True, keeps_money=False))
    schedule.harness.charge(320, 7)

    async def script(_: Settlement) -> None:
        await asyncio.sleep(2.5 * TAKES_S)  # the update is under way
        schedule.books.fails = True
        await asyncio.sleep(5)
        schedule.books.fails = False
        await asyncio.sleep(100)

    assert schedule.play(script).state is SettlementState.HALTED
    assert len(schedule.backend.times("update", 7)) == 1


def test_trouble_of_another_customer_does_not_lift_a_halt(schedule: ScheduleHarness) -> None:
    """The others' requests were under way when it came."""
    schedule.backend = FakeSettlementBackend(schedule.clock, Kin(enrolled=True, keeps_money=False))
    schedule.backend.updates = {8: LOST, 9: DENIED}
    schedule.backend.slow = {8: 1.0, 9: 1.0}
    for customer in (7, 8, 9):
        schedule.harness.charge(320, customer)
    assert schedule.play_for(100).state is SettlementState.HALTED
    assert schedule.harness.kinds().count(EntryKind.HALTED) == 1


def test_a_disk_that_fails_during_a_settling_sends_nothing(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320, 7)

    async def script(_: Settlement) -> None:
        await asyncio.sleep(1.5 * TAKES_S)  # the row is being read
        schedule.books.fails = True
        await asyncio.sleep(5)
        assert schedule.backend.times("update", 7) == []
        schedule.books.fails = False
        await asyncio.sleep(20)

    schedule.play(script)
    assert schedule.waiting == []


def test_a_copy_older_than_the_cache_knows_is_asked_for_again(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320, 7)
    schedule.stamps[7] = row(at=59).updated_at

    async def script(_: Settlement) -> None:
        await asyncio.sleep(10)
        assert schedule.waiting == [7]
        await asyncio.sleep(60)

    schedule.play(script)
    assert len(schedule.backend.times("read", 7)) == 5  # then it is believed
    assert schedule.waiting == []


@pytest.mark.parametrize("obeys", [True, False], ids=["obeyed", "not obeyed"])
def test_conditions_are_proven_once(schedule: ScheduleHarness, *, obeys: bool) -> None:
    kin = Kin(conditional=True, versions=True, enrolled=True, obeys=obeys)
    schedule.backend = FakeSettlementBackend(schedule.clock, kin)
    schedule.backend.offers = Capabilities(conditional_update=True, version=True)
    schedule.harness.charge(320, 7)

    async def script(settlement: Settlement) -> None:
        await asyncio.sleep(10)
        assert len(schedule.backend.times("update", 7)) == 2
        schedule.harness.charge(320, 8)
        settlement.nudge()
        await asyncio.sleep(10)

    schedule.play(script)
    assert len(schedule.backend.times("update", 8)) == 1
    assert schedule.waiting == []


CONDITIONAL = Kin(conditional=True, enrolled=True, versions=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kin", "offers", "budget"),
    [
        (Kin(enrolled=True), Capabilities(), 2 * 500),
        (Kin(), Capabilities(), 3 * 500),
        (CONDITIONAL, Capabilities(conditional_update=True, version=True), 500 + 500 // 100),
    ],
    ids=["the plain API", "the plain API at first contact", "conditions"],
)
def test_a_backlog_of_5000_charges_of_500_customers_keeps_to_its_requests(
    schedule: ScheduleHarness, kin: Kin, offers: Capabilities, budget: int
) -> None:
    """One question about what the backend offers, and a probe a worker, come on top."""
    schedule.backend = FakeSettlementBackend(schedule.clock, kin, customers=500)
    schedule.backend.offers = offers
    for number in range(5000):
        schedule.harness.charge(10, 1 + number % 500)
    schedule.play_for(600)
    assert schedule.waiting == []
    assert {schedule.backend.model.read(index).total for index in range(1, 501)} == {1100}
    assert len(schedule.backend.asked) <= budget + 1 + IN_FLIGHT_MAX


def test_a_row_that_was_read_ahead_and_changed_since_is_read_again(
    schedule: ScheduleHarness,
) -> None:
    schedule.backend = FakeSettlementBackend(schedule.clock, CONDITIONAL)
    schedule.backend.offers = Capabilities(conditional_update=True, version=True)
    for customer in (7, 8, 9):
        schedule.harness.charge(100, customer)

    async def script(_: Settlement) -> None:
        await asyncio.sleep(3 * TAKES_S)  # the rows were read: the office takes a payment now
        schedule.backend.model.pay(7, -300)
        await asyncio.sleep(10)

    schedule.play(script)
    assert schedule.waiting == []
    assert [schedule.backend.model.read(customer).total for customer in (7, 8, 9)] == [
        800,
        1100,
        1100,
    ]


def test_a_row_that_is_not_among_many_is_asked_for_alone(schedule: ScheduleHarness) -> None:
    schedule.backend = FakeSettlementBackend(schedule.clock, CONDITIONAL)
    schedule.backend.offers = Capabilities(conditional_update=True, version=True)
    schedule.backend.reads = {8: RowNotFound()}
    for customer in (7, 8):
        schedule.harness.charge(100, customer)
    schedule.play_for(10)
    assert schedule.waiting == [8]  # one answer without a customer is no removal, nor are a few
    assert schedule.backend.model.read(7).total == 1100
    schedule.play_for(60)
    assert schedule.waiting == []
    assert schedule.harness.position(8).conflict == "gone"


def test_a_ruling_is_carried_out_beside_the_schedule(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320)
    schedule.harness.settle(row(1000, "a letter"))
    outcomes: list[Outcome] = []

    async def script(settlement: Settlement) -> None:
        resolution = Resolution(Choice.RETRY, "Jo", "the office has mended the row")
        outcomes.append(await settlement.resolve(7, resolution))

    schedule.play(script)
    assert outcomes == [Settled()]
    assert schedule.backend.model.read(7).total == 1320


def test_a_ruling_believes_the_row_of_a_backend_that_was_restored(
    schedule: ScheduleHarness,
) -> None:
    """Its stamps are older than one that was seen: so are all copies, however often it is asked."""
    schedule.harness.charge(320)
    schedule.harness.settle(row(1000, "a letter"))
    schedule.stamps[7] = row(at=59).updated_at
    outcomes: list[Outcome] = []

    async def script(settlement: Settlement) -> None:
        outcomes.append(await settlement.resolve(7, Resolution(Choice.RETRY, "Jo", "restored")))

    schedule.play(script)
    assert outcomes == [Settled()]
    assert len(schedule.backend.times("read", 7)) == STALE_MAX
    assert schedule.backend.model.read(7).total == 1320


def test_no_ruling_is_carried_out_while_settlement_is_stopped(schedule: ScheduleHarness) -> None:
    schedule.harness.charge(320)
    schedule.harness.settle(row(1000, "a letter"))
    schedule.harness.write(Draft(EntryKind.HALTED, 7, body={"reason": "half-kept"}))
    outcomes: list[Outcome] = []

    async def script(settlement: Settlement) -> None:
        resolution = Resolution(Choice.ACCEPT, "Jo", "booked by hand")
        outcomes.append(await settlement.resolve(7, resolution))

    schedule.play(script)
    assert outcomes == [Stopped("halted")]
    assert schedule.backend.asked == []
