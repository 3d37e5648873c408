"""Servers with paging of their own kinds, over HTTP: a filled cache, or a clear error."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.backend.conftest import ClientHarness, Connect, row
from tests.fakes.backend import Canned, SentRequest
from tests.fakes.clock import FakeClock

from taptill.customer_cache.cache import CustomerCache
from taptill.domain.customer import Snapshot
from taptill.domain.errors import MalformedError, RefusedError
from taptill.lookup.sync import Sync, SyncPolicy

POLICY = SyncPolicy(page_size=3, sync_s=60, full_sync_s=86_400)
Cache = Callable[[ClientHarness], tuple[Sync, CustomerCache, FakeClock]]


@pytest.fixture
def cache_of(tmp_path: Path) -> Cache:
    """Return a function that puts a cache and its sync behind a client."""

    async def sighted(_: Sequence[Snapshot]) -> None:
        """Stand for settlement."""

    def make(harness: ClientHarness) -> tuple[Sync, CustomerCache, FakeClock]:
        clock = FakeClock()
        cache = CustomerCache(tmp_path / "cache.db", clock, frozenset())
        return (
            Sync(harness.api, cache, clock=clock, policy=POLICY, on_snapshots=sighted),
            cache,
            clock,
        )

    return make


def no_comparing(request: SentRequest) -> Canned | None:
    """Refuse `>`, as a server that knows only `=` and `in`."""
    filters = request.body.get("conditions", {}).get("filters", []) if request.body else []
    if any(condition["comparator"] == ">" and condition["field"] == "id" for condition in filters):
        return Canned('{"error": {"code": "unknown-comparator"}}', 400)
    return None


def rows(count: int) -> list[dict[str, Any]]:
    return [row(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [1, 3, 7, 9])
async def test_pages_come_by_offset_where_more_than_is_refused(
    connect: Connect, cache_of: Cache, count: int
) -> None:
    harness = await connect(*rows(count))
    harness.backend.rule = no_comparing
    sync, cache, _ = cache_of(harness)
    assert await sync.sync_once() == count
    assert cache.count() == count
    refusals = [request for request in harness.backend.requests if no_comparing(request)]
    assert len(refusals) == 1  # `>` is not tried again
    harness.backend.rows[1]["name"] = "Ada King"
    harness.backend.rows[1]["updatedAt"] = "2026-03-02T09:30:00.000Z"
    assert await sync.sync_once() >= 1
    cache.close()


async def test_offsets_go_on_by_the_rows_received(connect: Connect) -> None:
    harness = await connect(*rows(7))
    harness.backend.rule = no_comparing
    assert (await harness.api.page(0, 3)).ids == (1, 2, 3)
    assert (await harness.api.page(3, 2)).ids == (4, 5)
    assert (await harness.api.page(5, 9)).ids == (6, 7)
    assert (await harness.api.page(7, 9)).ids == ()
    selects = harness.backend.requests[1:5]
    assert [request.body.get("offset", 0) for request in selects] == [0, 3, 5, 7]
    # The middle is asked for again, at the remembered offset
    assert (await harness.api.page(4, 2)).ids == (5, 6)
    assert (await harness.api.page(1, 2)).ids == (2,)


async def test_a_refusal_that_offsets_do_not_help_is_told(connect: Connect) -> None:
    harness = await connect(*rows(3))
    harness.backend.always = Canned('{"error": {"code": "order"}}', 400)
    with pytest.raises(RefusedError, match="order"):
        await harness.api.page(0, 3)
    harness.backend.always = "ok"
    await harness.api.page(0, 3)
    # Pages come by comparing ids, as before
    assert "conditions" in harness.backend.requests[-1].body


async def test_a_server_that_ignores_offset_is_told_and_not_asked_for_ever(
    connect: Connect,
) -> None:
    harness = await connect(*rows(7))
    harness.backend.rule, harness.backend.ignored = no_comparing, frozenset({"offset"})
    await harness.api.page(0, 3)
    with pytest.raises(MalformedError, match="ignores offset"):
        await harness.api.page(3, 3)
    assert len(harness.backend.requests) == 4


IGNORED = {
    "conditions: the first page comes again": ("conditions", rows(7)),
    "order: pages go backwards": ("orderBy", rows(7)[::-1]),
}


@pytest.mark.parametrize(("feature", "rows"), IGNORED.values(), ids=IGNORED)
async def test_a_sync_with_a_server_that_ignores(
    connect: Connect, cache_of: Cache, feature: str, rows: list[dict[str, Any]]
) -> None:
    """The sync ends with a clear error, and no customer is marked as gone."""
    harness = await connect(*rows)
    sync, cache, clock = cache_of(harness)
    await sync.sync_once()
    harness.backend.ignored = frozenset({feature})
    clock.pass_time(POLICY.full_sync_s + 1)
    with pytest.raises(MalformedError, match="pages repeat or are out of order"):
        await sync.sync_once()
    assert cache.count() == 7
    cache.close()


async def test_a_server_that_ignores_the_limit_gives_larger_pages(
    connect: Connect, cache_of: Cache
) -> None:
    harness = await connect(*rows(7))
    harness.backend.ignored = frozenset({"limit"})
    sync, cache, _ = cache_of(harness)
    assert (await sync.sync_once(), cache.count()) == (7, 7)
    cache.close()
