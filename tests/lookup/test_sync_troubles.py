"""Pages that are wrong, lost or without end: the cache is right, or says how old it is."""

import asyncio
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from tests.customer_cache.conftest import FIELDS, look_up, page, snapshot
from tests.fakes.clock import FakeClock
from tests.lookup.site import AWAY, POLICY, SyncHarness

from taptill.customer_cache.cache import CustomerCache
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, Unreachable
from taptill.domain.errors import CacheError, MalformedError, UnreachableError
from taptill.lookup.sync import BATCH_ROWS, Page, Sync, SyncPolicy


def gone(site: SyncHarness) -> list[int]:
    """Return the ids of the customers who are gone for the cache."""
    findings = {
        customer_id: look_up(site.cache, f"04A{customer_id}") for customer_id in range(1, 9)
    }
    return [
        customer_id
        for customer_id, finding in findings.items()
        if isinstance(finding, Found) and finding.gone
    ]


async def due(site: SyncHarness) -> None:
    """Fill the cache, and let a day pass."""
    await site.sync.sync_once()
    site.clock.pass_time(86_401)
    site.server.requests.clear()


ONCE = {
    "shows nothing in the middle": (3, page()),
    "shows nothing at the end": (6, page()),
    "drops a page": (3, page(snapshot(7, at=7), snapshot(8, at=8))),
    "drops a row": (0, page(snapshot(1, at=1), snapshot(3, at=3))),
}


@pytest.mark.parametrize(("after_id", "lie"), ONCE.values(), ids=ONCE)
async def test_nobody_is_gone_because_a_backend_once(
    site: SyncHarness, after_id: int, lie: Page
) -> None:
    await due(site)
    site.server.lies = {after_id: [lie]}
    await site.sync.sync_once()
    assert (gone(site), site.cache.count()) == ([], 8)
    assert site.cache.sync_progress().full_age_s == 0


async def test_nobody_is_gone_because_rights_were_taken_away_under_way(site: SyncHarness) -> None:
    await due(site)
    rows = dict(site.server.rows)
    site.server.after_page = lambda _: site.server.rows.clear()
    with pytest.raises(MalformedError, match="last row"):
        await site.sync.sync_once()
    assert gone(site) == []
    assert site.cache.age_s() == 86_401
    assert await site.sync.sync_once() == 0
    site.server.rows, site.server.after_page = rows, lambda _: None
    await site.sync.sync_once()
    assert (gone(site), site.cache.age_s()) == ([], 0)


async def test_a_delta_does_not_end_at_a_full_page_that_nothing_seems_to_follow(
    site: SyncHarness,
) -> None:
    await site.sync.sync_once()
    site.server.rows = {number: snapshot(number, total="5", at=200) for number in range(1, 9)}
    site.server.lies = {3: [page()]}
    assert await site.sync.sync_once() == 8
    finding = look_up(site.cache, "04A8")
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_what_a_first_sync_did_not_see_comes_with_a_later_one(site: SyncHarness) -> None:
    """A customer nobody knows yet cannot be missing; the next full sync or a tap brings them."""
    site.server.lies = {3: [page(snapshot(7, at=7), snapshot(8, at=8))]}
    await due(site)
    assert site.cache.count() == 5
    await site.sync.sync_once()
    assert site.cache.count() == 8


async def test_a_page_that_comes_again_is_asked_for_again(site: SyncHarness) -> None:
    site.server.lies = {3: [page(snapshot(1), snapshot(2))]}
    with pytest.raises(MalformedError):
        await site.sync.sync_once()
    await site.sync.sync_once()
    assert [after_id for _, after_id, _ in site.server.requests] == [0, 3, 3, 6, 8, 7]
    assert site.cache.count() == 8


async def test_stamps_that_go_back_replace_nothing_and_miss_nothing(site: SyncHarness) -> None:
    """A stale copy answered: newer rows are kept, and the next delta reads all changes."""
    site.server.rows[2] = snapshot(2, total="7", at=500)
    await site.sync.sync_once()
    before = site.cache.sync_progress().stamp
    site.server.lies = {0: [page(snapshot(2, total="6", at=400))]}
    await site.sync.sync_once()
    assert site.cache.sync_progress().stamp == before
    site.server.rows[3] = snapshot(3, total="5", at=450)
    await site.sync.sync_once()
    totals = [look_up(site.cache, card) for card in ("04A2", "04A3")]
    assert [finding.snapshot.total for finding in totals if isinstance(finding, Found)] == [7, 5]


async def test_who_is_inserted_or_removed_during_a_full_sync(site: SyncHarness) -> None:
    """Ahead of the sync at once; behind it an insert by a delta, a removal by a full one."""

    def change(after_id: int) -> None:
        if after_id == 4:
            site.server.rows |= {2: snapshot(2, at=99), 9: snapshot(9, at=99)}
            del site.server.rows[1], site.server.rows[8]

    del site.server.rows[2]
    await due(site)
    site.server.after_page = change
    await site.sync.sync_once()
    site.server.after_page = lambda _: None
    assert (gone(site), site.cache.count()) == ([8], 7)
    assert look_up(site.cache, "04A2") == Unreachable()
    await site.sync.sync_once()
    assert isinstance(look_up(site.cache, "04A2"), Found)
    site.clock.pass_time(86_401)
    await site.sync.sync_once()
    assert gone(site) == [1, 8]


