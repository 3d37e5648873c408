"""A reader on a serial port, or on anything else that pyserial can open.

A port that hangs up raises errors of unrelated types: SerialException and its parent OSError,
termios.error, TypeError from a descriptor that is already closed. Here they become ReaderError.
"""

import os
import socket
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

import serial

from taptill.domain.tap import ReaderState
from taptill.readers.device import READ_S_MAX, ReaderSettings, reader_error
from taptill.readers.drivers.device_nodes import is_path, opening_error
from taptill.readers.frames import AnyFrame, PolledDecoder, ResyncableDecoder
from taptill.readers.frames.families import find_family
from taptill.readers.polling import Polling

# Opening raises DTR, which restarts some readers; what they send while starting is no card.
SETTLE_S = 0.05
READ_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """How the kernel probes whether the far end of a network port is still there (tcp(7)).

    A far end that has lost its power sends nothing more; it counts as lost after `lost_s`.
    """

    after_s: int = 20
    every_s: int = 8
    probes: int = 3

    @property
    def lost_s(self) -> int:
        """Return the seconds from the last packet of the far end until it counts as lost."""
        return self.after_s + self.probes * self.every_s


_PORT_ERRORS = (OSError, termios.error, TypeError, ValueError)


class SerialReader:
    """A device over pyserial; links are resolved and the port is locked at every open.

    `on_bytes` may be set to observe the bytes of each read.
    """

    def __init__(
        self,
        settings: ReaderSettings,
        settle_s: float = SETTLE_S,
        keep_alive: KeepAlive = KeepAlive(),
    ) -> None:
        self.on_bytes: Callable[[bytes], object] = len
        self._keep_alive = keep_alive
        self._settings = settings
        self._family = find_family(settings.family)
        self._settle_s = settle_s
        self._decoder = self._family.decoder(settings.options)
        self._polling: Polling | None = None
        self._stopping = Event()
        self._port: Any = None

    def open(self) -> None:
        """Open the port, wait until the device has settled, discard what it sent until then.

        A polled reader must have answered, too, if only that there is no card.
        Errors: ReaderError.
        """
        settings = self._settings
        self._decoder = self._family.decoder(settings.options)
        if isinstance(self._decoder, PolledDecoder):
            self._polling = Polling(self._decoder, has_checksum=self._family.has_checksum)
        try:
            self._port = self._configured_port()
            self._port.open()
            _enable_keep_alive(self._port, self._keep_alive)
            if is_path(settings.port):
                time.sleep(self._settle_s)
            self._discard_input()
        except _PORT_ERRORS as error:
            raise opening_error(settings.name, settings.port, error) from error
        while self._polling and not (self._polling.has_answered or self._stopping.is_set()):
            self.read()

    def _discard_input(self) -> None:
        """Discard what was received so far; over a network, nothing can be known of it."""
        local = is_path(self._settings.port)
        if isinstance(self._decoder, ResyncableDecoder) and (not local or self._port.in_waiting):
            self._decoder.skip_to_boundary()
        if local:
            self._port.reset_input_buffer()

    def _configured_port(self) -> Any:
        settings = self._settings
        local = is_path(settings.port)
        port = serial.serial_for_url(
            os.path.realpath(settings.port) if local else settings.port,
            do_not_open=True,
            baudrate=settings.baud or self._family.baud,
            # A network may stall for longer than `silence_s` between two bytes of one frame.
            timeout=self._family.silence_s if local or self._polling else READ_S_MAX,
            write_timeout=READ_S_MAX,
        )
        if local:
            port.exclusive = True
        if settings.dtr is not None:
            port.dtr = settings.dtr
        if settings.rts is not None:
            port.rts = settings.rts
        return port

    def read(self) -> list[AnyFrame]:
        """Return the frames that the bytes received complete, or that a silence ends."""
        settings = self._settings
        try:
            if self._polling:
                self._send_request(self._polling)
            data = self._port.read(1)
            if data:
                data += self._port.read(min(self._port.in_waiting, READ_BYTES_MAX))
        except _PORT_ERRORS as error:
            raise reader_error(settings.name, ReaderState.LOST, settings.port) from error
        if data:
            self.on_bytes(data)
        if not self._polling:
            return self._decoder.feed(data) if data else self._decoder.idle()
        frames = self._polling.receive(data, time.monotonic())
        if self._polling.is_unresponsive:
            raise reader_error(settings.name, ReaderState.GARBLED, settings.port)
        return frames

    def _send_request(self, polling: Polling) -> None:
        """Send the next request when its time has come."""
        if self._stopping.wait(polling.pause_s(time.monotonic())):
            return
        if request := polling.next_request(time.monotonic()):
            # What came late answers a request that was given up.
            self._port.reset_input_buffer()
            self._port.write(request)

    def interrupt(self) -> None:
        """Wake the thread that reads; on a network port, its read times out instead."""
        self._stopping.set()
        with suppress(AttributeError, *_PORT_ERRORS):
            self._port.cancel_read()

    def close(self) -> None:
        """Close all descriptors."""
        port, self._port = self._port, None
        if port is None:
            return
        # pyserial does not close a socket whose peer has closed it first.
        sock = getattr(port, "_socket", None)
        with suppress(*_PORT_ERRORS):
            port.close()
        if sock is not None:
            with suppress(OSError):
                sock.close()


def _enable_keep_alive(port: Any, keep_alive: KeepAlive) -> None:
    """Let the kernel probe whether the far end of a network port is still there.

    Nothing is sent on the connection to a reader that sends by itself, so without probes it would
    stay open for ever after the far end has lost its power.
    """
    sock = getattr(port, "_socket", None)
    if not isinstance(sock, socket.socket):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keep_alive.after_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, keep_alive.every_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, keep_alive.probes)
    # The same bound for what was sent and is not acknowledged: the requests to a polled reader.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * keep_alive.lost_s)
