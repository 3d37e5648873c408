"""Bytes in, frames out: one pure decoder a wire format, and the words they share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

Options = Mapping[str, str | int | bool]


class RawKind(StrEnum):
    """What a reader delivers: octets as upper-case hex, or text as it was sent.

    A UID is what the card itself answers with; `REVERSED` is one whose last byte comes first, a
    `NUMBER` what a box made of it, where the rules for UIDs say nothing.
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
    """What a reader says beside cards; `GO_ON` is an answer that calls for the next question.

    `OPENED` is said for it: whatever it saw before, from now on it looks.
    """

    NO_CARD = "no_card"
    REMOVED = "removed"
    ACK = "ack"
    GO_ON = "go_on"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Frame:
    """A card that answered, raw: a UID in wire order as upper-case hex, or the text as sent."""

    raw: str


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Bytes that were meant as a frame and cannot be trusted."""

    fault: Fault


AnyFrame = Frame | BadFrame | Signal


class Decoder(Protocol):
    """One wire format; any split of the bytes gives the same frames, pending bytes are bounded."""

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come; never raises."""

    def idle(self) -> list[AnyFrame]:
        """Learn that the line has fallen silent: what is pending will not go on."""


@runtime_checkable
class ResyncableDecoder(Decoder, Protocol):
    """A wire format in which the rest of a frame may look like a whole one."""

    def skip_to_boundary(self) -> None:
        """Learn that something was going on: what comes before an end or a silence is no frame."""


@runtime_checkable
class PolledDecoder(Decoder, Protocol):
    """A wire format whose reader speaks only when it is asked."""

    def request(self) -> bytes:
        """Give the question to send now; it depends on the answers so far."""
