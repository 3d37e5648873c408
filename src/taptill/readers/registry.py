"""Reader settings in, a reader at work out; a driver's package is imported when it is used.

Other packages add drivers through the entry-point group `taptill.readers`: the entry point's name
is the driver's, its object a `Driver`, whose module must not import a device package by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from taptill.domain.clock import Clock
from taptill.domain.errors import MissingExtraError
from taptill.domain.tap import CardProblem, ReaderMessage, ReaderState, Tap
from taptill.readers.device import NFC_SIZES, Device, ReaderSettings
from taptill.readers.drivers import input_devices
from taptill.readers.drivers.device_nodes import device_identity
from taptill.readers.drivers.usb import device_node, is_complete_name
from taptill.readers.frames import Frame, PolledDecoder, RawKind, Signal
from taptill.readers.frames.families import find_family
from taptill.readers.nearest import unknown_word
from taptill.readers.normaliser import Normaliser, build_normaliser, expected_kind
from taptill.readers.presence import Presence, presence_problems
from taptill.readers.recording import read_recording
from taptill.readers.repeat_filter import RepeatFilter, equal_frames_problem
from taptill.readers.supervisor import Supervisor

GROUP = "taptill.readers"
BAUD_MAX = 4_000_000
NFC_OPTION = "technologies"
SAYS_ONCE = frozenset({"keyboard", "typed", "simulated"})
SIMULATED_OPTIONS = ("script", "socket")
KEYBOARD_HINTS: Mapping[str, str] = {
    ReaderState.FAULTY: "a fault, or not one keyboard but several: {detail}",
}
PCSC_HINTS: Mapping[str, str] = {
    "pcscd": "pcscd does not run: sudo apt install pcscd; sudo systemctl start pcscd.socket",
    ReaderState.MISSING: "no reader is called {detail}: is it plugged in, does nfcpy hold it?",
    ReaderState.DENIED: "{detail} refuses this account: give it the right by a polkit rule",
    ReaderState.BUSY: "another program has the reader for itself: stop it",
    ReaderState.GARBLED: "cards that name no number: not a contactless reader?",
    ReaderState.FAULTY: "a fault, or not one reader but several, write one's whole name: {detail}",
}


@dataclass(frozen=True, slots=True)
class Driver:
    """How to make a device, and what must be known about it before it is made.

    `problems` gives a sentence for each mistake in the settings that only this driver can know;
    `gives` is what the device delivers, nothing when that depends on a setting that is wrong.
    `there` tells one device that is plugged in from another and from none, and never raises: a
    reader that is waited for is opened as soon as it appears. `asked` tells whether the device says
    so whenever no card is there. `package` is what the device's module imports and a till may
    lack; `extra` is what installs it. `hints` says what to do where the usual words for a state do
    not fit, by the detail or by the state; "{detail}" is put in.
    """

    device: Callable[[ReaderSettings], Device]
    output_kind: Callable[[ReaderSettings], RawKind | None]
    problems: Callable[[ReaderSettings], list[str]]
    keyboard_identity: Callable[[ReaderSettings], object] = lambda settings: device_identity(
        settings.port
    )
    polled: Callable[[ReaderSettings], bool] = lambda _: False
    package: str = ""
    extra: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)


def open_reader(
    settings: ReaderSettings,
    deliver: Callable[[ReaderMessage], None],
    clock: Clock,
    watched: Callable[[Device], Device] = lambda device: device,
) -> Supervisor:
    """Start a reader; `deliver` is called from its thread. ValueError names a mistake.

    `watched` may put something between the device and the till, to look at what passes.
    """
    for complaint in settings_problems(settings):
        raise ValueError(complaint)
    driver = find_driver(settings.driver)
    output_kind = driver.output_kind(settings)
    assert output_kind, "a setting that leaves this open has a complaint"
    rule = build_normaliser(settings.steps, output_kind)
    polled = driver.polled(settings)
    repeats = RepeatFilter(settings.equal_frames, settings.hold_ms)
    presence = Presence(settings.name, settings.hold_ms, settings.same_card_delay_ms, polled=polled)

    def judge(look: Frame | Signal, now_s: float) -> Tap | CardProblem | None:
        if isinstance(look, Frame):
            if not repeats.is_confirmed(look.raw, now_s):
                return None
            return presence.card_read(rule.card_id(look.raw), now_s)
        if look is Signal.NO_CARD:
            presence.no_card(now_s)
        elif look is Signal.REMOVED:
            presence.card_removed()
        elif look is Signal.OPENED:
            presence.reader_opened(now_s)
        return None

    device = watched(driver.device(settings))
    keyboard_identity = partial(driver.keyboard_identity, settings)
    reader = Supervisor(settings, device, judge, deliver, clock, keyboard_identity)
    reader.start()
    return reader


def card_id_rule(settings: ReaderSettings) -> Normaliser | None:
    """Give the rule by which a reader spells cards; None where a setting leaves it open."""
    output_kind = find_driver(settings.driver).output_kind(settings)
    return build_normaliser(settings.steps, output_kind) if output_kind else None


def settings_problems(settings: ReaderSettings) -> list[str]:
    """Say everything that is wrong with a reader's settings; imports no device package."""
    found = presence_problems(settings.hold_ms, settings.same_card_delay_ms)
    found += _repeats_problems(settings)
    output_kind: RawKind | None = None
    try:
        driver = find_driver(settings.driver)
    except ValueError as wrong:
        found.insert(0, f"driver: {wrong}")
    else:
        found += _missing(settings.driver, driver) + driver.problems(settings)
        output_kind = driver.output_kind(settings)
    try:
        build_normaliser(settings.steps, output_kind or expected_kind(settings.steps))
    except ValueError as wrong:
        found.append(f"card_id: {wrong}")
    return found


