"""The customer cache damaged, deleted or in the way: the till sells on live answers meanwhile."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.scenarios.books import row_of
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import Program, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"


def pay(till: Program, amount: str) -> None:
    """Sell to Ada and see it PAID."""
    till.sell(amount, ADA)
    till.wait_for("Ada Byron pays")
    till.confirm()
    till.wait_for("Thank you")


def garble(state: Path) -> None:
    """Damage file and log but for their headers, so that they still look like a cache."""
    for name in ("cache.db", "cache.db-wal"):
        raw = (state / name).read_bytes()
        (state / name).write_bytes(raw[:100] + b"\xff" * (len(raw) - 100))


def test_with_a_folder_in_the_caches_place_a_till_starts_sells_and_learns_everybody(
    world: TillAndService,
) -> None:
    """Once it has learned them, it sells without the backend, too."""
    world.site.state.mkdir(mode=0o700)
    (world.site.state / "cache.db").mkdir()
    sells_live_and_then_offline(world)


def test_a_cache_damaged_under_way_hinders_nothing_and_is_whole_again_after_a_power_cut(
    world: TillAndService,
) -> None:
    with running(replace(world.site, sync_s=5)) as till:
        till.wait_for("ONLINE", "data")
        garble(world.site.state)
        pay(till, "70")
        till.wait_for("0 to send", "√ sent")
        till.kill()
    sells_live_and_then_offline(world)


def sells_live_and_then_offline(world: TillAndService) -> None:
    """Start without a usable cache: live answers at first, and all in the cache soon."""
    before = row_of(world.service, ADA).total
    with running(world.site) as till:
        pay(till, "420")
        till.wait_for("data", "4.20 A. B. √ sent")
        world.service.stop()
        pay(till, "100")
        till.wait_for("OFFLINE", "1 to send")
        assert till.leave() == 0
    world.service.start_again()
    assert row_of(world.service, ADA).total == before + Decimal("4.20")
