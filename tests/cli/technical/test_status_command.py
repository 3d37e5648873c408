"""`taptill status` says how the till is, and disturbs nobody."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.domain.figures.samples import TROUBLED, WELL

from taptill.cli import taptill
from taptill.cli.status import StatusExit, find_status
from taptill.clock import SystemClock
from taptill.domain.figures.till import TillFigures
from taptill.domain.tap import ReaderState
from taptill.journal.journal import Journal
from taptill.journal.lock import JournalLock, is_held
from taptill.wiring.fleet.status_file import Written, status_text

IDENTITY = {"backend": "b", "strategy": "debt", "money": "EUR", "machine": "m", "till": "bar"}
CARE = replace(TROUBLED, readers=WELL.readers)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Make the state directory of a till that has been there."""
    journal = Journal(tmp_path / "journal.db", SystemClock())
    journal.open(IDENTITY)
    journal.close()
    return tmp_path


def status(state: Path, *options: str) -> Result:
    return CliRunner().invoke(
        taptill, ["status", "--state-dir", str(state), *options], standalone_mode=False
    )


def write(state: Path, figures: TillFigures, *, ago_s: float = 1.0, boot: str = "") -> None:
    """Write a status as a till would have done so long ago."""
    boot_id, uptime_ms = SystemClock().boot()
    written = Written(boot or boot_id, uptime_ms - int(ago_s * 1000), 5.0, os.getpid())
    (state / "status.json").write_text(status_text(figures, written), "utf-8")


CASES = {
    "well": (WELL, 1.0, StatusExit.WELL),
    "somebody should look": (CARE, 1.0, StatusExit.CARE),
    "no card can be read": (TROUBLED, 1.0, StatusExit.STOPPED),
    "nothing was written for long": (WELL, 16.0, StatusExit.STANDS_STILL),
    "written just in time": (WELL, 14.0, StatusExit.WELL),
}


@pytest.mark.parametrize(("figures", "ago_s", "expected"), CASES.values(), ids=CASES)
def test_the_exit_status_says_how_a_running_till_is(
    state: Path, figures: TillFigures, ago_s: float, expected: StatusExit
) -> None:
    write(state, figures, ago_s=ago_s)
    lock = JournalLock(state / "journal.db")
    lock.take("now")
    try:
        result = status(state)
        assert result.return_value == expected
        answer = json.loads(status(state, "--json").output)
    finally:
        lock.release()
    assert answer["exit_status"] == expected
    assert answer["running"]
    assert answer["status"]["program"]["till"] == "canteen-1"
    assert result.output.startswith("canteen-1: ")


def test_a_till_that_is_not_there_is_said_whatever_its_last_file_says(state: Path) -> None:
    write(state, WELL)
    assert status(state).return_value == StatusExit.NOT_RUNNING
    assert json.loads(status(state, "--json").output)["running"] is False


def test_a_till_without_figures_and_one_of_an_earlier_boot(state: Path) -> None:
    lock = JournalLock(state / "journal.db")
    lock.take("now")
    try:
        assert status(state).return_value == StatusExit.NO_FIGURES
        write(state, WELL, boot="another-boot")
        assert status(state).return_value == StatusExit.STANDS_STILL
    finally:
        lock.release()


def test_every_folder_that_was_looked_at_is_named(tmp_path: Path) -> None:
    places = [(tmp_path / "till", tmp_path / "run"), (tmp_path / "own", tmp_path / "own")]
    found = find_status(places, SystemClock())
    assert (found.exit_status, found.folders) == (
        StatusExit.NOT_RUNNING,
        [tmp_path / "till", tmp_path / "own"],
    )


def test_a_folder_without_a_till_is_not_made(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert status(gone).return_value == StatusExit.NOT_RUNNING
    assert not gone.exists()


def test_looking_takes_no_lock_and_sees_one(state: Path) -> None:
    journal = state / "journal.db"
    assert is_held(journal) is False
    lock = JournalLock(journal)
    lock.take("now")
    assert is_held(journal) is True
    lock.release()
    assert is_held(journal) is False
    assert is_held(journal, Path("/nowhere/locks")) is None


def test_the_words_say_what_to_look_at(state: Path) -> None:
    write(state, replace(TROUBLED, readers=(*TROUBLED.readers[:1], *WELL.readers)))
    lock = JournalLock(state / "journal.db")
    lock.take("now")
    try:
        output = status(state).output
    finally:
        lock.release()
    for words in ("look at  offline", "ValueError at taptill/checkout/till.py", "needs: cable"):
        assert words in output
    assert ReaderState.LOST in output
    assert "p95 12.1 ms" in output
