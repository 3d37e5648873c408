"""What stands on and hangs from the counter: the picture, the keyboard, what is plugged in."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.machine.emulator.json_line import JsonLine, MachineError
from tests.machine.emulator.smart_card import SmartCardPlug, card_name_of

KEY_PAUSE_S = 0.02
WEDGE_PAUSE_S = 0.03
"""A real reader pauses for 1 to 10 ms; an emulated processor does not fetch keys that fast."""

LET_GO_S_MAX = 10.0
_ROW_DOTS = 8
_SIGNS = {" ": "spc", ".": "dot", ",": "comma", "-": "minus", "/": "slash", "*": "kp_multiply"}


@dataclass(frozen=True, slots=True)
class SerialPlug:
    """A card reader behind a USB serial adapter (an FTDI bridge 0403:6001), or the board's line."""

    name: str
    line: socket.socket

    def send(self, octets: bytes) -> None:
        """Say what a reader says."""
        self.line.settimeout(10)
        self.line.sendall(octets)


@dataclass(frozen=True, slots=True)
class Stick:
    """A USB stick; `node` is QEMU's name for what it holds."""

    name: str
    node: str


AnyPlug = SerialPlug | SmartCardPlug | Stick | str
Plugged = TypeVar("Plugged", bound=AnyPlug)


