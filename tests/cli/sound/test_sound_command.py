"""`taptill sound test` plays each sound once, or says why it cannot be heard."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.receipt.test_receipt_command import CONFIG

from taptill.cli import taptill
from taptill.domain.errors import SoundError
from taptill.sounds.outcome import Outcome


def run(folder: Path, body: str, *words: str) -> tuple[BaseException | None, str]:
    """Run the command with a program that stands for aplay."""
    player = folder / "aplay"
    player.write_text(f"#!/bin/sh\n{body}\n")
    player.chmod(0o755)
    config = folder / "config.toml"
    config.write_text(CONFIG, "utf-8")
    state = ["--state-dir", str(folder)]
    command = ["sound", "test", "--config", str(config), *state, *words]
    answer = CliRunner().invoke(taptill, command)
    return answer.exception, answer.output


@pytest.mark.slow
def test_the_four_sounds_are_named_and_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    log = tmp_path / "log"
    fault, output = run(tmp_path, f'echo "$@" >>{log}', "--device", "plughw:1")
    assert (fault, output.split()) == (None, [*Outcome])
    played = log.read_text().splitlines()
    assert len(played) == len(Outcome)
    assert all(line.startswith("-q -D plughw:1 ") for line in played)


def test_why_nothing_is_heard_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    fault, _ = run(tmp_path, "exit 1")
    assert isinstance(fault, SoundError)
    assert "aplay -L" in str(fault)
