"""The unit of the Customers service: started by systemd's own notice, and shut up as the till."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.project.sources import ROOT
from tests.systemd.test_systemd_unit import analyze, needs_systemd

UNIT = ROOT / "systemd" / "taptill-service.service"
DEFAULTS = ROOT / "systemd" / "taptill-service.default"
SCORE_MAX = 15  # tenths: 1.5


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if line[:1] not in {"#", ""}]


@needs_systemd
def test_systemd_takes_the_unit_and_finds_it_well_shut(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    program = "/opt/taptill/current/bin/taptill"
    copy.write_text(UNIT.read_text("utf-8").replace(f"ExecStart={program}", "ExecStart=/bin/true"))
    verdict = analyze("verify", "--man=no", "--recursive-errors=no", copy)
    said = [line for line in verdict.stderr.splitlines() if UNIT.name in line]
    assert (verdict.returncode, said) == (0, [])
    score = analyze("security", "--offline=true", f"--threshold={SCORE_MAX}", copy)
    assert score.returncode == 0, score.stdout


def test_what_the_site_may_change_is_what_the_unit_takes() -> None:
    [taken] = [line for line in lines_of(UNIT) if line.startswith("Environment=")]
    assert taken.removeprefix("Environment=").split() == lines_of(DEFAULTS)
    assert "EnvironmentFile=-/etc/default/taptill-service" in lines_of(UNIT)


def test_it_listens_on_this_machine_alone_and_waits_for_no_network() -> None:
    assert "HOST=127.0.0.1" in lines_of(DEFAULTS)
    assert "network-online.target" not in UNIT.read_text("utf-8")


@pytest.mark.slow
def test_systemd_is_told_where_it_listens_once_it_does(tmp_path: Path) -> None:
    database = tmp_path / "customers.db"
    taptill = [sys.executable, "-m", "taptill", "service"]
    subprocess.run([*taptill, "init", str(database)], check=True, capture_output=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
        run = [*taptill, "run", str(database), "--port", "0"]
        with subprocess.Popen(run, env=environment, stdout=subprocess.PIPE, text=True) as child:
            try:
                told = systemd.recv(1000).decode().splitlines()
                assert child.stdout
                line = child.stdout.readline().strip()
            finally:
                child.terminate()
    assert told == ["READY=1", f"STATUS={line}"]
    assert line.startswith("listening on http://127.0.0.1:")
