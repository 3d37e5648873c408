"""Where the config, the state directory and the token are found, by options and environment."""

import os
import stat
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from tests.config.files import text

from taptill.config import (
    Config,
    day_ends_at,
    find_config,
    find_state_dir,
    find_token,
    journal_path,
    load,
    parse,
    read_token,
    running_dirs,
    state_dir,
    time_zone,
)
from taptill.domain.errors import ConfigError


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TAPTILL_CONFIG", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Write a config to each of the four places where one is looked for."""
    content = {
        "option": tmp_path / "option.toml",
        "variable": tmp_path / "variable.toml",
        "system": tmp_path / "etc" / "config.toml",
        "user": tmp_path / "xdg" / "taptill" / "config.toml",
    }
    for path in content.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text())
    monkeypatch.setenv("TAPTILL_CONFIG", str(content["variable"]))
    return content


def config(token_file: Path | str = "") -> Config:
    return parse(text(backend=f'token_file = "{token_file}"'))


def test_the_config_is_looked_for_in_a_fixed_order(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    system = places["system"]
    assert find_config(places["option"], system) == places["option"]
    assert find_config(None, system) == places["variable"]
    monkeypatch.delenv("TAPTILL_CONFIG")
    assert find_config(None, system) == system
    system.unlink()
    assert find_config(None, system) == places["user"]


def test_no_config_anywhere_names_every_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        find_config(None, tmp_path / "etc.toml")
    for place in ("--config", "$TAPTILL_CONFIG", "etc.toml", "xdg/taptill/config.toml"):
        assert place in str(error.value)


def test_a_named_config_that_is_missing_is_not_replaced_by_another(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"no config at .*gone\.toml, which --config names"):
        find_config(tmp_path / "gone.toml", places["system"])
    monkeypatch.setenv("TAPTILL_CONFIG", str(tmp_path / "gone.toml"))
    with pytest.raises(ConfigError, match=r"which \$TAPTILL_CONFIG names"):
        find_config(None, places["system"])


def test_a_file_that_cannot_be_read_is_one_complaint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_file_with_a_byte_order_mark_loads(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text(), "utf-8-sig")
    assert load(path) == parse(text())


def test_what_is_not_utf_8_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'[till]\nname = "caf\xe9"\n')
    with pytest.raises(ConfigError, match=rf"^{path}: line 2, column 12: this is not UTF-8$"):
        load(path)


@pytest.mark.parametrize("key", ["token_file", "office_token_file", "client_key"])
def test_a_secret_that_everybody_can_read_is_a_warning(tmp_path: Path, key: str) -> None:
    secret, path = tmp_path / "secret", tmp_path / "config.toml"
    secret.write_text("s3cret")
    path.write_text(text(backend=f'{key} = "{secret}"\nclient_cert = "/etc/taptill/cert.pem"'))
    secret.chmod(0o644)
    assert tuple(map(str, load(path).warnings)) == (
        f"everybody can read the file of [backend] {key}",
    )
    secret.chmod(0o640)
    assert load(path).warnings == ()


def test_the_state_directory_is_named_by_option_systemd_or_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state_dir(None) == tmp_path / "xdg-state" / "taptill"
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/first:{tmp_path}/second")
    assert state_dir(None) == tmp_path / "first"
    assert state_dir(tmp_path / "option") == tmp_path / "option"


def test_root_and_the_tills_account_mean_the_installed_till(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))
    installed = tmp_path / "installed"
    assert state_dir(None, installed) == tmp_path / "xdg-state" / "taptill"
    installed.mkdir()
    assert state_dir(None, installed) == installed
    assert state_dir(tmp_path / "option", installed) == tmp_path / "option"


def test_root_looks_for_the_installed_till_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))
    installed, own = (tmp_path / "installed", tmp_path / "run"), tmp_path / "xdg-state" / "taptill"
    assert running_dirs(None, installed) == [(own, own), installed]
    installed[0].mkdir()
    assert running_dirs(None, installed) == [installed, (own, own)]
    assert set(running_dirs(own, installed)) == {(own, own)}