def find_driver(name: str) -> Driver:
    """Give the driver of that name, ours or another package's; ValueError names the nearest."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in added:
        raise ValueError(unknown_word("driver", name, [*BUILT_IN, *added]))
    driver = added[name].load()
    if not isinstance(driver, Driver):
        raise ValueError(f"the entry point of '{name}' is not a Driver")  # noqa: TRY004 - a setting
    return driver


def _repeats_problems(settings: ReaderSettings) -> list[str]:
    if settings.equal_frames > 1 and settings.driver in SAYS_ONCE:
        name = settings.driver
        return [f"equal_frames: the driver '{name}' says each card once: no card would ever tap"]
    problem = equal_frames_problem(settings.equal_frames)
    return [problem] if problem else []


def _missing(name: str, driver: Driver) -> list[str]:
    """Look for a driver's package without importing it."""
    if not driver.package or find_spec(driver.package):
        return []
    return [f"driver: {MissingExtraError(what=f'the driver {name!r}', extra=driver.extra)}"]


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


def _pcsc_there(settings: ReaderSettings) -> object:
    from taptill.readers.drivers.pcsc import list_readers, matching_readers  # noqa: PLC0415 - only when used

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


def _typed_problems(settings: ReaderSettings) -> list[str]:
    found = [f"port: the driver 'typed' has none: {settings.port}"] if settings.port else []
    return found + _no_options(settings)


def _serial_problems(settings: ReaderSettings) -> list[str]:
    found = _port_problems(settings)
    if settings.baud is not None and not 0 < settings.baud <= BAUD_MAX:
        found.append(f"baud: {settings.baud} is not within 1 to {BAUD_MAX}")
    return found + _family_problems(settings, settings.family)


def _family_problems(settings: ReaderSettings, name: str) -> list[str]:
    try:
        family = find_family(name)
    except ValueError as wrong:
        return [f"family: {wrong}"]
    try:
        family.decoder(settings.options)
    except ValueError as wrong:
        return [f"options: {wrong}"]
    return []


