"""Syncs between a fake server of pages and a real cache."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from tests.customer_cache.conftest import page, snapshot
from tests.fakes.loop import FakeTimeLoop
from tests.lookup.sync_harness import AWAY, SyncHarness

from taptill.domain.card_id import CardId
from taptill.domain.decision import Found
from taptill.domain.errors import CacheError, MalformedError, RefusedError, UnreachableError
from taptill.lookup.sync import RETRY_MAX_S, RETRY_S, Page, SyncPolicy


async def test_the_first_sync_is_full_and_each_row_is_seen_once(harness: SyncHarness) -> None:
    assert await harness.sync.sync_once() == 8
    assert harness.cache.count() == 8
    assert harness.sighted == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [(after_id, since) for _, after_id, since in harness.server.requests] == [
        (0, ""),
        (3, ""),
        (6, ""),
        (8, ""),
        (7, ""),
    ]


async def test_then_a_delta_with_an_overlap_of_two_minutes(harness: SyncHarness) -> None:
    await harness.sync.sync_once()
    harness.clock.pass_time(60)
    harness.server.rows[4] = snapshot(4, total="5", at=200)
    harness.server.rows[9] = snapshot(9, at=201)
    assert await harness.sync.sync_once() == 9
    assert harness.since() == ["", "2026-03-02T07:58:08+00:00"]
    assert harness.cache.count() == 9
    harness.clock.pass_time(60)
    assert await harness.sync.sync_once() == 2
    assert harness.since()[-1] == "2026-03-02T08:01:21+00:00"


async def test_a_full_sync_comes_again_when_it_is_due(harness: SyncHarness) -> None:
    await harness.sync.sync_once()
    for hours in (23, 2, 1):
        harness.clock.pass_time(hours * 3600)
        await harness.sync.sync_once()
    assert [bool(since) for since in harness.since()] == [False, True, False, True]


async def test_a_full_sync_finds_out_who_is_gone(harness: SyncHarness) -> None:
    await harness.sync.sync_once()
    harness.clock.pass_time(86_401)
    for customer_id in (1, 5, 8):
        del harness.server.rows[customer_id]
    await harness.sync.sync_once()
    assert harness.cache.count() == 5
    finding = await harness.cache.find(CardId("04A8"))
    assert isinstance(finding, Found)
    assert finding.gone


async def test_an_empty_answer_wipes_nothing(harness: SyncHarness) -> None:
    """A token that lost its rights gets an empty page with status 200."""
    await harness.sync.sync_once()
    before = harness.cache.sync_progress()
    harness.clock.pass_time(86_401)
    harness.server.rows.clear()
    assert await harness.sync.sync_once() == 0
    assert harness.cache.count() == 8
    assert harness.cache.sync_progress().stamp == before.stamp
    assert harness.cache.sync_progress().full_age_s == 86_401


async def test_a_delta_without_rows_is_complete_if_there_are_any(harness: SyncHarness) -> None:
    """The newest row, which every delta reads again, was removed."""
    harness.server.rows[1] = snapshot(1, at=900)
    await harness.sync.sync_once()
    harness.clock.pass_time(600)
    del harness.server.rows[1]
    await harness.sync.sync_once()
    assert harness.cache.age_s() == 0
    assert [(after_id, since) for _, after_id, since in harness.server.requests[-2:]] == [
        (0, "2026-03-02T08:13:00+00:00"),
        (0, ""),
    ]


async def test_a_delta_of_a_token_that_sees_nobody_is_not_complete(harness: SyncHarness) -> None:
    """Otherwise a cache that no sync fills would never get older."""
    await harness.sync.sync_once()
    harness.clock.pass_time(600)
    harness.server.rows.clear()
    with pytest.raises(MalformedError, match="no customers"):
        await harness.sync.sync_once()
    assert (harness.cache.age_s(), harness.cache.count()) == (600, 8)


async def test_what_changed_behind_the_back_of_a_sync_comes_with_the_next(
    harness: SyncHarness,
) -> None:
    """Row 1 changes after its page; a later page of a long sync has a much newer stamp."""

    def change(after_id: int) -> None:
        harness.clock.pass_time(600)
        if after_id == 3:
            harness.server.rows[1] = snapshot(1, total="5", at=1300)
            harness.server.rows[8] = snapshot(8, at=1500)

    harness.server.after_page = change
    await harness.sync.sync_once()
    harness.server.after_page = lambda _: None
    await harness.sync.sync_once()
    finding = await harness.cache.find(CardId("04A1"))
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_what_changed_while_syncs_failed_comes_with_the_next(harness: SyncHarness) -> None:
    """Taps during the sync brought newer stamps."""
    await harness.sync.sync_once()
    harness.clock.pass_time(900)
    harness.server.rows[1] = snapshot(1, total="5", at=300)
    harness.cache.store([snapshot(2, at=900)])
    await harness.sync.sync_once()
    finding = await harness.cache.find(CardId("04A1"))
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_without_readable_stamps_every_sync_is_full(harness: SyncHarness) -> None:
    harness.server.rows = {7: snapshot(7, updated_at="")}
    for _ in range(2):
        await harness.sync.sync_once()
    assert harness.since() == ["", ""]


BROKEN: dict[str, Callable[[int], Page]] = {
    "repeat": lambda _: page(snapshot(1), snapshot(2)),
    "are out of order": lambda after_id: page(snapshot(after_id + 2), snapshot(after_id + 1)),
    "hold a row twice": lambda after_id: page(snapshot(after_id + 1), snapshot(after_id + 1)),
    "start before what was asked": lambda _: page(snapshot(0)),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_it_is_an_error_where_pages(
    harness: SyncHarness, answer: Callable[[int], Page]
) -> None:
    class BrokenSource:
        async def page(self, after_id: int, _limit: int, _since: str = "") -> Page:
            return answer(after_id)

    harness.cache.store([snapshot(50)])
    sync = harness.another_sync(source=BrokenSource())
    with pytest.raises(MalformedError):
        await sync.sync_once()
    assert harness.cache.sync_progress().full_age_s is None


async def test_pages_without_end_are_an_error_and_begin_from_the_first(
    harness: SyncHarness,
) -> None:
    policy = SyncPolicy(page_size=3, sync_s=60, full_sync_s=86_400, pages_max=2)
    sync = harness.another_sync(policy)
    for _ in range(2):
        with pytest.raises(MalformedError, match="more pages"):
            await sync.sync_once()
    assert harness.cache.age_s() is None
    assert [after_id for _, after_id, _ in harness.server.requests] == [0, 3, 6, 0, 3, 6]


# --- day and night -------------------------------------------------------------------------------


def play(harness: SyncHarness, scene: Callable[[], Awaitable[None]]) -> None:
    """Run the sync beside a scene, in time that passes only while all wait."""

    async def both() -> None:
        running = asyncio.ensure_future(harness.sync.run())
        await scene()
        assert not running.done(), running.exception()
        running.cancel()

    with asyncio.Runner(loop_factory=lambda: FakeTimeLoop(harness.clock)) as runner:
        runner.run(both())


def test_it_goes_on_every_minute(harness: SyncHarness) -> None:
    async def scene() -> None:
        await asyncio.sleep(200)

    play(harness, scene)
    assert len(harness.since()) == 4


@pytest.mark.parametrize(
    "fault",
    [
        UnreachableError(place="there", detail="x"),
        RefusedError(status=400, detail="x"),
        CacheError(path="cache.db", detail="full"),
    ],
    ids=["unreachable", "refused", "the cache's disk is full"],
)
def test_trouble_is_waited_out_ever_longer_and_ends_by_itself(
    harness: SyncHarness, fault: Exception
) -> None:
    harness.server.faults = [fault] * 6

    async def scene() -> None:
        await asyncio.sleep(400)

    play(harness, scene)
    times = [at_s for at_s, after_id, _ in harness.server.requests if after_id == 0]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:6] == [RETRY_S, 10, 20, 40, RETRY_MAX_S, RETRY_MAX_S]
    assert harness.cache.count() == 8


def test_trouble_now_and_then_is_not_waited_out_for_long(harness: SyncHarness) -> None:
    """Each page stored between the errors proves that the backend answers."""
    for number in range(9, 100):
        harness.server.rows[number] = snapshot(number)
    harness.server.lies = {after_id: [AWAY] for after_id in range(3, 99, 3)}

    async def scene() -> None:
        await asyncio.sleep(33 * RETRY_S)

    play(harness, scene)
    assert harness.cache.count() == 99


def test_a_backend_that_returns_is_synced_at_once(harness: SyncHarness) -> None:
    """A return ends even a long pause, but not each time: it may fail every woken sync."""
    harness.server.faults = [AWAY] * 6

    async def scene() -> None:
        await asyncio.sleep(RETRY_S + 10 + 20 + 1)
        harness.sync.returned()
        await asyncio.sleep(1)
        harness.sync.returned()
        await asyncio.sleep(400)

    play(harness, scene)
    times = [at_s for at_s, after_id, _ in harness.server.requests if after_id == 0]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:6] == [RETRY_S, 10, 20, 1, RETRY_MAX_S, RETRY_MAX_S]
    assert harness.cache.count() == 8
