"""A printer at a real TCP port, which prints, stops reading, has no paper, or vanishes mid-line."""

import socket
import struct
import threading
from contextlib import suppress
from enum import StrEnum

from tests.fakes.devices.full_buffer import drain, fill

from taptill.slips.escpos import ASK_PAPER

PAPER_THERE, PAPER_ENDED = b"\x12", b"\x72"


class Mood(StrEnum):
    """What the printer does with what it is sent."""

    PRINTS = "prints"
    SILENT = "prints, and answers no question"
    NO_PAPER = "answers that its paper has ended"
    STUCK = "takes the connection, and not one byte: its buffer is full"
    VANISHES = "reads some bytes, then its plug is pulled"
    GONE = "nobody listens"


class TcpPrinter:
    """Prints into `paper`, without the questions; `mood` may change between two connections."""

    def __init__(self, mood: Mood = Mood.PRINTS) -> None:
        self.paper = bytearray()
        self.connections = 0
        self._held: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self._mood = Mood.PRINTS
        try:
            self.mood = mood
        except BaseException:  # the test is skipped
            self._server.close()
            raise
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="fake printer", daemon=True)
        self._thread.start()

    @property
    def mood(self) -> Mood:
        """Return what it does with the next connection."""
        return self._mood

    @mood.setter
    def mood(self, mood: Mood) -> None:
        if Mood.STUCK in {mood, self._mood} and mood is not self._mood:
            (fill if mood is Mood.STUCK else drain)(self._server)
        self._mood = mood

    @property
    def address(self) -> str:
        """Return what the config would name."""
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        """Close everything."""
        for held in (*self._held, self._server):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()
        self._thread.join(5.0)

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._server.accept()
                self.connections += 1
                if self.mood is Mood.STUCK:
                    self._held.append(connection)
                elif self.mood is Mood.GONE:
                    _reset(connection)
                else:
                    with connection, suppress(OSError):
                        drain(connection)  # it may have come while the printer was still stuck
                        self._print(connection)

    def _print(self, connection: socket.socket) -> None:
        while octets := connection.recv(4096):
            if self.mood is Mood.VANISHES and not octets.startswith(ASK_PAPER):
                _reset(connection)
                return
            asked = octets.count(ASK_PAPER)
            self.paper += octets.replace(ASK_PAPER, b"")
            if asked and self.mood is not Mood.SILENT:
                connection.sendall(PAPER_ENDED if self.mood is Mood.NO_PAPER else PAPER_THERE)


def _reset(connection: socket.socket) -> None:
    """Close with a reset, as a plug that is pulled looks once it is back."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
