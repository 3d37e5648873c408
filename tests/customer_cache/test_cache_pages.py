"""Pages of a sync in the cache: who is gone and back, and that only changes are written."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.customer_cache.conftest import ADA, FIELDS, known, look_up, page, snapshot
from tests.fakes.clock import FakeClock

from taptill.customer_cache.cache import (
    _BY_CARD,
    _BY_ID,
    _GONE_BY_CARD,
    _MISSING,
    CustomerCache,
)
from taptill.domain.decision import Found
from taptill.lookup.sync import Page, SyncProgress


def test_nothing_is_known_before_the_first_sync(cache: CustomerCache) -> None:
    cache.store([snapshot()])
    assert cache.sync_progress() == SyncProgress(None, "")
    assert cache.age_s() is None


def read(cache: CustomerCache, content: Page, after_id: int, began: float) -> None:
    """Store a page of a full sync, again where a customer is missing for the first time."""
    if cache.store_page(content, after_id, began):
        assert not cache.store_page(content, after_id, began)


async def test_who_is_in_no_page_of_a_full_sync_is_gone(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot(number) for number in range(1, 8)])
    clock.pass_time(60)
    began = clock.monotonic()
    clock.pass_time(1)
    read(cache, page(snapshot(2), snapshot(3)), 0, began)
    read(cache, page(snapshot(5)), 3, began)
    read(cache, page(), 5, began)
    cache.complete(began, full=True)
    gone_numbers = [n for n in range(1, 8) if (await known(cache, f"04A{n}")).gone]
    assert gone_numbers == [1, 4, 6, 7]
    assert cache.count() == 3


def test_who_is_gone_leaves_no_name_in_the_file(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "cache.db"
    cache = CustomerCache(path, clock, FIELDS)
    stays = snapshot(9)
    leaves = snapshot(7)
    leaves = replace(leaves, customer=replace(leaves.customer, name="Grace Hopper"))
    cache.store([leaves, stays])
    clock.pass_time(60)
    began = clock.monotonic()
    for _ in range(2):
        cache.store_page(page(stays), 0, began)
    cache.store_page(page(), 9, began)
    cache.complete(began, full=True)
    found = look_up(cache, ADA)
    assert isinstance(found, Found)
    assert (found.gone, found.snapshot.customer.name, found.snapshot.customer.company) == (
        True,
        "",
        "",
    )
    assert found.snapshot.total == leaves.total
    cache.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Grace Hopper" not in kept
    assert b"Ada Byron" in kept
    again = CustomerCache(path, clock, FIELDS)
    again.store_page(page(leaves), 0, None)
    assert look_up(again, ADA) == Found(leaves, 0.0)
    again.close()


async def test_who_is_missing_from_one_page_only_is_there(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """A page lost on its way is read again before anybody is gone."""
    cache.store([snapshot(7)])
    clock.pass_time(60)
    began = clock.monotonic()
    assert cache.store_page(page(snapshot(9)), 0, began)
    assert not (await known(cache)).gone
    assert not cache.store_page(page(snapshot(7), snapshot(9)), 0, began)
    clock.pass_time(60)
    assert cache.store_page(page(snapshot(9)), 0, clock.monotonic())
    assert (await known(cache)) == Found(snapshot(7), 60)
    assert cache.count() == 2


async def test_who_is_gone_comes_back_with_the_next_sight(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot()])
    clock.pass_time(60)
    for way in ("a sight", "a page"):
        cache.store_page(page(snapshot(1)), 0, clock.monotonic())
        cache.store_page(page(), 1, clock.monotonic())
        assert (await known(cache)).gone
        if way == "a sight":
            cache.store([snapshot()])
        else:
            cache.store_page(page(snapshot()), 0, None)
        assert not (await known(cache)).gone
        clock.pass_time(60)


async def test_a_delta_makes_nobody_gone(cache: CustomerCache, clock: FakeClock) -> None:
    cache.store([snapshot(1), snapshot(7)])
    clock.pass_time(60)
    cache.store_page(page(snapshot(8)), 0, None)
    cache.complete(clock.monotonic(), full=False)
    assert cache.count() == 3


async def test_who_was_seen_since_a_full_sync_began_is_not_gone(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """The customer was inserted after the page was read, and tapped at once."""
    began = clock.monotonic()
    clock.pass_time(5)
    cache.store([snapshot(7)])
    cache.store_page(page(snapshot(9)), 0, began)
    assert not (await known(cache)).gone


async def test_a_row_that_could_not_be_read_is_not_gone(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot(7)])
    clock.pass_time(60)
    cache.store_page(Page((7,), []), 0, clock.monotonic())
    assert not (await known(cache)).gone


async def test_after_a_restore_of_the_backend_nobody_is_gone(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """A restored backend's rows have older stamps, and are stored all the same."""
    cache.store([snapshot(7, at=9)])
    clock.pass_time(60)
    cache.store_page(page(snapshot(7, at=1)), 0, clock.monotonic())
    assert not (await known(cache)).gone


