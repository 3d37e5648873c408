"""The real till in a pseudo-terminal: start it, tap, press keys, read its screen."""

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import Any

import pyte
from tests.fakes.forked.command import ForkedCommand, run_taptill

COLUMNS, LINES = 80, 24
TAPTILL = (sys.executable, "-m", "taptill")
WAIT_S = 40.0
_TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "", "LANG": "C.UTF-8"}
CARDS_APART_S = 0.4  # two cards within 0.3 s are two cards in the field
DEAD_ENTER_S = 0.45

CONFIG = """
[till]
name = "test"
{till}
[backend]
base_url = "{url}"
token_file = "{token}"
connect_timeout_s = 0.5
read_timeout_s = 1.0
{backend}
[[reader]]
driver = "simulated"
card_id = ["text"]
same_card_delay_ms = 300
socket = "{socket}"
{readers}
[cache]
sync_s = {sync_s}
[limits]
credit_ceiling = "50.00"
[settlement]
strategy = "debt"
retry_max_s = 1
[privacy]
clear_after_s = {clear_after_s}
[[goods]]
key = "c"
name = "Coffee"
price = "1.50"
{extra_config}
"""

SERIAL = """
[[reader]]
driver = "serial"
port = "{port}"
family = "rdm6300"
"""


class SerialLine:
    """A pseudo-serial line behind a symlink, as a USB reader behind its udev name."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._ends: tuple[int, int] | None = None
        self.plug()

    def plug(self) -> None:
        """Plug the reader in, perhaps as another device than before."""
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._ends[1]))

    def send(self, data: bytes) -> None:
        """Let the reader say these bytes."""
        assert self._ends
        os.write(self._ends[0], data)

    def unplug(self) -> None:
        """Pull the reader: the line hangs up and its name goes."""
        assert self._ends
        self.link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None


def rdm6300(card_id: str) -> bytes:
    """Return the frame that an RDM6300 sends for ten hex digits."""
    check = 0
    for byte in bytes.fromhex(card_id):
        check ^= byte
    return b"\x02" + card_id.encode() + f"{check:02X}".encode() + b"\x03"


@dataclass
class TillSite:
    """A folder with config, token and state: what one till needs."""

    folder: Path
    url: str
    token: str
    readers: str = ""
    extra_config: str = ""
    till: str = ""
    backend: str = ""
    sync_s: int = 600
    clear_after_s: int = 600
    state: Path = field(init=False)
    socket: Path = field(init=False)

    def __post_init__(self) -> None:
        self.state = self.folder / "state"
        self.socket = self.folder / "cards"
        (self.folder / "token").write_text(self.token + "\n")
        (self.folder / "token").chmod(0o600)
        self.write_config()

    @property
    def config(self) -> Path:
        """Return the config's path."""
        return self.folder / "config.toml"

    def write_config(self) -> None:
        """Write the config anew from this site's fields."""
        text = CONFIG.format(
            url=self.url,
            token=self.folder / "token",
            socket=self.socket,
            readers=self.readers,
            extra_config=self.extra_config,
            till=self.till,
            backend=self.backend,
            sync_s=self.sync_s,
            clear_after_s=self.clear_after_s,
        )
        self.config.write_text(text)

    def words(self, *words: str) -> list[str]:
        """Return the command line of `taptill` with these words."""
        return [*TAPTILL, *words]

    def ask(self, *words: str) -> CompletedProcess[str]:
        """Run a command that is not the screen."""
        return run_taptill(*words)

    def run_words(self) -> list[str]:
        """Return the command line that runs the till."""
        return self.words("run", "--config", str(self.config), "--state-dir", str(self.state))


