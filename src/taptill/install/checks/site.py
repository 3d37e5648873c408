"""What the checks look at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from taptill.clock import HARDWARE_CLOCK, SYNCHRONISED, SystemClock
from taptill.config import Config

RELEASE = "/opt/taptill/current"
"""The link to the release that runs; the installer makes it."""

UNIT = "taptill.service"
_ACTIVE_UNITS = "/run/systemd/units"
"""systemd keeps a link `invocation:NAME` here for each unit that is active."""


@dataclass(frozen=True, slots=True)
class CheckedSite:
    """A config, the folder of journal and cache, and the root of the machine's own files.

    `tap_s`: wait so long for a tap at each card reader; 0 waits for none. `ask` tells a person what
    to do.
    """

    config: Config
    state: Path
    root: Path = Path("/")
    tap_s: float = 0
    ask: Callable[[str], object] = str

    def machine_path(self, path: str) -> Path:
        """Return where a file of the machine lies."""
        return self.root / path.lstrip("/")

    def machine_file(self, path: str) -> str:
        """Return what a file of the machine says; empty where there is none or it is not told."""
        try:
            return self.machine_path(path).read_text("utf-8", "replace").strip("\0 \t\r\n")
        except OSError:
            return ""

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
