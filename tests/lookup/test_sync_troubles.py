"""Pages that are wrong, lost or without end: the cache is right, or says how old it is."""

import asyncio
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from tests.customer_cache.conftest import FIELDS, look_up, page, snapshot
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeTimeLoop
from tests.lookup.sync_harness import AWAY, LARGE_PAGES, SyncHarness

from taptill.customer_cache.cache import CustomerCache
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, Unreachable
from taptill.domain.errors import CacheError, MalformedError, UnreachableError
from taptill.lookup.sync import BATCH_ROWS, CAREFUL_ROWS, TAP_S, Page, Sync, SyncPolicy


def gone(harness: SyncHarness) -> list[int]:
    """Return the ids of the customers who are gone for the cache."""
    findings = {
        customer_id: look_up(harness.cache, f"04A{customer_id}") for customer_id in range(1, 9)
    }
    return [
        customer_id
        for customer_id, finding in findings.items()
        if isinstance(finding, Found) and finding.gone
    ]


async def due(harness: SyncHarness) -> None:
    """Fill the cache, and let a day pass."""
    await harness.sync.sync_once()
    harness.clock.pass_time(86_401)
    harness.server.requests.clear()


ONCE = {
    "shows nothing in the middle": (3, page()),
    "shows nothing at the end": (6, page()),
    "drops a page": (3, page(snapshot(7, at=7), snapshot(8, at=8))),
    "drops a row": (0, page(snapshot(1, at=1), snapshot(3, at=3))),
}


@pytest.mark.parametrize(("after_id", "lie"), ONCE.values(), ids=ONCE)
async def test_nobody_is_gone_because_a_backend_once(
    harness: SyncHarness, after_id: int, lie: Page
) -> None:
    await due(harness)
    harness.server.lies = {after_id: [lie]}
    await harness.sync.sync_once()
    assert (gone(harness), harness.cache.count()) == ([], 8)
    assert harness.cache.sync_progress().full_age_s == 0


async def test_nobody_is_gone_because_rights_were_taken_away_under_way(
    harness: SyncHarness,
) -> None:
    await due(harness)
    rows = dict(harness.server.rows)
    harness.server.after_page = lambda _: harness.server.rows.clear()
    with pytest.raises(MalformedError, match="last row"):
        await harness.sync.sync_once()
    assert gone(harness) == []
    assert harness.cache.age_s() == 86_401
    assert await harness.sync.sync_once() == 0
    harness.server.rows, harness.server.after_page = rows, lambda _: None
    await harness.sync.sync_once()
    assert (gone(harness), harness.cache.age_s()) == ([], 0)


async def test_a_delta_does_not_end_at_a_full_page_that_nothing_seems_to_follow(
    harness: SyncHarness,
) -> None:
    await harness.sync.sync_once()
    harness.server.rows = {number: snapshot(number, total="5", at=200) for number in range(1, 9)}
    harness.server.lies = {3: [page()]}
    assert await harness.sync.sync_once() == 8
    finding = look_up(harness.cache, "04A8")
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_what_a_first_sync_did_not_see_comes_with_a_later_one(harness: SyncHarness) -> None:
    """A customer nobody knows yet cannot be missing; the next full sync or a tap brings them."""
    harness.server.lies = {3: [page(snapshot(7, at=7), snapshot(8, at=8))]}
    await due(harness)
    assert harness.cache.count() == 5
    await harness.sync.sync_once()
    assert harness.cache.count() == 8


async def test_a_page_that_comes_again_is_asked_for_again(harness: SyncHarness) -> None:
    harness.server.lies = {3: [page(snapshot(1), snapshot(2))]}
    with pytest.raises(MalformedError):
        await harness.sync.sync_once()
    await harness.sync.sync_once()
    assert [after_id for _, after_id, _ in harness.server.requests] == [0, 3, 3, 6, 8, 7]
    assert harness.cache.count() == 8


async def test_stamps_that_go_back_replace_nothing_and_miss_nothing(harness: SyncHarness) -> None:
    """A stale copy answered: newer rows are kept, and the next delta reads all changes."""
    harness.server.rows[2] = snapshot(2, total="7", at=500)
    await harness.sync.sync_once()
    before = harness.cache.sync_progress().stamp
    harness.server.lies = {0: [page(snapshot(2, total="6", at=400))]}
    await harness.sync.sync_once()
    assert harness.cache.sync_progress().stamp == before
    harness.server.rows[3] = snapshot(3, total="5", at=450)
    await harness.sync.sync_once()
    totals = [look_up(harness.cache, card) for card in ("04A2", "04A3")]
    assert [finding.snapshot.total for finding in totals if isinstance(finding, Found)] == [7, 5]


