"""The udev lines of a site's readers: what is written, what stays, and what udev is told."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from taptill.domain.errors import OutputError
from taptill.install.setup.reader_rule import (
    TRIGGERED,
    ReaderRule,
    let_udev_act,
    reader_rule,
    write_rule,
)
from taptill.readers.technician.detect import DetectedPort

SHIPPED = Path(__file__).parents[3] / "udev/70-taptill-readers.rules"
OWN = '# Ours.\nACTION!="remove", SUBSYSTEM=="tty", ENV{ID_PATH}=="x", ENV{TAPTILL_READER}="site"\n'


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
    line = reader_rule(port).line
    assert part in line
    assert bool(line) == bool(part)


@pytest.mark.skipif(not shutil.which("udevadm"), reason="needs udev")
def test_udev_takes_every_line(tmp_path: Path) -> None:
    if subprocess.run(["udevadm", "verify", "--help"], capture_output=True, check=False).returncode:
        pytest.skip("udevadm verify came with systemd 254")
    rules = tmp_path / "69-site.rules"
    rules.write_text("".join(reader_rule(port).line for port, _ in RULES.values()))
    subprocess.run(["udevadm", "verify", str(rules)], check=True)


def rule(port: str, usb: str = "0403:6001", driver: str = "serial") -> ReaderRule:
    return reader_rule(DetectedPort(port, driver, "", usb=usb))


def test_the_lines_of_the_site_stay(tmp_path: Path) -> None:
    path = tmp_path / "69-site.rules"
    path.write_text(OWN.removesuffix("\n"))
    write_rule(rule("/dev/a"), ["/dev/a"], path)
    once = path.read_text()
    assert once.startswith(OWN)
    assert once.endswith(rule("/dev/a").line)
    write_rule(rule("/dev/a"), ["/dev/a"], path)
    assert path.read_text() == once
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_line_is_replaced_with_its_reader_and_those_of_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "69-site.rules"
    write_rule(rule("/dev/a", "aaaa:0001"), ["/dev/a"], path)
    write_rule(rule("/dev/b", "bbbb:0001", "keyboard"), ["/dev/a", "/dev/b"], path)
    assert re.findall(r'idVendor}=="(....)', path.read_text()) == ["aaaa", "bbbb"]
    write_rule(rule("/dev/c", "cccc:0001"), ["/dev/c", "/dev/b"], path)
    assert re.findall(r'idVendor}=="(....)', path.read_text()) == ["bbbb", "cccc"]
    write_rule(rule("usb:072f:2200", "072f:2200", "nfc"), ["/dev/b", "usb:072f:2200"], path)
    assert re.findall(r'idVendor}=="(....)', path.read_text()) == ["bbbb"]


def test_a_line_that_the_site_has_changed_since_is_its_own(tmp_path: Path) -> None:
    path = tmp_path / "69-site.rules"
    write_rule(rule("/dev/a"), ["/dev/a"], path)
    changed = path.read_text().replace(", ENV{TAPTILL", ', ATTRS{serial}=="7", ENV{TAPTILL')
    path.write_text(changed)
    write_rule(rule("/dev/b"), ["/dev/b"], path)
    assert path.read_text().startswith(changed)


def test_a_reader_without_a_line_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "69-site.rules"
    assert not write_rule(rule("/dev/ttyAMA0", ""), ["/dev/ttyAMA0"], path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"# \xff\n", "not UTF-8"), (None, "No such file")]
)
def test_a_file_that_cannot_be_edited_is_an_error(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "rules.d" / "69-site.rules"
    if content is not None:
        path.parent.mkdir()
        path.write_bytes(content)
    with pytest.raises(OutputError, match=complaint):
        write_rule(rule("/dev/a"), ["/dev/a"], path)
    assert content is None or path.read_bytes() == content


def test_udev_is_told_of_every_subsystem_in_which_the_shipped_rules_know_readers() -> None:
    jumps = re.findall(r'^SUBSYSTEM=="(\w+)",.* GOTO="taptill_', SHIPPED.read_text(), re.MULTILINE)
    assert set(TRIGGERED) == set(jumps)


UDEVADM = """#!/bin/sh
echo "$@" >> {folder}/called
exit {status}
"""


def udevadm(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int | None) -> None:
    """Let a script stand for udevadm; None: there is none."""
    (folder / "bin").mkdir()
    if status is not None:
        program = folder / "bin/udevadm"
        program.write_text(UDEVADM.format(folder=folder, status=status))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"))


def test_readers_that_are_plugged_in_get_their_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    udevadm(tmp_path, monkeypatch, 0)
    assert let_udev_act()
    told = (tmp_path / "called").read_text().splitlines()
    assert told == ["control --reload", *(f"trigger --subsystem-match={n}" for n in TRIGGERED)]


@pytest.mark.parametrize("status", [None, 1])
def test_a_udev_that_does_not_act_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    udevadm(tmp_path, monkeypatch, status)
    assert not let_udev_act()
