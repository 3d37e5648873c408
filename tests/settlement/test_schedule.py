"""Open customers in, who is settled when out: nothing here waits, the clock is moved."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from tests.settlement.fake_backend import TAKES_S, FakeBackend
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

DENIED = NoAnswer("backend-token", denied=True)
UNREACHABLE = NoAnswer("backend-unreachable")
LOST = OutcomeUnknown("HTTP 500")


def test_what_is_open_at_the_start_is_settled_at_once_oldest_first(stage: ScheduleHarness) -> None:
    for customer in (9, 3, 5):
        stage.bench.charge(320, customer)
    settlement = stage.play_for(1)
    assert stage.waiting == []
    assert settlement.state is SettlementState.RUNNING
    assert [who for _, verb, who in stage.backend.asked if verb == "read"] == [9, 3, 5]
    assert stage.backend.model.read(3).total == 1320


def test_a_nudge_settles_at_once(stage: ScheduleHarness) -> None:
    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(30)
        stage.bench.charge(320, 7)
        settlement.nudge()
        await asyncio.sleep(1)

    stage.play(scene)
    assert stage.backend.times("read", 7) == [30 + TAKES_S]
    assert stage.waiting == []
    assert stage.changes == 1
    assert [one.total for one in stage.sighted] == [1000, 1320]


def test_at_most_four_requests_are_under_way(stage: ScheduleHarness) -> None:
    for customer in range(1, 41):
        stage.bench.charge(320, customer)
    stage.play_for(5)
    assert stage.backend.most_at_once == IN_FLIGHT_MAX
    assert stage.waiting == []


def test_two_requests_a_customer_are_enough(stage: ScheduleHarness) -> None:
    for customer in range(1, 101):
        for _ in range(10):
            stage.bench.charge(10, customer)
    stage.play_for(60)
    assert stage.waiting == []
    assert len(stage.backend.asked) == 2 * 100 + 1


def test_an_outage_is_waited_out_and_ends_by_itself(stage: ScheduleHarness) -> None:
    stage.bench.charge(320, 7)
    stage.backend.down = UNREACHABLE

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(200)
        assert settlement.state is SettlementState.RUNNING
        stage.backend.down = None
        await asyncio.sleep(70)

    stage.play(scene)
    asked = stage.backend.times("capabilities", 0)
    gaps = [round(after - before) for before, after in pairwise(asked)]
    assert gaps[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert stage.waiting == []


def test_after_an_outage_a_sight_starts_settling_at_once(stage: ScheduleHarness) -> None:
    stage.bench.charge(320, 7)
    stage.backend.down = UNREACHABLE

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(100)
        stage.backend.down = None
        await settlement.sighted(stage.backend.model.read(8))
        await asyncio.sleep(1)

    stage.play(scene)
    assert stage.waiting == []


def test_after_an_outage_a_backend_that_returns_is_sent_what_is_open_at_once(
    stage: ScheduleHarness,
) -> None:
    stage.bench.charge(320, 7)
    stage.backend.down = UNREACHABLE

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(100)
        stage.backend.down = None
        settlement.returned()
        await asyncio.sleep(1)

    stage.play(scene)
    assert stage.waiting == []


def test_retry_after_is_obeyed_even_where_sights_say_that_the_backend_is_up(
    stage: ScheduleHarness,
) -> None:
    stage.bench.charge(320, 7)
    stage.backend.updates[7] = OutcomeUnknown("HTTP 429", 30.0)

    async def scene(settlement: Settlement) -> None:
        for _ in range(25):
            await asyncio.sleep(1)
            await settlement.sighted(stage.backend.model.read(8))
        del stage.backend.updates[7]
        await asyncio.sleep(10)

    stage.play(scene)
    first, second = stage.backend.times("update", 7)
    assert second - first >= 30
    assert stage.waiting == []


def test_after_trouble_capabilities_are_asked_anew(stage: ScheduleHarness) -> None:
    """A 428 says that the backend has become stricter."""
    stage.bench.charge(320, 7)
    stage.backend.updates[7] = OutcomeUnknown("HTTP 428")

    async def scene(_: Settlement) -> None:
        await asyncio.sleep(0.5)
        stage.backend.offers = Capabilities(conditional_update=True)
        del stage.backend.updates[7]
        await asyncio.sleep(10)

    stage.play(scene)
    assert len(stage.backend.times("capabilities", 0)) == 2
    assert stage.waiting == []


@pytest.mark.parametrize("where", ["capabilities", "reads", "updates"])
def test_a_denied_token_is_said_loudly_and_recovers_by_itself(
    stage: ScheduleHarness, where: str
) -> None:
    stage.bench.charge(320, 7)
    if where == "capabilities":
        stage.backend.offers = DENIED
    elif where == "reads":
        stage.backend.reads[7] = DENIED
    else:
        stage.backend.updates[7] = DENIED

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(20)
        assert settlement.state is SettlementState.DENIED
        await settlement.sighted(stage.backend.model.read(8))
        assert (
            settlement.state is SettlementState.DENIED
        )  # that a row is seen proves no leave to write
        stage.backend.offers = Capabilities()
        stage.backend.reads.clear()
        stage.backend.updates.clear()
        await asyncio.sleep(40)

    assert stage.play(scene).state is SettlementState.RUNNING
    assert stage.waiting == []


def test_a_denied_token_is_not_tried_at_every_tap(stage: ScheduleHarness) -> None:
    """Each try leaves an attempt in the journal."""
    stage.bench.charge(320, 7)
    stage.backend.updates[7] = DENIED

    async def scene(settlement: Settlement) -> None:
        for _ in range(600):
            await asyncio.sleep(1)
            await settlement.sighted(stage.backend.model.read(8))

    stage.play(scene)
    assert len(stage.backend.times("update", 7)) < 20


BAD: dict[str, Callable[[FakeBackend], None]] = {
    "whose update always fails": lambda backend: backend.updates.update({7: LOST}),
    "whose row is unreadable": lambda backend: backend.reads.update({7: RowUnreadable("debt")}),
    "who meets a fault of ours": lambda backend: backend.reads.update({7: KeyError("x")}),
    "who clashes always": lambda backend: backend.updates.update(
        {7: OutcomeUnknown("HTTP 409", version_conflict=True)}
    ),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_one_bad_customer_never_blocks_the_others(
    stage: ScheduleHarness, spoil: Callable[[FakeBackend], None]
) -> None:
    spoil(stage.backend)
    for customer in (7, *range(20, 60)):
        stage.bench.charge(320, customer)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(15)
        assert stage.waiting == [7]
        for customer in range(60, 70):
            await asyncio.sleep(30)
            stage.bench.charge(320, customer)
            await settlement.sighted(stage.backend.model.read(customer))
            settlement.nudge()
            await asyncio.sleep(1)
            assert stage.waiting == [7]

    settlement = stage.play(scene)
    assert settlement.state is SettlementState.RUNNING
    assert len(stage.backend.times("read", 7)) < 20 * 5


def test_more_bad_customers_than_a_pass_takes_block_nobody(stage: ScheduleHarness) -> None:
    for customer in range(1, PASS_MAX + 11):
        stage.bench.charge(320, customer)
        stage.backend.reads[customer] = RowUnreadable("debt")
    stage.bench.charge(320, 190)
    stage.play_for(30)
    assert 190 not in stage.waiting


def test_a_refusal_stops_only_that_customer(stage: ScheduleHarness) -> None:
    for customer in (7, 8):
        stage.bench.charge(320, customer)
    stage.backend.updates[7] = Rejected(400, "no code given")
    settlement = stage.play_for(100)
    assert settlement.state is SettlementState.RUNNING
    assert stage.waiting == []
    assert stage.bench.reads.in_question()[0] == 1
    assert len(stage.backend.times("update", 7)) == 1


def test_a_charge_during_a_settling_is_settled_soon_after(stage: ScheduleHarness) -> None:
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(2.5 * TAKES_S)  # the update is under way
        stage.bench.charge(80, 7)
        settlement.nudge()
        await asyncio.sleep(2)

    stage.play(scene)
    assert stage.backend.model.read(7).total == 1400
    assert stage.waiting == []


def test_a_customer_who_stays_open_whatever_is_done_is_not_asked_about_all_the_time(
    stage: ScheduleHarness,
) -> None:
    stage.bench.charge(320, 7)
    stage.books.forgets = True
    stage.play_for(100)
    assert stage.waiting == [7]
    assert len(stage.backend.times("read", 7)) < 10


def test_half_a_pair_halts_all_and_stays_halted_over_a_restart(stage: ScheduleHarness) -> None:
    stage.backend = FakeBackend(stage.clock, Kin(enrolled=True, keeps_money=False))
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(1)
        stage.bench.charge(320, 8)
        settlement.nudge()
        await asyncio.sleep(100)

    assert stage.play(scene).state is SettlementState.HALTED
    assert stage.waiting == [7, 8]
    asked = len(stage.backend.asked)
    assert stage.play_for(100).state is SettlementState.HALTED
    assert len(stage.backend.asked) == asked
    stage.bench.write(Draft(EntryKind.RESUMED))
    assert stage.settlement().state is SettlementState.RUNNING


def test_a_halt_that_cannot_be_written_halts_all_the_same(stage: ScheduleHarness) -> None:
    stage.backend = FakeBackend(stage.clock, Kin(enrolled=True, keeps_money=False))
    stage.bench.charge(320, 7)

    async def scene(_: Settlement) -> None:
        await asyncio.sleep(2.5 * TAKES_S)  # the update is under way
        stage.books.fails = True
        await asyncio.sleep(5)
        stage.books.fails = False
        await asyncio.sleep(100)

    assert stage.play(scene).state is SettlementState.HALTED
    assert len(stage.backend.times("update", 7)) == 1


def test_trouble_of_another_customer_does_not_lift_a_halt(stage: ScheduleHarness) -> None:
    """The others' requests were under way when it came."""
    stage.backend = FakeBackend(stage.clock, Kin(enrolled=True, keeps_money=False))
    stage.backend.updates = {8: LOST, 9: DENIED}
    stage.backend.slow = {8: 1.0, 9: 1.0}
    for customer in (7, 8, 9):
        stage.bench.charge(320, customer)
    assert stage.play_for(100).state is SettlementState.HALTED
    assert stage.bench.kinds().count(EntryKind.HALTED) == 1


