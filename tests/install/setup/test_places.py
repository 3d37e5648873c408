"""What a setup writes, and who may read it."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from taptill.config.paths import CREDENTIAL_STORE, SYSTEM_CONFIG, SYSTEM_STATE
from taptill.domain.errors import OutputError, UsageError
from taptill.install.setup.places import SetupPlaces, alone, places_of, write_config, write_token


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_named_config_has_its_token_beside_it(tmp_path: Path) -> None:
    places = places_of(tmp_path / "config.toml")
    assert places.token == tmp_path / "api-token"
    assert places.token_file == str(places.token)
    assert (places.account, places.state) == ("", None)


def test_root_sets_up_the_installed_till_whose_token_systemd_passes() -> None:
    places = places_of(None)
    if os.geteuid():
        assert places.account == ""
        assert places.config != SYSTEM_CONFIG
        return
    assert places.config == SYSTEM_CONFIG
    assert places.token == CREDENTIAL_STORE / "api-token"
    assert (places.state, places.token_file) == (SYSTEM_STATE, "")


def test_the_config_of_before_is_kept(tmp_path: Path) -> None:
    places = places_of(tmp_path / "deep" / "config.toml")
    assert write_config(places, "first") is None
    kept = write_config(places, "second")
    assert kept
    assert (kept.read_text(), places.config.read_text()) == ("first", "second")


def test_a_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    places = places_of(tmp_path / "deep" / "config.toml")
    write_token(places.token, "s3cret")
    assert (places.token.read_text(), mode(places.token)) == ("s3cret\n", 0o600)
    assert mode(places.token.parent) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to a group")
def test_the_installed_tills_account_may_read_its_config(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    places = SetupPlaces(config, tmp_path / "token", tmp_path, "daemon")
    write_config(places, "text")
    assert (mode(config), config.owner(), config.group()) == (0o640, "root", "daemon")
    with pytest.raises(OutputError, match="no such group"):
        write_config(SetupPlaces(config, config, tmp_path, "nobody-of-this-name"), "text")


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    places = places_of(tmp_path / "file" / "config.toml")
    with pytest.raises(OutputError, match=r"Not a directory|File exists"):
        write_config(places, "text")
    with pytest.raises(OutputError, match=r"Not a directory|File exists"):
        write_token(places.token, "token")


def test_a_second_set_up_of_the_installed_till_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    places = SetupPlaces(tmp_path / "config.toml", tmp_path / "token", tmp_path, "daemon")
    with alone(places, lock):
        with pytest.raises(UsageError, match="another set-up or installation"), alone(places, lock):
            pass
        by_hand = replace(places, account="")
        with alone(by_hand, lock):
            pass
    with alone(places, lock):
        pass


def test_a_new_token_goes_to_where_the_till_takes_it_from(tmp_path: Path) -> None:
    by_hand, own = places_of(tmp_path / "config.toml"), tmp_path / "own"
    assert by_hand.token_path(None) == by_hand.token
    assert by_hand.token_path(own) == own
    installed = replace(by_hand, account="daemon")
    assert installed.token_path(own) == by_hand.token
    own.write_text("old")
    assert installed.token_path(own) == own
    by_hand.token.write_text("old")
    assert installed.token_path(own) == by_hand.token


def test_a_token_behind_a_link_is_written_behind_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    write_token(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "secret").read_text() == "new\n"


def test_a_token_that_everybody_could_read_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    write_token(path, "new")
    assert mode(path) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes where another account has links")
@pytest.mark.parametrize("named", ["till/token", "till/folder/token", "own"])
def test_a_token_is_not_written_behind_a_link_of_another_account(
    tmp_path: Path, named: str
) -> None:
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "token").write_text("of root")
    (tmp_path / "till").mkdir()
    for name, target in {"token": "../roots/token", "folder": "../roots"}.items():
        (tmp_path / "till" / name).symlink_to(target)
        os.chown(tmp_path / "till" / name, 1, 1, follow_symlinks=False)
    (tmp_path / "own").symlink_to("till/token")
    with pytest.raises(OutputError, match="a link of another account"):
        write_token(tmp_path / named, "new")
    assert (tmp_path / "roots" / "token").read_text() == "of root"
