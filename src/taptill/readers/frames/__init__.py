"""Bytes in, frames out: one pure decoder a wire format, and the words they share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

Options = Mapping[str, str | int | bool]


class RawKind(StrEnum):
    """What a reader delivers: the octets of a UID as upper-case hex, or text as it was sent."""

    UID = "uid"
    TEXT = "text"


class Fault(StrEnum):
    """What is wrong with a frame."""

    CHECKSUM = "checksum"
    TRUNCATED = "truncated"
    FRAMING = "framing"
    OVERFLOW = "overflow"
    BAD_CHAR = "bad_char"


@dataclass(frozen=True, slots=True)
class Frame:
    """A card that answered, raw: a UID in wire order as upper-case hex, or the text as sent."""

    raw: str


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Bytes that were meant as a frame and cannot be trusted."""

    fault: Fault


AnyFrame = Frame | BadFrame


class Decoder(Protocol):
    """One wire format; any split of the bytes gives the same frames, pending bytes are bounded."""

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come; never raises."""

    def idle(self) -> list[AnyFrame]:
        """Learn that the line has fallen silent: what is pending will not go on."""
