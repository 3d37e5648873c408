"""Settings, release, versions and mirror in `taptill doctor`."""

import platform
from pathlib import Path

import pytest
from release.installer.parts import TILL
from tests.fakes.devices.paper import TcpPrinter
from tests.install.machine import (
    SIMULATED,
    MachineFolder,
    diagnosed,
    verdicts,
    without_powers,
)
from tests.project.sources import ROOT

from taptill import __version__
from taptill.domain.diagnosis import Verdict
from taptill.install.checks.program.installation import INSTALLED, check_installation
from taptill.install.checks.program.journal import check_journal
from taptill.install.checks.program.runs import check_runs
from taptill.install.checks.program.settings import check_settings, package_diagnosis
from taptill.install.checks.program.versions import check_versions
from taptill.install.setup.reader_rule import SITE_RULES
from taptill.wiring.fleet.crash_files import write_crash
from taptill.wiring.fleet.runs import Runs

UNIT_DROP_IN = "etc/systemd/system/taptill.service.d/override.conf"
BOOKWORM = 'ID=raspbian\nID_LIKE=debian\nVERSION_ID="12"\nPRETTY_NAME="Raspbian 12"\n'


def test_a_package_is_imported_and_not_only_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fits_no_board.py").write_text("import there_is_no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert package_diagnosis("json", "keyboard").verdict is Verdict.PASS
    missing = package_diagnosis("there_is_none", "keyboard")
    broken = package_diagnosis("fits_no_board", "keyboard")
    assert missing.verdict is broken.verdict is Verdict.FAIL
    assert (missing.words, broken.words) == (
        "there_is_none is missing",
        "fits_no_board is there and cannot be loaded",
    )


async def test_a_printer_is_looked_at_where_one_is_set(place: MachineFolder) -> None:
    site = place.site(f'{SIMULATED}[receipt]\nprinter = "/dev/usb/lp99"\n')
    assert (await verdicts(check_settings, site))["settings.printer"] is Verdict.WARN
    missing = place.folder / "none" / "slips"
    site = place.site(f'{SIMULATED}[receipt]\nprinter = "{missing}"\n')
    assert (await verdicts(check_settings, site))["settings.printer"] is Verdict.WARN
    site = place.site(f'{SIMULATED}[receipt]\nprinter = "{place.folder}/slips"\n')
    assert (await verdicts(check_settings, site))["settings.printer"] is Verdict.PASS
    assert "settings.printer" not in await verdicts(check_settings, place.site())


async def test_a_printer_in_the_network_is_asked_for(place: MachineFolder) -> None:
    printer = TcpPrinter()
    site = place.site(f'{SIMULATED}[receipt]\nprinter = "{printer.address}"\n')
    assert (await verdicts(check_settings, site))["settings.printer"] is Verdict.PASS
    printer.close()
    assert (await verdicts(check_settings, site))["settings.printer"] is Verdict.WARN


def test_a_printer_that_may_not_be_written_fails(place: MachineFolder) -> None:
    printer = place.folder / "lp0"
    printer.write_text("")
    printer.chmod(0o400)
    lines = f'{SIMULATED}[receipt]\nprinter = "{printer}"\n'
    told = without_powers(place, "settings", more=lines)["settings.printer"]
    assert (told.verdict, bool(told.advice)) == (Verdict.FAIL, True)


