"""The machine that is installed on, what refuses an installation, and the programs that are run."""

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
    def lock(self) -> Path:
        """The file that an installation holds, and a set-up too: both write the same files."""
        return self.root / "run/taptill-setup.lock"

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


@contextmanager
def alone(target: Target) -> Iterator[None]:
    """Hold the machine's lock; refuse where somebody installs or sets up at this moment."""
    target.lock.parent.mkdir(exist_ok=True)
    with target.lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            words = (
                "another installation or set-up is at work here: let it end, then run this again"
            )
            raise RefusedError(words, NOT_NOW) from None
        yield


def run(*words: str, must_work: bool = True) -> bool:
    """Run a program, return whether it worked; CalledProcessError where it fails and must not."""
    return subprocess.run(words, check=must_work).returncode == 0


def unit_property(unit: str, name: str) -> str:
    """Return what systemd knows of a unit. Errors: CalledProcessError."""
    question = ["systemctl", "show", f"--property={name}", "--value", unit]
    return subprocess.run(question, check=True, capture_output=True, text=True).stdout.strip()


def tell(words: str) -> None:
    """Print a step that is done."""
    print(f"ok  {words}", flush=True)