async def test_who_is_inserted_or_removed_during_a_full_sync(harness: SyncHarness) -> None:
    """Ahead of the sync at once; behind it an insert by a delta, a removal by a full one."""

    def change(after_id: int) -> None:
        if after_id == 4:
            harness.server.rows |= {2: snapshot(2, at=99), 9: snapshot(9, at=99)}
            del harness.server.rows[1], harness.server.rows[8]

    del harness.server.rows[2]
    await due(harness)
    harness.server.after_page = change
    await harness.sync.sync_once()
    harness.server.after_page = lambda _: None
    assert (gone(harness), harness.cache.count()) == ([8], 7)
    assert look_up(harness.cache, "04A2") == Unreachable()
    await harness.sync.sync_once()
    assert isinstance(look_up(harness.cache, "04A2"), Found)
    harness.clock.pass_time(86_401)
    await harness.sync.sync_once()
    assert gone(harness) == [1, 8]


async def test_the_last_one_may_be_removed_right_behind_its_page(harness: SyncHarness) -> None:
    def remove(after_id: int) -> None:
        if after_id == 6:
            harness.server.rows.pop(8, None)

    await due(harness)
    harness.server.after_page = remove
    with pytest.raises(MalformedError, match="last row"):
        await harness.sync.sync_once()
    await harness.sync.sync_once()
    assert (gone(harness), harness.cache.age_s()) == ([8], 0)


# --- a sync that is cut off ----------------------------------------------------------------------


async def cut_off(harness: SyncHarness, after_id: int = 3) -> None:
    """Let the backend fail right before a page."""
    harness.server.lies = {after_id: [AWAY]}
    with pytest.raises(UnreachableError):
        await harness.sync.sync_once()


async def test_a_sync_that_is_cut_off_keeps_its_pages_and_goes_on_from_there(
    harness: SyncHarness,
) -> None:
    await cut_off(harness)
    assert (harness.cache.count(), harness.cache.age_s()) == (3, None)
    harness.clock.pass_time(300)
    assert await harness.sync.sync_once() == 8
    assert [after_id for _, after_id, _ in harness.server.requests] == [0, 3, 3, 6, 8, 7]
    assert (harness.cache.count(), harness.cache.age_s()) == (8, 300)


async def test_what_changed_before_it_went_on_comes_with_the_next(harness: SyncHarness) -> None:
    await cut_off(harness)
    harness.clock.pass_time(3_000)
    harness.server.rows[1] = snapshot(1, total="5", at=100)
    harness.server.rows[8] = snapshot(8, at=3_000)
    await harness.sync.sync_once()
    await harness.sync.sync_once()
    finding = look_up(harness.cache, "04A1")
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_with_each_third_request_lost_it_still_comes_to_its_end(harness: SyncHarness) -> None:
    """However long the sync takes, no stored page is read again."""
    for number in range(9, 200):
        harness.server.rows[number] = snapshot(number)
    for after_id in range(3, 200, 6):
        harness.server.lies[after_id] = [AWAY]
    for _ in range(60):
        with suppress(UnreachableError):
            await harness.sync.sync_once()
            break
    assert harness.cache.count() == 199
    assert len(harness.server.requests) == 67 + 33 + 2


async def test_after_a_day_it_begins_from_the_first(harness: SyncHarness) -> None:
    await cut_off(harness)
    harness.clock.pass_time(86_401)
    await harness.sync.sync_once()
    assert [after_id for _, after_id, _ in harness.server.requests][2] == 0


async def test_after_a_restart_it_begins_from_the_first(harness: SyncHarness) -> None:
    """The sync's place is not on the disk. The rows are, and are not written again."""
    await cut_off(harness)
    again = harness.another_sync()
    before = harness.cache._file._connection.total_changes
    await again.sync_once()
    assert [after_id for _, after_id, _ in harness.server.requests][2] == 0
    assert harness.cache._file._connection.total_changes == before + 5 + 2


async def test_where_the_cache_was_begun_anew_it_begins_from_the_first(
    harness: SyncHarness,
) -> None:
    def damage(after_id: int) -> None:
        harness.clock.pass_time(1)
        if after_id == 3:
            harness.cache._file._connection.execute("DROP TABLE customers")
            look_up(harness.cache, "04A1")

    harness.server.after_page = damage
    with pytest.raises(CacheError, match="begun anew"):
        await harness.sync.sync_once()
    harness.server.after_page = lambda _: None
    await harness.sync.sync_once()
    assert harness.cache.count() == 8


