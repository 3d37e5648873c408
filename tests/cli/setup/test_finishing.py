"""The last step of a set-up of the installed till: what is written, and what is left to do."""

import os
from pathlib import Path

import click
import pytest
from tests.config.files import text

from taptill.cli.setup.finishing import finish
from taptill.cli.setup.session import SetupSession
from taptill.install.setup.draft import ConfigDraft
from taptill.install.setup.places import SetupPlaces
from taptill.install.setup.reader_rule import reader_rule
from taptill.readers.technician.detect import DetectedPort

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to a group"),
]
NO_UDEV = "udev has not applied the rules for readers"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetupSession:
    """Return the answers of somebody at a till whose machine has no udevadm."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    rules = tmp_path / "rules.d" / "69-site.rules"
    rules.parent.mkdir()
    state = tmp_path / "state"
    state.mkdir(0o700)
    places = SetupPlaces(tmp_path / "config.toml", tmp_path / "token", state, "daemon", rules=rules)
    config = text(backend="connect_timeout_s = 1.0").replace(
        "https://api.example.org", "http://127.0.0.1:9"
    )
    session = SetupSession(ConfigDraft(config, places.config), places, token="t")
    session.rule = reader_rule(DetectedPort("/dev/a", "serial", "", usb="0403:6001"))
    return session


def ended(session: SetupSession, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is said up to the end, which the backend's silence makes one with status 1."""
    with pytest.raises(click.exceptions.Exit) as ending:
        finish(session, start=False)
    assert ending.value.exit_code == 1
    return capsys.readouterr().out


def test_a_udev_that_does_not_act_is_a_warning_and_all_is_checked(
    session: SetupSession, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ended(session, capsys)
    assert session.places.rules.read_text().endswith(session.rule.line if session.rule else "")
    assert "fail  backend." in told
    _, _, last = told.partition("Left to do:")
    assert NO_UDEV in last
    assert "unplug the reader and plug it in again" in last


def test_rules_that_cannot_be_written_are_a_failure_and_all_is_checked(
    session: SetupSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.places.rules.parent.rmdir()
    told = ended(session, capsys)
    assert session.places.config.exists()
    assert "fail  backend." in told
    _, _, last = told.partition("mend it as it says")
    assert "fail  readers.rule: " in last
    assert 'ATTRS{idVendor}=="0403"' in last


def test_udev_acts_for_a_reader_that_stays_too(
    session: SetupSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.rule = None
    assert NO_UDEV in ended(session, capsys)
    assert not session.places.rules.exists()
