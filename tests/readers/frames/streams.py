"""Splits bytes into pieces and decodes them."""

from itertools import pairwise
from random import Random

from taptill.readers.frames import AnyFrame, BadFrame, Decoder, Frame, Signal


def decode_all(decoder: Decoder, *pieces: bytes) -> list[AnyFrame]:
    """Feed the pieces, then let the line fall silent; return all frames."""
    return [frame for piece in pieces for frame in decoder.feed(piece)] + decoder.idle()


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    return [data[a:b] for a, b in pairwise([0, *sorted(cuts), len(data)])]


def splits(data: bytes) -> list[list[bytes]]:
    """Return the data whole, byte by byte, and cut at random in 25 ways."""
    random = Random(len(data))
    cut = [
        pieces(data, random.choices(range(len(data)), k=random.randint(1, 6))) for _ in range(25)
    ]
    return [[data], [bytes([octet]) for octet in data], *cut]


def ids(frames: list[AnyFrame]) -> tuple[str, ...]:
    return tuple(frame.raw for frame in frames if isinstance(frame, Frame))


def faults(frames: list[AnyFrame]) -> list[str]:
    return [frame.fault.value for frame in frames if isinstance(frame, BadFrame)]


def signals(frames: list[AnyFrame]) -> tuple[str, ...]:
    return tuple(frame.value for frame in frames if isinstance(frame, Signal))
