"""The machine that is installed on, what refuses an installation, and the programs that are run."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

ARCHIVE = Path(__file__).resolve().parents[1]
"""The unpacked archive that this installer belongs to."""

PROGRAM = Path("/opt/taptill/current/bin/taptill")
"""The program of the release that runs, on the machine itself."""

USAGE, UNAVAILABLE, SOFTWARE, NOT_NOW = 64, 69, 70, 75
"""Exit statuses, of sysexits.h."""


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
        """Whether this is the machine that runs: no folder with an image, and no chroot of one."""
        return self.root == Path("/") and Path("/run/systemd/system").is_dir()

    @property
    def home(self) -> Path:
        """The folder of all releases."""
        return self.root / "opt/taptill"

    @property
    def current(self) -> Path:
        """The link to the release that runs."""
        return self.home / "current"

    @property
    def command(self) -> Path:
        """Where people find the program by its name."""
        return self.root / "usr/local/bin/taptill"

    @property
    def state(self) -> Path:
        """The folder of journal and cache."""
        return self.root / "var/lib/taptill"

    @property
    def config(self) -> Path:
        """The site's config."""
        return self.root / "etc/taptill/config.toml"

    @property
    def service_state(self) -> Path:
        """The folder of the Customers service's database."""
        return self.root / "var/lib/taptill-service"

    @property
    def running(self) -> Path | None:
        """The release that the link names; None where there is none."""
        return self.current.resolve() if self.current.is_symlink() else None


def run(*words: str, must_work: bool = True) -> bool:
    """Run a program, return whether it worked; CalledProcessError where it fails and must not."""
    return subprocess.run(words, check=must_work).returncode == 0


def tell(words: str) -> None:
    """Print a step that is done."""
    print(f"ok  {words}", flush=True)
