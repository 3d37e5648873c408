"""The environment of a release, the link that names the one in use, and the way back."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .parts import Part, copy_files
from .target import ARCHIVE, PROGRAM, SOFTWARE, RefusedError, Target, run, tell, unit_property

KEPT_RELEASES = 2
NO_CONFIG = "78"
"""The exit status of a till without a config."""

COMPILED = {"evdev": "python3-evdev", "smartcard": "python3-pyscard pcscd"}
"""Modules that no wheel for every board has, and the packages of Debian that they are in."""

_SYSTEM_PACKAGES = re.compile(r"(?m)^(include-system-site-packages) = .*$")


def make_release(target: Target, version: str) -> Path:
    """Make the environment of this release, whole or not at all, and compile it once."""
    digest = hashlib.sha256((ARCHIVE / "SHA256SUMS").read_bytes()).hexdigest()
    release = release_folder(target, version, digest)
    if not (release / "whole").is_file():
        shutil.rmtree(release, ignore_errors=True)
        release.parent.mkdir(parents=True, exist_ok=True)
        run(sys.executable, "-m", "venv", str(release))
        _add_wheels(release)
        for folder in ("docs", "systemd", "udev"):
            shutil.copytree(ARCHIVE / folder, release / folder)
        _finish(release / "whole", digest)
        tell(f"release {version} in {release}")
    else:
        tell(f"release {version} was there already")
    _let_in_system_packages(release)
    return release


def release_folder(target: Target, version: str, digest: str) -> Path:
    """Return where the release of this archive is or will be.

    Another archive of the same version has a folder of its own, with a part of its hash.
    """
    release = target.home / "releases" / version
    whole = release / "whole"
    if whole.is_file() and whole.read_text() != digest:
        return release.with_name(f"{version}-{digest[:8]}")
    return release


def _finish(mark: Path, digest: str) -> None:
    """Mark as whole what has been copied, once a loss of power does not take it back."""
    os.sync()
    mark.write_text(digest)


def _add_wheels(release: Path) -> None:
    pip = [str(release / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels = ["--no-index", "--find-links", str(ARCHIVE / "wheels"), "--require-hashes"]
    run(*pip, "install", *wheels, "--no-deps", "-r", str(ARCHIVE / "requirements.txt"))


def _let_in_system_packages(release: Path) -> None:
    """Let the environment see Debian's packages where one that a reader needs is among them.

    Its own packages come first all the same.
    """
    found = [name for name in COMPILED if name not in absent()]
    settings = release / "pyvenv.cfg"
    answer = "true" if found else "false"
    settings.write_text(_SYSTEM_PACKAGES.sub(rf"\1 = {answer}", settings.read_text()))
    if found:
        tell(f"Debian's own packages for readers: {', '.join(found)}")


def absent() -> list[str]:
    """Return which modules of `COMPILED` this machine's Python does not have."""
    return [name for name in COMPILED if importlib.util.find_spec(name) is None]


def switch(target: Target, release: Path) -> None:
    """Let the link name this release, in one step."""
    fresh = target.home / "current.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(release, target.home))
    fresh.replace(target.current)
    tell(f"{target.current} is {release.name}")


def start(target: Target, before: Path | None, parts: Sequence[Part]) -> None:
    """Start these parts and wait until they are READY; else go back to the release before."""
    units = [part.unit for part in parts]
    for unit in units:
        run("systemctl", "enable", "--quiet", unit)
    failed = _not_ready(units)
    if not failed:
        for part in parts:
            tell(f"the {part.name} is READY")
        return
    logs = f"journalctl -u {failed}"
    if before is None or not before.is_dir():
        raise RefusedError(f"{failed} does not start: {logs}", SOFTWARE)
    copy_files(target, before, parts)
    switch(target, before)
    # An older release does not read a journal whose format the newer one has raised meanwhile.
    fate = "does not start any more either: NOTHING IS SOLD" if _not_ready(units) else "runs again"
    raise RefusedError(f"the new release does not start, {before.name} {fate}: {logs}", SOFTWARE)


def _not_ready(units: Sequence[str]) -> str:
    """Restart units one after the other; return the first that is not READY, or ""."""
    for unit in units:
        if not run("systemctl", "restart", unit, must_work=False):
            return unit
    return ""


def link_command(target: Target) -> None:
    """Let people call the program by its name; a command that is not ours is left alone."""
    target.command.parent.mkdir(parents=True, exist_ok=True)
    if not target.command.is_symlink() and not target.command.exists():
        target.command.symlink_to(PROGRAM)


def start_unset(till: Part) -> None:
    """Start a till that has no config: its console says how to begin, at each boot, too."""
    run("systemctl", "enable", "--quiet", till.unit)
    subprocess.run(["systemctl", "start", till.unit], check=False, stderr=subprocess.DEVNULL)
    status = unit_property(till.unit, "ExecMainStatus")
    if status != NO_CONFIG:
        words = f"{till.unit} ended with status {status} in the place of {NO_CONFIG}, which says"
        raise RefusedError(f"{words} that it has no config: journalctl -u {till.unit}", SOFTWARE)
    tell("its console says how to begin")


def start_at_boot(target: Target, parts: Sequence[Part]) -> None:
    """Let these parts of an image start at each boot; a till without config says how to begin."""
    for part in parts:
        run("systemctl", f"--root={target.root}", "enable", "--quiet", part.unit)


def remove_old(target: Target, before: Path | None) -> None:
    """Keep the newest releases, the one that runs, and the one that ran before it.

    The newest but one may be a release that did not start.
    """
    releases = sorted((target.home / "releases").iterdir(), key=lambda path: path.stat().st_mtime)
    for release in releases[:-KEPT_RELEASES]:
        if release.resolve() not in (target.running, before):
            shutil.rmtree(release)
