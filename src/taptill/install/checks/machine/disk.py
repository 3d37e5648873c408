"""The disk of the journal: room, time of a sync, wear, and whether it keeps anything."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.technical.command_line import command_line
from taptill.domain.technical.counting import many
from taptill.install.checks.bounded import bounded
from taptill.install.checks.site import CheckedSite

SYNCS = 20
SLOW_SYNC_S = 0.1
"""A sale waits for one sync: slower than this at p95 is felt at the counter."""

VOLATILE = frozenset({"overlay", "overlayfs", "aufs", "tmpfs", "ramfs"})
"""File systems of a read-only root or of memory: what is written is gone at the next start."""

SYNC_S_MAX = 30.0
_AMPLE = 10
_DYING = "the disk is dying: stop the till, copy the state directory to a new card, start it there"
_MENDS: Mapping[int, str] = {
    errno.ENOSPC: "make room on the journal's disk: df -h; sudo journalctl --vacuum-size=32M",
    errno.EDQUOT: "the till's account has used up its share of the disk: quota",
    errno.EROFS: "the disk is mounted read-only: journalctl -k says why; check it, mount it anew",
}
"""What to do about an error of the disk; for any other the disk is taken to be dying."""

WORN, WORN_OUT = 9, 11
"""Tenths of its life that a medium says it has used: nearly all of it, and more than all."""

_PRE_EOL = {2: Verdict.WARN, 3: Verdict.FAIL}
"""Spare blocks of a medium: 80 % used, 90 % used (JEDEC JESD84-B51, 7.4.40)."""


async def check_disk(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the folder of the journal. The sync is tried with a file of its own."""
    folder = _existing(site.state)
    free_mb = shutil.disk_usage(folder).free // 10**6
    found = [_kept(site, folder), room_diagnosis(free_mb, site.config.journal.min_free_mb)]
    found += [*_wear(site), *_file_system_errors(site)]
    if folder != site.state and not os.access(folder, os.W_OK):
        words = f"not tried: the till's first start makes {site.state}"
        return [*found, Diagnosis("disk.sync", Verdict.SKIP, words)]
    if not os.access(folder, os.W_OK):
        words = f"{folder} cannot be written by this account"
        again = command_line("sudo", "-u", site.account, "taptill", "doctor")
        advice = f"run this as the till's account: {again}"
        return [*found, Diagnosis("disk.sync", Verdict.WARN, words, advice)]
    return [*found, await try_syncs(folder)]


async def try_syncs(
    folder: Path,
    measure: Callable[[Path], Sequence[float]] | None = None,
    limit_s: float = SYNC_S_MAX,
) -> Diagnosis:
    """Return the diagnosis of the time that syncs of a file in a folder take."""
    measured = measure or _sync_times
    try:
        return sync_diagnosis(await bounded(lambda: measured(folder), limit_s))
    except TimeoutError:
        words = f"{SYNCS} syncs took more than {limit_s:.0f} s"
        return Diagnosis("disk.sync", Verdict.FAIL, words, _DYING)
    except OSError as fault:
        return unwritable_diagnosis(folder, fault)


def _existing(folder: Path) -> Path:
    """Return the folder, or the one above it that is there."""
    return folder if folder.is_dir() else _existing(folder.parent)


def _kept(site: CheckedSite, folder: Path) -> Diagnosis:
    kind = _kind_of_file_system(site, folder.resolve())
    if kind in VOLATILE:
        words = f"{folder} is on {kind}: sales would be gone at the next start"
        advice = "put the state directory on a disk of its own: docs/appliance.md"
        return Diagnosis("disk.kept", Verdict.FAIL, words, advice)
    return Diagnosis("disk.kept", Verdict.PASS, f"{folder} is on {kind or 'a disk'}")


def _kind_of_file_system(site: CheckedSite, folder: Path) -> str:
    """Return the kind of the file system that a folder is on, from the kernel's list of mounts."""
    best, kind = "", ""
    for line in site.machine_file("/proc/mounts").splitlines():
        _, place, its_kind, *_ = [*line.split(" "), "", "", ""]
        place = place.replace("\\040", " ")
        is_above = folder == Path(place) or Path(place) in folder.parents
        if is_above and len(place) >= len(best):
            best, kind = place, its_kind
    return kind


