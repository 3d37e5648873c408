"""The screen as a real program in a real pseudo-terminal."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0

PROGRAM = """
import sys
from taptill.ui.app import TillApp
from tests.fakes.till import FakeTill
from tests.ui.states import READY, SETTINGS

till = FakeTill(READY)
app = TillApp(till, till.run, SETTINGS, "console")
app.run()
print("calls", till.calls)
sys.exit(app.return_code)
"""


SIGNALLED_AT_ITS_END = """
import os, signal
from functools import partial

async def shutdown(close):
    await close()
    os.kill(os.getpid(), signal.SIGHUP)

app._shutdown = partial(shutdown, app._shutdown)
"""


class TerminalProgram:
    """A program on a pseudo-terminal of 80 by 24; `seen` is all that it wrote."""

    def __init__(self, program: str = PROGRAM) -> None:
        self.seen = b""
        self._news = asyncio.Event()
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={
                **os.environ,
                "TERM": "linux",
                "PYTHONPATH": path,
                "COLUMNS": "80",  # as a shell may export it
                "LINES": "24",
            },
        )
        self._theirs = theirs
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def _read(self) -> None:
        self.seen += os.read(self._ours, 65_536)
        self._news.set()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._ours, keys)

    def resize(self, rows: int, columns: int) -> None:
        """Return the terminal another size, and say so as the kernel does."""
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process.send_signal(signal.SIGWINCH)

    def settings(self) -> list[int | list[bytes | int]]:
        """Return the terminal's settings as they are now."""
        return termios.tcgetattr(self._theirs)

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until what was written makes a claim true."""
        async with asyncio.timeout(DEADLINE_S):
            while not claim():
                self._news.clear()
                await self._news.wait()

    async def ended(self) -> int:
        """Wait for the program's end and give its exit status."""
        return await asyncio.to_thread(self.process.wait, DEADLINE_S)

    def close(self) -> None:
        """Close the terminal and end the program."""
        self.process.kill()
        self.process.wait()
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)


async def test_f1_to_f4_are_known_in_both_spellings_where_term_is_linux_on_another_line() -> None:
    """A serial line or tmux may say that it is the console, and sends what terminals send."""
    said = "{key: lambda key=key: till.calls.append(key) for key in ('f2', 'f3', 'f4')}"
    program = PROGRAM.replace("FakeTill(READY)", f"FakeTill(READY, {said})")
    with closing(
        TerminalProgram(program.replace('"console")', '"console", console=True)'))
    ) as terminal:
        await terminal.until(lambda: b"last sales" in terminal.seen)
        assert b"\x1b=" not in terminal.seen, "the keypad types as it is: it shares these codes"
        for keys in (b"\x1bOQ", b"\x1bOR", b"\x1bOS", b"\x1b[[B", b"\x1b[[C", b"\x1b[[D"):
            terminal.type(keys)
        terminal.type(b"\x11\x11")
        await terminal.until(lambda: b"calls" in terminal.seen)
        await terminal.until(lambda: b"]" in terminal.seen.rpartition(b"calls")[2])
        calls = terminal.seen.rpartition(b"calls")[2]
        assert re.findall(rb"f\d", calls) == [b"f2", b"f3", b"f4"] * 2
        assert await terminal.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
async def test_a_signal_ends_it_cleanly_and_gives_the_terminal_back(number: signal.Signals) -> None:
    with closing(TerminalProgram()) as terminal:
        await terminal.until(lambda: b"last sales" in terminal.seen)
        terminal.type(b"42\r")
        terminal.process.send_signal(number)
        await terminal.until(lambda: b"calls" in terminal.seen)
        assert await terminal.ended() == 0
        assert b"\x1b[?25h" in terminal.seen
        assert terminal.settings() == terminal.before


async def test_a_signal_while_it_ends_does_not_cut_the_end_short() -> None:
    """A terminal that is gone is noticed, and SIGHUP comes when the program is leaving already."""
    begin, run, end = PROGRAM.partition("app.run()")
    with closing(TerminalProgram(begin + SIGNALLED_AT_ITS_END + run + end)) as terminal:
        await terminal.until(lambda: b"last sales" in terminal.seen)
        terminal.type(b"\x11\x11")
        await terminal.until(lambda: b"calls" in terminal.seen)
        assert await terminal.ended() == 0


async def test_keys_typed_at_a_terminal_reach_the_till_and_ctrl_q_twice_leaves() -> None:
    with closing(TerminalProgram()) as terminal:
        await terminal.until(lambda: b"last sales" in terminal.seen)
        terminal.type(b"4,2+c\x7f\r-\x1b[19~")
        terminal.type(b"\x11\x11")
        calls = b"['4', ',', '2', '+', 'c', 'backspace', 'confirm', 'cancel', 'void']"
        await terminal.until(lambda: calls in terminal.seen)
        assert await terminal.ended() == 0
        assert b"\x1b[97;44m" in terminal.seen  # white on the console's blue, no other palette


async def test_a_new_size_and_a_stop_draw_anew_and_keys_come_once() -> None:
    """Stopped and continued, as by a debugger or a frozen machine, one thread reads, not two."""
    with closing(TerminalProgram()) as terminal:
        await terminal.until(lambda: b"last sales" in terminal.seen)
        terminal.process.send_signal(signal.SIGSTOP)
        frame_count = terminal.seen.count(b"last sales")
        terminal.process.send_signal(signal.SIGCONT)
        await terminal.until(lambda: terminal.seen.count(b"last sales") > frame_count)
        terminal.resize(10, 40)
        await terminal.until(lambda: b"too small" in terminal.seen)
        terminal.resize(24, 80)
        await terminal.until(lambda: terminal.seen.rpartition(b"too small")[2].count(b"sales") > 0)
        terminal.type(b"42c")
        terminal.type(b"\x11\x11")
        await terminal.until(lambda: b"['4', '2', 'c']" in terminal.seen)
        assert await terminal.ended() == 0
        assert b"\x1b>" in terminal.seen.rpartition(b"\x1b=")[2]


def test_the_first_frame_imports_nothing_that_it_does_not_need() -> None:
    late = ("httpx", "sqlite3", "sqlite_utils", "nfc", "serial", "usb1")
    code = f"import sys, taptill.ui.app; print([one for one in {late!r} if one in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True, timeout=60
    )
    assert result.stdout.strip() == b"[]"