async def test_who_was_removed_and_restored_from_an_older_backup_is_back(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot(7, at=9)])
    clock.pass_time(60)
    read(cache, page(), 0, clock.monotonic())
    assert (await known(cache)).gone
    cache.store_page(page(snapshot(7, at=1)), 0, clock.monotonic())
    assert (await known(cache)) == Found(snapshot(7, at=1), 0)


async def test_a_present_customer_is_found_behind_any_number_of_gone_ones(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot(number, card="same") for number in range(1, 6)])
    clock.pass_time(60)
    read(cache, page(snapshot(9, card="same")), 0, clock.monotonic())
    finding = await known(cache, "same")
    assert (finding.snapshot.customer.id, finding.gone) == (9, False)


async def test_several_who_are_gone_are_no_customer(cache: CustomerCache, clock: FakeClock) -> None:
    cache.store([snapshot(1, card="same"), snapshot(2, card="same")])
    clock.pass_time(60)
    read(cache, page(snapshot(9)), 0, clock.monotonic())
    assert (await known(cache, "same")).gone


def test_a_page_of_rows_that_are_as_they_were_writes_nothing(
    cache: CustomerCache, clock: FakeClock
) -> None:
    rows = [snapshot(number) for number in range(1, 101)]
    cache.store_page(page(*rows), 0, None)
    clock.pass_time(60)
    before = cache._file._connection.total_changes
    cache.store_page(page(*rows), 0, clock.monotonic())
    assert cache._file._connection.total_changes == before
    rows[3] = snapshot(4, total="5", at=2)
    cache.store_page(page(*rows), 0, clock.monotonic())
    assert cache._file._connection.total_changes == before + 1


