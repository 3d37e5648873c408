"""What a setup writes, and who may read it."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from taptill.config.paths import CREDENTIAL_STORE, SYSTEM_CONFIG, SYSTEM_STATE
from taptill.domain.errors import OutputError
from taptill.install.setup.places import SetupPlaces, places_of, write_config, write_token
from taptill.install.setup.reader_rule import reader_rule
from taptill.readers.technician.detect import DetectedPort


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
    write_token(places, "s3cret")
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
        write_token(places, "token")


RULES = {
    "a serial bridge": (
        DetectedPort("/dev/serial/by-id/x", "serial", "FT232R", usb="0403:6001"),
        'SUBSYSTEM=="tty", ATTRS{idVendor}=="0403", ATTRS{idProduct}=="6001"',
    ),
    "a reader that types": (
        DetectedPort("/dev/input/by-id/x", "keyboard", "RFID", usb="ffff:0035"),
        'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{idVendor}=="ffff"',
    ),
    "the board's own port": (DetectedPort("/dev/ttyAMA0", "serial", "of the board"), ""),
    "nfcpy's readers have theirs": (
        DetectedPort("usb:072f:2200", "nfc", "ACR122U", usb="072f:2200"),
        "",
    ),
}


@pytest.mark.parametrize(("port", "part"), RULES.values(), ids=RULES)
def test_the_line_for_a_reader_names_what_it_is(port: DetectedPort, part: str) -> None:
    line = reader_rule(port)
    assert part in line
    assert bool(line) == bool(part)


@pytest.mark.skipif(not shutil.which("udevadm"), reason="needs udev")
def test_udev_takes_every_line(tmp_path: Path) -> None:
    if subprocess.run(["udevadm", "verify", "--help"], capture_output=True, check=False).returncode:
        pytest.skip("udevadm verify came with systemd 254")
    rules = tmp_path / "69-site.rules"
    rules.write_text("".join(reader_rule(port) for port, _ in RULES.values()))
    subprocess.run(["udevadm", "verify", str(rules)], check=True)
