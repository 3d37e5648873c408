"""The disk of the journal: its room, how long a sync takes, and whether it keeps anything."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite

SYNCS = 20
SLOW_SYNC_S = 0.1
"""A sale waits for one sync: slower than this at p95 is felt at the counter."""

VOLATILE = frozenset({"overlay", "overlayfs", "aufs", "tmpfs", "ramfs"})
"""File systems of a read-only root or of memory: what is written is gone at the next start."""

_AMPLE = 10


async def check_disk(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the folder of the journal. The sync is tried with a file of its own."""
    folder = _existing(site.state)
    free_mb = shutil.disk_usage(folder).free // 10**6
    found = [_kept(site, folder), room_diagnosis(free_mb, site.config.journal.min_free_mb)]
    if not os.access(folder, os.W_OK):
        words = f"{folder} cannot be written by this account"
        advice = "run this as the till's account: sudo -u taptill taptill doctor"
        return [*found, Diagnosis("disk.sync", Verdict.WARN, words, advice)]
    times = await asyncio.to_thread(_sync_times, folder)
    return [*found, sync_diagnosis(times)]


def _existing(folder: Path) -> Path:
    """Return the folder, or the one above it that is there."""
    return folder if folder.is_dir() else _existing(folder.parent)


def _kept(site: CheckedSite, folder: Path) -> Diagnosis:
    kind = _kind_of_file_system(site, folder.resolve())
    if kind in VOLATILE:
        words = f"{folder} is on {kind}: sales would be gone at the next start"
        advice = "put the state directory on a disk of its own: docs/technician.md, Install"
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


def sync_diagnosis(times_s: Sequence[float]) -> Diagnosis:
    """Return the diagnosis of a disk on which syncs took so long."""
    times = sorted(times_s)
    p95_s = times[len(times) * 95 // 100]
    words = f"a sync takes {times[len(times) // 2] * 1000:.1f} ms, p95 {p95_s * 1000:.1f} ms"
    if p95_s > SLOW_SYNC_S:
        advice = "a sale waits for one: a better SD card, or a USB disk"
        return Diagnosis("disk.sync", Verdict.WARN, words, advice)
    return Diagnosis("disk.sync", Verdict.PASS, words)
