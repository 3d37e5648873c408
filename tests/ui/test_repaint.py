"""What others wrote over the screen goes at Ctrl-L, a reader's change, a new size, a sale's end."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.program import Program

from taptill.cli.console import RESET, in_colours, is_console
from taptill.ui.themes import CONSOLE_PALETTE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
KERNEL = "[  208.418377] usb 1-2: new full-speed USB device number 3\r\n" * 12
STARTED_S = 30.0

# A key shows a view; nothing but what has changed is painted otherwise.
PROGRAM = """
from dataclasses import replace
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.ui.app import TillApp
from tests.fakes.till import FakeTill
from tests.ui.states import CONFIRM, SETTINGS, PAID, READY, RINGING

LOST = replace(READY.status, readers=(ReaderHealth("counter", ReaderState.LOST),))
VIEWS = {"r": READY, "g": RINGING, "p": PAID, "c": CONFIRM, "l": replace(READY, status=LOST)}

class Till(FakeTill):
    def take(self, keys):
        for key in keys:
            if key.name in VIEWS:
                self.show(VIEWS[key.name])

till = Till(READY)
TillApp(till, till.run, SETTINGS, "console").run()
"""


class Spoilt(Program):
    """A screen over which another program writes."""

    def spoil(self) -> str:
        """Write the kernel's lines over the screen; return it as they leave it."""
        self._stream.feed(b"\x1b[1;1H" + KERNEL.encode())
        return self.text()


@pytest.fixture
def screen() -> Iterator[Spoilt]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    program = Spoilt([sys.executable, "-c", PROGRAM], TERM="linux", PYTHONPATH=path)
    try:
        program.wait_for("last sales", wait_s=STARTED_S)
        yield program
    finally:
        program.close()


def test_ctrl_l_paints_every_cell(screen: Spoilt) -> None:
    before = settled_text(screen)
    assert "new full-speed USB device" in screen.spoil()
    screen.press("\x0c")
    screen.wait_until(lambda text: text == before, "the screen as it was")


@pytest.mark.parametrize(
    ("before", "after"),
    [("r", "l"), ("l", "r"), ("c", "p"), ("c", "r")],
    ids=["a reader goes", "a reader is back", "paid", "cancelled"],
)
def test_a_change_after_which_every_cell_is_painted(
    screen: Spoilt, before: str, after: str
) -> None:
    screen.press(after)
    screen.press("\x0c")
    expected_text = settled_text(screen)
    screen.press(before)
    screen.wait_until(lambda text: text != expected_text, "another screen")
    screen.spoil()
    screen.press(after)
    screen.wait_until(lambda text: text == expected_text, "that screen, every cell of it")


def test_a_new_size_that_is_the_old_one_again_paints_every_cell(screen: Spoilt) -> None:
    """A terminal that shrank and grew at once has cut its lines, and Enter counts after it."""
    before = settled_text(screen)
    screen.spoil()
    screen.process.send_signal(signal.SIGWINCH)
    screen.wait_until(lambda text: text == before, "the screen as it was")


def test_what_answers_a_tap_paints_what_has_changed_only(screen: Spoilt) -> None:
    """A whole screen takes several times as long."""
    screen.press("g")
    screen.wait_for("4.20")
    settled_text(screen)
    screen.spoil()
    screen.press("c")
    assert "new full-speed USB device" in screen.wait_for("Ada Byron pays")


def settled_text(screen: Spoilt) -> str:
    """Return the screen once it has not changed for a while."""
    text, since_s = screen.text(), time.monotonic()
    while time.monotonic() - since_s < 0.5:
        screen.pause(0.05)
        if (now := screen.text()) != text:
            text, since_s = now, time.monotonic()
    return text


def test_only_a_console_of_the_kernel_gets_the_colours() -> None:
    """Another terminal, whatever TERM says, would swallow what follows such a sequence."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        assert not is_console(terminal)
        with in_colours(CONSOLE_PALETTE, terminal):
            pass
        assert select.select([ours], [], [], 0)[0] == []
    os.close(ours)


def test_what_sets_the_colours_back_is_one_sequence() -> None:
    assert RESET == "\x1b]R"
