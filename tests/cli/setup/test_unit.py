"""A till that runs while it is set up anew: stopped if somebody agrees, and never left stopped."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from taptill.cli.setup.unit import readers_free
from taptill.domain.errors import OutputError
from taptill.install.setup.places import SetupPlaces

SYSTEMCTL = """#!/bin/sh
echo "$@" >> {folder}/called
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetupPlaces:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/systemctl"
    program.write_text(SYSTEMCTL.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return SetupPlaces(tmp_path / "config.toml", tmp_path / "token", tmp_path, "taptill")


def verbs(places: SetupPlaces) -> list[str]:
    lines = (places.config.parent / "called").read_text().splitlines()
    return [line.partition(" ")[0] for line in lines]


def full_disk() -> None:
    raise OutputError(path="config.toml", detail="No space left on device")


def abort() -> None:
    raise click.Abort


def hang_up() -> None:
    """As a connection over which somebody had logged in breaks."""
    os.kill(os.getpid(), signal.SIGHUP)


def set_up(places: SetupPlaces, act: Callable[[], None]) -> None:
    """Do something while the till is stopped, which somebody agrees to."""

    @click.command()
    def command() -> None:
        with readers_free(places):
            act()

    CliRunner().invoke(command, input="y\n")


@pytest.mark.parametrize("act", [abort, full_disk, hang_up])
def test_a_till_is_started_again_whatever_ends_its_set_up(
    act: Callable[[], None], places: SetupPlaces
) -> None:
    before = signal.getsignal(signal.SIGHUP)
    set_up(places, act)
    assert verbs(places) == ["is-active", "stop", "start"]
    assert signal.getsignal(signal.SIGHUP) is before


def test_a_set_up_that_ends_well_starts_it_by_itself(places: SetupPlaces) -> None:
    set_up(places, lambda: None)
    assert verbs(places) == ["is-active", "stop"]