def test_a_disk_that_fails_during_a_settling_sends_nothing(stage: ScheduleHarness) -> None:
    stage.bench.charge(320, 7)

    async def scene(_: Settlement) -> None:
        await asyncio.sleep(1.5 * TAKES_S)  # the row is being read
        stage.books.fails = True
        await asyncio.sleep(5)
        assert stage.backend.times("update", 7) == []
        stage.books.fails = False
        await asyncio.sleep(20)

    stage.play(scene)
    assert stage.waiting == []


def test_a_copy_older_than_the_cache_knows_is_asked_for_again(stage: ScheduleHarness) -> None:
    stage.bench.charge(320, 7)
    stage.stamps[7] = row(at=59).updated_at

    async def scene(_: Settlement) -> None:
        await asyncio.sleep(10)
        assert stage.waiting == [7]
        await asyncio.sleep(60)

    stage.play(scene)
    assert len(stage.backend.times("read", 7)) == 5  # then it is believed
    assert stage.waiting == []


@pytest.mark.parametrize("obeys", [True, False], ids=["obeyed", "not obeyed"])
def test_conditions_are_proven_once(stage: ScheduleHarness, *, obeys: bool) -> None:
    kin = Kin(conditional=True, versions=True, enrolled=True, obeys=obeys)
    stage.backend = FakeBackend(stage.clock, kin)
    stage.backend.offers = Capabilities(conditional_update=True, version=True)
    stage.bench.charge(320, 7)

    async def scene(settlement: Settlement) -> None:
        await asyncio.sleep(10)
        assert len(stage.backend.times("update", 7)) == 2
        stage.bench.charge(320, 8)
        settlement.nudge()
        await asyncio.sleep(10)

    stage.play(scene)
    assert len(stage.backend.times("update", 8)) == 1
    assert stage.waiting == []


