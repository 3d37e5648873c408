"""One archive of a release for all its tests, and machines to install it on."""

import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.project.sources import ROOT

BUILD = ROOT / "release" / "build.py"


def build(folder: Path) -> Path:
    """Build the archive into a folder."""
    words = [sys.executable, str(BUILD), str(folder)]
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=300)
    (archive,) = folder.glob("taptill-*.tar.gz")
    return archive


@dataclass(frozen=True)
class ImageRoot:
    """The root of an image, with programs of the system that note what they are called with."""

    folder: Path
    unpacked: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def called(self) -> list[str]:
        """Return what programs of the system were called with since the last question."""
        notes = self.folder / "called"
        lines = notes.read_text().splitlines() if notes.is_file() else []
        notes.unlink(missing_ok=True)
        return lines

    def install(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the installer of the unpacked archive on the image."""
        command = ["sh", str(self.unpacked / "install.sh"), "--root", str(self.root), *words]
        path = f"{self.folder / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/bin"
        environment = {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture
def image(archive: Path, tmp_path: Path) -> ImageRoot:
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("taptill-*")
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    (tmp_path / "bin").mkdir()
    # What runs something as another account runs it as this one.
    rest = {"runuser": 'shift 3; exec "$@"'}
    for name in ("systemd-sysusers", "systemctl", "chown", "runuser"):
        program = tmp_path / "bin" / name
        text = f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/called\n{rest.get(name, "")}\n'
        program.write_text(text)
        program.chmod(0o755)
    # The Python of the tests stands for the system's: where that one lacks venv, nothing works.
    (tmp_path / "bin/python3").symlink_to(sys.executable)
    return ImageRoot(tmp_path, unpacked)
