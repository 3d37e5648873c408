"""Damage of every kind: the cache begins anew, empty, and no look-up is prevented."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.customer_cache.conftest import ADA, FIELDS, found, known, look_up, page, snapshot
from tests.fakes.clock import FakeClock

from taptill.customer_cache.cache import CustomerCache
from taptill.customer_cache.file import CHANGES_MAX
from taptill.domain.decision import Found, Unreachable
from taptill.domain.errors import CacheError
from taptill.lookup.sync import SyncProgress

ROOT = Path(__file__).parents[2]


def fill(path: Path, customers: int = 60) -> None:
    """Make a cache that is in the file itself, without a log."""
    cache = CustomerCache(path, FakeClock(), FIELDS)
    cache.store([snapshot(number) for number in range(customers)])
    cache.complete(FakeClock().monotonic(), full=True)
    cache.close()


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def works(cache: CustomerCache) -> None:
    """Check that a cache stores and returns customers."""
    cache.store([snapshot(7, total="5", at=9)])
    assert found(cache) == snapshot(7, total="5", at=9)
    assert cache.count() >= 1


def holds_nothing_wrong(cache: CustomerCache, customers: int = 60) -> int:
    """Look up all customers, who must be as written or unknown; return how many are known."""
    count = 0
    for number in range(customers):
        finding = look_up(cache, f"04A{number}")
        if isinstance(finding, Found):
            count += 1
            assert (finding.snapshot, finding.gone) == (snapshot(number), False)
        else:
            assert finding == Unreachable()
    return count


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def be_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def leave_only_the_log(path: Path) -> None:
    """Delete the file as between a power cut and the next start, but leave its log."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE synced SET stamp = 'x'")
        connection.commit()
        log = beside(path, "-wal").read_bytes()
    path.unlink()
    beside(path, "-wal").write_bytes(log)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "text instead of a database": lambda path: path.write_bytes(b"no database" * 99),
    "a header and no more": lambda path: path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096),
    "an empty file": lambda path: path.write_bytes(b""),
    "a file cut short": cut,
    "no file": Path.unlink,
    "no file, but its log": leave_only_the_log,
    "a log of something else": lambda path: beside(path, "-wal").write_bytes(b"x" * 9999),
    "an index of something else": lambda path: beside(path, "-shm").write_bytes(b"x" * 32768),
    "a folder in its place": be_a_folder,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_at_start_a_cache_works_with(
    path: Path, clock: FakeClock, damage: Callable[[Path], object]
) -> None:
    fill(path)
    damage(path)
    cache = CustomerCache(path, clock, FIELDS)
    assert holds_nothing_wrong(cache) in {0, 60}
    works(cache)
    cache.complete(clock.monotonic(), full=True)
    assert (cache.count() >= 1, cache.age_s()) == (True, 0)
    cache.close()


def test_without_its_log_it_holds_what_was_in_the_file(path: Path, clock: FakeClock) -> None:
    """As after a power cut with a file system that lost the newest file."""
    fill(path)
    cache = CustomerCache(path, clock, FIELDS)
    cache.store([snapshot(7, total="5", at=9)])
    raw = path.read_bytes()
    cache.close()
    path.write_bytes(raw)
    again = CustomerCache(path, clock, FIELDS)
    assert holds_nothing_wrong(again) == 60
    assert again.age_s() == 0
    again.close()


def test_a_header_that_forbids_writing_is_damage(path: Path, clock: FakeClock) -> None:
    """SQLite reads such a file and refuses each change: amounts would never change again."""
    fill(path)
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    cache = CustomerCache(path, clock, FIELDS)
    cache.store([snapshot(7, at=9)])
    assert look_up(cache, ADA) == Found(snapshot(7, at=9), 0.0)
    cache.close()


