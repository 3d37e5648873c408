"""`taptill demo --plain` as somebody hears it."""

import signal
import sys
import termios
import time
from pathlib import Path
from subprocess import DEVNULL, run

import pytest
from tests.scenarios.program import Program

pytestmark = pytest.mark.slow

DEMO = [sys.executable, "-m", "taptill", "demo", "--plain"]


def lines(program: Program) -> list[str]:
    """Return all that was said so far, line by line."""
    program.text()
    return program.drawn.decode().split("\r\n")


def test_a_sale_is_said_and_the_terminal_given_back(tmp_path: Path) -> None:
    demo = Program(DEMO, afresh=True, TMPDIR=str(tmp_path))
    try:
        demo.wait_for("READY: Ring up or tap a card", "ONLINE", "READER 1 ok")
        demo.press("420")
        demo.wait_for("€4.20 TAP CARD: Wait for the tap")
        demo.press("A")
        demo.wait_for("CONFIRM: Ada Byron pays €4.20, NOT BLOCKED, in advance €12.30")
        demo.confirm()
        demo.wait_for("PAID: €4.20, in advance €8.10", " sent")
        demo.press("B")
        demo.wait_for("REFUSED: The customer is blocked")
        demo.press("\x1b")
        demo.wait_for("next card, please", absent="Traceback")
        demo.press("c")
        demo.wait_for("1 × Coffee €1.50, total €1.50")
        demo.press("\x11")
        demo.wait_for("safe to switch off")
        demo.press("\x11")
        assert demo.ended() == 0
        said = lines(demo)
        assert b"\x1b" not in demo.drawn
        assert sum(line.startswith("PAID") for line in said) == 1
        assert sum(line.startswith("REFUSED") for line in said) == 1
        assert said[-2:] == ["The till has ended", ""]
    finally:
        demo.close()
    assert list(tmp_path.iterdir()) == []


def test_an_amount_behind_the_card_is_said_before_enter_charges_it(tmp_path: Path) -> None:
    """Enter right behind the last digit says what it would confirm; the next one confirms."""
    demo = Program(DEMO, afresh=True, TMPDIR=str(tmp_path))
    try:
        demo.wait_for("READY: ", "ONLINE")
        demo.press("A")
        demo.wait_for("AMOUNT: Ada Byron, NOT BLOCKED")
        demo.pause(0.6)
        for digit in "420":
            demo.press(digit)
            demo.pause(0.12)
        demo.press("\r")
        demo.wait_for("CONFIRM: Ada Byron pays €4.20", "press Enter again", absent="PAID")
        demo.confirm()
        demo.wait_for("PAID: €4.20")
    finally:
        demo.close()


def test_a_signal_gives_the_terminal_back(tmp_path: Path) -> None:
    demo = Program(DEMO, afresh=True, TMPDIR=str(tmp_path))
    before = termios.tcgetattr(demo._master)
    try:
        demo.wait_for("READY: ")
        assert termios.tcgetattr(demo._master) != before
        demo.process.send_signal(signal.SIGTERM)
        demo.wait_for("The till has ended")
        end = time.monotonic() + 10.0
        while demo.process.poll() is None and time.monotonic() < end:
            demo.pause(0.05)
        assert demo.process.poll() == 0
        assert termios.tcgetattr(demo._master) == before
    finally:
        demo.close()
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_for_its_keys_it_says_so() -> None:
    answer = run(DEMO, stdin=DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 64
    assert "the till reads its keys from a terminal" in answer.stderr
