"""Runs a till's command on a disk of its own: small, read-only or failing.

The disk lies in a mount namespace that ends with the till, so that nothing stays behind. What the
till has there is reached through its own root.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.scenarios.program import Program

UNSHARED = ["unshare", "--mount", "--propagation", "private", "sh", "-ec"]
SMALL = 'mount -t tmpfs -o size=8m,mode=700 tmpfs "$0"; exec "$@"'
READ_ONLY = 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"'
IMAGE = 'mount -o loop "$0.img" "$0"; chmod 700 "$0"; exec "$@"'
NO_POWERS = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]


def need(subject: str, *tools: str) -> None:
    """Skip the test, saying why, where a disk of one's own cannot be had."""
    missing = [tool for tool in ("unshare", "mount", *tools) if shutil.which(tool) is None]
    can_mount = not missing and not os.geteuid() and tried([*UNSHARED, 'mount -t tmpfs x "$0"'])
    if not can_mount:
        pytest.skip(f"NO {subject} WAS TRIED: it takes root and {', '.join(missing) or 'mounts'}")


def tried(words: list[str]) -> bool:
    return not subprocess.run([*words, "/mnt"], capture_output=True, check=False).returncode


def on(disk: str, state: Path, words: list[str]) -> list[str]:
    """Return the command on a disk of that kind at `state`."""
    return [*UNSHARED, disk, str(state), *words]


def seen_by(till: Program, path: Path) -> Path:
    """Return a path as that till sees it."""
    return Path(f"/proc/{till.process.pid}/root{path}")


def without_powers(words: list[str]) -> list[str]:
    """Return the command with the rights of an account, even where root runs it."""
    if os.geteuid():
        return words
    if shutil.which("setpriv") is None:
        pytest.skip("NO MISSING PERMISSION WAS TRIED: setpriv, which gives up root's, is missing")
    return [*NO_POWERS, *words]


def make_image(state: Path) -> None:
    """Make a file system in a file, which `IMAGE` mounts."""
    image = state.with_name(f"{state.name}.img")
    with image.open("wb") as file:
        file.truncate(64 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True, capture_output=True)
    if subprocess.run(on(IMAGE, state, ["true"]), capture_output=True, check=False).returncode:
        pytest.skip("NO READ-ONLY REMOUNT WAS TRIED: a file cannot be mounted (no loop device?)")


def break_image(till: Program, state: Path) -> None:
    """Let the kernel find an error on it: from now on it takes nothing more."""
    inside = ["nsenter", "--target", str(till.process.pid), "--mount"]
    subprocess.run([*inside, "mount", "-o", "remount,abort", str(state)], check=True)
