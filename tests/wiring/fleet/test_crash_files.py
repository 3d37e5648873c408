"""A crash file says where the program broke, and nothing about anybody."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from taptill.domain.errors import JournalError
from taptill.wiring.fleet.crash_files import (
    BYTES_MAX,
    FILES_MAX,
    FRAMES_MAX,
    crash_notes,
    fault_lines,
    write_crash,
)

CANARY = "Ada-Canary-04A1B2C3D4"
FACTS = {"at": "2026-03-02T09:00:00Z", "version": "0.1.0", "uptime_s": 5}


def raised(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as fault:  # noqa: BLE001 - what it raises is the test's matter
        return fault
    raise AssertionError


def sell(name: str) -> None:
    raise ValueError(f"no credit for {name}")


def chained(name: str) -> None:
    try:
        sell(name)
    except ValueError as fault:
        raise RuntimeError(f"while {name} was served") from fault


def grouped(name: str) -> None:
    raise ExceptionGroup(f"tasks of {name}", [raised(lambda: chained(name))])


def deep(name: str, left: int = 300) -> None:
    if not left:
        sell(name)
    deep(name, left - 1)


def ours(name: str) -> None:
    raise JournalError(path=name, detail=name)


FAULTS = {
    "a plain one": (sell, "ValueError", "sell"),
    "one from another": (chained, "ValueError", "sell"),
    "a group": (grouped, "ValueError", "sell"),
    "a deep one": (deep, "ValueError", "sell"),
    "one of ours": (ours, "JournalError [journal]", "ours"),
}


@pytest.mark.parametrize(("call", "fault", "place"), FAULTS.values(), ids=FAULTS)
def test_a_crash_file_names_the_fault_and_its_place_and_nobody(
    tmp_path: Path, call: Callable[[str], None], fault: str, place: str
) -> None:
    path = write_crash(tmp_path, raised(lambda: call(CANARY)), FACTS, {"condition": "well"})
    assert path is not None
    text = path.read_text("utf-8")
    assert "Canary" not in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(text) <= BYTES_MAX
    (note,) = crash_notes(tmp_path)
    assert (note.fault, note.at, note.version) == (fault, FACTS["at"], "0.1.0")
    assert note.place.endswith(f" {place}")
    assert "test_crash_files.py:" in note.place
    document = json.loads(text)
    assert document["last_status"] == {"condition": "well"}
    assert all(len(one["frames"]) <= FRAMES_MAX for one in document["faults"])


@pytest.mark.parametrize("call", [sell, chained, grouped, ours])
def test_a_line_of_the_log_has_no_message_either(call: Callable[[str], None]) -> None:
    lines = fault_lines(raised(lambda: call(CANARY)))
    assert any(call.__name__ in line for line in lines)
    assert "Canary" not in "\n".join(lines)


def test_the_newest_few_are_kept(tmp_path: Path) -> None:
    fault = raised(lambda: sell("x"))
    for number in range(FILES_MAX + 3):
        write_crash(tmp_path, fault, {**FACTS, "at": str(number)})
    assert [note.at for note in crash_notes(tmp_path)] == ["3", "4", "5", "6", "7"]
    assert len([*tmp_path.iterdir()]) == FILES_MAX


def test_a_large_status_is_left_out_and_the_fault_stays(tmp_path: Path) -> None:
    write_crash(tmp_path, raised(lambda: deep("x")), FACTS, {"x": "y" * 2 * BYTES_MAX})
    (note,) = crash_notes(tmp_path)
    assert note.fault == "ValueError"


def test_a_disk_that_takes_nothing_and_a_file_of_somebody_else_are_no_fault(
    tmp_path: Path,
) -> None:
    assert write_crash(tmp_path / "gone", ValueError(), FACTS) is None
    for name in ("crash-1.json", "crash-x.json", "crash-000002.json"):
        (tmp_path / name).write_bytes(b"\xff[")
    assert crash_notes(tmp_path) == ()
