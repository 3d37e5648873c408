"""An NFC front end that nfcpy supports: cards of ISO 14443 A and FeliCa, by polling.

`sense()` is called, never `connect()`: it reports every card, phones too, raises the real errors
and returns in time. On a fault nfcpy raises errors of many unrelated types. Here each is a failed
poll, and `FAULTS_MAX` in a row mean that the device must be opened again.
"""

import errno
from threading import Event
from typing import Any

from nfc.clf import ContactlessFrontend, RemoteTarget, acr122
from nfc.clf.pn53x import Chipset

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.device import NFC_SIZES, Beeps, ReaderSettings, reader_error
from taptill.readers.drivers.device_nodes import opening_error
from taptill.readers.drivers.pn532 import FAULTS, Pn532Transport, shut_down, start_pn532
from taptill.readers.drivers.usb import device_node, interface_holder
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.polling import FAULTS_MAX, POLL_S

BEEP_ANSWER_S = 0.3
"""The answer of a reader that has beeped comes within this time after the last tone."""

_IDM = slice(1, 9)
_TYPE_1_UID = slice(2, 6)


class NfcReader:
    """A device over nfcpy; a path (`/dev/...`) is a PN532, any other port is nfcpy's own syntax."""

    def __init__(self, settings: ReaderSettings) -> None:
        technologies = str(settings.options.get("technologies", " ".join(NFC_SIZES)))
        self._settings = settings
        self._targets = [RemoteTarget(technology) for technology in technologies.split()]
        self._stopping = Event()
        self._transport: Pn532Transport | None = None
        self._frontend: Any = None
        self._faults = 0
        self._beeps: Beeps | None = None

    def open(self) -> None:
        """Lock the serial port or claim the USB device, and start the chip. Errors: ReaderError."""
        port, self._faults = self._settings.port, 0
        try:
            if port.startswith("/"):
                self._transport = Pn532Transport(port)
                self._frontend = ContactlessFrontend()
                self._frontend.device = start_pn532(self._transport)
            else:
                self._frontend = ContactlessFrontend(port)
        except FAULTS as error:
            if not self._stopping.is_set():
                raise self._opening_error(error) from error

    def _opening_error(self, error: Exception) -> ReaderError:
        name, port = self._settings.name, self._settings.port
        if self._transport and not self._transport.hung_up:
            return reader_error(name, ReaderState.FAULTY, port)
        if port.startswith("usb") and isinstance(error, FileNotFoundError):
            return reader_error(name, ReaderState.FAULTY, "libusb-1.0-0")
        if port.startswith("usb") and isinstance(error, OSError):
            if error.errno == errno.EBUSY and (owner := interface_holder(port)):
                return reader_error(name, ReaderState.BUSY, owner)
            return opening_error(name, device_node(port) or port, error)
        return opening_error(name, port, error)

    def read(self) -> list[AnyFrame]:
        """Poll for a card once, one poll interval after the last poll. Errors: ReaderError."""
        if self._stopping.wait(POLL_S):
            return []
        beeps, self._beeps = self._beeps, None
        try:
            if beeps and self.has_beeper:
                _sound(self._frontend.device.chipset, beeps)
            target = self._frontend.sense(*self._targets, iterations=1)
        except FAULTS as error:
            return self._failed_poll(error)
        self._faults = 0
        return [_card_frame(target)] if target else [Signal.NO_CARD]

    @property
    def has_beeper(self) -> bool:
        """Return whether this is an open ACR122U: of nfcpy's devices it alone has a beeper."""
        device = getattr(self._frontend, "device", None)
        return isinstance(device, acr122.Device)

    def beep(self, beeps: Beeps) -> None:
        """Beep before the next poll; the newest of several requests counts."""
        self._beeps = beeps

    def _failed_poll(self, error: Exception) -> list[AnyFrame]:
        """Count a failed poll. Errors: ReaderError when the device is gone, or keeps failing."""
        if self._stopping.is_set():
            return []
        name, port = self._settings.name, self._settings.port
        self._faults += 1
        if isinstance(error, OSError) and error.errno == errno.ENODEV:
            raise reader_error(name, ReaderState.LOST, port) from error
        if self._transport and self._transport.hung_up:
            raise reader_error(name, ReaderState.LOST, port) from error
        if self._faults == FAULTS_MAX:
            # For a USB device that was unplugged, libusb does not always report so.
            state = ReaderState.GARBLED if self._transport else ReaderState.LOST
            raise reader_error(name, state, port) from error
        chip_answered = isinstance(error, Chipset.Error)
        return [BadFrame(Fault.READER_ERROR if chip_answered else Fault.NO_ANSWER)]

    def interrupt(self) -> None:
        """End a wait, and a transfer on a serial port; a poll over USB takes 1 s at most."""
        self._stopping.set()
        if transport := self._transport:
            transport.interrupt()

    def close(self) -> None:
        """Switch the field off and close all descriptors, even those of a port that is gone."""
        frontend, self._frontend = self._frontend, None
        transport, self._transport = self._transport, None
        try:
            if frontend is not None and frontend.device is not None:
                shut_down(frontend, transport)
        finally:
            if transport is not None:
                transport.close()


def _sound(chipset: acr122.Chipset, beeps: Beeps) -> None:
    """Let an ACR122U beep, and wait until it is done. Errors: `FAULTS`.

    Source: ACR122U API 2.04, 6.2: FF 00 40, state of the lights (0E: green stays), 04, tenths of a
    second on and off, how often, 01: the buzzer sounds while on. It answers at the end.
    """
    command = bytes([0xFF, 0x00, 0x40, 0x0E, 0x04, beeps.tenths, 1, beeps.count, 0x01])
    chipset.ccid_xfr_block(bytearray(command), timeout=beeps.seconds + BEEP_ANSWER_S)


def _card_frame(target: Any) -> AnyFrame:
    """Return a frame with the card's number; one of another size was damaged in transfer."""
    if target.sensf_res is not None:
        number = target.sensf_res[_IDM]
    else:
        number = target.sdd_res or (target.rid_res or b"")[_TYPE_1_UID]
    is_complete = len(number) in NFC_SIZES[target.brty]
    return Frame(number.hex().upper()) if is_complete else BadFrame(Fault.FRAMING)
