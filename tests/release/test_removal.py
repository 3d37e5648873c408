"""What an uninstallation refuses, what it says, and what it leaves: of a till without a program."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from release.installer.parts import SERVICE, TILL
from release.installer.removal import uninstall
from release.installer.target import RefusedError, Target
from tests.fakes.clock import FakeClock
from tests.journal.drafts import charge
from tests.journal.played import OPENED
from tests.release.conftest import ImageRoot

from taptill.journal.file import JournalFile


def machine(folder: Path) -> Target:
    """Return a machine on which a till has sold something that is settled."""
    target = Target(folder)
    target.state.mkdir(parents=True)
    journal = JournalFile(target.state / "journal.db", FakeClock())
    journal.append([[OPENED]])
    journal.append([[charge(7, 420)]])
    journal.close()
    change(target, "UPDATE positions SET seen_seq = last_seq, seen_total = total")
    return target


def change(target: Target, statement: str) -> None:
    with closing(sqlite3.connect(target.state / "journal.db")) as file, file:
        file.execute(statement)


def test_a_case_that_a_person_must_decide_keeps_the_journal(tmp_path: Path) -> None:
    target = machine(tmp_path)
    change(target, "UPDATE positions SET conflict = 'row-gone'")
    with pytest.raises(RefusedError, match="still holds money of 1 customer"):
        uninstall(target, [TILL], purge=True)
    assert (target.state / "journal.db").exists()


PROGRAM = """#!/bin/sh
echo "said on standard output"
echo "said on standard error: taptill settle" >&2
exit {status}
"""


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(75, "still holds money", id="what is open"),
        pytest.param(74, "cannot be read", id="a journal that is damaged or newer"),
    ],
)
def test_a_refusal_says_what_is_true_and_what_is_next(
    status: int, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = machine(tmp_path)
    program = target.current / "bin/taptill"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM.format(status=status))
    program.chmod(0o755)
    with pytest.raises(RefusedError, match=words):
        uninstall(target, [TILL], purge=False)
    assert "said on standard error: taptill settle" in capfd.readouterr().err


SITE_FILES = (
    "etc/credstore/api-token",
    "etc/udev/rules.d/69-taptill-site.rules",
    "etc/udev/rules.d/70-taptill-readers.rules.before",
)


@pytest.mark.parametrize("purge", [False, True])
def test_nothing_of_the_site_is_left_where_all_is_to_go(tmp_path: Path, *, purge: bool) -> None:
    target = machine(tmp_path)
    for name in SITE_FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("secret\n")
    uninstall(target, [TILL], purge=purge)
    assert [(tmp_path / name).exists() for name in SITE_FILES] == [not purge] * len(SITE_FILES)


def test_no_file_of_a_release_is_left_beside_the_environment(tmp_path: Path) -> None:
    target = machine(tmp_path)
    for place in TILL.files.values():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("as released\n")
    uninstall(target, [TILL], purge=False)
    assert not [place for place in TILL.files.values() if (tmp_path / place).exists()]


def test_what_was_removed_starts_at_no_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the unit went before it, and on a machine that has no systemctl."""
    monkeypatch.setenv("PATH", "")
    target = machine(tmp_path)
    boot = tmp_path / "etc/systemd/system/multi-user.target.wants"
    boot.mkdir(parents=True)
    for unit in (TILL.unit, SERVICE.unit):
        (boot / unit).symlink_to(f"/etc/systemd/system/{unit}")
    uninstall(target, [TILL], purge=False)
    uninstall(target, [TILL], purge=False)
    assert [link.name for link in boot.iterdir()] == [SERVICE.unit]


@pytest.mark.parametrize("words", [("--uninstall", "--check"), ("--purge",), ("--purge", "--till")])
def test_words_that_contradict_one_another_change_nothing(
    image: ImageRoot, words: tuple[str, ...]
) -> None:
    before = sorted(image.root.rglob("*"))
    result = image.install(*words)
    assert (result.returncode, sorted(image.root.rglob("*"))) == (64, before)
    assert "--uninstall" in result.stderr


@pytest.mark.parametrize(
    ("spoil", "status", "words"),
    [
        pytest.param("no database", 75, "journal.db cannot be read", id="a damaged journal"),
        pytest.param("", 69, "Is a directory", id="a folder where a file should be"),
    ],
)
def test_what_stands_in_the_way_is_a_sentence(
    image: ImageRoot, spoil: str, status: int, words: str
) -> None:
    state = image.root / "var/lib/taptill"
    state.mkdir(parents=True)
    (state / "journal.db").write_text(spoil)
    if not spoil:
        (image.root / "etc/os-release").unlink()
        (image.unpacked / "release.json").unlink()
        (image.unpacked / "release.json").mkdir()
    result = image.install("--check")
    assert (result.returncode, words in result.stderr) == (status, True)
    assert "Traceback" not in result.stderr
