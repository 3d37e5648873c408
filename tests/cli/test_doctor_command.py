"""`taptill doctor` beside a real service: for a person, for a script, and where something fails."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.service import RunningService

from taptill.cli import taptill
from taptill.install.doctor import CHECKS, NEEDS_CONFIG

CONFIG = """
[backend]
base_url = "{url}"
token_file = "{folder}/token"
[[reader]]
driver = "simulated"
[settlement]
strategy = "debt"
"""


def doctor(folder: Path, url: str, *words: str, token: str = "") -> Result:
    (folder / "config.toml").write_text(CONFIG.format(url=url, folder=folder))
    if token:
        (folder / "token").write_text(token)
        (folder / "token").chmod(0o600)
    places = ("--config", str(folder / "config.toml"), "--state-dir", str(folder / "state"))
    arguments = ["doctor", *places, *words]
    return CliRunner().invoke(taptill, arguments)


pytestmark = pytest.mark.slow


def test_a_person_reads_that_all_is_well(tmp_path: Path, service: RunningService) -> None:
    result = doctor(tmp_path, service.url, token=service.token)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    about_backend = [line for line in lines if " backend." in line]
    assert all(line.startswith("pass  backend.") for line in about_backend), result.stdout
    assert not any(line.startswith("fail") for line in lines), result.stdout
    assert "pass  backend.rows: 100 or more customers are visible" in lines
    assert "an update whose condition is not met is refused" in result.stdout


def test_a_script_reads_json(tmp_path: Path, service: RunningService) -> None:
    result = doctor(tmp_path, service.url, "--json", token=service.token)
    diagnoses = [json.loads(line) for line in result.stdout.splitlines()]
    about_backend = [one for one in diagnoses if one["name"].startswith("backend.")]
    assert {diagnosis["verdict"] for diagnosis in about_backend} == {"pass"}
    assert set(diagnoses[0]) == {"name", "verdict", "words", "advice"}
    assert {diagnosis["name"].partition(".")[0] for diagnosis in diagnoses} == set(CHECKS)


FAILS: dict[str, tuple[str, str, str]] = {
    "no token": ("", "", "fail  backend.token: no API token"),
    "a wrong token": ("guessed", "", "fail  backend.answer: the Customers API does not accept"),
    "nobody there": ("guessed", "http://127.0.0.1:9", "connection refused"),
}


@pytest.mark.parametrize(("token", "url", "words"), FAILS.values(), ids=FAILS)
def test_the_status_says_that_something_fails(
    tmp_path: Path, service: RunningService, token: str, url: str, words: str
) -> None:
    result = doctor(tmp_path, url or service.url, token=token)
    assert (result.exit_code, result.stderr) == (1, "")
    assert words in result.stdout


BROKEN = {
    "a line that is no TOML": (
        "[till]\nname = Bar\n",
        "config.toml: line 2, column 8: this is not TOML",
    ),
    "a value that is none": (
        '[till]\nmode = "open"\n[backend]\nbase_url = "http://127.0.0.1:9"\n',
        'config.toml: [till] mode = "open" must be',
    ),
    "nothing in it": ("", "config.toml: [backend] base_url is missing"),
    "not there": (None, "which --config names"),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_a_config_that_cannot_be_read_is_a_failure_and_the_rest_is_looked_at(
    tmp_path: Path, text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / "config.toml").write_text(text)
    state = tmp_path / "state"
    state.mkdir()
    result = looked_at(tmp_path, "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    about_config = [one for one in told if one["name"] == "settings.config"]
    assert about_config
    assert any(words in one["words"] for one in about_config), about_config
    assert all(one["verdict"] == "fail" and one["advice"] for one in about_config)
    assert {one["name"].partition(".")[0] for one in told} == set(CHECKS)
    skipped = {one["name"] for one in told if one["name"].endswith(".config")}
    assert skipped == {"settings.config", *(f"{name}.config" for name in NEEDS_CONFIG)}
    assert {"disk.kept", "journal.file", "clock.time", "versions.taptill"} <= {
        one["name"] for one in told
    }


def test_a_broken_config_is_said_whatever_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[till\n")
    result = looked_at(tmp_path, "--only", "backend")
    assert result.exit_code == 1
    (first, *_) = result.stdout.splitlines()
    assert first.startswith("fail  settings.config: ")
    assert "skip  backend.config: not looked at" in result.stdout


def looked_at(folder: Path, *words: str) -> Result:
    places = ["--config", str(folder / "config.toml"), "--state-dir", str(folder / "state")]
    return CliRunner().invoke(taptill, ["doctor", *places, *words])
