"""Installs a release of taptill on a Debian machine, without the network.

Nothing of what runs is touched before the new release stands beside it and takes the site's config:
then a link is switched and the till restarted. If it does not come up, the link goes back.
"""

import argparse
import difflib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON_MIN = (3, 11)
DEBIAN_MIN = 12
FREE_MB = 200
KEPT_RELEASES = 2
UNIT = "taptill.service"
VOLATILE = {"overlay", "overlayfs", "aufs", "tmpfs", "ramfs"}
"""As `taptill doctor` has them: file systems of a read-only root or of memory."""
USAGE, UNAVAILABLE, SOFTWARE, NOT_NOW = 64, 69, 70, 75

FILES = {
    "systemd/taptill.service": "etc/systemd/system/taptill.service",
    "systemd/taptill-console.service": "etc/systemd/system/taptill-console.service",
    "systemd/taptill.sysusers": "usr/lib/sysusers.d/taptill.conf",
    "systemd/taptill-journald.conf": "etc/systemd/journald.conf.d/90-taptill.conf",
    "udev/70-taptill-readers.rules": "etc/udev/rules.d/70-taptill-readers.rules",
}
"""What is copied to where; a site's own changes belong into drop-ins beside these files."""

SITES = {"systemd/taptill-console.default": "etc/default/taptill-console"}
"""What is copied once and then belongs to the site."""


class RefusedError(Exception):
    """What keeps the installation from going on, in words for whoever runs it."""

    def __init__(self, words: str, status: int = UNAVAILABLE) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Target:
    """A machine, or a folder that will be one: `root` is `/`, or the root of an image."""

    root: Path

    @property
    def is_live(self) -> bool:
        """Whether this is the machine that runs, whose services can be started."""
        return self.root == Path("/")

    @property
    def home(self) -> Path:
        """The folder of all releases."""
        return self.root / "opt/taptill"

    @property
    def current(self) -> Path:
        """The link to the release that runs."""
        return self.home / "current"

    @property
    def state(self) -> Path:
        """The folder of journal and cache."""
        return self.root / "var/lib/taptill"

    @property
    def config(self) -> Path:
        """The site's config."""
        return self.root / "etc/taptill/config.toml"

    @property
    def running(self) -> Path | None:
        """The release that the link names; None where there is none."""
        return self.current.resolve() if self.current.is_symlink() else None


def main() -> int:
    """Do what the command line asks, and return the exit status."""
    options = _options()
    target = Target(options.root.resolve())
    try:
        if options.uninstall:
            uninstall(target, purge=options.purge)
        else:
            install(target, only_check=options.check)
    except RefusedError as refusal:
        print(f"install: {refusal}", file=sys.stderr)
        return refusal.status
    except subprocess.CalledProcessError as fault:
        print(f"install: {' '.join(map(str, fault.cmd))} failed", file=sys.stderr)
        return SOFTWARE
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./install.sh", description=__doc__)
    parser.add_argument("--check", action="store_true", help="look at everything, change nothing")
    parser.add_argument("--uninstall", action="store_true", help="remove taptill; keep the journal")
    parser.add_argument(
        "--purge", action="store_true", help="with --uninstall: config, journal too"
    )
    parser.add_argument("--root", type=Path, default=Path("/"), help="install into this image")
    return parser.parse_args()


def install(target: Target, *, only_check: bool) -> None:
    """Install the release that this file lies in."""
    about = json.loads((HERE / "release.json").read_text())
    check(target, about)
    if only_check:
        print("nothing was changed: everything that an installation needs is there")
        return
    release = make_release(target, about["version"])
    first_time = not target.config.exists()
    if target.is_live and not first_time:
        look(target, release)
    before = target.running
    copy_files(target, release)
    settle_config(target)
    switch(target, release)
    if target.is_live and not first_time:
        start(target, before)
    remove_old(target)
    say_next(target, about["version"], first_time=first_time)


def check(target: Target, about: dict[str, object]) -> None:
    """Raise RefusedError for the first thing that would make this fail or lose something."""
    if target.is_live and os.geteuid() != 0:
        raise RefusedError("run it as root: sudo ./install.sh", USAGE)
    steps: Sequence[tuple[str, Callable[[], None]]] = (
        ("archive whole", check_sums),
        ("Python", check_python),
        ("Debian", lambda: check_debian(target)),
        ("room", lambda: check_room(target)),
        ("journal's disk", lambda: check_disk(target)),
        ("journal's format", lambda: check_format(target, int(str(about["journal_format"])))),
    )
    for name, step in steps:
        step()
        print(f"ok  {name}")


