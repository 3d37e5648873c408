"""A disk that takes nothing, or does not answer, in `taptill doctor` and `taptill support`."""

import asyncio
import errno
import json
import os
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest
from tests.install.machine import SIMULATED, MachineFolder, without_powers
from tests.install.support.test_bundle import Canaries, cached, journaled, unpacked
from tests.project.sources import ROOT
from tests.scenarios import disks

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import JournalDiskError
from taptill.install.checks.machine.disk import try_syncs, unwritable_diagnosis
from taptill.install.checks.site import CheckedSite
from taptill.install.doctor import look
from taptill.install.support.bundle import text_of

NOTHING_MORE = ["sh", "-ec", 'ulimit -f 0; exec "$@"', "sh"]
"""Every file is too large from now on; what a full disk does, for any account."""

SMALL = 'mount -t tmpfs -o size=64k,mode=700 tmpfs "$0"; '
FILLED = SMALL + 'cat /dev/zero >"$0/filler" || :; exec "$@"'


def taptill(place: MachineFolder, *words: str) -> list[str]:
    place.site()
    places = ["--config", str(place.folder / "config.toml")]
    places += ["--state-dir", str(place.folder / "state")]
    return [sys.executable, "-m", "taptill", words[0], *places, *words[1:]]


def ran(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)


@pytest.mark.slow
def test_a_disk_that_takes_nothing_fails_and_the_rest_is_looked_at(place: MachineFolder) -> None:
    words = taptill(place, "doctor", "--only", "disk", "--only", "machine", "--json")
    result = ran([*NOTHING_MORE, *words])
    assert (result.returncode, result.stderr) == (1, "")
    told = {one["name"]: one for one in map(json.loads, result.stdout.splitlines())}
    assert told["disk.sync"]["verdict"] == Verdict.FAIL
    assert "takes nothing: " in told["disk.sync"]["words"]
    assert {"disk.room", "machine.id"} <= set(told)


@pytest.mark.slow
def test_a_full_disk_fails_with_what_makes_room_and_a_bundle_is_written(
    place: MachineFolder,
) -> None:
    disks.need("FULL DISK")
    state = place.folder / "state"
    result = ran(disks.on(FILLED, state, taptill(place, "doctor", "--only", "disk")))
    assert (result.returncode, "No space left on device" in result.stdout) == (1, True)
    assert "make room" in result.stdout
    bundle = place.folder / "bundle.tar.gz"
    result = ran(disks.on(FILLED, state, taptill(place, "support", str(bundle))))
    assert result.returncode == 0, result.stderr
    with tarfile.open(bundle) as archive:
        assert "taptill-support/doctor.jsonl" in archive.getnames()


def test_a_folder_that_this_account_may_not_write_is_a_warning(place: MachineFolder) -> None:
    (place.folder / "state").chmod(0o500)
    told = without_powers(place, "disk")["disk.sync"]
    assert (told.verdict, "cannot be written by this account" in told.words) == (Verdict.WARN, True)
    assert "sudo -u " in told.advice


def test_a_folder_that_only_the_tills_start_can_make_is_skipped(place: MachineFolder) -> None:
    (place.folder / "state").rmdir()
    place.site()
    place.folder.chmod(0o500)
    told = without_powers(place, "disk")["disk.sync"]
    place.folder.chmod(0o700)
    assert (told.verdict, "not tried" in told.words) == (Verdict.SKIP, True)


KEPT_AND_FILLED = (
    'mount -t tmpfs -o size=4m,mode=700 tmpfs "$0"; cp -a "$0.kept/." "$0/"; '
    'cat /dev/zero >"$0/filler" || :; exec "$@"'
)


@pytest.mark.slow
def test_names_that_are_known_on_a_full_disk_are_left_out_of_the_bundle(
    place: MachineFolder,
) -> None:
    """SQLite cannot make what it wants beside a cache then; a good is called like a customer."""
    disks.need("FULL DISK")
    canary = Canaries()
    cached(place, canary)
    journaled(place, canary)
    state, bundle = place.folder / "state", place.folder / "bundle.tar.gz"
    state.rename(place.folder / "state.kept")
    state.mkdir(mode=0o700)
    names = [name for name, put in canary.places.items() if put in {"company", "journal's staff"}]
    goods = "".join(f'[[goods]]\nname = "{name}"\nprice = "1.00"\n' for name in names)
    words = taptill(place, "support", str(bundle))
    place.site(SIMULATED + goods)
    result = ran(disks.on(KEPT_AND_FILLED, state, words))
    assert result.returncode == 0, result.stderr
    texts = unpacked(bundle.read_bytes())
    assert texts["config.toml"].count('name = "[removed]"') == len(names)
    assert {name: canary.found_in(text.encode()) for name, text in texts.items()} == {
        name: [] for name in texts
    }


def test_a_file_of_the_bundle_that_cannot_be_gathered_says_why(place: MachineFolder) -> None:
    def dying(site: CheckedSite) -> str:
        raise OSError(errno.EIO, f"{os.strerror(errno.EIO)} of {site.root.name}")

    told = text_of("log.txt", place.site(), {"log.txt": dying})
    assert told == "could not be gathered: Input/output error of root"


async def test_a_disk_that_does_not_end_a_sync_is_dying(place: MachineFolder) -> None:
    released = threading.Event()

    def measure(folder: Path) -> list[float]:
        assert folder.is_dir()
        released.wait(10)
        return [0.0]

    told = await try_syncs(place.folder, measure, limit_s=0.1)
    released.set()
    assert (told.name, told.verdict) == ("disk.sync", Verdict.FAIL)
    assert "the disk is dying" in told.advice


FAULTS = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "share of the disk",
    errno.EROFS: "read-only",
    errno.EIO: "the disk is dying",
    0: "the disk is dying",
}


@pytest.mark.parametrize("number", FAULTS)
def test_each_error_of_the_disk_says_what_mends_it(number: int) -> None:
    fault = OSError(number, os.strerror(number)) if number else OSError()
    told = unwritable_diagnosis(Path("/var/lib/taptill"), fault)
    assert (told.verdict, FAULTS[number] in told.advice) == (Verdict.FAIL, True)


async def dying(site: CheckedSite) -> list[Diagnosis]:
    del site
    raise OSError(errno.EIO, os.strerror(errno.EIO))


async def dying_journal(site: CheckedSite) -> list[Diagnosis]:
    raise JournalDiskError(path=site.state, detail="the disk fails")


async def silent(site: CheckedSite) -> list[Diagnosis]:
    del site
    raise TimeoutError


async def hanging(site: CheckedSite) -> list[Diagnosis]:
    del site
    await asyncio.Event().wait()
    return []


CANNOT_LOOK = {
    "a dying disk": (dying, "disk.looked-at", "could not be looked at: Input/output error"),
    "a journal on it": (dying_journal, "disk.looked-at", "the disk fails"),
    "no answer of a part": (silent, "disk.looked-at", "no answer in time"),
    "no end": (hanging, "disk.time", "it took more than 0 s"),
}


@pytest.mark.parametrize(("check", "name", "words"), CANNOT_LOOK.values(), ids=CANNOT_LOOK)
async def test_a_check_that_cannot_look_is_a_failure_with_the_reason(
    place: MachineFolder, check: object, name: str, words: str
) -> None:
    (told,) = await look("disk", check, place.site(), limit_s=0.05)  # type: ignore[arg-type]
    assert (told.name, told.verdict, bool(told.advice)) == (name, Verdict.FAIL, True)
    assert words in told.words
