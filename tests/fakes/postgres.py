"""A private PostgreSQL cluster in a folder, with as many empty databases as a test needs."""

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

MISSING = "PostgreSQL tests did NOT run: Debian's package postgresql is not installed"
NOBODY = "PostgreSQL tests did NOT run: its server refuses root and there is no user postgres"
WAIT_S_MAX = 30


@contextmanager
def running_cluster(*, durable: bool = False) -> Iterator["Cluster"]:
    """Run a server of its own until the block ends; skip, and say why, where there is none."""
    home, user = _binaries(), _account()
    if home is None or user is None:
        pytest.skip(NOBODY if home else MISSING)
    # Beside /tmp and not below pytest's folders: those are root's alone, and a socket's path is
    # at most 107 characters long.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    cluster = Cluster(home, folder, user, durable)
    try:
        if cluster.as_other:
            shutil.chown(folder, user)
        words = [
            "-D",
            folder / "data",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
            "-U",
            user,
            "-N",
        ]
        cluster.run("initdb", *words)
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


@dataclass
class Cluster:
    """A running server that listens on a socket in its own folder and nowhere else."""

    home: Path
    folder: Path
    user: str
    durable: bool
    _runs: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def as_other(self) -> str | None:
        """Name the account to change to, where that is not our own."""
        return self.user if os.getuid() == 0 else None

    def start(self) -> None:
        """Start the server; the databases are those of before."""
        settings = {"listen_addresses": "", "fsync": "on" if self.durable else "off"}
        words = ["-k", self.folder, *(f"-c{key}={value}" for key, value in settings.items())]
        self._control("start", "-l", self.folder / "log", "-o", shlex.join(map(str, words)))
        self._runs = True

    def stop(self) -> None:
        """Stop it as an upgrade of its package does: connections are ended."""
        if self._runs:
            self._control("stop", "-m", "fast")
        self._runs = False

    def _control(self, *words: object) -> None:
        self.run("pg_ctl", "-w", "-t", WAIT_S_MAX, "-D", self.folder / "data", *words)

    def run(self, program: str, *words: object) -> None:
        """Run one of PostgreSQL's programs."""
        subprocess.run(
            [self.home / program, *map(str, words)],
            check=True,
            # Not to pipes: the server that pg_ctl starts would keep them open.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.as_other,
            cwd=self.folder,
        )

    def new_database(self, encoding: str = "UTF8") -> str:
        """Make an empty database and give its URL."""
        name = f"customers{next(self._numbers)}"
        # One that sorts as people do, so that the service is seen not to depend on it.
        like = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" if encoding == "UTF8" else ""
        words = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' {like}"
        self.run("psql", "-qX", "-h", self.folder, "-U", self.user, "-c", words, "postgres")
        return f"postgresql://{self.user}@/{name}?host={self.folder}"


def _binaries() -> Path | None:
    """Find the newest server that is installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return programs[-1].parent if programs else Path(on_path).parent if on_path else None


def _account() -> str | None:
    """Name who the server runs as; None where that would be root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name
    return "postgres" if any(account.pw_name == "postgres" for account in pwd.getpwall()) else None
