"""Finds the ports and devices of the machine that may be card readers, the likeliest first.

Ports are only listened to: nothing is written to any of them, and no keyboard is opened.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path

from serial.tools.list_ports import comports
from serial.tools.list_ports_common import ListPortInfo

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
_SAYS_NOTHING = "n/a"
_RANKS = ("a card reader", "may be one or have one behind it", "a device like any other")


@dataclass(frozen=True, slots=True)
class DetectedPort:
    """A port, a device, or a reader that pcscd serves; `port` is what to write into the config."""

    port: str
    driver: str
    description: str
    _: KW_ONLY
    usb: str = ""
    rank: int = 2

    @property
    def likely(self) -> str:
        """Return how likely this is a card reader, in words."""
        return _RANKS[self.rank]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatGuess:
    """A wire format that fits what was received, and the options of the config that go with it."""

    family: str
    baud: int
    frames: int
    bad_frames: int
    raw: str
    options: Mapping[str, int] = field(default_factory=dict)


def find_ports(usb: Path = USB_DEVICES, inputs: Path = INPUTS) -> list[DetectedPort]:
    """Return serial ports, known USB readers, keyboards and PC/SC readers, the likeliest first."""
    ports = [*_serial_ports(), *_usb_readers(usb), *_keyboards(inputs), *_pcsc_readers()]
    return sorted(ports, key=lambda one: one.rank)


def serial_title(port: ListPortInfo) -> str:
    """Return what a serial port calls itself; pyserial says n/a of one that says nothing."""
    own = port.description if port.description != _SAYS_NOTHING else ""
    return port.product or own or "serial port"


def _serial_ports() -> Iterator[DetectedPort]:
    names = dict(_stable_names())
    device_nodes = set()
    for port in comports():
        device_nodes.add(port.device)
        vendor = f"{port.vid:04x}" if port.vid is not None else ""
        product = f"{port.pid:04x}" if port.pid is not None else ""
        reader = known_reader(vendor, product)
        description = reader.title if reader else serial_title(port)
        usb = f"{vendor}:{product}" if vendor else ""
        name = names.get(port.device, port.device)
        yield DetectedPort(name, "serial", description, usb=usb, rank=_rank(reader))
    for path in BOARD_PORTS:
        device = os.path.realpath(path)
        if Path(path).exists() and device not in device_nodes:
            device_nodes.add(device)
            yield DetectedPort(path, "serial", "serial port of the board")


def _stable_names() -> Iterator[tuple[str, str]]:
    """Yield each device with its by-path link, then with its by-id link, which is better."""
    for folder in reversed(LINK_FOLDERS):
        with suppress(OSError):
            for link in sorted(Path(folder).iterdir()):
                yield os.path.realpath(link), str(link)


def _usb_readers(usb: Path) -> Iterator[DetectedPort]:
    for device in sorted(usb.glob("*")):
        with suppress(OSError):
            vendor = (device / "idVendor").read_text("ascii").strip()
            product = (device / "idProduct").read_text("ascii").strip()
            reader = known_reader(vendor, product)
            if reader and reader.driver == "nfc":
                numbers = f"{vendor}:{product}"
                yield DetectedPort(
                    f"usb:{numbers}", "nfc", reader.title, usb=numbers, rank=_rank(reader)
                )


def _keyboards(inputs: Path) -> Iterator[DetectedPort]:
    names = dict(_stable_names())
    for keyboard in keyboards(inputs):
        reader = known_reader(*keyboard.numbers.split(":"))
        port = names.get(keyboard.node, keyboard.node)
        yield DetectedPort(
            port, "keyboard", keyboard.name, usb=keyboard.numbers, rank=_rank(reader)
        )


def _pcsc_readers() -> Iterator[DetectedPort]:
    try:
        from taptill.readers.drivers.pcsc import (  # noqa: PLC0415 - may be missing
            list_readers,
            shortest_unique_name,
        )
    except ImportError:
        return
    names = list_readers()
    for name in names:
        yield DetectedPort(shortest_unique_name(name, names), "pcsc", name, rank=0)


def _rank(reader: KnownReader | None) -> int:
    if reader is None:
        return 2
    return 1 if reader.bridge else 0


def baud_rates() -> list[int]:
    """Return the baud rates of all families that are not polled, the most usual first."""
    counts = Counter(
        family.baud for family in FAMILIES.values() if _sends_unprompted(family.decoder({}))
    )
    return [baud for baud, _ in counts.most_common()]


def listen(port: str, seconds: float) -> tuple[ReaderState, str, list[FormatGuess]]:
    """Listen at each baud rate; return the state, its detail, and guesses, the best first."""
    guesses: list[FormatGuess] = []
    for baud in baud_rates():
        try:
            capture, line_lengths = _capture(port, baud, seconds / len(baud_rates()))
        except ReaderError as error:
            return *error_state(error), guesses
        guesses += _fitting_formats(capture, line_lengths, baud)
    guesses.sort(key=lambda one: (one.bad_frames - one.frames, one.family == "line"))
    return ReaderState.OK, port, guesses


def _capture(port: str, baud: int, seconds: float) -> tuple[bytes, set[int]]:
    """Return all bytes received, and the lengths of whole lines in them. Errors: ReaderError."""
    capture, line_lengths = bytearray(), set[int]()
    reader = SerialReader(ReaderSettings("detect", "serial", port, "line", baud=baud))
    reader.on_bytes = capture.extend
    end_s = time.monotonic() + seconds
    try:
        reader.open()
        while time.monotonic() < end_s and len(capture) < BYTES_MAX:
            line_lengths |= {len(frame.raw) for frame in reader.read() if isinstance(frame, Frame)}
    finally:
        reader.close()
    return bytes(capture), line_lengths


def _fitting_formats(capture: bytes, line_lengths: set[int], baud: int) -> Iterable[FormatGuess]:
    for name, family in FAMILIES.items():
        decoder = family.decoder({})
        if family.baud != baud or not _sends_unprompted(decoder):
            continue
        frames = decoder.feed(capture) + decoder.idle()
        good = [frame for frame in frames if isinstance(frame, Frame)]
        bad = sum(isinstance(frame, BadFrame) for frame in frames)
        if len(good) > bad:
            has_line_lengths = name == "line" and line_lengths
            options = (
                {"min_length": min(line_lengths), "max_length": max(line_lengths)}
                if has_line_lengths
                else {}
            )
            yield FormatGuess(
                family=name,
                baud=baud,
                frames=len(good),
                bad_frames=bad,
                raw=good[-1].raw,
                options=options,
            )


def _sends_unprompted(decoder: object) -> bool:
    return not isinstance(decoder, PolledDecoder)
