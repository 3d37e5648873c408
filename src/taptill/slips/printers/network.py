"""A printer in the network: TCP, by custom port 9100, where bytes are printed as they come."""

import fcntl
import socket
import termios

from taptill.domain.slips.printer import PrinterState
from taptill.slips.escpos import ASK_PAPER, says_no_paper
from taptill.slips.printers.connection import (
    OPEN_S,
    WRITE_S,
    PrinterError,
    read_within,
    wait_taken,
    write_within,
)

_INT_OCTETS = 4


class NetworkPrinter:
    """A connection of one slip: such printers take one at a time, and other tills print, too."""

    def __init__(self, host: str, port: int, write_s: float = WRITE_S) -> None:
        self._write_s = write_s
        self._socket = socket.create_connection((host, port), timeout=OPEN_S)
        self._socket.settimeout(0)

    def check(self) -> None:
        """Raise PrinterError if the printer has no paper, or does not even take the question.

        Not all of them answer it.
        """
        self._write(ASK_PAPER)
        if says_no_paper(read_within(self._socket.fileno())):
            raise PrinterError(PrinterState.NO_PAPER)
        wait_taken(self._left_over, self._write_s)

    def write(self, printed: bytes) -> None:
        """Write a slip, and wait until the other end has confirmed each byte (SIOCOUTQ, tcp(7))."""
        self._write(printed)
        wait_taken(self._left_over, self._write_s)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _write(self, printed: bytes) -> None:
        write_within(self._socket.fileno(), printed, self._write_s)

    def _left_over(self) -> int:
        """Return how many bytes are not confirmed; a connection that was reset keeps its count."""
        if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise PrinterError(PrinterState.NOT_THERE)
        answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(_INT_OCTETS))
        return int.from_bytes(answer, "little")
