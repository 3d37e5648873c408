"""Decoders of wire formats, each pure and without I/O, and the types that they share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

Options = Mapping[str, str | int | bool]


class RawKind(StrEnum):
    """What a reader delivers: octets as upper-case hex, or text as it was sent.

    `UID` is what the card itself answers with, and `REVERSED` a UID whose last octet comes first.
    `NUMBER` is a number that the reader derived from the card, to which the rules for UIDs do not
    apply.
    """

    UID = "uid"
    REVERSED = "reversed"
    NUMBER = "number"
    TEXT = "text"


class Fault(StrEnum):
    """What is wrong with a frame."""

    CHECKSUM = "checksum"
    TRUNCATED = "truncated"
    FRAMING = "framing"
    OVERFLOW = "overflow"
    BAD_CHAR = "bad_char"
    READER_ERROR = "reader_error"
    NO_ANSWER = "no_answer"


class Signal(StrEnum):
    """What a reader reports beside cards.

    `GO_ON` is an answer after which the next request of a sequence is due. `OPENED` is sent by the
    supervisor each time that it has opened the device.
    """

    NO_CARD = "no_card"
    REMOVED = "removed"
    ACK = "ack"
    GO_ON = "go_on"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Frame:
    """A card's number as delivered: a UID in wire order as upper-case hex, or the text as sent."""

    raw: str


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Bytes that break the wire format, so that no number can be trusted."""

    fault: Fault


AnyFrame = Frame | BadFrame | Signal


class Decoder(Protocol):
    """Decodes one wire format.

    Any split of the bytes gives the same frames, and the number of pending bytes is bounded.
    """

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Return the frames that these bytes complete; never raise."""

    def idle(self) -> list[AnyFrame]:
        """Return the frames that a silence of the line ends; nothing stays pending."""


@runtime_checkable
class ResyncableDecoder(Decoder, Protocol):
    """Decodes a wire format in which the rest of a frame may look like a whole frame."""

    def skip_to_boundary(self) -> None:
        """Discard what comes before the next end of a frame or silence.

        It is called when the port was opened while a frame was being sent.
        """


@runtime_checkable
class PolledDecoder(Decoder, Protocol):
    """Decodes the wire format of a polled reader, which sends only when requested."""

    def request(self) -> bytes:
        """Return the request to send now, which depends on the answers so far."""
