"""Clock, wear and console in `taptill doctor`: what passes, is warned of, and fails."""

import fcntl
import os
import pty
import struct
import termios
import time
from collections.abc import Iterator

import pytest
from tests.install.machine import SIMULATED, MachineFolder, diagnosed, verdicts

from taptill.domain.diagnosis import Verdict
from taptill.install.checks.machine.clock import check_clock
from taptill.install.checks.machine.console import (
    CONSOLE_THEMES,
    check_console,
    colours_diagnosis,
    font_diagnosis,
    letters_of,
    size_diagnosis,
    touch_diagnoses,
)
from taptill.install.checks.machine.disk import check_disk, wear_diagnosis
from taptill.ui.glyphs import CONSOLE_GLYPHS
from taptill.ui.texts import LANGUAGES

DAY_S = 86_400
UNIT_FILE = "opt/taptill/current/systemd/taptill.service"
RTC = "sys/class/rtc/rtc0/since_epoch"


async def test_a_clock_that_is_kept_right_passes(place: MachineFolder) -> None:
    place.has("run/systemd/timesync/synchronized")
    place.links("run/systemd/units/invocation:systemd-timesyncd.service", "0123")
    place.has(RTC, f"{int(time.time())}\n")
    os.utime(place.has(UNIT_FILE, "[Unit]"), (0, time.time() - DAY_S))
    assert await verdicts(check_clock, place.site()) == {
        "clock.time": Verdict.PASS,
        "clock.service": Verdict.PASS,
        "clock.battery": Verdict.PASS,
    }


async def test_a_clock_that_nobody_keeps_is_told(place: MachineFolder) -> None:
    (place.folder / "root/run/systemd/units").mkdir(parents=True)
    place.has(RTC, f"{int(time.time()) - DAY_S}\n")
    assert set((await verdicts(check_clock, place.site())).values()) == {Verdict.WARN}


async def test_a_clock_before_the_release_fails(place: MachineFolder) -> None:
    place.has("run/systemd/timesync/synchronized")
    os.utime(place.has(UNIT_FILE, "[Unit]"), (0, time.time() + DAY_S))
    told = (await diagnosed(check_clock, place.site()))["clock.time"]
    assert (told.verdict, "this release was made on" in told.words) == (Verdict.FAIL, True)


async def test_another_time_service_leaves_no_marker_and_is_named(place: MachineFolder) -> None:
    place.links("run/systemd/units/invocation:chrony.service", "0123")
    told = await diagnosed(check_clock, place.site())
    assert told["clock.time"].verdict is told["clock.service"].verdict is Verdict.PASS
    assert "chrony.service" in told["clock.service"].words


async def test_a_machine_without_systemd_and_battery_says_less(place: MachineFolder) -> None:
    assert await verdicts(check_clock, place.site()) == {
        "clock.time": Verdict.WARN,
        "clock.battery": Verdict.PASS,
    }


@pytest.mark.parametrize(
    ("tenths", "pre_eol", "verdict"),
    [
        (1, 1, Verdict.PASS),
        (8, 0, Verdict.PASS),
        (9, 1, Verdict.WARN),
        (2, 2, Verdict.WARN),
        (2, 3, Verdict.FAIL),
        (11, 1, Verdict.FAIL),
    ],
)
def test_wear_is_told(tenths: int, pre_eol: int, verdict: Verdict) -> None:
    told = wear_diagnosis("mmcblk0", tenths, pre_eol)
    assert (told.verdict, bool(told.advice)) == (verdict, verdict is not Verdict.PASS)


async def test_an_emmc_says_how_worn_it_is_and_an_sd_card_says_nothing(
    place: MachineFolder,
) -> None:
    place.has("sys/block/mmcblk0/device/life_time", "0x0a 0x03\n")
    place.has("sys/block/mmcblk0/device/pre_eol_info", "0x01\n")
    place.has("sys/block/mmcblk1/device/cid", "0123\n")
    place.has("sys/fs/ext4/mmcblk0p2/errors_count", "0\n")
    place.has("sys/fs/ext4/sda1/errors_count", "3\n")
    told = await diagnosed(check_disk, place.site())
    assert told["disk.wear-mmcblk0"].words == "mmcblk0 has used about 100 % of its life"
    assert told["disk.errors-mmcblk0p2"].verdict is Verdict.PASS
    assert told["disk.errors-sda1"].verdict is Verdict.WARN
    assert "disk.wear-mmcblk1" not in told


@pytest.fixture
def terminal(place: MachineFolder) -> Iterator[int]:
    """Give the machine a pseudo-terminal as its first console."""
    leader, follower = pty.openpty()
    place.links("dev/tty1", os.ttyname(follower))
    yield follower
    os.close(leader)
    os.close(follower)


@pytest.mark.parametrize(
    ("columns", "rows", "verdict"),
    [
        (80, 24, Verdict.PASS),
        (100, 20, Verdict.WARN),
        (66, 30, Verdict.WARN),
        (49, 30, Verdict.FAIL),
        (80, 14, Verdict.FAIL),
    ],
)
async def test_the_size_of_the_console_is_measured(
    place: MachineFolder, terminal: int, columns: int, rows: int, verdict: Verdict
) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    told = await diagnosed(check_console, place.site())
    assert told["console.size"].verdict is verdict
    assert size_diagnosis(os.terminal_size((columns, rows))).verdict is verdict
    assert told["console.font"].words == "its font was not looked at: this is no Linux console"
    assert told["console.font"].verdict is told["console.colours"].verdict is Verdict.SKIP


async def test_a_console_that_may_not_be_opened_is_said_to_be_not_looked_at(
    place: MachineFolder,
) -> None:
    told = await diagnosed(check_console, place.site())
    assert "not looked at" in told["console.size"].words
    assert told["console.size"].verdict is Verdict.SKIP


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_font_that_the_screen_is_drawn_for_has_all_it_needs(language: str) -> None:
    needed = letters_of(language)
    assert font_diagnosis(CONSOLE_GLYPHS, needed).verdict is Verdict.PASS
    lacking = font_diagnosis(CONSOLE_GLYPHS - {"│"}, needed)
    assert (lacking.verdict, lacking.words[-1]) == (Verdict.WARN, "│")
    assert font_diagnosis(CONSOLE_GLYPHS - {"a"}, needed).verdict is Verdict.FAIL


def test_a_theme_of_true_colours_is_told_on_a_linux_console_alone() -> None:
    for theme in CONSOLE_THEMES:
        assert colours_diagnosis(theme, is_virtual=True).verdict is Verdict.PASS
    assert colours_diagnosis("dark", is_virtual=True).verdict is Verdict.WARN
    assert colours_diagnosis("dark", is_virtual=False).verdict is Verdict.SKIP


def test_a_till_to_touch_on_a_console_that_has_no_touch_is_a_warning() -> None:
    (warning,) = touch_diagnoses(touch=True, is_virtual=True)
    assert (warning.name, warning.verdict) == ("console.touch", Verdict.WARN)
    assert touch_diagnoses(touch=False, is_virtual=True) == []
    assert touch_diagnoses(touch=True, is_virtual=False) == []


async def test_a_check_of_the_console_needs_no_reader(place: MachineFolder) -> None:
    assert await check_console(place.site("[ui]\ntheme = 'dark'\n" + SIMULATED))