async def test_a_player_of_sounds_is_looked_for_where_files_are_to_be_played(
    place: MachineFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = place.site(f'{SIMULATED}[ui]\nsound = "files"\n')
    monkeypatch.setenv("PATH", str(place.folder))
    assert (await verdicts(check_settings, site))["settings.sound"] is Verdict.WARN
    player = place.folder / "aplay"
    player.write_text("#!/bin/sh\n")
    player.chmod(0o755)
    assert (await verdicts(check_settings, site))["settings.sound"] is Verdict.PASS


def installed(place: MachineFolder) -> None:
    """Install what is in this checkout."""
    for source, target in INSTALLED.items():
        text = (ROOT / source).read_text()
        place.has(f"opt/taptill/current/{source}", text)
        place.has(target, text)
    place.links("etc/systemd/system/multi-user.target.wants/taptill.service", "../taptill.service")


def test_the_installer_copies_what_is_compared() -> None:
    assert TILL.files == INSTALLED


async def test_an_installation_as_released_passes_with_its_drop_ins_named(
    place: MachineFolder,
) -> None:
    installed(place)
    place.has(UNIT_DROP_IN, "[Service]\nReadWritePaths=-/media/stick\n")
    told = await diagnosed(check_installation, place.site())
    assert {one.verdict for one in told.values()} == {Verdict.PASS}
    assert told["installation.unit"].words == f"as released, with /{UNIT_DROP_IN}"


async def test_the_line_of_a_reader_that_a_site_switches_on_is_no_difference(
    place: MachineFolder,
) -> None:
    installed(place)
    rules = "etc/udev/rules.d/70-taptill-readers.rules"
    text = (place.folder / "root" / rules).read_text()
    place.has(rules, text.replace('#ATTRS{idVendor}=="10c4"', 'ATTRS{idVendor}=="10c4"'))
    told = (await diagnosed(check_installation, place.site()))["installation.rules"]
    assert (told.verdict, told.words) == (
        Verdict.PASS,
        "as released, with 1 line of this site",
    )
    place.has(rules, text.replace("09d8", "09d9"))
    assert (await verdicts(check_installation, place.site()))["installation.rules"] is Verdict.WARN


async def test_the_rules_that_the_set_up_has_written_are_named(place: MachineFolder) -> None:
    installed(place)
    place.has(str(SITE_RULES).lstrip("/"), 'ENV{TAPTILL_READER}="site"\n')
    told = (await diagnosed(check_installation, place.site()))["installation.rules"]
    assert (told.verdict, f"{SITE_RULES}" in told.words) == (Verdict.PASS, True)


async def test_what_is_old_or_missing_or_not_enabled_is_told(place: MachineFolder) -> None:
    installed(place)
    place.has("etc/systemd/system/taptill.service", "[Service]\nExecStart=/usr/bin/old\n")
    (place.folder / "root/etc/udev/rules.d/70-taptill-readers.rules").unlink()
    (place.folder / "root/etc/systemd/system/multi-user.target.wants/taptill.service").unlink()
    told = await verdicts(check_installation, place.site())
    assert (told["installation.unit"], told["installation.rules"]) == (Verdict.WARN, Verdict.FAIL)
    assert told["installation.start"] is Verdict.WARN


def test_a_file_that_this_account_may_not_see_is_not_told_to_be_missing(
    place: MachineFolder,
) -> None:
    """As Debian ships it, polkitd alone may look into the folder of polkit's rules."""
    installed(place)
    (place.folder / "root/etc/polkit-1/rules.d").chmod(0)
    told = without_powers(place, "installation")["installation.polkit-rules"]
    assert told.verdict is Verdict.SKIP
    assert told.advice.startswith("sudo ")


async def test_without_a_release_nothing_is_compared(place: MachineFolder) -> None:
    (told,) = await check_installation(place.site())
    assert (told.verdict, told.words.startswith("not compared: ")) == (Verdict.SKIP, True)


async def test_a_till_that_never_broke_passes_and_its_starts_are_told(place: MachineFolder) -> None:
    assert await verdicts(check_runs, place.site()) == {
        "runs.ends": Verdict.SKIP,
        "runs.crashes": Verdict.PASS,
    }
    runs = Runs(place.folder / "state")
    runs.begin()
    runs.begin()
    told = (await diagnosed(check_runs, place.site()))["runs.ends"]
    assert told.words == "starts: 2, killed or broken: 1"


async def test_a_crash_file_is_a_warning_until_somebody_deletes_it(place: MachineFolder) -> None:
    state = place.folder / "state"
    path = write_crash(state, KeyError("Ada Canary"), {"at": "then", "version": "0.1.0"})
    assert path is not None
    assert (await verdicts(check_runs, place.site()))["runs.crashes"] is Verdict.PASS  # no place
    path.write_text(path.read_text("utf-8").replace('"frames": []', '"frames": ["till.py:1 run"]'))
    told = (await diagnosed(check_runs, place.site()))["runs.crashes"]
    assert told.verdict is Verdict.WARN
    assert "KeyError at till.py:1 run" in told.words
    assert "Canary" not in told.words
    path.unlink()
    assert (await verdicts(check_runs, place.site()))["runs.crashes"] is Verdict.PASS


async def test_versions_of_a_known_system_pass(place: MachineFolder) -> None:
    place.has("etc/os-release", BOOKWORM)
    place.has("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    told = await diagnosed(check_versions, place.site())
    assert {one.verdict for one in told.values()} == {Verdict.PASS}
    assert told["versions.board"].words == "Raspberry Pi 4 Model B Rev 1.5"
    assert told["versions.system"].words == "Raspbian 12"
    assert platform.python_version() in told["versions.python"].words


@pytest.mark.parametrize("words", ["", "ID=arch\n", 'ID=debian\nVERSION_ID="11"\n'])
async def test_a_system_that_was_never_tried_is_told(place: MachineFolder, words: str) -> None:
    place.has("etc/os-release", words)
    assert (await verdicts(check_versions, place.site()))["versions.system"] is Verdict.WARN


@pytest.mark.parametrize(
    ("release", "verdict"),
    [
        (__version__, Verdict.PASS),
        (f"{__version__}-bbbbbbbb", Verdict.PASS),
        ("0.0.9", Verdict.WARN),
        ("gone", Verdict.FAIL),
    ],
)
async def test_this_program_is_compared_with_the_release_that_runs(
    place: MachineFolder, release: str, verdict: Verdict
) -> None:
    if release != "gone":
        place.has(f"opt/taptill/releases/{release}/whole")
    place.links("opt/taptill/current", f"releases/{release}")
    assert (await verdicts(check_versions, place.site()))["versions.taptill"] is verdict


def mirrored(target: Path) -> str:
    return f'{SIMULATED}[journal]\nmirror = "{target}"\n'


async def test_a_mirror_on_a_stick_passes(place: MachineFolder, stick: Path) -> None:
    site = place.site(mirrored(stick / "till.jsonl"))
    assert (await verdicts(check_journal, site))["journal.mirror"] is Verdict.PASS


async def test_a_stick_that_the_unit_does_not_open_is_told(
    place: MachineFolder, stick: Path
) -> None:
    installed(place)
    site = place.site(mirrored(stick / "till.jsonl"))
    told = (await diagnosed(check_journal, site))["journal.mirror"]
    assert (told.verdict, f"ReadWritePaths=-{stick}" in told.advice) == (Verdict.WARN, True)
    place.has(UNIT_DROP_IN, f"[Service]\nReadWritePaths=-{stick}\n")
    assert (await verdicts(check_journal, site))["journal.mirror"] is Verdict.PASS


async def test_a_stick_that_is_not_in_is_told(place: MachineFolder) -> None:
    site = place.site(mirrored(place.folder / "media/stick/till.jsonl"))
    assert (await verdicts(check_journal, site))["journal.mirror"] is Verdict.WARN


async def test_a_mirror_on_the_journals_own_disk_fails(place: MachineFolder) -> None:
    site = place.site(mirrored(place.folder / "till.jsonl"))
    assert (await verdicts(check_journal, site))["journal.mirror"] is Verdict.FAIL


@pytest.fixture
def closed_stick(stick: Path) -> Path:
    stick.chmod(0o500)
    return stick


def test_a_stick_that_this_account_may_not_write_fails(
    place: MachineFolder, closed_stick: Path
) -> None:
    lines = mirrored(closed_stick / "till.jsonl")
    told = without_powers(place, "journal", more=lines)["journal.mirror"]
    assert (told.verdict, bool(told.advice)) == (Verdict.FAIL, True)
