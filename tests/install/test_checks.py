"""Each check of `taptill doctor` on a machine that passes, one to warn of, and one that fails."""

import grp
import os
import pty
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from release.installer.checks import VOLATILE as INSTALLER_VOLATILE
from tests.fakes.clock import FakeClock
from tests.install.machine import (
    SIMULATED,
    MachineFolder,
    diagnosed,
    verdicts,
    without_powers,
)
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
from taptill.install.checks.readers.cards import check_cards
from taptill.install.checks.readers.opening import check_readers
from taptill.install.checks.site import UNIT, CheckedSite
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


OFFICE_TOKENS = {
    "for the group alone": (0o640, "t0ken", Verdict.PASS),
    "readable by everybody": (0o644, "t0ken", Verdict.FAIL),
    "empty": (0o640, "", Verdict.WARN),
    "not there": (None, "", Verdict.WARN),
}


@pytest.mark.parametrize(("mode", "text", "verdict"), OFFICE_TOKENS.values(), ids=OFFICE_TOKENS)
async def test_the_token_that_changes_cards_is_looked_at(
    place: MachineFolder, mode: int | None, text: str, verdict: Verdict
) -> None:
    path = place.folder / "office-token"
    if mode is not None:
        path.write_text(f"{text}\n")
        path.chmod(mode)
    site = place.site()
    assert "settings.office-token" not in await verdicts(check_settings, site)
    backend = replace(site.config.backend, office_token_file=path)
    site = replace(site, config=replace(site.config, backend=backend))
    found = (await diagnosed(check_settings, site))["settings.office-token"]
    assert found.verdict is verdict
    assert "t0ken" not in found.words


def of_account(place: MachineFolder, account: str) -> CheckedSite:
    """Return a site whose till has this account, with an office's token and a client's key."""
    site = replace(place.site(), account=account)
    token, office, key = (place.folder / name for name in ("token", "office", "key"))
    for path in (token, office, key):
        path.write_text("t0ken\n")
        path.chmod(0o600)
    backend = replace(
        site.config.backend, token_file=token, office_token_file=office, client_key=key
    )
    return replace(site, config=replace(site.config, backend=backend))


ROOT_ALONE = pytest.mark.skipif(os.geteuid() != 0, reason="only root judges by another account")
KEPT = {
    "settings.token",
    "settings.office-token",
    "settings.client-key",
    "settings.file-config.toml",
}


@ROOT_ALONE
async def test_what_root_may_read_and_the_tills_account_may_not_fails(
    open_place: MachineFolder,
) -> None:
    site = of_account(open_place, "nobody")
    (open_place.folder / "config.toml").chmod(0o600)
    found = await diagnosed(check_settings, site)
    assert {name for name, one in found.items() if one.verdict is Verdict.FAIL} == KEPT
    assert all("the till's account" in found[name].words for name in KEPT)


@ROOT_ALONE
async def test_what_the_group_of_the_tills_account_may_read_passes(
    open_place: MachineFolder,
) -> None:
    site = of_account(open_place, "nobody")
    for path in open_place.folder.iterdir():
        if path.is_file():
            os.chown(path, 0, pwd.getpwnam("nobody").pw_gid)
            path.chmod(0o640)
    found = await diagnosed(check_settings, site)
    assert {name for name, one in found.items() if one.verdict is Verdict.FAIL} == set()


@ROOT_ALONE
async def test_a_token_that_systemd_passes_may_be_roots(open_place: MachineFolder) -> None:
    site = of_account(open_place, "nobody")
    open_place.has("etc/credstore/api-token", "t0ken")
    assert (await diagnosed(check_settings, site))["settings.token"].verdict is Verdict.PASS


@ROOT_ALONE
async def test_a_journal_that_root_has_made_fails_for_the_tills_account(
    open_place: MachineFolder,
) -> None:
    journal_with(open_place)
    site = of_account(open_place, "nobody")
    assert (await diagnosed(check_journal, site))["journal.file"].verdict is Verdict.FAIL
    journal = configs.journal_path(site.state)
    os.chown(journal, pwd.getpwnam("nobody").pw_uid, -1)
    assert (await diagnosed(check_journal, site))["journal.file"].verdict is Verdict.PASS


async def test_where_the_till_has_no_account_this_one_judges(open_place: MachineFolder) -> None:
    found = await diagnosed(check_settings, of_account(open_place, "nobody-has-this-name"))
    assert {name for name, one in found.items() if one.verdict is Verdict.FAIL} == set()


STORES = {
    "as the installer makes it": (0o700, 0o600, Verdict.PASS),
    "a file that all could read in a closed folder": (0o700, 0o644, Verdict.WARN),
    "a closed file in a folder that all may enter": (0o755, 0o600, Verdict.WARN),
    "a file that all can read": (0o755, 0o644, Verdict.FAIL),
    "a file that a group can read": (0o710, 0o640, Verdict.FAIL),
    "a folder in which others may put another file": (0o777, 0o600, Verdict.FAIL),
}