async def test_after_an_error_the_rest_is_asked_for_in_small_pages(harness: SyncHarness) -> None:
    sizes = []

    class SlowServer:
        """Answers no page of more than 100 rows in time."""

        async def page(self, after_id: int, limit: int, since: str = "") -> Page:
            sizes.append(limit)
            if limit > CAREFUL_ROWS:
                raise AWAY
            return await harness.server.page(after_id, limit, since)

    sync = harness.another_sync(LARGE_PAGES, source=SlowServer())
    with pytest.raises(UnreachableError):
        await sync.sync_once()
    assert await sync.sync_once() == len(harness.server.rows)
    assert set(sizes[1:]) == {CAREFUL_ROWS}


def test_after_a_tap_no_batch_is_stored_for_a_moment(harness: SyncHarness) -> None:
    for number in range(9, 1_001):
        harness.server.rows[number] = snapshot(number)
    sync = harness.another_sync(LARGE_PAGES)

    async def tap() -> tuple[int, int]:
        """Return how many rows are stored at a tap, and a moment later."""
        while not harness.cache.count():  # noqa: ASYNC110 - nothing tells of a batch
            await asyncio.sleep(0)
        before = harness.cache.count()
        sync.give_way()
        await asyncio.sleep(TAP_S * 0.9)
        return before, harness.cache.count()

    async def both() -> tuple[int, int]:
        async with asyncio.TaskGroup() as group:
            group.create_task(sync.sync_once())
            tapping = group.create_task(tap())
        return tapping.result()

    with asyncio.Runner(loop_factory=lambda: FakeTimeLoop(harness.clock)) as runner:
        before, after = runner.run(both())
    assert after <= before + BATCH_ROWS  # the one that was about to be stored
    assert harness.cache.count() == 1_000


async def test_what_a_tap_stores_while_a_page_is_stored_is_kept(harness: SyncHarness) -> None:
    async with harness.cache.one_commit():
        harness.cache.store_page(page(snapshot(8)), 7, None)
        harness.cache.store([snapshot(9)])
    assert harness.cache.count() == 2


async def test_a_commit_that_the_disk_took_back_ends_the_sync(harness: SyncHarness) -> None:
    """SQLite ends the whole transaction after some errors, which another task may have met."""
    connection = harness.cache._file._connection
    storing = harness.cache.one_commit()
    await storing.__aenter__()
    harness.cache.store_page(page(snapshot(8)), 7, None)
    connection.rollback()
    harness.cache.store_page(page(snapshot(9)), 8, None)
    with pytest.raises(CacheError):
        await storing.__aexit__(None, None, None)


# --- much at once --------------------------------------------------------------------------------


async def test_a_large_page_is_kept_in_parts_and_taps_come_between(harness: SyncHarness) -> None:
    for number in range(9, 1_001):
        harness.server.rows[number] = snapshot(number)
    sync = harness.another_sync(LARGE_PAGES)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.ensure_future(tick())
    assert await sync.sync_once() == 1_000
    ticking.cancel()
    assert ticks >= 1_000 // BATCH_ROWS
    harness.clock.pass_time(86_401)
    del harness.server.rows[250], harness.server.rows[1_000]
    await sync.sync_once()
    assert harness.cache.count() == 998


class EndlessSource:
    """So many customers, made when they are asked for."""

    def __init__(self, customers: int) -> None:
        self._customers = customers

    async def page(self, after_id: int, limit: int, _since: str = "") -> Page:
        last = min(self._customers, after_id + limit)
        return page(*(snapshot(number) for number in range(after_id + 1, last + 1)))


@pytest.mark.slow
async def test_50_000_customers_take_no_more_memory_than_a_few(tmp_path: Path) -> None:
    clock = FakeClock()
    cache = CustomerCache(tmp_path / "cache.db", clock, FIELDS)
    policy = SyncPolicy(page_size=100, sync_s=60, full_sync_s=86_400)
    peaks = {}
    for customers in (2_000, 50_000):
        clock.pass_time(86_401)

        async def ignore(_: Sequence[Snapshot]) -> None:
            """Stand for settlement."""

        tracemalloc.start()
        await Sync(
            EndlessSource(customers), cache, clock=clock, policy=policy, on_snapshots=ignore
        ).sync_once()
        _, peaks[customers] = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert cache.count() == 50_000
    assert (tmp_path / "cache.db-wal").stat().st_size < 20_000_000
    cache.close()
    assert peaks[50_000] < peaks[2_000] + 1_000_000
