"""A card in QEMU's USB smart card reader: a thread that answers what the reader asks it.

QEMU hands each command over a socket, in the messages of libcacard's `vscard_common.h`: type,
reader and length as big-endian words, then the content. The card is a storage card as PC/SC part 3
has it behind a contactless reader: it gives its UID, and nothing else.
"""

import socket
import struct
from contextlib import suppress
from threading import Thread

_HEADER = struct.Struct(">III")
_INIT, _READER_ADD, _ATR, _CARD_REMOVE, _APDU = 1, 3, 5, 6, 7
_HELLO = b"VSCD" + struct.pack(">II", 2, 0)
"""The magic word, version 0.0.2, no capabilities."""

_STORAGE_CARD = bytes.fromhex("3b8f8001804f0ca000000306030001000000006a")
_GET_UID = bytes.fromhex("ffca0000")
_DONE, _REFUSED = b"\x90\x00", b"\x6a\x81"


class SmartCardPlug:
    """A USB smart card reader 08e6:4433, and the card that may lie in it."""

    def __init__(self, name: str, line: socket.socket) -> None:
        self.name = name
        self.line = line
        self._uid = b""
        self._say(_INIT, _HELLO)
        self._say(_READER_ADD)
        Thread(target=self._answer, name=name, daemon=True).start()

    @property
    def card_name(self) -> str:
        """QEMU's name for the card and for the line to it."""
        return card_name_of(self.name)

    def hold(self, card: str) -> None:
        """Hold a card to the reader whose UID has these hex digits."""
        self._uid = bytes.fromhex(card)
        self._say(_ATR, _STORAGE_CARD)

    def take_away(self) -> None:
        """Take the card away."""
        self._say(_CARD_REMOVE)

    def _say(self, kind: int, content: bytes = b"") -> None:
        self.line.sendall(_HEADER.pack(kind, 0, len(content)) + content)

    def _answer(self) -> None:
        with suppress(OSError), self.line.makefile("rb") as heard:  # closed, when it is pulled
            while head := heard.read(_HEADER.size):
                kind, _, size = _HEADER.unpack(head)
                command = heard.read(size)
                if kind == _APDU:
                    is_known = command.startswith(_GET_UID)
                    self._say(_APDU, self._uid + _DONE if is_known else _REFUSED)


def card_name_of(reader: str) -> str:
    """Return QEMU's name for what lies in a reader."""
    return f"{reader}-card"