@pytest.mark.parametrize(("folder", "file", "verdict"), STORES.values(), ids=STORES)
async def test_the_token_that_systemd_passes_is_roots_alone(
    place: MachineFolder, folder: int, file: int, verdict: Verdict
) -> None:
    token = place.has("etc/credstore/api-token", "t0ken")
    token.chmod(file)
    token.parent.chmod(folder)
    found = (await diagnosed(check_settings, place.site()))["settings.credential"]
    assert (found.verdict, "t0ken" in found.words) == (verdict, False)
    mends = {token.parent: f"chmod 700 {token.parent}", token: f"chmod 600 {token}"}
    is_open = {token.parent: folder & 0o077, token: file & 0o077}
    assert {path for path, mend in mends.items() if mend in found.advice} == {
        path for path in mends if is_open[path]
    }


@ROOT_ALONE
async def test_a_token_that_another_account_owns_fails(place: MachineFolder) -> None:
    token = place.has("etc/credstore/api-token", "t0ken")
    token.chmod(0o600)
    token.parent.chmod(0o700)
    os.chown(token, pwd.getpwnam("nobody").pw_uid, -1)
    found = (await diagnosed(check_settings, place.site()))["settings.credential"]
    assert (found.verdict, f"chown root: {token}" in found.advice) == (Verdict.FAIL, True)


def test_a_store_that_this_account_may_not_enter_is_not_looked_at(place: MachineFolder) -> None:
    place.has("etc/credstore/api-token", "t0ken").parent.chmod(0o000)
    found = without_powers(place, "settings")["settings.credential"]
    assert (found.verdict, "not looked at" in found.words) == (Verdict.SKIP, True)


@ROOT_ALONE
async def test_advice_names_the_account_of_this_till(open_place: MachineFolder) -> None:
    found = await diagnosed(check_settings, of_account(open_place, "nobody"))
    assert "chgrp nobody " in found["settings.client-key"].advice
    assert "chgrp nobody " in found["settings.token"].advice
    assert "-g nobody " in found["settings.office-token"].advice


@ROOT_ALONE
async def test_a_printer_that_the_tills_account_may_not_write_fails_for_root(
    open_place: MachineFolder,
) -> None:
    printer = open_place.folder / "lp0"
    printer.write_text("")
    printer.chmod(0o660)
    site = open_place.site(f'{SIMULATED}[receipt]\nprinter = "{printer}"\n')
    site = replace(site, account="nobody")
    found = (await diagnosed(check_settings, site))["settings.printer"]
    assert (found.verdict, "the till's account" in found.words) == (Verdict.FAIL, True)
    os.chown(printer, 0, grp.getgrnam("lp").gr_gid)
    open_place.has(f"etc/systemd/system/{UNIT}", "[Service]\nSupplementaryGroups=dialout lp\n")
    assert (await verdicts(check_settings, site))["settings.printer"] is Verdict.PASS


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


async def test_a_till_without_a_journal_has_none_to_look_at(place: MachineFolder) -> None:
    (found,) = await check_journal(place.site())
    assert (found.name, found.verdict) == ("journal.file", Verdict.SKIP)
    assert f"not looked at: none in {place.folder / 'state'}" in found.words


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
        "journal.chain": Verdict.PASS,
    }
    told = " ".join(diagnosis.words for diagnosis in await check_journal(place.site()))
    assert ("1 customer's money" in told, "1 case waits for" in told) == (True, True)


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


def give(port: str, group: str, mode: int) -> None:
    """Give a device node to root and a group, as udev does."""
    os.chown(port, 0, grp.getgrnam(group).gr_gid)
    Path(port).chmod(mode)


@ROOT_ALONE
async def test_a_line_that_root_alone_may_open_fails_for_the_tills_account(
    open_place: MachineFolder, line: str
) -> None:
    site = replace(open_place.site(SERIAL.format(port=line)), account="nobody")
    give(line, "dialout", 0o600)
    found = (await diagnosed(check_readers, site))["readers.reader-1"]
    assert (found.verdict, found.words.startswith(f"denied ({line})")) == (Verdict.FAIL, True)
    assert "sudo adduser nobody dialout" in found.advice
    assert "udev rules" in found.advice
    tapped = (await diagnosed(check_cards, replace(site, tap_s=60)))["cards.reader-1-tap"]
    assert (tapped.verdict, tapped.words) == (Verdict.FAIL, found.words)
    give(line, "dialout", 0o666)
    assert await verdicts(check_readers, site) == {"readers.reader-1": Verdict.PASS}


@ROOT_ALONE
async def test_a_group_that_the_unit_gives_the_till_counts(
    open_place: MachineFolder, line: str
) -> None:
    """As an account of its own it is in no group but dialout: lp and audio are the unit's."""
    site = replace(open_place.site(SERIAL.format(port=line)), account="nobody")
    give(line, "lp", 0o660)
    assert (await verdicts(check_readers, site))["readers.reader-1"] is Verdict.FAIL
    drop_in = f"etc/systemd/system/{UNIT}.d/groups.conf"
    open_place.has(drop_in, "[Service]\nSupplementaryGroups=lp no-such-group\n")
    assert (await verdicts(check_readers, site))["readers.reader-1"] is Verdict.PASS


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
