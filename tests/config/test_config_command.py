"""The command `taptill config check`: complaints or "fine"."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.config.files import text

from taptill.cli.config import config
from taptill.config import parse
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
    complaints = [
        line.removeprefix(f"{path}: ") for line in str(check(path).exception).splitlines()
    ]
    assert [complaint[:30].split("=")[0].strip() for complaint in complaints] == [
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


def show(path: Path, *words: str) -> str:
    run = CliRunner().invoke(config, ["show", "--config", str(path), *words])
    assert run.exit_code == 0
    return run.stdout


SITE = (
    text(till='name = "of the site"', ui='theme = "dark"')
    + """
[[staff]]
name = "Kim"
role = "supervisor"
card_id = "0062E3086C"
[[goods]]
name = "Coffee"
price = "1.50"
"""
)


def test_the_config_that_counts_is_shown_with_where_each_value_is_from(path: Path) -> None:
    site = path.with_name("site.toml")
    site.write_text(SITE)
    path.write_text('include = ["site.toml"]\n[till]\nname = "bar-2"\n')
    assert show(path, "--origin").splitlines() == [
        "[till]",
        f'name = "bar-2"  # {path}',
        "[backend]",
        f'base_url = "https://api.example.org"  # {site}',
        "[settlement]",
        f'strategy = "debt"  # {site}',
        "[ui]",
        f'theme = "dark"  # {site}',
        "[[reader]]",
        f'driver = "simulated"  # {site}',
        "[[goods]]",
        f'name = "Coffee"  # {site}',
        f'price = "1.50"  # {site}',
        "[[staff]]",
        f'name = "(not shown)"  # {site}',
        f'role = "supervisor"  # {site}',
        f'card_id = "(not shown)"  # {site}',
    ]


def test_what_is_shown_loads_again(path: Path) -> None:
    path.write_text(text(till='name = "bar-2"', ui='theme = "dark"'))
    assert parse(show(path, "--all")) == parse(path.read_text())


def test_defaults_are_shown_for_a_script(path: Path) -> None:
    path.write_text(text())
    answer = json.loads(show(path, "--json"))
    keys = {(row["table"], row["key"]): row for row in answer["keys"]}
    assert answer["files"] == [str(path)]
    assert keys["[till]", "language"] == {
        "table": "[till]",
        "key": "language",
        "value": "en",
        "origin": "default",
    }
    assert keys["[backend]", "auth_value"]["value"] == "Bearer {token}"


def test_a_secret_that_a_file_holds_is_never_shown(path: Path) -> None:
    backend = 'auth_value = "Bearer canary-1 {token}"\nheaders = { X-Key = "canary-2" }'
    path.write_text(text(backend=backend) + SITE[SITE.index("[[staff]]") :])
    for words in (["--origin"], ["--all"], ["--json"]):
        told = show(path, *words)
        assert not [secret for secret in ("canary", "Kim", "0062E3086C") if secret in told]


def test_a_file_that_the_till_would_refuse_is_shown_too(path: Path) -> None:
    path.write_text(text(till="name = 7"))
    assert "name = 7" in show(path)