def room_diagnosis(free_mb: int, least_mb: int) -> Diagnosis:
    """Return the diagnosis of so much free room, where a till needs at least so much."""
    words = f"{free_mb} MB free"
    if free_mb < least_mb:
        words += f", the till sells nothing with less than {least_mb}"
        return Diagnosis("disk.room", Verdict.FAIL, words, "make room on the journal's disk")
    if free_mb < _AMPLE * least_mb:
        advice = "a busy till writes some 100 MB a year: make room in time"
        return Diagnosis("disk.room", Verdict.WARN, words, advice)
    return Diagnosis("disk.room", Verdict.PASS, words)


def _wear(site: CheckedSite) -> list[Diagnosis]:
    """Return what eMMC chips say of their wear; SD cards say nothing (JESD84-B51, 7.4.41)."""
    found = []
    for block in sorted(site.machine_path("/sys/block").glob("mmcblk*")):
        device = f"/sys/block/{block.name}/device"
        tenths = [_hex(word) for word in site.machine_file(f"{device}/life_time").split()]
        if any(tenths):
            eol = _hex(site.machine_file(f"{device}/pre_eol_info"))
            found.append(wear_diagnosis(block.name, max(tenths), eol))
    return found


def wear_diagnosis(block: str, tenths: int, pre_eol: int) -> Diagnosis:
    """Return the diagnosis of a medium that has used so many tenths of its life."""
    name = f"disk.wear-{block}"
    if tenths >= WORN_OUT:
        words = f"{block} has outlived what it was made for"
        return Diagnosis(name, Verdict.FAIL, words, "replace it: docs/technician.md")
    words = f"{block} has used about {10 * tenths} % of its life"
    verdict = _PRE_EOL.get(pre_eol, Verdict.WARN if tenths >= WORN else Verdict.PASS)
    advice = "" if verdict is Verdict.PASS else "replace it soon, and copy the journal before"
    return Diagnosis(name, verdict, words, advice)


def _file_system_errors(site: CheckedSite) -> list[Diagnosis]:
    """Return how many errors ext4 has counted on its file systems; others count none."""
    found = []
    for file in sorted(site.machine_path("/sys/fs/ext4").glob("*/errors_count")):
        block = file.parent.name
        count = site.machine_file(f"/sys/fs/ext4/{block}/errors_count")
        if count.isdecimal():
            words = f"{block}: its file system has {many(int(count), 'error')} on record"
            is_whole = not int(count)
            verdict = Verdict.PASS if is_whole else Verdict.WARN
            advice = "" if is_whole else f"sudo touch /forcefsck; journalctl -k | grep {block}"
            found.append(Diagnosis(f"disk.errors-{block}", verdict, words, advice))
    return found


def _hex(text: str) -> int:
    """Return a number that the kernel writes as 0x0a; 0 where it is none."""
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _sync_times(folder: Path) -> list[float]:
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            begin_s = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begin_s)
    return times


def unwritable_diagnosis(folder: Path, fault: OSError) -> Diagnosis:
    """Return the diagnosis of a disk that did not take what was written to try it."""
    words = f"{folder} takes nothing: {fault.strerror or type(fault).__name__}"
    return Diagnosis("disk.sync", Verdict.FAIL, words, _MENDS.get(fault.errno or 0, _DYING))


def sync_diagnosis(times_s: Sequence[float]) -> Diagnosis:
    """Return the diagnosis of a disk on which syncs took so long."""
    times = sorted(times_s)
    p95_s = times[len(times) * 95 // 100]
    words = f"a sync takes {times[len(times) // 2] * 1000:.1f} ms, p95 {p95_s * 1000:.1f} ms"
    if p95_s > SLOW_SYNC_S:
        advice = "a sale waits for one: a better SD card, or a USB disk"
        return Diagnosis("disk.sync", Verdict.WARN, words, advice)
    return Diagnosis("disk.sync", Verdict.PASS, words)