@given(st.data())
def test_whatever_byte_is_damaged_nobody_gets_another_ones_money(data: st.DataObject) -> None:
    """SQLite does not check its pages: an amount is right, or the cache begins anew."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cache.db"
        path.write_bytes(FILLED)
        with path.open("r+b") as file:
            for _ in range(data.draw(st.integers(1, 3))):
                file.seek(data.draw(st.integers(0, len(FILLED) - 1)))
                file.write(data.draw(st.binary(min_size=1, max_size=40)))
        cache = CustomerCache(path, FakeClock(), FIELDS)
        holds_nothing_wrong(cache)
        assert cache.age_s() in {None, 0.0}
        for _ in range(2):  # it may meet its damage only now
            cache.store([snapshot(7, at=9)])
        # Damage of an index is not noticed: a card may stay unknown, and then the backend is asked.
        assert look_up(cache, ADA) in (Found(snapshot(7, at=9), 0.0), Unreachable())
        cache.close()


def _filled() -> bytes:
    with TemporaryDirectory() as folder:
        fill(Path(folder) / "cache.db")
        return (Path(folder) / "cache.db").read_bytes()


FILLED = _filled()


@pytest.mark.parametrize(
    "first_page", range(len(FILLED) // 4096), ids=lambda page: f"from page {page + 1} on"
)
def test_damage_under_way_begins_it_anew(
    path: Path, clock: FakeClock, cache: CustomerCache, first_page: int
) -> None:
    fill(path)
    cache.store([snapshot(7, total="5", at=9)])
    with path.open("r+b") as file:
        file.seek(first_page * 4096)
        file.write(b"\xff" * (len(FILLED) - first_page * 4096))
    cache._file._connection.execute("PRAGMA shrink_memory")
    began = clock.monotonic()
    clock.pass_time(1)
    for number in range(60):
        if number != 7:
            assert look_up(cache, f"04A{number}") in (Unreachable(), *KNOWN[number])
    with suppress(CacheError):
        cache.store_page(page(*(snapshot(number) for number in range(60))), 0, None)
    works(cache)
    clock.pass_time(1)
    if cache._file.opened_s > began:
        with pytest.raises(CacheError, match="begun anew"):
            cache.complete(began, full=True)
        assert cache.sync_progress() == SyncProgress(None, "")
    cache.complete(clock.monotonic(), full=True)


KNOWN = {number: [Found(snapshot(number), age) for age in (0.0, 1.0)] for number in range(60)}


def test_a_table_that_is_gone_begins_it_anew(cache: CustomerCache) -> None:
    cache.store([snapshot()])
    cache._file._connection.execute("ALTER TABLE customers RENAME TO elsewhere")
    assert look_up(cache, ADA) == Unreachable()
    works(cache)
    cache._file._connection.execute("DROP TABLE synced")
    assert cache.age_s() is None
    assert cache.sync_progress() == SyncProgress(None, "")


DAMAGED_ROWS = {
    "a balance": "UPDATE customers SET total = '-999900'",
    "a block that is taken off": "UPDATE customers SET blocked = 0",
    "somebody else's card": "UPDATE customers SET card_id = '04A7'",
    "a sight": "UPDATE customers SET seen_ms = seen_ms + 1",
    "who is gone": "UPDATE customers SET gone = 0",
    "a gone that is none": "UPDATE customers SET gone = 'x'",
    "the age of all": "UPDATE synced SET uptime_ms = uptime_ms + 1",
    "an age that is none": "UPDATE synced SET uptime_ms = 'x'",
}


@pytest.mark.parametrize("damage", DAMAGED_ROWS.values(), ids=DAMAGED_ROWS)
def test_a_row_that_is_not_as_it_was_written_begins_it_anew(
    cache: CustomerCache, clock: FakeClock, damage: str
) -> None:
    """Every field is checked that a decision uses."""
    row = snapshot(card="04A9")
    cache.store([replace(row, customer=replace(row.customer, blocked=True))])
    clock.pass_time(60)
    cache.store_page(page(), 0, clock.monotonic())
    cache.complete(clock.monotonic(), full=True)
    cache._file._connection.execute(damage)
    for card in ("04A7", "04A9"):
        assert look_up(cache, card) == Unreachable()
    assert (cache.count(), cache.age_s()) == (0, None)


def test_a_sync_that_began_before_the_cache_was_begun_anew_is_not_complete(
    cache: CustomerCache, clock: FakeClock
) -> None:
    """The first pages went with the old file; a delta too needs what was there before."""
    began = clock.monotonic()
    clock.pass_time(1)
    cache._file._connection.execute("DROP TABLE customers")
    assert cache.newest_stamp(7) == ""
    with pytest.raises(CacheError, match="begun anew"):
        cache.store_page(page(snapshot()), 0, began)
    for full in (True, False):
        with pytest.raises(CacheError, match="begun anew"):
            cache.complete(began, full=full)
    assert cache.age_s() is None


def test_a_file_deleted_under_way_is_there_again_after_the_next_sync(
    cache: CustomerCache, path: Path, clock: FakeClock
) -> None:
    """While the backend is offline the open file is used; then the cache begins anew."""
    cache.store([snapshot()])
    for suffix in ("", "-wal", "-shm"):
        beside(path, suffix).unlink()
    cache.store([snapshot(8)])
    assert [found(cache), cache.count()] == [snapshot(), 2]
    with pytest.raises(CacheError, match="was gone"):
        cache.complete(clock.monotonic(), full=False)
    assert cache.sync_progress() == SyncProgress(None, "")
    cache.store([snapshot(8)])
    cache.complete(clock.monotonic(), full=True)
    cache.close()
    again = CustomerCache(path, clock, FIELDS)
    assert look_up(again, "04A8") == Found(snapshot(8), 0)
    again.close()


def test_a_folder_deleted_under_way_hinders_nothing_and_is_used_when_it_is_back(
    tmp_path: Path, clock: FakeClock
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    cache = CustomerCache(folder / "cache.db", clock, FIELDS)
    cache.store([snapshot()])
    folder.rename(tmp_path / "elsewhere")
    cache.complete(clock.monotonic(), full=True)
    works(cache)
    folder.mkdir()
    with pytest.raises(CacheError, match="was gone"):
        cache.complete(clock.monotonic(), full=True)
    works(cache)
    cache.close()
    assert (folder / "cache.db").stat().st_size > 0


def test_without_a_folder_it_works_until_the_program_ends(tmp_path: Path, clock: FakeClock) -> None:
    cache = CustomerCache(tmp_path / "none" / "cache.db", clock, FIELDS)
    works(cache)
    cache.complete(clock.monotonic(), full=True)
    assert cache.age_s() == 0
    cache.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("trouble", ["query_only = 1", "max_page_count = 1"])
def test_a_disk_that_takes_nothing_more_loses_nothing(
    path: Path, clock: FakeClock, trouble: str
) -> None:
    """The file is read-only, or full in the middle of a page: nothing of that page is stored."""
    fill(path)
    cache = CustomerCache(path, clock, FIELDS)
    cache._file._connection.execute(f"PRAGMA {trouble}")
    rows = [snapshot(number, at=9) for number in range(50, 999)]
    with pytest.raises(CacheError):
        cache.store_page(page(*rows), 0, None)
    cache.store(rows)
    assert holds_nothing_wrong(cache) == 60
    cache._file._connection.execute("PRAGMA query_only = 0")
    cache._file._connection.execute("PRAGMA max_page_count = 100000")
    cache.store_page(page(*rows), 0, None)
    assert cache.count() == 999
    cache.close()


def test_a_person_who_looks_into_the_file_makes_nobody_wait(path: Path, clock: FakeClock) -> None:
    fill(path)
    cache = CustomerCache(path, clock, FIELDS)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        cache.store([snapshot(7, total="5", at=9)])
        assert found(cache) == snapshot()
    waits_ms = cache._file._connection.execute("PRAGMA busy_timeout").fetchone()[0]
    assert waits_ms <= 50
    works(cache)
    cache.close()


@pytest.mark.slow
def test_a_file_that_another_program_holds_is_not_waited_for(path: Path, clock: FakeClock) -> None:
    fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        cache = CustomerCache(path, clock, FIELDS)
        works(cache)
        cache.complete(clock.monotonic(), full=True)
        assert cache.count() == 1
    with pytest.raises(CacheError, match="was gone"):
        cache.complete(clock.monotonic(), full=False)
    assert cache.count() == 60
    cache.close()


def test_a_cache_of_another_version_is_emptied(path: Path, clock: FakeClock) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER)")
        connection.execute("INSERT INTO customers VALUES (7)")
        connection.execute("PRAGMA user_version = 99")
        connection.commit()
    cache = CustomerCache(path, clock, FIELDS)
    assert cache.count() == 0
    cache.close()


@pytest.mark.slow
def test_a_long_log_is_moved_into_the_file_beside_the_sale(
    cache: CustomerCache, path: Path
) -> None:
    before = path.stat().st_size
    cache.store([snapshot(number) for number in range(CHANGES_MAX)])
    asyncio.run(cache._file.checkpoint())
    assert path.stat().st_size == before
    cache.store([snapshot(9999)])
    asyncio.run(cache._file.checkpoint())
    assert path.stat().st_size > before
    for number in range(20):
        cache.store([snapshot(n, at=number) for n in range(CHANGES_MAX + 1)])
        asyncio.run(cache._file.checkpoint())
    assert beside(path, "-wal").stat().st_size < 4_000_000


FULL = """
import resource, sys
from pathlib import Path
from tests.customer_cache.conftest import FIELDS, page, snapshot
from tests.fakes.clock import FakeClock
from taptill.customer_cache.cache import CustomerCache
from taptill.customer_cache.file import CHANGES_MAX
from taptill.domain.errors import CacheError