def test_the_tills_account_is_told_its_directory_before_the_first_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its home is that directory, which systemd makes then; nothing else is made within it."""
    home = tmp_path / "var/lib/taptill"
    monkeypatch.setenv("XDG_STATE_HOME", str(home / ".local/state"))
    assert find_state_dir(None, home) == home
    assert not home.exists()


def test_the_state_directory_is_for_the_till_alone(tmp_path: Path) -> None:
    directory = state_dir(tmp_path / "deep" / "state")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert state_dir(directory) == directory


def test_a_journal_that_is_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    """Lock and archives are beside the real file, so two tills cannot hold it under two names."""
    disk, state = tmp_path / "disk", tmp_path / "state"
    for folder in (disk, state):
        folder.mkdir()
    assert journal_path(state) == state / "journal.db"
    (state / "journal.db").symlink_to("../disk/journal.db")
    assert journal_path(state) == journal_path(disk) == disk / "journal.db"


def test_a_journal_whose_link_leads_to_another_name_is_refused(tmp_path: Path) -> None:
    """Whoever then named the folder of that file would begin a new journal beside it."""
    (tmp_path / "journal.db").symlink_to("till.db")
    with pytest.raises(ConfigError, match=r"journal\.db is a link to .*till\.db"):
        journal_path(tmp_path)


@pytest.mark.parametrize("names", [(), ("journal.db", "cache.db")], ids=["empty", "a till's"])
def test_an_open_state_directory_is_closed_to_others(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    tmp_path.chmod(0o755)
    for name in names:
        (tmp_path / name).touch()
    assert state_dir(tmp_path) == tmp_path
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_an_open_directory_that_holds_other_things_is_refused_and_left_as_it_is(
    tmp_path: Path,
) -> None:
    """The directory may be /tmp, which others could not use any more."""
    tmp_path.chmod(0o755)
    (tmp_path / "somebody's").touch()
    with pytest.raises(ConfigError, match=rf"chmod 700 '?{tmp_path}'?, or name another"):
        state_dir(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_the_directory_that_systemd_made_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o750)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert state_dir(None) == tmp_path
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_a_state_directory_that_cannot_be_made_is_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be made: .*use --state-dir"):
        state_dir(tmp_path / "file" / "state")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n\n"])
def test_a_token_comes_without_its_line_end(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"s3cret" + ending.encode())
    assert read_token(config(path)) == "s3cret"


def test_the_systemd_credential_goes_before_the_token_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("from the file")
    (tmp_path / "api-token").write_text("credential\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_token(config(tmp_path / "token")) == "credential"


def test_root_reads_what_the_services_credential_is_made_from(tmp_path: Path) -> None:
    (tmp_path / "api-token").write_text("of-the-service\n")
    if os.geteuid():
        with pytest.raises(ConfigError):
            read_token(config(), tmp_path)
        return
    assert read_token(config(), tmp_path) == "of-the-service"
    (tmp_path / "token").write_text("of-its-own")
    assert read_token(config(tmp_path / "token"), tmp_path) == "of-its-own"


@pytest.mark.skipif(os.geteuid() != 0, reason="systemd's credentials are root's alone")
def test_root_takes_the_token_of_the_installed_till_as_that_till_does(tmp_path: Path) -> None:
    """What systemd passes goes before `token_file` there, and would be another till's elsewhere."""
    credential, file = tmp_path / "api-token", tmp_path / "token"
    credential.write_text("of-the-service")
    file.write_text("of-the-file")
    installed = replace(config(file), files=(tmp_path / "site.toml", tmp_path / "config.toml"))
    found = find_token(installed, tmp_path, system=tmp_path / "config.toml")
    assert found == (credential, "of-the-service")
    by_hand = find_token(installed, tmp_path, system=tmp_path / "other.toml")
    assert by_hand == (file, "of-the-file")
    credential.unlink()
    assert find_token(installed, tmp_path, system=tmp_path / "config.toml")[0] == file


def test_without_a_token_both_ways_to_give_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_token(config(tmp_path / "gone"))
    assert str(tmp_path / "gone") in str(error.value)
    assert "/etc/credstore/api-token" in str(error.value)
    with pytest.raises(ConfigError, match="token_file"):
        read_token(config())


UNUSABLE = {
    "an empty token file": (b"", "is empty"),
    "nothing but line ends": (b"\r\n\n", "is empty"),
    "a control character": (b"s3c\x00ret", "printable"),
    "two lines": (b"s3cret\nother", "printable"),
    "letters beyond ASCII": ("s3crét".encode(), "printable"),
    "a file in another encoding": (b"\xff\xfes\x003", "printable"),
}


@pytest.mark.parametrize(("content", "complaint"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_token_is_a_complaint_that_does_not_show_it(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint) as error:
        read_token(config(path))
    assert "s3c" not in str(error.value)


def test_a_token_file_that_cannot_be_read_is_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_token(config(tmp_path))


def test_days_end_as_the_config_says_and_at_midnight_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, path = tmp_path / "etc.toml", tmp_path / "config.toml"
    assert day_ends_at(None, system) == time()
    path.write_text(text(till='day_ends_at = "04:00"'))
    assert day_ends_at(path) == time(4)
    monkeypatch.setenv("TAPTILL_CONFIG", str(path))
    assert day_ends_at(None) == time(4)
    path.write_text(text(till='day_ends_at = "soon"'))
    with pytest.raises(ConfigError, match="day_ends_at"):
        day_ends_at(None)
    monkeypatch.delenv("TAPTILL_CONFIG")
    system.write_text(text(till='day_ends_at = "05:00"'))
    assert day_ends_at(None, system) == time(5)
    with pytest.raises(ConfigError, match="no config at"):
        day_ends_at(tmp_path / "elsewhere.toml")


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":America/New_York", "America/New_York"),
        (":/usr/share/zoneinfo/Asia/Kathmandu", "Asia/Kathmandu"),
    ],
)
def test_the_zone_is_the_one_that_the_environment_names(
    zone: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    assert time_zone() == name


def test_else_the_zone_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    place = os.path.realpath("/etc/localtime")
    assert time_zone() == (place.partition("/zoneinfo/")[2] if "/zoneinfo/" in place else "")
