"""Runs pcscd with virtual readers and cards: real PC/SC without hardware.

vpcd, a driver of pcscd, listens at one port for each reader; a client that connects is a card. Each
message is a length of two octets and so many octets; a single octet is a control code (power off,
power on, reset, get ATR).
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
"""vpcd makes so many readers of one entry, at consecutive ports; it mishandles a second entry."""

PATIENCE_S = 30.0
LOCK_S_MAX = 120.0
ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
_GIVE_ATR = b"\x04"


class VirtualCard:
    """A card on a reader, which answers each command with the next answer, until it is removed.

    The last answer is given again and again. None is no answer; an empty one removes the card.
    """

    def __init__(self, port: int, *answers: bytes | None, atr: bytes = ATR) -> None:
        self.request_count = 0
        self._answers = list(answers)
        self._atr = atr
        self._line = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._line.settimeout(None)
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def take_away(self) -> None:
        """Remove the card; the reader notices when pcscd polls next, within 0.4 s."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        with self._line, suppress(OSError), self._line.makefile("rb") as stream:
            while length := stream.read(2):
                message = stream.read(int.from_bytes(length, "big"))
                if message == _GIVE_ATR:
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
    """Return a reader's answer for a card with this number."""
    return bytes.fromhex(number) + b"\x90\x00"


class Pcscd:
    """The one pcscd of this machine, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "pcscd.log"
        self._config = folder / "readers"  # pcscd reads every file in it: its own log without end
        self._config.mkdir()
        self._daemon: subprocess.Popen[bytes] | None = None
        first = _free_ports(READERS)
        self.readers = {f"Virtual PCD 00 {n:02}": first + n for n in range(READERS)}

    def start(self, calling: str = "Virtual PCD") -> None:
        """Start pcscd with readers of that name, and wait until they listen."""
        (self._config / "vpcd").write_text(
            f'FRIENDLYNAME "{calling}"\nDEVICENAME /dev/null:{min(self.readers.values())}\n'
            f"LIBPATH {DRIVER}\nCHANNELID 0\n"
        )
        words = [str(DAEMON), "--foreground", "--config", str(self._config)]
        with self._log.open("ab") as log:
            self._daemon = subprocess.Popen(words, stdout=log, stderr=log)
        end_s = time.monotonic() + PATIENCE_S
        while not is_served():
            assert self._daemon.poll() is None, self._log.read_text()
            assert time.monotonic() < end_s, self._log.read_text()
            time.sleep(0.01)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop pcscd, by default as systemd does."""
        daemon, self._daemon = self._daemon, None
        if daemon:
            daemon.send_signal(number)
            daemon.wait(PATIENCE_S)


def skip_reason() -> str:
    """Return why pcscd cannot be started here; empty when it can."""
    if os.geteuid() != 0:
        return f"{NOT_RUN} only root may start pcscd"
    missing = [str(path) for path in (DAEMON, DRIVER) if not path.exists()]
    if missing:
        return f"{NOT_RUN} no {', '.join(missing)}: apt install pcscd vsmartcard-vpcd"
    return f"{NOT_RUN} one is running, and there can be only one" if is_served() else ""


@contextmanager
def pcscd_lock() -> Iterator[None]:
    """Hold a lock against all processes that would start pcscd, whose socket has a fixed path."""
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
    """Return whether a pcscd answers on this machine."""
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(str(SOCKET))
        return True
    return False


def _free_ports(count: int) -> int:
    """Return the first of so many consecutive ports that are free."""
    for first in range(20_000, 32_000, count):
        if all(_is_free(first + number) for number in range(count)):
            return first
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as attempt, suppress(OSError):
        attempt.bind(("", port))
        return True
    return False
