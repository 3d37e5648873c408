"""A reader that types like a keyboard, read over evdev.

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
"""The ioctl that sets the clock of a device's event times, linux/input.h, since kernel 3.4."""


class KeyboardReader:
    """A device over evdev; `port` is a path, or `VID:PID` with or without the device's name.

    `on_bytes` may be set to observe key presses: it is called with the low octets of their codes.
    """

    def __init__(
        self, settings: ReaderSettings, open_device: Callable[[str], Any] = InputDevice
    ) -> None:
        self.on_bytes: Callable[[bytes], object] = len
        self._settings = settings
        self._open_device = open_device
        self._decoder = KeystrokeDecoder()
        self._stopping = Event()
        self._device: Any = None
        self._wake_receiver: socket.socket | None = None
        self._wake_sender: socket.socket | None = None
        self._poll = select.poll()

    def open(self) -> None:
        """Find the device, grab it, and discard what it is typing now, which may be half a card.

        Event times of the monotonic clock are requested. Where a device keeps to the wall clock,
        setting that clock costs one card at most. Errors: ReaderError.
        """
        node = self._find_node()
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

    def _find_node(self) -> str:
        name, port = self._settings.name, self._settings.port
        device_nodes = nodes_for_port(port)
        if not device_nodes:
            raise reader_error(name, ReaderState.MISSING, port)
        if len(device_nodes) > 1:
            places = " and ".join(device_nodes)
            raise reader_error(
                name, ReaderState.FAULTY, f"{port} is {places} (name one by its path)"
            )
        return device_nodes[0]

    def _settle(self) -> None:
        until_s = monotonic() + SETTLE_S_MAX
        while (events := self._events()) is not None:
            self._decoder.feed(events)
            if monotonic() > until_s:
                raise reader_error(self._settings.name, ReaderState.GARBLED, self._settings.port)
        self._decoder.idle()

    def read(self) -> list[AnyFrame]:
        """Return the frames that the keys pressed meanwhile complete, or that a silence ends."""
        events = self._events()
        if events is None:
            return [] if self._stopping.is_set() else self._decoder.idle()
        if key_codes := bytes(event.code & 0xFF for event in events if event.state == DOWN):
            self.on_bytes(key_codes)
        return self._decoder.feed(events)

    def _events(self) -> list[KeyEvent] | None:
        """Wait for key events and return them; None after a silence or an interrupt."""
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
        """Release the device and close all descriptors."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(OSError):
                device.ungrab()
            with suppress(OSError):
                device.close()
        for sock in (self._wake_receiver, self._wake_sender):
            if sock:
                sock.close()
        self._wake_receiver = self._wake_sender = None


def _keys(events: Iterable[Any]) -> Iterator[KeyEvent]:
    """Yield the key events, and `OVERRUN` where the kernel dropped events."""
    for event in events:
        if event.type == ecodes.EV_KEY:
            yield KeyEvent(event.timestamp(), event.code, event.value)
        elif (event.type, event.code) == (ecodes.EV_SYN, ecodes.SYN_DROPPED):
            yield KeyEvent(event.timestamp(), OVERRUN, DOWN)
