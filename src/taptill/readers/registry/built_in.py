"""The table of built-in drivers, whose device packages are imported when a device is made."""

from collections.abc import Mapping

from taptill.domain.tap import ReaderState
from taptill.readers.device import Device, ReaderSettings
from taptill.readers.drivers.device_nodes import device_identity
from taptill.readers.drivers.input_devices import keyboard_identity
from taptill.readers.drivers.usb import device_node
from taptill.readers.frames import RawKind
from taptill.readers.registry import settings_checks as checks
from taptill.readers.registry.driver import Driver

KEYBOARD_HINTS: Mapping[str, str] = {
    ReaderState.FAULTY: "a fault, or not one keyboard but several: {detail}",
}
PCSC_HINTS: Mapping[str, str] = {
    "pcscd": "pcscd does not run: sudo apt install pcscd; sudo systemctl start pcscd.socket",
    ReaderState.MISSING: "no reader is called {detail}: is it plugged in, does nfcpy hold it?",
    ReaderState.DENIED: "{detail} refuses this account: docs/readers.md has the rule for polkit",
    ReaderState.BUSY: "another program has the reader for itself: stop it",
    ReaderState.GARBLED: "cards that name no number: not a contactless reader?",
    ReaderState.FAULTY: "a fault, or not one reader but several, write one's whole name: {detail}",
}


def _serial(settings: ReaderSettings) -> Device:
    from taptill.readers.drivers.serial import SerialReader  # noqa: PLC0415 - only when used

    return SerialReader(settings)


def _nfc(settings: ReaderSettings) -> Device:
    from taptill.readers.drivers.nfc import NfcReader  # noqa: PLC0415 - only when used

    return NfcReader(settings)


def _keyboard(settings: ReaderSettings) -> Device:
    from taptill.readers.drivers.keyboard import KeyboardReader  # noqa: PLC0415 - only when used

    return KeyboardReader(settings)


def _pcsc(settings: ReaderSettings) -> Device:
    from taptill.readers.drivers.pcsc import PcscReader  # noqa: PLC0415 - only when used

    return PcscReader(settings)


def _pcsc_identity(settings: ReaderSettings) -> object:
    from taptill.readers.drivers.pcsc import (  # noqa: PLC0415 - only when used
        list_readers,
        matching_readers,
    )

    return matching_readers(settings.port, list_readers()) or None


def _replay(settings: ReaderSettings) -> Device:
    from taptill.readers.drivers.replay import ReplayReader  # noqa: PLC0415 - only when used

    return ReplayReader(settings)


def _simulated(settings: ReaderSettings) -> Device:
    from taptill.readers.drivers.simulated import SimulatedReader  # noqa: PLC0415 - only when used

    return SimulatedReader(settings)


def _typed(settings: ReaderSettings) -> Device:
    from taptill.readers.drivers.typed import TypedReader  # noqa: PLC0415 - only when used

    return TypedReader(settings)


BUILT_IN = {
    "serial": Driver(
        make_device=_serial,
        output_kind=checks.family_output_kind,
        problems=checks.serial_problems,
        is_polled=checks.family_is_polled,
    ),
    "nfc": Driver(
        make_device=_nfc,
        output_kind=lambda _: RawKind.UID,
        problems=checks.nfc_problems,
        device_identity=lambda settings: (
            device_identity(settings.port) or device_node(settings.port)
        ),
        is_polled=lambda _: True,
    ),
    "keyboard": Driver(
        make_device=_keyboard,
        output_kind=lambda _: RawKind.TEXT,
        problems=checks.keyboard_problems,
        device_identity=lambda settings: keyboard_identity(settings.port),
        package="evdev",
        extra="keyboard",
        hints=KEYBOARD_HINTS,
    ),
    "pcsc": Driver(
        make_device=_pcsc,
        output_kind=lambda _: RawKind.UID,
        problems=checks.pcsc_problems,
        device_identity=_pcsc_identity,
        is_polled=lambda _: True,
        package="smartcard",
        extra="pcsc",
        hints=PCSC_HINTS,
    ),
    "replay": Driver(
        make_device=_replay,
        output_kind=checks.family_output_kind,
        problems=checks.replay_problems,
        is_polled=checks.family_is_polled,
    ),
    "simulated": Driver(
        make_device=_simulated,
        output_kind=lambda _: RawKind.TEXT,
        problems=checks.simulated_problems,
    ),
    "typed": Driver(
        make_device=_typed,
        output_kind=lambda _: RawKind.TEXT,
        problems=checks.typed_problems,
    ),
}