def check_sums() -> None:
    """Compare every file of the archive with its hash."""
    for line in (HERE / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        path = HERE / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise RefusedError(f"{name} is not as it was packed: unpack the archive again")


def check_python() -> None:
    """Refuse a Python that is too old, or one that cannot make environments."""
    if sys.version_info < PYTHON_MIN:
        raise RefusedError("taptill needs Python 3.11 or newer: Debian 12 has it")
    try:
        import ensurepip  # noqa: F401, PLC0415 - a part of Python that Debian packs by itself
    except ImportError:
        raise RefusedError("python3-venv is missing: sudo apt install python3-venv") from None


def check_debian(target: Target) -> None:
    """Refuse a Debian that is older than those that were tried."""
    text = (target.root / "etc/os-release").read_text() if _has_os_release(target) else ""
    facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    version = facts.get("VERSION_ID", "").strip('"').partition(".")[0]
    likes = f"{facts.get('ID', '')} {facts.get('ID_LIKE', '')}".replace('"', "").split()
    if "debian" in likes and version.isdecimal() and int(version) < DEBIAN_MIN:
        raise RefusedError(
            f"Debian {version} is too old: 12 or 13, or Raspberry Pi OS of the same name"
        )


def _has_os_release(target: Target) -> bool:
    return (target.root / "etc/os-release").is_file()


def check_room(target: Target) -> None:
    """Refuse where a release has no room."""
    free_mb = shutil.disk_usage(target.root).free // 10**6
    if free_mb < FREE_MB:
        raise RefusedError(f"only {free_mb} MB are free on {target.root}, {FREE_MB} are needed")


def check_disk(target: Target) -> None:
    """Refuse a state directory on a volatile file system: sales would be in memory only."""
    best, kind = "", ""
    mounts = target.root / "proc/mounts"
    for line in mounts.read_text().splitlines() if mounts.is_file() else []:
        _, place, its_kind, *_ = line.split(" ")
        is_above = place == "/" or f"{target.state}/".startswith(f"{place}/")
        if is_above and len(place) >= len(best):
            best, kind = place, its_kind
    if target.is_live and kind in VOLATILE:
        words = f"{target.state} is on {kind}: sales would be gone at the next start."
        raise RefusedError(f"{words} Put it on a disk of its own")


def check_format(target: Target, known: int) -> None:
    """Refuse a release that is older than the journal: it could not read it."""
    journal = target.state / "journal.db"
    if not journal.is_file():
        return
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as file:
        (number,) = file.execute("PRAGMA user_version").fetchone()
    if number > known:
        words = f"the journal has format {number}, this release knows up to {known}"
        raise RefusedError(f"{words}: install a newer release", NOT_NOW)


def copy_files(target: Target, release: Path) -> None:
    """Copy a release's unit, rules and drop-ins to their places, and make the account."""
    for source, place in (FILES | SITES).items():
        copy = target.root / place
        if source in SITES and copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release / source, copy)
        copy.chmod(0o644)
    root = [] if target.is_live else [f"--root={target.root}"]
    run("systemd-sysusers", *root, "taptill.conf")
    if target.is_live:
        run("udevadm", "control", "--reload")
        run("systemctl", "daemon-reload")
    print("ok  account, unit, rules, log settings")


