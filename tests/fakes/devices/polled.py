"""Emulated polled readers on pseudo-terminals.

Each knows the requests of its vendor's documents and nothing else; other bytes are not answered.
Its switches are the faults of a real line.
"""

import os
from collections.abc import Callable, Mapping
from functools import reduce
from operator import xor

from tests.fakes.devices.pty_device import PtyDevice

Answer = Callable[[bytes], bytes]
"""Returns what the reader sends for the card in the field, which may be empty."""

PENDING_MAX = 64


def with_xor_check(octets: bytes, start: int = 0) -> bytes:
    """Return the octets with the exclusive or of those from `start` on added."""
    return octets + bytes([reduce(xor, octets[start:], 0)])


def with_crc(octets: bytes, polynomial: int, order: str) -> bytes:
    """Return the octets with a CRC-16 added that starts with all ones."""
    value = 0xFFFF
    for bit in (octet >> place & 1 for octet in octets for place in range(8)):
        value = value >> 1 ^ (polynomial if (value ^ bit) & 1 else 0)
    return octets + value.to_bytes(2, "little" if order == "low first" else "big")


def text(octets: bytes, start: str = "") -> bytes:
    return f"{start}{octets.hex().upper()}\r".encode()


def _7941w(card: bytes) -> bytes:
    head = b"\xcd\xdc\x00"
    return with_xor_check(
        head + b"\x81" + bytes([len(card)]) + card if card else head + b"\x80\x00", 2
    )


def _twn4(card: bytes) -> bytes:
    kind = 0x40 if len(card) == 5 else 0x80
    return bytes([0, 1, kind, 8 * len(card), len(card)]) + card if card else b"\x00\x00"


def _twn4_crc(card: bytes) -> bytes:
    return with_crc(_twn4(card), 0x8408, "low first")


def _sized(octets: bytes) -> bytes:
    return len(octets).to_bytes(2, "little") + octets


def _gnet(content: bytes) -> bytes:
    return b"\x00\x06" + bytes([len(content)]) + content if content else b"\x00\x15\x01\x1f"


def _gnet_binary(content: bytes) -> bytes:
    return b"\x01" + with_crc(_gnet(content), 0xA001, "high first")


def _acs(card: bytes) -> bytes:
    words = card + b"\x90\x00" if card else b"\x63\x00"
    block = b"\x80" + len(words).to_bytes(4, "little") + bytes(5) + words
    return b"\x02\x00\x00\x03\x02" + with_xor_check(block) + b"\x03"


def _sl0xx(card: bytes) -> bytes:
    body = b"\x01\x00" + card + b"\x03" if card else b"\x01\x01"
    return with_xor_check(b"\xbd" + bytes([len(body) + 1]) + body)


def _yhy(command: int, content: bytes) -> bytes:
    body = bytes([0xFF, 0xFF, command, 2, 0 if content else 1]) + content
    stuffed_body = with_xor_check(body).replace(b"\xaa", b"\xaa\x00")
    return b"\xaa\xbb" + (len(body) + 1).to_bytes(2, "little") + stuffed_body


def _atqa(card: bytes) -> bytes:
    return b"\x04\x00" if card else b""


EMULATED_READERS: dict[str, Mapping[bytes, Answer]] = {
    "gwiot-7941w": {
        bytes.fromhex("ABBA00150015"): lambda card: _7941w(card if len(card) == 5 else b""),
        bytes.fromhex("ABBA00100010"): lambda card: _7941w(card if len(card) == 4 else b""),
    },
    "twn4-simple": {b"050010\r": lambda card: text(_twn4(card))},
    "twn4-simple-crc": {
        text(with_crc(b"\x05\x00\x10", 0x8408, "low first")): lambda card: text(_twn4_crc(card))
    },
    "twn4-simple-bin": {bytes.fromhex("0300050010"): lambda card: _sized(_twn4(card))},
    "twn4-simple-bin-crc": {
        b"\x05\x00" + with_crc(b"\x05\x00\x10", 0x8408, "low first"): lambda card: _sized(
            _twn4_crc(card)
        )
    },
    "gnetplus-ascii": {
        b":002000\r": lambda card: text(_gnet(_atqa(card)), ":"),
        b":002100\r": lambda card: text(_gnet(card), ":"),
    },
    "gnetplus-binary": {
        b"\x01" + with_crc(b"\x00\x20\x00", 0xA001, "high first"): lambda card: _gnet_binary(
            _atqa(card)
        ),
        b"\x01" + with_crc(b"\x00\x21\x00", 0xA001, "high first"): _gnet_binary,
    },
    "acs-serial-ccid": {
        b"\x02" + with_xor_check(bytes.fromhex("6F050000000000000000FFCA000000")) + b"\x03": _acs
    },
    "stronglink-sl0xx": {bytes.fromhex("BA0201B9"): _sl0xx},
    "yhy-aabb": {
        b"\xaa\xbb\x06\x00" + with_xor_check(b"\xff\xff\x01\x02\x52"): lambda card: _yhy(
            1, _atqa(card)
        ),
        b"\xaa\xbb\x05\x00" + with_xor_check(b"\xff\xff\x02\x02"): lambda card: _yhy(2, card),
    },
}

# Readers of one family that expect their requests in another encoding.
OTHERWISE: dict[str, Mapping[bytes, Answer]] = {
    "gnetplus-binary, low byte first": {
        b"\x01" + with_crc(b"\x00\x20\x00", 0xA001, "low first"): lambda card: _gnet_binary(
            _atqa(card)
        ),
        b"\x01" + with_crc(b"\x00\x21\x00", 0xA001, "low first"): _gnet_binary,
    },
}


class EmulatedPolledReader(PtyDevice):
    """Answers the requests of its family.

    The next `mute` requests get no answer, of the next `cut` answers only half is sent, in the
    next `garbled` ones one bit is wrong, and the next `lumps` are sent byte by byte.
    """

    def __init__(self, family: str) -> None:
        self.card = b""
        self.mute = self.cut = self.garbled = self.lumps = 0
        self.requests: list[bytes] = []
        self._answers = (EMULATED_READERS | OTHERWISE)[family]
        super().__init__()

    def _answer_first(self, pending: bytes) -> int:
        for question, answer in self._answers.items():
            if pending.endswith(question):
                self.requests.append(question)
                self._send(answer(self.card))
                return len(pending)
        return max(0, len(pending) - PENDING_MAX)

    def _send(self, octets: bytes) -> None:
        if self.mute:
            self.mute -= 1
            return
        if self.garbled:
            self.garbled -= 1
            octets = octets[:-3] + bytes([octets[-3] ^ 1]) + octets[-2:]
        if self.cut:
            self.cut -= 1
            octets = octets[: len(octets) // 2]
        size = 1 if self.lumps else len(octets)
        self.lumps = max(0, self.lumps - 1)
        for start in range(0, len(octets), size):
            os.write(self._master, octets[start : start + size])