class Desk:
    """The keyboard, the panel and the USB sockets of a machine that is switched on."""

    def __init__(self, monitor: JsonLine, folder: Path) -> None:
        self._monitor = monitor
        self._folder = folder
        self._numbered = 0
        self._plugged: dict[str, AnyPlug] = {}

    def picture(self, target: Path, form: str = "png") -> None:
        """Write the picture on the panel as PNG or PPM."""
        question = {"filename": str(target.resolve()), "format": form, "device": "panel"}
        self._monitor.ask("screendump", question)

    def colours(self, at_least: int = 20) -> set[str]:
        """Return the colours on the panel that more than a few dots have, as `#rrggbb`."""
        dots = self._dots()
        counts: dict[bytes, int] = {}
        for at in range(0, len(dots) - 2, 3):
            counts[dots[at : at + 3]] = counts.get(dots[at : at + 3], 0) + 1
        return {f"#{dot.hex()}" for dot, count in counts.items() if count > at_least}

    def shows(self, colour: str, at_least: int = 2000) -> bool:
        """Return whether the panel has a field of `#rrggbb`, in less time than `colours`."""
        return has_field(self._dots(), colour, at_least)

    def _dots(self) -> bytes:
        file = self._folder / "panel.ppm"
        self.picture(file, "ppm")
        return file.read_bytes().split(b"\n", 3)[3]

    def press(self, keys: str, *, wedge: bool = False) -> None:
        """Press keys together and let go, by QEMU's names: "ret", "kp_enter", "ctrl-alt-f2"."""
        codes = keys.split("-")
        self._move([(code, True) for code in codes], wedge=wedge)
        self._move([(code, False) for code in reversed(codes)], wedge=wedge)

    def type(self, text: str, *, wedge: bool = False) -> None:
        """Type letters, digits and a few signs, as on a US keyboard."""
        for letter in text:
            code = _SIGNS.get(letter, letter.lower())
            self.press(f"shift-{code}" if letter.isupper() else code, wedge=wedge)
            time.sleep(WEDGE_PAUSE_S if wedge else KEY_PAUSE_S)

    def tap_typed(self, card: str) -> None:
        """Type a card id and Enter, as the reader of `plug_typing_reader` does."""
        self.type(card, wedge=True)
        self.press("ret", wedge=True)

    def _move(self, moves: Sequence[tuple[str, bool]], *, wedge: bool) -> None:
        events = [
            {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": code}}}
            for code, down in moves
        ]
        device = {"device": "wedge"} if wedge else {}
        self._monitor.ask("input-send-event", {"events": events, **device})

    def _next_name(self, kind: str) -> str:
        self._numbered += 1
        return f"{kind}{self._numbered}"

    def plug_serial_reader(self, serial: str = "A1B2C3D4") -> SerialPlug:
        """Plug a serial reader into a USB socket."""
        name = self._next_name("serial")
        line = self._line_to(name)
        adapter = {"driver": "usb-serial", "id": name, "chardev": name, "bus": "usb.0"}
        self._monitor.ask("device_add", {**adapter, "serial": serial})
        return self._noted(SerialPlug(name, line))

    def plug_smart_card_reader(self) -> SmartCardPlug:
        """Plug in a smart card reader, which speaks CCID, with no card in it."""
        name = self._next_name("pcsc")
        card_name = card_name_of(name)
        line = self._line_to(card_name)
        self._monitor.ask("device_add", {"driver": "usb-ccid", "id": name, "bus": "usb.0"})
        card = {"driver": "ccid-card-passthru", "id": card_name, "chardev": card_name}
        self._monitor.ask("device_add", {**card, "bus": f"{name}.0"})
        return self._noted(SmartCardPlug(name, line))

    def _line_to(self, name: str) -> socket.socket:
        """Make a line of QEMU with this name, and return our end of it."""
        path = self._folder / f"{name}.sock"
        path.unlink(missing_ok=True)
        address = {"type": "unix", "data": {"path": str(path)}}
        backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
        self._monitor.ask("chardev-add", {"id": name, "backend": backend})
        return _connected(path)

    def board_line(self) -> SerialPlug:
        """Return the board's own serial line (ttyS1, on ARM ttyAMA0): what hangs on a Pi's pins."""
        return SerialPlug("board", _connected(self._folder / "board.sock"))

    def plug_typing_reader(self) -> str:
        """Plug in a reader that types: a USB keyboard 0627:0001 with keys of its own."""
        name = self._next_name("typing")
        keyboard = {"driver": "usb-kbd", "id": name, "bus": "usb.0", "display": "wedge"}
        self._monitor.ask("device_add", {**keyboard, "serial": "K1"})
        return self._noted(name)

    def plug_stick(self, content: Path) -> Stick:
        """Plug in a USB stick whose content is a file, as an image of a file system."""
        name = self._next_name("stick")
        node = f"{name}-disk"
        disk = {"driver": "file", "filename": str(content.resolve())}
        self._monitor.ask("blockdev-add", {"driver": "raw", "node-name": node, "file": disk})
        storage = {"driver": "usb-storage", "id": name, "drive": node, "bus": "usb.0"}
        self._monitor.ask("device_add", storage)
        return self._noted(Stick(name, node))

    def pull(self, plugged: AnyPlug) -> None:
        """Pull something out, as fast as a hand does."""
        name = _name_of(plugged)
        del self._plugged[name]
        self._monitor.ask("device_del", {"id": name})
        if isinstance(plugged, Stick):
            self._until_let_go("blockdev-del", {"node-name": plugged.node})
        elif isinstance(plugged, SerialPlug):
            plugged.line.close()
            self._until_let_go("chardev-remove", {"id": name})
        elif isinstance(plugged, SmartCardPlug):
            plugged.line.close()
            self._until_let_go("chardev-remove", {"id": plugged.card_name})

    def pull_all(self) -> None:
        """Pull out everything that is plugged in."""
        for plugged in [*self._plugged.values()]:
            self.pull(plugged)

    def _noted(self, plugged: Plugged) -> Plugged:
        self._plugged[_name_of(plugged)] = plugged
        return plugged

    def _until_let_go(self, command: str, arguments: dict[str, str]) -> None:
        """Remove what is behind a plug as soon as QEMU lets go of it."""
        end_s = time.monotonic() + LET_GO_S_MAX
        while True:
            try:
                self._monitor.ask(command, arguments)
            except MachineError:
                if time.monotonic() > end_s:
                    raise
                time.sleep(0.05)
            else:
                return

    def cable(self, *, plugged: bool) -> None:
        """Plug the network's cable in, or pull it."""
        self._monitor.ask("set_link", {"name": "nic", "up": plugged})


def has_field(dots: bytes, colour: str, at_least: int) -> bool:
    """Return whether so many dots, of three octets each, have a colour, in rows of some of them."""
    row = bytes.fromhex(colour[1:]) * _ROW_DOTS
    return dots.count(row) * _ROW_DOTS >= at_least


def _name_of(plugged: AnyPlug) -> str:
    return plugged if isinstance(plugged, str) else plugged.name


def _connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(path))
    return line
