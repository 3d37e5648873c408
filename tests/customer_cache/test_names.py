"""The cache's names: of all who are not gone, found again by id; a bad file has none."""

from dataclasses import replace
from pathlib import Path

from tests.domain.samples import ADA, DORA, snapshot
from tests.fakes.clock import FakeClock

from taptill.customer_cache.cache import CustomerCache
from taptill.customer_cache.names import read_names
from taptill.domain.card_id import CardId

EVE = replace(ADA, id=9, name="Eve Adams", card_id=CardId("09"), external_id="4711")


def cache_of(path: Path, *, fields: frozenset[str] = frozenset({"name"})) -> CustomerCache:
    cache = CustomerCache(path / "cache.db", FakeClock(), fields)
    cache.store([snapshot(ADA), snapshot(DORA), snapshot(EVE)])
    return cache


async def test_everybody_in_the_cache_is_found_by_name_and_by_key(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    names = await cache.names()
    assert len(names) == 3
    assert cache.by_ids(names.find("adam", 9))[0].snapshot.customer.name == "Eve Adams"
    assert names.find("4711", 9)[-1] in {ADA.id, EVE.id}
    found = cache.by_ids([EVE.id, 77, ADA.id])
    assert [one.snapshot.customer.id for one in found] == [EVE.id, ADA.id]
    assert found[0].age_s == 0.0
    cache.close()


async def test_who_is_gone_is_not_found(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    with cache._file.transaction() as connection:
        connection.execute('UPDATE customers SET "check" = "check" + 2, gone = 2 WHERE id = 9')
    assert (await cache.names()).find("eve", 9) == []
    assert cache.by_ids([EVE.id]) == []
    cache.close()


async def test_where_names_are_not_kept_nobody_is_found_by_name(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, fields=frozenset())
    assert (await cache.names()).find("eve", 9) == []
    cache.close()


async def test_a_file_that_is_no_cache_has_no_names(tmp_path: Path) -> None:
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no database at all" * 100)
    assert len(await read_names(bad)) == 0
    assert len(await read_names(tmp_path / "missing.db")) == 0


async def test_a_damaged_row_is_nobody(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    with cache._file.transaction() as connection:
        connection.execute("UPDATE customers SET total = '1' WHERE id = 9")
    assert cache.by_ids([EVE.id]) == []
    cache.close()
