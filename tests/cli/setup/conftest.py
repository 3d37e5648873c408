"""A place for a config, and a serial line, for the tests of `taptill setup`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.readers.lines import PtyLine, plugged_line


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PtyLine]:
    with plugged_line(tmp_path) as pty_line:
        yield pty_line


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "site" / "config.toml"
