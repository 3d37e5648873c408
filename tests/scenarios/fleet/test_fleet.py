"""The real program says how it is while it runs, and counts how it ended."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.fakes.service import running_service
from tests.scenarios.program import SERIAL, Program, SerialLine, TillSite, rdm6300, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
F12 = "\x1b[24~"
WAIT_S = 40.0


def status(site: TillSite) -> tuple[int, dict[str, Any]]:
    """Return the exit status and the answer of `taptill status --json`."""
    asked = site.ask("status", "--state-dir", str(site.state), "--json")
    return asked.returncode, json.loads(asked.stdout)


def written(till: Program, site: TillSite) -> dict[str, Any]:
    """Wait for the till's first figures, and return them."""
    end_s = time.monotonic() + WAIT_S
    while not (site.state / "status.json").exists():
        assert time.monotonic() < end_s, "no figures were written"
        till.pause(0.1)
    exit_status, answer = status(site)
    assert (exit_status, answer["running"]) == (0, True)
    figures: dict[str, Any] = answer["status"]
    return figures


def test_a_running_till_says_how_it_is_and_a_killed_one_that_it_is_gone(tmp_path: Path) -> None:
    metrics = tmp_path / "taptill.prom"
    with running_service(tmp_path) as service:
        extra = f'[metrics]\ntextfile = "{metrics}"'
        site = TillSite(tmp_path, service.url, service.token, extra_config=extra)
        with running(site) as till:
            till.wait_for("ONLINE")
            till.sell("420", ADA)
            till.wait_for("Ada Byron pays €4.20")
            till.confirm()
            till.wait_for("Thank you")
            figures = written(till, site)
            assert figures["times"]["confirm_to_durable"]["count"] == 1
            assert figures["times"]["tap_to_verdict"]["count"] == 1
            assert figures["program"]["starts"] == 1
            text = metrics.read_text("utf-8")
            assert ADA not in text
            assert "Byron" not in text
            names = [family.name for family in text_string_to_metric_families(text)]
            assert "taptill_tap_to_verdict_seconds" in names
            till.kill()
        exit_status, answer = status(site)
        assert (exit_status, answer["running"]) == (69, False)
        with running(site) as again:
            again.wait_for("ONLINE")
            assert "ended_uncleanly" in (site.state / "taptill.log").read_text("utf-8")
            assert again.leave() == 0
        runs = json.loads((site.state / "runs.json").read_text("utf-8"))
        assert runs == {"starts": 2, "unclean_ends": 1, "is_running": False}
        assert not (site.state / "status.json").exists()


def test_f12_shows_the_bytes_of_a_reader_and_charges_nobody(tmp_path: Path) -> None:
    line = SerialLine(tmp_path / "rfid-reader")
    with running_service(tmp_path) as service:
        readers = SERIAL.format(port=line.link)
        site = TillSite(tmp_path, service.url, service.token, readers=readers)
        with running(site) as till:
            till.wait_for("ONLINE")
            till.press("420")
            till.wait_for("> 420")
            till.press(F12)
            till.wait_for("readers (1/7)", "reader 2 ok")
            line.send(rdm6300(ADA))
            till.wait_for("last number 62E3086CED", "02 36 32 45 33 30 38 36 43 45", "1 good")
            till.press("\r")
            till.press("\x1b")
            till.wait_for("no card yet", "> 420")
            assert ADA not in (site.state / "taptill.log").read_text("utf-8")
            till.leave()
        assert b"PAID" not in till.drawn


def test_a_till_that_the_watchdog_aborts_is_told_by_the_next_start(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        site = TillSite(tmp_path, service.url, service.token)
        with running(site) as till:
            till.wait_for("ONLINE")
            till.process.send_signal(signal.SIGABRT)
            assert till.ended() == -signal.SIGABRT
        with running(site) as again:
            again.wait_for("ONLINE")
            again.press(F12)
            again.press("7")
            again.wait_for("this till (7/7)", "2, 1 ended badly", "crashed Aborted")
            assert again.leave() == 0
        (crash,) = site.state.glob("crash-*.json")
        frames = json.loads(crash.read_text("utf-8"))["faults"][0]["frames"]
        assert any(frame.startswith("taptill/cli/run.py:") for frame in frames)
