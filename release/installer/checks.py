"""What is looked at before anything is touched: what would fail, or lose money."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from .parts import TILL, Part
from .target import ARCHIVE, NOT_NOW, USAGE, RefusedError, Target, tell

DEBIAN_MIN = 12
FREE_MB = 200
VOLATILE = {"overlay", "overlayfs", "aufs", "tmpfs", "ramfs"}
"""As `taptill doctor` has them: file systems of a read-only root or of memory."""


def check(target: Target, parts: Sequence[Part], journal_format: int) -> None:
    """Raise RefusedError for the first thing that would make this fail or lose something."""
    steps: list[tuple[str, Callable[[], None]]] = [
        ("archive whole", check_sums),
        ("Python", check_python),
        ("Debian", lambda: check_debian(target)),
        ("room", lambda: check_room(target)),
        ("program's disk", lambda: check_program_disk(target)),
    ]
    if TILL in parts:
        steps.append(("journal's disk", lambda: check_kept(target, target.state, "sales")))
        steps.append(("journal's format", lambda: check_format(target, journal_format)))
    if [part for part in parts if part is not TILL]:
        place = target.service_state
        steps.append(("database's disk", lambda: check_kept(target, place, "customers")))
    for name, step in steps:
        step()
        tell(name)


def require_root(target: Target) -> None:
    """Refuse an account that may not write the system's folders."""
    if target.root == Path("/") and os.geteuid() != 0:
        raise RefusedError("run it as root: sudo ./install.sh", USAGE)


def check_sums() -> None:
    """Compare every file of the archive with its hash."""
    for line in (ARCHIVE / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        path = ARCHIVE / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise RefusedError(f"{name} is not as it was packed: unpack the archive again")


def check_python() -> None:
    """Refuse a Python that cannot make environments; `install.sh` has looked at its version."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - a part of Python that Debian packs by itself
    except ImportError:
        raise RefusedError("python3-venv is missing: sudo apt install python3-venv") from None


def check_debian(target: Target) -> None:
    """Refuse a Debian that is older than those that were tried."""
    path = target.root / "etc/os-release"
    text = path.read_text() if path.is_file() else ""
    facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    version = facts.get("VERSION_ID", "").strip('"').partition(".")[0]
    likes = f"{facts.get('ID', '')} {facts.get('ID_LIKE', '')}".replace('"', "").split()
    if "debian" in likes and version.isdecimal() and int(version) < DEBIAN_MIN:
        raise RefusedError(
            f"Debian {version} is too old: 12 or 13, or Raspberry Pi OS of the same name"
        )


def check_room(target: Target) -> None:
    """Refuse where a release has no room."""
    free_mb = shutil.disk_usage(target.root).free // 10**6
    if free_mb < FREE_MB:
        raise RefusedError(f"only {free_mb} MB are free on {target.root}, {FREE_MB} are needed")


def check_program_disk(target: Target) -> None:
    """Refuse a root that forgets what is written: the installation would be gone after a boot."""
    kind = file_system(target, target.home)
    if target.is_live and kind in VOLATILE:
        words = f"{target.home} is on {kind}: an installation would be gone at the next start."
        advice = "Switch the read-only root off, install, and switch it on again"
        raise RefusedError(f"{words} {advice} (docs/appliance.md)")


def check_kept(target: Target, folder: Path, what: str) -> None:
    """Refuse a state directory on a volatile file system: what is in it would be gone."""
    kind = file_system(target, folder)
    if target.is_live and kind in VOLATILE:
        words = f"{folder} is on {kind}: {what} would be gone at the next start."
        raise RefusedError(f"{words} Put it on a disk of its own (docs/appliance.md)")


def file_system(target: Target, folder: Path) -> str:
    """Return the kind of the file system that a folder is on, from the kernel's list of mounts."""
    best, kind = "", ""
    mounts = target.root / "proc/mounts"
    for line in mounts.read_text().splitlines() if mounts.is_file() else []:
        _, place, its_kind, *_ = line.split(" ")
        is_above = place == "/" or f"{folder}/".startswith(f"{place}/")
        if is_above and len(place) >= len(best):
            best, kind = place, its_kind
    return kind


def check_format(target: Target, known: int) -> None:
    """Refuse a release that is older than the journal: it could not read it."""
    journal = target.state / "journal.db"
    if not journal.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as file:
            (number,) = file.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as fault:
        words = f"{journal} cannot be read: {fault}"
        raise RefusedError(f"{words}: copy it, then taptill journal verify", NOT_NOW) from fault
    if number > known:
        words = f"the journal has format {number}, this release knows up to {known}"
        raise RefusedError(f"{words}: install a newer release", NOT_NOW)
