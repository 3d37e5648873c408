"""The machine's ports in, those that may be a card reader out, the likeliest first.

Listens only: nothing is ever written to a port that nobody has named, no keyboard is opened.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from serial.tools.list_ports import comports

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.drivers.input_devices import INPUTS, keyboards
from taptill.readers.drivers.serial import SerialReader
from taptill.readers.frames import BadFrame, Frame, PolledDecoder
from taptill.readers.frames.families import FAMILIES
from taptill.readers.technician.known_devices import KnownReader, known_reader

USB_DEVICES = Path("/sys/bus/usb/devices")
BOARD_PORTS = ("/dev/serial0", "/dev/ttyAMA0")
LINK_FOLDERS = (
    "/dev/serial/by-id",
    "/dev/serial/by-path",
    "/dev/input/by-id",
    "/dev/input/by-path",
)
BYTES_MAX = 100_000
_RANKS = ("a card reader", "may be one or have one behind it", "a device like any other")


@dataclass(frozen=True, slots=True)
class DetectedPort:
    """A port, a device or a reader of pcscd's; `port` is what to write into the config."""

    port: str
    driver: str
    description: str
    usb: str = ""
    rank: int = 2

    @property
    def likely(self) -> str:
        """Say how likely it is a reader."""
        return _RANKS[self.rank]


@dataclass(frozen=True, slots=True)
class FormatGuess:
    """A wire format that fits what was heard; `options` are the config's for what it left open."""

    family: str
    baud: int
    frames: int
    bad_frames: int
    raw: str
    options: Mapping[str, int] = field(default_factory=dict)


def find_ports(usb: Path = USB_DEVICES, inputs: Path = INPUTS) -> list[DetectedPort]:
    """List ports, known USB readers, keyboards, what pcscd serves, the likeliest first."""
    found = [*_serial_ports(), *_usb_readers(usb), *_keyboards(inputs), *_pcsc_readers()]
    return sorted(found, key=lambda one: one.rank)


def _serial_ports() -> Iterator[DetectedPort]:
    names = dict(_stable_names())
    seen = set()
    for port in comports():
        seen.add(port.device)
        vendor = f"{port.vid:04x}" if port.vid is not None else ""
        product = f"{port.pid:04x}" if port.pid is not None else ""
        known = known_reader(vendor, product)
        what = known.title if known else port.product or port.description or "serial port"
        usb = f"{vendor}:{product}" if vendor else ""
        yield DetectedPort(names.get(port.device, port.device), "serial", what, usb, _rank(known))
    for path in BOARD_PORTS:
        device = os.path.realpath(path)
        if Path(path).exists() and device not in seen:
            seen.add(device)
            yield DetectedPort(path, "serial", "serial port of the board")


def _stable_names() -> Iterator[tuple[str, str]]:
    """Name each device by its by-path link, and better by its by-id link."""
    for folder in reversed(LINK_FOLDERS):
        with suppress(OSError):
            for link in sorted(Path(folder).iterdir()):
                yield os.path.realpath(link), str(link)


def _usb_readers(usb: Path) -> Iterator[DetectedPort]:
    for device in sorted(usb.glob("*")):
        with suppress(OSError):
            vendor = (device / "idVendor").read_text("ascii").strip()
            product = (device / "idProduct").read_text("ascii").strip()
            known = known_reader(vendor, product)
            if known and known.driver == "nfc":
                numbers = f"{vendor}:{product}"
                yield DetectedPort(f"usb:{numbers}", "nfc", known.title, numbers, _rank(known))


def _keyboards(inputs: Path) -> Iterator[DetectedPort]:
    names = dict(_stable_names())
    for one in keyboards(inputs):
        known = known_reader(*one.numbers.split(":"))
        port = names.get(one.node, one.node)
        yield DetectedPort(port, "keyboard", one.name, one.numbers, _rank(known))


def _pcsc_readers() -> Iterator[DetectedPort]:
    try:
        from taptill.readers.drivers.pcsc import list_readers, shortest_unique_name  # noqa: PLC0415 - may be missing
    except ImportError:
        return
    names = list_readers()
    for name in names:
        yield DetectedPort(shortest_unique_name(name, names), "pcsc", name, rank=0)


def _rank(known: KnownReader | None) -> int:
    if known is None:
        return 2
    return 1 if known.bridge else 0


def baud_rates() -> list[int]:
    """Give the speeds of all families that talk by themselves, the most usual first."""
    usual = Counter(one.baud for one in FAMILIES.values() if _sends_unprompted(one.decoder({})))
    return [baud for baud, _ in usual.most_common()]


def listen(port: str, seconds: float) -> tuple[ReaderState, str, list[FormatGuess]]:
    """Listen at each speed; give the port's state, its detail, and what fits best first."""
    guesses: list[FormatGuess] = []
    for baud in baud_rates():
        try:
            heard, sizes = _capture(port, baud, seconds / len(baud_rates()))
        except ReaderError as error:
            return *error_state(error), guesses
        guesses += _fitting_formats(heard, sizes, baud)
    guesses.sort(key=lambda one: (one.bad_frames - one.frames, one.family == "line"))
    return ReaderState.OK, port, guesses


def _capture(port: str, baud: int, seconds: float) -> tuple[bytes, set[int]]:
    """Give all bytes, and the lengths of whole lines among them."""
    heard, sizes = bytearray(), set[int]()
    reader = SerialReader(ReaderSettings("detect", "serial", port, "line", baud=baud))
    reader.on_bytes = heard.extend
    end_s = time.monotonic() + seconds
    try:
        reader.open()
        while time.monotonic() < end_s and len(heard) < BYTES_MAX:
            sizes |= {len(one.raw) for one in reader.read() if isinstance(one, Frame)}
    finally:
        reader.close()
    return bytes(heard), sizes


def _fitting_formats(heard: bytes, sizes: set[int], baud: int) -> Iterable[FormatGuess]:
    for name, family in FAMILIES.items():
        decoder = family.decoder({})
        if family.baud != baud or not _sends_unprompted(decoder):
            continue
        frames = decoder.feed(heard) + decoder.idle()
        good = [frame for frame in frames if isinstance(frame, Frame)]
        bad = sum(isinstance(frame, BadFrame) for frame in frames)
        if len(good) > bad:
            told = name == "line" and sizes
            options = {"min_length": min(sizes), "max_length": max(sizes)} if told else {}
            yield FormatGuess(name, baud, len(good), bad, good[-1].raw, options)


def _sends_unprompted(decoder: object) -> bool:
    return not isinstance(decoder, PolledDecoder)