class Program:
    """A till on a pseudo-terminal; all that is `drawn` is read into a pyte screen.

    Its process is a fork of one that has imported everything, unless it is to start `afresh`.
    `size` is the terminal's, in columns and rows.
    """

    def __init__(
        self,
        words: list[str],
        card_socket: Path | None = None,
        *,
        afresh: bool = False,
        size: tuple[int, int] = (COLUMNS, LINES),
        **variables: str,
    ) -> None:
        self._card_socket = card_socket
        self.drawn = b""
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        is_forked = tuple(words[:3]) == TAPTILL and not afresh
        start = partial(ForkedCommand, words[3:]) if is_forked else partial(Popen, words)
        self.process: ForkedCommand | Popen[Any] = start(
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, **_TERMINAL, **variables},
        )
        os.close(slave)

    def text(self) -> str:
        """Return the screen as it stands now, after all that was drawn so far."""
        self._read(0.0)
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, *expected: str, absent: str = "", wait_s: float = WAIT_S) -> str:
        """Wait until all these words are on the screen, and `absent` is not."""

        def is_there(text: str) -> bool:
            flat = " ".join(text.split())
            return all(words in flat for words in expected) and not (absent and absent in flat)

        return self.wait_until(is_there, f"{expected} (without {absent!r})", wait_s)

    def wait_until(
        self, is_there: Callable[[str], bool], description: str, wait_s: float = WAIT_S
    ) -> str:
        """Wait until the screen is as wanted; the last screen is in the complaint."""
        end = time.monotonic() + wait_s
        while not is_there(text := self.text()):
            left = end - time.monotonic()
            exit_status = self.process.poll()
            assert left > 0, f"waited in vain for {description}:\n{text}"
            assert exit_status is None, (
                f"ended ({exit_status}) while waiting for {description}:\n{text}"
            )
            self._read(min(left, 0.2))
        return text

    def press(self, keys: str) -> None:
        """Type keys; `\r` is Enter, `\x1b` Esc."""
        os.write(self._master, keys.encode())

    def sell(self, amount: str, card_id: str) -> None:
        """Ring up an amount on a clear screen and tap a card, at a person's pace."""
        self.press("-")
        self.wait_for("no card yet")
        self.press(amount)
        self.wait_for(f"> {amount}" if amount.isdecimal() else "TOTAL")
        self.pause(CARDS_APART_S)
        self.tap(card_id)

    def confirm(self) -> None:
        """Press Enter once it counts: it is dead for a moment after a verdict."""
        self.pause(DEAD_ENTER_S)
        self.press("\r")

    def pause(self, pause_s: float) -> None:
        """Let a person's time pass while the screen is read."""
        end = time.monotonic() + pause_s
        while (left := end - time.monotonic()) > 0:
            if not self._read(left):
                time.sleep(min(left, 0.05))  # no terminal any more

    def void_key(self) -> None:
        """Press F8."""
        self.press("\x1b[19~")

    def tap(self, card_id: str) -> None:
        """Show a card to the simulated reader by its control socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(card_id.encode(), str(self._card_socket))

    def kill(self) -> None:
        """Take its power: SIGKILL."""
        self.process.kill()
        self.close()

    def leave(self) -> int:
        """Stop it as systemd would, and give the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def hang_up(self, *, has_signal: bool = True) -> None:
        """Close its terminal; the signal comes only where the terminal controls the session."""
        if has_signal:
            self.process.send_signal(signal.SIGHUP)
        os.close(self._master)
        self._master = -1

    def ended(self) -> int:
        """Wait until it has ended by itself, and give its exit status."""
        end = time.monotonic() + WAIT_S
        while self.process.poll() is None and time.monotonic() < end:
            self.pause(0.1)
        assert self.process.poll() is not None, "it does not end"
        return self.close()

    def close(self) -> int:
        """Make sure that it has ended; return its exit status."""
        if self.process.poll() is None:
            self.process.kill()
        status = self.process.wait(WAIT_S)
        if self._master >= 0:
            self._read(0.0)
            os.close(self._master)
            self._master = -1
        return status

    def _read(self, wait_s: float) -> bool:
        """Draw what has come; False where the terminal is gone."""
        while self._master >= 0 and select.select([self._master], [], [], wait_s)[0]:
            try:
                output = os.read(self._master, 65536)
                self.drawn += output
                self._stream.feed(output)
            except OSError:
                return False
            wait_s = 0.0
        return self._master >= 0


@contextmanager
def running(
    site: TillSite,
    *,
    ready: str = "READER ok",
    afresh: bool = False,
    size: tuple[int, int] = (COLUMNS, LINES),
) -> Iterator[Program]:
    """Run a till until the block ends, once `ready` stands on its screen."""
    program = Program(site.run_words(), site.socket, afresh=afresh, size=size)
    try:
        if ready:
            program.wait_for(ready)
        yield program
    finally:
        program.close()
