"""Each check of `taptill doctor` on a machine that passes, one to warn of, and one that fails."""

import os
import pty
import shutil
from collections.abc import Iterator

import pytest
from release.installer.checks import VOLATILE as INSTALLER_VOLATILE
from tests.fakes.clock import FakeClock
from tests.install.machine import SIMULATED, MachineFolder, verdicts
from tests.journal.drafts import charge, conflict

from taptill import config as configs
from taptill.domain.diagnosis import Verdict
from taptill.domain.entry import Draft, EntryKind
from taptill.install.checks.machine.board import check_board
from taptill.install.checks.machine.disk import (
    SLOW_SYNC_S,
    VOLATILE,
    check_disk,
    room_diagnosis,
    sync_diagnosis,
)
from taptill.install.checks.program.journal import check_journal
from taptill.install.checks.program.settings import check_settings
from taptill.install.checks.readers.opening import check_readers
from taptill.journal.file import JournalFile

OPENED = Draft(EntryKind.OPENED, body={"journal_id": "aaaa0001", "strategy": "debt"})
MOUNTS = "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n"
MEMORY = "MemTotal: 906000 kB\nMemAvailable: {free} kB\n"


async def test_settings_that_are_whole_pass(place: MachineFolder) -> None:
    assert await verdicts(check_settings, place.site()) == {
        "settings.config": Verdict.PASS,
        "settings.token": Verdict.PASS,
    }


async def test_a_setting_that_does_nothing_yet_is_told(place: MachineFolder) -> None:
    site = place.site(SIMULATED + '[cache]\nfields = ["email"]\n')
    (first, *_) = await check_settings(site)
    assert (first.verdict, first.words) == (Verdict.WARN, "[cache] fields does nothing yet")


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666])
async def test_a_token_that_others_can_read_or_change_fails(
    place: MachineFolder, mode: int
) -> None:
    (place.folder / "token").chmod(mode)
    assert (await verdicts(check_settings, place.site()))["settings.token"] is Verdict.FAIL


async def test_a_token_that_the_group_may_read_passes(place: MachineFolder) -> None:
    (place.folder / "token").chmod(0o640)
    assert (await verdicts(check_settings, place.site()))["settings.token"] is Verdict.PASS


async def test_staff_without_a_supervisor_is_told(place: MachineFolder) -> None:
    jo = '[[staff]]\nname = "Jo"\nrole = "cashier"\ncard_id = "04A1B2C3"\n'
    assert (await verdicts(check_settings, place.site(SIMULATED + jo)))[
        "settings.staff"
    ] is Verdict.WARN


async def test_a_disk_that_keeps_what_is_written_passes(place: MachineFolder) -> None:
    place.has("proc/mounts", MOUNTS)
    (kept, *_) = await check_disk(place.site())
    assert (kept.verdict, "ext4" in kept.words) == (Verdict.PASS, True)


@pytest.mark.parametrize("kind", ["overlay", "tmpfs"])
async def test_a_disk_that_forgets_fails(place: MachineFolder, kind: str) -> None:
    state = str(place.folder / "state").replace(" ", "\\040")
    place.has("proc/mounts", f"{MOUNTS}{kind} {state} {kind} rw 0 0\n")
    (kept, *_) = await check_disk(place.site())
    assert (kept.verdict, "gone at the next start" in kept.words) == (Verdict.FAIL, True)


def test_the_installer_refuses_the_same_file_systems() -> None:
    """It runs before taptill is there, so that it has a list of its own."""
    assert INSTALLER_VOLATILE == VOLATILE


async def test_the_sync_is_one_of_the_real_disk(place: MachineFolder) -> None:
    found = {one.name: one for one in await check_disk(place.site())}
    assert "p95" in found["disk.sync"].words
    assert list((place.folder / "state").iterdir()) == []


@pytest.mark.parametrize(
    ("slow", "verdict"), [(0, Verdict.PASS), (1, Verdict.WARN), (20, Verdict.WARN)]
)
def test_a_slow_disk_is_told(slow: int, verdict: Verdict) -> None:
    times = [0.003] * (20 - slow) + [2 * SLOW_SYNC_S] * slow
    assert sync_diagnosis(times).verdict is verdict


