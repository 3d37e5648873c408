"""An emulated PN532 on a pseudo-terminal, with a card or without.

It has the answers that nfcpy's driver needs; UM0701-02 describes the frames. Its switches are the
faults of a real line.
"""

import os
import termios
import time
from dataclasses import dataclass

from tests.fakes.devices.pty_device import PtyDevice

START = b"\x00\x00\xff"
ACK = b"\x00\x00\xff\x00\xff\x00"
ERROR_FRAME = bytes.fromhex("0000ff01ff7f8100")
HEADER = 5
NO_CARD_REGISTER = b"\x26"
POLL_COMMAND = 0x4A
TX_CONTROL = b"\x63\x04"
FIXED = {0x02: bytes.fromhex("32010607"), 0x16: b"\x00"}
BAUDS = {4: 115_200, 5: 230_400, 6: 460_800, 7: 921_600}


def wrap_frame(payload: bytes) -> bytes:
    """Return a payload as a frame, with the extended length where it needs one."""
    size = len(payload)
    if size < 0xFF:
        length = bytes([size, -size & 0xFF])
    else:
        length = b"\xff\xff" + size.to_bytes(2, "big") + bytes([-(size // 256 + size) & 0xFF])
    return START + length + payload + bytes([-sum(payload) & 0xFF, 0])


@dataclass(frozen=True, slots=True)
class FieldCard:
    """A card in the field: a UID and its SAK, or a FeliCa card's IDm."""

    number: str = ""
    sak: int = 0x08
    felica: bool = False

    @property
    def target_record(self) -> bytes:
        """Return the card's part of an InListPassiveTarget answer, from the target number on."""
        octets = bytes.fromhex(self.number)
        if self.felica:
            answer = b"\x01" + octets + bytes(8) + b"\x12\xfc"
            return b"\x01" + bytes([len(answer) + 1]) + answer
        size = {4: 0x04, 7: 0x44, 10: 0x84}.get(len(octets), 0x04)
        return bytes([1, 0, size, self.sak, len(octets)]) + octets


NO_CARD = FieldCard()

# The answers of the chip to a poll, by fault.
FAULTS = {
    "silent": b"",
    "garbage": b"\x55\xaa\x12\x34\x56\x78\x9a\xbc",
    "bad checksum": ACK + wrap_frame(b"\xd5\x4b\x00")[:-2] + b"\x77\x00",
    "acknowledged, not answered": ACK,
    "cut short": ACK + START[:2],
    "error frame": ACK + ERROR_FRAME,
    "answer to something else": ACK + wrap_frame(b"\xd5\x03\x32\x01\x06\x07"),
    "pulled": b"",
}


class Chip:
    """The state of a PN532 and its answers to commands, without any transport."""

    def __init__(self) -> None:
        self.card = NO_CARD
        self.commands: list[int] = []
        self.field = False
        self.faster = 0

    @property
    def poll_count(self) -> int:
        """Return how many polls were received; each polls for one technology."""
        return self.commands.count(POLL_COMMAND)

    def answer(self, command: bytes) -> bytes:
        """Return the payload that answers a command: D5, its code plus one, its result."""
        code, rest = command[0], command[1:]
        self.commands.append(code)
        response = FIXED.get(code, b"")
        match code, rest:
            case 0x00, _:
                response = rest
            case 0x06, _ if rest == TX_CONTROL:
                response = b"\x03" if self.field else b"\x00"
            case 0x06, _:
                response = NO_CARD_REGISTER * (len(rest) // 2)
            case 0x10, _:
                self.faster = BAUDS[rest[0]]
            case 0x32, _ if rest[0] == 1:
                self.field = bool(rest[1] & 1)
            case 0x4A, _:
                self.field = True
                is_in_field = self.card.number and self.card.felica == (rest[1] == 1)
                response = b"\x01" + self.card.target_record if is_in_field else b"\x00"
        return bytes([0xD5, code + 1]) + response


class Acr122u:
    """The chip in an ACR122U, which nfcpy talks to in CCID blocks (ACR122U API 2.04)."""

    TYPE = "USB"
    manufacturer_name, product_name = "ACS", "ACR122U PICC Interface"

    def __init__(self) -> None:
        self.chip = Chip()
        self.is_closed = False
        self.beeps: list[bytes] = []
        self._response = b""

    def write(self, frame: bytes) -> None:
        """Accept a block; FF 00 00 00 carries a command to the chip."""
        match bytes(frame[10:]):
            case b"\xff\x00\x48\x00\x00":
                response = b"ACR122U207"
            case apdu if apdu.startswith(b"\xff\x00\x00\x00"):
                response = self.chip.answer(apdu[6:]) + b"\x90\x00"
            case apdu:
                if apdu.startswith(b"\xff\x00\x40") and apdu[-1]:  # the buzzer is linked
                    self.beeps.append(apdu[5:])
                response = b"\x90\x00"
        self._response = b"\x80" + len(response).to_bytes(4, "little") + bytes(5) + response

    def read(self, _timeout: int) -> bytearray:
        """Return the block that answers the last one."""
        return bytearray(self._response)

    def close(self) -> None:
        """Record that the device was closed."""
        self.is_closed = True


class Pn532(PtyDevice):
    """Answers polls and all commands that come before them.

    The next `faults` polls have the fault `fault`, one of `FAULTS`; with `deaf` nothing is
    answered. Each answer comes `slow_s` late.
    """

    WAKE_BYTES = ACK

    def __init__(self, baud: int = 115_200) -> None:
        self.chip = Chip()
        self.baud = baud
        self.deaf = False
        self.slow_s = 0.0
        self.fault, self.faults = "", 0
        super().__init__()

    def _answer_first(self, pending: bytes) -> int:
        """Answer the first whole frame; return how many bytes it had."""
        start = pending.find(START)
        if start < 0:
            return max(0, len(pending) - 2)
        rest = pending[start:]
        if rest.startswith(ACK):
            # The host may have changed its own speed before or after it confirms the new one.
            self.baud, self.chip.faster = self.chip.faster or self.baud, 0
            return start + len(ACK)
        is_extended = rest[3:5] == b"\xff\xff"
        head = HEADER + 3 * is_extended
        if len(rest) < head:
            return 0
        size = int.from_bytes(rest[5:7], "big") if is_extended else rest[3]
        if len(rest) < head + size + 2:
            return 0
        if not self.deaf and self._speed_matches():
            self._reply(rest[head + 1 : head + size])
        return start + head + size + 2

    def _speed_matches(self) -> bool:
        """Return whether the host sends at our baud rate; at any other it is not understood."""
        return bool(termios.tcgetattr(self._master)[4] == getattr(termios, f"B{self.baud}"))

    def _reply(self, command: bytes) -> None:
        answer = self.chip.answer(command)
        time.sleep(self.slow_s)
        if command[0] != POLL_COMMAND or not self.faults:
            os.write(self._master, ACK + wrap_frame(answer))
            return
        self.faults -= 1
        os.write(self._master, FAULTS[self.fault])
        if self.fault == "pulled":
            os.close(self._slave)
            self._slave = -1
