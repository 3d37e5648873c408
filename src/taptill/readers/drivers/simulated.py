"""A reader without hardware: card ids come from the demo's keys, a script or a control socket.

Options: `script`, a file of lines `SECONDS CARD_ID`, in seconds since the device was opened; and
`socket`, the path of a Unix datagram socket to create, where each line of a datagram is a card id.
"""

import select
import socket
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.device import READ_S_MAX, ReaderSettings
from taptill.readers.drivers.device_nodes import opening_error
from taptill.readers.frames import AnyFrame, Frame

PRESENTED_MAX = 16
SCRIPT_BYTES_MAX = 1_000_000
_DATAGRAM_BYTES_MAX = PRESENTED_MAX * (CARD_ID_LENGTH_MAX + 1)


class SimulatedReader:
    """A device whose cards callers present; the text of a card is its id."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._presented: deque[str] = deque(maxlen=PRESENTED_MAX)
        self._script: list[tuple[float, str]] = []
        self._opened_s = 0.0
        self._wake_receiver: socket.socket | None = None
        self._wake_sender: socket.socket | None = None
        self._control: socket.socket | None = None

    def present(self, card_id: str) -> None:
        """Present a card, from any thread; of more than `PRESENTED_MAX` the oldest is lost."""
        self._presented.append(card_id)
        self.interrupt()

    def open(self) -> None:
        """Read the script and create the control socket. Errors: ReaderError."""
        place = ""
        try:
            place = str(self._settings.options.get("script", ""))
            if place:
                self._script = read_script(Path(place))
            place = str(self._settings.options.get("socket", ""))
            if place:
                self._control = _bind_control_socket(Path(place))
            self._wake_receiver, self._wake_sender = socket.socketpair(
                socket.AF_UNIX, socket.SOCK_DGRAM
            )
            self._wake_sender.setblocking(False)  # noqa: FBT003 - socket's own spelling
        except (OSError, ValueError) as error:
            raise opening_error(self._settings.name, place, error) from error
        self._opened_s = time.monotonic()

    def read(self) -> list[AnyFrame]:
        """Return the cards presented meanwhile, and those that are due in the script."""
        texts: list[str] = []
        if not self._presented:
            texts += self._receive()
        while self._presented:
            texts.append(self._presented.popleft())
        while self._until_script_s() <= 0:
            texts.append(self._script.pop(0)[1])
        return [Frame(text) for text in texts if text.strip()]

    def interrupt(self) -> None:
        """Wake the thread that reads."""
        with suppress(AttributeError, OSError):
            self._wake_sender.send(b"\n")  # type: ignore[union-attr]  # not open: nobody waits

    def close(self) -> None:
        """Close the sockets and remove the control socket's path."""
        if self._control:
            with suppress(OSError):
                Path(self._control.getsockname()).unlink()
        for sock in (self._control, self._wake_receiver, self._wake_sender):
            if sock:
                sock.close()
        self._control = self._wake_receiver = self._wake_sender = None

    def _until_script_s(self) -> float:
        if not self._script:
            return READ_S_MAX
        return self._script[0][0] - (time.monotonic() - self._opened_s)

    def _receive(self) -> list[str]:
        wait_s = min(READ_S_MAX, max(0.0, self._until_script_s()))
        sockets = [sock for sock in (self._wake_receiver, self._control) if sock]
        ready, _, _ = select.select(sockets, [], [], wait_s)
        datagrams = [sock.recv(_DATAGRAM_BYTES_MAX) for sock in ready]
        return [
            text
            for datagram in datagrams
            for text in datagram.decode("utf-8", "replace").splitlines()
        ]


def read_script(path: Path) -> list[tuple[float, str]]:
    """Return the seconds and card ids of a script, in order; text after `#` is a comment.

    Errors: OSError, ValueError.
    """
    with path.open("r", encoding="utf-8") as file:
        lines = file.read(SCRIPT_BYTES_MAX).splitlines()
    script = []
    for line in lines:
        seconds, _, card_id = line.partition("#")[0].strip().partition(" ")
        if seconds:
            script.append((float(seconds), card_id.strip()))
    return sorted(script)


def _bind_control_socket(path: Path) -> socket.socket:
    if path.is_socket():
        path.unlink()  # of a till that was killed
    control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        control.bind(str(path))
        path.chmod(0o600)
    except OSError:
        control.close()
        raise
    return control
