"""Syncs between a fake server of pages and a real cache."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from tests.customer_cache.conftest import page, snapshot
from tests.fakes.loop import FakeTimeLoop
from tests.lookup.site import AWAY, POLICY, SyncHarness

from taptill.domain.card_id import CardId
from taptill.domain.decision import Found
from taptill.domain.errors import CacheError, MalformedError, RefusedError, UnreachableError
from taptill.lookup.sync import RETRY_MAX_S, RETRY_S, Page, Sync, SyncPolicy


async def test_the_first_sync_is_full_and_each_row_is_seen_once(site: SyncHarness) -> None:
    assert await site.sync.sync_once() == 8
    assert site.cache.count() == 8
    assert site.sighted == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [(after_id, since) for _, after_id, since in site.server.requests] == [
        (0, ""),
        (3, ""),
        (6, ""),
        (8, ""),
        (7, ""),
    ]


async def test_then_a_delta_with_an_overlap_of_two_minutes(site: SyncHarness) -> None:
    await site.sync.sync_once()
    site.clock.pass_time(60)
    site.server.rows[4] = snapshot(4, total="5", at=200)
    site.server.rows[9] = snapshot(9, at=201)
    assert await site.sync.sync_once() == 9
    assert site.since() == ["", "2026-03-02T07:58:08+00:00"]
    assert site.cache.count() == 9
    site.clock.pass_time(60)
    assert await site.sync.sync_once() == 2
    assert site.since()[-1] == "2026-03-02T08:01:21+00:00"


async def test_a_full_sync_comes_again_when_it_is_due(site: SyncHarness) -> None:
    await site.sync.sync_once()
    for hours in (23, 2, 1):
        site.clock.pass_time(hours * 3600)
        await site.sync.sync_once()
    assert [bool(since) for since in site.since()] == [False, True, False, True]


async def test_a_full_sync_finds_out_who_is_gone(site: SyncHarness) -> None:
    await site.sync.sync_once()
    site.clock.pass_time(86_401)
    for customer_id in (1, 5, 8):
        del site.server.rows[customer_id]
    await site.sync.sync_once()
    assert site.cache.count() == 5
    finding = await site.cache.find(CardId("04A8"))
    assert isinstance(finding, Found)
    assert finding.gone


async def test_an_empty_answer_wipes_nothing(site: SyncHarness) -> None:
    """A token that lost its rights gets an empty page with status 200."""
    await site.sync.sync_once()
    before = site.cache.sync_progress()
    site.clock.pass_time(86_401)
    site.server.rows.clear()
    assert await site.sync.sync_once() == 0
    assert site.cache.count() == 8
    assert site.cache.sync_progress().stamp == before.stamp
    assert site.cache.sync_progress().full_age_s == 86_401


async def test_a_delta_without_rows_is_complete_if_there_are_any(site: SyncHarness) -> None:
    """The newest row, which every delta reads again, was removed."""
    site.server.rows[1] = snapshot(1, at=900)
    await site.sync.sync_once()
    site.clock.pass_time(600)
    del site.server.rows[1]
    await site.sync.sync_once()
    assert site.cache.age_s() == 0
    assert [(after_id, since) for _, after_id, since in site.server.requests[-2:]] == [
        (0, "2026-03-02T08:13:00+00:00"),
        (0, ""),
    ]


async def test_a_delta_of_a_token_that_sees_nobody_is_not_complete(site: SyncHarness) -> None:
    """Otherwise a cache that no sync fills would never get older."""
    await site.sync.sync_once()
    site.clock.pass_time(600)
    site.server.rows.clear()
    with pytest.raises(MalformedError, match="no customers"):
        await site.sync.sync_once()
    assert (site.cache.age_s(), site.cache.count()) == (600, 8)


async def test_what_changed_behind_the_back_of_a_sync_comes_with_the_next(
    site: SyncHarness,
) -> None:
    """Row 1 changes after its page; a later page of a long sync has a much newer stamp."""

    def change(after_id: int) -> None:
        site.clock.pass_time(600)
        if after_id == 3:
            site.server.rows[1] = snapshot(1, total="5", at=1300)
            site.server.rows[8] = snapshot(8, at=1500)

    site.server.after_page = change
    await site.sync.sync_once()
    site.server.after_page = lambda _: None
    await site.sync.sync_once()
    finding = await site.cache.find(CardId("04A1"))
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_what_changed_while_syncs_failed_comes_with_the_next(site: SyncHarness) -> None:
    """Taps during the sync brought newer stamps."""
    await site.sync.sync_once()
    site.clock.pass_time(900)
    site.server.rows[1] = snapshot(1, total="5", at=300)
    site.cache.store([snapshot(2, at=900)])
    await site.sync.sync_once()
    finding = await site.cache.find(CardId("04A1"))
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_without_readable_stamps_every_sync_is_full(site: SyncHarness) -> None:
    site.server.rows = {7: snapshot(7, updated_at="")}
    for _ in range(2):
        await site.sync.sync_once()
    assert site.since() == ["", ""]


BROKEN: dict[str, Callable[[int], Page]] = {
    "repeat": lambda _: page(snapshot(1), snapshot(2)),
    "are out of order": lambda after_id: page(snapshot(after_id + 2), snapshot(after_id + 1)),
    "hold a row twice": lambda after_id: page(snapshot(after_id + 1), snapshot(after_id + 1)),
    "start before what was asked": lambda _: page(snapshot(0)),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_it_is_an_error_where_pages(site: SyncHarness, answer: Callable[[int], Page]) -> None:
    class BrokenSource:
        async def page(self, after_id: int, _limit: int, _since: str = "") -> Page:
            return answer(after_id)

    site.cache.store([snapshot(50)])
    sync = Sync(BrokenSource(), site.cache, site.clock, POLICY, site._sighted)
    with pytest.raises(MalformedError):
        await sync.sync_once()
    assert site.cache.sync_progress().full_age_s is None


async def test_pages_without_end_are_an_error_and_begin_from_the_first(site: SyncHarness) -> None:
    policy = SyncPolicy(page_size=3, sync_s=60, full_sync_s=86_400, pages_max=2)
    sync = Sync(site.server, site.cache, site.clock, policy, site._sighted)
    for _ in range(2):
        with pytest.raises(MalformedError, match="more pages"):
            await sync.sync_once()
    assert site.cache.age_s() is None
    assert [after_id for _, after_id, _ in site.server.requests] == [0, 3, 6, 0, 3, 6]


# --- day and night -------------------------------------------------------------------------------


def play(site: SyncHarness, scene: Callable[[], Awaitable[None]]) -> None:
    """Run the sync beside a scene, in time that passes only while all wait."""

    async def both() -> None:
        running = asyncio.ensure_future(site.sync.run())
        await scene()
        assert not running.done(), running.exception()
        running.cancel()

    with asyncio.Runner(loop_factory=lambda: FakeTimeLoop(site.clock)) as runner:
        runner.run(both())


def test_it_goes_on_every_minute(site: SyncHarness) -> None:
    async def scene() -> None:
        await asyncio.sleep(200)

    play(site, scene)
    assert len(site.since()) == 4


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
    site: SyncHarness, fault: Exception
) -> None:
    site.server.faults = [fault] * 6

    async def scene() -> None:
        await asyncio.sleep(400)

    play(site, scene)
    times = [at_s for at_s, after_id, _ in site.server.requests if after_id == 0]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:6] == [RETRY_S, 10, 20, 40, RETRY_MAX_S, RETRY_MAX_S]
    assert site.cache.count() == 8


def test_trouble_now_and_then_is_not_waited_out_for_long(site: SyncHarness) -> None:
    """Each page stored between the errors proves that the backend answers."""
    for number in range(9, 100):
        site.server.rows[number] = snapshot(number)
    site.server.lies = {after_id: [AWAY] for after_id in range(3, 99, 3)}

    async def scene() -> None:
        await asyncio.sleep(33 * RETRY_S)

    play(site, scene)
    assert site.cache.count() == 99


def test_a_backend_that_returns_is_synced_at_once(site: SyncHarness) -> None:
    """A return ends even a long pause, but not each time: it may fail every woken sync."""
    site.server.faults = [AWAY] * 6

    async def scene() -> None:
        await asyncio.sleep(RETRY_S + 10 + 20 + 1)
        site.sync.returned()
        await asyncio.sleep(1)
        site.sync.returned()
        await asyncio.sleep(400)

    play(site, scene)
    times = [at_s for at_s, after_id, _ in site.server.requests if after_id == 0]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:6] == [RETRY_S, 10, 20, 1, RETRY_MAX_S, RETRY_MAX_S]
    assert site.cache.count() == 8
