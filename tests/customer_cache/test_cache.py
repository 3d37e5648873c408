"""Snapshots in the cache, and the last known customers with their age."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.customer_cache.conftest import FIELDS, found, known, page, snapshot
from tests.fakes.clock import FakeClock

from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Ambiguous, Found, Unreachable
from taptill.domain.entry import Attempt, Position
from taptill.domain.mark import KEY, Mark, read_marks
from taptill.domain.pending import pending


async def test_what_was_kept_is_found_by_its_card(cache: CustomerCache) -> None:
    ada = snapshot(total="1234.5", debt_data={KEY: {"e": "0000e90c", "t": {"a": [1, 2, "x"]}}})
    cache.store([ada, snapshot(8)])
    assert await known(cache) == Found(ada, age_s=0)
    assert await cache.find(CardId("FFFF")) == Unreachable()
    assert cache.count() == 2


@pytest.mark.parametrize("card", ["04a7", "04A7 ", " 04A7", "04A", "", "04A70", "4A7"])
async def test_a_card_id_is_compared_byte_for_byte(cache: CustomerCache, card: str) -> None:
    cache.store([snapshot()])
    assert await cache.find(CardId(card)) == Unreachable()


@pytest.mark.parametrize("card", ["0012", "1e5", "12", "Ünïcode", "'; DROP TABLE customers; --"])
async def test_a_card_id_stays_the_text_that_it_is(cache: CustomerCache, card: str) -> None:
    cache.store([snapshot(card=card)])
    assert (await known(cache, card)).snapshot.customer.card_id == card


async def test_two_customers_of_one_card_are_not_chosen_between(cache: CustomerCache) -> None:
    cache.store([snapshot(7, card="same"), snapshot(8, card="same")])
    assert await cache.find(CardId("same")) == Ambiguous()


REPLACED = {
    "a newer stamp": (snapshot(total="5", at=3), True),
    "an equal stamp": (snapshot(total="5", at=2), True),
    "an older stamp": (snapshot(total="5", at=1), False),
    "a stamp that is none": (snapshot(total="5", updated_at="yesterday"), True),
    "no stamp": (snapshot(total="5", updated_at=""), True),
    "the same instant elsewhere": (
        snapshot(total="5", updated_at="2026-03-02T09:00:02+01:00"),
        True,
    ),
}


@pytest.mark.parametrize(("later", "replaces"), REPLACED.values(), ids=REPLACED)
@pytest.mark.parametrize("way", ["a sight", "a page"])
async def test_what_came_first_is_replaced_by(
    cache: CustomerCache, later: Snapshot, way: str, *, replaces: bool
) -> None:
    first = snapshot(at=2)
    cache.store([first])
    if way == "a sight":
        cache.store([later])
    else:
        cache.store_page(page(later), 0, None)
    assert (await known(cache)).snapshot == (later if replaces else first)


async def test_the_cache_survives_a_restart(
    cache: CustomerCache, path: Path, clock: FakeClock
) -> None:
    cache.store([snapshot()])
    cache.close()
    again = CustomerCache(path, clock, FIELDS)
    assert (await known(again)).snapshot == snapshot()
    again.close()


@pytest.mark.parametrize("fields", [set(), {"name"}, {"company"}, {"name", "company", "email"}])
async def test_only_the_fields_asked_for_lie_on_the_disk(
    path: Path, clock: FakeClock, fields: set[str]
) -> None:
    cache = CustomerCache(path, clock, frozenset(fields))
    cache.store([snapshot()])
    customer = (await known(cache)).snapshot.customer
    cache.close()
    assert (customer.name, customer.company) == (
        "Ada Byron" if "name" in fields else "",
        "Engines" if "company" in fields else "",
    )


async def test_only_our_own_key_of_debt_data_lies_on_the_disk(cache: CustomerCache) -> None:
    cache.store([snapshot(debt_data={"diagnosis": "private", KEY: {"e": "0000e90c", "t": {}}})])
    assert (await known(cache)).snapshot.marks == read_marks({KEY: {"e": "0000e90c", "t": {}}})


def test_the_newest_stamp_of_a_customer_is_known(cache: CustomerCache) -> None:
    cache.store([snapshot(at=3)])
    assert cache.newest_stamp(7) == snapshot(at=3).updated_at
    assert cache.newest_stamp(8) == ""


# --- pending from the cache is pending live ------------------------------------------------------

OURS = "aaaa0001"
_MARKS = st.one_of(
    st.none(),
    st.just("x"),
    st.tuples(
        st.integers(1, 9), st.integers(-999, 999), st.sampled_from(["0000000a", "0000000b"])
    ).map(list),
)
_TABLES = st.dictionaries(st.sampled_from([OURS, "bbbb0002"]), _MARKS, max_size=2)
_OURS = st.fixed_dictionaries({"e": st.sampled_from(["e1", "e2"]), "t": _TABLES})
_DEBT_DATA: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.just("paid"),
    st.just([1]),
    st.fixed_dictionaries({"note": st.text(max_size=5)}),
    st.fixed_dictionaries({KEY: _OURS}),
    st.fixed_dictionaries({KEY: _OURS, "rate": st.decimals(0, 9, places=2)}),
    st.fixed_dictionaries({KEY: _OURS}).map(json.dumps),
    st.just({KEY: 5}),
)
_MARK = st.builds(Mark, st.integers(1, 9), st.integers(-999, 999), st.just("0000000a"))
_ATTEMPTS = st.builds(
    Attempt,
    epoch=st.sampled_from(["e1", "e2"]),
    sent_mark=_MARK,
    total_read=st.just(snapshot().total),
    total_sent=st.just(snapshot().total),
    others_total=st.none(),
    open=st.booleans(),
)
_POSITIONS = st.builds(
    Position,
    customer_id=st.just(7),
    last=st.none() | _MARK,
    row_mark=st.none() | _MARK,
    attempt=st.none() | _ATTEMPTS,
    conflict=st.none() | st.just("mark-lost"),
)


@given(_DEBT_DATA, _POSITIONS)
def test_pending_from_the_cache_is_pending_live(debt_data: Any, position: Position) -> None:
    cache = CustomerCache(Path(":memory:"), FakeClock(), FIELDS)
    live = snapshot(debt_data=debt_data)
    cache.store([live])
    from_cache = found(cache)
    cache.close()
    assert from_cache.total == live.total
    assert pending(from_cache, position, OURS) == pending(live, position, OURS)


# --- ages ----------------------------------------------------------------------------------------


async def test_an_age_counts_from_the_rows_own_sight(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot()])
    clock.pass_time(90)
    assert (await known(cache)).age_s == 90


async def test_an_age_counts_from_the_start_of_the_last_complete_sync(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot()])
    clock.pass_time(1000)
    began = clock.monotonic()
    clock.pass_time(10)
    cache.complete(began, full=True)
    row_age_s, full_age_s = (await known(cache)).age_s, cache.sync_progress().full_age_s
    assert (row_age_s, cache.age_s(), full_age_s) == (10, 10, 10)
    clock.pass_time(60)
    cache.complete(clock.monotonic(), full=False)
    row_age_s, full_age_s = (await known(cache)).age_s, cache.sync_progress().full_age_s
    assert (row_age_s, cache.age_s(), full_age_s) == (0, 0, 70)


BOOTS = {
    "both clocks trusted": (True, True, 3600.0, 3600.0),
    "no clock before": (False, True, 3600.0, None),
    "no clock after": (True, False, 3600.0, None),
    "no time passed, it seems": (True, True, 0.0, 0.0),
    "time went back": (True, True, -60.0, None),
}


@pytest.mark.parametrize(("before", "after", "off_s", "age_s"), BOOTS.values(), ids=BOOTS)
async def test_across_a_boot_an_age_needs_a_trusted_clock(
    cache: CustomerCache,
    clock: FakeClock,
    before: bool,  # noqa: FBT001 - a column of the table
    after: bool,  # noqa: FBT001 - a column of the table
    off_s: float,
    age_s: float | None,
) -> None:
    clock.is_trusted = before
    cache.store([snapshot()])
    cache.complete(clock.monotonic(), full=True)
    clock.reboot(off_s, trusted=after)
    assert (await known(cache)).age_s == age_s
    assert (cache.age_s(), cache.sync_progress().full_age_s) == (age_s, age_s)


async def test_a_jump_of_the_wall_clock_changes_no_age_within_a_boot(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot()])
    clock.jump(-(10**6))
    clock.pass_time(5)
    assert (await known(cache)).age_s == 5


async def test_across_a_boot_the_time_that_a_sync_took_counts(
    cache: CustomerCache, clock: FakeClock
) -> None:
    cache.store([snapshot()])
    began = clock.monotonic()
    clock.pass_time(100)
    cache.complete(began, full=True)
    clock.reboot(trusted=True)
    assert cache.age_s() == 100