CONDITIONAL = Kin(conditional=True, enrolled=True, versions=True)


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
    stage: ScheduleHarness, kin: Kin, offers: Capabilities, budget: int
) -> None:
    """One question about what the backend offers, and a probe a worker, come on top."""
    stage.backend = FakeBackend(stage.clock, kin, customers=500)
    stage.backend.offers = offers
    for number in range(5000):
        stage.bench.charge(10, 1 + number % 500)
    stage.play_for(600)
    assert stage.waiting == []
    assert {stage.backend.model.read(one).total for one in range(1, 501)} == {1100}
    assert len(stage.backend.asked) <= budget + 1 + IN_FLIGHT_MAX


def test_a_row_that_was_read_ahead_and_changed_since_is_read_again(stage: ScheduleHarness) -> None:
    stage.backend = FakeBackend(stage.clock, CONDITIONAL)
    stage.backend.offers = Capabilities(conditional_update=True, version=True)
    for customer in (7, 8, 9):
        stage.bench.charge(100, customer)

    async def scene(_: Settlement) -> None:
        await asyncio.sleep(3 * TAKES_S)  # the rows were read: the office takes a payment now
        stage.backend.model.pay(7, -300)
        await asyncio.sleep(10)

    stage.play(scene)
    assert stage.waiting == []
    assert [stage.backend.model.read(one).total for one in (7, 8, 9)] == [800, 1100, 1100]


