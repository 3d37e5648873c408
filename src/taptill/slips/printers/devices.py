"""Printers that are a path: a device of usblp, a serial line, or a plain file.

Sources: linux/lp.h for the bits of LPGETSTATUS; drivers/usb/class/usblp.c, which answers it, and
whose writes without O_NONBLOCK wait for paper for ever.
"""

import fcntl
import os
import select
import stat
import termios
import time
from contextlib import suppress
from pathlib import Path

from taptill.domain.slips.printer import PrinterState
from taptill.slips.escpos import ASK_PAPER, says_no_paper
from taptill.slips.printers.connection import (
    WRITE_S,
    PrinterError,
    read_within,
    wait_ready,
    wait_taken,
    write_within,
)

LPGETSTATUS = 0x060B
LP_NO_ERROR = 0x08
LP_SELECTED = 0x10
LP_NO_PAPER = 0x20

_INT_OCTETS = 4
_CONTROL = 6  # place of the control characters in the list of tcgetattr(3)


class FilePrinter:
    """A plain file, to which slips are appended; its folder must be there."""

    def __init__(self, path: Path, write_s: float = WRITE_S) -> None:
        self._write_s = write_s
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)

    def check(self) -> None:
        """Return: a file is ready once it is open."""

    def write(self, printed: bytes) -> None:
        """Append a slip; a pipe or a device that takes no more is slow."""
        write_within(self._descriptor, printed, self._write_s)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class UsbPrinter:
    """A device of the kernel's usblp, such as /dev/usb/lp0."""

    def __init__(self, path: Path, write_s: float = WRITE_S) -> None:
        self._write_s = write_s
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def check(self) -> None:
        """Raise PrinterError if the printer has no paper or is not ready."""
        try:
            answer = fcntl.ioctl(self._descriptor, LPGETSTATUS, bytes(_INT_OCTETS))
        except OSError:
            return  # some printers do not answer; the write shows whether they print
        if state := state_of_port(answer[0]):
            raise PrinterError(state)

    def write(self, printed: bytes) -> None:
        """Write a slip."""
        write_within(self._descriptor, printed, self._write_s)
        # It can be written again once the last piece was taken.
        wait_ready(self._descriptor, select.POLLOUT, time.monotonic() + self._write_s)
        self.check()

    def close(self) -> None:
        """Close the device."""
        os.close(self._descriptor)


def state_of_port(bits: int) -> PrinterState | None:
    """Return what the bits of LPGETSTATUS say is wrong; None: nothing."""
    if bits & LP_NO_PAPER:
        return PrinterState.NO_PAPER
    if not bits & LP_SELECTED or not bits & LP_NO_ERROR:
        return PrinterState.SLOW
    return None


class SerialPrinter:
    """A serial line with eight bits, no parity and no flow control."""

    def __init__(self, path: Path, baud: int, write_s: float = WRITE_S) -> None:
        self._write_s = write_s
        flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(path, flags)
        self._is_unfinished = False
        try:
            self._set_up(baud)
        except (OSError, termios.error) as fault:
            os.close(self._descriptor)
            raise PrinterError(PrinterState.NOT_THERE) from fault

    def check(self) -> None:
        """Raise PrinterError if the printer says that it has no paper, as far as it answers."""
        termios.tcflush(self._descriptor, termios.TCIFLUSH)
        self._is_unfinished = True
        write_within(self._descriptor, ASK_PAPER, self._write_s)
        self._is_unfinished = False
        if says_no_paper(read_within(self._descriptor)):
            raise PrinterError(PrinterState.NO_PAPER)

    def write(self, printed: bytes) -> None:
        """Write a slip, and wait until the line has sent all of it."""
        self._is_unfinished = True
        write_within(self._descriptor, printed, self._write_s)
        wait_taken(self._left_over, self._write_s)
        self._is_unfinished = False

    def close(self) -> None:
        """Close the line; what it could not send would make the close wait for half a minute."""
        if self._is_unfinished:
            with suppress(OSError, termios.error):
                termios.tcflush(self._descriptor, termios.TCOFLUSH)
        os.close(self._descriptor)

    def _left_over(self) -> int:
        answer = fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, bytes(_INT_OCTETS))
        return int.from_bytes(answer, "little")

    def _set_up(self, baud: int) -> None:
        """Make the line pass bytes as they are: cfmakeraw(3), with the speed of both ways."""
        speed: int = getattr(termios, f"B{baud}", termios.B9600)
        control = termios.CS8 | termios.CREAD | termios.CLOCAL
        letters = termios.tcgetattr(self._descriptor)[_CONTROL]
        settings = [0, 0, control, 0, speed, speed, letters]
        termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)


def is_device(path: Path) -> bool:
    """Return whether a path is a character device. Errors: OSError."""
    return stat.S_ISCHR(path.stat().st_mode)
