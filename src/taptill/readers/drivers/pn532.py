"""Starts a PN532 on a serial port, in ways that nfcpy's own opener cannot.

nfcpy raises the chip's baud rate. When its program is killed, the rate stays high, and the chip
does not answer until its power is cut (nfcpy issues 63, 230). Here the chip stays at 115200 baud,
where a poll takes some 15 ms. A chip that another program left at a higher rate is brought back.
"""

import errno
import logging
import os
import termios
from contextlib import suppress
from typing import Any

import serial
from nfc.clf import ContactlessFrontend, pn532
from nfc.clf import Error as FrontendError
from nfc.clf.pn53x import Chipset
from nfc.clf.transport import TTY

BAUD = 115_200
STRAY_BAUDS = (921_600, 460_800, 230_400)
ACK_MS = 100
WAKE_MS = 200
SLOW_WAKE_MS = 1500
ANSWER_MS_MIN = 500
"""nfcpy gives a chip 100 ms to acknowledge; a busy board, or a USB bridge, may need longer."""
WRITE_S = 0.5

# IndexError: nfcpy indexes an answer that was cut short. TimeoutError is an OSError.
FAULTS: tuple[type[Exception], ...] = (
    *(OSError, IndexError, ValueError, TypeError),
    *(termios.error, FrontendError, Chipset.Error),
)
_CLOSED: tuple[type[Exception], ...] = (AttributeError, *FAULTS)

# UM0701-02 6.3.2 and 7.2: ten zeros wake the chip, then follows a command in a normal frame.
_WAKE = bytes(10)
_VERSION = bytes.fromhex("0000ff02fed4022a00"), bytes.fromhex("0000ff06fad50332")
_NORMAL_MODE = bytes.fromhex("0000ff05fbd4140100001700"), bytes.fromhex("0000ff02fed5151600")
_SPEED_115200 = bytes.fromhex("0000ff03fdd410041800"), bytes.fromhex("0000ff02fed5111a00")

log = logging.getLogger(__name__)


class Pn532Transport(TTY):  # type: ignore[misc]
    """The transport for nfcpy: locked, interruptible, and closed even after a hang-up."""

    def __init__(self, path: str) -> None:
        """Open the device that a path leads to now. Errors: OSError."""
        self._interrupted = False
        self.answer_ms_min = 0
        super().__init__(os.path.realpath(path))

    def open(self, port: str, baudrate: int = BAUD) -> None:
        """Open the port for this program alone; nfcpy would share one that is in use."""
        self.tty = serial.Serial(
            port, baudrate, timeout=ACK_MS / 1000, write_timeout=WRITE_S, exclusive=True
        )

    def read(self, timeout: int) -> bytearray:
        """Return one frame within `timeout` milliseconds, or `answer_ms_min`. Errors: OSError."""
        try:
            frame: bytearray = super().read(max(timeout, self.answer_ms_min))
        except IndexError as cut_short:
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from cut_short
        if self._interrupted:
            raise OSError(errno.ECANCELED, os.strerror(errno.ECANCELED))
        return frame

    def interrupt(self) -> None:
        """Make a read in another thread fail at once, and each read after it."""
        self._interrupted = True
        with suppress(*_CLOSED):
            self.tty.cancel_read()

    def resume(self) -> None:
        """Let reads pass again, for the last commands before the close. Errors: `FAULTS`."""
        self._interrupted = False
        self.tty.timeout = 0
        self.tty.read(1)  # consumes the interrupt, if no read has

    @property
    def hung_up(self) -> bool:
        """Return whether the device at the port is gone."""
        try:
            termios.tcgetattr(self.tty.fileno())
        except _CLOSED:
            return True
        return False

    def close(self) -> None:
        """Close the descriptor; nfcpy would flush first and fail when the device is gone."""
        tty, self.tty = self.tty, None
        with suppress(*_CLOSED):
            tty.close()


def start_pn532(transport: Pn532Transport) -> pn532.Device:
    """Wake the chip, whatever baud rate it was left at, and return it. Errors: `FAULTS`."""
    if not _is_awake(transport):
        _restore_baud(transport)
        if not _is_awake(transport):
            raise OSError(errno.ETIMEDOUT, "no PN532 answers")
    transport.answer_ms_min = ANSWER_MS_MIN
    chip = pn532.Device(pn532.Chipset(transport, log), log)
    chip._path = transport.port  # noqa: SLF001 - what nfcpy's own opener sets, and prints
    return chip


def _is_awake(transport: Pn532Transport) -> bool:
    # The first answer over a USB bridge of a Pi may take 1 s (nfcpy issue 45).
    slow = os.path.basename(transport.port).startswith("ttyUSB")  # noqa: PTH119 - a text, no file
    wake_ms = SLOW_WAKE_MS if slow else WAKE_MS
    return _exchange(transport, *_VERSION, ack_ms=wake_ms) and _exchange(
        transport, *_NORMAL_MODE, ack_ms=WAKE_MS
    )


def _restore_baud(transport: Pn532Transport) -> None:
    """Set a chip that was left at a higher baud rate back to `BAUD`."""
    for baud in STRAY_BAUDS:
        transport.baudrate = baud
        if _exchange(transport, *_SPEED_115200):
            transport.write(Chipset.ACK)  # the chip changes its baud rate when it receives this
            transport.tty.flush()
            break
    transport.baudrate = BAUD


def _exchange(
    transport: Pn532Transport, command: bytes, answer: bytes, ack_ms: int = ACK_MS
) -> bool:
    transport.write(_WAKE + command)
    try:
        return transport.read(ack_ms) == Chipset.ACK and transport.read(ACK_MS).startswith(answer)
    except OSError as error:
        if transport.hung_up or error.errno == errno.ECANCELED:
            raise
        return False


def shut_down(frontend: ContactlessFrontend, transport: Pn532Transport | None) -> None:
    """Switch the field off and release the device, which stays powered.

    A device that was powered down may not start again until it is unplugged (ACR122U; nfcpy issue
    154).
    """
    device: Any = frontend.device
    chipset: Any = getattr(device, "chipset", None)
    with suppress(*FAULTS):
        if transport is not None:
            transport.resume()
            chipset.send_ack()  # aborts the command that the chip may still execute
            device.mute()
        else:
            if hasattr(chipset, "power_down"):
                chipset.power_down = lambda *_, **__: None
            frontend.close()
    frontend.device = None