def test_a_row_that_is_not_among_many_is_asked_for_alone(stage: ScheduleHarness) -> None:
    stage.backend = FakeBackend(stage.clock, CONDITIONAL)
    stage.backend.offers = Capabilities(conditional_update=True, version=True)
    stage.backend.reads = {8: RowNotFound()}
    for customer in (7, 8):
        stage.bench.charge(100, customer)
    stage.play_for(10)
    assert stage.waiting == [8]  # one answer without a customer is no removal, nor are a few
    assert stage.backend.model.read(7).total == 1100
    stage.play_for(60)
    assert stage.waiting == []
    assert stage.bench.position(8).conflict == "gone"


def test_a_ruling_is_carried_out_beside_the_schedule(stage: ScheduleHarness) -> None:
    stage.bench.charge(320)
    stage.bench.settle(row(1000, "a letter"))
    outcomes: list[Outcome] = []

    async def scene(settlement: Settlement) -> None:
        resolution = Resolution(Choice.RETRY, "Jo", "the office has mended the row")
        outcomes.append(await settlement.resolve(7, resolution))

    stage.play(scene)
    assert outcomes == [Settled()]
    assert stage.backend.model.read(7).total == 1320


def test_a_ruling_believes_the_row_of_a_backend_that_was_restored(stage: ScheduleHarness) -> None:
    """Its stamps are older than one that was seen: so are all copies, however often it is asked."""
    stage.bench.charge(320)
    stage.bench.settle(row(1000, "a letter"))
    stage.stamps[7] = row(at=59).updated_at
    outcomes: list[Outcome] = []

    async def scene(settlement: Settlement) -> None:
        outcomes.append(await settlement.resolve(7, Resolution(Choice.RETRY, "Jo", "restored")))

    stage.play(scene)
    assert outcomes == [Settled()]
    assert len(stage.backend.times("read", 7)) == STALE_MAX
    assert stage.backend.model.read(7).total == 1320


def test_no_ruling_is_carried_out_while_settlement_is_stopped(stage: ScheduleHarness) -> None:
    stage.bench.charge(320)
    stage.bench.settle(row(1000, "a letter"))
    stage.bench.write(Draft(EntryKind.HALTED, 7, body={"reason": "half-kept"}))
    outcomes: list[Outcome] = []

    async def scene(settlement: Settlement) -> None:
        resolution = Resolution(Choice.ACCEPT, "Jo", "booked by hand")
        outcomes.append(await settlement.resolve(7, resolution))

    stage.play(scene)
    assert outcomes == [Stopped("halted")]
    assert stage.backend.asked == []
