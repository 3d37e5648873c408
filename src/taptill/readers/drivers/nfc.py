"""An NFC front end that nfcpy knows in, frames out: ISO 14443 A cards at 106 kbit/s, by polling.

`sense()` alone, never `connect()`: it names every card, phones too, raises real errors and returns
in time. What comes out of nfcpy on a fault is of many unrelated kinds; here they become one error.
"""

import fcntl
import os
import termios
from contextlib import suppress
from threading import Event
from typing import Any

from nfc.clf import ContactlessFrontend, RemoteTarget, pn532
from nfc.clf import Error as FrontendError
from nfc.clf.pn53x import Chipset
from nfc.clf.transport import TTY

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings, trouble
from taptill.readers.drivers.ports import opening_trouble
from taptill.readers.frames import AnyFrame, Frame

POLL_S = 0.12
_TYPE_1_UID = slice(2, 6)
# IndexError: the driver looks into an answer that was cut short. TimeoutError is an OSError.
_FAULTS: tuple[type[Exception], ...] = (
    OSError,
    IndexError,
    ValueError,
    termios.error,
    FrontendError,
    Chipset.Error,
)


class NfcReader:
    """A device over nfcpy; a path (`/dev/...`) is a PN532, anything else is nfcpy's own syntax."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._stopping = Event()
        self._lock: int | None = None
        self._frontend: Any = None

    def open(self) -> None:
        """Lock a path, find the chip, switch it on."""
        settings = self._settings
        try:
            if settings.port.startswith("/"):
                path = os.path.realpath(settings.port)
                self._lock = _locked(path)
                self._frontend = _pn532(path)
            else:
                self._frontend = ContactlessFrontend(settings.port)
        except _FAULTS as error:
            raise self._opening_trouble(error) from error

    def _opening_trouble(self, error: Exception) -> ReaderError:
        settings = self._settings
        if isinstance(error, FileNotFoundError) and settings.port.startswith("usb"):
            return trouble(settings.name, ReaderState.FAULTY, "libusb-1.0-0")
        return opening_trouble(settings.name, settings.port, error)

    def read(self) -> list[AnyFrame]:
        """Look for a card once, one poll interval after the last look."""
        if self._stopping.wait(POLL_S):
            return []
        try:
            target = self._frontend.sense(RemoteTarget("106A"), iterations=1)
        except _FAULTS as error:
            settings = self._settings
            raise trouble(settings.name, ReaderState.LOST, settings.port) from error
        uid = target and (target.sdd_res or (target.rid_res or b"")[_TYPE_1_UID])
        return [Frame(uid.hex().upper())] if uid else []

    def interrupt(self) -> None:
        """End the wait between two looks; a look itself takes 1 s at most."""
        self._stopping.set()

    def close(self) -> None:
        """Give back the chip and the descriptors, also those of a line that is gone."""
        frontend, self._frontend = self._frontend, None
        if frontend is not None and frontend.device is not None:
            _close_frontend(frontend)
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(OSError):
                os.close(lock)


def _locked(path: str) -> int:
    """Lock the line for ourselves: nfcpy opens one that is in use without a word."""
    lock = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def _pn532(path: str) -> ContactlessFrontend:
    """Open a chip by its device path, which nfcpy's own path syntax cannot express."""
    line = TTY(path)
    try:
        chip = pn532.init(line)
    except _FAULTS:
        _close_line(line)
        raise
    chip._path = path  # noqa: SLF001 - what nfcpy's own opener sets, and prints
    frontend = ContactlessFrontend()
    frontend.device = chip
    return frontend


def _close_frontend(frontend: ContactlessFrontend) -> None:
    chipset = getattr(frontend.device, "chipset", None)
    line = getattr(chipset, "transport", None)
    if chipset is not None and hasattr(chipset, "power_down"):
        # An ACR122U that was powered down has to be plugged in anew.
        chipset.power_down = lambda *_, **__: None
    with suppress(*_FAULTS):
        frontend.close()
    frontend.device = None
    if line is not None:
        _close_line(line)


def _close_line(line: Any) -> None:
    """Close what nfcpy leaves open when the line is gone: its close flushes first and fails."""
    with suppress(*_FAULTS):
        line.close()
    tty = getattr(line, "tty", None)
    if tty is not None:
        with suppress(*_FAULTS):
            tty.close()
