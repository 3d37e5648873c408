"""A new release that does not start: the one before is put back, and what is said is true."""

import fcntl
import os
from pathlib import Path

import pytest
from release.installer.checks import holder_of, is_of_somebody
from release.installer.parts import SERVICE, TILL
from release.installer.releases import release_folder, remove_old, start, start_unset, switch
from release.installer.target import RefusedError, Target
from tests.project.sources import ROOT

SYSTEMCTL = """#!/bin/sh
echo "$@" >> {folder}/called
test "$1" != restart && exit 0
readlink {folder}/root/opt/taptill/current | grep -q {works}
"""


def machine(folder: Path, works: str) -> tuple[Target, Path]:
    """Return a machine on which only a release of this name starts, and the release before."""
    (folder / "bin").mkdir()
    for name, text in {
        "systemctl": SYSTEMCTL.format(folder=folder, works=works),
        "systemd-sysusers": "#!/bin/sh\n",
    }.items():
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    target = Target(folder / "root")
    releases = [target.home / "releases" / name for name in ("old", "new")]
    for release in releases:
        for source in TILL.files:
            (release / source).parent.mkdir(parents=True, exist_ok=True)
            (release / source).write_text((ROOT / source).read_text())
    switch(target, releases[1])
    return target, releases[0]


@pytest.mark.parametrize(("status", "is_said"), [(78, True), (203, False), (0, False)])
def test_a_first_start_without_config_is_that_and_no_other_failure(
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_said: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f"#!/bin/sh\ncase $1 in show) echo {status} ;; start) exit 1 ;; esac\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if is_said:
        start_unset(TILL)
        assert "how to begin" in capsys.readouterr().out
    else:
        with pytest.raises(RefusedError, match=f"ended with status {status}"):
            start_unset(TILL)


@pytest.mark.parametrize(
    ("works", "words"),
    [("old", "old runs again"), ("neither", "old does not start any more either")],
)
def test_it_is_said_whether_the_release_before_runs_again(
    works: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    target, before = machine(tmp_path, works)
    with pytest.raises(RefusedError, match=words):
        start(target, before, [TILL])
    assert target.running == before.resolve()


def test_a_release_that_starts_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    target, before = machine(tmp_path, "new")
    start(target, before, [TILL])
    assert target.running == (before.parent / "new").resolve()


def test_a_service_that_does_not_start_takes_both_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    target, before = machine(tmp_path, "old")
    with pytest.raises(RefusedError, match=r"old runs again: journalctl -u taptill-service"):
        start(target, before, [SERVICE, TILL])
    called = (tmp_path / "called").read_text().splitlines()
    restarts = [line for line in called if line.startswith("restart")]
    units = ["taptill-service.service", "taptill-service.service", "taptill.service"]
    assert restarts == [f"restart {unit}" for unit in units]
    assert target.running == before.resolve()


def test_the_release_that_ran_before_is_kept_beside_newer_ones_that_did_not_start(
    tmp_path: Path,
) -> None:
    target = Target(tmp_path)
    releases = [target.home / "releases" / name for name in ("oldest", "sold", "broken", "new")]
    for second, release in enumerate(releases):
        release.mkdir(parents=True)
        os.utime(release, (second, second))
    switch(target, releases[3])
    remove_old(target, releases[1].resolve())
    assert [release.exists() for release in releases] == [False, True, True, True]


def test_another_archive_of_the_same_version_is_another_release(tmp_path: Path) -> None:
    target = Target(tmp_path)
    first = release_folder(target, "0.1.0", "aaaaaaaaaa")
    assert first == target.home / "releases/0.1.0"
    first.mkdir(parents=True)
    assert release_folder(target, "0.1.0", "bbbbbbbbbb") == first  # one that is not whole goes
    (first / "whole").write_text("aaaaaaaaaa")
    assert release_folder(target, "0.1.0", "aaaaaaaaaa") == first
    assert release_folder(target, "0.1.0", "bbbbbbbbbb").name == "0.1.0-bbbbbbbb"


@pytest.mark.parametrize(
    ("folder", "is_hidden"),
    [
        ("/usr", False),
        ("/usr/local", False),
        ("/root/.pyenv/versions/3.13.0", True),
        ("/home/pi", True),
    ],
)
def test_a_python_of_somebody_is_not_for_the_tills_account(folder: str, *, is_hidden: bool) -> None:
    assert is_of_somebody(Path(folder)) == is_hidden


def test_what_a_lock_file_says_of_its_holder_is_one_short_printable_line(tmp_path: Path) -> None:
    """The till's account writes it, and root's terminal shows it."""
    path = tmp_path / "journal.db.lock"
    path.write_text("process 7\x1b]0;x\x07, since 10:00" + "x" * 100_000)
    with path.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = holder_of(path)
    assert said.startswith("process 7?]0;x?, since 10:00")
    assert len(said) <= 200
    assert holder_of(path) == ""
