"""Power cuts over a recorded journal; the harness catches what a careless journal would lose."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.soak.disk import SyncFolder
from tests.soak.power import POWER_CUTS, DiskTrace, cuts, recording

pytestmark = POWER_CUTS

ROUNDS = 120
SEED = 1


def say(_: str) -> None:
    """Leave out the progress line."""


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> DiskTrace:
    return recording(tmp_path_factory.mktemp("power") / "record")


def test_whenever_the_power_goes_all_that_was_called_durable_is_there(
    tape: DiskTrace, tmp_path: Path
) -> None:
    assert cuts(tape, tmp_path, ROUNDS, SEED, say) == []


def test_a_journal_that_does_not_sync_each_commit_would_be_caught(tmp_path: Path) -> None:
    """`synchronous = NORMAL` loses the last commits, which is what FULL is for."""
    faults = cuts(recording(tmp_path / "record", "NORMAL"), tmp_path, ROUNDS, SEED, say)
    assert faults
    assert all("was called durable" in fault for fault in faults)


def test_a_new_journal_whose_folder_is_not_synced_would_be_caught(
    tape: DiskTrace, tmp_path: Path
) -> None:
    """The file has no name after the cut, and all that was promised is gone."""
    steps = [step for step in tape.steps if not isinstance(step, SyncFolder)]
    faults = cuts(replace(tape, steps=steps), tmp_path, ROUNDS, SEED, say)
    assert faults
    assert any("was called durable, 1 are there" in fault for fault in faults)
