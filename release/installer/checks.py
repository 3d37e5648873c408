"""What is looked at before anything is touched: what would fail, or lose money."""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from .parts import TILL, Part
from .target import ARCHIVE, NOT_NOW, USAGE, RefusedError, Target, tell, unit_property

DEBIAN_MIN = 12
FREE_MB = 200
VOLATILE = {"overlay", "overlayfs", "aufs", "tmpfs", "ramfs"}
"""As `taptill doctor` has them: file systems of a read-only root or of memory."""

HOLDER_MAX = 200
"""So many characters of a lock file are shown."""


def check(target: Target, parts: Sequence[Part], journal_format: int) -> None:
    """Raise RefusedError for the first thing that would make this fail or lose something."""
    steps: list[tuple[str, Callable[[], None]]] = [
        ("archive whole", check_sums),
        ("Python", lambda: check_python(target)),
        ("Debian", lambda: check_debian(target)),
        ("room", lambda: check_room(target)),
        ("program's disk", lambda: check_program_disk(target)),
    ]
    if TILL in parts:
        steps.append(("journal's disk", lambda: check_kept(target, target.state, "sales")))
        steps.append(("journal's format", lambda: check_format(target, journal_format)))
        steps.append(("no second till", lambda: check_second_till(target)))
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


def check_python(target: Target) -> None:
    """Refuse a Python that cannot make environments, or that the till's account cannot reach.

    `install.sh` has looked at its version.
    """
    try:
        import ensurepip  # noqa: F401, PLC0415 - a part of Python that Debian packs by itself
    except ImportError:
        raise RefusedError("python3-venv is missing: sudo apt install python3-venv") from None
    if target.is_live and is_of_somebody(Path(sys.base_prefix)):
        words = f"python3 is in {sys.base_prefix}, which the till's account cannot reach"
        raise RefusedError(f"{words}: sudo env PATH=/usr/sbin:/usr/bin:/sbin:/bin ./install.sh")


def is_of_somebody(folder: Path) -> bool:
    """Return whether a folder is below a person's own, which the units do not see."""
    return any(folder.is_relative_to(home) for home in ("/root", "/home", "/run/user"))


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
    """Refuse where a release has no room on the disk that it will be on."""
    place = next(folder for folder in (target.home, *target.home.parents) if folder.is_dir())
    free_mb = shutil.disk_usage(place).free // 10**6
    if free_mb < FREE_MB:
        raise RefusedError(f"only {free_mb} MB are free on {place}, {FREE_MB} are needed")


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


def check_second_till(target: Target) -> None:
    """Refuse while a till that is not the unit's has the journal: the unit's would not start."""
    holder = holder_of(target.state / "journal.db.lock")
    unit = f"process {unit_property(TILL.unit, 'MainPID')}," if target.is_live else ""
    if holder and not (unit and holder.startswith(unit)):
        words = f"a till that was started by hand, or a command, has the journal ({holder})"
        raise RefusedError(f"{words}: leave it by ctrl+q, twice, or let it end", NOT_NOW)


def holder_of(lock: Path) -> str:
    """Return who holds a journal's lock file, in its own words; "" where nobody does.

    The till's account wrote them, and root's terminal shows them: long ones are cut, and what
    cannot be printed is `?`.
    """
    try:
        # The till's account owns the folder: no link and no pipe of its making is followed.
        number = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with os.fdopen(number, errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            words = file.readline(HOLDER_MAX).strip()
            shown = (letter if letter.isprintable() else "?" for letter in words)
            return "".join(shown) or "another process"
    return ""


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