def make_release(target: Target, version: str) -> Path:
    """Make the environment of this release, whole or not at all, and compile it once."""
    release = target.home / "releases" / version
    if (release / "whole").is_file():
        print(f"ok  release {version} was there already")
        return release
    shutil.rmtree(release, ignore_errors=True)
    release.parent.mkdir(parents=True, exist_ok=True)
    run(sys.executable, "-m", "venv", str(release))
    pip = [str(release / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels = ["--no-index", "--find-links", str(HERE / "wheels"), "--require-hashes"]
    run(*pip, "install", *wheels, "-r", str(HERE / "requirements.txt"))
    for folder in ("docs", "systemd", "udev"):
        shutil.copytree(HERE / folder, release / folder)
    (release / "whole").touch()
    print(f"ok  release {version} in {release}")
    return release


def settle_config(target: Target) -> None:
    """Give a first config to be filled in; where there is one, say what the example has besides."""
    example = (HERE / "config.example.toml").read_text()
    if not target.config.exists():
        target.config.parent.mkdir(parents=True, exist_ok=True)
        target.config.write_text(example)
        target.config.chmod(0o640)
        run("chown", "root:taptill", str(target.config), must_work=target.is_live)
        return
    old = target.home / "config.example.toml"
    before = old.read_text() if old.is_file() else ""
    changes = difflib.unified_diff(before.splitlines(), example.splitlines(), lineterm="", n=0)
    lines = [line for line in changes if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    if before and lines:
        print("the example config has changed since the last release:")
        print("\n".join(f"    {line}" for line in lines))
    old.write_text(example)


def look(target: Target, release: Path) -> None:
    """Let the new release look at its config; a mistake in it must not stop a till that runs."""
    checked = [str(release / "bin/taptill"), "config", "check", "--config", str(target.config)]
    if subprocess.run(checked, check=False).returncode != 0:
        raise RefusedError("the new release does not take the config: mend it and install again")


def switch(target: Target, release: Path) -> None:
    """Let the link name this release, in one step."""
    fresh = target.home / "current.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(release, target.home))
    fresh.replace(target.current)
    print(f"ok  {target.current} is {release.name}")


def start(target: Target, before: Path | None) -> None:
    """Start the till and wait until it is READY; if it is not, go back to the release before."""
    run("systemctl", "enable", "--quiet", UNIT)
    if subprocess.run(["systemctl", "restart", UNIT], check=False).returncode == 0:
        print("ok  the till is READY")
        return
    if before is None or not before.is_dir():
        raise RefusedError(f"the till does not start: journalctl -u {UNIT}", SOFTWARE)
    copy_files(target, before)
    switch(target, before)
    is_back = subprocess.run(["systemctl", "restart", UNIT], check=False).returncode == 0
    # An older release does not read a journal whose format the newer one has raised meanwhile.
    fate = "runs again" if is_back else "does not start any more either: NOTHING IS SOLD"
    words = f"the new release does not start, {before.name} {fate}"
    raise RefusedError(f"{words}: journalctl -u {UNIT}", SOFTWARE)


def remove_old(target: Target) -> None:
    """Keep the newest releases, and the one that runs."""
    releases = sorted((target.home / "releases").iterdir(), key=lambda path: path.stat().st_mtime)
    for release in releases[:-KEPT_RELEASES]:
        if release.resolve() != target.running:
            shutil.rmtree(release)


def say_next(target: Target, version: str, *, first_time: bool) -> None:
    """Say what to do next."""
    print(f"taptill {version} is installed")
    if first_time:
        print(f"1. fill in {target.config}")
        print("2. put the token of the backend into /etc/credstore/api-token (mode 600)")
        print("3. sudo -u taptill /opt/taptill/current/bin/taptill doctor")
        print(f"4. sudo systemctl enable --now {UNIT}")


def uninstall(target: Target, *, purge: bool) -> None:
    """Remove taptill; config and journal stay unless `purge` says so."""
    refuse_open(target)
    if target.is_live:
        stop(target)
    for place in FILES.values():
        (target.root / place).unlink(missing_ok=True)
    shutil.rmtree(target.home, ignore_errors=True)
    if purge:
        for place in SITES.values():
            (target.root / place).unlink(missing_ok=True)
        shutil.rmtree(target.state, ignore_errors=True)
        shutil.rmtree(target.config.parent, ignore_errors=True)
    if target.is_live:
        run("systemctl", "daemon-reload")
    kept = "nothing is left" if purge else f"{target.config.parent} and {target.state} are kept"
    print(f"taptill is removed: {kept}")


def stop(target: Target) -> None:
    """Stop the till; let it go on if it has sold something meanwhile that is not sent yet."""
    subprocess.run(["systemctl", "disable", "--now", "--quiet", UNIT], check=False)
    try:
        refuse_open(target)
    except RefusedError:
        subprocess.run(["systemctl", "enable", "--now", "--quiet", UNIT], check=False)
        raise


def refuse_open(target: Target) -> None:
    """Refuse while money is in the journal that the backend does not have."""
    program, journal = target.current / "bin/taptill", target.state / "journal.db"
    if not journal.is_file():
        return
    if not program.exists():  # removed before, or its link is broken: the journal itself tells
        refuse_open_without_program(journal)
        return
    asked = [str(program), "journal", "open", "--state-dir", str(target.state)]
    told = subprocess.run(asked, check=False, capture_output=True, text=True)
    if told.returncode != 0:
        print(told.stdout or told.stderr, end="", file=sys.stderr)
        raise RefusedError(
            "the journal still holds money that is not in the backend's books", NOT_NOW
        )


def refuse_open_without_program(journal: Path) -> None:
    """Refuse a journal with open customers, and one that cannot be read."""
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as file:
            (count,) = file.execute("SELECT count(*) FROM positions WHERE open").fetchone()
    except sqlite3.Error as fault:
        raise RefusedError(f"{journal} cannot be read: {fault}", NOT_NOW) from fault
    if count:
        words = f"the journal still holds money of {count} customers that is not in the books"
        raise RefusedError(f"{words}: install taptill again and settle it", NOT_NOW)


def run(*words: str, must_work: bool = True) -> None:
    """Run a program; CalledProcessError where it fails and must not."""
    subprocess.run(words, check=must_work)


if __name__ == "__main__":
    sys.exit(main())
