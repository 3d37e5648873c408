"""The contract of a clock, kept by the fake one and the machine's own."""

import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import FakeClock

from taptill.clock import NEAR_S, SystemClock
from taptill.domain.clock import Clock
from taptill.domain.entry import Entry, EntryKind


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    """Return each clock in turn."""
    new_clock: Clock = request.param()
    return new_clock


def test_monotonic_time_is_finite_and_never_goes_back(clock: Clock) -> None:
    first, second = clock.monotonic(), clock.monotonic()
    assert math.isfinite(first)
    assert second >= first


def test_wall_time_is_utc_with_milliseconds(clock: Clock) -> None:
    text = clock.now()
    read = datetime.fromisoformat(text)
    assert read.utcoffset() is not None
    assert text.endswith("+00:00")
    assert read.isoformat(timespec="milliseconds") == text


def test_a_boot_has_a_name_and_an_age_that_only_grows(clock: Clock) -> None:
    (name, first_ms), (second_name, second_ms) = clock.boot(), clock.boot()
    assert name == second_name != ""
    assert 0 <= first_ms <= second_ms


def test_trust_is_a_plain_yes_or_no(clock: Clock) -> None:
    assert clock.trusted() in {True, False}


def test_the_fake_clock_moves_when_told_and_only_then() -> None:
    clock = FakeClock()
    before = (clock.monotonic(), clock.now(), clock.boot())
    assert before == (clock.monotonic(), clock.now(), clock.boot())
    clock.pass_time(1.5)
    assert clock.monotonic() == before[0] + 1.5
    assert clock.boot() == (before[2][0], before[2][1] + 1500)
    assert clock.now() == "2026-03-02T09:00:01.500+00:00"


def test_a_jump_moves_wall_time_alone() -> None:
    clock = FakeClock()
    clock.jump(-3600)
    assert (clock.monotonic(), clock.boot()) == (1000.0, ("boot-1", 60_000))
    assert clock.now() == "2026-03-02T08:00:00.000+00:00"


def test_a_reboot_begins_anew_without_trust() -> None:
    clock = FakeClock()
    clock.reboot(off_s=60)
    assert (clock.monotonic(), clock.boot()) == (0.0, ("boot-2", 0))
    assert (clock.trusted(), clock.now()) == (False, "2026-03-02T09:01:00.000+00:00")


def test_the_machines_clock_is_trusted_once_it_was_set_or_confirmed(tmp_path: Path) -> None:
    flag = tmp_path / "synchronized"
    clock = SystemClock(str(flag))
    assert not clock.trusted()
    clock.heard(time.time() - NEAR_S + 5)
    assert clock.trusted()
    clock.heard(time.time() - NEAR_S - 5)
    assert not clock.trusted()
    flag.touch()
    assert clock.trusted()


def test_a_hardware_clock_that_agrees_keeps_doubt_away_without_any_network(tmp_path: Path) -> None:
    """It confirms nothing: entries still say that their time is not trusted."""
    hardware = tmp_path / "since_epoch"
    for says, doubtful in ((time.time() - 30, False), (time.time() - 3600, True), (5.0, True)):
        hardware.write_text(f"{int(says)}\n")
        clock = SystemClock(str(tmp_path / "none"), hardware)
        assert (clock.doubtful(), clock.trusted()) == (doubtful, False)
    hardware.write_text("")
    assert SystemClock(str(tmp_path / "none"), hardware).doubtful()
    assert SystemClock(str(tmp_path / "none"), tmp_path / "no-hardware").doubtful()


def test_a_confirmed_clock_is_not_doubted_whatever_the_hardware_says(tmp_path: Path) -> None:
    clock = SystemClock(str(tmp_path / "none"), tmp_path / "no-hardware")
    clock.heard(time.time())
    assert not clock.doubtful()


def entry(clock: SystemClock, *, at_s: float = 0.0, trusted: bool = True, boot: str = "") -> Entry:
    boot_id, uptime_ms = clock.boot()
    at = datetime.fromtimestamp(time.time() + at_s, UTC).isoformat(timespec="milliseconds")
    boot = boot or boot_id
    return Entry(
        1,
        EntryKind.CLOCK,
        charge_id=None,
        customer_id=None,
        amount_minor=0,
        body={},
        at=at,
        boot_id=boot,
        uptime_ms=uptime_ms,
        clock_trusted=trusted,
        staff=None,
        prev_hash="",
        hash="",
    )


REMEMBERED: dict[str, tuple[dict[str, Any], bool]] = {
    "trusted in this boot": ({}, True),
    "the date was set since": ({"at_s": -2 * NEAR_S}, False),
    "not trusted then": ({"trusted": False}, False),
    "another boot": ({"boot": "another"}, False),
}


@pytest.mark.parametrize(("last_entry", "is_trusted"), REMEMBERED.values(), ids=REMEMBERED)
def test_a_restart_without_network_takes_over_what_the_journal_knew(
    tmp_path: Path, last_entry: dict[str, Any], *, is_trusted: bool
) -> None:
    clock = SystemClock(str(tmp_path / "none"), tmp_path / "no-hardware")
    clock.remember(entry(clock, **last_entry))
    assert clock.trusted() is is_trusted
    assert clock.doubtful() is not is_trusted


def test_wall_time_before_the_newest_entry_is_doubted(tmp_path: Path) -> None:
    """Battery and wall time agree on a date that has passed already."""
    hardware = tmp_path / "since_epoch"
    hardware.write_text(f"{int(time.time())}\n")
    clock = SystemClock(str(tmp_path / "none"), hardware)
    clock.remember(entry(clock, at_s=3600, boot="another"))
    assert clock.doubtful()


def test_trust_lapses_once_wall_time_was_set_anew(tmp_path: Path) -> None:
    clock = SystemClock(str(tmp_path / "none"))
    clock.heard(time.time())
    assert clock._confirmed_s is not None
    clock._confirmed_s -= NEAR_S + 5  # as if somebody had set the date since
    assert not clock.trusted()
