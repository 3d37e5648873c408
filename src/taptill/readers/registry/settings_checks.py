"""Checks the settings of each built-in driver: one sentence for each mistake, none if all is well.

A sentence begins with the key of the config that is wrong. No device package is imported.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from taptill.readers.by_name import unknown_word
from taptill.readers.device import NFC_SIZES, ReaderSettings
from taptill.readers.drivers import input_devices
from taptill.readers.drivers.usb import is_complete_name
from taptill.readers.frames import PolledDecoder, RawKind
from taptill.readers.frames.families import find_family
from taptill.readers.recording import read_recording
from taptill.readers.repeat_filter import equal_frames_problem

BAUD_MAX = 4_000_000
NFC_OPTION = "technologies"
SIMULATED_OPTIONS = ("script", "socket")
NON_REPEATING = frozenset({"keyboard", "typed", "simulated"})
"""Drivers that deliver each card once, however long it lies there."""


def equal_frames_problems(settings: ReaderSettings) -> list[str]:
    """Check how many equal frames make a tap, which is more than one for some drivers only."""
    if settings.equal_frames > 1 and settings.driver in NON_REPEATING:
        name = settings.driver
        return [f"equal_frames: the driver '{name}' says each card once: no card would ever tap"]
    problem = equal_frames_problem(settings.equal_frames)
    return [problem] if problem else []


def serial_problems(settings: ReaderSettings) -> list[str]:
    """Check port, baud rate, family and the family's options."""
    problems = _port_problems(settings)
    if settings.baud is not None and not 0 < settings.baud <= BAUD_MAX:
        problems.append(f"baud: {settings.baud} is not within 1 to {BAUD_MAX}")
    return problems + _family_problems(settings, settings.family)


def replay_problems(settings: ReaderSettings) -> list[str]:
    """Check that the recording can be read, its family and the family's options."""
    try:
        name = _family_name(settings)
    except OSError as error:
        return [f"port: {settings.port} cannot be read: {error.strerror}"]
    except ValueError as error:
        return [f"port: {error}"]
    return _family_problems(settings, name)


def nfc_problems(settings: ReaderSettings) -> list[str]:
    """Check port and technologies."""
    problems = _port_problems(settings)
    if settings.port.startswith("usb") and not is_complete_name(settings.port):
        problems.append("port: name it usb:VVVV:PPPP, as lsusb does: else no fault can be told")
    problems += _unknown_options(settings, (NFC_OPTION,))
    technologies = str(settings.options.get(NFC_OPTION, " ".join(NFC_SIZES))).split()
    unknown = [technology for technology in technologies if technology not in NFC_SIZES]
    if unknown or not technologies:
        problems.append(f"options: {NFC_OPTION} is of {', '.join(NFC_SIZES)}")
    return problems


def keyboard_problems(settings: ReaderSettings) -> list[str]:
    """Check that the port is a path or the numbers of a USB device."""
    problems = _port_problems(settings)
    if settings.port and not input_devices.is_port(settings.port):
        problems.append(
            f"port: '{settings.port}' is neither a path nor VID:PID, 413d:2107 for example"
        )
    return problems + _no_options(settings)


def pcsc_problems(settings: ReaderSettings) -> list[str]:
    """Check that there is a port and no option."""
    return _port_problems(settings) + _no_options(settings)


def simulated_problems(settings: ReaderSettings) -> list[str]:
    """Check the names of the options."""
    return _unknown_options(settings, SIMULATED_OPTIONS)


def typed_problems(settings: ReaderSettings) -> list[str]:
    """Check that there is neither port nor option."""
    problems = [f"port: the driver 'typed' has none: {settings.port}"] if settings.port else []
    return problems + _no_options(settings)


def family_output_kind(settings: ReaderSettings) -> RawKind | None:
    """Return what readers of the family deliver; None where the family cannot be found."""
    with suppress(OSError, ValueError):
        return find_family(_family_name(settings)).output_kind
    return None


def family_is_polled(settings: ReaderSettings) -> bool:
    """Return whether readers of the family send only when polled. Errors: OSError, ValueError."""
    decoder = find_family(_family_name(settings)).decoder(settings.options)
    return isinstance(decoder, PolledDecoder)


def _family_name(settings: ReaderSettings) -> str:
    """Return the family that is set, or that a recording names. Errors: OSError, ValueError."""
    from_recording = settings.driver == "replay" and not settings.family
    return read_recording(Path(settings.port)).family if from_recording else settings.family


def _family_problems(settings: ReaderSettings, name: str) -> list[str]:
    try:
        family = find_family(name)
    except ValueError as error:
        return [f"family: {error}"]
    try:
        family.decoder(settings.options)
    except ValueError as error:
        return [f"options: {error}"]
    return []


def _port_problems(settings: ReaderSettings) -> list[str]:
    return [] if settings.port else [f"port: the driver '{settings.driver}' needs one"]


def _no_options(settings: ReaderSettings) -> list[str]:
    names = ", ".join(sorted(settings.options))
    return [f"options: the driver '{settings.driver}' takes none: {names}"] if names else []


def _unknown_options(settings: ReaderSettings, known_names: Sequence[str]) -> list[str]:
    return [
        f"options: {unknown_word('option', name, known_names)}"
        for name in settings.options
        if name not in known_names
    ]
