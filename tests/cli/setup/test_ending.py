"""A set-up that is left: what is said of what was written."""

import shlex
from pathlib import Path

import click
import pytest
from tests.config.files import text

from taptill.cli.setup.session import SetupSession, told_at_an_end
from taptill.install.setup.draft import ConfigDraft
from taptill.install.setup.places import places_of


def test_a_token_that_was_made_in_vain_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = places_of(tmp_path / "config.toml")
    session = SetupSession(ConfigDraft(text(), places.config), places, has_made_token=True)
    with pytest.raises(click.Abort), told_at_an_end(session):
        raise click.Abort
    told = capsys.readouterr().err
    assert told.startswith("\nNothing was written here.")
    assert "`taptill service token list`" in told


def test_the_command_that_looks_at_what_was_written_finds_it_in_any_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = places_of(tmp_path / "the bar's site" / "config.toml")
    session = SetupSession(ConfigDraft(text(), places.config), places, has_written=True)
    with pytest.raises(click.Abort), told_at_an_end(session):
        raise click.Abort
    command = capsys.readouterr().err.split("`")[1]
    assert shlex.split(command) == ["taptill", "doctor", "--config", str(places.config)]
