"""Syncs that fail and a dead process in: what was refused is gone, what was confirmed is there."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.journal.disk import failing_disk
from tests.journal.disk.failing_disk import FAILING
from tests.journal.disk.remains import charges

from taptill.journal.faults import IN_DOUBT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("strace") is None,
        reason="NO FAILING SYNC WAS TRIED: strace, which makes them fail, is missing",
    ),
]

ROOT = Path(__file__).parents[3]
SYNCS = "fsync,fdatasync"
FROM_THE_SECOND = ":when=2+"
"""The first is that of a new log's header."""

CERTAIN = {
    failing_disk.one_sale: "",
    failing_disk.several_groups: "",
    failing_disk.the_first_of_a_log: FROM_THE_SECOND,
    failing_disk.a_command: FROM_THE_SECOND,
    failing_disk.mended: "",
    failing_disk.a_till: "",
    failing_disk.a_till_that_is_left: "",
}


def told(tmp_path: Path, way: str, when: str = "") -> tuple[dict[str, list[str]], list[str]]:
    """Let a disk fail under a journal; give what was said of its charges, and which it holds."""
    folder = tmp_path / "disk"
    folder.mkdir()
    failing = [
        f"--trace-path={tmp_path / FAILING / name}" for name in ("journal.db", "journal.db-wal")
    ]
    strace = ["strace", "-f", "-qq", "-o", str(tmp_path / "strace"), *failing]
    strace += ["-e", f"trace={SYNCS}", "-e", f"inject={SYNCS}:error=EIO{when}"]
    command = [
        sys.executable,
        "-m",
        "tests.journal.disk.failing_disk",
        str(folder / "journal.db"),
        way,
    ]
    run = subprocess.run([*strace, *command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.stdout, run.stderr
    assert "(INJECTED)" in (tmp_path / "strace").read_text("utf-8")
    result: dict[str, list[str]] = json.loads(run.stdout)
    return result, charges(folder / "journal.db")


@pytest.mark.parametrize("way", CERTAIN, ids=lambda one: one.__name__)
def test_a_charge_that_was_refused_is_not_there_after_a_kill(
    tmp_path: Path, way: Callable[..., None]
) -> None:
    result, kept_entries = told(tmp_path, way.__name__, CERTAIN[way])
    assert result["refused"]
    assert result["words"] == ["the disk fails"]
    assert kept_entries == result["paid"] != []


def test_where_it_cannot_be_written_over_the_words_say_that_it_is_in_doubt(tmp_path: Path) -> None:
    result, kept_entries = told(tmp_path, failing_disk.no_write_either.__name__)
    assert result["words"] == [IN_DOUBT]
    assert kept_entries == [*result["paid"], *result["refused"]]


def test_it_is_written_over_as_soon_as_that_can_be(tmp_path: Path) -> None:
    result, kept_entries = told(tmp_path, failing_disk.a_write_later.__name__)
    assert result["words"] == sorted([IN_DOUBT, "the disk fails"])
    assert kept_entries == result["paid"]
