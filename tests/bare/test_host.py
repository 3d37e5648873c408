"""What `make test-bare` says where it cannot run, and what it takes over from this machine."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.bare.checkout import bundle
from tests.bare.host import UnavailableError, debian_mirror, look, pip_options
from tests.project.sources import ROOT

NOWHERE = "http://127.0.0.1:9/debian"


def test_all_that_is_missing_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError) as missing:
        look()
    assert "sudo apt install git mmdebstrap mount util-linux" in str(missing.value)
    assert "it needs apt" in str(missing.value)


@pytest.mark.slow
def test_a_mirror_that_does_not_answer_is_no_failure_of_the_commands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEBIAN_MIRROR", NOWHERE)
    with pytest.raises(UnavailableError, match=r"no network: .* trixie"):
        debian_mirror(["trixie"])


def test_where_it_cannot_run_the_status_is_69_and_the_words_are_loud(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.bare", "--short"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (69, "")
    assert "README's commands were NOT run on a bare Debian: " in result.stderr


@pytest.mark.slow
def test_no_folder_of_this_machine_goes_into_the_other_pip() -> None:
    for name, value in pip_options().items():
        assert "file:" not in value
        assert name == "cert" or not value.startswith("/")


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git checkout")
def test_the_bundle_has_what_is_not_committed_yet(tmp_path: Path) -> None:
    """It leaves this checkout's own index and branches alone."""
    before = state()
    bundle(tmp_path / "all.bundle")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", tmp_path / "all.bundle", clone], check=True)
    assert (clone / "tests/bare/test_host.py").read_bytes() == Path(__file__).read_bytes()
    assert state() == before


def state() -> list[str]:
    words = (["git", "status", "--porcelain"], ["git", "for-each-ref"])
    return [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in words
    ]