def test_the_next_delta_starts_before_this_sync_began(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """A long sync misses what the backend wrote meanwhile to pages read before."""
    cache.store([snapshot(at=100)])
    began = clock.monotonic()
    clock.pass_time(40)
    cache.complete(began, full=True)
    assert cache.sync_progress() == SyncProgress(40.0, "2026-03-02T08:01:00+00:00")


def test_sights_between_syncs_do_not_move_the_start_of_the_next_delta(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """Syncs fail while taps go on: a delta must still read what the office wrote meanwhile."""
    cache.store([snapshot(at=100)])
    cache.complete(clock.monotonic(), full=True)
    before = cache.sync_progress()
    cache.store([snapshot(at=1000)])
    assert cache.sync_progress().stamp == before.stamp


def test_a_delta_without_changes_keeps_its_start(cache: CustomerCache, clock: FakeClock) -> None:
    cache.store([snapshot(at=100)])
    cache.complete(clock.monotonic(), full=True)
    before = cache.sync_progress()
    cache.complete(clock.monotonic(), full=False)
    assert cache.sync_progress() == before


def test_a_delta_with_a_change_starts_the_next_one_from_it(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot(at=100)])
    cache.complete(clock.monotonic(), full=True)
    cache.sync_progress()
    cache.store_page(page(snapshot(at=120)), 0, None)
    cache.complete(clock.monotonic(), full=False)
    assert cache.sync_progress().stamp == "2026-03-02T08:02:00+00:00"


def test_a_delta_behind_a_restart_starts_where_the_one_before_said(
    cache: CustomerCache, path: Path, clock: FakeClock
) -> None:
    cache.store([snapshot(at=100)])
    cache.complete(clock.monotonic(), full=True)
    before = cache.sync_progress()
    cache.close()
    again = CustomerCache(path, clock, FIELDS)
    assert again.sync_progress() == before
    again.complete(clock.monotonic(), full=False)
    assert again.sync_progress() == before
    again.close()


@pytest.mark.parametrize("full", [True, False])
def test_after_a_restore_of_the_backend_a_full_sync_alone_starts_the_next_delta_earlier(
    cache: CustomerCache, clock: FakeClock, *, full: bool
) -> None:
    """What the office writes after the restore has stamps of now, or is found by the full sync."""
    cache.store([snapshot(at=100)])
    cache.complete(clock.monotonic(), full=True)
    cache.sync_progress()
    cache.store_page(page(snapshot(at=40)), 0, clock.monotonic() if full else None)
    cache.complete(clock.monotonic(), full=full)
    second = 40 if full else 100
    stamp = f"2026-03-02T08:{second // 60:02d}:{second % 60:02d}+00:00"
    assert cache.sync_progress().stamp == stamp


# --- a backend's clock that was wrong ------------------------------------------------------------

IN_2099 = "2099-01-01T00:00:00Z"


async def test_a_stamp_far_ahead_hides_nothing_that_comes_after_it(cache: CustomerCache) -> None:
    cache.store([snapshot(7, updated_at=IN_2099)])
    cache.store([snapshot(7, total="5")])
    assert (await known(cache)).snapshot == snapshot(7, total="5")


def test_the_next_delta_does_not_start_far_ahead(cache: CustomerCache, clock: FakeClock) -> None:
    cache.store([snapshot(7, updated_at=IN_2099), snapshot(8, at=100)])
    cache.complete(clock.monotonic(), full=True)
    assert cache.sync_progress().stamp == "2026-03-02T08:01:40+00:00"


async def test_without_a_clock_of_our_own_every_stamp_is_believed(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """A board without a battery may start in 1970."""
    clock.is_trusted = False
    cache.store([snapshot(7, at=2)])
    cache.store([snapshot(7, at=1)])
    assert (await known(cache)).snapshot == snapshot(7, at=2)
    cache.complete(clock.monotonic(), full=True)
    assert cache.sync_progress().stamp == "2026-03-02T08:00:02+00:00"


def test_a_start_far_ahead_is_given_up_once_the_own_clock_is_right(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """Nothing would be newer: the next sync is a full one, as it has no start."""
    clock.is_trusted = False
    cache.store([snapshot(7, updated_at=IN_2099)])
    cache.complete(clock.monotonic(), full=True)
    assert cache.sync_progress().stamp.startswith("2099")
    clock.is_trusted = True
    cache.complete(clock.monotonic(), full=False)
    assert cache.sync_progress().stamp == ""


# --- as fast with a million ----------------------------------------------------------------------

PLANS = {
    "a look-up by card": (_BY_CARD, ("x",), "USING INDEX customers_spelled (<expr>=?)"),
    "who had a card": (_GONE_BY_CARD, ("x",), "USING INDEX customers_spelled (<expr>=?)"),
    "a look-up by id": (_BY_ID, (1,), "USING INTEGER PRIMARY KEY (rowid=?)"),
    "who is missing": (
        _MISSING,
        (2, 1, 100, 1, 1, "boot", 1, "[]"),
        "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ),
}


@pytest.mark.parametrize(("query", "words", "way"), PLANS.values(), ids=PLANS)
def test_no_table_is_walked_for(
    cache: CustomerCache, query: str, words: tuple[object, ...], way: str
) -> None:
    plan = cache._file._connection.execute(f"EXPLAIN QUERY PLAN {query}", words).fetchall()
    steps = [step for _, _, _, step in plan if "customers" in step]
    assert steps
    assert all(step.startswith("SEARCH") and way in step for step in steps), plan
