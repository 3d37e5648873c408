"""How often a till was started, and how its runs ended."""

import logging
from pathlib import Path

import pytest

from taptill.wiring.fleet.crash_files import write_crash
from taptill.wiring.fleet.runs import RUNS, Runs


def begun(state: Path) -> Runs:
    runs = Runs(state)
    runs.begin()
    return runs


def test_each_start_counts_and_a_clean_end_is_none_of_the_bad_ones(tmp_path: Path) -> None:
    first = begun(tmp_path)
    assert (first.starts, first.unclean_ends) == (1, 0)
    first.end()
    second = begun(tmp_path)
    assert (second.starts, second.unclean_ends) == (2, 0)


def test_a_run_that_was_killed_is_noticed_by_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun(tmp_path)
    with caplog.at_level(logging.WARNING):
        third = begun(tmp_path)
    assert (third.starts, third.unclean_ends) == (2, 1)
    assert [record.message for record in caplog.records] == ["run.ended_uncleanly"]


def test_the_next_start_tells_what_it_broke_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun(tmp_path)
    try:
        raise KeyError("Ada Canary")  # noqa: TRY301 - it needs a traceback
    except KeyError as fault:
        write_crash(tmp_path, fault, {"at": "then", "version": "0.1.0"})
    with caplog.at_level(logging.WARNING):
        runs = begun(tmp_path)
    assert [crash.fault for crash in runs.crashes] == ["KeyError"]
    (record,) = caplog.records
    assert vars(record)["fault"] == "KeyError"
    assert "Canary" not in str(vars(record))


BROKEN = (b"", b"[]", b"{}", b'{"starts": "x", "unclean_ends": 1, "is_running": true}', b"\xff")


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_counts_from_nought(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RUNS).write_bytes(content)
    runs = begun(tmp_path)
    assert (runs.starts, runs.unclean_ends) == (1, 0)


def test_a_disk_that_takes_nothing_is_no_fault(tmp_path: Path) -> None:
    runs = begun(tmp_path / "gone")
    assert runs.starts == 1
    runs.end()


def test_a_program_knows_how_long_it_has_run(tmp_path: Path) -> None:
    first_s = Runs(tmp_path).uptime_s()
    assert 0.0 < first_s <= Runs(tmp_path).uptime_s() < 86_400 * 30


def test_how_long_a_start_took_is_kept(tmp_path: Path) -> None:
    runs, untold = Runs(tmp_path), Runs(tmp_path)
    runs.ready()
    kept_s = runs.ready_s
    assert untold.ready_s is None
    assert kept_s is not None
    assert 0.0 < kept_s <= runs.uptime_s()
