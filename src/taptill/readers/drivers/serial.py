"""A serial line, or anything that pyserial can open, in, frames out.

What goes wrong on a hang-up is of unrelated kinds (SerialException and its parent OSError,
termios.error, TypeError from a descriptor that is already gone); here they become one error.
"""

import os
import termios
import time
from contextlib import suppress
from typing import Any

import serial

from taptill.domain.tap import ReaderState
from taptill.readers.device import READ_S_MAX, ReaderSettings, trouble
from taptill.readers.drivers.ports import is_path, opening_trouble
from taptill.readers.frames import AnyFrame
from taptill.readers.frames.families import find_family

# Opening raises DTR, which starts some readers anew; what they say while starting is no card.
SETTLE_S = 0.05
READ_BYTES_MAX = 4096

_FAULTS = (OSError, termios.error, TypeError, ValueError)


class SerialReader:
    """A device over pyserial; links are resolved and the port is locked at every open."""

    def __init__(self, settings: ReaderSettings, settle_s: float = SETTLE_S) -> None:
        self._settings = settings
        self._family = find_family(settings.family)
        self._settle_s = settle_s
        self._decoder = self._family.decoder(settings.options)
        self._port: Any = None

    def open(self) -> None:
        """Open, wait until the device has settled, forget what it said until then."""
        settings = self._settings
        self._decoder = self._family.decoder(settings.options)
        try:
            self._port = self._unopened()
            self._port.open()
            if is_path(settings.port):
                time.sleep(self._settle_s)
                self._port.reset_input_buffer()
        except _FAULTS as error:
            raise opening_trouble(settings.name, settings.port, error) from error

    def _unopened(self) -> Any:
        settings = self._settings
        local = is_path(settings.port)
        port = serial.serial_for_url(
            os.path.realpath(settings.port) if local else settings.port,
            do_not_open=True,
            baudrate=settings.baud or self._family.baud,
            timeout=self._family.silence_s
            if local
            else READ_S_MAX,  # a network may stall in a frame
        )
        if local:
            port.exclusive = True
        if settings.dtr is not None:
            port.dtr = settings.dtr
        if settings.rts is not None:
            port.rts = settings.rts
        return port

    def read(self) -> list[AnyFrame]:
        """Give what the bytes at hand complete, or what a silence ends."""
        try:
            data = self._port.read(1)
            if data:
                data += self._port.read(min(self._port.in_waiting, READ_BYTES_MAX))
        except _FAULTS as error:
            settings = self._settings
            raise trouble(settings.name, ReaderState.LOST, settings.port) from error
        return self._decoder.feed(data) if data else self._decoder.idle()

    def interrupt(self) -> None:
        """Wake the thread that reads; a network port has no such way and times out."""
        with suppress(AttributeError, *_FAULTS):
            self._port.cancel_read()

    def close(self) -> None:
        """Give back the descriptors."""
        port, self._port = self._port, None
        if port is None:
            return
        # pyserial forgets to close a socket whose peer has gone first.
        line = getattr(port, "_socket", None)
        with suppress(*_FAULTS):
            port.close()
        if line is not None:
            with suppress(OSError):
                line.close()