def _replay_problems(settings: ReaderSettings) -> list[str]:
    try:
        name = _family(settings)
    except OSError as error:
        return [f"port: {settings.port} cannot be read: {error.strerror}"]
    except ValueError as wrong:
        return [f"port: {wrong}"]
    return _family_problems(settings, name)


def _port_problems(settings: ReaderSettings) -> list[str]:
    return [] if settings.port else [f"port: the driver '{settings.driver}' needs one"]


def _nfc_problems(settings: ReaderSettings) -> list[str]:
    found = _port_problems(settings)
    if settings.port.startswith("usb") and not is_complete_name(settings.port):
        found.append("port: name it usb:VVVV:PPPP, as lsusb does: else no fault can be told")
    found += _unknown_options(settings, (NFC_OPTION,))
    wanted = str(settings.options.get(NFC_OPTION, " ".join(NFC_SIZES))).split()
    wrong = [one for one in wanted if one not in NFC_SIZES]
    if wrong or not wanted:
        found.append(f"options: {NFC_OPTION} is of {', '.join(NFC_SIZES)}")
    return found


def _keyboard_problems(settings: ReaderSettings) -> list[str]:
    found = _port_problems(settings)
    if settings.port and not input_devices.is_port(settings.port):
        found.append(
            f"port: '{settings.port}' is neither a path nor VID:PID, 413d:2107 for example"
        )
    return found + _no_options(settings)


def _pcsc_problems(settings: ReaderSettings) -> list[str]:
    return _port_problems(settings) + _no_options(settings)


def _no_options(settings: ReaderSettings) -> list[str]:
    taken = ", ".join(sorted(settings.options))
    return [f"options: the driver '{settings.driver}' takes none: {taken}"] if taken else []


def _unknown_options(settings: ReaderSettings, known: Sequence[str]) -> list[str]:
    return [
        f"options: {unknown_word('option', name, known)}"
        for name in settings.options
        if name not in known
    ]


def _simulated_problems(settings: ReaderSettings) -> list[str]:
    return _unknown_options(settings, SIMULATED_OPTIONS)


def _family(settings: ReaderSettings) -> str:
    """Give the family that was set, or that a recording is of. Errors: OSError, ValueError."""
    recorded = settings.driver == "replay" and not settings.family
    return read_recording(Path(settings.port)).family if recorded else settings.family


def _family_gives(settings: ReaderSettings) -> RawKind | None:
    with suppress(OSError, ValueError):
        return find_family(_family(settings)).output_kind
    return None


def _family_asked(settings: ReaderSettings) -> bool:
    decoder = find_family(_family(settings)).decoder(settings.options)
    return isinstance(decoder, PolledDecoder)


BUILT_IN = {
    "serial": Driver(_serial, _family_gives, _serial_problems, polled=_family_asked),
    "nfc": Driver(
        _nfc,
        lambda _: RawKind.UID,
        _nfc_problems,
        lambda settings: device_identity(settings.port) or device_node(settings.port),
        polled=lambda _: True,
    ),
    "keyboard": Driver(
        _keyboard,
        lambda _: RawKind.TEXT,
        _keyboard_problems,
        lambda settings: input_devices.keyboard_identity(settings.port),
        package="evdev",
        extra="keyboard",
        hints=KEYBOARD_HINTS,
    ),
    "pcsc": Driver(
        _pcsc,
        lambda _: RawKind.UID,
        _pcsc_problems,
        _pcsc_there,
        polled=lambda _: True,
        package="smartcard",
        extra="pcsc",
        hints=PCSC_HINTS,
    ),
    "replay": Driver(_replay, _family_gives, _replay_problems, polled=_family_asked),
    "simulated": Driver(_simulated, lambda _: RawKind.TEXT, _simulated_problems),
    "typed": Driver(_typed, lambda _: RawKind.TEXT, _typed_problems),
}
