"""What the checks look at."""

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from taptill.clock import HARDWARE_CLOCK, SYNCHRONISED, SystemClock
from taptill.config import Config
from taptill.install.checks.account import is_kept_from, status_as, status_in_unit
from taptill.install.setup.places import ACCOUNT

RELEASE = "/opt/taptill/current"
"""The link to the release that runs; the installer makes it."""

UNIT = "taptill.service"
UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system")
DROP_INS = tuple(f"{folder}/{UNIT}.d" for folder in UNIT_FOLDERS)
_ACTIVE_UNITS = "/run/systemd/units"
"""systemd keeps a link `invocation:NAME` here for each unit that is active."""


@dataclass(frozen=True, slots=True)
class UnreadableConfig:
    """The path of a config, None where there is none, and every complaint about it."""

    path: Path | None
    complaints: Sequence[str]


@dataclass(frozen=True, slots=True)
class CheckedSite:
    """A config, the folder of journal and cache, and the root of the machine's own files.

    `tap_s`: wait so long for a tap at each card reader; 0 waits for none. `ask` tells a person what
    to do. `account` is the till's, by which root judges what the till may read and write.
    `unreadable`: the config could not be read, and `config` has defaults instead. `python` runs
    what the till's account must try by itself.
    """

    config: Config
    state: Path
    root: Path = Path("/")
    tap_s: float = 0
    ask: Callable[[str], object] = str
    account: str = ACCOUNT
    unreadable: UnreadableConfig | None = None
    python: str = sys.executable

    def is_kept_from_till(self, path: Path, mode: int = os.R_OK) -> bool:
        """Return whether the till may not read or write a file, where root asks for its account."""
        return is_kept_from(self.account, path, mode, self.unit_words("SupplementaryGroups"))

    def status_for_till(self, words: Sequence[str]) -> int | None:
        """Run a program with the till's rights, of its unit's groups; return its exit status.

        None where this is not root, or the till has no account. Errors: OSError.
        """
        run = status_in_unit if self.runs_systemd() else status_as
        return run(self.account, words, self.unit_words("SupplementaryGroups"))

    def machine_path(self, path: str) -> Path:
        """Return where a file of the machine lies."""
        return self.root / path.lstrip("/")

    def machine_file(self, path: str) -> str:
        """Return what a file of the machine says; empty where there is none or it is not told."""
        try:
            return self.machine_path(path).read_text("utf-8", "replace").strip("\0 \t\r\n")
        except OSError:
            return ""

    def drop_ins(self) -> list[str]:
        """Return the paths of the unit's drop-ins, which hold what this site alone needs."""
        return [
            f"{folder}/{path.name}"
            for folder in DROP_INS
            for path in sorted(self.machine_path(folder).glob("*.conf"))
        ]

    def unit_words(self, directive: str) -> list[str]:
        """Return the words that the installed unit and its drop-ins give a directive."""
        paths = [*(f"{folder}/{UNIT}" for folder in UNIT_FOLDERS), *self.drop_ins()]
        lines = (line for path in paths for line in self.machine_file(path).splitlines())
        pairs = (line.partition("=") for line in lines)
        return [
            word for key, _, value in pairs if key.strip() == directive for word in _words(value)
        ]

    def clock(self) -> SystemClock:
        """Return the machine's clock, which nobody has compared with a server's yet."""
        marker = str(self.machine_path(SYNCHRONISED))
        return SystemClock(marker, self.machine_path(str(HARDWARE_CLOCK)))

    def release_date_s(self) -> float | None:
        """Return when the installed release was made, in seconds since 1970; None without one.

        The archive gives its files the time of the release, and the installer keeps it.
        """
        try:
            return self.machine_path(f"{RELEASE}/systemd/{UNIT}").stat().st_mtime
        except OSError:
            return None

    def runs_systemd(self) -> bool:
        """Return whether systemd runs this machine."""
        return self.machine_path(_ACTIVE_UNITS).is_dir()

    def is_active(self, unit: str) -> bool:
        """Return whether a unit of systemd is active."""
        return self.machine_path(f"{_ACTIVE_UNITS}/invocation:{unit}").is_symlink()


def _words(value: str) -> list[str]:
    """Return the words of a directive, without the quotes that systemd takes off."""
    try:
        return shlex.split(value)
    except ValueError:  # a quote that nobody has closed
        return value.split()
