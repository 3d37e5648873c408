"""A command's bytes on a pseudo-terminal, each with the time at which it arrived."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

COLUMNS, LINES = 80, 24
WAIT_S = 20.0
QUIET_S = 0.03
"""A program that has drawn nothing for so long has drawn all of it; a frame lasts 17 ms."""

ROOT = Path(__file__).parents[2]
CALM = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|[\s─│]+")


class DrivenTerminal:
    """A program on a pseudo-terminal that nobody looks at: its bytes are searched, not drawn."""

    def __init__(self, words: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._drawn = b""
        self.began_s = time.perf_counter()
        self._child = subprocess.Popen(
            words,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            pass_fds=descriptors,
            start_new_session=True,
            env=surroundings(),
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        """Return the program's process id."""
        return self._child.pid

    def settle(self, quiet_s: float = QUIET_S) -> None:
        """Wait until the program draws no more, and forget what it has drawn."""
        while select.select([self._master], [], [], quiet_s)[0] and self._read():
            pass
        self.forget()

    def forget(self) -> None:
        """Forget what has been drawn so far."""
        self._drawn = b""

    def drawn_at_s(self, text: bytes) -> float:
        """Wait until these bytes were drawn since it last settled; give that time."""
        end_s = time.perf_counter() + WAIT_S
        now_s = time.perf_counter()
        while text not in self._drawn:
            ready = select.select([self._master], [], [], max(0.0, end_s - now_s))[0]
            went_on = bool(ready) and self._read()
            assert went_on, f"waited in vain for {text!r}: {self._words()}"
            now_s = time.perf_counter()
        return now_s

    def press(self, keys: str) -> float:
        """Type keys; return the time just before."""
        self.settle()
        began_s = time.perf_counter()
        os.write(self._master, keys.encode())
        return began_s

    def type(self, keys: str, text: bytes) -> float:
        """Press keys, wait for these bytes; return the seconds between."""
        began_s = self.press(keys)
        return self.drawn_at_s(text) - began_s

    def close(self) -> None:
        """Take its power, and that of whatever it has started."""
        os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait(WAIT_S)
        os.close(self._master)

    def _words(self) -> str:
        return CALM.sub(" ", self._drawn.decode("utf-8", "replace"))[-2000:]

    def _read(self) -> bool:
        try:
            self._drawn += os.read(self._master, 65536)
        except OSError:
            return False  # the program has ended
        return True


@contextmanager
def on_terminal(
    words: Sequence[str], ready: bytes, descriptors: Sequence[int] = ()
) -> Iterator[DrivenTerminal]:
    """Run a program until the block ends, once it has drawn `ready`."""
    terminal = DrivenTerminal(words, descriptors)
    try:
        terminal.drawn_at_s(ready)
        terminal.settle()
        yield terminal
    finally:
        terminal.close()


def python(*words: str) -> list[str]:
    """Return the command line of a module of this interpreter."""
    return [sys.executable, "-m", *words]


def surroundings() -> dict[str, str]:
    """Return a program's environment: compiled modules are kept, as an installed till has them."""
    environment = {
        name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    environment.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix, "pycache")))
    return {**environment, "TERM": "xterm-256color", "COLORTERM": "", "LANG": "C.UTF-8"}