cache = CustomerCache(Path(sys.argv[1]), FakeClock(), FIELDS)
cache.store([snapshot()])
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, most))
cache.store([snapshot(at=2)])
try:
    cache.store_page(page(snapshot(at=2)), 0, None)
except CacheError:
    sys.stdout.write("refused")
try:
    cache.complete(0.0, full=True)
except CacheError:
    sys.stdout.write(" and not complete")
sys.stdout.write(f", {cache.newest_stamp(7)}, {cache.count()}, {cache.age_s()}")
"""


@pytest.mark.slow
def test_a_full_disk_hinders_no_look_up_and_no_sight(path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"refused and not complete, {snapshot().updated_at}, 1, None"


async def test_a_row_that_is_kept_is_on_the_disk_once_it_is_said(tmp_path: Path) -> None:
    """Another connection sees it, and so does whoever opens file and log after a loss of power."""
    cache = CustomerCache(tmp_path / "cache.db", FakeClock(), FIELDS)
    cache.store([snapshot()])
    assert await cache.keep(snapshot(card="gone", at=2))
    for suffix in ("", "-wal"):
        beside(tmp_path / "copy.db", suffix).write_bytes(
            beside(tmp_path / "cache.db", suffix).read_bytes()
        )
    with closing(CustomerCache(tmp_path / "copy.db", FakeClock(), FIELDS)) as copy:
        assert isinstance(await copy.find(ADA), Unreachable)
    cache.close()


async def test_a_batch_of_a_sync_that_is_under_way_ends_first(tmp_path: Path) -> None:
    cache = CustomerCache(tmp_path / "cache.db", FakeClock(), FIELDS)
    kept: list[bool] = []

    async def keep() -> None:
        kept.append(await cache.keep(snapshot(card="gone", at=2)))

    async with cache.one_commit():
        keeping = asyncio.create_task(keep())
        await asyncio.sleep(0.1)
        assert kept == []
    await keeping
    assert kept == [True]
    cache.close()


async def test_where_there_is_no_file_nothing_is_said_to_be_on_the_disk(tmp_path: Path) -> None:
    place = tmp_path / "cache.db"
    cache = CustomerCache(place, FakeClock(), FIELDS)
    place.rename(tmp_path / "away.db")
    assert not await cache.keep(snapshot())
    assert isinstance(await cache.find(ADA), Found)
    cache.close()


async def test_what_another_program_kept_from_being_written_is_not_called_kept(
    cache: CustomerCache, path: Path
) -> None:
    cache.store([snapshot()])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not await cache.keep(snapshot(card="gone", at=2))
        assert not await cache.keep(snapshot(card="gone", at=1), card_wins=True)
    assert await cache.keep(snapshot(card="gone", at=2))


async def test_a_card_is_taken_away_from_a_newer_row_and_its_money_stays(
    cache: CustomerCache,
) -> None:
    cache.store([snapshot(total="5", at=3)])
    assert await cache.keep(snapshot(total="9", card="gone", at=2), card_wins=True)
    assert await cache.find(ADA) == Unreachable()
    assert (await known(cache, "gone")).snapshot == snapshot(total="5", card="gone", at=3)