async def test_the_last_one_may_be_removed_right_behind_its_page(site: SyncHarness) -> None:
    def remove(after_id: int) -> None:
        if after_id == 6:
            site.server.rows.pop(8, None)

    await due(site)
    site.server.after_page = remove
    with pytest.raises(MalformedError, match="last row"):
        await site.sync.sync_once()
    await site.sync.sync_once()
    assert (gone(site), site.cache.age_s()) == ([8], 0)


# --- a sync that is cut off ----------------------------------------------------------------------


async def cut_off(site: SyncHarness, after_id: int = 3) -> None:
    """Let the backend fail right before a page."""
    site.server.lies = {after_id: [AWAY]}
    with pytest.raises(UnreachableError):
        await site.sync.sync_once()


async def test_a_sync_that_is_cut_off_keeps_its_pages_and_goes_on_from_there(
    site: SyncHarness,
) -> None:
    await cut_off(site)
    assert (site.cache.count(), site.cache.age_s()) == (3, None)
    site.clock.pass_time(300)
    assert await site.sync.sync_once() == 8
    assert [after_id for _, after_id, _ in site.server.requests] == [0, 3, 3, 6, 8, 7]
    assert (site.cache.count(), site.cache.age_s()) == (8, 300)


async def test_what_changed_before_it_went_on_comes_with_the_next(site: SyncHarness) -> None:
    await cut_off(site)
    site.clock.pass_time(3_000)
    site.server.rows[1] = snapshot(1, total="5", at=100)
    site.server.rows[8] = snapshot(8, at=3_000)
    await site.sync.sync_once()
    await site.sync.sync_once()
    finding = look_up(site.cache, "04A1")
    assert isinstance(finding, Found)
    assert finding.snapshot.total == 5


async def test_with_each_third_request_lost_it_still_comes_to_its_end(site: SyncHarness) -> None:
    """However long the sync takes, no stored page is read again."""
    for number in range(9, 200):
        site.server.rows[number] = snapshot(number)
    for after_id in range(3, 200, 6):
        site.server.lies[after_id] = [AWAY]
    for _ in range(60):
        with suppress(UnreachableError):
            await site.sync.sync_once()
            break
    assert site.cache.count() == 199
    assert len(site.server.requests) == 67 + 33 + 2


async def test_after_a_day_it_begins_from_the_first(site: SyncHarness) -> None:
    await cut_off(site)
    site.clock.pass_time(86_401)
    await site.sync.sync_once()
    assert [after_id for _, after_id, _ in site.server.requests][2] == 0


async def test_after_a_restart_it_begins_from_the_first(site: SyncHarness) -> None:
    """The sync's place is not on the disk. The rows are, and are not written again."""
    await cut_off(site)
    again = Sync(site.server, site.cache, site.clock, POLICY, site._sighted)
    before = site.cache._file._connection.total_changes
    await again.sync_once()
    assert [after_id for _, after_id, _ in site.server.requests][2] == 0
    assert site.cache._file._connection.total_changes == before + 5 + 2


async def test_where_the_cache_was_begun_anew_it_begins_from_the_first(site: SyncHarness) -> None:
    def damage(after_id: int) -> None:
        site.clock.pass_time(1)
        if after_id == 3:
            site.cache._file._connection.execute("DROP TABLE customers")
            look_up(site.cache, "04A1")

    site.server.after_page = damage
    with pytest.raises(CacheError, match="begun anew"):
        await site.sync.sync_once()
    site.server.after_page = lambda _: None
    await site.sync.sync_once()
    assert site.cache.count() == 8


# --- much at once --------------------------------------------------------------------------------


async def test_a_large_page_is_kept_in_parts_and_taps_come_between(site: SyncHarness) -> None:
    for number in range(9, 1_001):
        site.server.rows[number] = snapshot(number)
    policy = SyncPolicy(page_size=1_000, sync_s=60, full_sync_s=86_400)
    sync = Sync(site.server, site.cache, site.clock, policy, site._sighted)
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
    site.clock.pass_time(86_401)
    del site.server.rows[250], site.server.rows[1_000]
    await sync.sync_once()
    assert site.cache.count() == 998


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

        async def ignore(_: Snapshot) -> None:
            """Stand for settlement."""

        tracemalloc.start()
        await Sync(EndlessSource(customers), cache, clock, policy, ignore).sync_once()
        _, peaks[customers] = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert cache.count() == 50_000
    assert (tmp_path / "cache.db-wal").stat().st_size < 20_000_000
    cache.close()
    assert peaks[50_000] < peaks[2_000] + 1_000_000
