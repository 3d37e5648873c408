"""How a till ended is noted: cleanly, refused in a line, or broken."""

import json
import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.domain.figures.samples import WELL
from tests.fakes.clock import FakeClock

from taptill.cli.technical.crash import dumping, noting_end
from taptill.domain.errors import CurrencyError, ScreenError
from taptill.wiring.fleet.crash_files import DUMP, DUMP_BEFORE, adopt_dump, crash_notes
from taptill.wiring.fleet.runs import STATUS, Runs
from taptill.wiring.fleet.status_file import Written, status_text

CANARY = "Ada-Canary-04A1B2C3D4"


def run(state: Path, fault: BaseException | None) -> Runs:
    """Let a till run in which something is raised, or nothing."""
    runs, clock, status_file = Runs(state), FakeClock(), state / STATUS
    runs.begin()
    status_file.write_text(status_text(WELL, Written.now(clock, 5.0)), "utf-8")
    if fault is None:
        with noting_end(state, runs, clock, status_file):
            pass
    else:
        with pytest.raises(type(fault)), noting_end(state, runs, clock, status_file):
            raise fault
    return runs


def ends(state: Path) -> tuple[int, int]:
    """Return how many crash files there are, and how many bad ends the next start counts."""
    runs = Runs(state)
    runs.begin()
    return len(crash_notes(state)), runs.unclean_ends


CLEAN = {
    "left": None,
    "refused in a line": CurrencyError(keeps="EUR", till="CHF", code="CHF"),
    "stopped by hand": KeyboardInterrupt(),
}


@pytest.mark.parametrize("fault", CLEAN.values(), ids=CLEAN)
def test_an_end_that_is_none_of_a_fault_leaves_nothing(
    tmp_path: Path, fault: BaseException | None
) -> None:
    run(tmp_path, fault)
    assert ends(tmp_path) == (0, 0)
    assert (tmp_path / STATUS).exists() == (fault is not None)


def test_an_unforeseen_fault_leaves_a_crash_file_with_the_last_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path, ExceptionGroup("tasks", [ValueError(f"no credit for {CANARY}")]))
    (path,) = tmp_path.glob("crash-*.json")
    text = path.read_text("utf-8")
    assert "Canary" not in text
    document = json.loads(text)
    assert document["last_status"]["program"]["till"] == "canteen-1"
    assert [one["fault"] for one in document["faults"]] == ["ExceptionGroup", "ValueError"]
    assert document["uptime_s"] >= 0
    with caplog.at_level(logging.WARNING):
        assert ends(tmp_path) == (1, 1)
    assert "Canary" not in caplog.text


def test_a_screen_that_stopped_is_told_by_what_stopped_it(tmp_path: Path) -> None:
    stopped = ScreenError(fault="KeyError", place="views.py:7")
    stopped.__cause__ = KeyError(CANARY)
    run(tmp_path, stopped)
    (path,) = tmp_path.glob("crash-*.json")
    assert json.loads(path.read_text("utf-8"))["faults"][0]["fault"] == "KeyError"


ABORTED = """
import os, pathlib, sys
from taptill.cli.technical.crash import dumping

def stand_still(customer):
    if "kill" in sys.argv[2]:
        os.abort()

with dumping(pathlib.Path(sys.argv[1])):
    stand_still("Ada-Canary")
"""


def python(state: Path, how: str) -> int:
    """Run that program, which is aborted where `how` says so, and return its exit status."""
    words = [sys.executable, "-c", ABORTED, str(state), how]
    return subprocess.run(words, check=False, timeout=60, capture_output=True).returncode


def test_an_abort_is_told_by_the_next_start(tmp_path: Path) -> None:
    assert python(tmp_path, "kill it") == -signal.SIGABRT
    with dumping(tmp_path):  # as the next start does, before it counts itself
        assert (tmp_path / DUMP).exists()
    runs = Runs(tmp_path)
    runs.begin("2026-03-02T09:00:00Z")
    (note,) = runs.crashes
    assert (note.fault, note.at) == ("Aborted", "2026-03-02T09:00:00Z")
    assert note.place.endswith(" stand_still")
    assert not (tmp_path / DUMP).exists()
    (path,) = tmp_path.glob("crash-*.json")
    assert "Canary" not in path.read_text("utf-8")


def test_a_program_that_ends_by_itself_leaves_no_dump(tmp_path: Path) -> None:
    assert python(tmp_path, "go on") == 0
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("text", ["", "Fatal Python error: Aborted\n", "\xff\n\n"])
def test_a_dump_without_calls_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / DUMP_BEFORE).write_text(text, "latin-1")
    assert adopt_dump(tmp_path, {}) is None
    assert not (tmp_path / DUMP_BEFORE).exists()
