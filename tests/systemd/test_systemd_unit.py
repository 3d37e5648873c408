"""The till's unit in, systemd's own verdict on it out."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.project.sources import ROOT

from taptill.cli.console import RESET
from taptill.domain.errors import ConfigError, UsageError
from taptill.ui.layout import WIDTH_MIN

UNIT = ROOT / "systemd" / "taptill.service"
SCORE_MAX = 15  # tenths: 1.5

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Copy the unit with a program that exists here: /opt/taptill is only there on a till."""
    text = UNIT.read_text("utf-8")
    copy = tmp_path / UNIT.name
    copy.write_text(
        text.replace("ExecStart=/opt/taptill/current/bin/taptill", "ExecStart=/bin/true")
    )
    return copy


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def settings() -> dict[str, list[str]]:
    """Give each directive's values; comments and sections left out."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@needs_systemd
def test_the_unit_verifies_without_a_warning(unit: Path) -> None:
    """What it says of this machine's other units is not asked for."""
    run = analyze("verify", "--man=no", "--recursive-errors=no", unit)
    said = [line for line in run.stderr.splitlines() if unit.name in line]
    assert (run.returncode, said) == (0, [])


@needs_systemd
def test_the_verdict_would_see_a_mistake(unit: Path) -> None:
    unit.write_text(unit.read_text("utf-8").replace("WatchdogSec=", "WatchdogSeconds="))
    assert "WatchdogSeconds" in analyze("verify", "--man=no", "--recursive-errors=no", unit).stderr


@needs_systemd
def test_the_sandbox_scores_at_most_1_point_5(unit: Path) -> None:
    run = analyze("security", "--offline=true", f"--threshold={SCORE_MAX}", "--no-pager", unit)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_unit_starts_what_the_installer_installs() -> None:
    assert settings()["ExecStart"] == ["/opt/taptill/current/bin/taptill run"]


def test_all_three_streams_are_the_console_so_that_the_screen_has_its_size() -> None:
    streams = ("StandardInput", "StandardOutput", "StandardError")
    assert [settings()[name] for name in streams] == [["tty"]] * 3
    assert settings()["TTYPath"] == ["/dev/tty1"]


def test_stopping_tidies_up_even_before_there_is_a_screen() -> None:
    assert settings()["KillSignal"] == ["SIGINT"]


def test_what_the_till_says_of_its_config_stays_readable_on_the_console() -> None:
    """It is neither tried again at once nor cleared away; the till itself clears its screen."""
    statuses = {str(UsageError.exit_status), str(ConfigError.exit_status)}
    assert set(settings()["RestartPreventExitStatus"][0].split()) == statuses
    assert settings()["TTYVTDisallocate"] == ["no"]


def test_the_unit_names_no_page_and_no_unit_of_ours_that_does_not_exist() -> None:
    [page] = settings()["Documentation"]
    assert (ROOT / page.removeprefix("file:/opt/taptill/current/")).is_file()
    named = " ".join(settings()["After"] + settings().get("Wants", [])).split()
    assert [one for one in named if "taptill" in one and not (UNIT.parent / one).exists()] == []


def test_the_till_waits_for_neither_network_nor_time() -> None:
    ordering = " ".join(settings()["After"] + settings()["Wants"]).split()
    assert not {"network-online.target", "network.target", "time-sync.target"} & set(ordering)
    assert "Requires" not in settings()
    assert "BindsTo" not in settings()


def test_a_missing_token_is_for_the_till_to_name() -> None:
    """With a path after the credential's name the unit would fail without a word on the screen."""
    assert settings()["LoadCredential"] == ["api-token"]


def test_after_a_crash_a_line_stands_instead_of_the_last_frame() -> None:
    """The shell's own printf is not needed: the line is what systemd runs, each word of it."""
    first, quiet = settings()["ExecStartPre"]
    program, text = shlex.split(first.removeprefix("-"))
    done = subprocess.run([program, text], capture_output=True, check=True)
    clear, line = done.stdout.decode().split("\x1b[H\x1b[?25l")
    assert clear == "\x1b[2J"
    assert "starting" in line
    assert len(line.rstrip()) <= WIDTH_MIN
    assert quiet == "-+/usr/bin/dmesg --console-off"


def test_the_kernel_is_silent_on_the_console_and_speaks_again_after_the_till() -> None:
    assert settings()["ExecStopPost"][0] == "-+/usr/bin/dmesg --console-on"


def test_a_till_that_was_killed_leaves_no_colours_behind_and_gives_the_cursor_back() -> None:
    program, text = shlex.split(settings()["ExecStopPost"][1].removeprefix("-"))
    done = subprocess.run([program, text], capture_output=True, check=True)
    assert done.stdout == f"{RESET}\x1b[?25h".encode()


def test_it_is_restarted_for_ever() -> None:
    assert settings()["Restart"] == ["always"]
    assert settings()["StartLimitIntervalSec"] == ["0"]


def test_the_boot_id_stays_readable() -> None:
    assert "ProcSubset" not in settings()
