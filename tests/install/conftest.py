from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.install.machine import MachineFolder


@pytest.fixture
def place(tmp_path: Path) -> MachineFolder:
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "token").write_text("secret")
    (tmp_path / "token").chmod(0o600)
    return MachineFolder(tmp_path)


@pytest.fixture
def open_place() -> Iterator[MachineFolder]:
    """Yield a machine whose folder every account may enter, unlike those of pytest."""
    with TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "state").mkdir()
        (folder / "state").chmod(0o755)
        yield MachineFolder(folder)


@pytest.fixture
def stick(place: MachineFolder) -> Iterator[Path]:
    """Make a folder on another file system than the journal's."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == place.folder.stat().st_dev:
        pytest.skip("/dev/shm is no file system of its own here")
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)
