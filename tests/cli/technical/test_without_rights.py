"""What belongs to root or to the till, asked for by somebody who may not read it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.config.files import text

WITHOUT_RIGHTS = (
    ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
)
"""Lets root read only what its modes let it read, as anybody else. Source: capabilities(7)."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(WITHOUT_RIGHTS) and not shutil.which("setpriv"), reason="root needs setpriv"
    ),
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with a config and a state directory that nobody may read."""
    config, state = tmp_path / "config.toml", tmp_path / "state"
    state.mkdir()
    config.write_text(text())
    config.chmod(0)
    state.chmod(0)
    yield tmp_path
    state.chmod(0o700)


def without_rights(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command for which the modes of files count."""
    return subprocess.run(
        [*WITHOUT_RIGHTS, sys.executable, "-m", "taptill", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


CONFIG = ("--config", "{folder}/config.toml")
STATE = ("--state-dir", "{folder}/state")


@pytest.mark.parametrize(
    ("words", "name", "command"),
    [
        (("setup", *CONFIG), "config.toml", "setup"),
        (("config", "check", *CONFIG), "config.toml", "config check"),
        (("run", *CONFIG), "config.toml", "run"),
        (("readers", "monitor", *CONFIG), "config.toml", "readers monitor"),
        (("run", *STATE), "state", "run"),
        (("status", *STATE), "state", "status"),
        (("journal", "verify", *STATE), "state", "journal verify"),
        (("journal", "verify", "--file", "{folder}/state/a"), "state/a", "journal verify"),
        (("journal", "list", "--file", "{folder}/state/a"), "state/a", "journal list"),
    ],
)
def test_who_may_is_said_of_what_an_option_names(
    folder: Path, words: tuple[str, ...], name: str, command: str
) -> None:
    run = without_rights(*(word.format(folder=folder) for word in words))
    assert run.returncode == 64
    start, end = f"taptill: {folder / name} cannot be read by this account: ", " [usage]\n"
    assert run.stderr.startswith(start)
    assert run.stderr.endswith(end)
    sentence = run.stderr.removeprefix(start).removesuffix(end)
    assert sentence.startswith("use `sudo ")
    assert sentence.endswith(f" {command}`, or run it as the till's account")


def test_who_may_is_said_of_a_config_that_was_found(folder: Path) -> None:
    run = without_rights("config", "check", TAPTILL_CONFIG=str(folder / "config.toml"))
    assert run.returncode == 78
    assert f"{folder}/config.toml cannot be read: Permission denied" in run.stderr
    assert "as root (sudo) or as the till's account" in run.stderr


def test_who_may_is_said_of_a_state_directory_that_was_found(folder: Path) -> None:
    run = without_rights("journal", "verify", STATE_DIRECTORY=str(folder / "state"))
    assert run.returncode == 78
    assert f"{folder}/state cannot be read: Permission denied" in run.stderr
    assert "as root (sudo) or as the till's account" in run.stderr
