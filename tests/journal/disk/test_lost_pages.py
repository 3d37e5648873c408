"""Syncs that fail and lose pages in: what was confirmed outlives a kill and a power cut."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journal.disk.remains import charges

COMPILER = shutil.which("gcc") or shutil.which("cc")

pytestmark = pytest.mark.skipif(
    COMPILER is None,
    reason="NO PAGE WAS LOST: gcc, which compiles the page cache that loses them, is missing",
)

HERE = Path(__file__).parent

LATER = ["sell"] * 20
WAYS = {
    "one": ["sell", "fail", "sell", "mend", *LATER],
    "two": ["sell", "fail", "sell", "sell", "mend", *LATER],
    "probe": ["sell", "fail", "sell", "probe", "mend", "probe", *LATER],
}

ODDS = {
    "sell": 6,
    "sell-three": 2,
    "fail": 1,
    "mend": 2,
    "probe": 1.5,
    "checkpoint": 1,
    "read": 0.7,
    "leave": 0.7,
}
SEEDS = 10


@pytest.fixture(scope="module")
def page_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile what stands before libc."""
    library = tmp_path_factory.mktemp("compiled") / "page_cache.so"
    source = HERE / "page_cache.c"
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def confirmed_is_what_is_left(folder: Path, page_cache: Path, steps: list[str]) -> None:
    """Take the steps, then look at what a kill and what a power cut would leave."""
    work, remains = folder / "disk", folder / "remains"
    work.mkdir()
    remains.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "tests.journal.disk.lost_pages", work / "journal.db", *steps],
        env={**os.environ, "LD_PRELOAD": str(page_cache), "REMAINS": str(remains)},
        capture_output=True,
        cwd=HERE.parents[2],
        check=False,
    )
    assert run.stdout, run.stderr
    paid_charges = json.loads(run.stdout)["paid"]
    assert paid_charges
    assert charges(work / "journal.db") == paid_charges, "after a kill"
    assert charges(remains / "journal.db") == paid_charges, "after a power cut"


@pytest.mark.parametrize("way", WAYS)
def test_what_was_confirmed_outlives_a_power_cut_and_what_was_refused_does_not(
    tmp_path: Path, page_cache: Path, way: str
) -> None:
    confirmed_is_what_is_left(tmp_path, page_cache, WAYS[way])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_so_it_is_whatever_happens_in_between(tmp_path: Path, page_cache: Path, seed: int) -> None:
    dice = random.Random(seed)
    operations = dice.choices([*ODDS], [*ODDS.values()], k=dice.randint(10, 60))
    confirmed_is_what_is_left(tmp_path, page_cache, ["sell", *operations])
