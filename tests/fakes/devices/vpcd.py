"""pcscd with virtual readers, and cards to lay on them: real PC/SC without a reader.

vpcd, a driver of pcscd's, listens at one port a reader; a card is who connects there. Each message
is a length of two octets and so many octets; a single one is control (off, on, reset, give ATR).
"""

import fcntl
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

DAEMON = Path("/usr/sbin/pcscd")
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
SOCKET = Path("/run/pcscd/pcscd.comm")
NOT_RUN = "tests of the PC/SC driver with pcscd did NOT run:"
READERS = 2
"""vpcd makes so many of one entry, at neighbouring ports, and mixes up a second entry."""

PATIENCE_S = 20.0
LOCK_S_MAX = 120.0
ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
_GIVE_ATR = b"\x04"


class VirtualCard:
    """Lies on a reader until it is taken away, and answers each question with the next answer.

    The last answer is given again and again; None is silence, an empty one takes the card away.
    """

    def __init__(self, port: int, *answers: bytes | None, atr: bytes = ATR) -> None:
        self.request_count = 0
        self.powered_s: float | None = None
        self._answers = list(answers)
        self._atr = atr
        self._line = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._line.settimeout(None)
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def take_away(self) -> None:
        """End it; the reader notices when pcscd looks next, within 0.4 s."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        with self._line, suppress(OSError), self._line.makefile("rb") as told:
            while length := told.read(2):
                message = told.read(int.from_bytes(length, "big"))
                if message == _GIVE_ATR:
                    self.powered_s = time.monotonic()
                    self._send(self._atr)
                elif len(message) > 1:
                    self._answer()

    def _answer(self) -> None:
        self.request_count += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer == b"":
            self._line.shutdown(socket.SHUT_RDWR)
        elif answer is not None:
            self._send(answer)

    def _send(self, octets: bytes) -> None:
        self._line.sendall(len(octets).to_bytes(2, "big") + octets)


def uid(number: str) -> bytes:
    """Give a reader's answer of a card with this number."""
    return bytes.fromhex(number) + b"\x90\x00"


class Pcscd:
    """The one service of this machine, which can be killed and started anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemon: subprocess.Popen[bytes] | None = None
        first = _free_ports(READERS)
        self.readers = {f"Virtual PCD 00 {n:02}": first + n for n in range(READERS)}

    def start(self, calling: str = "Virtual PCD") -> None:
        """Start, with readers of that name, and wait until they listen."""
        (self._folder / "vpcd").write_text(
            f'FRIENDLYNAME "{calling}"\nDEVICENAME /dev/null:{min(self.readers.values())}\n'
            f"LIBPATH {DRIVER}\nCHANNELID 0\n"
        )
        words = [str(DAEMON), "--foreground", "--config", str(self._folder)]
        with (self._folder / "pcscd.log").open("ab") as log:
            self._daemon = subprocess.Popen(words, stdout=log, stderr=log)
        end_s = time.monotonic() + PATIENCE_S
        while not is_served():
            assert self._daemon.poll() is None, (self._folder / "pcscd.log").read_text()
            assert time.monotonic() < end_s
            time.sleep(0.01)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, by default as systemd does."""
        daemon, self._daemon = self._daemon, None
        if daemon:
            daemon.send_signal(number)
            daemon.wait(PATIENCE_S)


def why_not() -> str:
    """Say why pcscd cannot be started here; nothing when it can."""
    if os.geteuid() != 0:
        return f"{NOT_RUN} only root may start pcscd"
    missing = [str(path) for path in (DAEMON, DRIVER) if not path.exists()]
    if missing:
        return f"{NOT_RUN} no {', '.join(missing)}: apt install pcscd vsmartcard-vpcd"
    return f"{NOT_RUN} one is running, and there can be only one" if is_served() else ""


@contextmanager
def alone() -> Iterator[None]:
    """Hold every other process off that would start pcscd: its socket has a fixed place."""
    with (Path(tempfile.gettempdir()) / "taptill-tests-pcscd.lock").open("wb") as file:
        end_s = time.monotonic() + LOCK_S_MAX
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                assert time.monotonic() < end_s, "another test holds pcscd"
                time.sleep(0.05)
        yield


def is_served() -> bool:
    """Tell whether a pcscd answers on this machine."""
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(str(SOCKET))
        return True
    return False


def _free_ports(count: int) -> int:
    """Give the first of so many neighbouring ports that nobody listens at."""
    for first in range(20_000, 32_000, count):
        if all(_is_free(first + number) for number in range(count)):
            return first
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as attempt, suppress(OSError):
        attempt.bind(("", port))
        return True
    return False