@pytest.mark.parametrize(
    ("free_mb", "verdict"), [(49, Verdict.FAIL), (200, Verdict.WARN), (900, Verdict.PASS)]
)
def test_room_is_compared_with_what_the_till_needs(free_mb: int, verdict: Verdict) -> None:
    diagnosis = room_diagnosis(free_mb, 50)
    assert (diagnosis.verdict, bool(diagnosis.advice)) == (verdict, verdict is not Verdict.PASS)


async def test_a_state_directory_that_is_not_there_yet_is_looked_at_above(
    place: MachineFolder,
) -> None:
    (place.folder / "state").rmdir()
    (kept, *_) = await check_disk(place.site())
    assert str(place.folder) in kept.words
    assert not (place.folder / "state").exists()


async def test_a_till_without_a_journal_passes(place: MachineFolder) -> None:
    assert await verdicts(check_journal, place.site()) == {"journal.file": Verdict.PASS}


def journal_with(place: MachineFolder, *drafts: Draft) -> None:
    file = JournalFile(configs.journal_path(place.folder / "state"), FakeClock())
    for draft in (OPENED, *drafts):
        file.append([[draft]])
    file.close()


async def test_what_waits_in_the_journal_is_told(place: MachineFolder) -> None:
    journal_with(place)
    assert set((await verdicts(check_journal, place.site())).values()) == {Verdict.PASS}
    shutil.rmtree(place.folder / "state")
    (place.folder / "state").mkdir()
    journal_with(place, charge(7, 420), charge(8, 100), conflict(8))
    assert await verdicts(check_journal, place.site()) == {
        "journal.file": Verdict.PASS,
        "journal.unsent": Verdict.WARN,
        "journal.cases": Verdict.WARN,
    }


async def test_a_file_that_is_no_journal_fails(place: MachineFolder) -> None:
    configs.journal_path(place.folder / "state").write_bytes(b"no database at all" * 100)
    assert await verdicts(check_journal, place.site()) == {"journal.file": Verdict.FAIL}


async def test_a_reader_that_opens_passes(place: MachineFolder) -> None:
    assert await verdicts(check_readers, place.site()) == {"readers.reader-1": Verdict.PASS}


@pytest.fixture
def line() -> Iterator[str]:
    master, end = pty.openpty()
    yield os.ttyname(end)
    os.close(master)
    os.close(end)


SERIAL = '[[reader]]\ndriver = "serial"\nport = "{port}"\nfamily = "rdm6300"\n'


async def test_a_serial_line_is_opened_and_let_go(place: MachineFolder, line: str) -> None:
    site = place.site(SERIAL.format(port=line) + SIMULATED)
    for _ in range(2):
        assert set((await verdicts(check_readers, site)).values()) == {Verdict.PASS}


async def test_a_reader_that_is_not_there_fails_and_the_next_is_looked_at(
    place: MachineFolder,
) -> None:
    site = place.site(SERIAL.format(port="/dev/not-there") + SIMULATED)
    assert await verdicts(check_readers, site) == {
        "readers.reader-1": Verdict.FAIL,
        "readers.reader-2": Verdict.PASS,
    }


async def test_a_machine_in_order_passes(place: MachineFolder) -> None:
    place.has("proc/meminfo", MEMORY.format(free=500_000))
    place.has("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    place.has("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    place.has("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    assert set((await verdicts(check_board, place.site())).items()) == {
        ("machine.memory", Verdict.PASS),
        ("machine.power", Verdict.PASS),
        ("machine.id", Verdict.PASS),
    }


async def test_what_a_machine_lacks_is_told(place: MachineFolder) -> None:
    place.has("proc/meminfo", MEMORY.format(free=90_000))
    place.has("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    place.has("sys/class/hwmon/hwmon2/name", "rpi_volt\n")
    place.has("sys/class/hwmon/hwmon2/in0_lcrit_alarm", "1\n")
    assert set((await verdicts(check_board, place.site())).items()) == {
        ("machine.memory", Verdict.WARN),
        ("machine.power", Verdict.WARN),
        ("machine.id", Verdict.WARN),
    }


async def test_what_a_machine_does_not_say_is_left_out(place: MachineFolder) -> None:
    assert set(await verdicts(check_board, place.site())) == {"machine.id"}
