"""The command `taptill config check`: complaints or "fine"."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.config.files import text

from taptill.cli.config import config
from taptill.domain.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def check(path: Path, *words: str) -> Result:
    return CliRunner().invoke(config, ["check", "--config", str(path), *words])


def test_a_good_file_is_fine(path: Path) -> None:
    path.write_text(text())
    run = check(path)
    assert (run.exit_code, run.stdout) == (0, f"config is fine: {path}\n")


def test_warnings_are_printed_and_are_no_failure(path: Path) -> None:
    path.write_text(text().replace("https", "http"))
    run = check(path)
    assert run.exit_code == 0
    assert run.stdout.splitlines()[1:] == [
        "warning: http:// backend: the token travels in the clear"
    ]


def test_mistakes_are_one_error_that_ends_with_status_78(path: Path) -> None:
    path.write_text(text(ui="a = 1", till="b = 2"))
    fault = check(path).exception
    assert isinstance(fault, ConfigError)
    assert fault.exit_status == 78
    assert len(str(fault).splitlines()) == 2


def test_the_readers_own_complaints_are_among_them(path: Path) -> None:
    path.write_text(text().replace("simulated", "crystal-ball"))
    fault = check(path).exception
    assert isinstance(fault, ConfigError)
    assert "[[reader]] 1 " in str(fault)


def test_a_reader_with_a_wrong_type_hides_none_of_its_mistakes(path: Path) -> None:
    reader = 'driver = "serial"\nbaud = 1\nfamily = "rdm"\ncard_id = 5\nmin_length = 100'
    path.write_text(text().replace('driver = "simulated"', reader + "\nmax_length = 0"))
    assert [
        line[:30].split("=")[0].strip() for line in str(check(path).exception).splitlines()
    ] == [
        "[[reader]] 1 card_id",
        "[[reader]] 1 baud",
        "[[reader]] 1 max_length",
        "[[reader]] 1 port: the driver",
        "[[reader]] 1 family: unknown f",
    ]


def test_json_says_the_same_to_a_script(path: Path) -> None:
    path.write_text(text())
    assert json.loads(check(path, "--json").stdout) == {
        "config": str(path),
        "complaints": [],
        "warnings": [],
    }
    path.write_text(text(ui="sound = 1"))
    run = check(path, "--json")
    assert isinstance(run.exception, ConfigError)
    assert json.loads(run.stdout)["complaints"] == str(run.exception).splitlines()
