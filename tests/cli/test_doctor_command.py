"""`taptill doctor` beside a real service: for a person, for a script, and where something fails."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.service import RunningService

from taptill.cli import taptill
from taptill.install.doctor import CHECKS

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
