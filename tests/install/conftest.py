from pathlib import Path

import pytest
from tests.install.machine import MachineFolder


@pytest.fixture
def place(tmp_path: Path) -> MachineFolder:
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "token").write_text("secret")
    (tmp_path / "token").chmod(0o600)
    return MachineFolder(tmp_path)
