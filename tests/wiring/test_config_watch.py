"""A config file that is changed while the till runs: what is taken over, and what is said."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.config.files import text
from tests.fakes.until import until

from taptill.checkout.view import TillView
from taptill.clock import SystemClock
from taptill.config import Config, load
from taptill.config.layers import BYTES_MAX
from taptill.wiring.card_readers import CardReaders
from taptill.wiring.config_watch import ConfigWatch
from taptill.wiring.opening import open_journal
from taptill.wiring.runtime import TillSetup, build

COFFEE = '\n[[goods]]\nkey = "c"\nname = "Coffee"\nprice = "{price}"\n'


@dataclass
class Site:
    """A config file, its watch, and what the till took over; `is_selling`: it takes nothing."""

    path: Path
    is_selling: bool = False
    taken: list[Config] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.write(COFFEE.format(price="1.50"))
        self.watch = ConfigWatch(self.path, load(self.path), self._take)

    def write(self, goods: str, **tables: str) -> None:
        """Write the file, as an editor that replaces it does."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text(**tables) + goods, "utf-8")
        fresh.rename(self.path)

    async def look(self) -> tuple[str, ...]:
        """Look as often as it takes to read a changed file, and return the warnings."""
        for _ in range(3):
            await self.watch.look()
        return tuple(map(str, self.watch.warnings()))

    @property
    def price(self) -> int:
        """Return the newest price that was taken over."""
        return self.taken[-1].goods[0].price.minor

    def _take(self, config: Config) -> bool:
        if not self.is_selling:
            self.taken.append(config)
        return not self.is_selling


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make a site with one good."""
    return Site(tmp_path / "config.toml")


async def test_a_file_that_is_as_it_was_changes_nothing(site: Site) -> None:
    assert (await site.look(), site.taken) == ((), [])
    os.utime(site.path)
    assert (await site.look(), site.taken) == ((), [])


async def test_changed_goods_are_taken_over(site: Site) -> None:
    await site.look()
    site.write(COFFEE.format(price="1.60"))
    assert await site.look() == ()
    assert site.price == 160


async def test_they_wait_for_the_end_of_a_sale(site: Site) -> None:
    site.is_selling = True
    site.write(COFFEE.format(price="1.60"))
    assert (await site.look(), site.taken) == ((), [])
    site.is_selling = False
    await site.watch.look()
    assert site.price == 160
    assert len(site.taken) == 1


async def test_a_mistake_keeps_the_old_goods_and_is_said_until_it_is_mended(site: Site) -> None:
    site.write(COFFEE.format(price="1.6x"))
    [warning] = await site.look()
    assert warning == (
        'config.toml is not taken over: [[goods]] 1 price = "1.6x" must be an amount: '
        'in quotes, such as "1.50" or "-0.25", not zero'
    )
    site.write("\n[[goods]\n")
    [warning] = await site.look()
    assert warning.startswith("config.toml is not taken over: line 10, column 8: this is not TOML")
    assert site.taken == []
    site.write(COFFEE.format(price="1.70"))
    assert (await site.look(), site.price) == ((), 170)


async def test_a_mistake_takes_back_a_change_that_still_waits(site: Site) -> None:
    site.is_selling = True
    site.write(COFFEE.format(price="1.60"))
    await site.look()
    site.write(COFFEE.format(price=""))
    await site.look()
    site.is_selling = False
    await site.watch.look()
    assert site.taken == []


async def test_other_tables_count_after_a_restart_and_are_named(site: Site) -> None:
    site.write(COFFEE.format(price="1.60"), till='name = "bar"', **{"[reader]": "hold_ms = 500"})
    assert await site.look() == ("config.toml: [till], [[reader]] changed: restart the till",)
    assert site.price == 160
    site.write(COFFEE.format(price="1.60"))
    assert await site.look() == ()


async def test_prices_in_another_currency_are_not_taken_over(site: Site) -> None:
    site.write(COFFEE.format(price="150"), till='currency = "JPY"\nmax_charge = "100"')
    [warning] = await site.look()
    assert warning.startswith("config.toml: [till], ")
    assert warning.endswith(" changed: restart the till")
    assert site.taken == []


async def test_warnings_are_those_of_the_goods_that_are_on_sale(site: Site) -> None:
    site.write(COFFEE.format(price="1.50") + 'barcode = "4006381333932"\n')
    [warning] = await site.look()
    assert warning.startswith("[[goods]] 1 barcode 4006381333932: as EAN-13")


async def test_a_file_that_cannot_be_a_config_is_not_read_into_memory(site: Site) -> None:
    with site.path.open("ab") as file:
        file.truncate(BYTES_MAX + 1)
    problem = f"{site.path} is larger than 4 MB"
    assert await site.look() == (f"config.toml is not taken over: {problem}",)
    assert site.taken == []


async def test_a_file_that_the_config_includes_is_looked_at_too(site: Site) -> None:
    shared = site.path.with_name("site.toml")
    shared.write_text(COFFEE.format(price="1.60"))
    site.path.write_text(f'include = ["site.toml"]\n{text()}')
    assert (await site.look(), site.price) == ((), 160)
    shared.write_text(COFFEE.format(price="1.7"))
    assert (await site.look(), site.price) == ((), 170)
    shared.write_text(COFFEE.format(price="dear"))
    [warning] = await site.look()
    assert warning.startswith("config.toml is not taken over: site.toml: [[goods]] 1 price")
    assert site.price == 170
    shared.write_text(COFFEE.format(price="1.80"))
    assert (await site.look(), site.price) == ((), 180)


async def test_a_file_that_is_gone_changes_nothing(site: Site) -> None:
    """An editor may remove a file before it writes it anew."""
    site.path.unlink()
    assert (await site.look(), site.taken) == ((), [])
    site.write(COFFEE.format(price="1.60"))
    assert (await site.look(), site.price) == ((), 160)


async def test_a_file_that_is_still_being_written_is_not_read(site: Site) -> None:
    await site.look()
    for number in range(1, 6):
        site.write(COFFEE.format(price="1.60")[: 10 * number])
        await site.watch.look()
        assert site.watch.warnings() == ()
    site.write(COFFEE.format(price="1.60"))
    assert (await site.look(), site.price) == ((), 160)


@pytest.mark.slow
async def test_a_running_till_sells_what_the_file_says(tmp_path: Path) -> None:
    """Everything is real: the file, the till, and the task that watches."""
    site = Site(tmp_path / "config.toml")
    config = load(site.path)
    opened = open_journal(config, tmp_path)
    readers = CardReaders(config, SystemClock())
    setup = TillSetup(config, tmp_path, "token", path=site.path)
    runtime = build(setup, opened, readers)
    views: list[TillView] = []
    runtime.till.watch(views.append)
    running = asyncio.create_task(runtime.run())
    try:
        site.write(COFFEE.format(price="1.60"))
        await until(lambda: views[-1].goods[0].price.minor == 160)
        site.write(COFFEE.format(price="x"))
        await until(
            lambda: any("is not taken over" in str(word) for word in views[-1].status.warnings)
        )
        assert views[-1].goods[0].price.minor == 160
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        runtime.close()
