"""`taptill demo` as a visitor sees it: cards by keys, a serial line to write to, nothing left."""

import re
import sys
from pathlib import Path

import pytest
from tests.scenarios.program import Program, rdm6300

pytestmark = pytest.mark.slow


def test_the_demo_sells_by_key_and_by_serial_line_and_leaves_nothing(tmp_path: Path) -> None:
    """Tap A by key, tap C by bytes, leave with ctrl+q twice: exit status 0 and no files."""
    words = [sys.executable, "-m", "taptill", "demo", "--serial"]
    demo = Program(words, afresh=True, TMPDIR=str(tmp_path))
    try:
        screen = demo.wait_for("READER ok", "ONLINE", "RDM6300 bytes to /dev/pts/")
        demo.press("420A")
        demo.wait_for("Ada Byron pays €4.20")
        demo.confirm()
        demo.wait_for("Thank you", "A. B. √ sent")
        line = re.search(r"/dev/pts/\d+", screen)
        assert line
        demo.press("-")
        demo.wait_for("no card yet")
        Path(line.group()).write_bytes(rdm6300("3C00CE754C"))
        demo.wait_for("Charles Babbage", "in advance €1.80")
        demo.press("\x11")
        demo.wait_for("safe to switch off")
        demo.press("\x11")
        assert demo.ended() == 0
    finally:
        demo.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("has_signal", [True, False], ids=["by SIGHUP", "without a word"])
def test_a_terminal_that_is_closed_ends_the_demo_and_leaves_nothing(
    tmp_path: Path, *, has_signal: bool
) -> None:
    """The till ends, the service ends, the folder goes."""
    demo = Program([sys.executable, "-m", "taptill", "demo"], afresh=True, TMPDIR=str(tmp_path))
    try:
        demo.wait_for("READER ok", "ONLINE")
        demo.hang_up(has_signal=has_signal)
        demo.ended()
    finally:
        demo.close()
    assert list(tmp_path.iterdir()) == []
