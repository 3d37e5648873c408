"""A reader that types like a keyboard in, frames out, over evdev.

The device is grabbed, so that what it types reaches neither the screen nor another program.
"""

import select
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fcntl import ioctl
from threading import Event
from time import CLOCK_MONOTONIC, monotonic
from typing import Any

from evdev import InputDevice, ecodes

from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings, reader_error
from taptill.readers.drivers.device_nodes import opening_error
from taptill.readers.drivers.input_devices import nodes_for_port
from taptill.readers.frames import AnyFrame
from taptill.readers.frames.keystrokes import DOWN, OVERRUN, SILENCE_S, KeyEvent, KeystrokeDecoder

SETTLE_S_MAX = 1.0

_EVIOCSCLOCKID = 0x400445A0
"""The call that names the clock of a device's times, linux/input.h; kernels have it since 3.4."""


class KeyboardReader:
    """A device over evdev; `port` is a path, or `VID:PID` with or without the device's name.

    `heard` is called with the low octet of each key's code, for who wants to look at them.
    """

    def __init__(
        self, settings: ReaderSettings, opened: Callable[[str], Any] = InputDevice
    ) -> None:
        self.on_bytes: Callable[[bytes], object] = len
        self._settings = settings
        self._open_device = opened
        self._decoder = KeystrokeDecoder()
        self._stopping = Event()
        self._device: Any = None
        self._wake_receiver: socket.socket | None = None
        self._wake_sender: socket.socket | None = None
        self._poll = select.poll()

    def open(self) -> None:
        """Find the device, grab it, and let go by what it is just typing: half a card.

        If it keeps to the clock on the wall, setting that one spoils a card at most.
        """
        node = self._node()
        self._decoder = KeystrokeDecoder()
        try:
            self._device = self._open_device(node)
            self._device.grab()
            with suppress(OSError):
                ioctl(self._device.fd, _EVIOCSCLOCKID, struct.pack("i", CLOCK_MONOTONIC))
            self._wake_receiver, self._wake_sender = socket.socketpair()
            self._wake_sender.setblocking(False)  # noqa: FBT003 - socket's own spelling
        except OSError as error:
            raise opening_error(self._settings.name, node, error) from error
        self._poll = select.poll()
        self._poll.register(self._device.fd, select.POLLIN)
        self._poll.register(self._wake_receiver, select.POLLIN)
        self._settle()

    def _node(self) -> str:
        name, port = self._settings.name, self._settings.port
        found = nodes_for_port(port)
        if not found:
            raise reader_error(name, ReaderState.MISSING, port)
        if len(found) > 1:
            places = " and ".join(found)
            raise reader_error(
                name, ReaderState.FAULTY, f"{port} is {places} (name one by its path)"
            )
        return found[0]

    def _settle(self) -> None:
        until_s = monotonic() + SETTLE_S_MAX
        while (events := self._events()) is not None:
            self._decoder.feed(events)
            if monotonic() > until_s:
                raise reader_error(self._settings.name, ReaderState.GARBLED, self._settings.port)
        self._decoder.idle()

    def read(self) -> list[AnyFrame]:
        """Give what the keys at hand complete, or what a silence ends."""
        events = self._events()
        if events is None:
            return [] if self._stopping.is_set() else self._decoder.idle()
        if pressed := bytes(event.code & 0xFF for event in events if event.state == DOWN):
            self.on_bytes(pressed)
        return self._decoder.feed(events)

    def _events(self) -> list[KeyEvent] | None:
        """Wait for the device; `None` is a silence, or a wait that was interrupted."""
        if self._stopping.is_set():
            return None
        if self._device.fd not in dict(self._poll.poll(SILENCE_S * 1000)):
            return None
        settings = self._settings
        try:
            return list(_keys(self._device.read()))
        except BlockingIOError:
            return []
        except OSError as error:
            raise reader_error(settings.name, ReaderState.LOST, settings.port) from error

    def interrupt(self) -> None:
        """Wake the thread that reads."""
        self._stopping.set()
        with suppress(AttributeError, OSError):
            self._wake_sender.send(b"\n")  # type: ignore[union-attr]  # not open: nobody waits

    def close(self) -> None:
        """Let go of the device, give back the descriptors."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(OSError):
                device.ungrab()
            with suppress(OSError):
                device.close()
        for line in (self._wake_receiver, self._wake_sender):
            if line:
                line.close()
        self._wake_receiver = self._wake_sender = None


def _keys(events: Iterable[Any]) -> Iterator[KeyEvent]:
    """Pick the keys, and what stands for those that the kernel had no room for."""
    for event in events:
        if event.type == ecodes.EV_KEY:
            yield KeyEvent(event.timestamp(), event.code, event.value)
        elif (event.type, event.code) == (ecodes.EV_SYN, ecodes.SYN_DROPPED):
            yield KeyEvent(event.timestamp(), OVERRUN, DOWN)
